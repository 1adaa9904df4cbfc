"""What an update tells while it works, and at its end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Status(StrEnum):
    """What became of one file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What became of one file; `message` says why it was refused."""

    doc: str
    status: Status
    message: str = ""
    articles: int = 0
    passages: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the long work is: `done` of `total` in the stage `reading`, `encoding` or `writing`."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Summary:
    """An update as a whole."""

    verdicts: tuple[FileVerdict, ...]
    documents: int
    passages: int
    embedded: int  # passages whose vectors were computed, the others were carried over
    seconds: float


Report = Callable[[FileVerdict | Progress], None]


def silent(_: FileVerdict | Progress) -> None:
    """A report that nobody reads."""
