"""Pieces into units: what is given to one article as a whole, and what its shape says about that."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from index import shapes
from index.bylines import is_credit, is_name
from index.characters import characters
from index.cohesion import EMPTY, Bag, bag
from index.matching import Pair
from index.pieces import INSERTS, Piece
from index.series import is_numbered
from index.weights import Features

_LOST = re.compile(r"(?<=[\u3400-\u9fff，。、])[ \u00a0]{2,}(?=[\u3400-\u9fff])|\A[ \u00a0]+[年月日]")
_DIGIT = re.compile(r"[0-9０-９]")
_LENGTHS = (9, 16, 24)  # characters of a headline that part short ones from long ones
_BELOW = 150  # characters of a small item below a headline
_RARE = 3.0  # what a sign counts that few pages of the fit show, so that small weights are enough
_SHORT = 60  # characters of a short paragraph
ALIKE = 2  # characters by which section headings differ
_LONG, _MUCH = 40, 600  # characters of a headline, and of the text around it, beyond which more tells no more


@dataclass(slots=True)
class Unit:
    """A headline with its byline, or a paragraph with the signature below it.

    `rows` are piece numbers in printed order. `stack` counts the headlines from here to the next text,
    `signed` says whether a byline ends this headline, `closed` whether a signature ends the paragraph.
    """

    rows: list[int]
    head: bool
    signed: bool = False
    closed: bool = False
    stack: int = 0
    stack_signed: bool = False
    above_dateline: bool = False  # the text below the headlines begins with a dateline
    bag: Bag = EMPTY
    text: str = ""
    digits: int = 0  # 1 where numbers stand in the text, -1 where they are lost
    left: int = -1  # unit that breaks off in the sentence which this one goes on with
    right: int = -1  # unit that goes on with the sentence in which this one breaks off
    fit: float = 0.0  # log odds of that, for `left`
    features: Features = field(default_factory=list)  # of this unit after the one before it


def units_of(pieces: Sequence[Piece], pairs: dict[int, Pair]) -> list[Unit]:
    """The units of a page in printed order; `pairs` are halves of sentences by their left half."""
    found = list(_grouped(pieces, pairs))
    where = {row: number for number, unit in enumerate(found) for row in unit.rows}
    for left, pair in pairs.items():
        if left in where and pair.right in where and where[left] != where[pair.right]:
            found[where[pair.right]].left, found[where[left]].right = where[left], where[pair.right]
            found[where[pair.right]].fit = pair.odds
    _stack(pieces, found)
    levels = Counter(pieces[unit.rows[0]].level for unit in found if unit.head)
    for unit in found:
        unit.text = "\n".join(pieces[row].text for row in unit.rows)
    stacks = _stacks(found)
    for number, unit in enumerate(found):
        unit.bag = bag(unit.text)
        if not unit.head:
            unit.digits = -1 if _LOST.search(unit.text) else int(_DIGIT.search(unit.text) is not None)
        unit.features = [*_features(pieces, found, number, levels), *_among(found, number, stacks)]
    return found


def _grouped(pieces: Sequence[Piece], pairs: dict[int, Pair]) -> Iterator[Unit]:
    broken = {row for pair in pairs.values() if pair.odds > 0 for row in (pair.left, pair.right)}
    unit: Unit | None = None
    for row, piece in enumerate(pieces):
        if piece.kind in INSERTS:
            continue
        if unit is not None and piece.kind == "byline" and not unit.closed:
            unit.rows.append(row)
            unit.signed, unit.closed = unit.head, not unit.head
            continue
        if unit is not None and piece.kind == "signature" and not unit.head and not unit.closed:
            unit.rows.append(row)
            unit.closed = True
            continue
        if unit is not None:
            yield unit
        head = piece.kind in ("headline", "byline") and row not in broken
        unit = Unit([row], head, signed=piece.kind == "byline" and head)
    if unit is not None:
        yield unit


def _stack(pieces: Sequence[Piece], found: Sequence[Unit]) -> None:
    """Tell each headline what stands below it."""
    below: Unit | None = None
    for unit in reversed(found):
        if unit.head:
            again = below is not None and below.head and not unit.signed
            unit.stack = 1 + (below.stack if again and below else 0)
            unit.stack_signed = unit.signed or bool(again and below and below.stack_signed)
            if below is not None:
                body = not below.head and shapes.opens_with_dateline(pieces[below.rows[0]].text)
                unit.above_dateline = body or (below.head and below.above_dateline and not unit.signed)
        below = unit


def _features(
    pieces: Sequence[Piece], found: Sequence[Unit], number: int, levels: Counter[int]
) -> Iterator[tuple[str, float]]:
    """What the shape of a unit and of the one before it says; every name begins with their kinds."""
    unit = found[number]
    before = found[number - 1] if number else None
    kinds = ("^" if before is None else "H" if before.head else "B") + ("H" if unit.head else "B")
    yield kinds, 1.0
    if before is not None:
        for name, value in (*_end(pieces, before, unit), *_joint(pieces, before, unit)):
            yield f"{kinds} {name}", value
    shape = (
        (*_head(pieces, unit, levels), *_below(pieces, found, number)) if unit.head else _body(pieces, unit)
    )
    for name, value in shape:
        yield f"{kinds} {name}", value
    indent = pieces[unit.rows[0]].indent
    if indent:
        yield f"{kinds} {indent}", 1.0


def _stacks(found: Sequence[Unit]) -> list[int]:
    """Where headlines begin, one above another or alone."""
    return [at for at, unit in enumerate(found) if unit.head and (not at or not found[at - 1].head)]


def _among(found: Sequence[Unit], number: int, stacks: Sequence[int]) -> Iterator[tuple[str, float]]:
    """What a headline is among the others of the page: section headings are like each other, and short."""
    unit = found[number]
    if not unit.head:
        return
    at = bisect_right(stacks, number) - 1
    first, after = stacks[at], stacks[at + 1] if at + 1 < len(stacks) else len(found)
    yield "H size", min(len(unit.text), _LONG) / 20.0
    yield "H much below", _much(found[number + 1 : after])
    if first == number:
        yield "H much above", _much(found[stacks[at - 1] if at else 0 : number])
        alike = [one for one in stacks if one != number and _alike(unit, found[one])]
        yield "H alike before", float(at > 0 and stacks[at - 1] in alike)
        yield "H alike behind", float(after in alike)
        yield "H alike", min(len(alike), 4) / 2.0
    others = [found[one] for one in stacks if one != first]
    if others:
        named = sum(one.stack_signed or one.above_dateline for one in others)
        yield "H others named", named / len(others)
        longer = sum(len(one.text) > len(unit.text) + ALIKE for one in others)
        yield "H others longer", longer / len(others)


def _much(units: Sequence[Unit]) -> float:
    """How much text units hold: the logarithm of its length, 2 being a hundred characters."""
    size = sum(len(unit.text) for unit in units if not unit.head)
    return math.log10(1 + min(size, _MUCH))


def _alike(unit: Unit, other: Unit) -> bool:
    """Whether two headlines may be of a row of section headings."""
    alone = unit.stack == other.stack == 1 and not (other.stack_signed or other.above_dateline)
    return alone and abs(len(unit.text) - len(other.text)) <= ALIKE


def _end(pieces: Sequence[Piece], unit: Unit, after: Unit) -> Iterator[tuple[str, float]]:
    last = pieces[unit.rows[-1]]
    if unit.head:
        if unit.signed:
            yield "after signed", 1.0
            if after.head:
                yield f"after signed, {'signed' if after.stack_signed else 'not signed'} itself", 1.0
        yield f"after stack {min(unit.stack, 3)}", 1.0
        return
    if unit.closed:
        yield "after closed", 1.0
    elif last.open:
        yield ("after colon" if shapes.semi_ended(last.text) else "after open"), 1.0
        if shapes.runs_on(last.text):
            yield "after cut", 1.0
    if last.away:
        yield "after away", 1.0
    if _credited(pieces, unit):
        yield "after credit", 1.0
    if len(last.text) < _SHORT:
        yield "after short", 1.0


def _joint(pieces: Sequence[Piece], before: Unit, unit: Unit) -> Iterator[tuple[str, float]]:
    left, right = pieces[before.rows[-1]], pieces[unit.rows[0]]
    if left.level and right.level:
        yield (
            f"level {'up' if right.level < left.level else 'down' if right.level > left.level else 'same'}",
            1.0,
        )
    elif bool(left.level) != bool(right.level):
        yield "level new" if right.level else "level gone", 1.0
    if not before.head and not unit.head and left.open and not shapes.semi_ended(left.text):
        fit = characters().fit(left.text[-40:], right.text[:40])
        yield "fit", max(-6.0, min(fit, 9.0)) / 5.0


def _head(pieces: Sequence[Piece], unit: Unit, levels: Counter[int]) -> Iterator[tuple[str, float]]:
    piece = pieces[unit.rows[0]]
    text = piece.text.strip()
    if piece.kind != "byline":
        yield "stops", shapes.stops(text) / 3.0
    yield f"long {sum(len(text) > most for most in _LENGTHS)}", 1.0
    yield f"stack {min(unit.stack, 4)}", 1.0
    for name, holds in (
        ("signed", unit.signed),
        ("byline only", piece.kind == "byline"),
        ("stack signed", unit.stack_signed),
        ("dateline below", unit.above_dateline),
        ("comma", "，" in text or "," in text),
        ("blank", " " in text or "\u3000" in text),
        ("asks", text.endswith(("？", "?"))),
        ("asks inside", shapes.asks_inside(text)),
        ("label", shapes.is_label(text)),
        ("name", is_name(text)),
        ("numbered", is_numbered(text)),
        ("quoted", text.startswith(("“", "「")) and text.endswith(("”", "」"))),
        ("dash", text.startswith(("—", "─"))),
        ("back", bool(piece.back)),
        ("level many", bool(piece.level) and levels[piece.level] > 2),
        ("level top", bool(piece.level) and piece.level == min(level for level in levels if level)),
    ):
        if holds:
            yield name, 1.0


def _below(pieces: Sequence[Piece], found: Sequence[Unit], number: int) -> Iterator[tuple[str, float]]:
    """What stands between this headline and the next: how much text, and whether a photographer ends it."""
    at = number + 1
    while at < len(found) and found[at].head:
        at += 1
    first = at
    while at < len(found) and not found[at].head and at - first < 3:
        at += 1
    under_text = number > 0 and not found[number - 1].head
    if under_text and at > first and shapes.greets(pieces[found[first].rows[0]].text):
        yield "above a greeting", _RARE
    size = sum(len(unit.text) for unit in found[first:at])
    yield f"above {'little' if size <= _BELOW else 'much'}", 1.0
    if at > first and _credited(pieces, found[at - 1]) and (at == len(found) or found[at].head):
        yield "above a picture's text", 1.0


def _credited(pieces: Sequence[Piece], unit: Unit) -> bool:
    """Whether only the photographer's name stands below the unit."""
    after = pieces[unit.rows[-1] + 1 : unit.rows[-1] + 2]
    return any(piece.kind == "caption" and is_credit(piece.text.strip()) for piece in after)


def _body(pieces: Sequence[Piece], unit: Unit) -> Iterator[tuple[str, float]]:
    piece = pieces[unit.rows[0]]
    if shapes.opens_with_dateline(piece.text):
        yield "dateline", 1.0
    if shapes.continues(piece.text.strip()):
        yield "continues", 1.0
    if piece.back:
        yield "back", 1.0
    if piece.open:
        yield "open", 1.0
    if len(piece.text) < _SHORT:
        yield "short", 1.0


def spread(features: Iterable[tuple[str, float]], choice: str) -> Features:
    """Features of the joint as features of a choice made there."""
    return [(f"{choice} {name}", value) for name, value in features]
