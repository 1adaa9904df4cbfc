"""Heads: what a generation on a server holds and was made with. One that is inserted makes it visible."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from index.document import IndexDamaged, IndexMismatch, IndexMissing, StoreUnavailable
from index.milvus.server import Row, Server
from index.milvus.tables import Tables, filled, state_of
from index.remote import Remote

SCHEMA = 1
_PREFIX = "head/"


@dataclass(frozen=True, slots=True)
class Head:
    """One generation. `length` counts the terms of all passages, `average` is the mean of the weights."""

    schema: int
    generation: int
    epoch: int
    created: str  # ISO 8601, UTC
    passages: int
    documents: int
    dim: int
    model: str  # as given to --model; empty for the bundled encoder
    encoder: str  # fingerprint
    tokenizer: str  # fingerprint
    reader: str  # version of the reader that cut the documents
    vectors: str  # kind of the vector index
    length: int
    average: float
    next_row: int
    next_copy: int
    next_dim: int
    content: str  # sum of the documents' digests, hexadecimal

    @property
    def fingerprint(self) -> str:
        """Identity of the generation, SHA-256."""
        return hashlib.sha256(self.dump().encode()).hexdigest()

    @property
    def alive(self) -> str:
        """The condition under which a passage belongs to this generation."""
        return f"row < {self.next_row} and died > {self.generation}"

    def tables(self, name: str) -> Tables:
        """The collections it stands in."""
        return Tables.of(name, self.epoch)

    def dump(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True)

    @classmethod
    def parse(cls, text: str, where: str) -> Head:
        """Read a head and the hash after it. Raises IndexDamaged or, of a newer program, IndexMismatch."""
        dumped, _, digest = text.rpartition("\n")
        if hashlib.sha256(dumped.encode()).hexdigest() != digest:
            raise IndexDamaged(
                f"a head of {where} does not match its checksum; run `youju check --repair --index {where}`"
            )
        fields: dict[str, Any] = json.loads(dumped)
        if fields.get("schema") != SCHEMA:
            raise IndexMismatch(
                f"{where} has schema {fields.get('schema')}, this program reads {SCHEMA}; update Youju, or "
                f"index its folders under another name"
            )
        return cls(**fields)


def heads(server: Server, remote: Remote) -> list[Head]:
    """Heads of an index, newest first. Raises IndexMissing where nothing was ever committed."""
    rows = _rows(server, state_of(remote.name))
    found = [Head.parse(row["value"], str(remote)) for row in rows]
    if not found:
        raise IndexMissing(f"no index at {remote}; build one with `youju index FOLDER --index {remote}`")
    return sorted(found, key=lambda head: head.generation, reverse=True)


def commit(server: Server, remote: Remote, head: Head) -> None:
    """Make a generation the current one; it is seen by every reader that opens once this returns."""
    dumped = head.dump()
    value = dumped + "\n" + hashlib.sha256(dumped.encode()).hexdigest()
    server.insert(state_of(remote.name), [filled(f"{_PREFIX}{head.generation:012d}", value)])


def forget(server: Server, remote: Remote, generation: int) -> None:
    """Delete the heads before a generation."""
    bound = f"{_PREFIX}{generation:012d}"
    server.delete(state_of(remote.name), f'key like "{_PREFIX}%" and key < "{bound}"')


def now() -> str:
    """The time as heads write it."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _rows(server: Server, state: str) -> list[Row]:
    try:
        return server.query(state, f'key like "{_PREFIX}%"', ["value"], strong=True)
    except StoreUnavailable:
        if state in server.collections():
            raise
        return []
