"""One question and its answer as the reader keeps it: plain values that survive a browser's storage.

A conversation lives in the reader's own browser as JSON. What comes back from there is no more trusted
than a document: every field is checked for type and size before it is drawn again.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from index.document import Passage, Source, YoujuError
from rag.answer import Answer, Citation, Claim, Turn, Verdict
from rag.readings import Aspect, Reading

NEAREST = 4  # passages that were found and not cited
LONGEST_TEXT = 20_000  # characters of any one string that comes back from a browser
MOST_ITEMS = 64  # members of any one list that comes back from a browser
NO_EVIDENCE = frozenset({"", "nothing", "weak", "lost"})  # reasons of a refusal that did search
HISTORY = 6  # earlier exchanges handed to the assistant


class ExchangeError(YoujuError):
    """What a browser sent back is not an exchange of ours."""


class Card(Protocol):
    """What is needed of a document's card to name its source."""

    @property
    def id(self) -> str: ...
    @property
    def source(self) -> Source: ...
    @property
    def archive(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Mark:
    """One cited place as shown to the reader; `spans` are characters of the decoded file."""

    number: int
    doc: str
    spans: tuple[tuple[int, int], ...]
    text: str
    passage: str = ""
    article: str = ""
    title: str = ""
    section: str = ""
    newspaper: str = ""
    date: str = ""
    page: str = ""
    speaker: str = ""
    flags: tuple[str, ...] = ()
    archive: str = ""  # the archive's name, where there are several
    also: tuple[Mark, ...] = ()

    @property
    def file(self) -> str:
        """The document's name inside its archive."""
        return self.doc.removeprefix(f"{self.archive}/") if self.archive else self.doc


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an answer, the marks that carry it, and how well they do."""

    text: str
    marks: tuple[int, ...]
    verdict: str
    short: tuple[int, int] | None = None
    breaks: bool = False  # starts a new paragraph


@dataclass(frozen=True, slots=True)
class Exchange:
    """A finished question and answer. `key` is random: no text can guess it to forge a mark."""

    key: str
    question: str
    text: str
    refused: bool
    sentences: tuple[Sentence, ...] = ()
    marks: tuple[Mark, ...] = ()
    nearest: tuple[Mark, ...] = ()
    reason: str = ""
    notes: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()
    undone: tuple[str, ...] = ()  # keys of readings that the reader took back
    incomplete: bool = False
    fingerprint: str = ""
    seconds: float = 0.0
    asked: str = ""  # when, ISO 8601 with offset

    @property
    def turn(self) -> Turn:
        """This exchange as history for the next question."""
        return Turn(question=self.question, answer=self.text)

    @property
    def understood(self) -> tuple[str, ...]:
        """How the question was read, as it is told to the reader."""
        return tuple(reading.text for reading in self.readings)

    @property
    def talk(self) -> bool:
        """Said without looking anything up: a greeting, thanks, a word of help."""
        return self.refused and not self.nearest and self.reason not in NO_EVIDENCE


def new_key() -> str:
    """Random, 12 hexadecimal characters."""
    return secrets.token_hex(6)


def from_answer(
    answer: Answer, cards: Mapping[str, Card], *, key: str, fingerprint: str, asked: str
) -> Exchange:
    """The answer as it is shown and kept."""
    marks = tuple(_mark(citation, cards) for citation in answer.citations)
    return Exchange(
        key=key,
        question=answer.question,
        text=answer.text,
        refused=answer.refused,
        sentences=_sentences(answer),
        marks=marks,
        nearest=_near(answer, cards),
        reason=answer.reason,
        notes=answer.notes,
        readings=answer.readings,
        incomplete=answer.incomplete,
        fingerprint=fingerprint,
        seconds=round(answer.seconds.get("total", sum(answer.seconds.values())), 3),
        asked=asked,
    )


def _sentences(answer: Answer) -> tuple[Sentence, ...]:
    """Claims in the order of the answer; a line break between two of them starts a paragraph."""
    found: list[Sentence] = []
    place = 0
    for claim in answer.claims:
        start = answer.text.find(claim.text, place)
        between = answer.text[place:start] if start >= 0 else ""
        place = start + len(claim.text) if start >= 0 else place
        found.append(_sentence(claim, breaks=bool(found) and "\n" in between))
    return tuple(found)


def _sentence(claim: Claim, *, breaks: bool) -> Sentence:
    return Sentence(claim.text, claim.citations, str(claim.verdict), claim.short, breaks)


def mark_of(passage: Passage, start: int, end: int, cards: Mapping[str, Card], *, number: int) -> Mark:
    """Characters [start, end) of a passage's text as a place that can be opened."""
    source = cards[passage.doc].source if passage.doc in cards else Source()
    return Mark(
        number=number,
        doc=passage.doc,
        spans=tuple((span.start, span.end) for span in passage.locate(start, end)),
        text=passage.text[start:end],
        passage=passage.id,
        article=passage.article,
        title=passage.title,
        section=passage.section,
        newspaper=source.newspaper,
        date=passage.date or source.date,
        page=str(passage.page) if passage.page else source.page,
        speaker=passage.speaker,
        flags=passage.flags,
        archive=cards[passage.doc].archive if passage.doc in cards else "",
    )


def titled(mark: Mark, title: Callable[[str], str]) -> Mark:
    """The same place; one in an article without a title goes by its document's."""
    also = tuple(titled(other, title) for other in mark.also)
    return replace(mark, title=mark.title or title(mark.doc), also=also)


def _mark(citation: Citation, cards: Mapping[str, Card]) -> Mark:
    found = mark_of(citation.passage, citation.start, citation.end, cards, number=citation.number)
    return replace(found, also=tuple(_mark(other, cards) for other in citation.also))


def _near(answer: Answer, cards: Mapping[str, Card]) -> tuple[Mark, ...]:
    """The best passages that were not cited, numbered from 1."""
    cited = {citation.passage.id for citation in answer.citations}
    others = [ranked.passage for ranked in answer.ranking if ranked.passage.id not in cited][:NEAREST]
    return tuple(
        mark_of(passage, 0, len(passage.text), cards, number=number)
        for number, passage in enumerate(others, 1)
    )


# -- to JSON and back ---------------------------------------------------------------------------------


def to_json(exchange: Exchange) -> dict[str, Any]:
    """The exchange as JSON values; `from_json` is its inverse."""
    from dataclasses import asdict

    return asdict(exchange)


def from_json(value: object) -> Exchange:
    """An exchange that a browser kept. Raises ExchangeError on any wrong type or size."""
    raw = _object(value)
    return Exchange(
        key=_key(raw.get("key")),
        question=_text(raw.get("question")),
        text=_text(raw.get("text")),
        refused=raw.get("refused") is True,
        sentences=tuple(_sentence_from(item) for item in _list(raw.get("sentences"))),
        marks=tuple(_mark_from(item) for item in _list(raw.get("marks"))),
        nearest=tuple(_mark_from(item) for item in _list(raw.get("nearest"))),
        reason=_text(raw.get("reason")),
        notes=_texts(raw.get("notes")),
        readings=tuple(_reading_from(item) for item in _list(raw.get("readings"))),
        undone=_texts(raw.get("undone")),
        incomplete=raw.get("incomplete") is True,
        fingerprint=_text(raw.get("fingerprint")),
        seconds=_number(raw.get("seconds")),
        asked=_text(raw.get("asked")),
    )


def mark_from_json(value: object) -> Mark:
    """One cited place that a browser kept. Raises ExchangeError."""
    return _mark_from(value)


def history(values: object) -> tuple[Turn, ...]:
    """The last exchanges of a conversation, oldest first. Raises ExchangeError."""
    return tuple(from_json(value).turn for value in _list(values)[-HISTORY:])


def _sentence_from(value: object) -> Sentence:
    raw = _object(value)
    text = _text(raw.get("text"))
    verdict = _text(raw.get("verdict"))
    if verdict not in set(Verdict):
        raise ExchangeError(f"unknown verdict {verdict[:40]!r}")
    short = raw.get("short")
    return Sentence(
        text=text,
        marks=tuple(_whole(number) for number in _list(raw.get("marks"))),
        verdict=verdict,
        short=None if short is None else _pair(short),
        breaks=raw.get("breaks") is True,
    )


def _reading_from(value: object) -> Reading:
    raw = _object(value)
    aspect = _text(raw.get("aspect"))
    if aspect not in set(Aspect):
        raise ExchangeError(f"unknown aspect {aspect[:40]!r}")
    said, meant, told = (_text(raw.get(name)) for name in ("said", "meant", "text"))
    return Reading(Aspect(aspect), said, meant, told, only=raw.get("only") is True)


def _mark_from(value: object, *, nested: bool = False) -> Mark:
    raw = _object(value)
    place = ("doc", "text", "passage", "article", "title", "section", "speaker", "archive")
    names = (*place, "newspaper", "date", "page")
    also = () if nested else _list(raw.get("also"))
    return Mark(
        number=_whole(raw.get("number")),
        spans=tuple(_pair(pair) for pair in _list(raw.get("spans"))),
        flags=_texts(raw.get("flags")),
        also=tuple(_mark_from(item, nested=True) for item in also),
        **{name: _text(raw.get(name)) for name in names},
    )


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ExchangeError(f"expected an object, got {type(value).__name__}")
    return value


def _list(value: object) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list | tuple) or len(value) > MOST_ITEMS:
        raise ExchangeError(f"expected a list of at most {MOST_ITEMS} members")
    return list(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        raise ExchangeError(f"expected text of at most {LONGEST_TEXT} characters")
    return value


def _texts(value: object) -> tuple[str, ...]:
    return tuple(_text(item) for item in _list(value))


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ExchangeError("expected a number")
    return float(value)


def _whole(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**40:
        raise ExchangeError("expected a whole number from 0")
    return value


def _pair(value: object) -> tuple[int, int]:
    start, end = (_whole(item) for item in _two(value))
    if start > end:
        raise ExchangeError(f"expected start <= end, got {start} > {end}")
    return start, end


def _two(value: object) -> list[Any]:
    items = _list(value)
    if len(items) != 2:
        raise ExchangeError("expected a pair")
    return items


def _key(value: object) -> str:
    text = _text(value)
    if not text.isalnum() or not text.isascii() or len(text) > 32:
        raise ExchangeError("expected a key of letters and digits")
    return text
