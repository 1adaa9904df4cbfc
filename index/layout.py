"""Reading order of a printed page: columns from left to right, each from top to bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

_LINES = 3  # lines that make a column
_GUTTER = 0.6  # least width of the gap between columns, in characters
_PARAGRAPH = 1.9  # distance of two lines, in line heights, from which on they are apart
_INDENT = 1.2  # characters by which the first line of a paragraph stands in


@dataclass(frozen=True, slots=True)
class Box:
    """A run of text on one line; y grows downwards."""

    left: float
    top: float
    right: float
    bottom: float
    text: str

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def reading_order(boxes: Sequence[Box]) -> str:
    """The page's text, one printed line a line, with an empty line between columns and far-off lines.

    A page is cut where a gutter runs through lines one above the other (recursive X-Y cut, Nagy and
    Seth 1984); what spans the gutter stands before or after the columns.
    """
    if not boxes:
        return ""
    size = median(box.height for box in boxes)
    return "\n\n".join(_column(group, size) for group in _ordered(list(boxes), size, 0)) + "\n"


def _ordered(boxes: list[Box], size: float, depth: int) -> list[list[Box]]:
    gutter = _gutter(boxes, size) if depth < 12 else None
    if gutter is None:
        return [boxes] if boxes else []
    at, top, bottom = gutter
    above = [box for box in boxes if box.middle < top]
    below = [box for box in boxes if box.middle > bottom]
    band = [box for box in boxes if top <= box.middle <= bottom]
    left = [box for box in band if (box.left + box.right) / 2 < at]
    right = [box for box in band if (box.left + box.right) / 2 >= at]
    ordered: list[list[Box]] = []
    for group in (above, left, right, below):
        ordered.extend(_ordered(group, size, depth + 1))
    return ordered


def _gutter(boxes: Sequence[Box], size: float) -> tuple[float, float, float] | None:
    """The gap between two columns that runs past the most lines: (x, top, bottom)."""
    best: tuple[int, float, float, float] | None = None
    for at in _candidates(boxes, size):
        for top, bottom, lines in _runs(boxes, at):
            if best is None or lines > best[0]:
                best = (lines, at, top, bottom)
    return best[1:] if best is not None else None


def _candidates(boxes: Sequence[Box], size: float) -> list[float]:
    """Places just left of where several lines begin and right of where several end."""
    starts = sorted(box.left for box in boxes)
    found: list[float] = []
    for left in starts:
        if found and left - found[-1] < size:
            continue
        nearby = sum(abs(other - left) < size for other in starts)
        if nearby >= _LINES:
            found.append(left)
    return [left - _GUTTER * size / 2 for left in found]


def _runs(boxes: Sequence[Box], at: float) -> list[tuple[float, float, int]]:
    """Stretches of the page that no line crosses at `at`, with enough lines on both sides."""
    crossing = sorted((box.top, box.bottom) for box in boxes if box.left < at - 0.1 and box.right > at + 0.1)
    edges = [(float("-inf"), float("-inf")), *crossing, (float("inf"), float("inf"))]
    found = []
    for (_, low), (high, _) in pairwise(edges):
        inside = [box for box in boxes if low <= box.middle <= high]
        left = [box for box in inside if box.right <= at + 0.1]
        right = [box for box in inside if box.left >= at - 0.1]
        if len(left) >= _LINES and len(right) >= _LINES and _side_by_side(left, right):
            top = min(box.middle for box in inside)
            bottom = max(box.middle for box in inside)
            found.append((top, bottom, min(len(left), len(right))))
    return found


def _side_by_side(left: Sequence[Box], right: Sequence[Box]) -> bool:
    top = max(min(box.top for box in left), min(box.top for box in right))
    bottom = min(max(box.bottom for box in left), max(box.bottom for box in right))
    shorter = min(max(box.bottom for box in side) - min(box.top for box in side) for side in (left, right))
    return bottom - top > 0.5 * shorter


def _column(boxes: Sequence[Box], size: float) -> str:
    """The lines of a column, one under the other; first lines keep their indent."""
    rows: list[list[Box]] = []
    for box in sorted(boxes, key=lambda box: box.middle):
        if rows and abs(box.middle - rows[-1][0].middle) < 0.5 * min(box.height, rows[-1][0].height):
            rows[-1].append(box)
        else:
            rows.append([box])
    margin = min(box.left for box in boxes)
    lines: list[str] = []
    for number, row in enumerate(rows):
        row.sort(key=lambda box: box.left)
        if number and row[0].top - rows[number - 1][0].top > _PARAGRAPH * size:
            lines.append("")
        indent = "\u3000\u3000" if _INDENT * size < row[0].left - margin < 4 * size else ""
        lines.append(indent + _line(row, size))
    return "\n".join(lines)


def _line(row: Sequence[Box], size: float) -> str:
    text = row[0].text
    for before, box in pairwise(row):
        text += (" " if box.left - before.right > 0.3 * size else "") + box.text
    return text
