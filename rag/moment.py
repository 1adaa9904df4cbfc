"""The times a question means: `2022年8月`, `去年8月`, `第一次座谈会之后`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.document import Passage
from rag.archive import Archive
from rag.evidence import pieces_of
from rag.facts import Fact, chinese_number, dates
from rag.letters import letters
from rag.rarity import Rarity, pieces
from rag.when import Years

LOOKED = 20  # passages in which the date of an event is looked for
NAMED = 0.8  # share of an event's name, by rarity, that a sentence with its date must hold
_SHIFTS = {"今年": 0, "本年": 0, "去年": -1, "上年": -1, "前年": -2, "明年": 1}
_NUMERAL = r"\d{1,2}|[一二三四五六七八九十]{1,3}"
_RELATIVE = re.compile(
    rf"(?P<year>{'|'.join(_SHIFTS)})(?:的)?(?:(?P<month>{_NUMERAL})月(?:份)?(?:(?P<day>{_NUMERAL})[日号])?)?|"
    r"(?P<now>本月|这个月|上个?月)"
)
_RANGE = re.compile(r"\s{0,9}年?\s{0,9}(?:到|至|—|-|~){1,4}\s{0,9}")
_SINCE = re.compile(r"之后|以后|以来|后来|过后")
_UNTIL = re.compile(r"之前|以前")
_EVENT = re.compile(
    r"(?:^|[，。；,;\s])(?:在|自|从|到|自从)?(?P<event>[^，。；？?、“”]{3,24}?)(?P<side>之后|以后|以来|之前|以前)"
)
_ORDER = re.compile(
    r"第(?P<number>[一二三四五六七八九十\d]{1,3})[次届回场轮]|(?P<first>首[次届])|(?P<last>(?:最近|最后|上)一?[次届])"
)


@dataclass(frozen=True, slots=True)
class Period:
    """A stretch of time, from `since` to `until`, ISO 8601 dates or their beginnings; empty is open.

    `said` is how the question puts it.
    """

    said: str
    since: str
    until: str

    @property
    def years(self) -> tuple[str, str]:
        return self.since[:4], self.until[:4]

    def holds(self, date: str) -> bool:
        """True when a date, or its beginning, lies inside as far as both are known."""
        low = date[: len(self.since)] >= self.since[: len(date)] if self.since else True
        return low and (date[: len(self.until)] <= self.until[: len(date)] if self.until else True)

    def fit(self, passage: Passage, years: Years) -> float:
        """How much a passage speaks of the period, 0 to 1: by its own date, else by its article's years."""
        if len(passage.date) >= 7:
            return float(self.holds(passage.date))
        return years.affinity(passage.article, *self.years)


def periods(text: str, years: Years, today: str) -> tuple[Period, ...]:
    """The times named in a question's wording, in order.

    A relative year counts from `today`; where nothing in the archive speaks from
    that year, from the latest date in the archive; where neither does, the wording
    is left alone.
    """
    found = [*_absolute(text), *_relative(text, years, today)]
    return tuple(dict.fromkeys(found))


def event_period(text: str, index: Archive, rarity: Rarity, years: Years) -> Period | None:
    """`第一次座谈会之后`: the time after (or before) an event whose date the archive tells; None without."""
    match = _EVENT.search(text)
    if match is None or dates(match.group("event")) or _RELATIVE.search(match.group("event")):
        return None
    date = _date_of(match.group("event"), index, rarity, years)
    if not date:
        return None
    said = match.group("event") + match.group("side")
    return Period(said, date, "") if _SINCE.match(match.group("side")) else Period(said, "", date)


def _absolute(text: str) -> Iterator[Period]:
    said = [fact for fact in dates(text) if fact.value[:1].isdigit() and fact.value[:4] != "0000"]
    joined = False
    for number, fact in enumerate(said):
        if joined:
            joined = False
            continue
        after = said[number + 1] if number + 1 < len(said) else None
        if after is not None and _RANGE.fullmatch(text[fact.end : after.start]):
            joined = True
            yield Period(text[fact.start : after.end], _iso(fact), _iso(after))
            continue
        rest = text[fact.end :]
        if side := _SINCE.match(rest):
            yield Period(fact.text + side.group(), _iso(fact), "")
        elif side := _UNTIL.match(rest):
            yield Period(fact.text + side.group(), "", _iso(fact))
        else:
            yield Period(fact.text, _iso(fact), _iso(fact))


def _relative(text: str, years: Years, today: str) -> Iterator[Period]:
    for match in _RELATIVE.finditer(text):
        if match.group("now"):
            month = _month_before(today) if match.group("now").startswith("上") else today[:7]
            if years.spoken_from(month[:4]):
                yield Period(match.group(), month, month)
            continue
        shift = _SHIFTS[match.group("year")]
        bases = [base for base in (today[:4], years.newest(today)) if base]
        meant = next((year for base in bases if years.spoken_from(year := str(int(base) + shift))), "")
        if meant:
            date = "-".join([meant, *_numbers(match)])
            yield Period(match.group(), date, date)


def _numbers(match: re.Match[str]) -> list[str]:
    """Month and day of a match in two digits, as far as they are said."""
    said = (match.group(name) for name in ("month", "day"))
    return [f"{int(chinese_number(one)):02d}" for one in said if one]


def _month_before(today: str) -> str:
    year, month = int(today[:4]), int(today[5:7])
    return f"{year}-{month - 1:02d}" if month > 1 else f"{year - 1}-12"


def _iso(fact: Fact) -> str:
    year, month, day = fact.value.split("-")
    return "-".join([year, *([month] if int(month) else []), *([day] if int(month) and int(day) else [])])


def _date_of(event: str, index: Archive, rarity: Rarity, years: Years) -> str:
    """The date of an event from the sentences that name it; empty when none does."""
    order = _ORDER.search(event)
    whole = _dated(event, index, rarity, years)
    if whole or order is None:
        return whole[0] if whole else ""
    found = sorted(set(_dated(event.replace(order.group(), ""), index, rarity, years)))
    if order.group("last"):
        return found[-1] if found else ""
    place = 1 if order.group("first") else int(chinese_number(order.group("number")))
    return found[place - 1] if 0 < place <= len(found) else ""


def _dated(event: str, index: Archive, rarity: Rarity, years: Years) -> list[str]:
    """Dates, with at least a month, of the sentences that name an event; those found best come first."""
    wanted = pieces(letters(event))
    found: list[str] = []
    for hit in index.search(event, k=LOOKED):
        for piece in pieces_of(hit.passage):
            if rarity.share(wanted, pieces(piece.found)) >= NAMED:
                found += _in_sentence(piece.text, hit.passage, years)
    return found


def _in_sentence(text: str, passage: Passage, years: Years) -> Sequence[str]:
    """The first date of a sentence, its year taken from the article where it is not said."""
    for fact in dates(text):
        if fact.value[:1].isdigit() and fact.value[5:7] != "00":
            year = (
                fact.value[:4]
                if fact.value[:4] != "0000"
                else (passage.date[:4] or years.main(passage.article))
            )
            return [year + _iso(fact)[4:]] if year else []
    return []
