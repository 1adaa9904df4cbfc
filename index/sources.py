"""Which source files were hashed before, so that an update does not read again what nobody touched.

    <index>/SOURCES    for each file its hash, and its identity on disk when it was hashed

A file is taken as untouched while device, inode, size and both times are what
they were: any program that changes a file changes them. As git does with its
index, a file that was changed within two seconds before it was looked at is
hashed again the next time, as another change in the same tick of the clock
could not be told. `youju check` reads every file that it compares.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from index.stamps import Identity, identity, read_list, write_list

NAME = "SOURCES"
_TICK = 2 * 10**9  # nanoseconds: the coarsest clock of a file system in use


class Sources:
    """Hashes of source files by path; a list that is missing or damaged counts as empty."""

    def __init__(self, path: Path) -> None:
        self._file = path / NAME
        self._held = read_list(self._file)
        self._looked: dict[str, Identity] = {}
        self._changed = False

    def known(self, file: Path) -> str:
        """The hash of a file's content where it is untouched since it was computed, else nothing."""
        name = _name(file)
        now = time.time_ns()
        try:
            found = identity(file)
        except OSError:
            return ""
        held = self._held.get(name)
        if held and held[0] == found:
            return str(held[1])
        if now - max(found[-2:]) > _TICK:
            self._looked[name] = found
        return ""

    def note(self, file: Path, sha256: str) -> None:
        """Remember the hash of a file that was read after `known` was asked."""
        found = self._looked.pop(_name(file), None)
        if found:
            self._held[_name(file)] = (found, sha256)
            self._changed = True

    def save(self) -> None:
        """Write what is new; where that is not allowed, the next update hashes again."""
        if self._changed:
            write_list(self._file, self._held)

    def forget(self, file: Path) -> None:
        """Let go of a file that is gone."""
        self._changed |= self._held.pop(_name(file), None) is not None


def _name(file: Path) -> str:
    return os.path.abspath(file)
