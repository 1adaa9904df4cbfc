"""From found passages to the quotes that answer, or to the reason why nothing does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rag import choose, features, refuse
from rag.choose import Quote, Scored
from rag.evidence import Piece
from rag.gaps import OTHER_YEAR, Gap, gap
from rag.lost import damaged, intact_instead, outweighed
from rag.question import Asked, Expect
from rag.reading import Reader
from rag.retrieve import Found
from rag.scene import Scene
from rag.scope import Scope, several_times
from rag.short import Short, short_answer
from rag.sides import once, other_side
from rag.speaker import BACK, speaker_of

TIMELY = 0.6  # how much an article's years count
RIVALS = 12  # sentences that are looked at for what the best one may have lost, or answers better
SECOND = 0.5  # what a sentence with a number of the kind asked for needs of the best one's score
GAPPED = 0.1  # what is left of the confidence where what is asked for is plainly missing
_PAIRS = features.FEATURES.index("pairs")
_AROUND = features.FEATURES.index("pairs_around")


@dataclass(frozen=True, slots=True)
class Measured:
    """Candidate sentences (n,) with their features (n, len(FEATURES)) and factors on their scores (n,)."""

    scene: Scene
    pieces: list[Piece]
    rows: features.Rows
    timely: features.Rows


@dataclass(frozen=True, slots=True)
class Sheet:
    """The candidate sentences for one question, scored; `ranked` has them best first."""

    scene: Scene
    pieces: list[Piece]
    rows: features.Rows
    scores: features.Rows
    ranked: list[Scored]
    scope: Scope

    @property
    def asked(self) -> Asked:
        return self.scene.asked

    def coverage(self) -> dict[int, float]:
        """Share of the question's letter pairs in each sentence, by its row."""
        return {row: float(value) for row, value in enumerate(self.rows[:, _PAIRS])}


@dataclass(frozen=True, slots=True)
class Weighed:
    """Quotes in reading order, empty when there is `reason` to refuse; `pieces` are all candidates."""

    asked: Asked
    quotes: tuple[Quote, ...]
    pieces: tuple[Piece, ...]
    confidence: float
    reason: str = ""
    broken: tuple[Piece, tuple[int, int]] | None = None
    gap: Gap | None = None  # what the sentences found lack


def weigh(reader: Reader, found: Found) -> Weighed:
    """Score sentences, decide whether they answer, and choose what is quoted."""
    sheets = [_sheet(reader, found, number) for number in range(len(found.asked))]
    whole, parts = sheets[0], sheets[1:]
    if not whole.pieces:
        return Weighed(whole.asked, (), (), 0.0, "nothing")
    confidence = max(_confidence(whole), min(map(_confidence, parts), default=0.0))
    pieces = tuple(whole.pieces)
    if confidence < refuse.load("answerable").threshold:
        return Weighed(whole.asked, (), pieces, confidence, "weak")
    quotes: list[Quote] = []
    lacking: list[Gap] = []
    times = several_times([sheet.scope for sheet in parts])
    for sheet in parts or [whole]:
        ranked, broken = _mended(reader, sheet)
        if broken is not None and not parts:
            return Weighed(whole.asked, (), pieces, confidence, "lost", broken)
        if broken is None and not parts and not (ranked := _with_number(reader, sheet, ranked)):
            return Weighed(whole.asked, (), pieces, confidence, "weak")
        if broken is None:
            ranked, missing = _complete(sheet, ranked)
            lacking += [missing] if missing else []
            ranked = other_side(ranked, quotes, times=times) if parts else ranked
            quotes += _quotes(reader, sheet, ranked, single=bool(parts))
    if len(lacking) == max(1, len(parts)):
        return Weighed(whole.asked, (), pieces, GAPPED * confidence, "weak", gap=lacking[0])
    quotes = once(quotes)
    if parts and quotes:
        quotes = choose.filled(whole.scene, quotes, whole.ranked)
    reason = "" if quotes else "lost"
    return Weighed(whole.asked, tuple(choose.in_reading_order(quotes)), pieces, confidence, reason)


def measured(reader: Reader, found: Found, number: int) -> Measured:
    """The candidate sentences for the question or the part of it of that number, not yet scored."""
    asked, vector = found.asked[number], found.vectors[number]
    scene = Scene(asked, reader.rarity(), reader.index.encoder, vector, found.reranker)
    pieces, rows = features.measure(scene, found.hits, reader.cuts(found.hits), found.reads)
    return Measured(scene, pieces, rows, _timely(reader, found.scopes[number], pieces))


def _sheet(reader: Reader, found: Found, number: int) -> Sheet:
    here = measured(reader, found, number)
    scores = (
        refuse.load("sentence").ordered(features.FEATURES).probability(here.rows)
        if here.pieces
        else np.zeros(0, np.float32)
    )
    ranked = choose.rank(here.pieces, scores * here.timely)
    return Sheet(here.scene, here.pieces, here.rows, scores, ranked, found.scopes[number])


def _timely(reader: Reader, scope: Scope, pieces: Sequence[Piece]) -> features.Rows:
    """Factors (n,) that favour articles which speak of the times the question names."""
    if not scope.periods:
        return np.ones(len(pieces), np.float32)
    nearest = [scope.timely(piece.passage, reader.years()) for piece in pieces]
    return np.asarray([1 - TIMELY / 2 + TIMELY * one for one in nearest], np.float32)


def _confidence(sheet: Sheet) -> float:
    return refuse.confidence(sheet.rows, sheet.scores, sheet.ranked[0].row)


def _mended(reader: Reader, sheet: Sheet) -> tuple[list[Scored], tuple[Piece, tuple[int, int]] | None]:
    """The ranking without the sentences that lost the number asked for; that place when all have lost it."""
    best = sheet.ranked[0]
    place = damaged(sheet.asked, best.piece, reader.rarity())
    if place is None:
        if (broken := outweighed(sheet.asked, sheet.ranked, reader.rarity())) is not None:
            return [], broken
        return [
            one for one in sheet.ranked[:RIVALS] if not damaged(sheet.asked, one.piece, reader.rarity())
        ], None
    rivals = sheet.ranked[1:RIVALS]
    instead = intact_instead(sheet.asked, best, place, rivals, sheet.coverage(), reader.rarity())
    if instead is None:
        return [], (best.piece, place)
    return [instead], None


def _with_number(reader: Reader, sheet: Sheet, ranked: list[Scored]) -> list[Scored]:
    """Where a number with a measure word is asked for, the sentences from the first that has one on.

    Empty where no sentence that is half as likely as the best has such a number.
    """
    asked = sheet.asked
    if not (asked.expect is Expect.NUMBER and asked.unit and asked.kinds and "多少" in asked.text):
        return ranked
    has = (
        number
        for number, one in enumerate(ranked)
        if short_answer(asked, one.piece.text, reader.rarity(), one.piece.lost)
    )
    first = next(has, len(ranked))
    left = ranked[first:]
    return left if left and left[0].score >= SECOND * ranked[0].score else []


def _complete(sheet: Sheet, ranked: list[Scored]) -> tuple[list[Scored], Gap | None]:
    """The sentences from the first on that lacks nothing asked for; what the best one lacks where all do.

    Only sentences are looked at that are likely enough to be quoted beside the best. Those of another year
    than the one asked about are passed over wherever they stand.
    """
    first: Gap | None = None
    left: list[Scored] = []
    likely = [one for one in ranked if one.score >= choose.CLOSE * ranked[0].score]
    for one in likely:
        missing = gap(sheet.asked, one.piece, sheet.pieces, after=first)
        if missing is None or (left and missing.key != OTHER_YEAR):
            left.append(one)
        first = first or missing
    return ([*left, *ranked[len(likely) :]], None) if left else (ranked, first)


def _quotes(reader: Reader, sheet: Sheet, ranked: Sequence[Scored], *, single: bool) -> list[Quote]:
    if sheet.asked.speaker and ranked:
        spoken = _spoken(reader, sheet, ranked[0])
        if spoken:
            return spoken
    chosen = choose.quotes(sheet.scene, ranked[:1] if single else ranked)
    return chosen


def _spoken(reader: Reader, sheet: Sheet, best: Scored) -> list[Quote]:
    """Who says it, then what is said."""
    said = choose.quote(sheet.scene, best)
    siblings = [piece for piece in sheet.pieces if piece.passage.id == best.piece.passage.id]
    before = reader.before(best.piece.passage, BACK)
    speaker = speaker_of(best.piece, said.start - best.piece.start, siblings, before)
    if speaker is None:
        return []
    short = Short(speaker.name_start - speaker.start, speaker.name_end - speaker.start, 1.0)
    said = Quote(said.piece, said.start, said.end, said.score)
    if speaker.piece is best.piece and said.start <= speaker.end + 2 and speaker.start <= said.end:
        start, end = min(said.start, speaker.start), max(said.end, speaker.end)
        inner = Short(speaker.name_start - start, speaker.name_end - start, 1.0)
        return [Quote(said.piece, start, end, said.score, inner)]
    return [Quote(speaker.piece, speaker.start, speaker.end, said.score, short), said]
