"""Pull quotes: what stands inside a sentence of the text and only repeats a sentence of the page."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Container, Sequence
from dataclasses import dataclass
from itertools import pairwise

from index.lines import Line
from index.shapes import ended, is_headline

_STOP = re.compile(r"(?:[。！？!?“”]|(?<=[\u3400-\u9fff%％）)])\.(?!\d))+")  # also where what is said ends
_OTHER = re.compile(r"[^\w|]|[\d_]")  # numbers may be lost in one of the two
_BARS = re.compile(r"\|+")
_LEAST = 8  # letters of the shortest quote
_INSIDE = 12  # of the shortest in running text
_OFTEN = 4  # times that a page has a sentence at most, its quotes among them
_KEY = 6  # letters at the beginning of one by which it is looked for
_MOST = 6  # lines or pieces of the longest


@dataclass(frozen=True, slots=True)
class Said:
    """A line or piece of a page. `fewest` of them at least make a quote that begins here, 0 where none may.

    `title` is set where what comes next is no part of its sentence, `quoted` where it is known as a quote.
    """

    text: str
    fewest: int
    title: bool = False
    quoted: bool = False


def repeated(page: Sequence[Said]) -> list[range]:
    """Runs of lines or pieces that repeat whole sentences of the others."""
    letters = [_letters(one.text) for one in page]
    rest = ["" if one.quoted else own + "|" * one.title for one, own in zip(page, letters, strict=True)]
    whole = "".join(rest)
    found: list[range] = []
    for start, one in enumerate(page):
        key = letters[start][:_KEY]
        known = len(key) == _KEY and whole.count(key) > (not one.quoted)
        if not one.fewest or not known or (found and start < found[-1].stop):
            continue
        for end in range(min(start + _MOST, len(page)), start + one.fewest - 1, -1):
            own = "".join(letters[start:end]).strip("|")
            # As the text reads without what was printed inside it.
            others = f"|{''.join(rest[:start])}{''.join(rest[end:])}|".replace("||", "|")
            if len(own) >= _LEAST and f"|{own}|" in others:
                found.append(range(start, end))
                break
    return found


def inside(text: str, marked: Container[int] = ()) -> list[tuple[int, int]]:
    """Where running text holds, inside a sentence, what is a whole sentence elsewhere in it: pull quotes.

    With the numbers at its ends where these are the same. Shorter ones are known where they are `marked`.
    """
    places = [at for at, letter in enumerate(text) if not _OTHER.match(letter)]
    letters = "".join([text[at] for at in places])
    ends = [match.end() for match in _STOP.finditer(text)]
    edges = [0, *[bisect_left(places, end) for end in ends], len(places)]
    firsts = frozenset(edges)
    found: list[tuple[int, int]] = []
    seen: set[str] = set()
    for (first, last), begun, end in zip(pairwise(edges), [0, *ends], [*ends, len(text)], strict=True):
        own = letters[first:last]
        if len(own) < _LEAST or own in seen or letters.count(own) > _OFTEN:
            continue
        seen.add(own)
        at = letters.find(own)
        while at >= 0:
            if at not in firsts and (len(own) >= _INSIDE or places[at] in marked):
                before, behind = text[begun : places[first]], _STOP.sub("", text[places[last - 1] + 1 : end])
                start, stop = places[at], places[at + len(own) - 1] + 1
                start -= len(before) * text.endswith(before, 0, start)
                found.append((start, stop + len(behind) * text.startswith(behind, stop)))
            at = letters.find(own, at + 1)
    return found


def without_quotes(groups: Sequence[list[Line]]) -> list[list[Line]]:
    """Lines that were put together, those taken apart that are a pull quote inside a sentence."""
    found = [line for group in groups for line in group]
    said: list[Said] = []
    edges: set[int] = set()
    for group in groups:
        edges.add(len(said))
        title = len(group) == 1 and is_headline(group[0].text)
        for line in group:
            inside = bool(said) and not said[-1].title and not ended(said[-1].text)
            said.append(Said(line.text, int(inside or line.bullet or line.quoted), title))
    for quote in repeated(said):
        edges.difference_update(range(quote.start + 1, quote.stop))
        edges.update((quote.start, quote.stop))
    return [found[low:high] for low, high in pairwise(sorted(edges | {len(found)}))]


def _letters(text: str) -> str:
    """The letters of a text, a bar for each end of a sentence, and of what is said in it."""
    return _BARS.sub("|", _OTHER.sub("", _STOP.sub("|", text)))
