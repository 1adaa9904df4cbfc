"""The short answer inside a sentence: a person, date, place or number near the words asked about."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rag.facts import dates, numbers
from rag.letters import letters, occurrences
from rag.places import level, places
from rag.quantities import carries, clashes, part_of_a_name
from rag.question import QUESTION_WORD, Asked, Expect
from rag.rarity import Rarity
from rag.words import speakers, tagged

BESIDE = 2.0  # how much more a word beside the question word pulls
HALF = 4.0  # letters from the question word over which that is halved
BEYOND = 0.5  # what a matched word counts on the other side of a semicolon
LEADING = 6  # letters before the question word that are looked for before a number
AT_HAND = 3  # letters before a number in which the last letter before the question word is looked for
NEARER = 0.6  # what each pair of them counts of the one after it
LED = 2.0  # what all of them add to a number's score, as a multiple
REACH = 12.0  # letters over which a matched word's pull on a candidate falls to a half
_MEASURE = re.compile(
    r"(?:多|余|几|来)?(?:个百分点|平方公里|平方千米|平方米|立方米|公里|千米|万元|亿元|万亿元|分钟|小时|人次|"
    r"[A-Za-z]{1,3}|[\u4e00-\u9fff](?:元|次|里|米|吨|天|月|点)?)?"
)
_ABOUT = re.compile(r"(?:近|约|超过|超|逾|达到|达|至少|大约|将近|第)$")
_TITLES = re.compile(
    r"(?:[\u4e00-\u9fff]{0,12}(?:书记|主任|局长|部长|市长|省长|区长|县长|镇长|院长|校长|总裁|总经理|董事长|理事长|会长|司长|厅长|处长|"
    r"主席|总理|院士|教授|研究员|负责人|秘书长|场长|记者))$"
)
_LOOSE = frozenset("个些步下直般样起致定面体方批种场次位条项名部年天")
_BREAKS = frozenset("；;。！？")
_FUNCTION = frozenset("的地得了是在和与及并也都")  # no measure word


@dataclass(frozen=True, slots=True)
class Short:
    """[start, end) of a short answer in a sentence and how well it fits; higher is better."""

    start: int
    end: int
    score: float


def short_answer(
    asked: Asked, text: str, rarity: Rarity, lost: tuple[tuple[int, int], ...] = ()
) -> Short | None:
    """The best candidate of the kind asked for, None when the sentence holds none.

    What the question says itself is no answer to it, and nothing is taken from a
    place where a number is gone.
    """
    if asked.expect is Expect.NOTHING:
        return None
    pulls = _pulls(asked, text, rarity)
    known = letters(asked.text).text
    found = [
        Short(
            start,
            end,
            _fit(asked, text, start, end) * _pull(text, pulls, start, end) * led(asked, text, start),
        )
        for start, end in _candidates(asked, text)
        if letters(text[start:end]).text and letters(text[start:end]).text not in known
        if not any(start - 2 <= high and low <= end + 2 for low, high in lost)
    ]
    return max(found, key=lambda short: short.score, default=None)


def lost_answer(asked: Asked, text: str, rarity: Rarity, lost: tuple[tuple[int, int], ...]) -> Short | None:
    """The place of a lost number that would be the best candidate if it were printed; None when none fits.

    Scored as the candidates of `short_answer` are, so that the two can be compared.
    """
    pulls = _pulls(asked, text, rarity)
    found = []
    for start, end in lost:
        after = text[end : end + len(asked.unit) + 4].lstrip()
        dated = after[:1] in tuple("年月日号")
        if asked.expect is Expect.DATE and dated:
            found.append(Short(start, end, 1.3 * _pull(text, pulls, start, end)))
        elif asked.expect is Expect.NUMBER and (not dated or asked.unit in tuple("年月日天号")):
            if clashes(asked.kinds, text, start, end):
                continue
            fit = (3.0 if asked.unit in after else 0.3) if asked.unit else 1.0
            pull = _pull(text, pulls, start, end) * led(asked, text, start)
            found.append(Short(start, end, fit * pull))
    return max(found, key=lambda short: short.score, default=None)


def leading(asked: Asked, clause: str, rarity: Rarity) -> float:
    """Weight of the question's letters and pairs in what stands before a number in its clause."""
    said = letters(clause)
    near = _beside(asked)
    wanted = letters(asked.focus)
    pairs = sum(
        rarity.weight(pair) * (1 + BESIDE * near.get(pair, 0.0))
        for pair in set(wanted.pairs()) & set(said.pairs())
    )
    return pairs + sum(rarity.weight(letter) for letter in set(wanted.text) & set(said.text))


def led(asked: Asked, text: str, at: int) -> float:
    """Factor, 1 to 1 + LED, on a number at `at`: how far its clause leads up to it as the question does.

    Asked `进口多少`, of `出口12亿元；进口6亿元` it is the second. 1 where nothing stands before the
    question word, and for what is no number.
    """
    asking = QUESTION_WORD.search(asked.text)
    if asked.expect is not Expect.NUMBER or asking is None:
        return 1.0
    said = letters(asked.text[: asking.start()]).text[-LEADING:]
    start = max((place for mark in "，；：。、\n" if (place := text.rfind(mark, 0, at)) >= 0), default=-1) + 1
    clause = letters(text[start:at]).text
    if not said:
        return 1.0
    wanted = [said[place : place + 2] for place in range(len(said) - 1)][::-1]
    weights = [NEARER**place for place in range(len(wanted) + 1)]
    found = weights[0] * (said[-1] in clause[-AT_HAND:])
    found += sum(weight for pair, weight in zip(wanted, weights[1:], strict=True) if pair in clause)
    return 1.0 + LED * found / sum(weights)


def _candidates(asked: Asked, text: str) -> Iterator[tuple[int, int]]:
    if asked.expect is Expect.NUMBER:
        yield from _measured(asked, text)
    elif asked.expect is Expect.DATE:
        yield from _joined([(fact.start, fact.end) for fact in dates(text)])
    elif asked.expect is Expect.PERSON:
        yield from _people(text)
    elif asked.expect is Expect.PLACE:
        yield from _joined(list(places(text)))


def _measured(asked: Asked, text: str) -> Iterator[tuple[int, int]]:
    """Numbers with what stands before (`超过`) and the measure word after; no `第一`, no `一个`.

    None that measures something else, or stands without the measure word or noun that was asked for:
    years are no answer to how many acres, and `5G` counts nothing.
    """
    ordinal = "第" in asked.text
    known_dates = [(fact.start, fact.end) for fact in dates(text)]
    for fact in numbers(text):
        first = text[fact.start - 1 : fact.start]
        if (first == "第") != ordinal and first == "第":
            continue
        if fact.text == "一" and text[fact.end : fact.end + 1] in _LOOSE:
            continue
        if (
            any(low <= fact.start < high for low, high in known_dates)
            and text[fact.end : fact.end + 1] in "年月日"
        ):
            continue
        if clashes(asked.kinds, text, fact.start, fact.end) or part_of_a_name(text, fact.start, fact.end):
            continue
        if not carries(asked.unit, asked.kinds, asked.text, text, fact.start, fact.end):
            continue
        before = _ABOUT.search(text[: fact.start])
        after = _MEASURE.match(text, fact.end)
        end = after.end() if after else fact.end
        yield before.start() if before else fact.start, end - (text[end - 1] in _FUNCTION and end > fact.end)


def _people(text: str) -> Iterator[tuple[int, int]]:
    yield from _tagged(text, ("nr", "nrt", "nrfg"))
    for start, end, phrase in speakers(text):
        trimmed = phrase.rstrip("也还又曾")
        yield start, end - (len(phrase) - len(trimmed))


def _tagged(text: str, tags: tuple[str, ...]) -> Iterator[tuple[int, int]]:
    """[start, end) of the words of two letters and more that have one of some tags."""
    place = 0
    for word, tag in tagged(text):
        if tag in tags and len(word) > 1:
            yield place, place + len(word)
        place += len(word)


def _joined(spans: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Neighbours made one: `11月30日` and `上午` are one time, `江宁市` and `河东区` one place."""
    joined: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    yield from joined


def _pulls(asked: Asked, text: str, rarity: Rarity) -> list[tuple[int, float]]:
    """Places in the text where pairs of the question stand, with the weight of each."""
    found = letters(text)
    wanted = set(letters(asked.focus).pairs()) or set(letters(asked.focus).text)
    near = _beside(asked)
    return [
        (found.places[place], rarity.weight(pair) * (1 + BESIDE * near.get(pair, 0.0)))
        for pair in wanted
        for place in occurrences(pair, found.text)
    ]


def _beside(asked: Asked) -> dict[str, float]:
    """For the pairs of a question how near each stands to its question word: 1 beside it, a half at HALF.

    In `海拔多少米的垭口` it is the number beside `海拔` that is wanted.
    """
    said = letters(asked.text)
    asking = [match.span() for match in QUESTION_WORD.finditer(asked.text)]
    near: dict[str, float] = {}
    for number, pair in enumerate(said.pairs()):
        low, high = said.places[number], said.places[number + 1] + 1
        gap = min((max(start - high, low - end, 0) for start, end in asking), default=0)
        near[pair] = max(near.get(pair, 0.0), 0.5 ** (gap / HALF))
    return near


def _pull(text: str, pulls: list[tuple[int, float]], start: int, end: int) -> float:
    """What the question's pairs at their places do for a candidate; half as much from beyond a `；`."""
    breaks = [place for place, letter in enumerate(text) if letter in _BREAKS]
    total = 0.1
    for place, weight in pulls:
        distance = max(start - place, place - end, 0)
        beyond = any(min(place, start) <= at < max(place, start) for at in breaks)
        total += weight / (1 + distance / REACH) * (BEYOND if beyond else 1.0)
    return total


def _fit(asked: Asked, text: str, start: int, end: int) -> float:
    """How well a candidate is of the kind wanted, about 1."""
    if asked.expect is Expect.NUMBER and asked.unit:
        return 3.0 if asked.unit in text[start : end + len(asked.unit) + 1] else 0.3
    if asked.expect is Expect.NUMBER and asked.kinds and "share" not in asked.kinds:
        return 2.0
    if asked.expect is Expect.NUMBER:
        shares = any(word in asked.text for word in ("比重", "占比", "比例", "百分", "几成", "几分", "率"))
        share = any(mark in text[start:end] for mark in ("%", "％", "分之", "成", "半"))
        return (2.0 if share else 0.5) if shares else 1.0
    if asked.expect is Expect.PERSON:
        spoken = any(low <= start and end <= high for low, high, _ in speakers(text))
        titled = bool(_TITLES.search(text[:start]))
        return (2.0 if asked.speaker and spoken else 1.0) * (1.3 if titled else 1.0)
    if asked.expect is Expect.DATE and text[end - 1] in "日月年号":
        return 1.3
    return level(asked.text, text[start:end]) if asked.expect is Expect.PLACE else 1.0
