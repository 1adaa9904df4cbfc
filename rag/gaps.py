"""What a question asks for that a sentence, with all that stands around it, does not hold.

A sentence about a thing is soon taken for one that says when it was founded or what it costs, one year's
meeting for the next, and somebody who was there for somebody who spoke. These checks are few and literal,
silent where in doubt, and each says plainly what is missing.
`train/gaps.py` counts how often each speaks against questions with and without an answer in single passages,
`train/gaps_in_archives.py` in archives.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from rag.evidence import Piece
from rag.letters import letters
from rag.quantities import NUMERAL, measured_in
from rag.question import Asked, Expect
from rag.undated import other_year, undated, without_hour
from rag.unsaid import silent
from rag.words import NAME_TAGS, tagged

_LOCATED_ASKED = re.compile(
    r"(?:位于|坐落|落户|地处|总部|(?:设|建|举行|召开|成立|揭牌|举办|开幕|定)[在于到])[在于]?哪|"
    r"在哪[^，。？?]{0,6}?(?:召开|举行|举办|成立|揭牌|开幕|办公|设立)"
)
_LOCATION = re.compile(r"[在于驻到至赴抵往从址]|位于|设[于立有]|落户|落地|坐落|地点|来到|走进|\d号")
_ANY_NUMBER = re.compile(r"[零〇一二两三四五六七八九十百千万亿半双数几多少免无没全均每首单\d０-９]|所有")


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
            r"(?:票价|门票|售价|房价|价格|月薪|年薪|工资)[^，。？?跌降涨升]{0,4}(?:多少|几|多高)|多少[万亿]{0,2}(?:钱|元)|"
            r"几(?:块钱|毛钱|元)|(?:收费|罚款?)多少"
        ),
        re.compile(r"元|角|分钱|块|免费|美金|英镑|便士|美分|[￥$¥]|免收|不收|卢布|镑|钱|倍|百分之|[亿%％]"),
    ),
    _Kind(
        "no_number",
        re.compile(r"(?:规模|体量)(?:是|有|为|达)?多[大少高]|多大规模"),
        re.compile(rf"{NUMERAL}[\s多余几来]*(?:[元亩人平公个家吨名户辆美座套次件万亿倍]|[A-Za-z%])"),
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
_RANK_ASKED = re.compile(r"(?:排|列|居|位列|排在|排名)第几|排名(?:是|为)?多少|第几[位名](?!教|员)")
_RANK = re.compile(
    r"第[一二三四五六七八九十\d]|[首冠亚末]|季军|[一二三]等|[\d一二三四五六七八九十][强位名]|前[\d一二三四五六七八九十]"
)
_OFFICE = (
    r"书记|[省市县区州镇乡村院校局厅处司部科会行馆站队台社厂店所]长|主任|主席|总理|总裁|总经理|董事长|理事长|秘书长|"
    r"教练|主编|总统|首相|大使|负责人"
)
_OFFICE_ASKED = re.compile(rf"(?P<office>{_OFFICE})(?:是|叫|为|由)(?:谁|哪[一个位]|什么|啥)")
_MOMENT = re.compile(r"今天|明天|后天|今晚|明早|现在|此刻|这会儿")
_PASSING = re.compile(r"天气|气温|下雨|下雪|几点|星期几|周几|几号|股价|汇率|油价|金价|堵车|限行|路况")
_WEATHER = re.compile(r"天气(?:怎么?样|如何|好|预报|什么样|咋样)")
_NAMES_ASKED = re.compile(
    r"(?:具体|分别|都|各)(?:叫|是哪|有哪)|(?<![黑白])名单(?:是|有|上)|哪些名字|"
    r"哪(?:些|[几两三四五六七八九十\d]+个?)(?:城市|省份?|国家|地区|区县|县区|区|县|市|乡?镇)|分别在哪"
)
_BRACKETS = re.compile(r"[“《‘「『]([^”》’」』]{1,40})[”》’」』]")
OTHER_YEAR = "other_year"


@dataclass(frozen=True, slots=True)
class Gap:
    """`key` names what is missing, a wording of rag.wording; `said` is what the question says of it."""

    key: str
    said: str = ""


def gap(asked: Asked, piece: Piece, pieces: Collection[Piece], *, after: Gap | None = None) -> Gap | None:
    """The first thing asked for that a sentence lacks; None when nothing is plainly missing.

    `pieces` are all candidates, the sentence and its neighbours among them; `after` is what the likeliest
    sentence lacks. Where a number is lost none is missing: `rag.lost` settles it.
    """
    passage = piece.passage
    beside = [
        other for other in pieces if other.passage.id == passage.id and abs(other.number - piece.number) <= 1
    ]
    around = "\n".join([passage.title, *(other.text for other in beside)])
    whole = "\n".join([passage.title, passage.section, passage.speaker, passage.text])
    unsaid = after is not None and after.key == OTHER_YEAR
    absent = (
        _names(asked, piece)
        or _gap("no_speech", silent(asked, passage.speaker, whole))
        or _gap(OTHER_YEAR, other_year(asked, piece, pieces, unsaid=unsaid))
        or _office(asked, whole)
        or _place(asked, piece.text)
    )
    if absent or any(one.lost for one in beside):
        return absent
    if key := undated(asked, around):
        return Gap(key)
    absent = _kind(asked, whole) or _number(asked, around) or _passing(asked, around)
    if absent or passage.lost:
        return absent
    if without_hour(asked, whole):
        return Gap("no_date")
    return _rank(asked, whole) or _measure(asked, whole)


def _gap(key: str, said: str) -> Gap | None:
    """A gap that tells of what the question says; None where it says nothing of it."""
    return Gap(key, said) if said else None


def _kind(asked: Asked, whole: str) -> Gap | None:
    for kind in _KINDS:
        if kind.asking.search(asked.text) and not kind.answer.search(whole):
            return Gap(kind.missing)
    return None


def _number(asked: Asked, around: str) -> Gap | None:
    counted = asked.expect is Expect.NUMBER and re.search(r"多少|几", asked.text)
    return None if not counted or _ANY_NUMBER.search(around) else Gap("no_number")


def _rank(asked: Asked, whole: str) -> Gap | None:
    wanted = _RANK_ASKED.search(asked.text)
    return Gap("no_rank") if wanted and not _RANK.search(whole) else None


def _measure(asked: Asked, whole: str) -> Gap | None:
    """A number of one kind is asked for, and the passage has none: no acres, no share, no hours."""
    wanted = asked.expect is Expect.NUMBER
    return None if not wanted or measured_in(whole, asked.kinds, asked.unit) else Gap("no_number")


def _place(asked: Asked, text: str) -> Gap | None:
    """Where something is or takes place is asked for, and the sentence tells of no place at all."""
    wanted = asked.expect is Expect.PLACE and _LOCATED_ASKED.search(asked.text)
    return Gap("no_place") if wanted and not _LOCATION.search(text) else None


def _office(asked: Asked, whole: str) -> Gap | None:
    """Who holds an office is asked for, of which the passage does not speak, or names nobody."""
    match = _OFFICE_ASKED.search(asked.text) if asked.expect in (Expect.PERSON, Expect.NOTHING) else None
    if match is None:
        return None
    known = letters(asked.text).text
    people = (word for word, tag in tagged(whole) if tag.startswith("nr") and len(word) > 1)
    deputies = "副" in asked.text  # otherwise one of them does not hold the office
    office = re.search(("(?<!总)" if deputies else "(?<![副总])") + match["office"], whole)
    held = office and any(letters(word).text not in known for word in people)
    return None if held or re.search(r"[A-Z][a-z]{2}|·", whole) else Gap("no_office", match["office"])


def _passing(asked: Asked, around: str) -> Gap | None:
    """The weather, the hour, a price of today are asked for, of which the sentence says nothing."""
    wanted = _PASSING.search(asked.text)
    today = _MOMENT.search(asked.text) or _WEATHER.search(asked.text)
    return Gap("no_today", wanted.group()) if wanted and today and wanted.group() not in around else None


def _names(asked: Asked, piece: Piece) -> Gap | None:
    """The names of several are asked for, and the sentence neither lists anything nor has two of its own."""
    if not _NAMES_ASKED.search(asked.text) or "、" in piece.text:
        return None
    known = letters(asked.text).text
    found = [word for word, tag in tagged(piece.text) if tag in (*NAME_TAGS, "eng") and len(word) > 1]
    new = {one for one in [*found, *_BRACKETS.findall(piece.text)] if letters(one).text not in known}
    return None if len(new) > 1 else Gap("no_names")
