"""Tables for a terminal: columns aligned by display width, Chinese characters being two wide."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, text: Sequence[int] = (0,)) -> str:
    """Rows under a head; the columns in `text` stand to the left, the others, numbers, to the right."""
    lines = [head, *rows]
    widths = [max(width(line[column]) for line in lines) for column in range(len(head))]
    drawn = [
        "  ".join(
            _pad(cell, widths[column], left=column in text) for column, cell in enumerate(line)
        ).rstrip()
        for line in lines
    ]
    rule = "  ".join("─" * size for size in widths)
    return "\n".join([drawn[0], rule, *drawn[1:]])


def width(text: str) -> int:
    """Columns that a text takes on a terminal."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def shorten(text: str, size: int) -> str:
    """A text in at most `size` columns, white space as single spaces."""
    text = " ".join(text.split())
    if width(text) <= size:
        return text
    kept = ""
    for character in text:
        if width(kept + character) > size - 1:
            break
        kept += character
    return kept + "…"


def _pad(cell: str, size: int, *, left: bool) -> str:
    gap = " " * (size - width(cell))
    return cell + gap if left else gap + cell
