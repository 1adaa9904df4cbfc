"""An index on a server, opened for reading."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from index.document import IndexMissing, Passage
from index.encode import Encoder, Vectors
from index.milvus.heads import Head, heads
from index.milvus.rank import RemoteRanker
from index.milvus.records import RemoteRecords
from index.milvus.server import Server
from index.records import Records, Where
from index.remote import Location, Remote
from index.search import Ranked, System, encoder_of, refuse_mismatch


class RemoteSnapshot:
    """One generation on a server. It stays readable for a while after it was replaced (`tidy`)."""

    def __init__(self, server: Server, head: Head, encoder: Encoder) -> None:
        self.place: Location = server.remote
        self.fingerprint = head.fingerprint
        self.fallback = False
        self.encoder = encoder
        self.model = head.model
        self.reader = head.reader
        self.head = head
        self.stored = RemoteRecords(server, server.remote.name, head)
        self._ranker = RemoteRanker(server, server.remote.name, head, encoder)
        self._server = server

    @property
    def passages(self) -> Records | RemoteRecords:
        """Passages, documents and articles."""
        return self.stored

    def rank(self, question: str, k: int, system: System, where: Where | None) -> list[Ranked]:
        """The k best rows, best first, among those that a filter admits."""
        return self._ranker.rank(question, k, system, where)

    def at(self, rows: Sequence[int]) -> list[Passage]:
        """The passages of ranked rows, in their order."""
        return self.stored.by_keys(rows)

    def ceiling(self, question: str) -> float:
        """The word score that no passage exceeds."""
        return self._ranker.ceiling(question)

    def counts(self) -> tuple[int, int, int]:
        """Rows of the records, of the vectors and of the words: the last two share theirs."""
        rows = self._server.count(self.head.tables(self._server.remote.name).passages, self.head.alive)
        return len(self.stored), rows, rows

    def vectors(self, rows: Sequence[int]) -> Vectors:
        """Stored vectors of some rows, float32 (len(rows), dim)."""
        return self.stored.vectors_of(rows)

    def close(self) -> None:
        """Close the connection."""
        self._server.close()


def open_remote(remote: Remote, *, model: str = "") -> RemoteSnapshot:
    """Open the current generation. Raises IndexMissing, IndexMismatch or StoreUnavailable."""
    server = Server(remote)
    try:
        head = heads(server, remote)[0]
        encoder = encoder_of(remote, head, model)
        refuse_mismatch(remote, head, encoder, model)
        return RemoteSnapshot(server, head, encoder)
    except BaseException:
        server.close()
        raise


def stamp(remote: Remote) -> object:
    """The fingerprint of the current generation, None where there is none. Raises StoreUnavailable."""
    try:
        return heads(_watching(remote), remote)[0].fingerprint
    except IndexMissing:
        return None


@lru_cache(maxsize=16)
def _watching(remote: Remote) -> Server:
    """A connection that is kept, as a page asks before every answer whether there is a newer generation."""
    return Server(remote)
