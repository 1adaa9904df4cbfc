"""Passages for a question: one search, or several whose rankings are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.records import Where
from index.search import Hit
from rag.archive import Archive
from rag.question import Asked, Form


@dataclass(frozen=True, slots=True)
class Found:
    """`hits` are searched for sentences, best first; `ranking` is their head as shown."""

    hits: tuple[Hit, ...]
    ranking: tuple[Hit, ...]
    vector: npt.NDArray[np.float32]  # (dim,) of the question
    understood: tuple[str, ...] = ()


def retrieve(index: Archive, asked: Asked, *, k: int, depth: int, where: Where | None = None) -> Found:
    """Search for the question, and for both sides of a comparison."""
    hits = index.search(asked.text, k=max(k, depth), where=where)
    vector = index.encoder.encode([asked.text])[0]
    if asked.form is Form.COMPARE and asked.sides:
        sides = [index.search(_side(asked, side), k=max(k, depth) // 2, where=where) for side in asked.sides]
        hits = interleave([hits, *sides])[: max(k, depth)]
    return Found(tuple(hits), tuple(hits[:k]), vector)


def interleave(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """First of each ranking, then second of each, and so on; each passage once."""
    joined: dict[str, Hit] = {}
    for place in range(max((len(ranking) for ranking in rankings), default=0)):
        for ranking in rankings:
            if place < len(ranking):
                joined.setdefault(ranking[place].passage.id, ranking[place])
    return list(joined.values())


def _side(asked: Asked, side: str) -> str:
    other = next(one for one in asked.sides or ("",) if one != side) if asked.sides else ""
    return asked.text.replace(other, "") if other else asked.text
