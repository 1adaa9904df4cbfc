"""Read side of an index on a server: what `index.records.Records` is for a folder."""

from __future__ import annotations

import threading
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import accumulate, chain, islice
from typing import TypeVar, overload

import numpy as np

from index.document import Article, Document, Dropped, IndexDamaged, Passage, Reading
from index.encode import Vectors
from index.milvus.heads import Head
from index.milvus.rows import (
    PARTS,
    PASSAGE,
    Copy,
    articles_of,
    copy_of,
    more_of,
    passage_of,
    rest_of,
)
from index.milvus.server import BATCH, Row, Server, batches
from index.milvus.tables import quoted, within
from index.records import DocumentCard, Where

T = TypeVar("T")
_WINDOW = 10_000  # keys looked through at a time
_TOGETHER = 64  # documents whose parts are read at a time


class RemoteRecords(Sequence[Passage]):
    """A sequence of passages, and everything else by document, of one generation.

    Positions count passages in the order in which documents were added; rows are keys on the server, which
    have gaps where documents were deleted.
    """

    def __init__(self, server: Server, name: str, head: Head) -> None:
        self._server = server
        self._tables = head.tables(name)
        self._head = head
        self._lock = threading.Lock()
        self._copies: tuple[Copy, ...] | None = None
        self._ends: list[int] = []
        self._by_doc: dict[str, Copy] = {}

    def __len__(self) -> int:
        return self._head.passages

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> list[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | list[Passage]:
        if isinstance(row, slice):
            return self.by_keys([self._row(position) for position in range(*row.indices(len(self)))])
        if not -len(self) <= row < len(self):
            raise IndexError(f"passage {row} of {len(self)}")
        return self.by_keys([self._row(row % len(self))])[0]

    def __iter__(self) -> Iterator[Passage]:
        every = chain.from_iterable(copy.rows for copy in self.copies())
        for rows in batches(every, BATCH):
            yield from self.by_keys(rows)

    def close(self) -> None:
        """Nothing is held that would have to be let go of; the connection is the index's."""

    def by_keys(self, rows: Sequence[int]) -> list[Passage]:
        """Passages by their keys, in the order asked for. Raises IndexDamaged when one is gone."""
        found = {row["row"]: row for row in self._server.get(self._tables.passages, rows, PASSAGE)}
        pieces = self._pieces(key for row in found.values() for key in more_of(row))
        return [passage_of(_there(found, row), pieces) for row in rows]

    def vectors_of(self, rows: Sequence[int]) -> Vectors:
        """Stored vectors, float32 (len(rows), dim), in the order asked for."""
        found = {
            row["row"]: row["dense"]
            for row in self._server.get(self._tables.passages, rows, ("row", "dense"))
        }
        out = np.zeros((len(rows), self._head.dim), np.float32)
        for place, row in enumerate(rows):
            out[place] = _there(found, row)
        return out

    def by_id(self, passage: str) -> Passage | None:
        """The passage of that id, or None."""
        condition = f"id == {quoted(passage)} and {self._head.alive}"
        rows = self._server.query(self._tables.passages, condition, PASSAGE)
        return self._made(rows)[0] if rows else None

    def of_document(self, doc: str) -> list[Passage]:
        """All passages of a document in reading order."""
        copy = self._found(doc)
        return self.by_keys(copy.rows) if copy else []

    def rows(self, where: Where) -> list[int]:
        """Positions of the passages that a filter admits, ascending."""
        self.copies()
        admitted = within(where)
        condition = f"{self._head.alive} and {admitted}" if admitted else self._head.alive
        found: list[int] = []
        # In windows of keys, as a server bounds what one query may return.
        for start in range(0, self._head.next_row, _WINDOW):
            window = f"row >= {start} and row < {start + _WINDOW} and {condition}"
            rows = self._server.query(self._tables.passages, window, ("row",))
            found.extend(self._position(row["row"]) for row in rows)
        return sorted(found)

    def documents(self) -> list[DocumentCard]:
        """Every document without its text, by id."""
        return sorted((copy.card for copy in self.copies()), key=lambda card: card.id)

    def places(self) -> list[tuple[str, list[int]]]:
        """Documents with the keys of their passages, in the order in which they were added."""
        return [(copy.card.id, list(copy.rows)) for copy in self.copies()]

    def text(self, doc: str) -> str:
        """The decoded text of a document. Raises KeyError when there is none of that id."""
        copy = self._found(doc)
        if copy is None:
            raise KeyError(doc)
        return self._part([copy], "text")[0]

    def articles(self, doc: str = "") -> list[Article]:
        """Articles of one document, or of all, in reading order."""
        copies = [copy for copy in self._documents() if not doc or copy.card.id == doc]
        return [
            article
            for together in batches(copies, _TOGETHER)
            for copy, part in zip(together, self._part(together, "articles"), strict=True)
            for article in _read(copy, part, lambda copy, part: articles_of(copy.card.id, part))
        ]

    def dropped(self, doc: str) -> list[Dropped]:
        """What is in no passage of a document, and why."""
        copy = self._found(doc)
        return _read(copy, self._part([copy], "rest")[0], lambda _, part: rest_of(part)[1]) if copy else []

    def reading(self, doc: str) -> Reading:
        """Everything that was read of one document, as it was given to the writer."""
        copy = self._found(doc)
        if copy is None:
            raise KeyError(doc)
        return self.reading_of(copy)

    def reading_of(self, copy: Copy) -> Reading:
        """Everything of one stored version of a document."""
        return self.readings_of([copy])[0]

    def readings_of(self, copies: Sequence[Copy]) -> list[Reading]:
        """Everything of some documents, asked for together."""
        texts, articles, rests = (self._part(copies, part) for part in PARTS)
        passages = iter(self.by_keys([row for copy in copies for row in copy.rows]))
        return [
            self._reading(copy, text, made, rest, tuple(islice(passages, copy.card.passages)))
            for copy, text, made, rest in zip(copies, texts, articles, rests, strict=True)
        ]

    def _reading(
        self, copy: Copy, text: str, articles: str, rest: str, passages: tuple[Passage, ...]
    ) -> Reading:
        card = copy.card
        pages, dropped = _read(copy, rest, lambda _, part: rest_of(part))
        made = _read(copy, articles, lambda copy, part: articles_of(copy.card.id, part))
        document = Document(
            card.id, text, card.sha256, card.size, card.encoding, card.media, card.source, pages
        )
        return Reading(document, tuple(made), passages, tuple(dropped))

    def copies(self) -> tuple[Copy, ...]:
        """The stored version of each document, in the order in which they were added; read once and kept.

        Raises IndexDamaged when some are missing.
        """
        with self._lock:
            if self._copies is None:
                self._copies = tuple(sorted(self._cards(), key=lambda copy: copy.number))
                self._ends = list(accumulate(copy.card.passages for copy in self._copies))
                self._by_doc = {copy.card.id: copy for copy in self._copies}
            copies = self._copies
        head = self._head
        if (len(copies), self._ends[-1] if copies else 0) != (head.documents, head.passages):
            raise IndexDamaged(
                f"{self._server.remote} holds {len(copies)} documents of {head.documents}; if it was changed "
                f"meanwhile ask again, else run `youju check --repair --index {self._server.remote}`"
            )
        return copies

    def _cards(self) -> Iterator[Copy]:
        keys = (f"card/{number}" for number in range(self._head.next_copy))
        for row in self._server.get(self._tables.records, keys, ("key", "value", "copy", "died")):
            if row["died"] > self._head.generation:
                yield copy_of(row)

    def _documents(self) -> list[Copy]:
        return sorted(self.copies(), key=lambda copy: copy.card.id)

    def _found(self, doc: str) -> Copy | None:
        self.copies()
        return self._by_doc.get(doc)

    def _row(self, position: int) -> int:
        copies = self.copies()
        place = bisect_right(self._ends, position)
        return copies[place].first + position - (self._ends[place - 1] if place else 0)

    def _position(self, row: int) -> int:
        copies = self.copies()
        place = bisect_right(copies, row, key=lambda copy: copy.first) - 1
        return (self._ends[place - 1] if place else 0) + row - copies[place].first

    def _made(self, rows: Iterable[Row]) -> list[Passage]:
        found = list(rows)
        pieces = self._pieces(key for row in found for key in more_of(row))
        return [passage_of(row, pieces) for row in found]

    def _part(self, copies: Sequence[Copy], part: str) -> list[str]:
        """A part of some documents, put together from its pieces."""
        pieces = self._pieces(key for copy in copies for key in copy.keys(part))
        return ["".join(_there(pieces, key) for key in copy.keys(part)) for copy in copies]

    def _pieces(self, keys: Iterable[str]) -> dict[str, str]:
        wanted = list(keys)
        found: dict[str, str] = {}
        # Each may be as long as a field, and an answer of the server has a limit too.
        for some in batches(wanted, 200):
            rows = self._server.get(self._tables.records, some, ("key", "value"))
            found |= {row["key"]: row["value"] for row in rows}
        return found


def _there(found: dict[int, T] | dict[str, T], key: int | str) -> T:
    try:
        return found[key]  # type: ignore[index]
    except KeyError:
        raise IndexDamaged(
            f"{key} is not on the server any more; if the index was changed meanwhile ask again, "
            "else run `youju check --repair`"
        ) from None


def _read(copy: Copy, part: str, read: Callable[[Copy, str], T]) -> T:
    try:
        return read(copy, part)
    except (ValueError, TypeError) as error:
        raise IndexDamaged(f"{copy.card.id} cannot be read ({error}); run `youju check --repair`") from error
