"""Is this machine ready, is this index sound, and what is to be done if not?"""

from __future__ import annotations

import fcntl
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index.check import check
from index.current import read_current
from index.document import IndexMissing, YoujuError
from index.encode import load_encoder
from index.inventory import Listed
from index.manifest import SCHEMA
from index.records import DocumentCard
from index.remote import Location, Remote
from index.search import open_index

_NEEDED = ("faiss-cpu", "bm25s", "jieba", "tokenizers", "safetensors", "gradio", "langchain", "torch")
_FREE = 1 << 30  # bytes of disk below which an update may fail
_MEMORY = 1 << 30  # bytes of memory below which an update may be slow or be killed


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `fix` says what to do when it is not ok."""

    ok: bool
    what: str
    fix: str = ""


def examine(path: Location) -> list[Finding]:
    """Look at interpreter, packages, models, memory, disk and index, in this order."""
    machine = [_interpreter(), *_packages(), _scans(), _models(), *_memory()]
    if isinstance(path, Remote):
        return [*machine, *_index(path)]
    return [*machine, _disk(path), _place(path), *_index(path)]


def _interpreter() -> Finding:
    found = ".".join(map(str, sys.version_info[:3]))
    ready = sys.version_info >= (3, 11)
    return Finding(ready, f"Python {found}", "" if ready else "Python 3.11 or newer is needed")


def _packages() -> list[Finding]:
    findings = []
    for name in _NEEDED:
        try:
            findings.append(Finding(True, f"{name} {version(name)}"))
        except PackageNotFoundError:
            findings.append(Finding(False, f"{name} is not installed", "run `make setup` or `pip install .`"))
    return findings


def _scans() -> Finding:
    try:
        return Finding(True, f"scanned pages can be read (rapidocr {version('rapidocr')})")
    except PackageNotFoundError:
        return Finding(True, "scanned pages are refused; to read them: pip install 'youju[ocr]'")


def _models() -> Finding:
    try:
        encoder = load_encoder()
    except YoujuError as error:
        return Finding(False, "the bundled encoder does not load", str(error))
    return Finding(True, f"bundled encoder {encoder.fingerprint}, {encoder.dim} dimensions")


def _memory() -> Iterator[Finding]:
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return  # not Linux: nothing is known, nothing is said
    free = next((int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")), 0)
    enough = free > _MEMORY
    yield Finding(enough, f"{free / 1e9:.1f} GB of memory free", "" if enough else "close other programs")


def _disk(path: Path) -> Finding:
    place = _standing(path)
    free = shutil.disk_usage(place).free
    enough = free > _FREE
    return Finding(enough, f"{free / 1e9:.1f} GB free at {place}", "" if enough else "free at least 1 GB")


def _place(path: Path) -> Finding:
    """Whether files beside the index can be written, locked, synced and replaced."""
    place = _standing(path if path.is_dir() else path.parent)
    try:
        with tempfile.NamedTemporaryFile(dir=place, prefix=".youju-doctor-", suffix=".tmp") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.write(b"x")
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        fix = "give permission to write there, or put the index on a local disk with --index"
        return Finding(False, f"{place} cannot hold an index: {error.strerror}", fix)
    return Finding(True, f"{place} can be written, locked and synced")


def _index(path: Location) -> Iterator[Finding]:
    try:
        report = check(path)
        if not report.ok:
            yield Finding(
                False, f"index {path}: {report.problems[0]}", f"run `youju check --repair --index {path}`"
            )
            return
        with open_index(path) as index:
            cards = index.documents()
            yield Finding(True, f"index {path}: {len(index.passages)} passages, schema {SCHEMA}")
    except IndexMissing:
        yield Finding(False, f"no index at {path}", f"run `youju index FOLDER --index {path}`")
        return
    except YoujuError as error:
        yield Finding(False, f"index {path} does not open", str(error))
        return
    if isinstance(path, Path):
        yield _generations(path)
    yield from _sources(path, cards)


def _generations(path: Path) -> Finding:
    """The generation to fall back to, and what a killed writer left."""
    entries = read_current(path)
    left = sum(1 for place in path.glob("*.tmp"))
    kept = f"{len(entries)} generations kept" if len(entries) > 1 else "1 generation kept"
    swept = f", {left} leftovers that the next update sweeps" if left else ""
    return Finding(True, kept + swept)


def _sources(path: Location, cards: list[DocumentCard]) -> Iterator[Finding]:
    """Whether the folders that documents came from still hold what was indexed, by size."""
    for root in sorted({card.root for card in cards}):
        ours = [card for card in cards if card.root == root]
        if not Path(root).is_dir():
            yield Finding(
                False,
                f"{root} is gone: {len(ours)} documents stand in the index alone",
                f"keep a backup of {path}",
            )
            continue
        changed = sum(_size(Listed(card.id, root, card.sha256).file) != card.size for card in ours)
        fix = f"run `youju index {root} --index {path}`" if changed else ""
        yield Finding(not changed, f"{root}: {len(ours)} documents, {changed} changed or gone since", fix)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return -1


def _standing(path: Path) -> Path:
    return next(folder for folder in (path, *path.absolute().parents) if folder.exists())
