"""What a writer leaves behind: half a generation when it was killed, old generations when it succeeded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from index.milvus.heads import Head, forget
from index.milvus.rows import Copy
from index.milvus.server import Server, batches
from index.milvus.tables import NEVER, Tables, drop, epochs
from index.remote import Remote

KEPT = 2  # generations that stay readable
GRACE = 900.0  # seconds for which any generation stays readable after the next one
_TOGETHER = 500
_PASSAGE = ("row", "died", "id", "doc", "kind", "date", "value", "dense", "sparse")
_RECORD = ("key", "died", "copy", "value", "idle")


def sweep(server: Server, remote: Remote, heads: Sequence[Head]) -> None:
    """Undo what a killed writer did after the newest head. Only the writer may call."""
    used = {head.epoch for head in heads}
    for epoch in epochs(server, remote.name) - used:
        drop(server, Tables.of(remote.name, epoch))
    if not heads:
        return
    head = heads[0]
    tables = head.tables(remote.name)
    server.delete(tables.passages, f"row >= {head.next_row}")
    server.delete(tables.records, f"copy >= {head.next_copy}")
    server.delete(tables.records, f"copy <= {-1 - head.next_dim}")
    marked = f"died > {head.generation} and died < {NEVER}"
    rows = [row["row"] for row in server.query(tables.passages, marked, ("row",), strong=True)]
    keys = [row["key"] for row in server.query(tables.records, marked, ("key",), strong=True)]
    _mark_rows(server, tables, rows, NEVER)
    _mark_keys(server, tables, keys, NEVER)


def bury(server: Server, tables: Tables, copies: Sequence[Copy], generation: int) -> None:
    """Mark documents as gone from a generation on; earlier ones still see them."""
    _mark_rows(server, tables, [row for copy in copies for row in copy.rows], generation)
    _mark_keys(server, tables, [copy.key for copy in copies], generation)


def collect(server: Server, remote: Remote, heads: Sequence[Head]) -> None:
    """Delete what no generation that stays readable can see; `heads` are newest first."""
    kept = [
        head for place, head in enumerate(heads) if place < KEPT or _age(heads[place - 1].created) < GRACE
    ]
    oldest = kept[-1].generation
    for epoch in {head.epoch for head in kept}:
        _collect(server, Tables.of(remote.name, epoch), oldest)
    for epoch in epochs(server, remote.name) - {head.epoch for head in kept}:
        drop(server, Tables.of(remote.name, epoch))
    if len(kept) < len(heads):
        forget(server, remote, oldest)


def _collect(server: Server, tables: Tables, oldest: int) -> None:
    dead = f"died <= {oldest}"
    gone = [row["copy"] for row in server.query(tables.records, dead, ("copy",), strong=True)]
    if not gone:
        return
    server.delete(tables.passages, dead)
    for some in batches(gone, _TOGETHER):
        server.delete(tables.records, f"copy in [{', '.join(map(str, some))}]")


def _mark_rows(server: Server, tables: Tables, rows: Sequence[int], died: int) -> None:
    for some in batches(rows, _TOGETHER):
        found = list(server.get(tables.passages, some, _PASSAGE))
        server.upsert(tables.passages, [{**row, "died": died} for row in found])


def _mark_keys(server: Server, tables: Tables, keys: Sequence[str], died: int) -> None:
    for some in batches(keys, _TOGETHER):
        found = list(server.get(tables.records, some, _RECORD))
        server.upsert(tables.records, [{**row, "died": died} for row in found])


def _age(created: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(created)).total_seconds()
