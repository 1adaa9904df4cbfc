"""The letters of a text, the form in which wordings are compared: folded, without spaces and punctuation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from index.fold import fold


@dataclass(frozen=True, slots=True)
class Letters:
    """`text` holds letters and digits only; `places[i]` is where the i-th stood in the original."""

    text: str
    places: tuple[int, ...]

    def pairs(self) -> list[str]:
        """Neighbouring letters two by two, in order."""
        return [self.text[i : i + 2] for i in range(len(self.text) - 1)]

    def outer(self, start: int, end: int) -> tuple[int, int]:
        """Place in the original of `text[start:end]`, half-open."""
        return self.places[start], self.places[end - 1] + 1


@lru_cache(maxsize=16_384)
def letters(text: str) -> Letters:
    """Letters and digits of `text`; a point between digits and a percent sign after one are kept."""
    folded, places = fold(text)
    kept = [place for place in range(len(folded)) if _kept(folded, place)]
    return Letters("".join(folded[place] for place in kept), tuple(places[place] for place in kept))


def plain(text: str) -> str:
    """Folded text that keeps its own punctuation, for reading a question's wording."""
    folded, places = fold(text)
    return "".join(
        letter if letter.isalnum() or letter == " " else text[place]
        for letter, place in zip(folded, places, strict=True)
    ).strip()


def shingles(text: str, size: int = 4) -> frozenset[str]:
    """All runs of `size` letters of a text in letters; the whole of a shorter one."""
    if len(text) <= size:
        return frozenset({text} if text else ())
    return frozenset(text[i : i + size] for i in range(len(text) - size + 1))


def containment(part: frozenset[str], whole: frozenset[str]) -> float:
    """Share of `part` that is in `whole`, 0 to 1; 0 when there is nothing to compare."""
    return len(part & whole) / len(part) if part else 0.0


def occurrences(needle: str, text: str) -> Iterator[int]:
    """Places of `needle` in `text`, without overlap."""
    place = text.find(needle) if needle else -1
    while place >= 0:
        yield place
        place = text.find(needle, place + len(needle))


def longest_run(one: str, other: str) -> int:
    """Length of the longest run of letters that two texts share."""
    low, high = 0, min(len(one), len(other))
    while low < high:  # a run of n holds runs of every shorter length
        size = (low + high + 1) // 2
        if any(one[place : place + size] in other for place in range(len(one) - size + 1)):
            low = size
        else:
            high = size - 1
    return low


def join(texts: Iterable[str]) -> str:
    """Sentences one after the other; a space only where two Latin words would run together."""
    out = ""
    for text in texts:
        gap = " " if out and text and out[-1].isascii() and text[0].isascii() and text[0].isalnum() else ""
        out += gap + text
    return out


def _kept(folded: str, place: int) -> bool:
    character = folded[place]
    if character.isalnum():
        return True
    before = place > 0 and folded[place - 1].isdigit()
    after = place + 1 < len(folded) and folded[place + 1].isdigit()
    return (character == "." and before and after) or (character == "%" and before)
