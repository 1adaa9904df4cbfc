"""What is written to disk survives, and what the disk refuses is told plainly."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from index.document import IndexUnwritable

_FIXES = {
    errno.ENOSPC: "free space on that disk",
    errno.EDQUOT: "free space on that disk",
    errno.EFBIG: "raise the limit on the size of files",
    errno.EACCES: "ask for permission to write there, or choose another place with --index",
    errno.EROFS: "choose another place with --index",
}


@contextmanager
def plainly(path: Path) -> Iterator[None]:
    """Errors of the disk as one line with its fix."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        number = error.errno if isinstance(error, OSError) else errno.ENOSPC if _full(error) else 0
        reason = os.strerror(number) if number else str(error)
        raise IndexUnwritable(
            f"{path} cannot be written: {reason}; what was indexed before is kept; "
            f"{_FIXES.get(number or 0, 'check the disk')}, then run the command again"
        ) from error


def _full(error: sqlite3.Error) -> bool:
    return "full" in str(error)


def sync(path: Path) -> None:
    """Wait until a file or a folder is on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def now() -> str:
    """The time, as manifests give it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
