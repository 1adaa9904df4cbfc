"""What of a question about times a sentence lacks: any date at all, or the year that is asked about."""

from __future__ import annotations

import re
from collections.abc import Collection

from rag.evidence import Piece
from rag.facts import Fact, dates
from rag.letters import letters
from rag.quantities import NUMERAL
from rag.question import Asked, Expect
from rag.words import tagged

_YEAR_ASKED = re.compile(r"哪一?年|何年|什么年份|几几年")
_YEAR = re.compile(
    r"\d{4}\s?年|[零〇一二三四五六七八九]{4}年|[去今前明当同次本]年|第[一二三四五六七八九十]年|"
    r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)|年代|年前|世纪|朝|元年|年初|年底|年间|周年"
)
_DAY_ASKED = re.compile(r"哪一?[天日]|几号(?![人线楼院库馆机])|几月几[日号]|什么日子|何日")
_DAY = re.compile(
    r"[\d一二三四五六七八九十]\s?[日号天]|[今昨明前后当次即翌每][日天晚]|周[一二三四五六日末]|[上本下]周|星期|初[一二三四五六七八九十]|节|底|"
    r"日期|日起|生日|之日|此日|工作日|清明|中秋|除夕"
)
_MONTH_ASKED = re.compile(r"哪一?个?月|几月|何月")
_MONTH = re.compile(
    r"[\d一二三四五六七八九十]\s?[月日]|[本上下当次]月|月份|[春夏秋冬季]|年[初中底末]|月[初中底末]"
)
_TIME = re.compile(r"之日|\d{1,2}[:：]\d\d|[春夏秋冬]|周末|期间|[节前后时早晚]|之际")
# Words of time that tell none.
_WHENEVER = re.compile(r"未来|现在|目前|当前|如今|今后|至今|以来|近年来|将来|过去|同时|当今|历来|平[时日]")
_CLOCK_ASKED = re.compile(r"几点(?!建议|意见|要求|措施|做法|经验|内容|启示)")
_CLOCK = re.compile(rf"{NUMERAL}\s?[时点]|\d[:：]\d|[早中晚]上|凌晨|[上下中]午|傍晚|全天|小时|夜")
ALIKE = 6  # letters after a year that make a thing the same
_STEPS = {"今年": 0, "本年": 0, "去年": -1, "前年": -2}
_RELATIVE = re.compile(r"[今本去当同近前][\d一二三四五六七八九十]?年")


def undated(asked: Asked, around: str) -> str:
    """`no_year` or `no_date` where a time is asked for and a sentence and its neighbours tell none."""
    if _YEAR_ASKED.search(asked.text):
        return "" if _YEAR.search(around) else "no_year"
    if asked.expect is not Expect.DATE:
        return ""
    for asking, answer in ((_DAY_ASKED, _DAY), (_MONTH_ASKED, _MONTH)):
        if asking.search(asked.text):
            return "" if answer.search(around) else "no_date"
    told = _WHENEVER.sub("，", around)
    timed = dates(around) or any(tag == "t" for _, tag in tagged(told))
    return "" if timed or _TIME.search(told) else "no_date"


def without_hour(asked: Asked, whole: str) -> bool:
    """True where an hour is asked for and a passage tells none."""
    asking = asked.expect is Expect.DATE and _CLOCK_ASKED.search(asked.text)
    return bool(asking) and not _CLOCK.search(whole)


def other_year(asked: Asked, piece: Piece, pieces: Collection[Piece], *, unsaid: bool) -> str:
    """The year asked about where the sentence is of another and what was found of its article never names it.

    Empty where nothing speaks against the sentence. With `unsaid` a sentence without a year lacks it as well:
    the likeliest one is of another year.
    """
    said = [fact for fact in asked.dates if fact.value[:1].isdigit() and fact.value[:4] != "0000"]
    if said and _same_of_another(asked, said, piece.text):
        return said[0].text
    here = {fact.value[:4] for fact in dates(piece.text) if fact.value[:1].isdigit()} - {"0000"}
    relative = {_resolved(match, piece.passage.date) for match in _RELATIVE.finditer(piece.text)}
    if not said or "" in relative or not (here or unsaid):
        return ""
    article = {one.passage for one in pieces if one.passage.article == piece.passage.article}
    told = [f"{one.title}\n{one.section}\n{one.date}\n{one.text}" for one in article]
    found = "\n".join([*told, *relative])
    return "" if any(fact.value[:4] in found for fact in said) else said[0].text


def _same_of_another(asked: Asked, said: Collection[Fact], text: str) -> bool:
    """True where a sentence names what is asked about with another year, as `2023年度大会`."""
    question, sentence = letters(asked.text).text, letters(text).text
    for year in (fact.value[:4] for fact in said):
        rest = question.partition(year)[2][:ALIKE]
        years = set(re.findall(rf"(\d{{4}}){re.escape(rest)}", sentence)) if len(rest) == ALIKE else set()
        if years and year not in sentence:
            return True
    return False


def _resolved(match: re.Match[str], date: str) -> str:
    """The year that `今年` or `去年` means in a text of a date; empty where that is not known."""
    step = _STEPS.get(match.group())
    return str(int(date[:4]) + step) if step is not None and date[:4].isdigit() else ""
