"""Where the next generation is written: under the lock of the one writer, in a folder beside the others."""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from index.disk import now, plainly, sync
from index.document import IndexBusy
from index.failpoints import reach
from index.stamps import boot

_MARK = "GOING_ON"  # in a staged folder: which work it is
_PATIENCE = 1.5  # seconds a second writer waits before it gives up


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold the one writer's lock of an index.

    Raises IndexBusy within two seconds, and IndexUnwritable for any error of the disk inside.
    """
    with plainly(path):
        if not path.is_dir():
            path.mkdir(parents=True, exist_ok=True)  # another writer may be about to, too
            sync(path.parent)
        lock = path.with_name(path.name + ".lock")
        with lock.open("a+b") as handle:
            _lock(handle, path)
            handle.truncate(0)
            handle.write(f"process {os.getpid()}, since {now()}".encode())
            handle.flush()
            _sweep(path, spared=next((one for one in path.glob("gen-??????.tmp") if _mark(one)), None))
            yield


@contextmanager
def staging(path: Path, *, going_on: str = "") -> Iterator[Path]:
    """A folder for the next generation; gone again when the block fails or commits nothing.

    `going_on` names the work: the folder that a killed or interrupted writer of the
    same work left behind is given again, with all that is in it, unless the
    machine was started anew since (then what is in it need not be on the disk).
    """
    mark = f"{going_on} {boot()}" if going_on else ""
    folder = next((one for one in path.glob("gen-??????.tmp") if mark and _mark(one) == mark), None)
    _sweep(path, spared=folder)
    if folder is None:
        number = max((_number(one) for one in path.glob("gen-*")), default=0) + 1
        folder = path / f"gen-{number:06d}.tmp"
        folder.mkdir()
    try:
        if mark:
            (folder / _MARK).write_text(mark, encoding="utf-8")
        for half in folder.glob("*.part"):
            half.unlink()
        reach("staged")
        yield folder
    except KeyboardInterrupt:
        raise  # what is finished is there for the next run
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    if folder.exists():
        shutil.rmtree(folder)


def finished(staged: Path) -> None:
    """What is in a staged folder is complete, and no work to go on with any more."""
    (staged / _MARK).unlink(missing_ok=True)


def _sweep(path: Path, *, spared: Path | None = None) -> None:
    # Only a writer that was killed leaves these behind, and there is one writer.
    for leftover in path.glob("*.tmp"):
        if leftover == spared:
            continue
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink(missing_ok=True)


def _mark(folder: Path) -> str:
    try:
        return (folder / _MARK).read_text(encoding="utf-8")
    except OSError:
        return ""


def _lock(handle: IO[bytes], path: Path) -> None:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            return fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                handle.seek(0)
                holder = handle.read().decode(errors="replace") or "another process"
                raise IndexBusy(f"{path} is being written by {holder}; wait for it and try again") from error
            time.sleep(0.05)


def _number(folder: Path) -> int:
    digits = folder.name.removeprefix("gen-").removesuffix(".tmp")
    return int(digits) if digits.isdigit() else 0
