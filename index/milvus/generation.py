"""The next generation on a server: added to the current epoch, or as a new epoch beside it.

Documents that come are written after the last row and those that go are marked. Where all rows would change
(another encoder or tokenizer, first documents, a mean length that has moved, damage) a new epoch is filled.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from index import tokens
from index.document import IndexMissing
from index.encode import Encoder, Vectors
from index.failpoints import reach
from index.milvus import heads as heading
from index.milvus.heads import Head
from index.milvus.lease import Lease, writer
from index.milvus.load import Loader, Total
from index.milvus.records import RemoteRecords
from index.milvus.rows import Copy
from index.milvus.server import Server
from index.milvus.tables import Tables, create, epochs
from index.milvus.tidy import bury, collect, sweep
from index.milvus.words import DRIFT, Vocabulary
from index.remote import VECTORS, Remote
from index.search import searchable
from index.tokens import terms
from index.update import Entry
from index.workers import together

GROUP = 1_000  # passages encoded and written together
_SEALED = 1_000  # passages from which on the server is told to seal what was written

Step = Callable[[str, int, int], None]  # stage, done, total


@dataclass(frozen=True, slots=True)
class Job:
    """A document to be stored: how to read it, and its vectors where they are known."""

    doc: str
    read: Callable[[], Entry]
    vectors: Callable[[], Vectors] | None = None


@dataclass(frozen=True, slots=True)
class Session:
    """What the one writer of an index found there."""

    server: Server
    remote: Remote
    lease: Lease
    heads: tuple[Head, ...]  # newest first; none where nothing was committed
    old: RemoteRecords | None

    @property
    def head(self) -> Head | None:
        """The current generation."""
        return self.heads[0] if self.heads else None

    def commit(self, head: Head) -> None:
        """Make a generation the current one, and delete what nobody can see any more."""
        self.lease.check()
        heading.commit(self.server, self.remote, head)
        reach("head inserted")
        collect(self.server, self.remote, [head, *self.heads])
        reach("server tidied")


@contextmanager
def writing(remote: Remote) -> Iterator[Session]:
    """Be the one writer of an index. Raises IndexBusy or StoreUnavailable."""
    server = Server(remote)
    try:
        with writer(server, remote) as lease:
            try:
                found = heading.heads(server, remote)
            except IndexMissing:
                found = []
            sweep(server, remote, found)
            old = RemoteRecords(server, remote.name, found[0]) if found else None
            yield Session(server, remote, lease, tuple(found), old)
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class Made:
    """What documents are made with."""

    encoder: Encoder
    model: str
    reader: str


class Builder:
    """Writes the rows of the next generation and makes its head; the caller commits it."""

    def __init__(self, session: Session, made: Made, step: Step) -> None:
        self._server = session.server
        self._remote = session.remote
        self._head = session.head
        self._old = session.old
        self._made = made
        self._step = step
        head = session.head
        self._kind = self._remote.vectors or (head.vectors if head else VECTORS[0])
        self.same_vectors = head is not None and head.encoder == made.encoder.fingerprint
        self.same_rows = (
            head is not None
            and self.same_vectors
            and (head.tokenizer, head.vectors) == (tokens.fingerprint(), self._kind)
        )

    def extended(
        self, jobs: Sequence[Job], gone: Sequence[Copy], *, length: int, passages: int
    ) -> tuple[Head, int] | None:
        """New documents added to the epoch and old ones marked; `length` terms in `passages` that come.

        Returns the head and how many vectors were computed, or None when the mean length would move too far.
        """
        head, old = self._head, self._old
        if head is None or old is None or not self.same_rows:
            return None
        total, dying = _staying(head, old, gone)
        average = _mean(total.length + length, total.passages + passages)
        if abs(average / head.average - 1) > DRIFT:
            return None
        tables = head.tables(self._remote.name)
        vocabulary = Vocabulary(self._server, tables, head, fresh=False)
        for found in dying:
            vocabulary.remove(found)
        loader = Loader(self._server, tables, head, vocabulary, head.average)
        embedded = self._load(loader, jobs, self.known(gone), total, passages)
        bury(self._server, tables, gone, head.generation + 1)
        reach("old marked")
        self._finish(tables, vocabulary, loader, loader.next_row - head.next_row)
        return self._next(head.epoch, head.average, vocabulary, loader, total), embedded

    def rewritten(
        self, jobs: Iterable[Job], known: dict[bytes, int], *, length: int, passages: int
    ) -> tuple[Head, int]:
        """All documents in an epoch of their own, `length` terms in `passages`."""
        average = _mean(length, passages)
        epoch = max(epochs(self._server, self._remote.name), default=0) + 1
        tables = Tables.of(self._remote.name, epoch)
        create(self._server, tables, self._made.encoder.dim, self._kind)
        vocabulary = Vocabulary(self._server, tables, self._head, fresh=True)
        loader = Loader(self._server, tables, None, vocabulary, average)
        total = Total()
        embedded = self._load(loader, jobs, known, total, passages)
        self._finish(tables, vocabulary, loader, loader.next_row)
        return self._next(epoch, average, vocabulary, loader, total), embedded

    def known(self, gone: Collection[Copy]) -> dict[bytes, int]:
        """Row of a vector by the hash of the text it embeds, among documents that go."""
        old = self._old
        if old is None or not self.same_vectors:
            return {}
        return {
            _key(searchable(passage)): row
            for copy in gone
            for row, passage in zip(copy.rows, old.by_keys(copy.rows), strict=True)
        }

    def _load(
        self, loader: Loader, jobs: Iterable[Job], known: dict[bytes, int], total: Total, passages: int
    ) -> int:
        """Write documents, encoding what has no vectors yet; returns how many passages that were."""
        embedded = 0
        before = total.passages
        for group in _groups(jobs, together(self._made.encoder, GROUP)):
            embedded += self._load_group(loader, group, known, total)
            self._step("encoding", total.passages - before, passages)
        loader.flush()
        reach("rows written")
        return embedded

    def _load_group(
        self, loader: Loader, group: Sequence[tuple[Job, Entry]], known: dict[bytes, int], total: Total
    ) -> int:
        texts = [
            searchable(passage)
            for job, entry in group
            if not job.vectors
            for passage in entry.reading.passages
        ]
        vectors, computed = self._vectors(texts, known)
        start = 0
        for job, entry in group:
            if job.vectors:
                own = job.vectors()
            else:
                end = start + len(entry.reading.passages)
                own, start = vectors[start:end], end
            total.add(*loader.add(entry, own))
        return computed

    def _vectors(self, texts: Sequence[str], known: dict[bytes, int]) -> tuple[Vectors, int]:
        rows = [known.get(_key(text), -1) for text in texts]
        out = np.zeros((len(texts), self._made.encoder.dim), np.float32)
        old = [place for place, row in enumerate(rows) if row >= 0]
        new = [place for place, row in enumerate(rows) if row < 0]
        if old and self._old:
            out[old] = self._old.vectors_of([rows[place] for place in old])
        if new:
            out[new] = self._made.encoder.encode([texts[place] for place in new])
        return out, len(new)

    def _finish(self, tables: Tables, vocabulary: Vocabulary, loader: Loader, rows: int) -> None:
        self._step("writing", 0, 1)
        vocabulary.write(self._generation)
        reach("words counted")
        if rows >= _SEALED:
            self._server.flush(tables.passages)
            self._server.flush(tables.records)
        self._step("writing", 1, 1)

    @property
    def _generation(self) -> int:
        return self._head.generation + 1 if self._head else 1

    def _next(self, epoch: int, average: float, vocabulary: Vocabulary, loader: Loader, total: Total) -> Head:
        made = self._made
        return Head(
            schema=heading.SCHEMA,
            generation=self._generation,
            epoch=epoch,
            created=heading.now(),
            passages=total.passages,
            documents=total.documents,
            dim=made.encoder.dim,
            model=made.model,
            encoder=made.encoder.fingerprint,
            tokenizer=tokens.fingerprint(),
            reader=made.reader,
            vectors=self._kind,
            length=total.length,
            average=average,
            next_row=loader.next_row,
            next_copy=loader.next_copy,
            next_dim=vocabulary.next_dim,
            content=f"{total.content:032x}",
        )


def _staying(head: Head, old: RemoteRecords, gone: Sequence[Copy]) -> tuple[Total, list[list[str]]]:
    """What stays of a generation, and the terms, each once, of every passage that goes."""
    total = Total(head.documents, head.passages, head.length, int(head.content, 16))
    dying: list[list[str]] = []
    for copy in gone:
        found = [terms(searchable(passage)) for passage in old.by_keys(copy.rows)]
        dying.extend(list(dict.fromkeys(one)) for one in found)
        total.add(copy, sum(map(len, found)), times=-1)
    return total, dying


def _groups(jobs: Iterable[Job], wanted: int) -> Iterator[list[tuple[Job, Entry]]]:
    """Documents with about the wanted number of passages together."""
    group: list[tuple[Job, Entry]] = []
    size = 0
    for job in jobs:
        entry = job.read()
        group.append((job, entry))
        size += len(entry.reading.passages)
        if size >= wanted:
            yield group
            group, size = [], 0
    if group:
        yield group


def _mean(length: int, passages: int) -> float:
    return length / passages if length else 1.0


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
