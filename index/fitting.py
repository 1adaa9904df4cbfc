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
from index.clean import Indent, Width
from index.cohesion import Bag, cohesion
from index.joints import About, balance
from index.trigrams import NOTHING, Symbols
from index.weights import Features

_CLIP = (-4.0, 7.0)  # least and most that one character at the joint may say
_CLOSE_BY = 6  # pieces of text that may stand between halves that are near
_STRANGERS = 0.012  # cohesion at which halves may as well be of different articles
_HAN = re.compile(r"[\u3400-\u9fff]{3}\Z")
_HAN_END = re.compile(r"[\u3400-\u9fff，、]\s*\Z")
_SENTENCE = re.compile(r"[。！？；]")
_NUMBER = re.compile(r"\d+")
_COLON = re.compile(r"[：:；;].")
_BRIEF = 30  # characters of a line that may be one of a list
_SCRAP = 12  # characters of a text that is hardly a paragraph
_EDGE = 12  # characters at a joint in which two symbols are looked for
_PARTS = (  # of what the network says: between which odds, and where it counts nothing
    ("never", -10.0, -3.0, -3.0),
    ("hardly", -3.0, 0.0, 0.0),
    ("likely", 0.0, 3.0, 0.0),
    ("surely", 3.0, 10.0, 3.0),
)
_COMMON = 6.0  # a pair seen once in e^6 characters or more often says nothing

Pairs = tuple[npt.NDArray[np.intp], ...]  # numbers of left halves, and of right ones

Strings = frozenset[str]  # of two and of three characters, that a page holds


@dataclass(frozen=True, slots=True)
class Half:
    """The end or the beginning of a piece. `row` is its piece, `order` its place among pieces of text.

    `state` tells, of a left half, whether it may be a headline, and of a right one, what stands above it;
    `line` how wide its line at the break is, `indent` whether it is set in; `sure` whether a left one is
    surely running text, and whether a right one begins with what only stands inside a sentence; `marks` are
    the quotations that it leaves open or closes. `edge` says whether a headline or nothing stands below a
    left one or above a right one, `story` counts the headlines before it.
    """

    row: int
    order: int
    text: str
    jump: bool = False
    state: str = ""
    line: Width = Width.UNKNOWN
    sure: bool = False
    marks: frozenset[str] = frozenset()
    edge: bool = False
    story: int = 0
    indent: Indent = Indent.UNKNOWN


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
    if tail.edge and not tail.state:
        yield "half ends, edge", 1.0
    if tail.text.rstrip()[-1:] in ("，", ",", "、"):
        yield "half ends, comma", 1.0
    if shapes.semi_ended(tail.text):
        yield "half ends, colon", 1.0
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
        yield "half ends, headline, numbers", float(min(len(_NUMBER.findall(tail.text)), 2))
        if _COLON.search(tail.text):
            yield "half ends, headline, colon inside", 1.0
        if tail.marks:
            yield "half ends, headline, left open", 1.0
        if tail.indent:
            yield f"half ends, headline, {tail.indent}", 1.0


def begins(head: Half) -> Iterator[tuple[str, float]]:
    """What speaks for a right half beginning a sentence of its own."""
    yield f"half begins under {head.state}", 1.0
    if head.line:
        yield f"half begins, line {head.line}", 1.0
    if head.indent:
        yield f"half begins, {head.indent}", 1.0
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
    odds = model.many.following(left[:, pairs[0]], right[:, pairs[1]]) - alone[:, pairs[1]]
    odds[:, left[1, pairs[0]] == NOTHING] = 0.0
    for first, second in (np.clip(odds, *_CLIP) / 3.0).T.tolist():
        yield [("half attracts first", first), ("half attracts second", second)]


def joins(tail: Half, odds: float) -> Features:
    """What the network says of the two, cut into linear pieces; names begin with `half`."""
    own = ", maybe headline" if tail.state else ""
    return [
        (f"half joined {name}{own}", (max(least, min(odds, most)) - zero) / 2.0)
        for name, least, most, zero in _PARTS
    ]


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
    if distance < 0 and tail.edge and head.edge:  # the end of the story is printed before its beginning
        return f"turned round{' in one' if tail.story == head.story else ''}"
    if beside >= 0:
        return f"around {min(beside, 2)}" if beside else "beside"
    if distance > 0:
        return "near" if distance <= _CLOSE_BY else "later"
    return "before near" if distance >= -_CLOSE_BY else "before"
