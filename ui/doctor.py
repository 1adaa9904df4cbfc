"""Is this machine ready, is this index sound, and what is to be done if not?"""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from index import store
from index.check import check
from index.document import IndexMissing, YoujuError
from index.encode import load_encoder
from index.remote import Location, Remote
from index.search import open_index

_NEEDED = ("faiss-cpu", "bm25s", "jieba", "tokenizers", "safetensors", "gradio", "langchain", "torch")
_FREE = 1 << 30  # bytes of disk below which an update may fail


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at; `fix` says what to do when it is not ok."""

    ok: bool
    what: str
    fix: str = ""


def examine(path: Location) -> list[Finding]:
    """Look at interpreter, packages, models, disk and index, in this order."""
    return [_interpreter(), *_packages(), _models(), _disk(path), _index(path)]


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


def _models() -> Finding:
    try:
        encoder = load_encoder()
    except YoujuError as error:
        return Finding(False, "the bundled encoder does not load", str(error))
    return Finding(True, f"bundled encoder {encoder.fingerprint}, {encoder.dim} dimensions")


def _disk(path: Location) -> Finding:
    path = Path() if isinstance(path, Remote) else path
    place = next(folder for folder in (path, *path.absolute().parents) if folder.exists())
    free = shutil.disk_usage(place).free
    enough = free > _FREE
    return Finding(enough, f"{free / 1e9:.1f} GB free at {place}", "" if enough else "free at least 1 GB")


def _index(path: Location) -> Finding:
    try:
        report = check(path)
        if not report.ok:
            return Finding(False, f"index {path}: {report.problems[0]}", "run `youju check --repair`")
        with open_index(path) as index:
            return Finding(True, f"index {path}: {len(index.passages)} passages, schema {store.SCHEMA}")
    except IndexMissing:
        return Finding(False, f"no index at {path}", f"run `youju index FOLDER --index {path}`")
    except YoujuError as error:
        return Finding(False, f"index {path} does not open", str(error))
