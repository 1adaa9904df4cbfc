"""Which sentences answer a further part of a question: not those that answer another, nor their reprints."""

from __future__ import annotations

from collections.abc import Sequence

from rag.choose import Quote, Scored
from rag.families import reprints
from rag.letters import letters

SECOND = 0.5  # what another sentence needs of the best one's score to answer another part of a question
OTHER = 0.08  # what the other side of a comparison needs of the best sentence's score to be taken instead


def other_side(ranked: list[Scored], quotes: Sequence[Quote], *, times: bool) -> list[Scored]:
    """For a further part what does not already answer another: of two times, other documents or articles."""
    if not times or not quotes:
        return _further(ranked, quotes)
    docs = {quote.piece.passage.doc for quote in quotes}
    articles = {quote.piece.passage.article for quote in quotes}
    fresh = _fresh(ranked, quotes)
    for others in (
        [one for one in fresh if one.piece.passage.doc not in docs],
        [one for one in fresh if one.piece.passage.article not in articles],
    ):
        if others and others[0].score >= OTHER * ranked[0].score:
            return others
    return ranked


def once(quotes: Sequence[Quote]) -> list[Quote]:
    """Quotes without those that lie inside another, or say in a reprint what it says."""
    kept: list[Quote] = []
    for quote in quotes:
        if not any(_overlap(quote, other) or _repeats(quote, other) for other in kept):
            kept.append(quote)
    return kept


def _overlap(one: Quote, other: Quote) -> bool:
    same = one.piece.passage.id == other.piece.passage.id
    return same and other.start < one.end and one.start < other.end


def _repeats(one: Quote, other: Quote) -> bool:
    mine, theirs = letters(one.text).text, letters(other.text).text
    return (mine in theirs or theirs in mine) and bool(reprints(other.piece, [one.piece]))


def _further(ranked: list[Scored], quotes: Sequence[Quote]) -> list[Scored]:
    """For a further part, the sentences that do not already answer another, where one is good enough."""
    others = _fresh(ranked, quotes)
    return others if others and others[0].score >= SECOND * ranked[0].score else ranked


def _fresh(ranked: Sequence[Scored], quotes: Sequence[Quote]) -> list[Scored]:
    """The sentences that are neither quoted yet nor reprints of what is."""
    taken = {(quote.piece.passage.id, quote.piece.start) for quote in quotes}
    return [
        one
        for one in ranked
        if (one.piece.passage.id, one.piece.start) not in taken
        and not any(reprints(quote.piece, [one.piece]) for quote in quotes)
    ]
