"""Which large files were verified already, so that not every question reads gigabytes to check them.

    <index>/VERIFIED    for each verified file its identity on disk, and a hash of the whole list

A stamp holds while nothing has written to the file: device, inode, size and
both times must be what they were, the machine must not have been started anew,
and a day must not have passed. Any program that changes a file changes its
times, and is noticed at the next opening. What changes no times, a medium that
decays, is noticed within a day, or at once by `youju check`, which trusts no
stamp. Small files are always verified.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

Identity = list[Any]  # JSON: numbers and a string
NAME = "VERIFIED"
LARGE = 8 << 20  # bytes below which a file is verified at every opening
_VALID = 24 * 3600  # seconds


class Stamps:
    """The stamps of an index; unreadable or damaged ones count as none."""

    def __init__(self, path: Path) -> None:
        self._file = path / NAME
        self._held = read_list(self._file)
        self._changed = False

    def holds(self, file: Path, sha256: str) -> bool:
        """Whether the file is untouched since its content had that hash."""
        found, since = self._held.get(sha256, ([], 0.0))
        return 0 <= time.time() - since < _VALID and found == [boot(), *identity(file)]

    def note(self, file: Path, sha256: str) -> None:
        """Remember that the file's content has that hash, as was just computed."""
        if file.stat().st_size >= LARGE:
            self._held[sha256] = ([boot(), *identity(file)], time.time())
            self._changed = True

    def save(self) -> None:
        """Write new stamps; where that is not allowed, the next opening verifies again."""
        if self._changed:
            now = time.time()
            write_list(self._file, {key: one for key, one in self._held.items() if now - one[1] < _VALID})


def read_list(file: Path) -> dict[str, tuple[Identity, Any]]:
    """What `write_list` wrote; empty where the file is missing or damaged."""
    try:
        line, _, digest = file.read_bytes().partition(b"\n")
        if hashlib.sha256(line).hexdigest().encode() + b"\n" != digest:
            return {}
        return {name: (found, value) for name, (found, value) in json.loads(line).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def write_list(file: Path, held: Mapping[str, tuple[Identity, Any]]) -> None:
    """Write a list with its hash in one step; nothing happens where that is not allowed."""
    line = json.dumps(held).encode()
    part = file.with_name(f"{file.name}.{os.getpid()}.tmp")
    try:
        part.write_bytes(line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n")
        os.replace(part, file)
    except OSError:
        part.unlink(missing_ok=True)


def identity(file: Path) -> Identity:
    """Device, inode, size and both times of a file. Raises OSError."""
    found = file.stat()
    return [found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def boot() -> str:
    """What tells one start of the machine from the next; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
