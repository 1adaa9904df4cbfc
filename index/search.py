"""The index as readers see it: questions in, ranked passages out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np
import numpy.typing as npt

from index import dense, fuse, lexical, segments, tokens
from index.document import Article, Dropped, IndexMismatch, ModelError, Passage, Span
from index.encode import Encoder, Vectors, load_encoder
from index.manifest import READABLE, SCHEMA, Manifest
from index.records import RECORDS, DocumentCard, Records, Where, searched
from index.remote import Location, Remote
from index.store import Generation, open_generation

if TYPE_CHECKING:
    from index.milvus.records import RemoteRecords

__all__ = [
    "DocumentCard",
    "Hit",
    "Index",
    "MemoryIndex",
    "System",
    "Where",
    "memory_index",
    "open_index",
    "stamp_of",
]

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
    vectors: dense.Dense
    encoder: Encoder
    weight: float = fuse.WEIGHT
    clear: float = fuse.CLEAR

    def rank(
        self, question: str, k: int, system: System, allowed: npt.NDArray[np.bool_] | None = None
    ) -> list[Ranked]:
        """The k best rows, best first, those that anything speaks for; `allowed` (n,) admits rows."""
        if system not in ("words", "vectors", "fused"):
            raise ValueError(f"system must be words, vectors or fused, got {system!r}")
        asked = self.words.asked(question)
        query = self.encoder.encode([question])[0]
        depth = max(DEPTH, k)
        wanted = system != "words" and query.any()
        nearest = self.vectors.begin(query, depth, allowed) if wanted else None
        by_words, scores = asked.best(depth, allowed)
        near = nearest()[0] if nearest else np.zeros(0, np.int64)
        rows = np.union1d(by_words if system != "vectors" else near, near)
        scaled = fuse.scale(asked.scores_of(rows), asked.ceiling)
        cosines = self.vectors.rows_of(rows) @ query
        tops = fuse.scale(_padded(scores, self.words.rows), asked.ceiling)
        weight = fuse.vector_weight(tops, asked.ceiling, weight=self.weight, clear=self.clear)
        final = {
            "words": scaled,
            "vectors": cosines,
            "fused": fuse.fuse(scaled, cosines, weight),
        }[system]
        order = np.lexsort((rows, -final))[:k]
        return [Ranked(int(rows[i]), float(final[i]), float(scaled[i]), float(cosines[i])) for i in order]


class Snapshot(Protocol):
    """One generation of an index, wherever it stands; see `Index`."""

    @property
    def place(self) -> Location: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def fallback(self) -> bool: ...
    @property
    def encoder(self) -> Encoder: ...
    @property
    def model(self) -> str: ...
    @property
    def reader(self) -> str: ...
    @property
    def passages(self) -> Records | RemoteRecords: ...

    def rank(self, question: str, k: int, system: System, where: Where | None) -> list[Ranked]:
        """The k best rows, best first, among those that a filter admits."""

    def at(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of ranked rows, in their order."""

    def ceiling(self, question: str) -> float:
        """The word score that no passage exceeds."""

    def vectors(self, rows: Sequence[int]) -> Vectors:
        """Stored vectors of some rows, float32 (len(rows), dim)."""

    def counts(self) -> tuple[int, int, int]:
        """Rows of the records, of the vectors and of the words."""

    def close(self) -> None:
        """Let go of the generation."""


class FolderSnapshot:
    """A generation in a folder, verified and pinned."""

    def __init__(self, generation: Generation, encoder: Encoder) -> None:
        self.place: Location = generation.folder.parent
        self.fingerprint = generation.fingerprint
        self.fallback = generation.fallback
        self.encoder = encoder
        self.model = generation.manifest.model
        self.reader = generation.manifest.reader
        self._records = Records(generation.folder / RECORDS)
        self.passages: Records | RemoteRecords = self._records
        found = segments.load(generation.folder, generation.manifest)
        words, vectors = segments.lexical_of(found), segments.dense_of(found, generation.manifest.dim)
        self._ranker = Ranker(words, vectors, encoder)
        self._generation = generation

    def rank(self, question: str, k: int, system: System, where: Where | None) -> list[Ranked]:
        """The k best rows, best first, among those that a filter admits."""
        allowed = None
        if where:
            allowed = np.zeros(self._ranker.words.size, np.bool_)
            allowed[self.passages.rows(where)] = True
        return self._ranker.rank(question, k, system, allowed)

    def at(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of ranked rows, in their order."""
        return self._records.of_rows(rows)

    def ceiling(self, question: str) -> float:
        """The word score that no passage exceeds."""
        return self._ranker.words.ceiling(question)

    def counts(self) -> tuple[int, int, int]:
        """Rows of the records, of the vectors and of the words."""
        return len(self.passages), self._ranker.vectors.rows, self._ranker.words.rows

    def vectors(self, rows: Sequence[int]) -> Vectors:
        """Stored vectors of some rows, float32 (len(rows), dim)."""
        return self._ranker.vectors.rows_of(np.array(rows, np.int64))

    def close(self) -> None:
        """Let the generation be collected."""
        self.passages.close()
        self._generation.close()


class Index:
    """A read-only snapshot of one generation; later writes do not change it.

    Use it as a context manager, or call `close`, so that the generation can be
    collected once a newer one is there.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.path = snapshot.place
        self.fingerprint = snapshot.fingerprint
        self.fallback = snapshot.fallback
        self.encoder = snapshot.encoder
        self.model = snapshot.model  # as it was given; empty for the bundled encoder
        self.reader = snapshot.reader  # version of the reader that cut the documents
        self.passages = snapshot.passages
        self._snapshot = snapshot

    def search(
        self, question: str, *, k: int = 10, system: System = "fused", where: Where | None = None
    ) -> list[Hit]:
        """The k best passages for a question, best first."""
        ranked = self._snapshot.rank(question, k, system, where)
        found = self._snapshot.at([item.row for item in ranked])
        return [
            Hit(passage, item.score, item.words, item.vectors)
            for passage, item in zip(found, ranked, strict=True)
        ]

    def counts(self) -> tuple[int, int, int]:
        """Rows of the records, of the vectors and of the words; they are always the same."""
        return self._snapshot.counts()

    def ceiling(self, question: str) -> float:
        """The word score that no passage can exceed; `Hit.words` is a share of it."""
        return self._snapshot.ceiling(question)

    def vectors(self, rows: Sequence[int]) -> Vectors:
        """Stored vectors, float32 (len(rows), dim), of rows as `passages.places` gives them."""
        return self._snapshot.vectors(rows)

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
        self._snapshot.close()

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


def open_index(path: Location, *, model: str = "") -> Index:
    """Open the current generation, in a folder or on a server.

    `model` names another encoder than the one the index was built with; that is
    refused, as vectors of two models cannot be compared. Raises IndexMissing,
    IndexDamaged, IndexMismatch, ModelError or StoreUnavailable.
    """
    if isinstance(path, Remote):
        from index.milvus.snapshot import open_remote

        return Index(open_remote(path, model=model))
    generation = open_generation(path)
    try:
        encoder = encoder_of(path, generation.manifest, model)
        _refuse_mismatch(path, generation.manifest, encoder, model)
        return Index(FolderSnapshot(generation, encoder))
    except BaseException:
        generation.close()
        raise


def stamp_of(path: Location) -> object:
    """Changes whenever a generation is committed, equal otherwise; cheap to ask. Raises StoreUnavailable."""
    if isinstance(path, Remote):
        from index.milvus.snapshot import stamp

        return stamp(path)
    try:
        found = (path / "CURRENT").stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino


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
    return searched(passage.title, passage.kind, passage.text)


def _padded(best: npt.NDArray[np.float32], rows: int) -> npt.NDArray[np.float32]:
    """The best scores of an archive, with zeros for passages that have none, as long as some are missing."""
    return np.pad(best, (0, max(0, min(rows, DEPTH) - len(best))))


def encoder_of(path: Location, made: MadeWith, model: str) -> Encoder:
    """The encoder of an index, or the one asked for; one that does not load is told with the way out."""
    try:
        return load_encoder(model or made.model)
    except ModelError as error:
        raise ModelError(
            f"{error}; or rebuild the index with another model: "
            f"`youju index FOLDER --index {path} --model MODEL`"
        ) from error


def _refuse_mismatch(path: Path, manifest: Manifest, encoder: Encoder, model: str) -> None:
    if manifest.schema < READABLE:
        raise IndexMismatch(
            f"{path} has schema {manifest.schema}, this program reads {SCHEMA}; "
            f"upgrade it with `youju check --repair --index {path}`: nothing is lost"
        )
    refuse_mismatch(path, manifest, encoder, model)


class MadeWith(Protocol):
    """What the generation of an index was made with."""

    @property
    def dim(self) -> int: ...
    @property
    def model(self) -> str: ...
    @property
    def encoder(self) -> str: ...
    @property
    def tokenizer(self) -> str: ...


def refuse_mismatch(path: Location, made: MadeWith, encoder: Encoder, model: str) -> None:
    """Raise IndexMismatch where an index was made with another encoder or tokenizer."""
    option = f" --model {model}" if model else ""
    rebuild = f"rebuild it with `youju index FOLDER --index {path}{option}`"
    if made.encoder != encoder.fingerprint or made.dim != encoder.dim:
        raise IndexMismatch(
            f"{path} was made with another encoder ({made.model or 'bundled'}, {made.encoder}) "
            f"than {model or made.model or 'the bundled one'} ({encoder.fingerprint}); {rebuild}"
        )
    if made.tokenizer != tokens.fingerprint():
        raise IndexMismatch(f"{path} was made with another tokenizer ({made.tokenizer}); {rebuild}")
