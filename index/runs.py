"""Pieces into runs: text that was certainly printed as one, and the headlines above it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

from index import shapes
from index.cohesion import EMPTY, Bag, bag
from index.halves import Half, matched
from index.joints import beyond, speaks_of
from index.pieces import INSERTS, ONE_PAGE, Piece

_A_HEADLINE = 99.0
_HEAD, _PARAGRAPH = "head", "paragraph"


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
    bag: Bag = EMPTY
    size: int = 0


def join_halves(pieces: Sequence[Piece]) -> dict[int, int]:
    """Numbers of pieces that go on with a sentence, by the piece that breaks off in it."""
    orders: dict[int, int] = {}
    order = 0
    for row, piece in enumerate(pieces):
        if piece.kind not in INSERTS:
            orders[row] = order
            order += 1
    tails = [
        Half(row, orders[row], piece.text, bool(piece.away), doubt=doubt)
        for row, piece in enumerate(pieces)
        if piece.kind in ("body", "headline")
        and not piece.level
        and piece.open
        and not shapes.semi_ended(piece.text)
        and (doubt := _doubt(pieces, row)) < _A_HEADLINE
    ]
    heads = [
        Half(
            row,
            orders[row],
            piece.text,
            bool(piece.back),
            under_head=_above(pieces, row) == _HEAD,
            in_place=_above(pieces, row) == _PARAGRAPH,
        )
        for row, piece in enumerate(pieces)
        if piece.kind == "body" and not shapes.opens_with_dateline(piece.text)
    ]
    page = "".join("".join(piece.text.split()) + "\n" for piece in pieces) if len(pieces) < ONE_PAGE else ""
    beside = {(tail.row, right): far for tail in tails for right, far in beyond(pieces, tail.row)}

    @cache
    def about(row: int, step: int) -> Bag:
        return speaks_of(pieces, row, step)

    return matched(tails, heads, page, beside, about)


def _above(pieces: Sequence[Piece], row: int) -> str:
    """What stands above a piece of text: a headline, a finished paragraph, or something it may go on with."""
    above = next((piece for piece in reversed(pieces[:row]) if piece.kind not in INSERTS), None)
    if above is None or pieces[row].back:
        return ""
    if above.kind in ("headline", "byline"):
        return _HEAD
    return _PARAGRAPH if above.kind == "body" and not above.open else ""


def _doubt(pieces: Sequence[Piece], row: int) -> float:
    """How much an open line looks like a headline instead of what is left of a sentence, as log odds."""
    piece = pieces[row]
    if piece.kind != "headline" or piece.away:
        return 0.0
    before = next((other.kind for other in reversed(pieces[:row]) if other.kind not in INSERTS), "")
    after = next((other.kind for other in pieces[row + 1 :] if other.kind not in INSERTS), "")
    doubt = {"body": 7.0, "headline": 4.0, "byline": 8.0}.get(after, 2.0)
    if before != "body":
        doubt = 9.0 if "，" in piece.text else _A_HEADLINE
    return doubt - 2.0 * piece.text.count("，")


def runs(pieces: Sequence[Piece], pairs: dict[int, int]) -> list[Run]:
    """The runs of a page in printed order."""
    rights = {right: left for left, right in pairs.items()}
    made: list[Run] = []
    run = Run()
    last = -1
    for row, piece in enumerate(pieces):
        if piece.kind in INSERTS:
            continue
        heading = piece.kind in ("headline", "byline") and row not in pairs and row not in rights
        why = _break(pieces, run, last, row, pairs, rights, heading)
        if why:
            made.append(run)
            run = Run(why=why)
        (run.head if heading and not run.body else run.body).append(row)
        last = row
    made.append(run)
    return [gather(pieces, run) for run in made if run.head or run.body]


def gather(pieces: Sequence[Piece], run: Run) -> Run:
    """Take stock of the run's text."""
    run.bag = bag("\n".join(pieces[row].text for row in run.body))
    run.size = sum(len(pieces[row].text) for row in run.body)
    return run


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
    if row in rights or last in pairs or pairs.get(row, -1) in run.body:
        return "moved"
    if pieces[last].away or piece.back:
        return "jump"
    if piece.kind == "body" and shapes.opens_with_dateline(piece.text):
        return "dateline"
    if (
        piece.kind == "body"
        and pieces[last].kind == "body"
        and pieces[last].open
        and not shapes.semi_ended(pieces[last].text)
    ):
        return "open"
    return ""
