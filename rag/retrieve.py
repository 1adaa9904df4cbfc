"""Passages for a question: one search, or several whose rankings are joined."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from index.records import Where
from index.search import Hit
from rag.archive import Archive
from rag.question import Asked
from rag.reading import Reader
from rag.rerank import NEAR, Read, Reranker, cosine_counts, read_hits, reorder
from rag.scope import Scope, prefer

NEAREST = 20  # passages that are looked at for their vectors alone


@dataclass(frozen=True, slots=True)
class Found:
    """`asked` is the question and then its parts, with a vector for each.

    `hits` are searched for sentences, best first; `ranking` is their head as shown;
    `reads` has what reading passages together with the question gave, by passage id; `reranker` read them.
    """

    asked: tuple[Asked, ...]
    hits: tuple[Hit, ...]
    ranking: tuple[Hit, ...]
    vectors: npt.NDArray[np.float32]  # (len(asked), dim)
    scopes: tuple[Scope, ...]  # of each question
    reads: dict[str, Read] = field(default_factory=dict)
    reranker: Reranker | None = None


def retrieve(
    reader: Reader,
    asked: Sequence[Asked],
    scopes: Sequence[Scope],
    *,
    k: int,
    depth: int,
    where: Where | None = None,
    reranker: Reranker | None = None,
) -> Found:
    """Search for the question, and for each of its parts when it has some; `scopes` go with `asked`.

    The whole question's first passages are read again by the reranker; its parts go by words and vectors.
    """
    depth = max(k, depth)
    index = reader.index
    searched = [
        candidates(index, one.text, depth, scope.where(where))
        for one, scope in zip(asked, scopes, strict=True)
    ]
    reads = read_hits(reranker, asked[0].text, searched[0], near=NEAR)
    searched[0] = reorder(searched[0], reads)
    rankings = [
        prefer(hits, scope, reader.years(), reader.holdings())
        for hits, scope in zip(searched, scopes, strict=True)
    ]
    hits = interleave(rankings) if len(asked) > 1 else rankings[0]
    vectors = index.encoder.encode([one.text for one in asked])
    head = tuple(hits[:k])
    return Found(tuple(asked), tuple(hits[: depth + NEAREST]), head, vectors, tuple(scopes), reads, reranker)


def candidates(index: Archive, question: str, depth: int, where: Where | None = None) -> list[Hit]:
    """The best by the fused score, and behind them what only vectors have found.

    Where a question shares rare words with the wrong passages the cosine is
    silenced in the ranking; the passage that says it in other words still has to
    be read before it can be told that nothing answers.
    """
    found = index.search(question, k=depth, where=where)
    known = {hit.passage.id for hit in found}
    near = index.search(question, k=NEAREST, system="vectors", where=where)
    counts = cosine_counts(found)
    further = [
        replace(hit, score=hit.words + counts * hit.vectors) for hit in near if hit.passage.id not in known
    ]
    return found + sorted(further, key=lambda hit: -hit.score)


def interleave(rankings: Sequence[Sequence[Hit]]) -> list[Hit]:
    """First of each ranking, then second of each, and so on; each passage once."""
    joined: dict[str, Hit] = {}
    for place in range(max((len(ranking) for ranking in rankings), default=0)):
        for ranking in rankings:
            if place < len(ranking):
                joined.setdefault(ranking[place].passage.id, ranking[place])
    return list(joined.values())
