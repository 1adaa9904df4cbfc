"""One line of JSON per question, for whoever runs the program: what it took, what was found, how it held.

Neither the question nor the answer stands in it unless that was asked for, and never a header, a token or
the text of an error. The lines go through `logging`, to a file (which may be rotated under us) or to
standard error.
"""

from __future__ import annotations

import json
import logging
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import IO, Any

from index.document import YoujuError
from rag.answer import Answer

_log = logging.getLogger("youju.questions")


class JournalError(YoujuError):
    """The file of the journal cannot be written."""


@dataclass(slots=True)
class Line:
    """What is known of one question so far; written when its answer is there, or fails."""

    question: str
    door: str  # ask, batch, page, api, openai, mcp
    key: str = ""
    index: str = ""  # fingerprint
    llm: str = ""
    answer: Answer | None = None
    error: str = ""
    waited: float = 0.0
    started: float = field(default_factory=time.perf_counter)


def start(target: str, *, text: bool = False) -> None:
    """Write lines to a file, to standard error for `-`, or nowhere for an empty name. Raises JournalError."""
    for handler in list(_log.handlers):
        _log.removeHandler(handler)
        handler.close()
    if not target:
        return
    handler = logging.StreamHandler() if target == "-" else _file(Path(target))
    handler.setFormatter(_Json(text=text))
    _log.addHandler(handler)
    _log.setLevel(logging.INFO)
    _log.propagate = False


@contextmanager
def question(text: str, *, door: str, key: str = "") -> Iterator[Line]:
    """The line of one question; put the answer into it, and it is written at the end, whatever happens."""
    line = Line(text, door, key)
    try:
        yield line
    except GeneratorExit:
        line.error = "" if line.answer else "left"  # the reader went away in the middle
        raise
    except BaseException as error:
        line.error = type(error).__name__
        raise
    finally:
        if _log.handlers:
            _log.info("question", extra={"line": line})


class _Private(WatchedFileHandler):
    """A log file that only its owner may read."""

    def _open(self) -> IO[Any]:  # type: ignore[override]
        handle = os.open(self.baseFilename, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)
        return os.fdopen(handle, "a", encoding="utf-8", errors="backslashreplace")


class _Json(logging.Formatter):
    def __init__(self, *, text: bool) -> None:
        super().__init__()
        self._text = text

    def format(self, record: logging.LogRecord) -> str:
        line: Line = record.__dict__["line"]
        fields = _fields(line)
        if self._text:
            fields["question"] = line.question
            fields["answer"] = line.answer.text if line.answer else ""
        return json.dumps(fields, ensure_ascii=False)


def _file(path: Path) -> logging.Handler:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        return _Private(path)
    except OSError as error:
        raise JournalError(
            f"cannot write the log {path}: {error.strerror}; choose another with --log"
        ) from error


def _fields(line: Line) -> dict[str, Any]:
    answer = line.answer
    told = {
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "id": line.key,
        "door": line.door,
        "seconds": _seconds(line),
        "index": line.index[:16],
        "llm": line.llm,
        "error": line.error,
    }
    if answer is None:
        return told
    return told | {
        "refused": answer.refused,
        "reason": answer.reason,
        "confidence": round(float(answer.confidence), 4),
        "incomplete": answer.incomplete,
        "passages": [ranked.passage.id for ranked in answer.ranking],
        "cited": list(dict.fromkeys(citation.passage.id for citation in answer.citations)),
        "verdicts": dict(Counter(str(claim.verdict) for claim in answer.claims)),
    }


def _seconds(line: Line) -> dict[str, float]:
    """Seconds of each stage; `say` is what was not spent on waiting or on the stages before."""
    total = time.perf_counter() - line.started
    stages = dict(line.answer.seconds) if line.answer else {}
    stages.pop("total", None)
    rest = total - line.waited - sum(stages.values())
    every = {"wait": line.waited, **stages, "say": max(rest, 0.0), "total": total}
    return {name: round(seconds, 4) for name, seconds in every.items()}
