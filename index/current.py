"""Which generations of an index are the newest: the file CURRENT, itself hashed and replaced in one step."""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from index.disk import sync
from index.document import IndexDamaged, IndexMissing
from index.failpoints import reach

_NAME = re.compile(r"gen-\d{6,}")


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of CURRENT."""

    generation: str
    manifest_sha256: str


def read_current(path: Path) -> list[Entry]:
    """The generations of an index, newest first. Raises IndexMissing or IndexDamaged."""
    current = path / "CURRENT"
    try:
        data = current.read_bytes()
    except FileNotFoundError as error:
        raise IndexMissing(
            f"no index at {path}; build one with `youju index FOLDER --index {path}`"
        ) from error
    except OSError as error:
        raise IndexDamaged(f"{current} cannot be read: {error.strerror}") from error
    line, _, digest = data.partition(b"\n")
    if hashlib.sha256(line).hexdigest().encode() + b"\n" != digest:
        raise IndexDamaged(
            f"{current} does not match its checksum; run `youju check --repair --index {path}`"
        )
    try:
        entries = [Entry(**entry) for entry in json.loads(line)]
        if not entries or not all(_NAME.fullmatch(entry.generation) for entry in entries):
            raise ValueError("it names no generation")
    except (ValueError, TypeError, RecursionError) as error:
        raise IndexDamaged(f"{current} cannot be read: {error}; restore a backup") from error
    return entries


def previous(path: Path) -> Sequence[Entry]:
    """The generations that CURRENT names and that are there; none where it is missing."""
    try:
        return [entry for entry in read_current(path) if (path / entry.generation).is_dir()]
    except IndexMissing:
        return []


def point(path: Path, entries: Sequence[Entry]) -> None:
    """Make these the generations of an index, newest first; it survives a crash once this returns."""
    line = json.dumps([asdict(entry) for entry in entries]).encode()
    pending = path / "CURRENT.tmp"
    pending.write_bytes(line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n")
    sync(pending)
    reach("current written")
    os.replace(pending, path / "CURRENT")
    sync(path)
