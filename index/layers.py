"""The records of a generation: SQLite files that never change, each on top of the ones before it.

    passages.sqlite         the lowest layer: documents with their articles and passages
    passages.001.sqlite …   documents that came later, and in `gone` those of lower layers
                            that they replace or that were removed

So an update writes what is new, and carries the rest over. Rows of passages
only grow from layer to layer. A layer joins the one on top of it while it is
at most twice as large, so that a document is written anew only as often as its
archive doubles: small ones when an update is committed, large ones in the
background (`merge`).
"""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from pathlib import Path

RECORDS = "passages.sqlite"
TABLES = """
CREATE TABLE documents (
    id TEXT PRIMARY KEY, root TEXT, sha256 TEXT, size INTEGER, encoding TEXT, media TEXT,
    newspaper TEXT, date TEXT, page TEXT, given TEXT, pages TEXT, added TEXT, characters INTEGER, text TEXT)
    WITHOUT ROWID;
CREATE TABLE articles (
    id TEXT PRIMARY KEY, doc TEXT, place INTEGER, title TEXT, kind TEXT, byline TEXT, dateline TEXT,
    date TEXT, spans TEXT, continues TEXT, continued TEXT, complete INTEGER);
CREATE TABLE passages (
    row INTEGER PRIMARY KEY, id TEXT UNIQUE, doc TEXT, article TEXT, text TEXT, spans TEXT, title TEXT,
    section TEXT, kind TEXT, date TEXT, speaker TEXT, flags TEXT, lost TEXT, page INTEGER);
CREATE TABLE dropped (doc TEXT, "start" INTEGER, "end" INTEGER, reason TEXT);
CREATE TABLE gone (doc TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE INDEX articles_doc ON articles (doc);
CREATE INDEX passages_doc ON passages (doc);
CREATE INDEX dropped_doc ON dropped (doc);
"""
KEYS = {"documents": "id", "articles": "doc", "passages": "doc", "dropped": "doc"}  # column of the document
FAST = "PRAGMA journal_mode=DELETE; PRAGMA synchronous=OFF; PRAGMA cache_size=-65536;"
_HIGHER = re.compile(r"passages\.(\d{3,})\.sqlite")
_COLUMNS = "id, root, sha256, size, encoding, media, newspaper, date, page, given, pages, added"
_PASSAGE = "id, doc, article, text, spans, title, section, kind, date, speaker, flags, lost, page"


def of(path: Path) -> list[Path]:
    """The layer `path` and those on top of it in its folder, lowest first."""
    higher = {int(match[1]): one for one in path.parent.glob("passages.*.sqlite") if (match := _match(one))}
    return [path, *(higher[number] for number in sorted(higher))]


def name(number: int) -> str:
    """File of a layer, 0 the lowest."""
    return f"passages.{number:03d}.sqlite" if number else RECORDS


def number_of(path: Path) -> int:
    """The number of a layer by its file."""
    match = _match(path)
    return int(match[1]) if match else 0


def is_layer(file: str) -> bool:
    """Whether a file of that name holds records."""
    return file == RECORDS or _HIGHER.fullmatch(file) is not None


def opened(path: Path) -> list[sqlite3.Connection]:
    """Read-only connections to a layer and those on top of it, lowest first; none sees what is gone."""
    found: list[sqlite3.Connection] = []
    masked: set[str] = set()
    for file in reversed(of(path)):
        database = sqlite3.connect(
            f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True, check_same_thread=False
        )
        found.append(database)
        _mask(database, masked)
        masked |= gone(database)
    return found[::-1]


def gone(database: sqlite3.Connection) -> set[str]:
    """Documents of lower layers that a layer takes away."""
    # Layers of schema 3 have no such table: they are the lowest.
    there = database.execute("SELECT 1 FROM sqlite_master WHERE name = 'gone'").fetchone()
    return {doc for (doc,) in database.execute("SELECT doc FROM gone")} if there else set()


def counted(database: sqlite3.Connection, schema: str = "main") -> str:
    """What gives the length of a document's text: a column, or in schema 3 the text itself."""
    columns = {row[1] for row in database.execute(f"PRAGMA {schema}.table_info(documents)")}
    return "characters" if "characters" in columns else "length(text)"


def join(files: Sequence[Path], target: Path, *, renumber: bool = False) -> None:
    """Write one layer that holds what some neighbouring ones hold, lowest first.

    What the highest of them takes from layers below all of them is still taken.
    With `renumber`, rows of passages become 0, 1, 2 … in their order.
    """
    above: set[str] = set()
    masks: list[set[str]] = []
    for file in reversed(files):
        masks.append(set(above))
        above |= _gone_of(file)
    database = sqlite3.connect(target, isolation_level=None)
    try:
        database.executescript(FAST + TABLES)
        database.execute("CREATE TEMP TABLE masked (doc TEXT PRIMARY KEY) WITHOUT ROWID")
        for file, mask in zip(files, reversed(masks), strict=True):
            _copy(database, file, mask, renumber=renumber)
        if number_of(files[0]):
            database.executemany("INSERT INTO gone VALUES (?)", ((doc,) for doc in sorted(above)))
    finally:
        database.close()


def joins(sizes: Sequence[int], *, most: int = 1 << 62) -> list[range]:
    """Which layers (or any parts that lie side by side) of some sizes are to be joined, as runs of places.

    A part joins the next while it is at most twice as large and both together are at most `most`.
    """
    runs: list[tuple[range, int]] = []
    for place, size in enumerate(sizes):
        runs.append((range(place, place + 1), size))
        while len(runs) > 1 and runs[-2][1] <= 2 * runs[-1][1] and runs[-2][1] + runs[-1][1] <= most:
            last, more = runs.pop()
            first, less = runs.pop()
            runs.append((range(first.start, last.stop), less + more))
    return [run for run, _ in runs if len(run) > 1]


def _copy(database: sqlite3.Connection, file: Path, mask: set[str], *, renumber: bool) -> None:
    database.execute("ATTACH ? AS source", (str(file),))
    database.execute("BEGIN")
    database.execute("DELETE FROM masked")
    database.executemany("INSERT INTO masked VALUES (?)", ((doc,) for doc in mask))
    length = counted(database, "source")
    chosen = {
        "documents": f"{_COLUMNS}, {length}, text",
        "articles": "*",
        "passages": f"row, {_PASSAGE}",
        "dropped": "*",
    }
    if renumber:
        there = database.execute("SELECT count(*) FROM main.passages").fetchone()[0]
        chosen["passages"] = f"{there} - 1 + row_number() OVER (ORDER BY row), {_PASSAGE}"
    for table, key in KEYS.items():
        order = "row" if table == "passages" else key
        database.execute(
            f"INSERT INTO main.{table} SELECT {chosen[table]} FROM source.{table} "  # noqa: S608 - constants  # nosec B608
            f"WHERE {key} NOT IN (SELECT doc FROM masked) ORDER BY {order}"
        )
    database.execute("COMMIT")
    database.execute("DETACH source")


def _mask(database: sqlite3.Connection, masked: set[str]) -> None:
    """Views that hide documents, before the tables of the same names."""
    if not masked:
        return
    database.execute("CREATE TEMP TABLE masked (doc TEXT PRIMARY KEY) WITHOUT ROWID")
    database.executemany("INSERT INTO masked VALUES (?)", ((doc,) for doc in masked))
    for table, key in KEYS.items():
        database.execute(
            f"CREATE TEMP VIEW {table} AS SELECT * FROM main.{table} "  # noqa: S608 - constants  # nosec B608
            f"WHERE {key} NOT IN (SELECT doc FROM masked)"
        )
    database.commit()


def _gone_of(file: Path) -> set[str]:
    database = sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
    try:
        return gone(database)
    finally:
        database.close()


def _match(path: Path) -> re.Match[str] | None:
    return _HIGHER.fullmatch(path.name)
