"""What is written to disk survives, and what the disk refuses is told plainly."""

from __future__ import annotations

import errno
import os
import re
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from safetensors import SafetensorError

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
    except (OSError, sqlite3.Error, SafetensorError) as error:
        number = _number(error)
        if isinstance(error, SafetensorError) and not number:
            raise  # what was to be written is wrong, or what was read is
        reason = os.strerror(number) if number else str(error)
        raise IndexUnwritable(
            f"{path} cannot be written: {reason}; what was indexed before is kept; "
            f"{_FIXES.get(number, 'check the disk')}, then run the command again"
        ) from error


def _number(error: Exception) -> int:
    """The system's number of an error, 0 where it says none."""
    if isinstance(error, OSError):
        return error.errno or 0
    if isinstance(error, sqlite3.Error):
        return errno.ENOSPC if "full" in str(error) else 0
    said = re.search(r"\(os error (\d+)\)", str(error))
    return int(said[1]) if said else 0


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
