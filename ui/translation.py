"""What the program says went wrong, in the reader's language. It is written in English at its source."""

from __future__ import annotations

import re

from index.document import (
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    ModelError,
    ReadError,
    StoreUnavailable,
    YoujuError,
)
from index.union import ArchiveError
from ui.asking import BusyError, QuestionError
from ui.exchange import ExchangeError
from ui.intake import TooManyError
from ui.judgements import JudgementError
from ui.wording import Words

# A message, whole or after `file name: `, and what it is called in Chinese; groups are carried over.
_CHINESE: tuple[tuple[str, str], ...] = (
    (r"a question is text, got .*", "问题应是文字"),
    (r"the question has (.+) characters; at most (.+) are read", "问题有 {} 个字，最多 {} 个字"),
    (r"the question is empty", "请先写下问题"),
    (r"k is a whole number from 1 to (\d+), got .*", "段落数应在 1 到 {} 之间"),
    (r"documents are at most (.+) names", "最多指定 {} 篇文档"),
    (r"archives are at most (.+) names", "最多指定 {} 个档案"),
    (r"undo takes at most (.+) readings by their keys", "一次最多撤销 {} 处理解"),
    (r"a date is .*, got (.*)", "日期应写作 2023、2023-11 或 2023-11-30，而不是 {}"),
    (r"too many questions at once; .*", "现在提问的人较多，请稍后再试"),
    (r"at most (.+) files at once, got (.+)", "一次最多 {} 个文件，现有 {} 个"),
    (r"took longer than (.+) seconds to read", "读了 {} 秒还没有读完"),
    (
        r"cannot be parsed: it is damaged or asks for too much memory",
        "无法解析：文件已损坏，或需要的内存太多",
    ),
    (r"cannot be parsed: it is damaged", "无法解析：文件已损坏"),
    (r"this is binary data, not text .*", "这是二进制数据，不是文字"),
    (r"marked as (.+), but the bytes at (\d+) are not; .*", "标为 {}，但第 {} 字节处不是；请另存为 UTF-8"),
    (r"neither UTF-8 nor GB18030 nor Big5, .*", "不是 UTF-8、GB18030 或 Big5，或几种混用；请另存为 UTF-8"),
    (r"the encoding is not clear .*", "无法确定编码；请另存为 UTF-8"),
    (r"unpacks to more than (.+) bytes", "解压后超过 {} 字节"),
    (r"is not a Word document .*", "不是 Word 文档（docx）"),
    (r"is not a PDF that can be opened; .*", "PDF 打不开：可能已损坏，或需要密码"),
    (r"has (.+) pages; at most (.+) are read", "有 {} 页，最多读 {} 页"),
    (r"is not a picture that can be opened .*", "图片打不开"),
    (r"is a scan; to read it install the extra: (.+)", "是扫描件；要读它请先安装：{}"),
    (r"no such file or folder", "没有这个文件或文件夹"),
    (r"unknown format (.+); known: (.+)", "不认识的格式 {}；可以读 {}"),
    (r"empty", "空文件"),
    (r"holds no text", "没有文字"),
    (r"not a regular file", "不是普通文件"),
    (r"(.+) bytes; at most (.+) are read", "有 {} 字节，最多 {} 字节"),
    (r"more than (.+) bytes", "超过 {} 字节"),
    (r"a link that leads nowhere", "链接没有指向任何文件"),
    (r"a link that leads out of the folder", "链接指向文件夹之外"),
    (r"a link to a folder; .*", "链接指向文件夹；不跟随这样的链接"),
    (r"not in the index: (.+); .*", "库中没有：{}"),
    (r"no file could be indexed: there is none; .*", "没有可以收入的文件"),
    (r"no file could be indexed; the first: (.+)", "没有一个文件可以收入；第一个：{}"),
    (r"none of the folders these documents came from is there any more", "这些文档原来的文件夹都不在了"),
    (r"there is one archive here and it has no name; .*", "这里只有一个档案，不必指定"),
    (r"no archive is called '(.*)'; there are (.+)", "没有叫“{}”的档案；现有 {}"),
    (r"name the archive that is meant, got '.*'; there are (.+)", "请指明是哪个档案；现有 {}"),
    (r"no archive is named; .*", "请至少选一个档案"),
    (
        r"the archive no longer holds what \[(\d+)\] cites; .*",
        "库中已没有出处 {} 所引的文字；请重新提问后再导出",
    ),
    (r"the passage does not belong to this answer", "这段文字不属于这个回答"),
    (r"no permission to read it", "没有读取的权限"),
    (r"no such file", "没有这个文件"),
    (r"links in a loop", "链接绕成了圈"),
)
_KINDS: tuple[tuple[type[YoujuError], str], ...] = (
    (BusyError, "现在提问的人较多，请稍后再试"),
    (QuestionError, "这个问题无法处理"),
    (TooManyError, "一次给的文件太多"),
    (ExchangeError, "浏览器里保存的这段对话无法读取"),
    (JudgementError, "这个判断无法记下"),
    (ArchiveError, "没有这个档案"),
    (ReadError, "无法读取"),
    (IndexMissing, "还没有索引；请在终端运行 youju index 文件夹"),
    (StoreUnavailable, "索引所在的服务器没有回应；稍后再试，或请管理员检查"),
    (IndexDamaged, "索引已损坏；请在终端运行 youju check --repair"),
    (IndexMismatch, "索引是用别的模型建立的；请重新建立索引"),
    (IndexBusy, "索引正在写入；请稍后再试"),
    (ModelError, "模型无法使用；请查看启动参数与终端输出"),
)
_RULES = tuple(  # without a file's name before it, then with one
    (re.compile(before + said, re.DOTALL), meant) for before in ("", "[^\n]*?: ") for said, meant in _CHINESE
)
_REASONS = {"rule": "分隔线", "markup": "标记符号", "ornament": "装饰符号", "jump line": "转版提示"}


def told(code: str, error: YoujuError) -> str:
    """An error as the reader of a language is told it; one without a translation by its kind."""
    known = translated(code, str(error))
    if known or code != "zh":
        return known or str(error)
    return next((said for kind, said in _KINDS if isinstance(error, kind)), "程序出了差错")


def failed(words: Words, error: YoujuError) -> str:
    """What to say of something that did not work."""
    return words.failed.format(told(words.code, error))


def archive_trouble(words: Words, name: str, error: YoujuError) -> str:
    """Why one of several archives cannot be asked."""
    return words.archive_trouble.format(name, told(words.code, error))


def told_message(code: str, message: str) -> str:
    """What is said of one file, as the reader of a language is told it."""
    return message and (translated(code, message) or (message if code != "zh" else "无法读取"))


def translated(code: str, message: str) -> str:
    """The translation of a message that is known word for word; empty when it is not."""
    if code != "zh":
        return message
    for pattern, meant in _RULES:
        if match := pattern.fullmatch(message):
            inner = [translated(code, group) or group for group in match.groups("")]
            return meant.format(*inner)
    return ""


def reason_words(code: str, reason: str) -> str:
    """Why a part was left out, in the reader's language; an unknown reason as it is."""
    return _REASONS.get(reason, reason) if code == "zh" else reason
