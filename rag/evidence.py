"""Candidate sentences for an answer: the sentences of the passages that were found, each in its place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from index.document import Passage
from index.encode import Encoder
from index.search import Hit
from index.sentences import sentences
from rag.letters import Letters, letters

Vectors = npt.NDArray[np.float32]
KEPT = 4_096  # passages whose sentences stay in memory
_NOT_SENTENCES = frozenset({"furniture", "byline"})


@dataclass(frozen=True, slots=True)
class Piece:
    """One sentence of a passage at [start, end) of its text."""

    passage: Passage
    start: int
    end: int
    number: int  # 0-based place among the passage's sentences
    found: Letters

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def lost(self) -> tuple[tuple[int, int], ...]:
        """Where inside `text` a number of the original is gone, [start, end)."""
        return tuple(
            (start - self.start, end - self.start)
            for start, end in lost_places(self.passage)
            if self.start <= start and end <= self.end and (start < self.end or start < end)
        )


@dataclass(frozen=True, slots=True)
class Cut:
    """A passage in sentences, with a unit vector for each (n, dim)."""

    pieces: tuple[Piece, ...]
    vectors: Vectors


@dataclass(slots=True)
class Sentences:
    """Sentences of passages and their vectors, made when first asked for and kept."""

    encoder: Encoder
    _cuts: dict[str, Cut] = field(default_factory=dict)

    def of(self, hits: Sequence[Hit]) -> list[Cut]:
        """The cut of every hit, in the order of the hits; missing ones are encoded in one batch."""
        missing = [hit.passage for hit in hits if hit.passage.id not in self._cuts]
        if len(self._cuts) + len(missing) > KEPT:
            self._cuts.clear()
            missing = [hit.passage for hit in hits]
        self._add(missing)
        return [self._cuts[hit.passage.id] for hit in hits]

    def _add(self, passages: Sequence[Passage]) -> None:
        cut = [pieces_of(passage) for passage in passages]
        vectors = self.encoder.encode([piece.text for pieces in cut for piece in pieces])
        row = 0
        for passage, pieces in zip(passages, cut, strict=True):
            self._cuts[passage.id] = Cut(pieces, vectors[row : row + len(pieces)])
            row += len(pieces)


def pieces_of(passage: Passage) -> tuple[Piece, ...]:
    """Sentences of a passage that can answer; none of page furniture and bylines."""
    if passage.kind in _NOT_SENTENCES:
        return ()
    spans = sentences(passage.text)
    pieces = (
        Piece(passage, span.start, span.end, number, letters(passage.text[span.start : span.end]))
        for number, span in enumerate(spans)
    )
    return tuple(piece for piece in pieces if piece.found.text)


def lost_places(passage: Passage) -> tuple[tuple[int, int], ...]:
    """Where in the passage's text a number is gone, [start, end), from the places in the file.

    A gap that was cut off with the white space around the text is at its edge, and empty.
    """
    places = []
    for lost in passage.lost:
        offset = 0
        for span in passage.spans:
            low, high = max(span.start, lost.start), min(span.end, lost.end)
            if low < high or (low == high and low in (lost.start, lost.end)):
                places.append((offset + low - span.start, offset + high - span.start))
                break
            offset += len(span)
    return tuple(places)
