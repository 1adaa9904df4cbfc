"""The place a citation points to: the file's own characters around it, and what was understood of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from index.document import Article, Dropped, Passage, Span

AROUND = 1_200  # characters of context on each side when the article is long
LONGEST_ARTICLE = 5_000  # an article up to this long is opened whole
STEP = 3_000  # characters more when the reader asks for what stands before or after
MOST = 60_000  # characters of one opening at most


class Shelf(Protocol):
    """What is read of an index to open a source."""

    def text(self, doc: str) -> str: ...
    def dropped(self, doc: str) -> Sequence[Dropped]: ...


@dataclass(frozen=True, slots=True)
class Piece:
    """Neighbouring characters that are shown alike: plain, cited, lost or dropped."""

    text: str
    kind: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One passage in reading order, with the cited part of it apart."""

    kind: str
    section: str
    pieces: tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """A window [start, end) of a document of `length` characters, with the cited places marked."""

    doc: str
    start: int
    end: int
    length: int
    pieces: tuple[Piece, ...]
    paragraphs: tuple[Paragraph, ...]
    title: str = ""
    byline: str = ""
    found: bool = True


def open_source(
    shelf: Shelf,
    doc: str,
    spans: Sequence[tuple[int, int]],
    *,
    article: Article | None = None,
    passages: Sequence[Passage] = (),
    before: int = 0,
    after: int = 0,
) -> Opening:
    """The document around the cited spans; `before` and `after` count steps the reader asked for.

    `passages` are those of the article, in reading order. Spans outside the file are cut to it.
    """
    text = shelf.text(doc)
    cited = [Span(min(start, len(text)), min(end, len(text))) for start, end in spans]
    window = _window(text, cited, article, before, after)
    lost = [span for passage in passages for span in passage.lost]
    return Opening(
        doc=doc,
        start=window.start,
        end=window.end,
        length=len(text),
        pieces=_pieces(text, window, cited, lost, shelf.dropped(doc)),
        paragraphs=tuple(_paragraph(passage, cited) for passage in passages),
        title=article.title if article else "",
        byline=article.byline if article else "",
    )


def _window(text: str, cited: Sequence[Span], article: Article | None, before: int, after: int) -> Span:
    """The whole article when it is short, else the surroundings of the cited place."""
    low = min((span.start for span in cited), default=0)
    high = max((span.end for span in cited), default=0)
    start, end = low - AROUND, high + AROUND
    if article is not None and article.spans:
        first = min(span.start for span in article.spans)
        last = min(max(span.end for span in article.spans), len(text))
        if last - first <= LONGEST_ARTICLE:
            start, end = min(first, start), max(last, end)
    start, end = max(start - before * STEP, 0), min(end + after * STEP, len(text))
    start, end = _line_start(text, start), _line_end(text, end)
    if end - start > MOST:
        start = max(start, low - MOST // 2)
        end = min(end, start + MOST)
    return Span(start, end)


def _line_start(text: str, place: int) -> int:
    """The start of the line of `place`, if that is near."""
    found = text.rfind("\n", max(place - 200, 0), place)
    return found + 1 if found >= 0 else max(place, 0)


def _line_end(text: str, place: int) -> int:
    found = text.find("\n", place, place + 200)
    return found if found >= 0 else place


def _pieces(
    text: str, window: Span, cited: Sequence[Span], lost: Sequence[Span], dropped: Sequence[Dropped]
) -> tuple[Piece, ...]:
    """The window cut wherever the kind changes. Cited wins over lost, lost over dropped."""
    layers: list[tuple[str, Span, str]] = [("dropped", item.span, item.reason) for item in dropped]
    layers += [("lost", span, "") for span in lost]
    layers += [("cited", span, "") for span in cited]
    inside = [layer for layer in layers if layer[1].start < window.end and layer[1].end > window.start]
    empty_lost = {span.start for span in lost if not len(span) and window.start <= span.start < window.end}
    edges = {window.start, window.end, *empty_lost}
    for _, span, _ in inside:
        edges |= {max(span.start, window.start), min(span.end, window.end)}
    ordered = sorted(edges)
    found: list[Piece] = []
    for start, end in pairwise(ordered):
        if start in empty_lost:
            found.append(Piece("", "lost"))
        kind, reason = _kind(start, inside)
        found.append(Piece(text[start:end], kind, reason))
    return tuple(_without_loose_space(found))


def _without_loose_space(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """White space at the end of a marked piece belongs to what follows; neighbours alike are joined."""
    pending = Piece("", "plain")
    for piece in pieces:
        kept = piece.text.rstrip() if piece.kind in {"cited", "dropped"} else piece.text
        for part in (Piece(kept, piece.kind, piece.reason), Piece(piece.text[len(kept) :], "plain")):
            if not part.text and part.kind != "lost":
                continue
            if (part.kind, part.reason) == (pending.kind, pending.reason) and part.kind != "lost":
                pending = Piece(pending.text + part.text, part.kind, part.reason)
                continue
            if pending.text or pending.kind == "lost":
                yield pending
            pending = part
    if pending.text or pending.kind == "lost":
        yield pending


def _kind(place: int, layers: Iterable[tuple[str, Span, str]]) -> tuple[str, str]:
    kind, reason = "plain", ""
    for name, span, why in layers:
        if span.start <= place < span.end:
            kind, reason = name, why
    return kind, reason


def _paragraph(passage: Passage, cited: Sequence[Span]) -> Paragraph:
    """The passage's text, cut at the edges of what is cited."""
    inside = [False] * len(passage.text)
    offset = 0
    for span in passage.spans:
        for mark in cited:
            low, high = max(mark.start, span.start), min(mark.end, span.end)
            for place in range(low, high):
                inside[offset + place - span.start] = True
        offset += len(span)
    return Paragraph(passage.kind, passage.section, _runs(passage.text, inside))


def _runs(text: str, inside: Sequence[bool]) -> tuple[Piece, ...]:
    found: list[Piece] = []
    start = 0
    for place in range(1, len(text) + 1):
        if place == len(text) or inside[place] != inside[start]:
            found.append(Piece(text[start:place], "cited" if inside[start] else "plain"))
            start = place
    return tuple(found)
