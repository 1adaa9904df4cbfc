"""Documents, articles and passages of one generation, in one SQLite file.

SQLite is an ordinary format: read without running code, by any program, row
by row, so that an archive larger than memory can be opened.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, overload

from index.document import Article, Document, Dropped, Page, Passage, Reading, Source, Span
from index.failpoints import reach

RECORDS = "passages.sqlite"
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
_AT_ONCE = 500  # values in one query: older SQLite takes no more than 999
_SAVE_AFTER = 1.0  # seconds of work that a kill may cost
_CLONE = 0x40049409  # FICLONE of Linux
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
    """Fills a file with documents: a new one, or a copy of an older one of which some stay as they are.

    Rows of passages are numbered from `first` as they come. What was added is
    safe from a kill of the process a second later, so that a later writer can
    go on with the file.
    """

    def __init__(self, path: Path, *, base: Path | None = None, first: int = 0) -> None:
        fresh = not path.exists()
        if fresh and base is not None:
            copy_file(base, path)
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"
        )
        if fresh and base is None:
            self._database.executescript(_TABLES)
        highest = self._database.execute("SELECT max(row) FROM passages").fetchone()[0]
        self._row = max(first, -1 if highest is None else highest) + (
            highest is not None and highest >= first
        )
        self._database.execute("BEGIN")
        self._saved = time.monotonic()
        self.touched = False  # whether anything was added or removed

    def add(self, reading: Reading, *, root: str, added: str) -> None:
        """Store what was read of one document. Raises sqlite3.IntegrityError when an id is there already."""
        self.touched = True
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
        self._save()
        reach("document stored")

    def remove(self, doc: str) -> None:
        """Forget a document."""
        self.touched = True
        for table, column in (
            ("documents", "id"),
            ("articles", "doc"),
            ("passages", "doc"),
            ("dropped", "doc"),
        ):
            self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (doc,))  # noqa: S608  # nosec B608
        self._save()

    def documents(self) -> dict[str, tuple[str, str]]:
        """Hash of the file and folder of every document, by id."""
        rows = self._database.execute("SELECT id, sha256, root FROM documents")
        return {doc: (sha256, root) for doc, sha256, root in rows}

    def counts(self, doc: str) -> tuple[int, int]:
        """Articles and passages of a document."""
        found = [
            self._database.execute(f"SELECT count(*) FROM {table} WHERE doc = ?", (doc,)).fetchone()[0]  # noqa: S608  # nosec B608
            for table in ("articles", "passages")
        ]
        return found[0], found[1]

    def rows(self) -> list[int]:
        """Rows of all passages, ascending; one that was removed leaves a gap."""
        return sorted(row for (row,) in self._database.execute("SELECT row FROM passages"))

    def close_gaps(self) -> None:
        """Number the passages anew from 0, in their order."""
        for place, row in enumerate(self.rows()):
            if place != row:
                self._database.execute("UPDATE passages SET row = ? WHERE row = ?", (place, row))

    def close(self) -> int:
        """Finish the file; returns the number of passages."""
        self._database.execute("COMMIT")
        count = int(self._database.execute("SELECT count(*) FROM passages").fetchone()[0])
        self._database.close()
        return count

    def abandon(self) -> None:
        """Let go of the file without finishing it; nothing happens where it was finished."""
        self._database.close()

    def _save(self) -> None:
        if time.monotonic() - self._saved > _SAVE_AFTER:
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
            self._saved = time.monotonic()

    def _insert(self, table: str, fields: list[Any]) -> None:
        self._database.execute(f"INSERT INTO {table} VALUES ({_marks(fields)})", fields)  # noqa: S608 - constant names  # nosec B608


class Records(Sequence[Passage]):
    """Read side: a sequence of passages in the order of their rows, and everything else by document.

    A row is the number a passage has in words and vectors. Removed passages
    leave gaps between rows, but not in the sequence.
    """

    def __init__(self, path: Path) -> None:
        self._database = sqlite3.connect(
            f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        self._lock = threading.Lock()  # one connection, many threads
        self._count = int(self._all("SELECT count(*) FROM passages")[0][0])
        self._order: list[int] | None = None  # rows in order, read when there are gaps and someone counts

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
        return self.of_rows([self._row_at(row % self._count)])[0]

    def __iter__(self) -> Iterator[Passage]:
        last = -1
        while batch := self._numbered("row > ? ORDER BY row LIMIT 1000", (last,)):
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

    def numbers(self) -> list[int]:
        """Rows of all passages, ascending."""
        return sorted(row for (row,) in self._all("SELECT row FROM passages"))

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
            f"SELECT {_ARTICLE} FROM articles {where} ORDER BY doc, place",  # noqa: S608  # nosec B608
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

    def _row_at(self, place: int) -> int:
        if self._order is None:
            highest = self._all("SELECT max(row) FROM passages")[0][0]
            self._order = [] if highest == self._count - 1 else self.numbers()
        return self._order[place] if self._order else place

    def _passages(self, condition: str, values: Iterable[Any]) -> list[Passage]:
        return list(self._numbered(condition, values).values())

    def _numbered(self, condition: str, values: Iterable[Any]) -> dict[int, Passage]:
        """Passages by their row, in the order of the condition."""
        rows = self._all(f"SELECT row, {_PASSAGE} FROM passages WHERE {condition}", values)  # noqa: S608  # nosec B608
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
    def _all(self, query: str, values: Iterable[Any] = ()) -> list[Any]:
        with self._lock:
            return self._database.execute(query, tuple(values)).fetchall()


def _marks(values: Sequence[Any]) -> str:
    return ",".join("?" * len(values))


def searched(title: str, kind: str, text: str) -> str:
    """What words and vectors see of a passage: its text, under the title of its article."""
    return text if not title or kind == "title" else f"{title}\n{text}"


def copy_file(source: Path, target: Path) -> None:
    """Copy a file: without moving its bytes where the file system can share them, else by the kernel."""
    with source.open("rb") as old, target.open("xb") as new:
        try:
            fcntl.ioctl(new, _CLONE, old.fileno())
        except OSError:
            shutil.copyfileobj(old, new, 1 << 22)


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
