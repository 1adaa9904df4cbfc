"""The lines of a file, and how wide its columns were."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from index.document import Span
from index.located import Located

_BREAK = re.compile(r"\r\n|\r|\n")
_CAN_WRAP = (12, 46)  # full-width characters of a printed column, least and most


@dataclass(frozen=True, slots=True)
class Line:
    """A line that is not blank: its characters without the white space around them."""

    start: int
    end: int
    text: str
    blanks: int  # blank lines before it
    indent: int  # white space before it

    @property
    def located(self) -> Located:
        return Located(self.text, (Span(self.start, self.end),))


def lines(text: str) -> list[Line]:
    """The lines of `text` that hold more than white space, in order."""
    found: list[Line] = []
    blanks = 0
    start = 0
    for end, after in _breaks(text):
        raw = text[start:end]
        stripped = raw.strip()
        if stripped:
            indent = len(raw) - len(raw.lstrip())
            found.append(Line(start + indent, start + indent + len(stripped), stripped, blanks, indent))
            blanks = 0
        else:
            blanks += 1
        start = after
    return found


def width(text: str) -> float:
    """Printed width in full-width characters: ASCII counts half."""
    narrow = sum(character < "\u1100" and character not in "“”‘’…—·" for character in text)
    return len(text) - narrow / 2


def column(found: list[Line]) -> float:
    """Width at which these lines were wrapped, 0 where they were not.

    Wrapped lines pile up at one width; paragraphs have all lengths.
    """
    counts = Counter(round(width(line.text)) for line in found if len(line.text) <= 2 * _CAN_WRAP[1])
    best, most = 0, 0
    for size in counts:
        near = counts[size] + counts[size - 1]
        if _CAN_WRAP[0] <= size <= _CAN_WRAP[1] and near > most:
            best, most = size, near
    return float(best) if most >= max(4, 0.3 * len(found)) else 0.0


def _breaks(text: str) -> list[tuple[int, int]]:
    places = [(match.start(), match.end()) for match in _BREAK.finditer(text)]
    return [*places, (len(text), len(text))]
