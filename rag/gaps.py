"""What a question asks for that a sentence, with all that stands around it, does not hold.

A sentence about a thing is soon taken for one that says when it was founded or what it costs, one year's
meeting for the next, and somebody who was there for somebody who spoke. These checks are few and literal,
silent where in doubt, and each says plainly what is missing.
`train/threshold.py` counts how often each speaks against questions with and without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from rag.evidence import Piece
from rag.facts import dates
from rag.letters import letters
from rag.question import Asked, Expect
from rag.words import NAME_TAGS, SAYING, speakers, tagged

_YEAR_ASKED = re.compile(r"哪一?年|何年|什么年份|几几年")
_YEAR = re.compile(
    r"\d{4}\s?年|[零〇一二三四五六七八九]{4}年|[去今前明当同次本]年|第[一二三四五六七八九十]年|"
    r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)|年代|年前|世纪|朝|元年|年初|年底|年间|周年"
)
_TIME = re.compile(r"\d{1,2}[:：]\d\d|[春夏秋冬]|周末|期间|[节前后时早晚]|之际")
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百千万亿半双数几多少免无没全均每首单\d０-９]|所有")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of answer: the key where it is missing, how it is asked for, and how it is recognized."""

    missing: str
    asking: re.Pattern[str]
    answer: re.Pattern[str]


_KINDS = (
    _Kind(
        "no_money",
        re.compile(
            r"(?:票价|门票|售价|房价|价格|月薪|年薪|工资)[^，。？?]{0,4}(?:多少|几|多高)|多少[万亿]{0,2}(?:钱|元)|"
            r"几(?:块钱|毛钱|元)|(?:收费|罚款?)多少"
        ),
        re.compile(r"元|角|分钱|块|免费|美金|英镑|便士|美分|[￥$¥]|免收|不收|卢布|镑|钱"),
    ),
    _Kind(
        "no_telephone",
        re.compile(
            r"(?:电话|热线|联系方式|手机号)码?(?:号码)?(?:是|有|为)?(?:多少|什么|几|哪)|(?:什么|哪个|啥)(?:电话|热线)"
        ),
        re.compile(r"\d{5,}|\d{3,4}[-－—]\d{3,}|(?<!\d)1[12]\d{1,3}(?!\d)"),
    ),
    _Kind(
        "no_address",
        re.compile(r"(?:地址|网址|邮箱|门牌号)(?:是|在|为)?(?:哪|什么|啥|多少)|(?:什么|哪个)(?:地址|网址)"),
        re.compile(r"[a-zA-Z]{2,}\.[a-zA-Z]|www|@|[路街巷道弄村镇]|\d+号|位于|坐落|地处"),
    ),
)
_MOMENT = re.compile(r"今天|明天|后天|今晚|明早|现在|此刻|这会儿")
_PASSING = re.compile(r"天气|气温|下雨|下雪|几点|星期几|周几|几号|股价|汇率|油价|金价|堵车|限行|路况")
_NAMES_ASKED = re.compile(r"(?:具体|分别|都|各)(?:叫|是哪|有哪)|名单|(?:什么|哪些)名字")
_BRACKETS = re.compile(r"[“《‘「『]([^”》’」』]{1,40})[”》’」』]")
_SPEAKS = rf"(?:{SAYING}|谈及|要求|建议|希望|讲到|讲道|告诉|发言|致辞|讲话)"
_SAID = re.compile(
    r"^(?P<who>[^，。？?在于就对]{2,16}?)(?:[在于就对][^，。？?]{1,30}?)?是?(?:"
    rf"(?:怎么|如何|怎样)(?:{_SPEAKS}|讲|谈|看)|"
    rf"(?:{_SPEAKS}|讲|谈)[了过的]?是?[^，。？?]{{0,10}}?(?:什么|啥|哪|几|怎))"
)
_RELATIVE = re.compile(r"[今本去当同近前][\d一二三四五六七八九十]?年")


@dataclass(frozen=True, slots=True)
class Gap:
    """`key` names what is missing, a wording of rag.wording; `said` is what the question says of it."""

    key: str
    said: str = ""


def gap(asked: Asked, piece: Piece, pieces: Collection[Piece]) -> Gap | None:
    """The first thing asked for that a sentence lacks; None when nothing is plainly missing.

    `pieces` are all candidates, the sentence and its neighbours among them. Where a number is lost
    none is missing: `rag.lost` settles it.
    """
    passage = piece.passage
    beside = [
        other for other in pieces if other.passage.id == passage.id and abs(other.number - piece.number) <= 1
    ]
    around = "\n".join([passage.title, *(other.text for other in beside)])
    whole = "\n".join([passage.title, passage.section, passage.speaker, passage.text])
    absent = _names(asked, piece) or _speech(asked, passage.speaker, whole) or _year(asked, piece, pieces)
    if absent or any(one.lost for one in beside):
        return absent
    return _kind(asked, whole) or _date(asked, around) or _number(asked, around) or _passing(asked, around)


def _kind(asked: Asked, whole: str) -> Gap | None:
    for kind in _KINDS:
        if kind.asking.search(asked.text) and not kind.answer.search(whole):
            return Gap(kind.missing)
    return None


def _date(asked: Asked, around: str) -> Gap | None:
    if _YEAR_ASKED.search(asked.text):
        return None if _YEAR.search(around) else Gap("no_year")
    if asked.expect is not Expect.DATE:
        return None
    timed = dates(around) or any(tag == "t" for _, tag in tagged(around))
    return None if timed or _TIME.search(around) else Gap("no_date")


def _number(asked: Asked, around: str) -> Gap | None:
    counted = asked.expect is Expect.NUMBER and re.search(r"多少|几", asked.text)
    return None if not counted or _NUMERAL.search(around) else Gap("no_number")


def _passing(asked: Asked, around: str) -> Gap | None:
    """The weather, the hour, a price of today are asked for, of which the sentence says nothing."""
    wanted = _PASSING.search(asked.text)
    if wanted and (_MOMENT.search(asked.text) or "天气" in asked.text) and wanted.group() not in around:
        return Gap("no_today", wanted.group())
    return None


def _names(asked: Asked, piece: Piece) -> Gap | None:
    """The names of several are asked for, and the sentence neither lists anything nor has two of its own."""
    if not _NAMES_ASKED.search(asked.text) or "、" in piece.text:
        return None
    known = letters(asked.text).text
    found = [word for word, tag in tagged(piece.text) if tag in (*NAME_TAGS, "eng", "j") and len(word) > 1]
    new = {one for one in [*found, *_BRACKETS.findall(piece.text)] if letters(one).text not in known}
    return None if len(new) > 1 else Gap("no_names")


def _speech(asked: Asked, speaker: str, whole: str) -> Gap | None:
    """What a person said is asked for, who is named in the question and does not speak in the passage."""
    match = _SAID.search(asked.text) if asked.said else None
    if match is None:
        return None
    words = tagged(match["who"])
    first = max((place for place, (_, tag) in enumerate(words) if tag.startswith("nr")), default=len(words))
    name = "".join(word for word, _ in words[first:])  # a name may be cut in two
    if not 2 <= len(name) <= 4:
        return None
    spoken = rf"{re.escape(name)}[^，。；！？“”\n]{{0,16}}?{_SPEAKS}(?![。；\n])"
    phrases = " ".join(phrase for _, _, phrase in speakers(whole)) + speaker
    return None if name in phrases or re.search(spoken, whole) else Gap("no_speech", name)


def _year(asked: Asked, piece: Piece, pieces: Collection[Piece]) -> Gap | None:
    """The question names a year, the sentence another, and what was found of its article never that year."""
    said = [fact for fact in asked.dates if fact.value[:1].isdigit() and fact.value[:4] != "0000"]
    here = {fact.value[:4] for fact in dates(piece.text) if fact.value[:1].isdigit()} - {"0000"}
    if not said or not here or _RELATIVE.search(piece.text):
        return None
    article = {one.passage for one in pieces if one.passage.article == piece.passage.article}
    found = "\n".join(f"{one.title}\n{one.section}\n{one.date}\n{one.text}" for one in article)
    return None if any(fact.value[:4] in found for fact in said) else Gap("other_year", said[0].text)
