"""The lines of a file, the marks on them, and how wide its columns were."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from index.document import Dropped, Span
from index.located import Located, joined

_BREAK = re.compile(r"\r\n|\r|\n")
_MARK = re.compile(r"[■□◆◇●▲△▼]+\s*|\*\*|__(?=\S)|(?<=\S)__")
_OPENING = re.compile(r"(?P<level>#{1,6})\s+|(?P<quote>>\s*)")
_RULE = re.compile(r"(?:[-*_=~—─＝]\s*){3,}\Z")
_LOOSE = re.compile(r"\S(?:[ \u3000\t]\S)+\Z")
_LOOSE_RUN = re.compile(  # other text may be glued to its ends
    r"(?:(?<!\S)\S|[^\s!-~。！？”’）])(?:[ \u3000]\S(?=[ \u3000])){2,}[ \u3000]"
    r"(?:\S(?!\S)|[\u3400-\u9fff。！？…”’》」』）])"
    r"|(?<!\S)\S(?:[ \u3000]\S){3,}(?!\S)"
)
_PER_MARK = 2  # letters for each mark, fewer are what is left of a list of lost numbers
_COLUMN = (12, 46)  # characters of a printed line, least and most
_NEAR = 8  # lines before and after a line that tell its column's width
_BULLETS = frozenset("■□◆◇●▲△▼")


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank, its marks left out."""

    content: Located
    start: int  # first character that is not white space
    end: int
    raw_start: int  # of the line, white space included
    raw_end: int
    blanks: int  # blank lines before it
    level: int = 0  # of a Markdown heading
    quoted: bool = False  # marked as a quotation
    bullet: bool = False  # begins with an ornament

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def indent(self) -> int:
        return self.start - self.raw_start

    @property
    def size(self) -> int:
        """Characters from the first to the end of the line, trailing white space included."""
        return self.raw_end - self.start


def lines(text: str) -> tuple[list[Line], list[Dropped]]:
    """The lines of `text` that hold more than white space and marks, and the marks."""
    found: list[Line] = []
    dropped: list[Dropped] = []
    blanks = 0
    for start, end in _extents(text):
        raw = text[start:end]
        stripped = raw.strip()
        if not stripped:
            blanks += 1
            continue
        first = start + len(raw) - len(raw.lstrip())
        line = _line(text, first, first + len(stripped), (start, end, blanks), dropped)
        if line is None:
            blanks += 1
            continue
        found.append(line)
        blanks = 0
    return found, dropped


def width(text: str) -> float:
    """Printed width in full-width characters: ASCII counts half."""
    narrow = sum(character < "\u1100" and character not in "“”‘’…—·" for character in text)
    return len(text) - narrow / 2


def columns(found: Sequence[Line]) -> list[float]:
    """For each line the size at which its neighbourhood was wrapped, 0 where it was not.

    Wrapped lines pile up at one size; paragraphs have all sizes.
    """
    return list(_piles(tuple([line.size for line in found])))


@lru_cache(maxsize=4)
def _piles(sizes: tuple[int, ...]) -> tuple[float, ...]:
    """Asked again for lines of which none was taken apart, most of all pages."""
    return tuple([_pile(sizes[max(0, at - _NEAR) : at + _NEAR + 1]) for at in range(len(sizes))])


def _pile(sizes: Sequence[int]) -> float:
    counts = [0] * (_COLUMN[1] + 2)
    for size in sizes:
        if size < len(counts):
            counts[size] += 1
    best, most = 0, 0
    for size in dict.fromkeys(sizes):
        if _COLUMN[0] <= size <= _COLUMN[1]:
            near = counts[size] + counts[size - 1] + (counts[size - 2] + counts[size + 1]) / 2
            if (near, size) > (most, best):
                best, most = size, int(near)
    longer = len([size for size in sizes if size > best + 4])
    fits = most >= max(2, 0.3 * len(sizes)) and longer <= 0.3 * len(sizes)
    return float(best) if fits else 0.0


def _extents(text: str) -> list[tuple[int, int]]:
    extents = []
    start = 0
    for match in _BREAK.finditer(text):
        extents.append((start, match.start()))
        start = match.end()
    extents.append((start, len(text)))
    return extents


def _line(text: str, start: int, end: int, raw: tuple[int, int, int], dropped: list[Dropped]) -> Line | None:
    stripped = text[start:end]
    if _RULE.match(stripped):
        dropped.append(Dropped(Span(start, end), "rule"))
        return None
    opening = _OPENING.match(stripped)
    begin = 0
    if opening:
        begin = opening.end()
        dropped.append(Dropped(Span(start, start + begin), "markup"))
    bullet = stripped[begin : begin + 1] in _BULLETS
    content = _without_marks(stripped, begin, start, dropped)
    if not content.text:
        return None
    level = len(opening["level"] or "") if opening else 0
    quoted = bool(opening and opening["quote"])
    return Line(content, start, end, *raw, level=level, quoted=quoted, bullet=bullet)


def _without_marks(stripped: str, begin: int, origin: int, dropped: list[Dropped]) -> Located:
    parts: list[Located] = []
    for match in _MARK.finditer(stripped, begin):
        mark = match.group()
        reason = "ornament" if mark[0] in _BULLETS else "markup"
        dropped.append(Dropped(Span(origin + match.start(), origin + match.end()), reason))
        parts.append(_piece(stripped, begin, match.start(), origin))
        begin = match.end()
    parts.append(_piece(stripped, begin, len(stripped), origin))
    return _tightened(joined(part for part in parts if part.text).strip())


def _piece(stripped: str, start: int, end: int, origin: int) -> Located:
    spans = (Span(origin + start, origin + end),) if end > start else ()
    return Located(stripped[start:end], spans)


def _tightened(content: Located) -> Located:
    """Without the blanks of text that was set loose, a blank after each letter."""
    text = content.text
    if " " not in text and "\u3000" not in text:
        return content
    places = []
    for match in _LOOSE_RUN.finditer(text):
        run = match.group()
        letters = sum("\u3400" <= letter <= "\u9fff" for letter in run)
        if letters > _PER_MARK * sum(mark in "。，、；" for mark in run):
            places += [match.start() + at for at in range(1, len(run), 2)]
    if not places:
        return content
    edges = [0, *places, len(text)]
    pieces = [content.slice(edges[0], edges[1])] if len(edges) > 1 else []
    pieces += [content.slice(low + 1, high) for low, high in zip(places, edges[2:], strict=True)]
    return joined(piece for piece in pieces if piece.text)
