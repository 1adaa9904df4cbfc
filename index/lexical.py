"""BM25 over the terms of passages: bm25s with our own tokenizer.

Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), in the
form Lucene gives it; bm25s computes the score of every term in every passage
once, when the index is built (Lù, arXiv 2407.03618).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.tokens import terms

K1 = 1.2
B = 0.75
_FILES = {
    "data_name": "words.data.npy",
    "indices_name": "words.indices.npy",
    "indptr_name": "words.indptr.npy",
    "vocab_name": "words.vocabulary.json",
    "params_name": "words.parameters.json",
}


@dataclass(frozen=True, slots=True)
class Lexical:
    """A BM25 index of n passages, row i being passage i."""

    engine: Any  # None where no passage holds a term
    size: int

    @property
    def rows(self) -> int:
        """Passages that the index itself counts."""
        return self.size if self.engine is None else int(self.engine.scores["num_docs"])

    def scores(self, question: str) -> npt.NDArray[np.float32]:
        """BM25 of every passage for the question, float32 (n,), 0 where nothing matches."""
        if self.engine is None:
            return np.zeros(self.size, np.float32)
        vocabulary = self.engine.vocab_dict
        known = [vocabulary[term] for term in terms(question) if term in vocabulary]
        if not known:
            return np.zeros(self.size, np.float32)
        return np.asarray(self.engine.get_scores_from_ids(known), np.float32)

    def ceiling(self, question: str) -> float:
        """The score no passage exceeds: the rarities of the question's known terms, added up."""
        if self.engine is None:
            return 0.0
        vocabulary, starts = self.engine.vocab_dict, self.engine.scores["indptr"]
        known = [vocabulary[term] for term in terms(question) if term in vocabulary]
        holding = np.array([starts[term + 1] - starts[term] for term in known], np.float64)
        return float(np.log(1 + (self.size - holding + 0.5) / (holding + 0.5)).sum())

    def save(self, folder: Path) -> None:
        """Write the index into `folder`; without any term there is nothing to write."""
        if self.engine is not None:
            self.engine.save(folder, show_progress=False, **_FILES)


def build(texts: Iterable[str]) -> Lexical:
    """Index texts in order; the order of the rows is the order of the texts."""
    import bm25s

    vocabulary: dict[str, int] = {}
    rows = [[vocabulary.setdefault(term, len(vocabulary)) for term in terms(text)] for text in texts]
    if not vocabulary:
        return Lexical(None, len(rows))
    engine = bm25s.BM25(k1=K1, b=B, method="lucene")
    engine.index((rows, vocabulary), create_empty_token=False, show_progress=False)
    return Lexical(engine, len(rows))


def load(folder: Path, size: int) -> Lexical:
    """Open an index of `size` passages written by `save`; arrays are mapped into memory, not read."""
    import bm25s

    if not (folder / _FILES["vocab_name"]).is_file():
        return Lexical(None, size)
    engine = bm25s.BM25.load(folder, mmap=True, allow_pickle=False, **_FILES)
    return Lexical(engine, size)
