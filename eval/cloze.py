"""A sentence as a question that somebody might ask who has not read it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from rag.facts import numbers
from rag.words import tagged

WINDOW = 30  # letters of a sentence that are kept around the gap
_ASK = {"nr": "谁", "nrt": "谁", "ns": "哪里", "nt": "哪个单位", "t": "什么时候"}
_CONTENT = "nvaijlzbt"


@dataclass(frozen=True, slots=True)
class Gap:
    """A sentence as a question, in its own words and in everyday words, and what stood in the gap."""

    question: str
    everyday: str
    answer: str


def gap(
    sentence: str, rare: Callable[[str], float], rng: random.Random, *, keep: float, least: float
) -> Gap | None:
    """A question from a sentence, None where there is nothing to ask for or too little to ask with.

    `rare` tells how rare a word is; what is asked for is at least `least` rare.
    `keep` is the share of the content words that stay, 0 to 1.
    """
    words = tagged(sentence)
    gaps = [place for place, (word, tag) in enumerate(words) if _asks(word, tag, words, place)]
    if not gaps:
        return None
    place = max(gaps, key=lambda spot: rare(words[spot][0]))
    if rare(words[place][0]) < least:
        return None
    ask = _asks(*words[place], words, place)
    spots = range(*_window([word for word, _ in words], place))
    content = [spot for spot in spots if spot != place and _is_content(*words[spot])]
    if len(content) < 2:
        return None
    # people who put a thing in their own words leave out its rare words first
    everyday = _everyday()
    content.sort(key=lambda spot: (words[spot][0] not in everyday, rare(words[spot][0])))
    kept = content[: max(2, round(keep * len(content)))]
    said = {spot: words[spot][0] for spot in kept} | {place: ask}
    said |= {spot: words[spot][0] for spot in spots if words[spot][1][:1] in "pcuf" and spot not in said}
    worn = said | {spot: rng.choice(everyday.get(said[spot], (said[spot],))) for spot in kept}
    question, short = ("".join(form[spot] for spot in sorted(form)) + "？" for form in (said, worn))
    return Gap(question, short, words[place][0])


@cache
def _everyday() -> dict[str, tuple[str, ...]]:
    lines = (Path(__file__).parent / "everyday.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=") for line in lines if line and not line.startswith("#"))
    return {formal: tuple(others.split()) for formal, others in pairs}


def _is_content(word: str, tag: str) -> bool:
    return tag[:1] in _CONTENT and len(word) > 1


def _asks(word: str, tag: str, words: Sequence[tuple[str, str]], place: int) -> str:
    """The question word for a word, empty where it cannot be asked for."""
    if tag in _ASK and len(word) > 1 and (tag != "t" or numbers(word)):
        return _ASK[tag]
    after = words[place + 1] if place + 1 < len(words) else ("", "")
    counted = after[1] in ("q", "m", "n") and after[0] not in ("年", "月", "日")
    return "多少" if tag == "m" and counted and len(numbers(word + after[0])) == 1 else ""


def _window(words: Sequence[str], place: int) -> tuple[int, int]:
    """Words around a place, at most WINDOW characters, taken from both sides in turn."""
    first, last, size = place, place + 1, len(words[place])
    while size < WINDOW and (first > 0 or last < len(words)):
        if first > 0:
            first -= 1
            size += len(words[first])
        if last < len(words) and size < WINDOW:
            size += len(words[last])
            last += 1
    return first, last
