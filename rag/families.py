"""Reprints: sentences that are nearly the same in several documents are one piece of evidence."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import SequenceMatcher

from rag.evidence import Piece
from rag.letters import containment, shingles

SAME = 0.6  # share of four-letter shingles two versions have in common, of the shorter
LEAST = 12  # letters; shorter sentences are too often alike by chance


def reprints(piece: Piece, others: Sequence[Piece]) -> tuple[Piece, ...]:
    """The same sentence in other documents, the nearest of each document."""
    if len(piece.found.text) < LEAST:
        return ()
    mine = shingles(piece.found.text)
    best: dict[str, tuple[float, Piece]] = {}
    for other in others:
        if other.passage.doc == piece.passage.doc or len(other.found.text) < LEAST:
            continue
        theirs = shingles(other.found.text)
        alike = max(containment(mine, theirs), containment(theirs, mine))
        alike *= min(1.0, 1.5 * min(len(mine), len(theirs)) / max(len(mine), len(theirs)))
        if alike >= SAME and alike > best.get(other.passage.doc, (0.0, other))[0]:
            best[other.passage.doc] = (alike, other)
    return tuple(piece for _, piece in sorted(best.values(), key=lambda found: found[1].passage.doc))


def difference(piece: Piece, other: Piece) -> tuple[str, str] | None:
    """The words in which two versions differ, first here, then there; None when they say the same.

    What only one of them has at its beginning or end is more context, not another version.
    """
    mine, theirs = piece.found, other.found
    matcher = SequenceMatcher(None, mine.text, theirs.text, autojunk=False)
    changes = [code for code in matcher.get_opcodes() if code[0] != "equal"]
    inner = [
        code
        for code in changes
        if code[1] not in (0,) and code[2] != len(mine.text) and code[3] != 0 and code[4] != len(theirs.text)
    ]
    if not inner:
        return None
    _, start, end, low, high = inner[0]
    return _around(piece, start, end), _around(other, low, high)


def _around(piece: Piece, start: int, end: int) -> str:
    """The differing letters with a word's width on both sides, as printed."""
    low, high = max(0, start - 4), min(len(piece.found.text), end + 4)
    first, last = piece.found.outer(low, high)
    return piece.text[first:last].replace("\n", "")
