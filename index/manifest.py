"""What a generation holds, file by file, and whether it still does."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from index.crew import cores
from index.document import IndexDamaged, IndexMismatch
from index.stamps import Stamps

SCHEMA = 4  # 1: without inventory and manifest.sha256; 2: words and vectors in one piece; 3: records too
READABLE = 3  # the oldest that is read as it is
SEAL = "manifest.sha256"  # tells a whole generation where CURRENT is lost
_LARGE = 64 << 20  # bytes from which files are hashed on all cores


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
        """Read a manifest whose hash was verified.

        Raises IndexDamaged when it is not one, IndexMismatch when a newer program wrote it.
        """
        try:
            fields: dict[str, Any] = json.loads(data)
            if int(fields["schema"]) > SCHEMA:
                raise IndexMismatch(
                    f"the index has schema {fields['schema']}, made by a newer version; "
                    f"this one reads up to {SCHEMA}: update Youju"
                )
            files = tuple(StoredFile(**entry) for entry in fields.pop("files"))
            found = cls(**fields, files=files)
            parts: tuple[Manifest | StoredFile, ...] = (found, *files)
            for part in parts:
                _check_kinds(part)
            return found
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            raise IndexDamaged(f"the manifest cannot be read: {error}; run `youju check --repair`") from error

    def dump(self) -> bytes:
        return json.dumps(asdict(self), ensure_ascii=False, indent=1, sort_keys=True).encode()


def _check_kinds(one: Manifest | StoredFile) -> None:
    """Raises TypeError for a value that is none of its field's kind, ValueError for a name that is a path."""
    for name, kind in one.__annotations__.items():
        value = getattr(one, name)
        if type(value).__name__ != str(kind).partition("[")[0]:
            raise TypeError(f"{name} is a {type(value).__name__}, expected {kind}")
    if isinstance(one, StoredFile) and (Path(one.name).name != one.name or "\0" in one.name):
        raise ValueError(f"{one.name!r} is no name of a file")


def verify(folder: Path, manifest: Manifest, stamps: Stamps | None = None) -> list[str]:
    """Problems of a generation's files, one line each; empty when all are as written.

    Large files that `stamps` say were verified, and are untouched since, are not read again.
    """

    def problem(stored: StoredFile) -> str:
        return _problem(folder / stored.name, stored, stamps)

    with ThreadPoolExecutor(cores()) as threads:  # hashing leaves the interpreter free
        large = sum(stored.size for stored in manifest.files) > _LARGE
        problems = [found for found in (threads.map if large else map)(problem, manifest.files) if found]
    if stamps and not problems:
        stamps.save()
    if manifest.schema > 1 and not sealed(folder):
        problems.append(f"{folder / SEAL} does not match the manifest")
    listed = {stored.name for stored in manifest.files} | {"manifest.json", SEAL}
    problems.extend(
        f"{path} does not belong here" for path in sorted(folder.iterdir()) if path.name not in listed
    )
    return problems


def whole_files(folder: Path, manifest: Manifest) -> frozenset[str]:
    """Names of the files that are as they were written."""
    return frozenset(stored.name for stored in manifest.files if not _problem(folder / stored.name, stored))


def _problem(path: Path, stored: StoredFile, stamps: Stamps | None = None) -> str:
    try:
        if not path.is_file():
            return f"{path} is missing"
        if path.stat().st_size != stored.size:
            return f"{path} has {path.stat().st_size} bytes, expected {stored.size}"
        if stamps and stamps.holds(path, stored.sha256):
            return ""
        if digest(path) != stored.sha256:
            return f"{path} does not match its checksum"
        if stamps:
            stamps.note(path, stored.sha256)
        return ""
    except OSError as error:
        return f"{path} cannot be read: {error.strerror}"


def describe(path: Path, rows: int = 0) -> StoredFile:
    """The manifest's entry for a file that was just written."""
    return StoredFile(path.name, path.stat().st_size, digest(path), rows)


def described(
    folder: Path, rows: Mapping[str, int], before: Path | None, files: Mapping[str, StoredFile]
) -> tuple[StoredFile, ...]:
    """Entries for all files of a folder; those shared with the generation `before` are in `files`."""
    found = []
    for path in sorted(folder.iterdir()):
        shared = before is not None and path.name in files and path.samefile(before / path.name)
        found.append(files[path.name] if shared else describe(path, rows.get(path.name, 0)))
    return tuple(found)


def digest(path: Path) -> str:
    """SHA-256 of a file, hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def sealed(folder: Path) -> bool:
    """Whether a generation's manifest is the one that was written with it."""
    try:
        seal = (folder / SEAL).read_bytes()
        return seal == digest(folder / "manifest.json").encode() + b"\n"
    except OSError:
        return False
