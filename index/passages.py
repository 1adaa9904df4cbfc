"""Whole sentences packed into passages."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence

from index.document import Span
from index.located import Located, gap, joined
from index.sentences import sentences

ENOUGH = 150  # characters after which a passage may close
MOST = 300  # characters that a passage of several sentences does not exceed
LONGEST = 400  # characters after which even one sentence is cut
_BREAKS = ("；;", "，,：:、", " ")


def pack(text: str, paragraphs: Sequence[Located]) -> list[Located]:
    """Cut paragraphs into passages of about 80 to 300 characters, never inside a sentence.

    Short paragraphs share a passage, with a line break between them where the file has one. Only a sentence
    beyond LONGEST characters is cut, after a semicolon or comma where there is one.
    """
    packed: list[Located] = []
    open_parts: list[Located] = []
    size = 0
    for paragraph in paragraphs:
        left = len(paragraph.text)  # of the paragraph, from this piece on
        for number, piece in enumerate(_pieces(paragraph)):
            length = len(piece.text.strip())
            if open_parts and (size + length > MOST or (size >= ENOUGH and left > ENOUGH // 2)):
                packed.append(_close(open_parts))
                open_parts, size = [], 0
            if open_parts and number == 0:
                open_parts.extend(_line_break(text, open_parts[-1], piece))
            open_parts.append(piece)
            size += length
            left -= len(piece.text)
        if size >= ENOUGH:
            packed.append(_close(open_parts))
            open_parts, size = [], 0
    if open_parts:
        packed.append(_close(open_parts))
    return packed


def identity(prefix: str, doc: str, spans: Iterable[Span], text: str = "") -> str:
    """A short name that stays the same as long as the same text stands in the same place."""
    places = ",".join(f"{span.start}-{span.end}" for span in spans)
    key = "\0".join((doc, places, text)).encode("utf-8", "surrogatepass")
    return prefix + hashlib.blake2b(key, digest_size=8).hexdigest()


def _close(parts: list[Located]) -> Located:
    return joined(parts).strip()


def _pieces(paragraph: Located) -> Iterator[Located]:
    """Sentences with the white space after them, so that they tile the paragraph."""
    found = sentences(paragraph.text)
    ends = [span.start for span in found[1:]] + [len(paragraph.text)]
    for sentence in paragraph.tiles(ends):
        yield from _bounded(sentence)


def _bounded(sentence: Located) -> Iterator[Located]:
    start = 0
    while len(sentence.text) - start > LONGEST:
        end = _cut(sentence.text, start)
        yield sentence.slice(start, end)
        start = end
    yield sentence.slice(start, len(sentence.text)) if start else sentence


def _cut(text: str, start: int) -> int:
    for marks in _BREAKS:
        best = max(text.rfind(mark, start + ENOUGH // 2, start + MOST) for mark in marks)
        if best > 0:
            return best + 1
    return start + MOST


def _line_break(text: str, before: Located, after: Located) -> list[Located]:
    return gap(text, before.spans[-1].end, after.spans[0].start, "\n")
