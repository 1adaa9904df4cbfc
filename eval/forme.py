"""The type of one page, locked up for printing: every character knows which manuscript character it is.

Damage works on a `Forme`; `pull` prints it. Because each glyph carries its origin, the truth of a page is
read off the printed glyphs and cannot drift from the text, whatever was done to it.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from eval.truth import BESIDE, ArticleTruth, CutTruth, LostTruth, PageTruth, PartTruth
from index.document import Span

CLOSING = "，。、；：！？）》」』”’…,.;:!?)﹄"
OPENING = "（《「『“‘(﹃"
_TERMINATOR = re.compile(r"[。！？]+[”’」』）]*")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One printed character; `part` and `place` are -1 for what the printer put in."""

    char: str
    part: int = -1  # row of Forme.parts
    place: int = -1  # character of that part's text
    lost: int = -1  # row of Forme.lost when it stands where a number was


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a manuscript. `marked` names ranges of its text: byline, dateline."""

    article: int
    kind: str
    text: str
    marked: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Strip:
    """A line of heading or a paragraph (or what a cut left of one), not yet broken into lines."""

    kind: str
    glyphs: tuple[Glyph, ...]
    opens: bool = True  # the beginning of its paragraph is here: its first line is indented
    joint: str | None = None  # what is printed after it instead of the page's paragraph break
    vertical: bool = False


@dataclass(frozen=True, slots=True)
class Fragment:
    """Strips printed together: the head or a piece of the body of one article, or something beside it."""

    article: int
    role: str  # head, body, insert
    strips: tuple[Strip, ...]


@dataclass(slots=True)
class Forme:
    """A page in the making."""

    random: random.Random
    names: list[tuple[str, str]]  # name and kind of each article
    parts: list[Part] = field(default_factory=list)
    fragments: list[Fragment] = field(default_factory=list)
    cuts: list[tuple[int, int]] = field(default_factory=list)  # part, first character of the right half
    lost: list[str] = field(default_factory=list)
    open_start: set[int] = field(default_factory=set)  # articles whose beginning is not on the page
    open_end: set[int] = field(default_factory=set)
    width: int = 0  # characters a line; 0: paragraphs are not wrapped
    line_break: str = "\n"
    paragraph_break: str = "\n"
    indent: str = ""
    newline: str = "\n"
    block: str | None = None  # what stands for every break when the page is one block

    def add(self, part: Part) -> tuple[Glyph, ...]:
        """Register a part and set it in type."""
        self.parts.append(part)
        row = len(self.parts) - 1
        return tuple(Glyph(char, row, place) for place, char in enumerate(part.text))

    def strips(self, *kinds: str) -> Iterator[tuple[int, int, Strip]]:
        """Fragment number, strip number and strip, for the kinds named (all when none is)."""
        for row, fragment in enumerate(self.fragments):
            for column, strip in enumerate(fragment.strips):
                if not kinds or strip.kind in kinds:
                    yield row, column, strip

    def put(self, row: int, column: int, *strips: Strip) -> None:
        """Put these strips in the place of one."""
        fragment = self.fragments[row]
        kept = fragment.strips[:column] + strips + fragment.strips[column + 1 :]
        self.fragments[row] = replace(fragment, strips=kept)


def layout(text: str) -> tuple[Glyph, ...]:
    """Characters that belong to no manuscript."""
    return tuple(Glyph(char) for char in text)


def wrap(forme: Forme, strip: Strip) -> list[tuple[Glyph, ...]]:
    """The strip's lines. None begins with a closing mark, ends with an opening one, or breaks a number.

    As in print, a paragraph's first line is two characters shorter even when its indent is not kept.
    """
    if strip.vertical:
        return [() if glyph.char.isspace() else (glyph,) for glyph in strip.glyphs]
    if not forme.width or strip.kind not in ("body", "caption", "quote"):
        return [strip.glyphs] if strip.glyphs else []
    lines, start, room = [], 0, forme.width - (2 if strip.opens else 0)
    while start < len(strip.glyphs):
        end = min(start + room, len(strip.glyphs))
        while end < len(strip.glyphs) and strip.glyphs[end].char in CLOSING:
            end += 1
        while end - 1 > start and end < len(strip.glyphs) and _inseparable(*strip.glyphs[end - 1 : end + 1]):
            end -= 1
        lines.append(strip.glyphs[start:end])
        start, room = end, forme.width
    return lines


def _inseparable(left: Glyph, right: Glyph) -> bool:
    both = left.char + right.char
    word = both.isascii() and both.isalnum()
    return word or left.char in OPENING or (left.char.isdigit() and right.char in ".%")


def pull(forme: Forme, damages: Sequence[str]) -> PageTruth:
    """Print the page and read its truth off the glyphs."""
    glyphs = list(_set(forme))
    text = "".join(glyph.char for glyph in glyphs)
    where: dict[int, dict[int, int]] = {row: {} for row in range(len(forme.parts))}
    gaps: dict[int, list[int]] = {}
    for offset, glyph in enumerate(glyphs):
        if glyph.part >= 0:
            where[glyph.part][glyph.place] = offset
        if glyph.lost >= 0:
            gaps.setdefault(glyph.lost, []).append(offset)
    owners = [glyph.part for glyph in glyphs]
    cuts = (_cut(forme, where, owners, part, place) for part, place in sorted(set(forme.cuts)))
    return PageTruth(
        text=text,
        articles=tuple(_article(forme, where, number) for number in range(len(forme.names))),
        cuts=tuple(cut for cut in cuts if cut is not None),
        lost=tuple(
            LostTruth(Span(min(at), max(at) + 1), forme.lost[row]) for row, at in sorted(gaps.items())
        ),
        damages=tuple(damages),
    )


def _set(forme: Forme) -> Iterator[Glyph]:
    def break_of(text: str) -> tuple[Glyph, ...]:
        return layout(text.replace("\n", forme.newline) if forme.block is None else forme.block)

    for fragment in forme.fragments:
        for strip in fragment.strips:
            if strip.opens and strip.kind == "body" and forme.block is None:
                yield from layout(forme.indent)
            for number, line in enumerate(wrap(forme, strip)):
                if number:
                    yield from break_of("\n" if strip.vertical else forme.line_break)
                yield from line
            if strip.joint is not None:
                yield from layout(strip.joint.replace("\n", forme.newline))
            else:
                yield from break_of(forme.paragraph_break)
    if forme.block is None and forme.random.random() < 0.3:
        yield from layout("\n\n")


def _article(forme: Forme, where: dict[int, dict[int, int]], number: int) -> ArticleTruth:
    rows = [row for row, part in enumerate(forme.parts) if part.article == number]
    parts = [PartTruth(forme.parts[row].kind, _runs(_in_order(where[row]))) for row in rows if where[row]]
    marked: dict[str, list[int]] = {"byline": [], "dateline": []}
    for row in rows:
        for kind, start, end in forme.parts[row].marked:
            marked[kind] += [where[row][place] for place in range(start, end) if place in where[row]]
    name, kind = forme.names[number]
    return ArticleTruth(
        name=name,
        kind=kind,
        parts=tuple(parts),
        byline=_runs(marked["byline"]),
        dateline=_runs(marked["dateline"]),
        begins=number not in forme.open_start,
        ends=number not in forme.open_end,
    )


def _in_order(where: dict[int, int]) -> list[int]:
    return [where[place] for place in sorted(where)]


def _runs(offsets: Iterable[int]) -> tuple[Span, ...]:
    """Neighbouring offsets joined into spans, in the order given."""
    spans: list[Span] = []
    for offset in offsets:
        if spans and spans[-1].end == offset:
            spans[-1] = Span(spans[-1].start, offset + 1)
        else:
            spans.append(Span(offset, offset + 1))
    return tuple(spans)


def _cut(
    forme: Forme, where: dict[int, dict[int, int]], owners: list[int], row: int, place: int
) -> CutTruth | None:
    """The halves of the sentence cut before `place`; None when one of them is not on the page."""
    text = forme.parts[row].text
    ends = [0, *(match.end() for match in _TERMINATOR.finditer(text)), len(text)]
    start, end = max(at for at in ends if at <= place), min(at for at in ends if at > place)
    left = [where[row][at] for at in range(start, place) if at in where[row]]
    right = [where[row][at] for at in range(place, end) if at in where[row]]
    if not left or not right:
        return None
    return CutTruth(_runs(left), _runs(right), _between(forme, owners, left[-1], right[0]))


def _between(forme: Forme, owners: list[int], left: int, right: int) -> str:
    if right < left:
        return "reversed"
    kinds = {forme.parts[row].kind for row in owners[left + 1 : right] if row >= 0}
    if not kinds:
        return "column"
    return "inserted" if kinds <= BESIDE else "far"
