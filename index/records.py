"""Documents, articles and passages of one generation: the read side.

SQLite is an ordinary format: read without running code, by any program, row
by row, so that an archive larger than memory can be opened. The files are
those of `layers`; a document stands in one of them.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

import numpy as np
import numpy.typing as npt

from index import layers
from index.document import Article, Document, Dropped, Page, Passage, Reading, Source, Span
from index.layers import RECORDS

__all__ = ["RECORDS", "DocumentCard", "Records", "Where", "searched"]

_AT_ONCE = 500  # values in one query: older SQLite takes no more than 999
_BATCH = 1000  # passages read at a time
_PASSAGE = "id, doc, article, text, spans, title, section, kind, date, speaker, flags, lost, page"
_ARTICLE = "id, doc, title, kind, byline, dateline, date, spans, continues, continued, complete"


@dataclass(frozen=True, slots=True)
class Where:
    """Which passages may be found; an empty field does not restrict.

    `since` and `until` are ISO 8601 dates (or their beginnings) that the
    passage's date must lie between, both included.
    """

    docs: frozenset[str] = frozenset()
    kinds: frozenset[str] = frozenset()
    since: str = ""
    until: str = ""

    def __bool__(self) -> bool:
        return bool(self.docs or self.kinds or self.since or self.until)


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """A document of the index without its text, and how much was understood of it."""

    id: str
    root: str
    sha256: str
    size: int
    encoding: str
    media: str
    source: Source
    added: str
    characters: int
    articles: int
    passages: int
    dropped: int  # characters
    archive: str = ""  # its name, where several are read as one

    @property
    def name(self) -> str:
        """The document's id inside its archive."""
        return self.id.removeprefix(f"{self.archive}/") if self.archive else self.id


class Records(Sequence[Passage]):
    """Read side: a sequence of passages in the order of their rows, and everything else by document.

    A row is the number a passage has in words and vectors. Removed passages
    leave gaps between rows, but not in the sequence.
    """

    def __init__(self, path: Path) -> None:
        self._layers = layers.opened(path)
        self._lock = threading.Lock()  # one connection to each layer, many threads
        self._count: int = sum(count for (count,) in self._all("SELECT count(*) FROM passages"))
        # Rows in order, read when there are gaps and someone counts.
        self._order: npt.NDArray[np.int64] | None = None

    def close(self) -> None:
        with self._lock:
            for database in self._layers:
                database.close()

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> list[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | list[Passage]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(self._count))]
        if not -self._count <= row < self._count:
            raise IndexError(f"passage {row} of {self._count}")
        return self.of_rows([self._row_at(row % self._count)])[0]

    def __iter__(self) -> Iterator[Passage]:
        for place in range(len(self._layers)):  # one after the other, as rows grow from layer to layer
            last = -1
            while batch := self._numbered(f"row > ? ORDER BY row LIMIT {_BATCH}", (last,), place):
                yield from batch.values()
                last = next(reversed(batch))

    def of_rows(self, rows: Sequence[int]) -> list[Passage]:
        """Passages by their rows, in the order asked for."""
        found: dict[int, Passage] = {}
        for start in range(0, len(rows), _AT_ONCE):
            some = rows[start : start + _AT_ONCE]
            found |= self._numbered(f"row IN ({_marks(some)})", some)
        return [found[row] for row in rows]

    def searched_rows(self, rows: Iterable[int]) -> list[str]:
        """What words and vectors see of some passages, in the order of the rows asked for."""
        wanted = [int(row) for row in rows]
        found: dict[int, str] = {}
        for start in range(0, len(wanted), _AT_ONCE):
            some = wanted[start : start + _AT_ONCE]
            query = f"SELECT row, title, kind, text FROM passages WHERE row IN ({_marks(some)})"  # noqa: S608  # nosec B608
            found |= {row: searched(*fields) for row, *fields in self._all(query, some)}
        return [found[row] for row in wanted]

    def rows_of(self, doc: str) -> dict[int, Passage]:
        """Passages of a document by their row."""
        return self._numbered("doc = ? ORDER BY row", (doc,))

    def numbers(self, doc: str = "") -> npt.NDArray[np.int64]:
        """Rows of all passages, or of those of one document, ascending, int64 (n,)."""
        where = "WHERE doc = ?" if doc else ""
        rows = self._all(f"SELECT row FROM passages {where} ORDER BY row", (doc,) if doc else ())  # noqa: S608  # nosec B608
        return np.array(rows, np.int64).ravel()

    @property
    def last_row(self) -> int:
        """The highest row, -1 when there is none."""
        return max(
            (row for (row,) in self._all("SELECT max(row) FROM passages") if row is not None), default=-1
        )

    def originals(self) -> dict[str, tuple[str, str]]:
        """Hash of the file and folder of every document, by id."""
        rows = self._all("SELECT id, sha256, root FROM documents")
        return {doc: (sha256, root) for doc, sha256, root in rows}

    def counts(self, doc: str) -> tuple[int, int]:
        """Articles and passages of a document."""
        found = [
            sum(count for (count,) in self._all(f"SELECT count(*) FROM {table} WHERE doc = ?", (doc,)))  # noqa: S608  # nosec B608
            for table in ("articles", "passages")
        ]
        return found[0], found[1]

    def by_id(self, passage: str) -> Passage | None:
        """The passage of that id, or None."""
        return next(iter(self._passages("id = ?", (passage,))), None)

    def of_document(self, doc: str) -> list[Passage]:
        """All passages of a document in reading order."""
        return self._passages("doc = ? ORDER BY row", (doc,))

    def rows(self, where: Where) -> list[int]:
        """Rows of the passages that a filter admits, ascending."""
        tests, values = ["1"], list[str]()
        for column, allowed in (("doc", where.docs), ("kind", where.kinds)):
            if allowed:
                tests.append(f"{column} IN ({','.join('?' * len(allowed))})")
                values.extend(sorted(allowed))
        if where.since:
            tests.append("date != '' AND date >= ?")
            values.append(where.since)
        if where.until:
            # 2023 admits 2023-12-01: compare only as many characters as were given.
            tests.append("date != '' AND substr(date, 1, ?) <= ?")
            values.extend((str(len(where.until)), where.until))
        query = f"SELECT row FROM passages WHERE {' AND '.join(tests)} ORDER BY row"  # noqa: S608  # nosec B608
        return [int(row[0]) for row in self._all(query, values)]

    def documents(self) -> list[DocumentCard]:
        """Every document without its text, by id."""
        counts: dict[str, dict[str, Any]] = {
            table: dict(self._all(f"SELECT doc, {what} FROM {table} GROUP BY doc"))  # noqa: S608  # nosec B608
            for table, what in (
                ("articles", "count(*)"),
                ("passages", "count(*)"),
                ("dropped", 'sum("end" - "start")'),
            )
        }
        fields = "id, root, sha256, size, encoding, media, newspaper, date, page, given, added"
        rows = sorted(self._each(lambda length: f"SELECT {fields}, {length} FROM documents"))  # noqa: S608  # nosec B608
        names = ["id", "root", "sha256", "size", "encoding", "media", "source", "added", "characters"]
        return [
            DocumentCard(
                **dict(zip(names, (*row[:6], _source(row[6:10]), *row[10:]), strict=True)),
                articles=counts["articles"].get(row[0], 0),
                passages=counts["passages"].get(row[0], 0),
                dropped=counts["dropped"].get(row[0], 0),
            )
            for row in rows
        ]

    def places(self) -> list[tuple[str, list[int]]]:
        """Documents with the rows of their passages, in the order of their first rows."""
        found: dict[str, list[int]] = {}
        for doc, row in self._all("SELECT doc, row FROM passages ORDER BY row"):
            found.setdefault(doc, []).append(row)
        return list(found.items())

    def text(self, doc: str) -> str:
        """The decoded text of a document. Raises KeyError when there is none of that id."""
        found = self._all("SELECT text FROM documents WHERE id = ?", (doc,))
        if not found:
            raise KeyError(doc)
        return str(found[0][0])

    def articles(self, doc: str = "") -> list[Article]:
        """Articles of one document, or of all, in reading order."""
        where = "WHERE doc = ?" if doc else ""
        rows = self._all(
            f"SELECT {_ARTICLE}, place FROM articles {where}",  # noqa: S608  # nosec B608
            (doc,) if doc else (),
        )
        rows.sort(key=lambda row: (row[1], row[-1]))
        named = (dict(zip(_ARTICLE.split(", "), row[:-1], strict=True)) for row in rows)
        return [
            Article(**fields | {"spans": _spans(fields["spans"]), "complete": bool(fields["complete"])})
            for fields in named
        ]

    def dropped(self, doc: str) -> list[Dropped]:
        """What is in no passage of a document, and why."""
        rows = self._all('SELECT "start", "end", reason FROM dropped WHERE doc = ? ORDER BY "start"', (doc,))
        return [Dropped(Span(start, end), reason) for start, end, reason in rows]

    def reading(self, doc: str) -> Reading:
        """Everything that was read of one document, as it was given to the writer."""
        row = self._all(
            "SELECT id, text, sha256, size, encoding, media, newspaper, date, page, given, pages "
            "FROM documents WHERE id = ?",
            (doc,),
        )[0]
        pages = tuple(Page(number, Span(start, end)) for number, start, end in json.loads(row[10]))
        names = ["id", "text", "sha256", "size", "encoding", "media"]
        fields = dict(zip(names, row[:6], strict=True))
        return Reading(
            Document(**fields, source=_source(row[6:10]), pages=pages),
            tuple(self.articles(doc)),
            tuple(self.of_document(doc)),
            tuple(self.dropped(doc)),
        )

    def _row_at(self, place: int) -> int:
        if self._order is None:
            dense = self.last_row == self._count - 1
            self._order = np.zeros(0, np.int64) if dense else self.numbers()
        return int(self._order[place]) if len(self._order) else place

    def _passages(self, condition: str, values: Iterable[Any]) -> list[Passage]:
        return list(self._numbered(condition, values).values())

    def _numbered(
        self, condition: str, values: Iterable[Any], layer: int | None = None
    ) -> dict[int, Passage]:
        """Passages by their row, in the order of the condition, of one layer or of all."""
        rows = self._all(f"SELECT row, {_PASSAGE} FROM passages WHERE {condition}", values, layer)  # noqa: S608  # nosec B608
        named = ((row[0], dict(zip(_PASSAGE.split(", "), row[1:], strict=True))) for row in rows)
        return {
            row: Passage(
                **fields
                | {"spans": _spans(fields["spans"]), "lost": _spans(fields["lost"])}
                | {"flags": tuple(json.loads(fields["flags"]))}
            )
            for row, fields in named
        }

    # Names in every statement are constants of this file; what comes from outside goes as parameters. That is
    # why each `nosec B608` above stands.
    def _all(self, query: str, values: Iterable[Any] = (), layer: int | None = None) -> list[Any]:
        """Lines of one layer, or of all, lowest first: so by row, as rows grow from layer to layer."""
        given = tuple(values)
        asked = self._layers if layer is None else [self._layers[layer]]
        with self._lock:
            return [line for database in asked for line in database.execute(query, given)]

    def _each(self, query: Callable[[str], str]) -> list[Any]:
        """The same, for a query that depends on what gives the length of a text."""
        with self._lock:
            return [
                line
                for database in self._layers
                for line in database.execute(query(layers.counted(database)))
            ]


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def searched(title: str, kind: str, text: str) -> str:
    """What words and vectors see of a passage: its text, under the title of its article."""
    return text if not title or kind == "title" else f"{title}\n{text}"


def _source(row: tuple[str, str, str, str]) -> Source:
    newspaper, date, page, given = row
    return Source(newspaper, date, page, tuple(json.loads(given)))


def _spans(dumped: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(dumped))
