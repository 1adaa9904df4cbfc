"""Generations on disk: written beside the old one, checked before use, replaced atomically.

    <index>/CURRENT        the newest generations and the hashes of their manifests, itself hashed
    <index>/gen-000007/    manifest.json, its hash, and the files it lists with size and SHA-256
    <index>.lock           held by the one writer

A writer fills gen-N.tmp, syncs every file and the folder, renames it, syncs the
parent, then replaces CURRENT: a crash at any moment leaves the old or the new
generation whole. Readers hold a shared lock on their generation's manifest;
generations without one are collected, except the last two. FAISS loads most
flipped bits without a word, so the checksums decide, before anything is read.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from index.document import IndexBusy, IndexDamaged, IndexMissing, IndexUnwritable
from index.failpoints import reach
from index.manifest import (
    READABLE,
    SCHEMA,
    SEAL,
    Manifest,
    StoredFile,
    describe,
    described,
    digest,
    sealed,
    verify,
)
from index.stamps import Stamps, boot

__all__ = [
    "READABLE",
    "SCHEMA",
    "Entry",
    "Generation",
    "Manifest",
    "StoredFile",
    "adopt",
    "collect",
    "commit",
    "describe",
    "described",
    "digest",
    "finished",
    "now",
    "open_generation",
    "plainly",
    "read_current",
    "roll_back",
    "staging",
    "verify",
    "writer",
]

_KEPT = 2
_MARK = "GOING_ON"  # in a staged folder: which work it is
_PATIENCE = 1.5  # seconds a second writer waits before it gives up
_FIXES = {
    errno.ENOSPC: "free space on that disk",
    errno.EDQUOT: "free space on that disk",
    errno.EFBIG: "raise the limit on the size of files",
    errno.EACCES: "ask for permission to write there, or choose another place with --index",
    errno.EROFS: "choose another place with --index",
}
_NAME = re.compile(r"gen-\d{6,}")
_log = logging.getLogger("youju.store")


@dataclass(frozen=True, slots=True)
class Generation:
    """An open, verified and pinned generation."""

    folder: Path
    manifest: Manifest
    fingerprint: str  # SHA-256 of the manifest
    pin: IO[bytes]
    fallback: bool = False  # the newest generation was damaged, this is the one before

    def close(self) -> None:
        """Let the generation be collected."""
        self.pin.close()


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of CURRENT."""

    generation: str
    manifest_sha256: str


def open_generation(path: Path) -> Generation:
    """Open the newest generation that is whole.

    Raises IndexMissing when nothing was ever built there, IndexDamaged when no
    generation is whole. Falls back to the one before with a warning.
    """
    while True:
        entries = read_current(path)
        generation, problems = _newest(path, entries)
        # A generation that vanished because newer ones were committed meanwhile is no damage.
        if problems and read_current(path) != entries:
            if generation:
                generation.close()
            continue
        if generation is None:
            raise IndexDamaged("; ".join(problems) + f"; run `youju check --repair --index {path}`")
        if problems:
            _log.warning("%s; answering from the generation before it", problems[0])
        return generation


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


@contextmanager
def writer(path: Path) -> Iterator[None]:
    """Hold the one writer's lock of an index.

    Raises IndexBusy within two seconds, and IndexUnwritable for any error of the disk inside.
    """
    with plainly(path):
        if not path.is_dir():
            path.mkdir(parents=True)
            _sync(path.parent)
        lock = path.with_name(path.name + ".lock")
        with lock.open("a+b") as handle:
            _lock(handle, path)
            handle.truncate(0)
            handle.write(f"process {os.getpid()}, since {now()}".encode())
            handle.flush()
            _sweep(path, spared=next((one for one in path.glob("gen-??????.tmp") if _mark(one)), None))
            if not (path / "CURRENT").exists() and any(path.glob("gen-??????")):
                adopt(path)
            reach("locked")
            yield


def adopt(path: Path) -> str:
    """Write CURRENT anew where it is lost or damaged; returns the generation that it names.

    The newest generation whose seal and checksums all hold is taken, and the
    one before it. Raises IndexDamaged when there is none: nothing is guessed.
    """
    whole: list[Entry] = []
    for folder in sorted(path.glob("gen-??????"), reverse=True):
        if len(whole) < _KEPT and sealed(folder):
            data = (folder / "manifest.json").read_bytes()
            if not verify(folder, Manifest.parse(data)):
                whole.append(Entry(folder.name, hashlib.sha256(data).hexdigest()))
    if not whole:
        raise IndexDamaged(
            f"{path / 'CURRENT'} is lost and no generation is provably whole; restore a backup, or move "
            f"{path} away and run `youju index FOLDER --index {path}`"
        )
    _log.warning("%s was lost; %s is whole and taken up again", path / "CURRENT", whole[0].generation)
    _point(path, whole)
    return whole[0].generation


def roll_back(path: Path) -> str:
    """Forget a damaged newest generation; returns the whole one before it, which is the newest now.

    What was added or removed since is lost: for a person to decide. Only the
    writer may call. Raises IndexDamaged when none is whole.
    """
    generation = open_generation(path)
    generation.close()
    entry = Entry(generation.folder.name, generation.fingerprint)
    _point(path, [entry])
    collect(path)
    return entry.generation


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


def commit(path: Path, staged: Path, manifest: Manifest, *, damaged: str = "") -> None:
    """Make a staged generation the current one; it survives a crash once this returns.

    `damaged` names a generation that is replaced and not to be fallen back to.
    """
    data = manifest.dump()
    sha256 = hashlib.sha256(data).hexdigest()
    (staged / "manifest.json").write_bytes(data)
    (staged / SEAL).write_bytes(sha256.encode() + b"\n")
    reach("manifest written")
    for file in staged.iterdir():
        _sync(file)
        reach("file synced")
    _sync(staged)
    reach("files synced")
    final = staged.with_suffix("")
    os.rename(staged, final)
    _sync(path)
    reach("generation renamed")
    before = [entry for entry in _previous(path) if entry.generation != damaged]
    _point(path, [Entry(final.name, sha256), *before][:_KEPT])
    reach("current replaced")
    collect(path)
    stamps = Stamps(path)
    for stored in manifest.files:  # hashed a moment ago, or verified when the generation before was opened
        stamps.note(final / stored.name, stored.sha256)
    stamps.save()
    reach("collected")


def collect(path: Path) -> None:
    """Remove generations that are neither listed in CURRENT nor read by anyone. Only the writer may call.

    What cannot be removed now is left to the next writer.
    """
    try:
        kept = {entry.generation for entry in read_current(path)}
    except IndexMissing:
        kept = set()
    except IndexDamaged:
        return
    for folder in path.glob("gen-??????"):
        if folder.name not in kept:
            _remove(folder)


def _newest(path: Path, entries: Sequence[Entry]) -> tuple[Generation | None, list[str]]:
    problems: list[str] = []
    for position, entry in enumerate(entries):
        try:
            generation = _open(path / entry.generation, entry.manifest_sha256, fallback=position > 0)
        except IndexDamaged as error:
            problems.append(str(error))
            continue
        return generation, problems
    return None, problems


def _open(folder: Path, expected: str, *, fallback: bool) -> Generation:
    try:
        pin = (folder / "manifest.json").open("rb")
    except OSError as error:
        raise IndexDamaged(f"{folder / 'manifest.json'} is missing") from error
    try:
        fcntl.flock(pin, fcntl.LOCK_SH | fcntl.LOCK_NB)
        data = pin.read()
        if hashlib.sha256(data).hexdigest() != expected:
            raise IndexDamaged(f"{folder / 'manifest.json'} does not match its checksum")
        manifest = Manifest.parse(data)
        problems = verify(folder, manifest, Stamps(folder.parent))
        if problems:
            raise IndexDamaged("; ".join(problems))
    except BlockingIOError as error:
        pin.close()
        raise IndexDamaged(f"{folder} is being collected") from error
    except OSError as error:
        pin.close()
        raise IndexDamaged(f"{folder} cannot be read: {error.strerror}") from error
    except BaseException:
        pin.close()
        raise
    return Generation(folder, manifest, expected, pin, fallback)


def _point(path: Path, entries: Sequence[Entry]) -> None:
    line = json.dumps([asdict(entry) for entry in entries]).encode()
    pending = path / "CURRENT.tmp"
    pending.write_bytes(line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n")
    _sync(pending)
    reach("current written")
    os.replace(pending, path / "CURRENT")
    _sync(path)


def _previous(path: Path) -> Sequence[Entry]:
    try:
        return [entry for entry in read_current(path) if (path / entry.generation).is_dir()]
    except IndexMissing:
        return []


def _remove(folder: Path) -> None:
    """Remove a generation that nobody reads; under its lock, so that nobody begins to meanwhile."""
    try:
        with (folder / "manifest.json").open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gone = folder.with_suffix(".tmp")
            os.rename(folder, gone)
            shutil.rmtree(gone)
    except FileNotFoundError:
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return
    except OSError as error:
        _log.warning("%s could not be removed: %s", folder, error.strerror)


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


def _number(folder: Path) -> int:
    digits = folder.name.removeprefix("gen-").removesuffix(".tmp")
    return int(digits) if digits.isdigit() else 0


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def now() -> str:
    """The time, as manifests give it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
