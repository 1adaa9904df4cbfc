"""Generations on disk: written beside the old one, checked before use, replaced atomically.

    <index>/CURRENT        the newest generations and the hashes of their manifests, itself hashed
    <index>/gen-000007/    manifest.json and the files it lists with size and SHA-256
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
import json
import logging
import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from index.document import IndexBusy, IndexDamaged, IndexMissing
from index.failpoints import reach

SCHEMA = 1
_KEPT = 2
_PATIENCE = 1.5  # seconds a second writer waits before it gives up
_log = logging.getLogger("youju.store")


@dataclass(frozen=True, slots=True)
class StoredFile:
    """One file of a generation; `rows` is 0 where rows have no meaning."""

    name: str
    size: int
    sha256: str
    rows: int = 0


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a generation holds and what it was made with."""

    schema: int
    created: str
    passages: int
    documents: int
    dim: int
    model: str  # as given to --model; empty for the bundled encoder
    encoder: str  # fingerprint
    tokenizer: str  # fingerprint
    reader: str  # version of the reader that cut the documents
    files: tuple[StoredFile, ...]

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Read a manifest whose hash was verified. Raises IndexDamaged when it is not one."""
        try:
            fields: dict[str, Any] = json.loads(data)
            files = tuple(StoredFile(**entry) for entry in fields.pop("files"))
            return cls(**fields, files=files)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise IndexDamaged(f"the manifest cannot be read: {error}; run `youju check --repair`") from error

    def dump(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True).encode()


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
    entries = read_current(path)
    problems: list[str] = []
    for position, entry in enumerate(entries):
        try:
            generation = _open(path / entry.generation, entry.manifest_sha256, fallback=position > 0)
        except IndexDamaged as error:
            problems.append(str(error))
            continue
        if problems:
            _log.warning("%s; answering from the generation before it", problems[0])
        return generation
    raise IndexDamaged("; ".join(problems) + "; run `youju check --repair`")


def read_current(path: Path) -> list[Entry]:
    """The generations of an index, newest first. Raises IndexMissing or IndexDamaged."""
    current = path / "CURRENT"
    if not current.is_file():
        raise IndexMissing(f"no index at {path}; build one with `youju index FOLDER --index {path}`")
    line, _, digest = current.read_bytes().partition(b"\n")
    if hashlib.sha256(line).hexdigest().encode() != digest.strip():
        raise IndexDamaged(
            f"{current} does not match its checksum; run `youju check --repair --index {path}`"
        )
    return [Entry(**entry) for entry in json.loads(line)]


def verify(folder: Path, manifest: Manifest) -> list[str]:
    """Problems of a generation's files, one line each; empty when all are as written."""
    problems = []
    for stored in manifest.files:
        path = folder / stored.name
        if not path.is_file():
            problems.append(f"{path} is missing")
        elif path.stat().st_size != stored.size:
            problems.append(f"{path} has {path.stat().st_size} bytes, expected {stored.size}")
        elif digest(path) != stored.sha256:
            problems.append(f"{path} does not match its checksum")
    listed = {stored.name for stored in manifest.files} | {"manifest.json"}
    problems.extend(
        f"{path} does not belong here" for path in sorted(folder.iterdir()) if path.name not in listed
    )
    return problems


@contextmanager
def writer(path: Path) -> Iterator[None]:
    """Hold the one writer's lock of an index. Raises IndexBusy within two seconds."""
    path.mkdir(parents=True, exist_ok=True)
    lock = path.with_name(path.name + ".lock")
    with lock.open("a+b") as handle:
        _lock(handle, path)
        handle.truncate(0)
        handle.write(f"process {os.getpid()}, since {_now()}".encode())
        handle.flush()
        _sweep(path)
        reach("locked")
        yield


@contextmanager
def staging(path: Path) -> Iterator[Path]:
    """A new folder for the next generation; gone again when the block fails."""
    number = max((_number(folder) for folder in path.glob("gen-*")), default=0) + 1
    folder = path / f"gen-{number:06d}.tmp"
    folder.mkdir()
    try:
        reach("staged")
        yield folder
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise


def commit(path: Path, staged: Path, manifest: Manifest) -> None:
    """Make a staged generation the current one; it survives a crash once this returns."""
    data = manifest.dump()
    (staged / "manifest.json").write_bytes(data)
    reach("manifest written")
    for file in staged.iterdir():
        _sync(file)
    _sync(staged)
    reach("files synced")
    final = staged.with_suffix("")
    os.rename(staged, final)
    _sync(path)
    reach("generation renamed")
    entries = [Entry(final.name, hashlib.sha256(data).hexdigest()), *_previous(path)][:_KEPT]
    line = json.dumps([asdict(entry) for entry in entries]).encode()
    pending = path / "CURRENT.tmp"
    pending.write_bytes(line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n")
    _sync(pending)
    reach("current written")
    os.replace(pending, path / "CURRENT")
    _sync(path)
    reach("current replaced")
    collect(path)
    reach("collected")


def collect(path: Path) -> None:
    """Remove generations that are neither listed in CURRENT nor read by anyone. Only the writer may call."""
    kept = {entry.generation for entry in _previous(path)}
    for folder in path.glob("gen-??????"):
        if folder.name not in kept and not _pinned(folder):
            shutil.rmtree(folder)


def describe(path: Path, rows: int = 0) -> StoredFile:
    """The manifest's entry for a file that was just written."""
    return StoredFile(path.name, path.stat().st_size, digest(path), rows)


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


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
        problems = verify(folder, manifest)
        if problems:
            raise IndexDamaged("; ".join(problems))
    except (IndexDamaged, BlockingIOError) as error:
        pin.close()
        if isinstance(error, BlockingIOError):
            raise IndexDamaged(f"{folder} is being collected") from error
        raise
    return Generation(folder, manifest, expected, pin, fallback)


def _previous(path: Path) -> Sequence[Entry]:
    try:
        return [entry for entry in read_current(path) if (path / entry.generation).is_dir()]
    except (IndexMissing, IndexDamaged):
        return []


def _pinned(folder: Path) -> bool:
    try:
        with (folder / "manifest.json").open("rb") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _sweep(path: Path) -> None:
    # Only a writer that was killed leaves these behind, and there is one writer.
    for leftover in path.glob("*.tmp"):
        if leftover.is_dir():
            shutil.rmtree(leftover)
        else:
            leftover.unlink()


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


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
