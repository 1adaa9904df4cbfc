"""Pieces into runs: text that was certainly printed as one, and the headlines above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from index import shapes
from index.cohesion import Bag, bag, cohesion, merged
from index.halves import Half, matched
from index.pieces import Piece

_APART = 0.004  # cohesion of two stretches below which they are of different articles
_STRETCH = 250  # characters on either side that cohesion is taken of
_SHORT = 100  # characters below which cohesion says nothing
_INSERTS = frozenset({"caption", "quote", "furniture"})


@dataclass(slots=True)
class Run:
    """Piece numbers in printed order, and what stood above them.

    `head` holds headlines and bylines; `body` running text; `follows` is the number of the run whose last
    sentence this one goes on with, -1 where there is none; `why` says why it does not just go on.
    """

    head: list[int] = field(default_factory=list)
    body: list[int] = field(default_factory=list)
    follows: int = -1
    why: str = ""
    bag: Bag = frozenset()
    size: int = 0


def join_halves(pieces: Sequence[Piece]) -> dict[int, int]:
    """Numbers of pieces that go on with a sentence, by the piece that breaks off in it."""
    orders: dict[int, int] = {}
    order = 0
    for row, piece in enumerate(pieces):
        if piece.kind not in _INSERTS:
            orders[row] = order
            order += 1
    tails = [
        Half(row, orders[row], piece.text, bool(piece.away), headline=_may_be_headline(piece))
        for row, piece in enumerate(pieces)
        if piece.kind in ("body", "headline")
        and not piece.level
        and piece.open
        and not shapes.SEMI_ENDED.search(piece.text)
    ]
    heads = [
        Half(row, orders[row], piece.text, bool(piece.back))
        for row, piece in enumerate(pieces)
        if piece.kind == "body" and not shapes.opens_with_dateline(piece.text)
    ]
    page = "".join("".join(piece.text.split()) + "\n" for piece in pieces)
    beside = frozenset((tail.row, tail.row + 1) for tail in tails)
    return matched(tails, heads, page, beside)


def _may_be_headline(piece: Piece) -> bool:
    return piece.kind == "headline" and not piece.away


def runs(pieces: Sequence[Piece], pairs: dict[int, int]) -> list[Run]:
    """The runs of a page in printed order."""
    rights = {right: left for left, right in pairs.items()}
    made: list[Run] = []
    run = Run()
    last = -1
    for row, piece in enumerate(pieces):
        if piece.kind in _INSERTS:
            continue
        heading = piece.kind in ("headline", "byline") and row not in pairs and row not in rights
        why = _break(pieces, run, last, row, pairs, rights, heading)
        if why:
            made.append(run)
            run = Run(why=why)
        (run.head if heading and not run.body else run.body).append(row)
        last = row
    made.append(run)
    made = [run for run in made if run.head or run.body]
    split = [part for run in made for part in _split(pieces, run, pairs)]
    where = {row: number for number, run in enumerate(split) for row in run.body}
    for number, run in enumerate(split):
        left = rights.get(run.body[0], -1) if run.body else -1
        run.follows = where.get(left, -1) if where.get(left, -1) != number else -1
        run.bag = merged(bag(pieces[row].text) for row in run.body)
        run.size = sum(len(pieces[row].text) for row in run.body)
    return split


def _break(
    pieces: Sequence[Piece],
    run: Run,
    last: int,
    row: int,
    pairs: dict[int, int],
    rights: dict[int, int],
    heading: bool,
) -> str:
    """Why the piece begins a new run; empty when it goes on with this one."""
    piece = pieces[row]
    if not run.body:
        return ""
    if pairs.get(last) == row:
        return ""
    if pieces[last].kind == "signature" and piece.kind != "byline":
        return "signed"
    if piece.kind == "byline":
        return ""
    if pieces[last].kind == "byline":
        return "signed"
    if piece.kind == "headline" and heading:
        return "headline"
    if row in rights or last in pairs:
        return "moved"
    if pieces[last].away or piece.back:
        return "jump"
    if piece.kind == "body" and shapes.opens_with_dateline(piece.text):
        return "dateline"
    if (
        piece.kind == "body"
        and pieces[last].kind == "body"
        and pieces[last].open
        and not shapes.SEMI_ENDED.search(pieces[last].text)
    ):
        return "open"
    return ""


def _split(pieces: Sequence[Piece], run: Run, pairs: dict[int, int]) -> list[Run]:
    """The run cut where its text turns to something else altogether."""
    if len(run.body) < 2 or sum(len(pieces[row].text) for row in run.body) < 2 * _SHORT:
        return [run]
    bags = [bag(pieces[row].text) for row in run.body]
    sizes = [len(pieces[row].text) for row in run.body]
    cuts = [
        at
        for at in range(1, len(run.body))
        if pairs.get(run.body[at - 1]) != run.body[at] and _turns(bags, sizes, at)
    ]
    edges = [0, *cuts, len(run.body)]
    parts = [Run(body=run.body[low:high], why="topic") for low, high in pairwise(edges)]
    parts[0].head, parts[0].why = run.head, run.why
    return parts


def _turns(bags: Sequence[Bag], sizes: Sequence[int], at: int) -> bool:
    before, after = _stretch(sizes[:at][::-1]), _stretch(sizes[at:])
    if sum(sizes[at - before : at]) < _SHORT or sum(sizes[at : at + after]) < _SHORT:
        return False
    return cohesion(merged(bags[at - before : at]), merged(bags[at : at + after])) < _APART


def _stretch(sizes: Sequence[int]) -> int:
    """How many paragraphs make up a stretch."""
    total = 0
    for number, size in enumerate(sizes, 1):
        total += size
        if total >= _STRETCH:
            return number
    return len(sizes)
