"""The collections of an index on a server, and the conditions under which a row belongs to a generation.

Passages carry the number of the generation from which on they are gone (`died`), and their keys (`row`)
only ever grow. So those of a generation are the rows below its `next_row` that die later: a reader sees
neither what a writer is adding nor that it is marking.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from index.milvus.server import Server
from index.records import Where

NEVER = 2**62  # `died` of what is alive
WIDTH = 60_000  # bytes of one field at most; the server's limit is 65,535
_LIMIT = 65_535
_KEY = 512  # bytes of a key of `records`
_PATH = 16_384  # bytes of a document's id


@dataclass(frozen=True, slots=True)
class Tables:
    """Names of the collections of one epoch."""

    passages: str
    records: str

    @classmethod
    def of(cls, name: str, epoch: int) -> Tables:
        return cls(f"{name}_{epoch}_passages", f"{name}_{epoch}_records")


def state_of(name: str) -> str:
    """The collection of heads and claims."""
    return f"{name}_state"


def epochs(server: Server, name: str) -> set[int]:
    """Epochs of which any collection is there, also those of a writer that was killed."""
    form = re.compile(rf"{re.escape(name)}_(\d+)_(?:passages|records)")
    return {int(found[1]) for other in server.collections() if (found := form.fullmatch(other))}


def create_state(server: Server, name: str) -> None:
    """Make the collection of heads and claims."""
    _create(server, state_of(name), [("key", "VARCHAR", {"is_primary": True, "max_length": _KEY})])


def create(server: Server, tables: Tables, dim: int, vectors: str) -> None:
    """Make the collections of an epoch; `vectors` is the kind of the vector index."""
    _create(
        server,
        tables.passages,
        [
            ("row", "INT64", {"is_primary": True}),
            ("died", "INT64", {}),
            ("id", "VARCHAR", {"max_length": _KEY}),
            ("doc", "VARCHAR", {"max_length": _PATH}),
            ("kind", "VARCHAR", {"max_length": _KEY}),
            ("date", "VARCHAR", {"max_length": _KEY}),
            ("dense", "FLOAT_VECTOR", {"dim": dim}),
            ("sparse", "SPARSE_FLOAT_VECTOR", {}),
        ],
        indexed=("died", "id", "doc", "kind", "date"),
        vectors=vectors,
    )
    _create(
        server,
        tables.records,
        [
            ("key", "VARCHAR", {"is_primary": True, "max_length": _KEY}),
            ("died", "INT64", {}),
            ("copy", "INT64", {}),
        ],
        indexed=("died", "copy"),
    )


def drop(server: Server, tables: Tables) -> None:
    """Delete what is there of an epoch."""
    there = set(server.collections())
    for collection in (tables.passages, tables.records):
        if collection in there:
            server.drop(collection)


def within(where: Where | None) -> str:
    """A filter of passages as the server's condition; empty when nothing is restricted.

    Dates are compared as far as the bound is given: 2023 admits 2023-12-01, as `~` sorts after digits.
    """
    if not where:
        return ""
    tests = [
        f"{field} in [{', '.join(map(quoted, sorted(allowed)))}]"
        for field, allowed in (("doc", where.docs), ("kind", where.kinds))
        if allowed
    ]
    if where.since or where.until:
        tests.append("date != ''")
    if where.since:
        tests.append(f"date >= {quoted(where.since)}")
    if where.until:
        tests.append(f"date <= {quoted(where.until + '~')}")
    return " and ".join(tests)


def quoted(text: str) -> str:
    """A string literal of the server's condition language."""
    for plain, escaped in (("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")):
        text = text.replace(plain, escaped)
    return f'"{text}"'


def cut(text: str) -> list[str]:
    """A text in pieces that fit into a field each, at least one; cut between characters."""
    data = text.encode("utf-8")
    pieces: list[str] = []
    start = 0
    while start < len(data):
        end = min(start + WIDTH, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        pieces.append(data[start:end].decode("utf-8"))
        start = end
    return pieces or [""]


def _create(
    server: Server,
    collection: str,
    fields: Sequence[tuple[str, str, dict[str, Any]]],
    *,
    indexed: Sequence[str] = (),
    vectors: str = "",
) -> None:
    """A collection of some fields and `value`, a text; without vectors of its own it gets an idle one."""
    from pymilvus import DataType, MilvusClient

    schema = MilvusClient.create_schema(auto_id=False, enable_dynamic_field=False)
    for name, kind, options in fields:
        schema.add_field(name, DataType[kind], **options)
    schema.add_field("value", DataType.VARCHAR, max_length=_LIMIT)
    indexes = MilvusClient.prepare_index_params()
    if vectors:
        parameters = {"M": 24, "efConstruction": 200} if vectors == "HNSW" else {}
        indexes.add_index("dense", index_type=vectors, metric_type="IP", params=parameters)
        indexes.add_index("sparse", index_type="SPARSE_INVERTED_INDEX", metric_type="IP")
    else:
        # Every collection of Milvus must have a vector.
        schema.add_field("idle", DataType.FLOAT_VECTOR, dim=2)
        indexes.add_index("idle", index_type="FLAT", metric_type="IP")
    for name in indexed:
        indexes.add_index(name, index_type="INVERTED")
    server.create(collection, schema, indexes)


def filled(key: str, value: str, **fields: Any) -> dict[str, Any]:
    """A row of a collection without vectors of its own."""
    return {"key": key, "value": value, "idle": [0.0, 0.0], **fields}
