"""Which sentences answer, and how much of each has to be quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rag.clauses import LONG, clauses
from rag.evidence import Piece
from rag.question import Asked, Expect
from rag.scene import Scene
from rag.short import Short, short_answer

Rows = npt.NDArray[np.float32]

ROOM = 190  # characters an answer may have when one sentence does not say it all
UNSURE = 0.7  # a best sentence less likely than this is followed by two more, where there is room
BRIEFEST = 12  # characters a further quote has at least: who took a picture is no answer beside another
CLOSE = 0.25  # a further sentence must be this likely, as a share of the best
_STOPPED = re.compile(r"[。！？!?；;…][”’」』）)]*\s*$")
_STOP = re.compile(r"[。！？!?；;][”’」』）)]*")


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence and how likely it is to hold the answer, 0 to 1."""

    piece: Piece
    score: float
    row: int  # its place among the candidates


@dataclass(frozen=True, slots=True)
class Quote:
    """What is quoted of a sentence: [start, end) of the passage's text, with the short answer inside it."""

    piece: Piece
    start: int
    end: int
    score: float
    short: Short | None = None  # places inside the quoted text

    @property
    def text(self) -> str:
        return self.piece.passage.text[self.start : self.end]


def rank(pieces: Sequence[Piece], scores: Rows) -> list[Scored]:
    """Sentences, best first; equal scores keep the order of their passages."""
    order = np.argsort(-scores, kind="stable")
    return [Scored(pieces[row], float(scores[row]), int(row)) for row in order]


def quotes(scene: Scene, ranked: Sequence[Scored]) -> list[Quote]:
    """The sentences that answer, minimal, in reading order."""
    if not ranked:
        return []
    limit = 3 if scene.asked.several or ranked[0].score < UNSURE else 2
    return filled(scene, [quote(scene, ranked[0])], ranked, limit=limit)


def filled(scene: Scene, chosen: Sequence[Quote], ranked: Sequence[Scored], *, limit: int = 3) -> list[Quote]:
    """Quotes with further ones that are nearly as likely, as far as there is room, in reading order."""
    chosen = list(chosen)
    for scored in ranked[:8]:
        if len(chosen) >= limit or scored.score < CLOSE * ranked[0].score:
            break
        if any(_same(scored.piece, other.piece) for other in chosen):
            continue
        further = replace(quote(scene, scored), short=None)  # one short answer, that of the best sentence
        if broken_within(scene.asked, further.piece, further.start, further.end):
            continue
        if len(further.text) >= BRIEFEST and sum(len(one.text) for one in (*chosen, further)) <= ROOM:
            chosen.append(further)
    return in_reading_order(chosen)


def in_reading_order(chosen: Sequence[Quote]) -> list[Quote]:
    """By document and place; the document of the best sentence first."""
    if not chosen:
        return []
    best = max(chosen, key=lambda one: one.score).piece.passage.doc
    return sorted(chosen, key=lambda one: (one.piece.passage.doc != best, one.piece.passage.doc, place(one)))


def place(one: Quote) -> int:
    """Where a quote begins in its file."""
    return one.piece.passage.locate(one.start, one.end)[0].start


def quote(scene: Scene, scored: Scored) -> Quote:
    """A sentence cut down to the clauses that answer, with its short answer."""
    piece = scored.piece
    short = short_answer(scene.asked, piece.text, scene.rarity, piece.lost)
    low, high = clauses(scene, piece.text, short)
    inner = Short(short.start - low, short.end - low, short.score) if short and short.end <= high else None
    end = piece.start + high
    if high == len(piece.text):
        end = _to_its_end(piece, end)
    return Quote(piece, piece.start + low, end, scored.score, inner)


def _to_its_end(piece: Piece, end: int) -> int:
    """Where a sentence that breaks off at the end of a line goes on to: its next clause of the same passage.

    A heading, or a line that was taken for one, says little without what follows.
    """
    text = piece.passage.text
    rest = text[end:].lstrip()
    if _STOPPED.search(text[:end]) or not rest or piece.passage.kind != "body" or piece.passage.lost:
        return end
    start = len(text) - len(rest)
    stop = _STOP.search(rest)
    return min(start + (stop.end() if stop else len(rest)), start + LONG)


def _same(one: Piece, other: Piece) -> bool:
    return one.found.text in other.found.text or other.found.text in one.found.text


def broken_within(asked: Asked, piece: Piece, start: int, end: int) -> bool:
    """True when a number is asked for and one is lost in [start, end) of the passage: never evidence."""
    if asked.expect not in (Expect.NUMBER, Expect.DATE):
        return False
    return any(piece.start + low < end and start <= piece.start + high for low, high in piece.lost)
