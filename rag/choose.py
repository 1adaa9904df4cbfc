"""Which sentences answer, and how much of each has to be quoted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rag.evidence import Piece
from rag.letters import letters
from rag.question import Asked, Expect
from rag.rarity import Rarity
from rag.scene import Scene
from rag.short import Short, short_answer

Rows = npt.NDArray[np.float32]

ROOM = 190  # characters an answer may have when one sentence does not say it all
LONG = 100  # characters a quote of several clauses has at most; a shorter sentence is quoted whole
LEAST = 24  # characters a quote with a short answer has at least, where its sentence has as many
KEEP = 0.5  # a further clause must be this near to the question, as a share of the nearest
UNSURE = 0.5  # a best sentence less likely than this is followed by two more, where there is room
CLOSE = 0.35  # a further sentence must be this likely, as a share of the best
_STOPPED = re.compile(r"[。！？!?；;…][”’」』）)]*\s*$")
_STOP = re.compile(r"[。！？!?；;][”’」』）)]*")
_MARKED = re.compile(r"“[^“”]{1,24}”|《[^《》]{1,40}》|（[^（）]{1,24}）")
_CLAUSE_END = re.compile(r"[，；：,;:](?![\d])|——")


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
        if sum(len(one.text) for one in (*chosen, further)) <= ROOM:
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


def clauses(scene: Scene, text: str, short: Short | None) -> tuple[int, int]:
    """[start, end) of the clauses of a sentence that hold the answer, without a comma at the end.

    Begins with the clause nearest to the question (or the one with the short
    answer), reaches from one to the other, and takes in neighbours that are near
    the question too, the nearer side first, up to LONG characters.
    """
    bounds = clause_bounds(text)
    if short is None and len(text) <= LONG:
        return 0, len(text)
    weights = _nearness(scene, text, bounds)
    middle = max(range(len(bounds)), key=lambda number: weights[number])
    low = high = middle
    if short is not None:
        holder = next(number for number, (_, end) in enumerate(bounds) if short.start < end)
        reach = (min(middle, holder), max(middle, holder))
        near = bounds[reach[1]][1] - bounds[reach[0]][0] <= LONG
        low, high = reach if near else (holder, holder)
    enough = LEAST if short is not None else LONG - 10
    while (number := _wider(bounds, weights, low, high, enough)) is not None:
        low, high = min(low, number), max(high, number)
    return bounds[low][0], bounds[low][0] + len(
        text[bounds[low][0] : bounds[high][1]].rstrip("，；：、,;: —")
    )


def _wider(
    bounds: Sequence[tuple[int, int]], weights: Sequence[float], low: int, high: int, enough: int
) -> int | None:
    """The neighbour to take in, None when the quote is long enough or would become too long."""
    options = [
        (weights[number], number)
        for number in (low - 1, high + 1)
        if 0 <= number < len(bounds)
        if bounds[max(high, number)][1] - bounds[min(low, number)][0] <= LONG
    ]
    size = bounds[high][1] - bounds[low][0]
    worth = KEEP * max(weights[low : high + 1])
    if not options or (size >= enough and max(options)[0] < worth):
        return None
    return max(options)[1]


def _nearness(scene: Scene, text: str, bounds: Sequence[tuple[int, int]]) -> list[float]:
    """For each clause its share of the question's letter pairs, and its cosine with the question."""
    if len(bounds) == 1:
        return [1.0]
    shared = clause_weights(scene.asked, text, bounds, scene.rarity)
    pairs = letters(scene.asked.focus).pairs()
    total = sum(scene.rarity.weight(pair) for pair in set(pairs)) or 1.0
    cosines = scene.encoder.encode([text[start:end] for start, end in bounds]) @ scene.vector
    return [one / total + max(0.0, float(cosine)) for one, cosine in zip(shared, cosines, strict=True)]


def clause_weights(asked: Asked, text: str, bounds: Sequence[tuple[int, int]], rarity: Rarity) -> list[float]:
    """For each clause the weight of the letter pairs it shares with the question."""
    wanted = set(letters(asked.focus).pairs())
    return [
        sum(rarity.weight(pair) for pair in wanted & set(letters(text[start:end]).pairs()))
        for start, end in bounds
    ]


def clause_bounds(text: str) -> list[tuple[int, int]]:
    """[start, end) of the clauses of a sentence; they tile it. What is quoted in a few words is not cut."""
    marked = [match.span() for match in _MARKED.finditer(text)]
    ends = [match.end() for match in _CLAUSE_END.finditer(text)]
    ends = [end for end in ends if end < len(text) and not any(low < end < high for low, high in marked)]
    ends.append(len(text))
    return list(zip([0, *ends[:-1]], ends, strict=True))


def _same(one: Piece, other: Piece) -> bool:
    return one.found.text in other.found.text or other.found.text in one.found.text


def broken_within(asked: Asked, piece: Piece, start: int, end: int) -> bool:
    """True when a number is asked for and one is lost in [start, end) of the passage: never evidence."""
    if asked.expect not in (Expect.NUMBER, Expect.DATE):
        return False
    return any(piece.start + low < end and start <= piece.start + high for low, high in piece.lost)
