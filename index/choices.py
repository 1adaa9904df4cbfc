"""Which broken halves of sentences belong together."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from index import shapes
from index.characters import characters
from index.cohesion import Bag, cohesion
from index.joints import About, balance, beyond, circular, speaks_of
from index.meaning import cosines, vectors
from index.pieces import INSERTS, Piece
from index.weights import Features, value

_CLIP = (-4.0, 7.0)  # least and most that one character at the joint may say
_CLOSE_BY = 6  # pieces of text that may stand between halves that are near
_STRANGERS = 0.012  # cohesion at which halves may as well be of different articles
_HAN = re.compile(r"[\u3400-\u9fff]{3}\Z")
_HAN_END = re.compile(r"[\u3400-\u9fff，、]\s*\Z")
_SENTENCE = re.compile(r"[。！？；]")
_BRIEF = 30  # characters of a line that may be one of a list
_FOLLOWING = 3  # halves after it that a half is compared with on long pages, or when it may be a headline
_HOPELESS = 0.0  # log odds of going on, against beginning, that a half far away needs
_MOST = 2500  # halves of a page that are compared with each other
_ONE_PAGE = 300  # pieces beyond which a file is more than a page, and does not vouch for its own words


@dataclass(frozen=True, slots=True)
class Half:
    """The end or the beginning of a piece. `row` is its piece, `order` its place among pieces of text.

    `state` tells, of a left half, whether it may be a headline, and of a right one, what stands above it.
    """

    row: int
    order: int
    text: str
    jump: bool = False
    state: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pieces that may be halves of one sentence, and the log odds that they are."""

    left: int
    right: int
    odds: float


@dataclass(frozen=True, slots=True)
class Choice:
    """A piece that may break off inside a sentence, and where it may go on: nowhere, or with one of others.

    `ends` are features of its going on nowhere, `others` piece numbers with the features of each.
    """

    left: int
    ends: Features
    others: tuple[tuple[int, Features], ...]

    def odds(self, fitted: Mapping[str, float]) -> Iterator[Pair]:
        """Log odds of each pair: a conditional logit over all that may follow (McFadden 1974)."""
        values = [value(fitted, features) for _, features in self.others]
        top = max([*values, value(fitted, self.ends)])
        shares = [math.exp(one - top) for one in values]
        total = sum(shares) + math.exp(value(fitted, self.ends) - top)
        for (right, _), share in zip(self.others, shares, strict=True):
            yield Pair(self.left, right, math.log(share + 1e-9) - math.log(total - share + 1e-9))


def choices(pieces: Sequence[Piece]) -> list[Choice]:
    """Every piece that may break off inside a sentence, with what it may go on with."""
    tails, heads = _halves(pieces)
    page = "".join("".join(piece.text.split()) + "\n" for piece in pieces) if len(pieces) < _ONE_PAGE else ""
    beside = {(tail.row, right): far for tail in tails for right, far in beyond(pieces, tail.row)}
    orders = [head.order for head in heads]
    every = len(tails) * len(heads) <= _MOST

    @cache
    def about(row: int, step: int) -> Bag:
        return speaks_of(pieces, row, step)

    def goes_on(tail: Half, head: Half) -> Features:
        return list(_features(tail, head, page, beside.get((tail.row, head.row), -1), about))

    made = []
    for tail in tails:
        found = heads if every and not tail.state else _following(heads, orders, tail)
        own = [
            head
            for head in found
            if head.row != tail.row and (abs(head.order - tail.order) <= _CLOSE_BY or _may_go_on(tail, head))
        ]
        near = _near(tail, own)
        others = ((head.row, [*goes_on(tail, head), *alike]) for head, alike in zip(own, near, strict=True))
        made.append(Choice(tail.row, list(_ends(tail)), tuple(others)))
    return made


def assigned(found: Sequence[Choice], fitted: Mapping[str, float], least: float) -> dict[int, Pair]:
    """Pairs by their left halves: the likeliest first, each half in one pair, no log odds below `least`."""
    pairs = [pair for choice in found for pair in choice.odds(fitted)]
    pairs.sort(key=lambda pair: (-pair.odds, pair.left, pair.right))
    chosen: dict[int, Pair] = {}
    after: dict[int, int] = {}
    taken: set[int] = set()
    for pair in pairs:
        if pair.odds < least:
            break
        if pair.left not in chosen and pair.right not in taken and not circular(after, pair.left, pair.right):
            chosen[pair.left] = pair
            after[pair.left] = pair.right
            taken.add(pair.right)
    return chosen


def _halves(pieces: Sequence[Piece]) -> tuple[list[Half], list[Half]]:
    tails, heads = [], []
    order = 0
    for row, piece in enumerate(pieces):
        if piece.kind in INSERTS:
            continue
        if piece.kind in ("body", "headline") and not piece.level and piece.open:
            state = "" if piece.kind == "body" or piece.away else _between(pieces, row)
            if not shapes.semi_ended(piece.text) and state != "?":
                tails.append(Half(row, order, piece.text, bool(piece.away), state))
        body = piece.kind == "body" or (piece.kind == "headline" and not piece.level)
        if body and not shapes.opens_with_dateline(piece.text):
            heads.append(Half(row, order, piece.text, bool(piece.back), _above(pieces, row)))
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
    """What an open line that looks like a headline stands between; "?" where it is one."""
    before = next((other.kind for other in reversed(pieces[:row]) if other.kind not in INSERTS), "nothing")
    after = next((other.kind for other in pieces[row + 1 :] if other.kind not in INSERTS), "nothing")
    return f"{before} {after}"


def _following(heads: Sequence[Half], orders: Sequence[int], tail: Half) -> Sequence[Half]:
    at = bisect_right(orders, tail.order)
    return heads[at : at + _FOLLOWING]


def _may_go_on(tail: Half, head: Half) -> bool:
    """Whether a half that stands elsewhere is worth a look: it is not clearly likelier as a beginning."""
    return tail.jump or head.jump or characters().fit(tail.text[-12:], head.text[:12], depth=2) > _HOPELESS


def _ends(tail: Half) -> Iterator[tuple[str, float]]:
    """What speaks for a left half going on nowhere on this page; names begin with `half`."""
    yield f"half ends{', maybe headline' if tail.state else ''}", 1.0
    if shapes.runs_on(tail.text):
        yield "half ends, running text", 1.0
    if _SENTENCE.search(tail.text):
        yield "half ends, after a sentence", 1.0
    yield "half ends, length", min(len(tail.text), 80) / 40.0
    if tail.jump:
        yield "half ends, jump", 1.0
    if tail.text.rstrip()[-1:] in ("，", ",", "、"):
        yield "half ends, comma", 1.0
    if shapes.asks_inside(tail.text):
        yield "half ends, asks inside", 1.0
    yield f"half ends, stops{' like a headline' if tail.state else ''}", shapes.stops(tail.text) / 3.0
    if len(tail.text) < _BRIEF:
        yield "half ends, brief", 1.0
    if not _HAN_END.search(tail.text):
        yield "half ends, no word", 1.0
    if tail.state:
        yield f"half ends, headline between {tail.state}", 1.0
        yield "half ends, headline, commas", float(min(tail.text.count("，") + tail.text.count(","), 2))
        yield "half ends, headline, length", min(len(tail.text), 48) / 24.0


def _features(tail: Half, head: Half, page: str, beside: int, about: About) -> Iterator[tuple[str, float]]:
    """What speaks for and against `head` going on with the sentence of `tail`; names begin with `half`."""
    yield from _fit(tail.text, head.text)
    placed = _placed(tail, head, beside)
    yield f"half {placed}{', maybe headline' if tail.state else ''}", 1.0
    yield f"half under {head.state}", 1.0
    if shapes.continues(head.text):
        yield "half goes on", 1.0
    quotation = balance(tail.text, head.text)
    if quotation:
        yield f"half quotation {'closed' if quotation > 0 else 'open'}", 1.0
    if tail.jump or head.jump:
        yield f"half jump {'both' if tail.jump and head.jump else 'away' if tail.jump else 'back'}", 1.0
    joint = tail.text[-2:] + head.text[:1], tail.text[-1:] + head.text[:2]
    yield "half joint on page", float(sum(_HAN.match(part) is not None and part in page for part in joint))
    yield "half topic", _topic(about(tail.row, -1), about(head.row, 1))
    if shapes.runs_on(tail.text):
        yield f"half running {placed}", 1.0


def _near(tail: Half, heads: Sequence[Half]) -> Iterator[Features]:
    """How alike the meanings of both halves are, by themselves and beside the other candidates."""
    if not heads:
        return
    looked_at = vectors([tail.text, *(head.text for head in heads)])
    found = cosines(looked_at[:1], looked_at[1:])[0].tolist()
    nearest = max(found)
    for near in found:
        yield [("half alike", near * 3.0), ("half less alike", min(nearest - near, 0.3) * 5.0)]


def _fit(left: str, right: str) -> Iterator[tuple[str, float]]:
    """How much the characters at the joint attract each other, and the right ones begin something."""
    model = characters()
    before, after = model.symbols(left[-12:])[-2:], model.symbols(right[:12])[:2]
    stop = model.symbols("。")
    if not before or not after:
        return
    for at, symbol in enumerate(after):
        alone = math.log(model.ones[symbol] / model.total)
        place = "second" if at else "first"
        yield f"half attracts {place}", _clipped(model.follow([*before, *after[:at]], [symbol]) - alone)
        yield f"half begins {place}", _clipped(model.follow([*stop, *after[:at]], [symbol]) - alone)


def _clipped(odds: float) -> float:
    return max(_CLIP[0], min(odds, _CLIP[1])) / 3.0


def _topic(left: Bag, right: Bag) -> float:
    if not left.mass or not right.mass:
        return 0.0
    return max(-2.0, min(math.log((cohesion(left, right) + 0.001) / _STRANGERS), 2.0))


def _placed(tail: Half, head: Half, beside: int) -> str:
    """Where the halves stand to each other."""
    distance = head.order - tail.order
    if distance == 1:
        return "next"
    if beside >= 0:
        return f"around {min(beside, 2)}" if beside else "beside"
    if distance > 0:
        return "near" if distance <= _CLOSE_BY else "later"
    return "before near" if distance >= -_CLOSE_BY else "before"
