"""Files into passages, in this process or in a worker."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from index.document import Document, ReadError, Reading
from index.read import read
from index.segment import segment

READER = "10"  # raise it when the same file would be cut differently: documents are then read again


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read, under the name it gets."""

    root: Path
    file: Path
    doc: str


@dataclass(frozen=True, slots=True)
class Cut:
    """What came of a file: its reading, or why there is none."""

    reading: Reading | None
    refused: str = ""


def cut(job: Job) -> Cut:
    """Read one file and cut it into passages; also in a worker process."""
    try:
        document = read(job.file, job.root)
        reading = segment(document if document.id == job.doc else renamed(document, job.doc))
    except ReadError as error:
        return Cut(None, str(error))
    return Cut(reading) if reading.passages else Cut(None, f"{job.file.name}: holds no text")


def renamed(document: Document, doc: str) -> Document:
    """A document under another id."""
    return replace(document, id=doc)


def stored_root(folder: Path) -> str:
    """The folder's whole path as it is stored: always valid Unicode, as `name_of` is."""
    return str(folder.resolve()).encode("utf-8", "backslashreplace").decode("utf-8")
