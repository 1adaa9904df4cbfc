"""The nouns of the online half: what was asked, what was found, what may be said."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from index.document import Passage, Span
from rag.readings import Reading


@dataclass(frozen=True, slots=True)
class Turn:
    """One earlier exchange of a conversation."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Ranked:
    """A passage in the ranking for one question; higher scores are better."""

    passage: Passage
    score: float


class Verdict(StrEnum):
    """How well a claim is supported by what it cites; computed, never asked of a model."""

    VERBATIM = "verbatim"
    NEAR = "near-verbatim"
    STITCHED = "stitched"
    MISATTRIBUTED = "misattributed"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Citation:
    """The exact characters of one document that support a claim.

    `text` is the passage's text at [start, end); `spans` are its places in the
    file. `also` holds the same evidence in other documents (reprints).
    """

    number: int  # 1-based, as shown to the reader
    passage: Passage
    start: int
    end: int
    also: tuple[Citation, ...] = ()

    @property
    def doc(self) -> str:
        return self.passage.doc

    @property
    def text(self) -> str:
        return self.passage.text[self.start : self.end]

    @property
    def spans(self) -> tuple[Span, ...]:
        return self.passage.locate(self.start, self.end)


@dataclass(frozen=True, slots=True)
class Claim:
    """One sentence of an answer with the numbers of the citations that carry it."""

    text: str
    citations: tuple[int, ...]
    verdict: Verdict
    short: tuple[int, int] | None = None  # [start, end) of the short answer inside `text`


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said to the reader. Never empty: no evidence is an explicit refusal.

    `text` is the answer as plain text without citation marks; `ranking` is the
    ranking for the question, best first, kept also when refused; `reason` says
    why it was refused; `notes` are remarks such as differing versions;
    `readings` say how the question was read (the rewritten follow-up, times,
    filters), each of which can be undone; `incomplete` marks a generation cut off in mid-stream.
    """

    question: str
    text: str
    refused: bool
    claims: tuple[Claim, ...] = ()
    citations: tuple[Citation, ...] = ()
    ranking: tuple[Ranked, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    confidence: float = 0.0
    incomplete: bool = False
    seconds: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.text:
            raise ValueError("an answer is never empty; refuse with a reason")
        if not self.refused and not self.citations:
            raise ValueError("an answer that is not a refusal cites at least one passage")

    @property
    def understood(self) -> tuple[str, ...]:
        """How the question was read, as it is told to the reader."""
        return tuple(reading.text for reading in self.readings)
