"""Documents, articles and passages of one generation: the write side.

What an update brings goes into a layer of its own on top of those of the
generation before, which are carried over.
"""

from __future__ import annotations

import json
import os
import sqlite3
import time
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import layers
from index.carry import carry
from index.document import Article, Passage, Reading, Span
from index.failpoints import reach
from index.records import Records

FRESH = "fresh.sqlite"  # the layer that is being filled
_SAVE_AFTER = 1.0  # seconds of work that a kill may cost
_COPIED = 8 << 20  # bytes up to which a layer is joined when an update is committed: larger ones later


class Writer:
    """Fills a layer with documents, on top of those of an older generation where there is one.

    `path` is the lowest layer of the folder, `base` that of the older generation. Rows of passages are
    numbered from `first` as they come. What was added is safe from a kill of the process a second later,
    so that a later writer can go on with the file; the layers are put in place when it is closed.
    """

    def __init__(self, path: Path, *, base: Path | None = None, first: int = 0) -> None:
        self._folder = path.parent
        self._file = self._folder / FRESH
        self._below = layers.of(base) if base else []
        self._base = Records(base) if base else None
        self._database = sqlite3.connect(self._file, isolation_level=None)
        self._database.executescript(layers.FAST)
        if not self._all("SELECT 1 FROM sqlite_master WHERE name = 'documents'"):
            self._database.executescript(f"BEGIN; {layers.TABLES} COMMIT;")
        self._gone = layers.gone(self._database)
        self._before = self._base.originals() if self._base else {}
        highest = [self._base.last_row] if self._base else []
        highest += [row for (row,) in self._all("SELECT max(row) FROM passages") if row is not None]
        self._row = max([first, *(row + 1 for row in highest)])
        self._renumber = False
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
        self._insert("documents", [*fields, len(document.text), document.text])
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
        for table, column in layers.KEYS.items():
            self._database.execute(f"DELETE FROM {table} WHERE {column} = ?", (doc,))  # noqa: S608  # nosec B608
        if doc in self._before:
            self._gone.add(doc)
            self._database.execute("INSERT OR IGNORE INTO gone VALUES (?)", (doc,))
        self._save()

    def documents(self) -> dict[str, tuple[str, str]]:
        """Hash of the file and folder of every document, by id."""
        found = {doc: marks for doc, marks in self._before.items() if doc not in self._gone}
        rows = self._all("SELECT id, sha256, root FROM documents")
        return found | {doc: (sha256, root) for doc, sha256, root in rows}

    def counts(self, doc: str) -> tuple[int, int]:
        """Articles and passages of a document."""
        if self._base and doc in self._before and doc not in self._gone:
            return self._base.counts(doc)
        found = [
            int(self._all(f"SELECT count(*) FROM {table} WHERE doc = ?", (doc,))[0][0])  # noqa: S608  # nosec B608
            for table in ("articles", "passages")
        ]
        return found[0], found[1]

    def rows(self) -> npt.NDArray[np.int64]:
        """Rows of all passages, ascending; one that was removed leaves a gap."""
        own = np.array(self._all("SELECT row FROM passages ORDER BY row"), np.int64).ravel()
        if self._base is None:
            return own
        gone = [row for doc in self._gone for row in self._base.numbers(doc)]
        return np.concatenate([np.setdiff1d(self._base.numbers(), gone), own])

    def close_gaps(self) -> None:
        """Number the passages anew from 0, in their order, when this is closed: the layers become one."""
        self._renumber = True

    def close(self) -> int:
        """Finish the layer and put all layers in place; returns how many passages came into it."""
        self._database.execute("COMMIT")
        count = int(self._all("SELECT count(*) FROM passages")[0][0])
        empty = not self._all("SELECT 1 FROM documents UNION ALL SELECT 1 FROM gone LIMIT 1")
        self.abandon()
        for leftover in layers.of(self._folder / layers.RECORDS):  # of a writer that was killed
            leftover.unlink(missing_ok=True)
        files = self._below if empty and self._below else [*self._below, self._file]
        first = 0 if self._renumber else len(files) - len(_small(files))
        for file in files[:first]:
            carry(file, self._folder / file.name)
        joined = files[first:]
        if self._renumber or len(joined) > 1:
            part = self._folder / "joined.part"
            layers.join(joined, part, renumber=self._renumber)
            os.replace(part, self._folder / (layers.RECORDS if self._renumber else joined[0].name))
        elif joined:
            number = layers.number_of(self._below[-1]) + 1 if self._below else 0
            fresh = joined[0] == self._file
            carry(joined[0], self._folder / (layers.name(number) if fresh else joined[0].name))
        return count

    def abandon(self) -> None:
        """Let go of the files without finishing; nothing happens where it was finished."""
        self._database.close()
        if self._base:
            self._base.close()

    def _all(self, query: str, values: tuple[str, ...] = ()) -> list[Any]:
        return self._database.execute(query, values).fetchall()

    def _save(self) -> None:
        if time.monotonic() - self._saved > _SAVE_AFTER:
            self._database.execute("COMMIT")
            self._database.execute("BEGIN")
            self._saved = time.monotonic()

    def _insert(self, table: str, fields: list[Any]) -> None:
        self._database.execute(f"INSERT INTO {table} VALUES ({_marks(fields)})", fields)  # noqa: S608 - constant names  # nosec B608


def _small(files: list[Path]) -> list[Path]:
    """The layers at the top that are joined at once: small, and at most twice as large as those on them."""
    chosen = files[-1:]
    gathered = chosen[0].stat().st_size
    for file in reversed(files[:-1]):
        size = file.stat().st_size
        if size > min(2 * gathered, _COPIED):
            break
        gathered += size
        chosen.insert(0, file)
    return chosen


def _article_fields(article: Article) -> list[Any]:
    fields = [article.title, article.kind, article.byline, article.dateline, article.date]
    spans = _dump([_pair(span) for span in article.spans])
    return [*fields, spans, article.continues, article.continued, int(article.complete)]


def _passage_fields(passage: Passage) -> list[Any]:
    spans, lost = (_dump([_pair(span) for span in part]) for part in (passage.spans, passage.lost))
    fields = [passage.id, passage.doc, passage.article, passage.text, spans, passage.title, passage.section]
    return [*fields, passage.kind, passage.date, passage.speaker, _dump(passage.flags), lost, passage.page]


def _pair(span: Span) -> tuple[int, int]:
    return span.start, span.end


_dump = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _marks(values: list[Any]) -> str:
    return ",".join("?" * len(values))
