"""The index as readers see it: questions in, ranked passages out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from index import dense, fuse, lexical, tokens
from index.document import Article, Dropped, IndexMismatch, ModelError, Passage, Span
from index.encode import Encoder, load_encoder
from index.records import DocumentCard, Records, Where
from index.store import SCHEMA, Generation, Manifest, open_generation

__all__ = ["DocumentCard", "Hit", "Index", "MemoryIndex", "System", "Where", "memory_index", "open_index"]

System = Literal["words", "vectors", "fused"]
DEPTH = 200  # candidates that words and vectors each bring to the fusion


@dataclass(frozen=True, slots=True)
class Hit:
    """A retrieved passage; higher is better in every score.

    `score` is that of the system asked for; `words` is the share of the question
    that the passage's words explain (0 to 1); `vectors` is the cosine (-1 to 1).
    """

    passage: Passage
    score: float
    words: float
    vectors: float


@dataclass(frozen=True, slots=True)
class Ranked:
    """A row of the index with its scores, as in `Hit`."""

    row: int
    score: float
    words: float
    vectors: float


@dataclass(frozen=True, slots=True)
class Ranker:
    """Words and vectors over the same n rows."""

    words: lexical.Lexical
    vectors: Any
    encoder: Encoder
    weight: float = fuse.WEIGHT
    clear: float = fuse.CLEAR

    def rank(
        self, question: str, k: int, system: System, allowed: npt.NDArray[np.bool_] | None = None
    ) -> list[Ranked]:
        """The k best rows, best first, those that anything speaks for; `allowed` (n,) admits rows."""
        if system not in ("words", "vectors", "fused"):
            raise ValueError(f"system must be words, vectors or fused, got {system!r}")
        scores = self.words.scores(question)
        if allowed is not None:
            scores = np.where(allowed, scores, np.float32(0))
        scaled = fuse.scale(scores, self.words.ceiling(question))
        query = self.encoder.encode([question])[0]
        depth = max(DEPTH, k)
        near = np.zeros(0, np.int64)
        if system != "words" and query.any():
            near, _ = dense.search(self.vectors, query, depth, allowed)
        by_words = _best(scores, depth) if system != "vectors" else np.zeros(0, np.int64)
        rows = np.union1d(by_words, near)
        cosines = dense.rows_of(self.vectors, rows) @ query
        weight = fuse.vector_weight(fuse.lead(scaled), weight=self.weight, clear=self.clear)
        final = {
            "words": scaled[rows],
            "vectors": cosines,
            "fused": fuse.fuse(scaled[rows], cosines, weight),
        }[system]
        order = np.lexsort((rows, -final))[:k]
        return [
            Ranked(int(rows[i]), float(final[i]), float(scaled[rows[i]]), float(cosines[i])) for i in order
        ]


class Index:
    """A read-only snapshot of one generation; later writes do not change it.

    Use it as a context manager, or call `close`, so that the generation can be
    collected once a newer one is there.
    """

    def __init__(self, generation: Generation, encoder: Encoder) -> None:
        manifest = generation.manifest
        self.path = generation.folder.parent
        self.manifest: Manifest = manifest
        self.fingerprint = generation.fingerprint
        self.fallback = generation.fallback
        self.encoder = encoder
        self.passages = Records(generation.folder / "passages.sqlite")
        words = lexical.load(generation.folder, manifest.passages)
        self._ranker = Ranker(words, dense.load(generation.folder / "vectors.faiss"), encoder)
        self._generation = generation

    def search(
        self, question: str, *, k: int = 10, system: System = "fused", where: Where | None = None
    ) -> list[Hit]:
        """The k best passages for a question, best first."""
        allowed = None
        if where:
            allowed = np.zeros(len(self.passages), np.bool_)
            allowed[self.passages.rows(where)] = True
        ranked = self._ranker.rank(question, k, system, allowed)
        return [Hit(self.passages[item.row], item.score, item.words, item.vectors) for item in ranked]

    def counts(self) -> tuple[int, int, int]:
        """Rows of the records, of the vectors and of the words; they are always the same."""
        return len(self.passages), int(self._ranker.vectors.ntotal), self._ranker.words.rows

    def ceiling(self, question: str) -> float:
        """The word score that no passage can exceed; `Hit.words` is a share of it."""
        return self._ranker.words.ceiling(question)

    def documents(self) -> list[DocumentCard]:
        """Every document without its text."""
        return self.passages.documents()

    def articles(self, doc: str = "") -> list[Article]:
        """Articles of one document, or of all."""
        return self.passages.articles(doc)

    def text(self, doc: str) -> str:
        """The decoded original of a document. Raises KeyError for an unknown id."""
        return self.passages.text(doc)

    def dropped(self, doc: str) -> list[Dropped]:
        """What is in no passage of a document, and why."""
        return self.passages.dropped(doc)

    def close(self) -> None:
        """Let go of the generation."""
        self.passages.close()
        self._generation.close()

    def __enter__(self) -> Index:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class MemoryIndex:
    """The same ranking over plain texts in memory, for benchmarks and foreign collections."""

    def __init__(self, passages: Sequence[Passage], ranker: Ranker) -> None:
        self.passages = passages
        self._ranker = ranker

    def search(self, question: str, *, k: int = 10, system: System = "fused") -> list[Hit]:
        """The k best passages for a question, best first."""
        ranked = self._ranker.rank(question, k, system)
        return [Hit(self.passages[item.row], item.score, item.words, item.vectors) for item in ranked]


def open_index(path: Path, *, model: str = "") -> Index:
    """Open the current generation.

    `model` names another encoder than the one the index was built with; that is
    refused, as vectors of two models cannot be compared. Raises IndexMissing,
    IndexDamaged, IndexMismatch or ModelError.
    """
    generation = open_generation(path)
    try:
        encoder = _encoder(path, generation.manifest, model)
        _refuse_mismatch(path, generation.manifest, encoder, model)
        return Index(generation, encoder)
    except BaseException:
        generation.close()
        raise


def memory_index(texts: Iterable[tuple[str, str, str]], *, model: str = "") -> MemoryIndex:
    """An index of (id, title, text) in memory; each text is one passage, as it is."""
    passages = [
        Passage(id=id_, doc=id_, article=id_, text=text, spans=(Span(0, len(text)),), title=title)
        for id_, title, text in texts
    ]
    encoder = load_encoder(model)
    searched = [searchable(passage) for passage in passages]
    vectors = encoder.encode(searched)
    return MemoryIndex(passages, Ranker(lexical.build(searched), dense.build(vectors), encoder))


def searchable(passage: Passage) -> str:
    """What words and vectors see of a passage: its text, under the title of its article."""
    if not passage.title or passage.kind == "title":
        return passage.text
    return f"{passage.title}\n{passage.text}"


def _best(scores: npt.NDArray[np.float32], k: int) -> npt.NDArray[np.int64]:
    """Rows of the k highest positive scores, unordered."""
    k = min(k, len(scores))
    if k == 0:
        return np.zeros(0, np.int64)
    rows = np.argpartition(scores, len(scores) - k)[len(scores) - k :]
    return rows[scores[rows] > 0].astype(np.int64)


def _encoder(path: Path, manifest: Manifest, model: str) -> Encoder:
    """The encoder of an index, or the one asked for; one that does not load is told with the way out."""
    try:
        return load_encoder(model or manifest.model)
    except ModelError as error:
        raise ModelError(
            f"{error}; or rebuild the index with another model: "
            f"`youju index FOLDER --index {path} --model MODEL`"
        ) from error


def _refuse_mismatch(path: Path, manifest: Manifest, encoder: Encoder, model: str) -> None:
    option = f" --model {model}" if model else ""
    rebuild = f"rebuild it with `youju index FOLDER --index {path}{option}`"
    if manifest.schema != SCHEMA:
        raise IndexMismatch(
            f"{path} has schema {manifest.schema}, this program reads {SCHEMA}; "
            f"upgrade it with `youju check --repair --index {path}`: nothing is lost"
        )
    if manifest.encoder != encoder.fingerprint or manifest.dim != encoder.dim:
        raise IndexMismatch(
            f"{path} was made with another encoder ({manifest.model or 'bundled'}, {manifest.encoder}) "
            f"than {model or manifest.model or 'the bundled one'} ({encoder.fingerprint}); {rebuild}"
        )
    if manifest.tokenizer != tokens.fingerprint():
        raise IndexMismatch(f"{path} was made with another tokenizer ({manifest.tokenizer}); {rebuild}")
