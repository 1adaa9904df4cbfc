"""Which pieces may be broken halves of sentences, and what speaks for and against each and each pair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cache
from operator import add

import numpy as np
import numpy.typing as npt

from index import shapes
from index.characters import characters
from index.cohesion import Bag, bag, weigh
from index.fitting import Half, Strings, attractions, begins, ends, goes_on, joins
from index.joiner import Reals, joiner
from index.joints import beyond, closed, opened, speaks_of
from index.meaning import Vector, cosines, vectors
from index.pieces import INSERTS, ONE_PAGE, Piece
from index.weights import Features

_CLOSE_BY = 6  # pieces of text that may stand between halves that are near
_BEST = 6  # halves far away that are looked at for each
_HOPELESS = -5.0  # what the network says of halves that are looked at only where they stand together
_MOST = 20_000  # halves of a page that are compared with each other
_FOLLOWING = 3  # halves after it that a half is compared with on long pages
_EDGES = frozenset({"headline", "byline", "nothing"})  # what stands around a story

Flags = npt.NDArray[np.bool_]


@dataclass(slots=True)
class Choices:
    """Left halves with features of their going on nowhere, right ones with those of their beginning one.

    All by piece number; `pairs` holds features of two being halves of one sentence.
    """

    lefts: dict[int, Features] = field(default_factory=dict)
    rights: dict[int, Features] = field(default_factory=dict)
    pairs: dict[tuple[int, int], Features] = field(default_factory=dict)


def choices(pieces: Sequence[Piece]) -> Choices:
    """Every piece that may break off inside a sentence, and every one that may go on with one."""
    tails, heads = _halves(pieces)
    page = _strings(pieces) if len(pieces) < ONE_PAGE else Strings()
    weigh(bag(piece.text) for piece in pieces if piece.kind == "body")

    @cache
    def about(row: int, step: int) -> Bag:
        return speaks_of(pieces, row, step)

    made = Choices()
    besides = [dict(beyond(pieces, tail.row)) for tail in tails]
    joined = _joined(tails, heads)
    pairs = np.nonzero(_candidates(tails, heads, joined))
    for left, right, attracts in zip(*pairs, attractions(tails, heads, pairs), strict=True):
        tail, head = tails[left], heads[right]
        features = goes_on(tail, head, page, besides[left].get(head.row, -1), about)
        made.pairs[tail.row, head.row] = [*attracts, *joins(tail, float(joined[left, right])), *features]
    left_rows, right_rows = {left for left, _ in made.pairs}, {right for _, right in made.pairs}
    lefts = [tail for tail in tails if tail.row in left_rows]
    rights = [head for head in heads if head.row in right_rows]
    doubtful = [bool(tail.state) for tail in lefts]
    for tail, around in zip(lefts, _around(pieces, lefts, doubtful, "ends"), strict=True):
        made.lefts[tail.row] = [*ends(tail), *around]
    doubtful = [pieces[head.row].kind == "headline" for head in rights]
    arounds = _around(pieces, rights, doubtful, "begins")
    for head, around, doubt in zip(rights, arounds, doubtful, strict=True):
        made.rights[head.row] = [*begins(head), *around, *(_like_headline(pieces, head) if doubt else ())]
    return made


def _strings(pieces: Sequence[Piece]) -> Strings:
    """All strings of two and of three characters that the page holds, white space left out."""
    texts = ["".join(piece.text.split()) for piece in pieces]
    pairs = [list(map(add, text, text[1:])) for text in texts]
    longer = (map(add, own, text[2:]) for own, text in zip(pairs, texts, strict=True))
    return frozenset().union(*pairs, *longer)


def _halves(pieces: Sequence[Piece]) -> tuple[list[Half], list[Half]]:
    tails, heads = [], []
    order = story = 0
    for row, piece in enumerate(pieces):
        if piece.kind in INSERTS:
            continue
        story += piece.kind == "headline"
        if piece.kind in ("body", "headline") and not piece.level and piece.open:
            state = "" if piece.kind == "body" or piece.away else _between(pieces, row)
            if piece.kind == "body" or not shapes.semi_ended(piece.text):
                tail = Half(
                    row,
                    order,
                    piece.text,
                    jump=bool(piece.away),
                    state=state,
                    line=piece.last_line,
                    sure=shapes.runs_on(piece.text),
                    marks=opened(piece.text),
                    edge=_beside(pieces[row + 1 :]) in _EDGES,
                    story=story,
                    indent=piece.indent,
                )
                tails.append(tail)
        body = piece.kind == "body" or (piece.kind == "headline" and not piece.level)
        if body and not shapes.opens_with_dateline(piece.text) and not shapes.greets(piece.text):
            head = Half(
                row,
                order,
                piece.text,
                jump=bool(piece.back),
                state=_above(pieces, row),
                line=piece.first_line,
                sure=shapes.continues(piece.text),
                marks=closed(piece.text),
                edge=_beside(reversed(pieces[:row])) in _EDGES,
                story=story,
                indent=piece.indent,
            )
            heads.append(head)
        order += 1
    return tails, heads


def _above(pieces: Sequence[Piece], row: int) -> str:
    """What stands above a piece of text."""
    above = next((piece for piece in reversed(pieces[:row]) if piece.kind not in INSERTS), None)
    if above is None or pieces[row].back:
        return "top"
    own = ", maybe headline" if pieces[row].kind == "headline" else ""
    if above.kind in ("headline", "byline"):
        return "headline" + own
    return ("paragraph" if not above.open else "open") + own


def _between(pieces: Sequence[Piece], row: int) -> str:
    """What an open line that looks like a headline stands between."""
    before, after = _beside(reversed(pieces[:row])), _beside(pieces[row + 1 :])
    return f"{before} {after}"


def _joined(tails: Sequence[Half], heads: Sequence[Half]) -> Reals:
    """Log odds that right halves (axis 1) go on with left ones, against both being of other sentences."""
    return joiner().odds([tail.text for tail in tails], [head.text for head in heads])


def _beside(others: Iterable[Piece]) -> str:
    """The kind of the nearest of the pieces that may be text."""
    return next((other.kind for other in others if other.kind not in INSERTS), "nothing")


def _candidates(tails: Sequence[Half], heads: Sequence[Half], joined: Reals) -> Flags:
    """Which right halves (axis 1) are worth a look for which left ones.

    One that stands elsewhere only where it is among the few best for the other, and none where the left half
    says itself that it goes on elsewhere.
    """
    orders = np.array([tail.order for tail in tails])[:, None], np.array([head.order for head in heads])
    told = np.array([(bool(tail.state), tail.jump) for tail in tails], bool).reshape(-1, 2)
    doubtful, away = told.T[..., None]
    back = np.array([head.jump for head in heads], bool)
    distance = orders[1] - orders[0]
    possible: Flags = (distance != 0) & (back | ~away)
    if len(tails) * len(heads) > _MOST:
        following = np.arange(len(heads)) - np.searchsorted(orders[1], orders[0], "right")
        possible &= (following >= 0) & (following < _FOLLOWING)
    close = (abs(distance) <= _CLOSE_BY) & ((distance > 0) | ~doubtful)
    possible &= close | back | _among_best(joined, axis=0) | _among_best(joined, axis=1)
    possible &= (joined > _HOPELESS) | (distance == 1) | back
    return possible


def _among_best(odds: Reals, axis: int) -> Flags:
    """Which pairs are among the few best of their right half (axis 0) or of their left one (axis 1)."""
    most = odds.shape[axis] - _BEST
    if most <= 0:
        return np.ones(odds.shape, bool)
    found: Flags = odds >= np.partition(odds, most, axis=axis).take([most], axis=axis)
    return found


def _around(
    pieces: Sequence[Piece], halves: Sequence[Half], doubtful: Sequence[bool], name: str
) -> Iterator[Features]:
    """Whether a line that may be a headline speaks of what stands above it or of what stands below."""
    asked: list[str] = []
    for half, doubt in zip(halves, doubtful, strict=True):
        if doubt:
            above = (piece.text for piece in reversed(pieces[: half.row]) if piece.kind == "body")
            below = (piece.text for piece in pieces[half.row + 1 :] if piece.kind == "body")
            asked += [half.text, next(above, ""), next(below, "")]
    looked_at: Iterator[Vector] = iter(vectors(asked)) if asked else iter(())
    for doubt in doubtful:
        if not doubt:
            yield []
            continue
        three = np.stack([next(looked_at) for _ in range(3)])
        up, down = cosines(three[:1], three[1:])[0].tolist()
        yield [
            (f"half {name}, headline, of what is above", up * 3.0),
            (f"half {name}, headline, of what is below", down * 3.0),
        ]


def _like_headline(pieces: Sequence[Piece], head: Half) -> Iterator[tuple[str, float]]:
    """How much a short line that may go on with a sentence looks like a headline instead.

    Cut on both sides, it goes on with something itself; a headline does not go on with the text below it.
    """
    text = head.text.strip()
    yield "half begins, headline, length", min(len(text), 48) / 24.0
    yield "half begins, headline, commas", float(min(text.count("，") + text.count(","), 2))
    if shapes.ended(text):
        yield "half begins, headline, ended", 1.0
        return
    after = next((piece for piece in pieces[head.row + 1 :] if piece.kind not in INSERTS), None)
    yield f"half begins, headline above {after.kind if after else 'nothing'}", 1.0
    yield "half begins, headline, stops", shapes.stops(text) / 3.0
    if after is not None:
        fit = characters().fit(text[-12:], after.text[:12])
        yield "half begins, headline, fits below", max(-6.0, min(fit, 9.0)) / 5.0
