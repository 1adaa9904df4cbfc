"""Words, vectors and their fusion from two searches of the server; the arithmetic is the folder's own."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from index import fuse
from index.encode import Encoder, Vectors
from index.milvus.heads import Head
from index.milvus.server import Match, Server
from index.milvus.tables import Tables, within
from index.milvus.words import Counts, Wanted
from index.records import Where
from index.search import DEPTH, Ranked, System

_OTHERS = 5  # how many scores the lead of the best is made from


class RemoteRanker:
    """Ranks the passages of one generation on a server.

    Each search also brings the other side's vector of what it found, so that every candidate has both scores
    without asking again, and cosines are exact also where the vector index is not.
    """

    def __init__(self, server: Server, name: str, head: Head, encoder: Encoder) -> None:
        self._server = server
        self._head = head
        self._tables: Tables = head.tables(name)
        self._encoder = encoder
        self._counts = Counts(server, self._tables, head)

    def ceiling(self, question: str) -> float:
        """The word score that no passage exceeds."""
        return self._counts.wanted(question).ceiling

    def rank(self, question: str, k: int, system: System, where: Where | None) -> list[Ranked]:
        """The k best rows, best first, among those that a filter admits."""
        if system not in ("words", "vectors", "fused"):
            raise ValueError(f"system must be words, vectors or fused, got {system!r}")
        admitted = within(where)
        condition = f"{self._head.alive} and {admitted}" if admitted else self._head.alive
        wanted = self._counts.wanted(question)
        query = self._encoder.encode([question])[0]
        depth = max(DEPTH, k)
        by_words = self._by_words(wanted, depth, condition) if system != "vectors" else []
        near = self._near(query, depth, condition) if system != "words" and query.any() else []
        words = {match.key: match.score for match in by_words}
        words |= {
            match.key: _product(wanted, match.fields["sparse"]) for match in near if match.key not in words
        }
        cosines = {match.key: match.score for match in near}
        cosines |= {
            match.key: float(np.asarray(match.fields["dense"], np.float32) @ query)
            for match in by_words
            if match.key not in cosines
        }
        best = fuse.scale(self._best(by_words), wanted.ceiling)
        weight = fuse.vector_weight(best, wanted.ceiling)
        rows = np.array(sorted(words), np.int64)
        scaled = fuse.scale(np.array([words[row] for row in rows.tolist()], np.float32), wanted.ceiling)
        cosine = np.array([cosines[row] for row in rows.tolist()], np.float32)
        return _ranked(rows, scaled, cosine, system, weight)[:k]

    def _by_words(self, wanted: Wanted, depth: int, condition: str) -> list[Match]:
        if not wanted.weights:
            return []
        return self._server.search(
            self._tables.passages,
            "sparse",
            dict(wanted.weights),
            depth,
            condition=condition,
            fields=("dense",),
        )

    def _near(self, query: Vectors, depth: int, condition: str) -> list[Match]:
        breadth = {"ef": max(2 * depth, 400)} if self._head.vectors == "HNSW" else None
        return self._server.search(
            self._tables.passages,
            "dense",
            query.tolist(),
            depth,
            condition=condition,
            fields=("sparse",),
            parameters=breadth,
        )

    def _best(self, by_words: list[Match]) -> npt.NDArray[np.float32]:
        """The best word scores; passages without any of the words score 0, as in a folder."""
        best = [match.score for match in by_words[:_OTHERS]]
        silent = min(_OTHERS, self._head.passages) - len(best)
        return np.array(best + [0.0] * silent, np.float32)


def _ranked(
    rows: npt.NDArray[np.int64],
    words: fuse.Scores,
    cosines: fuse.Scores,
    system: System,
    weight: float,
) -> list[Ranked]:
    final = {
        "words": words,
        "vectors": cosines,
        "fused": fuse.fuse(words, cosines, weight),
    }[system]
    order = np.lexsort((rows, -final))
    return [Ranked(int(rows[i]), float(final[i]), float(words[i]), float(cosines[i])) for i in order]


def _product(wanted: Wanted, sparse: dict[int, float]) -> float:
    return sum(weight * sparse.get(dim, 0.0) for dim, weight in wanted.weights.items())
