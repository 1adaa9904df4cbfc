"""The nouns of the offline half, and its errors.

Offsets are characters of the decoded file: byte-order mark left out, newlines
as they stand (CRLF is two). Spans are half-open.

    YoujuError
    ├── ReadError            a file cannot be read; the others go on
    ├── IndexMissing         there is no index at that place
    ├── IndexDamaged         a checksum does not match
    ├── IndexMismatch        made with another encoder, tokenizer or schema
    ├── IndexBusy            another process is writing
    ├── IndexUnwritable      the disk is full, fails, or may not be written to
    ├── StoreUnavailable     the server an index stands on does not answer
    └── ModelError           a model folder is absent, unsafe or of an unknown kind
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


class YoujuError(Exception):
    """Base of all errors a user can mend; the message says what came and the fix."""


class ReadError(YoujuError):
    """A file cannot be read as a document."""


class IndexMissing(YoujuError):
    """There is no index at that place."""


class IndexDamaged(YoujuError):
    """A file of the index does not match its checksum."""


class IndexMismatch(YoujuError):
    """The index was made with another encoder, tokenizer or schema."""


class IndexBusy(YoujuError):
    """Another process is writing to the index."""


class IndexUnwritable(YoujuError):
    """The disk is full, fails, or may not be written to; what was committed before stands."""


class StoreUnavailable(YoujuError):
    """The server that an index stands on does not answer, or refuses."""


class ModelError(YoujuError):
    """A model folder is absent, unsafe, or of an unknown kind."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters [start, end) of a decoded file."""

    start: int
    end: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.end:
            raise ValueError(f"span must have 0 <= start <= end, got [{self.start}, {self.end})")

    def __len__(self) -> int:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Page:
    """A printed page of a document and the characters that came from it."""

    number: int
    span: Span


@dataclass(frozen=True, slots=True)
class Source:
    """Where a document was published, as far as it is known.

    `given` names the fields that were not read from the text but taken from
    the path or from a metadata file.
    """

    newspaper: str = ""
    date: str = ""  # ISO 8601: YYYY-MM-DD, YYYY-MM or YYYY
    page: str = ""
    given: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Document:
    """A decoded file.

    `id` is the path relative to the indexed folder, with forward slashes.
    `sha256` is that of the file's bytes, in hexadecimal; `size` is in bytes.
    """

    id: str
    text: str
    sha256: str
    size: int
    encoding: str = "utf-8"
    media: str = "text"  # text, markdown, html, docx, pdf, image
    source: Source = field(default_factory=Source)
    pages: tuple[Page, ...] = ()


@dataclass(frozen=True, slots=True)
class Article:
    """One article of a document: its parts that are not body, and all its spans."""

    id: str
    doc: str
    title: str = ""
    kind: str = "article"  # article, commentary, caption, quote, notice, fragment
    byline: str = ""
    dateline: str = ""
    date: str = ""  # ISO 8601; empty when the text does not say
    spans: tuple[Span, ...] = ()
    continues: str = ""  # article id, or the printed reference, that this one continues
    continued: str = ""  # article id, or the printed reference, where this one goes on
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole sentences of one article, the unit that is retrieved and cited.

    `text` is as long as its spans together, and its i-th character is the
    file's character at the i-th place of the spans, except that white space
    may be written as another white space character. So every part of it can be
    located without the file.
    """

    id: str
    doc: str
    article: str
    text: str
    spans: tuple[Span, ...]
    title: str = ""  # title of the article, for search and display
    section: str = ""
    kind: str = "body"  # body, title, byline, dateline, caption, quote, furniture
    date: str = ""  # the date the text speaks from, ISO 8601
    speaker: str = ""  # who is speaking when the passage begins
    flags: tuple[str, ...] = ()  # lost_digits, broken, caption, unrelated, truncated
    lost: tuple[Span, ...] = ()  # places in the file where a number is gone
    page: int = 0  # printed page number where the format has one

    def __post_init__(self) -> None:
        if len(self.text) != sum(len(span) for span in self.spans):
            raise ValueError(
                f"passage {self.id}: {len(self.text)} characters of text for "
                f"{sum(len(span) for span in self.spans)} characters of spans"
            )

    def locate(self, start: int, end: int) -> tuple[Span, ...]:
        """Places in the file of `text[start:end]`, in text order, neighbours joined."""
        return tuple(_slice(self.spans, start, end))


@dataclass(frozen=True, slots=True)
class Dropped:
    """Characters of a document that are in no passage, and why."""

    span: Span
    reason: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What was understood of one document; conserves every body character."""

    document: Document
    articles: tuple[Article, ...]
    passages: tuple[Passage, ...]
    dropped: tuple[Dropped, ...] = ()


def _slice(spans: tuple[Span, ...], start: int, end: int) -> Iterator[Span]:
    offset = 0
    pending: Span | None = None
    for span in spans:
        low, high = max(start - offset, 0), min(end - offset, len(span))
        offset += len(span)
        if low >= high:
            continue
        piece = Span(span.start + low, span.start + high)
        if pending is not None and pending.end == piece.start:
            pending = Span(pending.start, piece.end)
            continue
        if pending is not None:
            yield pending
        pending = piece
    if pending is not None:
        yield pending
