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

import fcntl
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from index.current import Entry, point, previous, read_current
from index.disk import sync
from index.document import IndexDamaged, IndexMissing
from index.failpoints import reach
from index.manifest import SEAL, Manifest, sealed, verify
from index.staging import locked
from index.stamps import Stamps

_KEPT = 2
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


@contextmanager
def writer(path: Path) -> Iterator[None]:
    """Hold the one writer's lock of an index.

    Raises IndexBusy within two seconds, and IndexUnwritable for any error of the disk inside.
    """
    with locked(path):
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
    point(path, whole)
    return whole[0].generation


def roll_back(path: Path) -> str:
    """Forget a damaged newest generation; returns the whole one before it, which is the newest now.

    What was added or removed since is lost: for a person to decide. Only the
    writer may call. Raises IndexDamaged when none is whole.
    """
    generation = open_generation(path)
    generation.close()
    entry = Entry(generation.folder.name, generation.fingerprint)
    point(path, [entry])
    collect(path)
    return entry.generation


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
        sync(file)
        reach("file synced")
    sync(staged)
    reach("files synced")
    final = staged.with_suffix("")
    os.rename(staged, final)
    sync(path)
    reach("generation renamed")
    before = [entry for entry in previous(path) if entry.generation != damaged]
    point(path, [Entry(final.name, sha256), *before][:_KEPT])
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
