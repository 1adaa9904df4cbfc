"""Lines that name people: bylines, and the photographers under pictures.

Lines are taken apart at their blanks and marks and each word is looked at alone, so that no line takes long.
"""

from __future__ import annotations

import re

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚"
    "方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐"
    "向申葛柴伍覃骆关焦柳欧祝纪尚毕耿芦左季管符辛苗詹曲靳祁路涂兰甘裴梅童翁霍游阮尤岳柯牟滕谷舒卜成饶宁凌盛查单冉鲍华包屈房喻解"
    "蒲卫简时连车项闵邬吉党阳司费蒙席晏隋古强穆姬宫景米麦谈柏瞿艾沙鄢桂窦郁缪畅巩卓褚栾戚全娄甄郎池丛边岑农苟迟保商臧佘卞虞刁冷"
    "劳祖惠晋应匡仇宗宣邸闻操闫肖付代"
)
_LONGEST = 60  # characters of a byline
_MOST = 20  # words of one
_APART = re.compile(r"[ \u3000、，,/／|｜:：]+")
_ROLE = re.compile(
    r"(?:《[\u3400-\u9fff]{1,12}》)?(?:[\u3400-\u9fff]{0,8}(?:社|报|刊|网|台|杂志|特约|首席|见习|实习|媒体|高级|资深))?(?:驻[\u3400-\u9fff]{2,6})?"
    r"(?:记者|评论员|通讯员|特派员|观察员|撰稿人?|编辑|作者|实习生|摄影师|主持人|报道组|采访组|调研组)"
    r"(?P<name>[\u3400-\u9fff]{0,9})"
)
_WIDE = re.compile(r"[ \u3000]{2,}")
_LOOSE = re.compile(r"[\u3400-\u9fff](?:[ \u3000][\u3400-\u9fff])+")
_READER = re.compile(r"[\u3400-\u9fff]{0,6}(?:读者|市民|网友)")  # as letters are signed
_LABELLED = re.compile(
    r"(?:文|图|图文|文图|撰文|摄影|作者|编译|记者|执笔|采访|采写|口述|整理|统筹|栏目主持)"
    r"[ \u3000]*[／/:：|｜·]"
)
_LABELS = frozenset({"撰文", "编译", "整理", "执笔", "采写", "口述"})
_WIRED = re.compile(r"[\u3400-\u9fff]{1,8}讯")  # 本报讯 记者 王小明, on a line of its own
_DONE = re.compile(r"集体(?:采写|报道)|采写|报道|摄影报道|综合报道|整理|编译|撰文")
_PERSON = rf"[{SURNAMES}][\u3400-\u9fff]{{1,2}}"
_WORK = r"(?:文|图|摄|编译|摄影|文字|图片)"
_SHARED = re.compile(  # 王小明/文 李丽/图; 王小明 文/图
    rf"(?:{_PERSON}[ \u3000]*[／/]{_WORK}[ \u3000]*){{1,4}}|(?:{_PERSON}[ \u3000]+){{1,4}}{_WORK}[／/]{_WORK}"
)
_NAME = re.compile(r"[\u3400-\u9fff]{1,4}(?:·[\u3400-\u9fff]{1,6})?")
_WORDS = re.compile(r"[的了是在有为什么怎吗呢不昨]|获悉|日前|近日")
_NAMES = re.compile(
    rf"[{SURNAMES}][\u3400-\u9fff]{{1,2}}(?:[ \u3000、]+[{SURNAMES}][\u3400-\u9fff]{{1,2}}){{0,7}}"
    r"|[\u3400-\u9fff]{2,3}"
)
_GUEST = re.compile(  # the post of somebody who writes, and the name, which may be set loose
    rf"[\u3400-\u9fff《》]{{2,20}}[ \u3000]+[{SURNAMES}][ \u3000]?[\u3400-\u9fff]"
    r"(?:[ \u3000]?[\u3400-\u9fff])?"
)
_NOTED = re.compile(
    r"(?:本文|本版|本组|以上)?(?:作者|记者|执笔|撰稿|撰文|编译|整理|编辑|责编|选自|摘自|原载|转载|转自|来源|署名)"
    r"|完\Z|据[\u3400-\u9fff]{1,10}(?:报道|消息|电|社|网|报)\Z"
    r"|[\u3400-\u9fff、 \u3000]{2,24}(?:供稿|整理|编译|执笔|采写|采访整理|综合报道)\Z"
)
_NAMED = re.compile(rf"(?:[{SURNAMES}][\u3400-\u9fff]{{1,2}}[ \u3000、]*){{1,6}}")
_CREDIT = re.compile(
    r"(?:\A|[。！？!?）)”\s])(?P<who>[^。！？!?）)”]{1,40})(?:摄影|摄|供图|制图|绘)"
    r"(?:[）)]|[（(][\u3400-\u9fff]{2,10}[）)])?[。.]?\Z"
)
_SOURCED = re.compile(
    r"[（(](?:资料图片?|图片|图|照片|新华社发|[^（()）]{1,12}(?:供图|摄|发|制图))[）)][。.]?\Z"
)
_MARKS = ("摄", "图", "绘", "片", "发")


def is_byline(text: str) -> bool:
    """Whether the line names who wrote the article, and says so."""
    text = _set_close(text.strip("■□◆● \u3000"))
    if not text or len(text) > _LONGEST or text[-1] in "：:":
        return False
    words = [word for word in _APART.split(text) if word]
    if not words or len(words) > _MOST or any(_WORDS.search(word) and not is_name(word) for word in words):
        return False
    if _SHARED.fullmatch(text):
        return True
    if words[0] in _LABELS and len(words) > 1:
        return all(re.fullmatch(_PERSON, word) for word in words[1:])
    if _READER.fullmatch(words[0]):
        return len(words) == 2 and words[1][0] in SURNAMES and _NAME.fullmatch(words[1]) is not None
    if _LABELLED.match(text):
        return len(words) > 1 and all(_NAME.fullmatch(word) for word in words[1:])
    if len(words) > 1 and _WIRED.fullmatch(words[0]):
        words = words[1:]
    if not _ROLE.fullmatch(words[0]):
        return False
    return all(_ROLE.fullmatch(word) or _NAME.fullmatch(word) or _DONE.fullmatch(word) for word in words)


def _set_close(text: str) -> str:
    """The line without the blanks inside words that are set loose, where wider ones stand between words."""
    words = _WIDE.split(text)
    if len(words) == 1:
        return text
    return " ".join("".join(word.split()) if _LOOSE.fullmatch(word) else word for word in words)


def is_note(text: str) -> bool:
    """Whether the line is a remark in brackets on who wrote or first printed the article above it."""
    if not 3 <= len(text) <= _LONGEST or text[0] not in "（(" or text[-1] not in "）)":
        return False
    inside = text[1:-1].strip()
    if any(mark in inside for mark in "（()）。！？"):
        return False
    return _NOTED.match(inside) is not None or _NAMED.fullmatch(inside) is not None


def is_names(text: str) -> bool:
    """Whether the line may be names alone; where it stands must tell."""
    return len(text) <= 40 and _NAMES.fullmatch(text) is not None


def is_name(text: str) -> bool:
    """Whether the line may be one name alone, by its surname and its length."""
    return len(text) <= 3 and re.fullmatch(_PERSON, text) is not None


def is_guest(text: str) -> bool:
    """Whether the line may be the post and the name of who wrote the article; where it stands must tell."""
    return len(text) <= 40 and _GUEST.fullmatch(text) is not None and _WORDS.search(text) is None


def ends_with_credit(text: str) -> bool:
    """Whether the text ends with the name of a photographer."""
    end = text[-_LONGEST:]
    if not any(mark in end[-14:] for mark in _MARKS):
        return False
    match = _CREDIT.search(end)
    return (match is not None and _are_people(match["who"])) or _SOURCED.search(end) is not None


def is_credit(text: str) -> bool:
    """Whether the text is only the name of a photographer."""
    if len(text) > 40 or "摄" not in text:
        return False
    match = _CREDIT.match(text)
    return match is not None and _are_people(match["who"])


def _are_people(text: str) -> bool:
    words = [word for word in _APART.split(text) if word]
    return 0 < len(words) <= 6 and all(_ROLE.fullmatch(word) or _NAME.fullmatch(word) for word in words)
