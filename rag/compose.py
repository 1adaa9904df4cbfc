"""Quotes become an Answer: claims, numbered citations, reprints, and what refusals say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.records import Where
from rag.answer import Answer, Citation, Claim, Ranked, Verdict
from rag.archive import Archive
from rag.choose import Quote, broken_within
from rag.clauses import clause_bounds
from rag.evidence import Piece
from rag.families import difference, reprints
from rag.generate import Judged
from rag.inert import outward, unmarked
from rag.letters import join
from rag.lost import place_in_file
from rag.weigh import Weighed
from rag.wording import say

MISSING = "□"  # stands where the file has lost a number


def compose(question: str, weighed: Weighed, ranking: tuple[Ranked, ...], language: str = "zh") -> Answer:
    """An answer of the chosen quotes in their order, one claim and one citation each."""
    claims, citations, notes = [], [], []
    for number, quote in enumerate(weighed.quotes, 1):
        also = tuple(
            other
            for other in reprints(quote.piece, weighed.pieces)
            if not broken_within(weighed.asked, other, other.start, other.end)
        )
        citations.append(_citation(number, quote, also))
        claims.append(claim(quote, number))
        notes += [note for other in also if (note := _note(quote.piece, other, language))]
    return Answer(
        question=question,
        text=answer_text(claims),
        refused=False,
        claims=tuple(claims),
        citations=tuple(citations),
        ranking=ranking,
        notes=tuple(dict.fromkeys(notes)),
        confidence=weighed.confidence,
    )


def written(
    question: str,
    weighed: Weighed,
    ranking: tuple[Ranked, ...],
    judged: Judged,
    *,
    broken_off: bool,
    language: str = "zh",
) -> Answer:
    """An answer of a model's sentences; struck ones stay among the claims, never in the text."""
    struck = len(judged.claims) - len(judged.kept)
    notes = []
    if struck:
        notes.append(say(language, "struck", count=struck))
    if judged.invented:
        notes.append(say(language, "invented", count=judged.invented))
    if broken_off:
        notes.append(say(language, "broken_off"))
    return Answer(
        question=question,
        text=join(claim.text for claim in judged.kept),
        refused=False,
        claims=tuple(judged.claims),
        citations=tuple(judged.citations),
        ranking=ranking,
        notes=tuple(notes),
        confidence=weighed.confidence,
        incomplete=broken_off,
    )


def answer_text(claims: Sequence[Claim]) -> str:
    """The short answer on a line of its own where there is one, then the sentences, each with a stop."""
    short = next((one.text[slice(*one.short)] for one in claims if one.short), "")
    sentences = join(_stopped(one.text) for one in claims)
    return f"{short}\n{sentences}" if short and len(sentences) > len(short) + 4 else sentences


def _stopped(text: str) -> str:
    """A quote that was cut at a clause, with a stop after it: the next one begins another sentence."""
    last = text[-1:]
    cut = last in "%％》□" or (last.isalnum() and (last.isdigit() or not last.isascii()))
    return f"{text}。" if last and cut else text


def claim(quote: Quote, number: int) -> Claim:
    """The quote as it is read: line breaks out, a sign where a number is lost."""
    text, places = printed(quote)
    short = None
    if quote.short is not None:
        start, end = places[quote.short.start], places[quote.short.end - 1] + 1
        short = (start, end) if start < end else None
    return Claim(text, (number,), Verdict.VERBATIM, short)


def printed(quote: Quote) -> tuple[str, list[int]]:
    """Text of a quote for reading, and for each of its characters the place in that text."""
    gone = [(start, end, MISSING) for start, end in _lost_inside(quote)] + outward(quote.text)
    signs = {start: sign for start, _, sign in reversed(gone)}
    text, places = "", []
    for place, character in enumerate(quote.text):
        text += signs.get(place, "")
        places.append(len(text))
        if character not in "\r\n" and not any(start <= place < end for start, end, _ in gone):
            text += character
    return unmarked(text), places


def _lost_inside(quote: Quote) -> list[tuple[int, int]]:
    shift = quote.start - quote.piece.start
    size = quote.end - quote.start
    return [
        (start - shift, end - shift)
        for start, end in quote.piece.lost
        if shift <= start and end <= shift + size
    ]


def searched(index: Archive, where: Where | None, language: str) -> str:
    """How much was searched, in words."""
    cards = index.documents()
    if where is None or not where.docs:
        return say(language, "scope", documents=len(cards), passages=len(index.passages))
    inside = [card for card in cards if card.id in where.docs]
    count = sum(card.passages for card in inside)
    return say(language, "scope_part", documents=len(inside), all_documents=len(cards), passages=count)


def refusal(
    question: str, weighed: Weighed, ranking: tuple[Ranked, ...], scope: str, language: str = "zh"
) -> Answer:
    """A refusal that says why, and, in the words of `scope`, how much was searched."""
    near = say(language, "near") if ranking else ""
    why = (
        say(language, weighed.gap.key, said=weighed.gap.said)
        if weighed.gap
        else say(language, weighed.reason)
    )
    damage = _damage(weighed, language)
    return Answer(
        question=question,
        text=say(language, "refused", why=why, damage=damage, scope=scope, near=near),
        refused=True,
        ranking=ranking,
        reason=weighed.reason,
        confidence=weighed.confidence,
    )


def _damage(weighed: Weighed, language: str) -> str:
    """The damaged place: the clause with a sign where the number was, the document and the offset."""
    if weighed.broken is None:
        return ""
    piece, place = weighed.broken
    start, end = next(
        (low, high)
        for low, high in clause_bounds(piece.text)
        if low <= place[0] < high or high == len(piece.text)
    )
    text, _ = printed(Quote(piece, piece.start + start, piece.start + end, 0.0))
    where = place_in_file(piece.passage, piece, place)
    return say(language, "damage", clause=text, doc=piece.passage.doc, place=where)


def _citation(number: int, quote: Quote, also: Sequence[Piece]) -> Citation:
    passage = quote.piece.passage
    others = tuple(Citation(number, other.passage, other.start, other.end) for other in also)
    return replace(Citation(number, passage, quote.start, quote.end), also=others)


def _note(piece: Piece, other: Piece, language: str) -> str:
    words = difference(piece, other)
    if words is None:
        return ""
    here, there = words
    return say(language, "versions", doc=piece.passage.doc, here=here, other=other.passage.doc, there=there)
