"""Dates that a text speaks of, resolved against the day it was written; the others stay open."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

from index.document import Passage, Span

_DAY = re.compile(r"(?:(\d{4})年)?(\d{1,2})月(\d{1,2})日")
_RELATIVE = {
    "今天": 0,
    "今日": 0,
    "昨天": -1,
    "昨日": -1,
    "昨晚": -1,
    "前天": -2,
    "明天": 1,
    "明日": 1,
    "后天": 2,
}
_YEARS = {"今年": 0, "去年": -1, "前年": -2, "明年": 1}
_MENTION = re.compile(
    r"(?P<full>\d{4}年\d{1,2}月(?:\d{1,2}日)?)|(?P<year>\d{4})年|(?P<words>今天|今日|昨天|昨日|昨晚|前天|明天|明日|后天)"
    r"|(?P<years>今年|去年|前年|明年)(?:(?P<month>\d{1,2})月)?|(?P<part>\d{1,2}月(?:\d{1,2}日)?)"
)


@dataclass(frozen=True, slots=True)
class Mention:
    """A date in a text and what it means: ISO 8601, as far as it is known; empty when it is not."""

    span: Span
    date: str


def dateline_date(dateline: str, known: str) -> str:
    """The day of a dateline such as `新华社北京11月30日电`.

    `known` is the date of the page (ISO 8601) when it is known: a day without a year takes its year from
    there, or the year before when it would lie in the future. Without a year the result is empty.
    """
    match = _DAY.search(dateline)
    if match is None:
        return ""
    if match[1]:
        return _iso(int(match[1]), int(match[2]), int(match[3]))
    if not known:
        return ""
    year = int(known[:4])
    found = _iso(year, int(match[2]), int(match[3]))
    return _iso(year - 1, int(match[2]), int(match[3])) if found > known and len(known) == 10 else found


def spoken_of(passage: Passage) -> tuple[Mention, ...]:
    """Dates in a passage, relative ones seen from the day it speaks from; spans are of its text."""
    return mentions(passage.text, passage.date)


def mentions(text: str, spoken: str) -> tuple[Mention, ...]:
    """Dates in `text`, relative ones resolved against `spoken` (ISO 8601, may be empty).

    今年 needs the year of `spoken`, 昨天 its day; what cannot be resolved is given with an empty date.
    """
    return tuple(
        Mention(Span(match.start(), match.end()), _resolved(match, spoken))
        for match in _MENTION.finditer(text)
    )


def _resolved(match: re.Match[str], spoken: str) -> str:
    if match["full"]:
        numbers = [int(number) for number in re.findall(r"\d+", match["full"])]
        return _iso(*numbers)
    if match["year"]:
        return match["year"]
    if match["words"]:
        return _shifted(spoken, _RELATIVE[match["words"]])
    if not spoken:
        return ""
    if match["years"]:
        year = int(spoken[:4]) + _YEARS[match["years"]]
        return _iso(year, int(match["month"])) if match["month"] else str(year)
    numbers = [int(number) for number in re.findall(r"\d+", match["part"])]
    return _iso(int(spoken[:4]), *numbers)


def _shifted(spoken: str, days: int) -> str:
    if len(spoken) != 10:
        return ""
    try:
        return (datetime.date.fromisoformat(spoken) + datetime.timedelta(days=days)).isoformat()
    except (ValueError, OverflowError):
        return ""


def _iso(year: int, month: int = 0, day: int = 0) -> str:
    """The date as far as it is given; empty when there is no such day."""
    try:
        datetime.date(year, month or 1, day or 1)
    except ValueError:
        return ""
    text = f"{year:04d}"
    if month:
        text += f"-{month:02d}"
    return text + (f"-{day:02d}" if day else "")
