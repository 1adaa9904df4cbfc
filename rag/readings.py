"""What was understood of a question: each thing said, told to the reader, and undone by its key."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

UNDO_ALL = "all"


class Aspect(StrEnum):
    """What a reading is about."""

    FOLLOW_UP = "follow_up"  # the question made to stand alone
    TRANSLATED = "translated"  # an English question put into Chinese
    ORDER = "order"  # an order to the program, passed over
    SPELLING = "spelling"  # pinyin, typing mistakes, years of two digits
    TIME = "time"
    PERSON = "person"
    PLACE = "place"
    DOCUMENT = "document"
    KIND = "kind"  # of article
    COUNTED = "counted"  # every occurrence of a term


@dataclass(frozen=True, slots=True)
class Reading:
    """One thing that was understood, from `said` in the question to what was `meant` by it.

    `only` says that nothing else was searched, otherwise it was preferred;
    `text` tells the reader; `key` is what `undo` takes.
    """

    aspect: Aspect
    said: str
    meant: str
    text: str
    only: bool = False

    @property
    def key(self) -> str:
        """Names this reading among those of its question, and stays the same when it is asked again."""
        return f"{self.aspect}:{self.said}"


def undone(undo: Collection[str], aspect: Aspect, said: str = "") -> bool:
    """Whether a reading may not be made: its key, its aspect or everything was undone."""
    return bool({UNDO_ALL, str(aspect), f"{aspect}:{said}"} & set(undo))
