"""Sorted units into articles: headlines, text in reading order, and what is printed beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from index import shapes
from index.bylines import is_credit
from index.choices import Choices, choices
from index.cohesion import EMPTY, Bag, bag, cohesion, coverage, merged
from index.matching import assigned
from index.pieces import INSERTS, Piece
from index.sorting import LIKELY, sorted_units
from index.units import Unit, units_of
from index.weights import Network, weights

_NEAR = 6  # articles before and after a caption in printed order that it may belong to
_AROUND = 0.2  # what it counts that a caption stands inside an article
_BOX = 12  # pieces of the longest item that stands in the middle of another article's sentence
_SAME = -2.0  # log odds that halves need when they are of the same article
_FULL = 4000  # characters of an article that captions are compared with


@dataclass(slots=True)
class Draft:
    """An article in the making: piece numbers in reading order."""

    head: list[int] = field(default_factory=list)
    body: list[int] = field(default_factory=list)  # section headings and signatures in their places
    beside: list[int] = field(default_factory=list)  # captions and pull quotes
    bag: Bag = EMPTY
    boxed: bool = False  # stands inside a sentence of another article


def by_weights(pieces: Sequence[Piece]) -> tuple[list[Draft], dict[int, int]]:
    """The articles of a page as shape and topic tell them, and the halves of sentences put together."""
    fitted, broken = weights(), choices(pieces)
    units = units_of(pieces, assigned(broken, fitted.halves, LIKELY))
    labels = sorted_units(pieces, units, fitted.ways)
    pairs = within(broken, units, labels, fitted.halves)
    return articles(pieces, units, labels, pairs), pairs


def within(found: Choices, units: Sequence[Unit], labels: Sequence[int], fitted: Network) -> dict[int, int]:
    """Right halves of sentences by their left halves, both of the same article and of its text."""
    owner = {
        row: label for unit, label in zip(units, labels, strict=True) for row in unit.rows if not unit.head
    }

    def allowed(left: int, right: int) -> bool:
        return left in owner and owner[left] == owner.get(right)

    return {left: pair.right for left, pair in assigned(found, fitted, _SAME, allowed).items()}


def articles(
    pieces: Sequence[Piece], units: Sequence[Unit], labels: Sequence[int], pairs: dict[int, int]
) -> list[Draft]:
    """The articles of the page in the order in which they begin; every piece is in exactly one."""
    drafts = [
        _draft(pieces, [unit for unit, label in zip(units, labels, strict=True) if label == at], pairs)
        for at in range(max(labels, default=-1) + 1)
    ]
    drafts = drafts or [Draft()]
    owner = {row: labels[at] for at, unit in enumerate(units) for row in unit.rows}
    _lay_beside(pieces, drafts, owner)
    _mark_boxed(drafts, owner, pairs)
    return drafts


def _draft(pieces: Sequence[Piece], units: Sequence[Unit], pairs: dict[int, int]) -> Draft:
    """Headlines that stand above the article's text, or above its first half where the other is before it."""
    rights = set(pairs.values())
    first = next((at for at, unit in enumerate(units) if not unit.head), len(units))
    if first == 0 and units[0].rows[0] in rights:
        first = next((at for at, unit in enumerate(units) if unit.head), 0)
    last = first
    while last < len(units) and units[last].head:
        last += 1
    heads = list(units[:last]) if not first or units[0].head else list(units[first:last])
    body = [unit for unit in units if all(unit is not head for head in heads)]
    text = "\n".join(unit.text for unit in units)
    return Draft(
        head=[row for unit in heads for row in unit.rows],
        body=in_order([row for unit in body for row in unit.rows], pairs, pieces),
        bag=bag(text) if len(text) <= _FULL else merged(unit.bag for unit in units[:_BOX]),
    )


def in_order(rows: Sequence[int], pairs: dict[int, int], pieces: Sequence[Piece]) -> list[int]:
    """Pieces in reading order: as printed, but each half of a sentence right after its other half."""
    rights = {right: left for left, right in pairs.items()}
    blocks = _blocks(rows, pairs, pieces)
    starts = {block[0]: block for block in blocks}
    ordered: list[int] = []
    done: set[int] = set()
    for block in [*(block for block in blocks if rights.get(block[0], -1) not in rows), *blocks]:
        after: list[int] | None = block
        while after is not None and after[0] not in done:
            done.add(after[0])
            ordered += after
            after = starts.get(pairs.get(after[-1], -1))
    return ordered


def _blocks(rows: Sequence[int], pairs: dict[int, int], pieces: Sequence[Piece]) -> list[list[int]]:
    """What was printed in one go: cut before and after each half whose other half is elsewhere.

    Where the end of a story is printed before its beginning, there is a cut between them too: at a dateline,
    or else where the text turns the most to something else.
    """
    place = {row: at for at, row in enumerate(rows)}
    inside = [
        (place[left], place[right]) for left, right in pairs.items() if left in place and right in place
    ]
    apart = [(left, right) for left, right in inside if right != left + 1]
    cuts = {at for left, right in apart for at in (left + 1, right)}
    whole = {right for left, right in inside if right == left + 1}
    for left, right in sorted(apart):
        free = [at for at in range(right + 1, left + 1) if at not in whole]
        if free and not cuts.intersection(range(right + 1, left + 1)):
            cuts.add(min(free, key=lambda at: _closeness(pieces, rows[at - 1], rows[at])))
    edges = sorted({0, *(at for at in cuts if at < len(rows)), len(rows)})
    return [list(rows[low:high]) for low, high in pairwise(edges) if low < high]


def _closeness(pieces: Sequence[Piece], before: int, row: int) -> float:
    if shapes.opens_with_dateline(pieces[row].text):
        return -1.0
    return cohesion(bag(pieces[before].text), bag(pieces[row].text))


def _lay_beside(pieces: Sequence[Piece], drafts: Sequence[Draft], owner: dict[int, int]) -> None:
    """Give each caption and pull quote to the article it speaks of, the one around it when in doubt.

    A photographer's name alone speaks of nothing: it goes with what stands above it.
    """
    around = best = next((owner[row] for row in range(len(pieces)) if row in owner), 0)
    for row, piece in enumerate(pieces):
        around = owner.get(row, around)
        if row in owner:
            best = around
        if piece.kind == "caption" and is_credit(piece.text.strip()):
            drafts[best].beside.append(row)
        elif piece.kind in INSERTS:
            own = bag(piece.text)
            near = range(max(0, around - _NEAR), min(len(drafts), around + _NEAR + 1))
            best = max(near, key=lambda at: coverage(own, drafts[at].bag) + _AROUND * (at == around))
            drafts[best].beside.append(row)


def _mark_boxed(drafts: Sequence[Draft], owner: dict[int, int], pairs: dict[int, int]) -> None:
    """Mark the short articles that stand whole between two halves of another one's sentence."""
    for left, right in pairs.items():
        if not 1 < right - left <= _BOX or owner.get(left) != owner.get(right):
            continue
        for at in {owner[row] for row in range(left + 1, right) if row in owner} - {owner.get(left)}:
            rows = [*drafts[at].head, *drafts[at].body]
            drafts[at].boxed = drafts[at].boxed or all(left < row < right for row in rows)
