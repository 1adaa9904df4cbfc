"""BM25 over the terms of passages: bm25s with our own tokenizer.

Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), in the
form Lucene gives it; bm25s computes the score of every term in every passage
once, when the index is built (Lù, arXiv 2407.03618).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.document import IndexDamaged
from index.tokens import terms

K1 = 1.2
B = 0.75
_ARRAYS = ("data", "indices", "indptr")
_VOCABULARY = "words.vocabulary.json"


@dataclass(frozen=True, slots=True)
class Lexical:
    """A BM25 index of n passages, row i being passage i."""

    engine: Any
    vocabulary: dict[str, int]
    size: int

    def scores(self, question: str) -> npt.NDArray[np.float32]:
        """BM25 of every passage for the question, float32 (n,), 0 where nothing matches."""
        known = [self.vocabulary[term] for term in terms(question) if term in self.vocabulary]
        if not known:
            return np.zeros(self.size, np.float32)
        return np.asarray(self.engine.get_scores_from_ids(known), np.float32)

    def save(self, folder: Path) -> list[Path]:
        """Write the index into `folder`; returns the files written."""
        written = []
        for name in _ARRAYS:
            path = folder / f"words.{name}.npy"
            np.save(path, np.asarray(self.engine.scores[name]), allow_pickle=False)
            written.append(path)
        path = folder / _VOCABULARY
        path.write_text(json.dumps(list(self.vocabulary), ensure_ascii=False), encoding="utf-8")
        return [*written, path]


def build(texts: Iterable[str]) -> Lexical:
    """Index texts in order; the order of the rows is the order of the texts."""
    vocabulary: dict[str, int] = {}
    rows = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms(text)] for text in texts]
    engine = _engine()
    if vocabulary:
        engine.index((rows, vocabulary), create_empty_token=False, show_progress=False)
    return Lexical(engine, vocabulary, len(rows))


def load(folder: Path, size: int) -> Lexical:
    """Open an index written by `save`; arrays are mapped into memory, not read."""
    listed = json.loads((folder / _VOCABULARY).read_text(encoding="utf-8"))
    vocabulary = {term: number for number, term in enumerate(listed)}
    engine = _engine()
    engine.scores = {
        name: np.load(folder / f"words.{name}.npy", mmap_mode="r", allow_pickle=False) for name in _ARRAYS
    }
    engine.scores["num_docs"] = size
    if len(engine.scores["indptr"]) != len(vocabulary) + 1:
        raise IndexDamaged(
            f"{folder}: {len(vocabulary)} terms but {len(engine.scores['indptr']) - 1} columns; "
            "run `youju check --repair`"
        )
    return Lexical(engine, vocabulary, size)


def _engine() -> Any:
    import bm25s

    engine = bm25s.BM25(k1=K1, b=B, method="lucene")
    engine.scores = {name: np.zeros(0, np.float32) for name in _ARRAYS}
    engine.scores["indptr"] = np.zeros(1, np.int32)
    engine.scores["num_docs"] = 0
    return engine
