"""One way to ask, for the page, the API and the tools: bounded, leased, and kept as an `Exchange`."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from index.document import YoujuError
from index.invisible import UNSEEN
from index.search import Where
from rag.answer import Answer, Turn
from ui import journal
from ui.archive import Archive, Opened
from ui.exchange import Exchange, from_answer, new_key, titled

if TYPE_CHECKING:
    from rag.assistant import Settings

LONGEST_QUESTION = 2_000  # characters
AT_ONCE = 4  # answers made at the same time; others wait their turn
PATIENCE = 60.0  # seconds that a question waits for its turn
MOST_PASSAGES = 50
MOST_ARCHIVES = 100  # archives named in one question
MOST_DOCUMENTS = 1_000  # documents named in one question
MOST_UNDONE = 64  # readings undone in one question
_DATE = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_UNREADABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_turns = threading.BoundedSemaphore(AT_ONCE)


def free() -> int:
    """Places where an answer could be made at once."""
    taken = 0
    while _turns.acquire(blocking=False):
        taken += 1
    for _ in range(taken):
        _turns.release()
    return taken


class QuestionError(YoujuError):
    """The question itself cannot be taken: empty, too long, or with an unreadable filter."""


class BusyError(YoujuError):
    """Too many questions at once; nothing is wrong with this one."""


@dataclass(frozen=True, slots=True)
class Asking:
    """A question with its history and its bounds, checked."""

    question: str
    history: tuple[Turn, ...] = ()
    where: Where | None = None
    archives: tuple[str, ...] = ()  # which of several; none means all
    k: int = 0  # passages to search; 0 keeps the setting
    plain: bool = False  # without the language model
    undo: tuple[str, ...] = ()  # readings not to be made: keys, aspects, or `all`
    language: str = ""  # of the program's own words; empty keeps the setting
    door: str = "page"  # where it came in, for the log


@dataclass(frozen=True, slots=True)
class Finished:
    """What came of a question: the answer itself, and as it is shown and kept."""

    answer: Answer
    exchange: Exchange


def check_question(question: object) -> str:
    """The question without invisible characters. Raises QuestionError."""
    if not isinstance(question, str):
        raise QuestionError(f"a question is text, got {type(question).__name__}")
    if len(question) > LONGEST_QUESTION:
        raise QuestionError(
            f"the question has {len(question):,} characters; at most {LONGEST_QUESTION:,} are read"
        )
    plain = _UNREADABLE.sub(" ", UNSEEN.sub("", question)).strip()
    if not plain:
        raise QuestionError("the question is empty")
    return plain


def check_k(k: object) -> int:
    """A number of passages from 1 to 50; 0 keeps the setting. Raises QuestionError."""
    if isinstance(k, bool) or not isinstance(k, int) or not 0 <= k <= MOST_PASSAGES:
        raise QuestionError(f"k is a whole number from 1 to {MOST_PASSAGES}, got {str(k)[:40]!r}")
    return k


def check_where(docs: Sequence[object] = (), since: object = "", until: object = "") -> Where | None:
    """A filter from outside; None when it restricts nothing. Raises QuestionError."""
    if len(docs) > MOST_DOCUMENTS or not all(isinstance(doc, str) for doc in docs):
        raise QuestionError(f"documents are at most {MOST_DOCUMENTS} names")
    for date in (since, until):
        if date and not (isinstance(date, str) and _DATE.fullmatch(date)):
            raise QuestionError(f"a date is YYYY, YYYY-MM or YYYY-MM-DD, got {str(date)[:40]!r}")
    where = Where(docs=frozenset(str(doc) for doc in docs), since=str(since or ""), until=str(until or ""))
    return where if where else None


def check_undo(undo: Sequence[object]) -> tuple[str, ...]:
    """Readings to be undone. Raises QuestionError."""
    if len(undo) > MOST_UNDONE or not all(isinstance(key, str) for key in undo):
        raise QuestionError(f"undo takes at most {MOST_UNDONE} readings by their keys")
    return tuple(str(key) for key in undo)


def check_archives(names: Sequence[object] = ()) -> tuple[str, ...]:
    """Names of archives from outside, each once. Raises QuestionError."""
    if len(names) > MOST_ARCHIVES or not all(isinstance(name, str) for name in names):
        raise QuestionError(f"archives are at most {MOST_ARCHIVES} names")
    return tuple(dict.fromkeys(str(name) for name in names))


def stream(archive: Archive, asking: Asking, *, key: str = "") -> Iterator[str | Finished]:
    """Pieces of the answer as they come, then what came of it. Raises YoujuError."""
    key = key or new_key()
    with journal.question(asking.question, door=asking.door, key=key) as line:
        yield from _turn(archive, asking, key, line)


def _turn(archive: Archive, asking: Asking, key: str, line: journal.Line) -> Iterator[str | Finished]:
    if not _turns.acquire(timeout=PATIENCE):
        raise BusyError("too many questions at once; try again shortly")
    try:
        with archive.lease() as opened:
            started = time.perf_counter()
            settings = _settings(archive, asking)
            line.waited = started - line.started
            line.index, line.llm = opened.index.fingerprint, settings.llm
            assistant = opened.assistant(settings, asking.archives)
            for piece in assistant.stream(
                asking.question, asking.history, where=asking.where, undo=asking.undo
            ):
                if isinstance(piece, Answer):
                    line.answer = piece
                    shown = _finished(piece, opened, key, time.perf_counter() - started)
                    yield replace(shown, exchange=replace(shown.exchange, undone=asking.undo))
                else:
                    yield piece
    finally:
        _turns.release()


def ask(archive: Archive, asking: Asking, *, key: str = "") -> Finished:
    """What came of a question, at once. Raises YoujuError."""
    for piece in stream(archive, asking, key=key):
        if isinstance(piece, Finished):
            return piece
    raise YoujuError("the assistant ended without an answer")


def _settings(archive: Archive, asking: Asking) -> Settings:
    settings = replace(archive.settings, k=asking.k) if asking.k else archive.settings
    settings = replace(settings, language=asking.language) if asking.language else settings
    return replace(settings, llm="") if asking.plain else settings


def _finished(answer: Answer, opened: Opened, key: str, seconds: float) -> Finished:
    shown = from_answer(
        answer,
        opened.cards,
        key=key,
        fingerprint=opened.index.fingerprint,
        asked=datetime.now(UTC).astimezone().isoformat(timespec="seconds"),
    )
    marks, nearest = (
        tuple(titled(mark, opened.title) for mark in marks) for marks in (shown.marks, shown.nearest)
    )
    return Finished(answer, replace(shown, marks=marks, nearest=nearest, seconds=round(seconds, 3)))
