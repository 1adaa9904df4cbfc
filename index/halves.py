"""Which broken halves of sentences belong together."""

from __future__ import annotations

import math
import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from index.characters import characters
from index.cohesion import Bag, cohesion
from index.joints import About, balance, circular, closed, opened
from index.shapes import continues

_ENOUGH = 0.0  # log odds that a pair must reach
_NEIGHBOUR, _BESIDE, _NEAR, _LATER, _EARLIER = 12.0, 10.0, 2.0, 0.0, -1.0  # bonus by where the halves stand
_AROUND = 9.0  # only an item with a headline of its own stands between, less for each of its paragraphs
_IN_PLACE = -4.0  # the right half stands where a paragraph naturally begins
_CLIP = (-6.0, 9.0)  # least and most that the character model may say
_ONE_JUMP = -8.0  # only one of them carries a jump line
_JUMP = 6.0  # both halves carry a jump line
_BREAKS_OFF = 3.0  # it is running text that certainly goes on somewhere
_UNDER_HEAD = -4.0  # the right half stands under a headline, as a beginning would
_BALANCE = 3.0  # a quotation or bracket opened in one half and closed in the other
_ON_PAGE = 2.0  # the characters at the joint stand together elsewhere on the page
_CLOSE_BY = 6  # pieces of text that may stand between halves that are near
_DEPTH = 6
_SAME, _OTHER = 1.0, -5.0  # most and least that the topic may say
_TOPIC = 2.5  # weight of the logarithm by which cohesion differs from that of strangers
_STRANGERS = 0.012  # cohesion at which halves may as well be of different articles
_HAN = re.compile(r"[\u3400-\u9fff]{3}\Z")
_FOLLOWING = 3  # halves after it that a half is compared with on longer pages
_MOST = 2500  # halves of a page that are compared with each other


@dataclass(frozen=True, slots=True)
class Half:
    """The end or the beginning of a block. `row` is its piece, `order` its place in the text."""

    row: int
    order: int
    text: str
    jump: bool = False
    doubt: float = 0.0  # log odds that it is a headline
    under_head: bool = False
    in_place: bool = False  # it stands under a finished paragraph


def matched(
    tails: Sequence[Half],
    heads: Sequence[Half],
    page: str,
    beside: dict[tuple[int, int], int],
    about: About,
) -> dict[int, int]:
    """Block numbers of right halves by those of their left halves, best pairs first.

    `beside` holds pairs of pieces with little between: 0 for a pull quote, caption or jump, else how many
    paragraphs a boxed item has. Odds are those of the character model for "goes on in the sentence" against
    "begins a sentence", changed by where the two stand and by whether they speak of the same things.
    """
    orders = [head.order for head in heads]
    far = len(tails) * len(heads) <= _MOST
    scored = [
        (score, tail.row, head.row)
        for tail in tails
        for head in (heads if far else _following(heads, orders, tail))
        if tail.row != head.row
        and (score := _score(tail, head, page, beside.get((tail.row, head.row), -1), about)) > _ENOUGH
    ]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, left, right in sorted(scored, reverse=True):
        if left not in pairs and right not in taken and not circular(pairs, left, right):
            pairs[left] = right
            taken.add(right)
    return pairs


def _following(heads: Sequence[Half], orders: Sequence[int], tail: Half) -> Sequence[Half]:
    at = bisect_right(orders, tail.order)
    return heads[at : at + _FOLLOWING]


def _score(tail: Half, head: Half, page: str, beside: int, about: About) -> float:
    score = characters().fit(tail.text[-40:], head.text[:40], depth=_DEPTH)
    score = max(min(score, _CLIP[1]), _CLIP[0])
    if continues(head.text):
        score += 4.0
    joint = tail.text[-2:] + head.text[:1], tail.text[-1:] + head.text[:2]
    score += _BALANCE * balance(opened(tail.text), closed(head.text), len(head.text)) - tail.doubt
    if not tail.doubt:
        score += _BREAKS_OFF + _ON_PAGE * sum(_HAN.match(part) is not None and part in page for part in joint)
    if head.under_head and not (tail.doubt and head.order - tail.order == 1):
        score += _UNDER_HEAD
    if head.in_place and beside < 0:
        score += _IN_PLACE
    if tail.jump != head.jump:
        score += _ONE_JUMP
    score += _JUMP if tail.jump and head.jump else _placed_score(tail, head, beside)
    if score <= _ENOUGH - _SAME:
        return score
    return score + _topic(tail, about(tail.row, -1), about(head.row, 1))


def _topic(tail: Half, left: Bag, right: Bag) -> float:
    if not left.mass or not right.mass:
        return 0.0
    ratio = (cohesion(left, right) + 0.001) / _STRANGERS
    return max(min(_TOPIC * math.log(ratio), 0.0 if tail.doubt else _SAME), _OTHER)


def _placed_score(tail: Half, head: Half, beside: int) -> float:
    distance = head.order - tail.order
    if tail.doubt and distance == 1:
        return 0.0
    return _placed(distance, -1 if tail.doubt and beside else beside)


def _placed(distance: int, beside: int) -> float:
    if distance == 1:
        return _NEIGHBOUR
    if beside >= 0:
        return _AROUND - beside if beside else _BESIDE
    if 0 < distance <= _CLOSE_BY:
        return _NEAR
    return _LATER if distance > 0 else _EARLIER
