"""Text that remembers, character by character, where it stood in the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import accumulate

from index.document import Span


@dataclass(frozen=True, slots=True)
class Located:
    """`text` is as long as `spans` together; only white space may differ from the file's."""

    text: str = ""
    spans: tuple[Span, ...] = ()

    def __post_init__(self) -> None:
        if len(self.text) != sum([span.end - span.start for span in self.spans]):
            raise ValueError(f"{len(self.text)} characters of text for spans {self.spans[:3]}…")

    def slice(self, start: int, end: int) -> Located:
        """The characters [start, end) with their places."""
        if len(self.spans) == 1:
            origin = self.spans[0].start
            return Located(self.text[start:end], (Span(origin + start, origin + end),) if end > start else ())
        pieces: list[Span] = []
        offset = 0
        for span in self.spans:
            length = span.end - span.start
            low, high = max(start - offset, 0), min(end - offset, length)
            if low < high:
                pieces.append(Span(span.start + low, span.start + high))
            offset += length
            if offset >= end:
                break
        return Located(self.text[start:end], tuple(pieces))

    def tiles(self, ends: Iterable[int]) -> Iterator[Located]:
        """The slices between these rising offsets, the first from 0, in one pass over the spans."""
        start = number = given = 0  # `given` characters of the span `number` are in slices already
        for end in ends:
            pieces: list[Span] = []
            left = end - start
            while left:
                span = self.spans[number]
                taken = min(span.end - span.start - given, left)
                pieces.append(Span(span.start + given, span.start + given + taken))
                given, left = given + taken, left - taken
                if given == span.end - span.start:
                    number, given = number + 1, 0
            yield Located(self.text[start:end], tuple(pieces))
            start = end

    def strip(self) -> Located:
        """Without white space at the ends."""
        start = len(self.text) - len(self.text.lstrip())
        end = max(len(self.text.rstrip()), start)
        return self if (start, end) == (0, len(self.text)) else self.slice(start, end)

    def place(self, offset: int) -> int:
        """Where in the file the character at `offset` stands."""
        for span, before in zip(self.spans, self._before(), strict=True):
            if offset < before + span.end - span.start:
                return span.start + offset - before
        raise IndexError(f"offset {offset} beyond {len(self.text)} characters")

    def _before(self) -> list[int]:
        return list(accumulate((span.end - span.start for span in self.spans), initial=0))[:-1]


def joined(parts: Iterable[Located]) -> Located:
    """The parts one after the other, neighbouring spans made one."""
    texts: list[str] = []
    spans: list[Span] = []
    for part in parts:
        texts.append(part.text)
        for span in part.spans:
            if spans and spans[-1].end == span.start:
                spans[-1] = Span(spans[-1].start, span.end)
            else:
                spans.append(span)
    return Located("".join(texts), tuple(spans))


def gap(text: str, start: int, end: int, shown: str) -> list[Located]:
    """White space of the file's `text` between two places, shown as `shown`; nothing where there is none."""
    for place in range(start, end):
        if text[place].isspace():
            return [Located(shown, (Span(place, place + 1),))]
    return []
