"""Which broken halves of sentences belong together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from index.characters import characters
from index.shapes import continues

_ENOUGH = 0.0  # log odds that a pair must reach
_NEIGHBOUR, _BESIDE, _LATER, _EARLIER = 5.0, 4.0, -1.0, -2.0  # bonus by where the halves stand
_JUMP = 6.0  # both halves carry a jump line
_HEADLINE = -5.0  # the left half may just as well be a headline
_ON_PAGE = 2.0  # the characters at the joint stand together elsewhere on the page
_DEPTH = 6
_MOST = 400  # halves of a page that are compared with each other


@dataclass(frozen=True, slots=True)
class Half:
    """The end or the beginning of a block. `row` is its piece, `order` its place in the text."""

    row: int
    order: int
    text: str
    jump: bool = False
    headline: bool = False
    certain: bool = False  # printed so that it must continue or be continued


def matched(
    tails: Sequence[Half], heads: Sequence[Half], page: str, beside: frozenset[tuple[int, int]]
) -> dict[int, int]:
    """Block numbers of right halves by those of their left halves, best pairs first.

    `beside` holds pairs of blocks with nothing but a pull quote, caption or jump line between them. Odds are
    those of the character model for "goes on in the sentence" against "begins a sentence", changed by where
    the two stand.
    """
    scored = [
        (score, tail.row, head.row)
        for tail in tails
        for head in heads
        if tail.row != head.row
        and (len(tails) * len(heads) <= _MOST or 0 < head.order - tail.order <= 3)
        and (score := _score(tail, head, page, (tail.row, head.row) in beside)) > _ENOUGH
    ]
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, left, right in sorted(scored, reverse=True):
        if left not in pairs and right not in taken and not _circular(pairs, left, right):
            pairs[left] = right
            taken.add(right)
    return pairs


def _score(tail: Half, head: Half, page: str, beside: bool) -> float:
    score = characters().fit(tail.text[-40:], head.text[:40], depth=_DEPTH)
    score = max(min(score, 12.0), -12.0)
    if continues(head.text):
        score += 4.0
    joint = tail.text[-2:] + head.text[:1], tail.text[-1:] + head.text[:2]
    score += _ON_PAGE * sum(len(part) == 3 and part in page for part in joint)
    if tail.headline:
        score += _HEADLINE
    if tail.jump and head.jump:
        return score + _JUMP
    distance = head.order - tail.order
    if distance == 1:
        score += _NEIGHBOUR
    elif beside:
        score += _BESIDE
    else:
        score += _LATER if distance > 0 else _EARLIER
    return score


def _circular(pairs: dict[int, int], left: int, right: int) -> bool:
    while right in pairs:
        right = pairs[right]
        if right == left:
            return True
    return False
