"""What two broken halves of a sentence show: how each looks, and how well one goes on with the other."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index import shapes
from index.characters import characters
from index.clean import Width
from index.cohesion import Bag, cohesion
from index.joints import About, balance
from index.trigrams import NOTHING, Reals, Symbols
from index.weights import Features

_CLIP = (-4.0, 7.0)  # least and most that one character at the joint may say
_CLOSE_BY = 6  # pieces of text that may stand between halves that are near
_STRANGERS = 0.012  # cohesion at which halves may as well be of different articles
_HAN = re.compile(r"[\u3400-\u9fff]{3}\Z")
_HAN_END = re.compile(r"[\u3400-\u9fff，、]\s*\Z")
_SENTENCE = re.compile(r"[。！？；]")
_BRIEF = 30  # characters of a line that may be one of a list
_SCRAP = 12  # characters of a text that is hardly a paragraph
_EDGE, _BRIEF_EDGE = 12, 6  # characters at a joint in which two symbols are looked for
_COMMON = 6.0  # a pair seen once in e^6 characters or more often says nothing

Pairs = tuple[npt.NDArray[np.intp], ...]  # numbers of left halves, and of right ones

Strings = frozenset[str]  # of two and of three characters, that a page holds


@dataclass(frozen=True, slots=True)
class Half:
    """The end or the beginning of a piece. `row` is its piece, `order` its place among pieces of text.

    `state` tells, of a left half, whether it may be a headline, and of a right one, what stands above it;
    `line` how wide its line at the break is; `sure` whether a left one is surely running text, and whether a
    right one begins with what only stands inside a sentence; `marks` are the quotations that it leaves open
    or closes.
    """

    row: int
    order: int
    text: str
    jump: bool = False
    state: str = ""
    line: Width = Width.UNKNOWN
    sure: bool = False
    marks: frozenset[str] = frozenset()


def ends(tail: Half) -> Iterator[tuple[str, float]]:
    """What speaks for a left half going on nowhere on this page; names begin with `half`."""
    yield f"half ends{', maybe headline' if tail.state else ''}", 1.0
    if tail.line:
        yield f"half ends, line {tail.line}{', maybe headline' if tail.state else ''}", 1.0
    if tail.sure:
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


def begins(head: Half) -> Iterator[tuple[str, float]]:
    """What speaks for a right half beginning a sentence of its own."""
    yield f"half begins under {head.state}", 1.0
    if head.line:
        yield f"half begins, line {head.line}", 1.0
    if head.jump:
        yield "half begins, jump", 1.0
    if head.sure:
        yield "half begins, continues", 1.0
    if len(head.text) < _SCRAP:
        yield "half begins, scrap", 1.0
    if not shapes.ended(head.text):
        yield "half begins, open", 1.0
    model = characters()
    stop, after = model.symbols("。"), model.symbols(head.text[:12])[:2]
    for at, symbol in enumerate(after):
        alone = math.log(model.ones[symbol] / model.total)
        place = "second" if at else "first"
        yield f"half begins {place}", _clipped(model.follow([*stop, *after[:at]], [symbol]) - alone)


def goes_on(tail: Half, head: Half, page: Strings, beside: int, about: About) -> Iterator[tuple[str, float]]:
    """What speaks for and against `head` going on with the sentence of `tail`; names begin with `half`.

    What the characters at the joint say is told by `attractions`.
    """
    placed = _placed(tail, head, beside)
    yield f"half {placed}{', maybe headline' if tail.state else ''}", 1.0
    if head.sure:
        yield "half goes on", 1.0
    quotation = balance(tail.marks, head.marks, len(head.text))
    if quotation:
        yield f"half quotation {'closed' if quotation > 0 else 'open'}", 1.0
    if head.jump:
        yield f"half jump {'both' if tail.jump else 'back'}", 1.0
    yield from _on_page(tail.text.rstrip(), head.text.lstrip(), page)
    yield "half topic", _topic(about(tail.row, -1), about(head.row, 1))
    if tail.sure:
        yield f"half running {placed}", 1.0


def _on_page(left: str, right: str, page: Strings) -> Iterator[tuple[str, float]]:
    """Whether the characters at the joint stand together elsewhere on the page."""
    joint = left[-2:] + right[:1], left[-1:] + right[:2]
    yield "half joint on page", float(len([part for part in joint if part in page and _HAN.match(part)]))
    pair = left[-1:] + right[:1]
    if pair in page and _HAN_END.match(pair[1:]):
        yield "half pair on page", max(0.0, characters().rarity(pair) - _COMMON) / 5.0


def attractions(tails: Sequence[Half], heads: Sequence[Half], pairs: Pairs) -> Iterator[Features]:
    """How much the characters at the joint of each pair of a left and a right half attract each other."""
    model = characters()
    left, right = _endings(tails, _EDGE), _beginnings(heads, _EDGE)
    alone = np.where(right == NOTHING, 0.0, np.log(model.many.ones[right] / model.total))
    odds = _joined(left[:, pairs[0]], right[:, pairs[1]]) - alone[:, pairs[1]]
    odds[:, left[1, pairs[0]] == NOTHING] = 0.0
    for first, second in (np.clip(odds, *_CLIP) / 3.0).T.tolist():
        yield [("half attracts first", first), ("half attracts second", second)]


def fits(tails: Sequence[Half], heads: Sequence[Half], pairs: Pairs) -> Reals:
    """Log odds that a right half goes on in the sentence of a left one, by two characters of each alone."""
    left, right = _endings(tails, _BRIEF_EDGE), _beginnings(heads, _BRIEF_EDGE)
    stop = np.array([[NOTHING], [characters().numbers["。"]]])
    begun = _joined(np.repeat(stop, len(heads), axis=1), right).sum(axis=0)
    odds = _joined(left[:, pairs[0]], right[:, pairs[1]]).sum(axis=0) - begun[pairs[1]]
    told = (left[1, pairs[0]] != NOTHING) & (right[0, pairs[1]] != NOTHING)
    return np.where(told, odds, 0.0)


def _joined(left: Symbols, right: Symbols) -> Reals:
    """Log probabilities of two symbols (axis 0) after two others; 0 of those that are not there."""
    found = characters().many.logarithms(
        np.concatenate([left[0], left[1]]), np.concatenate([left[1], right[0]]), right.reshape(-1)
    )
    return np.where(right == NOTHING, 0.0, found.reshape(right.shape))


def _endings(tails: Sequence[Half], edge: int) -> Symbols:
    """The last two symbols of left halves, in columns."""
    found = [[NOTHING, NOTHING, *characters().symbols(tail.text[-edge:])][-2:] for tail in tails]
    return np.array(found, np.int64).reshape(-1, 2).T


def _beginnings(heads: Sequence[Half], edge: int) -> Symbols:
    """The first two symbols of right halves, in columns."""
    found = [[*characters().symbols(head.text[:edge]), NOTHING, NOTHING][:2] for head in heads]
    return np.array(found, np.int64).reshape(-1, 2).T


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
