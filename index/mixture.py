"""Whether the stories of a page speak of different things: only then can topic tell them apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from index.cohesion import Bag, bag, cohesion
from index.pieces import Piece

_STRETCH = 300  # characters of text that are taken together
_MOST = 300  # pieces beyond which a file is more than a page
_FEW = 3  # stretches below which a page is too short to tell
_ALIKE = 0.02  # cohesion that halves of one report have, and strangers have not
_ONE = 0.75  # share of pairs of stretches that are alike on a page of one topic


def is_mixed(pieces: Sequence[Piece]) -> bool:
    """Whether much of the page has nothing to do with the rest of it.

    On a page of one topic small differences would pull paragraphs to another story.
    """
    if len(pieces) > _MOST:
        return False
    found = _stretches(pieces)
    if len(found) < _FEW:
        return False
    pairs = [cohesion(one, other) >= _ALIKE for one, other in combinations(found, 2)]
    return sum(pairs) < _ONE * len(pairs)


def _stretches(pieces: Sequence[Piece]) -> list[Bag]:
    texts: list[str] = []
    size = _STRETCH
    for piece in pieces:
        if piece.kind != "body":
            continue
        if size >= _STRETCH:
            texts.append("")
            size = 0
        texts[-1] += piece.text + "\n"
        size += len(piece.text)
    return [bag(text) for text in texts]
