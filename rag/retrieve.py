"""Passages for a question: one search, or several whose rankings are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.records import Where
from index.search import Hit
from rag.question import Asked
from rag.reading import Reader
from rag.scope import Scope, prefer


@dataclass(frozen=True, slots=True)
class Found:
    """`asked` is the question and then its parts, with a vector for each.

    `hits` are searched for sentences, best first; `ranking` is their head as shown.
    """

    asked: tuple[Asked, ...]
    hits: tuple[Hit, ...]
    ranking: tuple[Hit, ...]
    vectors: npt.NDArray[np.float32]  # (len(asked), dim)
    scopes: tuple[Scope, ...]  # of each question


def retrieve(
    reader: Reader,
    asked: Sequence[Asked],
    scopes: Sequence[Scope],
    *,
    k: int,
    depth: int,
    where: Where | None = None,
) -> Found:
    """Search for the question, and for each of its parts when it has some; `scopes` go with `asked`."""
    depth = max(k, depth)
    index = reader.index
    rankings = [
        prefer(
            index.search(one.text, k=depth, where=scope.where(where)),
            scope,
            reader.years(),
            reader.holdings(),
        )
        for one, scope in zip(asked, scopes, strict=True)
    ]
    hits = interleave(rankings) if len(asked) > 1 else rankings[0]
    vectors = index.encoder.encode([one.text for one in asked])
    return Found(tuple(asked), tuple(hits[:depth]), tuple(hits[:k]), vectors, tuple(scopes))


def interleave(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """First of each ranking, then second of each, and so on; each passage once."""
    joined: dict[str, Hit] = {}
    for place in range(max((len(ranking) for ranking in rankings), default=0)):
        for ranking in rankings:
            if place < len(ranking):
                joined.setdefault(ranking[place].passage.id, ranking[place])
    return list(joined.values())
