"""Documents, articles and passages of one generation, in one SQLite file.

SQLite is an ordinary format: read without running code, by any program, row
by row, so that an archive larger than memory can be opened.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from index.document import Article, Document, Dropped, Page, Passage, Reading, Source, Span
from index.failpoints import reach

_TABLES = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, root TEXT, sha256 TEXT, size INTEGER, encoding TEXT, media TEXT,
    newspaper TEXT, date TEXT, page TEXT, given TEXT, pages TEXT, added TEXT, text TEXT) WITHOUT ROWID;
CREATE TABLE articles (
    id TEXT PRIMARY KEY, doc TEXT, place INTEGER, title TEXT, kind TEXT, byline TEXT, dateline TEXT,
    date TEXT, spans TEXT, continues TEXT, continued TEXT, complete INTEGER);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, id TEXT UNIQUE, doc TEXT, article TEXT, text TEXT, spans TEXT, title TEXT,
    section TEXT, kind TEXT, date TEXT, speaker TEXT, flags TEXT, lost TEXT, page INTEGER);
CREATE TABLE dropped (doc TEXT, "start" INTEGER, "end" INTEGER, reason TEXT);
CREATE INDEX articles_doc ON articles (doc);
CREATE INDEX passages_doc ON passages (doc);
CREATE INDEX dropped_doc ON dropped (doc);
"""
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


class Writer:
    """Fills a new file; rows of passages are numbered from 0 as they come."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript("PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;" + _TABLES + "BEGIN;")
        self._row = 0

    def add(self, reading: Reading, *, root: str, added: str) -> None:
        """Store what was read of one document. Raises sqlite3.IntegrityError when an id is there already."""
        document, source = reading.document, reading.document.source
        fields = [document.id, root, document.sha256, document.size, document.encoding, document.media]
        fields += [source.newspaper, source.date, source.page, _dump(source.given)]
        fields += [_dump([(page.number, *_pair(page.span)) for page in document.pages]), added]
        self._insert("documents", [*fields, document.text])
        for place, article in enumerate(reading.articles):
            self._insert("articles", [article.id, article.doc, place, *_article_fields(article)])
        for passage in reading.passages:
            self._insert("passages", [self._row, *_passage_fields(passage)])
            self._row += 1
        for drop in reading.dropped:
            self._insert("dropped", [document.id, *_pair(drop.span), drop.reason])
        reach("document stored")

    def close(self) -> int:
        """Finish the file; returns the number of passages."""
        self._database.execute("COMMIT")
        self._database.close()
        return self._row

    def _insert(self, table: str, fields: list[Any]) -> None:
        marks = ",".join("?" * len(fields))
        self._database.execute(f"INSERT INTO {table} VALUES ({marks})", fields)  # noqa: S608 - constant names


class Records(Sequence[Passage]):
    """Read side: a sequence of passages by row, and everything else by document."""

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = threading.Lock()  # one connection, many threads
        self._count = int(self._all("SELECT count(*) FROM passages")[0][0])

    def close(self) -> None:
        with self._lock:
            self._database.close()

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
        return self._passages("row = ?", (row % self._count,))[0]

    def __iter__(self) -> Iterator[Passage]:
        for start in range(0, self._count, 1000):
            yield from self._passages("row >= ? AND row < ? ORDER BY row", (start, start + 1000))

    def of_rows(self, rows: Sequence[int]) -> list[Passage]:
        """Passages by their rows, in the order asked for."""
        found = self._numbered(f"row IN ({','.join('?' * len(rows))})", rows)
        return [found[row] for row in rows]

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
        query = f"SELECT row FROM passages WHERE {' AND '.join(tests)} ORDER BY row"  # noqa: S608
        return [int(row[0]) for row in self._all(query, values)]

    def documents(self) -> list[DocumentCard]:
        """Every document without its text, by id."""
        counts: dict[str, dict[str, Any]] = {
            table: dict(self._all(f"SELECT doc, {what} FROM {table} GROUP BY doc"))  # noqa: S608
            for table, what in (
                ("articles", "count(*)"),
                ("passages", "count(*)"),
                ("dropped", 'sum("end" - "start")'),
            )
        }
        rows = self._all(
            "SELECT id, root, sha256, size, encoding, media, newspaper, date, page, given, added, "
            "length(text) FROM documents ORDER BY id"
        )
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
            f"SELECT {_ARTICLE} FROM articles {where} ORDER BY doc, place",  # noqa: S608
            (doc,) if doc else (),
        )
        named = (dict(zip(_ARTICLE.split(", "), row, strict=True)) for row in rows)
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

    def _passages(self, condition: str, values: Iterable[Any]) -> list[Passage]:
        return list(self._numbered(condition, values).values())

    def _numbered(self, condition: str, values: Iterable[Any]) -> dict[int, Passage]:
        """Passages by their row, in the order of the condition."""
        rows = self._all(f"SELECT row, {_PASSAGE} FROM passages WHERE {condition}", values)  # noqa: S608
        named = ((row[0], dict(zip(_PASSAGE.split(", "), row[1:], strict=True))) for row in rows)
        return {
            row: Passage(
                **fields
                | {"spans": _spans(fields["spans"]), "lost": _spans(fields["lost"])}
                | {"flags": tuple(json.loads(fields["flags"]))}
            )
            for row, fields in named
        }

    def _all(self, query: str, values: Iterable[Any] = ()) -> list[Any]:
        with self._lock:
            return self._database.execute(query, tuple(values)).fetchall()


def _article_fields(article: Article) -> list[Any]:
    fields = [article.title, article.kind, article.byline, article.dateline, article.date]
    spans = _dump([_pair(span) for span in article.spans])
    return [*fields, spans, article.continues, article.continued, int(article.complete)]


def _passage_fields(passage: Passage) -> list[Any]:
    spans, lost = (_dump([_pair(span) for span in part]) for part in (passage.spans, passage.lost))
    fields = [passage.id, passage.doc, passage.article, passage.text, spans, passage.title, passage.section]
    return [*fields, passage.kind, passage.date, passage.speaker, _dump(passage.flags), lost, passage.page]


def _source(row: tuple[str, str, str, str]) -> Source:
    newspaper, date, page, given = row
    return Source(newspaper, date, page, tuple(json.loads(given)))


def _pair(span: Span) -> tuple[int, int]:
    return span.start, span.end


def _spans(dumped: str) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in json.loads(dumped))


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
