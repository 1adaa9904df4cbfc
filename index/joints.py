"""What two halves of a sentence show where they would meet: what lies between, their topics, their quotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from index.cohesion import Bag, bag, merged
from index.pieces import INSERTS, Piece

_BOXED = 4  # paragraphs of the longest item that stands in the middle of another article's sentence
_STRETCH = 250  # characters around a half that tell what it speaks of
_PAIRS = (("“", "”"), ("（", "）"), ("(", ")"), ("《", "》"))
_QUOTATION = 300  # characters after which an opened quotation should have been closed

About = Callable[[int, int], Bag]  # what the text from a piece on speaks of, back (-1) or forth (1)


def beyond(pieces: Sequence[Piece], row: int) -> Iterator[tuple[int, int]]:
    """Pieces that text breaking off at `row` may go on with, and how many paragraphs stand between."""
    at = row + 1
    while at < len(pieces) and pieces[at].kind in INSERTS:
        at += 1
    if at >= len(pieces):
        return
    if pieces[at].kind == "body":
        yield at, 0
    boxed = pieces[at].kind in ("headline", "byline")
    paragraphs = 0
    while boxed and at < len(pieces) and paragraphs <= _BOXED:
        if pieces[at].kind == "body":
            if paragraphs:
                yield at, paragraphs
            paragraphs += 1
        elif paragraphs and pieces[at].kind in ("headline", "byline"):
            return
        at += 1


def speaks_of(pieces: Sequence[Piece], row: int, step: int) -> Bag:
    """What the text from this piece on, back or forth to the next headline, speaks of."""
    texts, size = [], 0
    while 0 <= row < len(pieces) and size < _STRETCH:
        if pieces[row].kind == "body":
            texts.append(pieces[row].text)
            size += len(pieces[row].text)
        elif texts and pieces[row].kind not in INSERTS:
            break
        row += step
    return bag(texts[0]) if len(texts) == 1 else merged(bag(text) for text in texts)


def opened(left: str) -> frozenset[str]:
    """The quotations and brackets that a left half leaves open, by their opening marks."""
    return frozenset(opening for opening, closing in _PAIRS if left.rfind(opening) > left.rfind(closing))


def closed(right: str) -> frozenset[str]:
    """The quotations and brackets that a right half closes without opening them."""
    return frozenset(
        opening
        for opening, closing in _PAIRS
        if (at := right.find(closing)) >= 0 and right.find(opening, 0, at) < 0
    )


def balance(left: frozenset[str], right: frozenset[str], size: int) -> int:
    """1 when a right half closes what the left half leaves open, -1 when only one of them does.

    What is left open should have been closed in a right half of some `size`.
    """
    if left & right:
        return 1
    return -1 if right or (left and size > _QUOTATION) else 0


def circular(pairs: Mapping[int, int], left: int, right: int) -> bool:
    """Whether following the pairs from the right half leads back to the left one."""
    while right in pairs:
        right = pairs[right]
        if right == left:
            return True
    return False
