"""Passages for a question: one search, or several whose rankings are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.records import Where
from index.search import Hit
from rag.archive import Archive
from rag.question import Asked


@dataclass(frozen=True, slots=True)
class Found:
    """`asked` is the question and then its parts, with a vector for each.

    `hits` are searched for sentences, best first; `ranking` is their head as shown.
    """

    asked: tuple[Asked, ...]
    hits: tuple[Hit, ...]
    ranking: tuple[Hit, ...]
    vectors: npt.NDArray[np.float32]  # (len(asked), dim)
    understood: tuple[str, ...] = ()


def retrieve(
    index: Archive, asked: Sequence[Asked], *, k: int, depth: int, where: Where | None = None
) -> Found:
    """Search for the question, and for each of its parts when it has some."""
    depth = max(k, depth)
    hits = index.search(asked[0].text, k=depth, where=where)
    if len(asked) > 1:
        hits = interleave([hits, *(index.search(part.text, k=depth, where=where) for part in asked[1:])])
    vectors = index.encoder.encode([one.text for one in asked])
    return Found(tuple(asked), tuple(hits[:depth]), tuple(hits[:k]), vectors)


def interleave(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """First of each ranking, then second of each, and so on; each passage once."""
    joined: dict[str, Hit] = {}
    for place in range(max((len(ranking) for ranking in rankings), default=0)):
        for ranking in rankings:
            if place < len(ranking):
                joined.setdefault(ranking[place].passage.id, ranking[place])
    return list(joined.values())
