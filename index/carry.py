"""Files of one generation taken over into the next."""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

LINKED = 8 << 20  # bytes from which a file is shared between generations, not copied
_CLONE = 0x40049409  # FICLONE of Linux


def carry(source: Path, target: Path) -> None:
    """Take a file over into the next generation: large ones are shared, as no file ever changes."""
    if source.stat().st_size >= LINKED:
        try:
            os.link(source, target)
            return
        except OSError:
            pass  # a file system without links: copied below
    part = target.with_name(target.name + ".part")
    copy_file(source, part)
    os.replace(part, target)  # there whole or not at all


def copy_file(source: Path, target: Path) -> None:
    """Copy a file: without moving its bytes where the file system can share them, else by the kernel."""
    with source.open("rb") as old, target.open("xb") as new:
        try:
            fcntl.ioctl(new, _CLONE, old.fileno())
        except OSError:
            shutil.copyfileobj(old, new, 1 << 22)
