"""What the program says went wrong is said in the reader's language: every message that a page can show."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from index.document import IndexBusy, ModelError, YoujuError
from ui.asking import QuestionError
from ui.translation import failed, reason_words, told, told_message, translated
from ui.words import EN, ZH

ROOT = Path(__file__).resolve().parent.parent
SHOWN = {"ReadError", "QuestionError", "TooManyError", "BusyError", "ArchiveError"}
FILES = [*ROOT.glob("index/*.py"), *(ROOT / "ui" / f"{name}.py" for name in ("asking", "intake", "archive"))]


def messages() -> Iterator[str]:
    """Messages of the errors a page can show, with 3 for what is filled in."""
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Raise) or not isinstance(node.exc, ast.Call):
                continue
            name = getattr(node.exc.func, "id", "")
            if name in SHOWN and node.exc.args and (said := _said(node.exc.args[0])):
                yield said


def _said(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return ""
    parts = [part.value if isinstance(part, ast.Constant) else "3" for part in node.values]
    return "".join(map(str, parts))


def test_every_message_has_a_translation() -> None:
    found = sorted(set(messages()))
    assert len(found) > 30
    passed_on = {"3: 3"}  # an error of a deeper layer, which has its own
    quoted = {said: said.replace("called 3", "called '3'").replace("got 3", "got '3'") for said in found}
    missing = [
        said
        for said in found
        if said not in passed_on and not (translated("zh", said) or translated("zh", quoted[said]))
    ]
    assert missing == []


@pytest.mark.parametrize(
    ("message", "meant"),
    [
        ("2024.exe: unknown format .exe; known: .txt .md", "不认识的格式 .exe；可以读 .txt .md"),
        ("no file could be indexed; the first: a: b.txt: empty", "没有一个文件可以收入；第一个：空文件"),
        ("a.pdf: has 9,000 pages; at most 5,000 are read", "有 9,000 页，最多读 5,000 页"),
        ("something quite new", "无法读取"),
        ("", ""),
    ],
)
def test_a_verdict_is_told_in_chinese(message: str, meant: str) -> None:
    assert told_message("zh", message) == meant
    assert told_message("en", message) == message


def test_an_error_without_a_translation_is_told_by_its_kind() -> None:
    assert told("zh", IndexBusy("x is being written by 1; wait")) == "索引正在写入；请稍后再试"
    assert told("zh", QuestionError("the question is empty")) == "请先写下问题"
    assert told("zh", YoujuError("never heard of")) == "程序出了差错"
    assert told("en", ModelError("no model")) == "no model"
    assert failed(ZH, QuestionError("the question is empty")) == "这次没有成功：请先写下问题"
    assert failed(EN, QuestionError("the question is empty")).endswith("the question is empty")
    assert (reason_words("zh", "jump line"), reason_words("en", "jump line")) == ("转版提示", "jump line")
