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
from pathlib import Path

NAME = "VERIFIED"
LARGE = 8 << 20  # bytes below which a file is verified at every opening
_VALID = 24 * 3600  # seconds


class Stamps:
    """The stamps of an index; unreadable or damaged ones count as none."""

    def __init__(self, path: Path) -> None:
        self._file = path / NAME
        self._held = _read(self._file)
        self._changed = False

    def holds(self, file: Path, sha256: str) -> bool:
        """Whether the file is untouched since its content had that hash."""
        identity, since = self._held.get(sha256, ([], 0.0))
        return 0 <= time.time() - since < _VALID and identity == _identity(file)

    def note(self, file: Path, sha256: str) -> None:
        """Remember that the file's content has that hash, as was just computed."""
        if file.stat().st_size >= LARGE:
            self._held[sha256] = (_identity(file), time.time())
            self._changed = True

    def save(self) -> None:
        """Write new stamps; where that is not allowed, the next opening verifies again."""
        if not self._changed:
            return
        held = {sha256: stamp for sha256, stamp in self._held.items() if time.time() - stamp[1] < _VALID}
        line = json.dumps(held).encode()
        part = self._file.with_name(f"{NAME}.{os.getpid()}.tmp")
        try:
            part.write_bytes(line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n")
            os.replace(part, self._file)
        except OSError:
            part.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, tuple[list[object], float]]:
    try:
        line, _, digest = file.read_bytes().partition(b"\n")
        if hashlib.sha256(line).hexdigest().encode() + b"\n" != digest:
            return {}
        return {sha256: (identity, float(since)) for sha256, (identity, since) in json.loads(line).items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _identity(file: Path) -> list[object]:
    found = file.stat()
    return [boot(), found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def boot() -> str:
    """What tells one start of the machine from the next; empty where the system does not say."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except OSError:
        return ""
