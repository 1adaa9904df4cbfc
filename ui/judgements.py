"""What readers judged: append-only, on disk before it is acknowledged, and turned into graded qrels.

One JSON object a line. The last verdict on the same answer and passage counts. Grades of a passage for a
question: 2 when a reader called its citation right or said that it was missing, 1 when it was cited in an
answer called useful, 0 when its citation was called wrong.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from index.document import YoujuError
from index.remote import Location, beside
from ui.exchange import Exchange, ExchangeError

RIGHT, WRONG, MISSING, USEFUL, USELESS, WITHDRAWN = (
    "right",
    "wrong",
    "missing",
    "useful",
    "useless",
    "withdrawn",
)
OF_PASSAGES = frozenset({RIGHT, WRONG, MISSING, WITHDRAWN})
OF_ANSWERS = frozenset({USEFUL, USELESS, WITHDRAWN})
LARGEST = 256 * 1024 * 1024  # bytes of the file
_GRADES = {RIGHT: 2, MISSING: 2, WRONG: 0}


class JudgementError(YoujuError):
    """The judgement makes no sense, or the file is full."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One verdict of one reader; `passage` is empty when the answer as a whole is judged."""

    key: str  # of the exchange
    question: str
    verdict: str
    passage: str = ""
    doc: str = ""
    cited: tuple[str, ...] = ()  # passages that the answer cited
    fingerprint: str = ""  # of the index that answered
    when: str = ""  # ISO 8601, UTC


@dataclass(frozen=True, slots=True)
class Tally:
    """How the judged answers and citations came off."""

    answers: int
    useful: int
    citations: int
    right: int
    missing: int

    @property
    def precision(self) -> float | None:
        """Share of the judged citations that are right; None when none was judged."""
        return self.right / self.citations if self.citations else None


def judgement_of(exchange: Exchange, passage: str, verdict: str) -> Judgement:
    """A verdict on an exchange, or on one of its passages. Raises JudgementError."""
    allowed = OF_PASSAGES if passage else OF_ANSWERS
    if verdict not in allowed:
        raise JudgementError(f"a verdict is one of {', '.join(sorted(allowed))}, got {verdict[:40]!r}")
    marks = {mark.passage: mark.doc for mark in (*exchange.marks, *exchange.nearest)}
    if passage and passage not in marks:
        raise JudgementError("the passage does not belong to this answer")
    return Judgement(
        key=exchange.key,
        question=exchange.question,
        verdict=verdict,
        passage=passage,
        doc=marks.get(passage, ""),
        cited=tuple(dict.fromkeys(mark.passage for mark in exchange.marks)),
        fingerprint=exchange.fingerprint,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
    )


class Judgements:
    """The file of judgements; threads and processes may append at the same time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()

    def append(self, judgement: Judgement) -> None:
        """Write one line; it is on the disk when this returns. Raises JudgementError for a full file."""
        line = json.dumps(asdict(judgement), ensure_ascii=False, separators=(",", ":")) + "\n"
        with self._lock:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                size = os.fstat(handle).st_size
                if size > LARGEST:
                    raise JudgementError(f"{self.path} has {size:,} bytes; move it away")
                # A line that a crash cut short must not swallow this one.
                torn = bool(size) and os.pread(handle, 1, size - 1) != b"\n"
                os.write(handle, (b"\n" if torn else b"") + line.encode("utf-8", "replace"))
                os.fsync(handle)
            finally:
                os.close(handle)

    def __iter__(self) -> Iterator[Judgement]:
        """All judgements in the order given; lines that cannot be read are passed over."""
        try:
            lines = self.path.read_text(encoding="utf-8", errors="replace").splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            found = _read(line)
            if found is not None:
                yield found


def of_archive(index: Location) -> Judgements:
    """The judgements of an archive; they stand beside its index, not in it."""
    return Judgements(beside(index, "-judgements") / "judgements.jsonl")


def in_force(judgements: Iterable[Judgement]) -> list[Judgement]:
    """The last verdict for each answer and passage, without those that were taken back."""
    last: dict[tuple[str, str], Judgement] = {}
    for judgement in judgements:
        last[judgement.key, judgement.passage] = judgement
    return [judgement for judgement in last.values() if judgement.verdict != WITHDRAWN]


def question_id(question: str) -> str:
    """A stable id of a question, for qrels."""
    return hashlib.sha256(" ".join(question.split()).encode("utf-8", "replace")).hexdigest()[:16]


def qrels(judgements: Iterable[Judgement]) -> tuple[dict[str, str], dict[str, dict[str, int]]]:
    """Questions by id, and grades by question and passage; a passage's own verdict comes first."""
    questions: dict[str, str] = {}
    own: dict[str, dict[str, int]] = {}
    through: dict[str, dict[str, int]] = {}
    for judgement in in_force(judgements):
        id_ = question_id(judgement.question)
        questions[id_] = judgement.question
        if judgement.passage:
            own.setdefault(id_, {})[judgement.passage] = _GRADES[judgement.verdict]
        elif judgement.verdict == USEFUL:
            through.setdefault(id_, {}).update(dict.fromkeys(judgement.cited, 1))
    graded = {id_: {**through.get(id_, {}), **own.get(id_, {})} for id_ in questions}
    return questions, {id_: grades for id_, grades in graded.items() if any(grades.values())}


def tally(judgements: Iterable[Judgement]) -> Tally:
    """Counts over the verdicts in force."""
    verdicts = [(judgement.verdict, bool(judgement.passage)) for judgement in in_force(judgements)]
    return Tally(
        answers=sum(1 for verdict, _ in verdicts if verdict in {USEFUL, USELESS}),
        useful=sum(1 for verdict, _ in verdicts if verdict == USEFUL),
        citations=sum(1 for verdict, _ in verdicts if verdict in {RIGHT, WRONG}),
        right=sum(1 for verdict, _ in verdicts if verdict == RIGHT),
        missing=sum(1 for verdict, _ in verdicts if verdict == MISSING),
    )


def _read(line: str) -> Judgement | None:
    try:
        raw = json.loads(line)
        cited = tuple(str(passage) for passage in raw.pop("cited", ()))
        found = Judgement(cited=cited, **{name: str(value) for name, value in raw.items()})
    except (ValueError, TypeError, AttributeError, ExchangeError):
        return None
    known = OF_PASSAGES if found.passage else OF_ANSWERS
    return found if found.verdict in known else None
