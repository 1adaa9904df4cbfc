"""Every occurrence of a term in the archive, counted: the answer to `一共提到几次`."""

from __future__ import annotations

from dataclasses import dataclass

from index.document import Passage
from index.records import Where
from index.sentences import sentences
from rag.answer import Answer, Citation, Claim, Ranked, Verdict
from rag.archive import Archive
from rag.letters import letters, occurrences
from rag.readings import Aspect, Reading
from rag.wording import say

SHOWN = 50  # occurrences cited; the count is of all


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A term at [start, end) of a passage's text."""

    passage: Passage
    start: int
    end: int


def occurrences_of(term: str, index: Archive, where: Where | None = None) -> list[Occurrence]:
    """Every place where the archive writes a term, in the order of the archive.

    Compared folded: traditional or simplified, full or half width, with or
    without spaces and line breaks. Every character of a document stands in one
    passage, so nothing is counted twice.
    """
    wanted = letters(term).text
    found: list[Occurrence] = []
    for passage in index.passages:
        if where is not None and where.docs and passage.doc not in where.docs:
            continue
        text = letters(passage.text)
        for place in occurrences(wanted, text.text):
            found.append(Occurrence(passage, *text.outer(place, place + len(wanted))))
    return found


def concordance(
    question: str, term: str, index: Archive, where: Where | None = None, language: str = "zh"
) -> Answer:
    """The count, document by document, with every occurrence cited in its sentence.

    A term that does not occur is a refusal that says how much was searched.
    """
    found = occurrences_of(term, index, where)
    documents = [card.id for card in index.documents()]
    searched = [doc for doc in documents if where is None or not where.docs or doc in where.docs]
    scope = say(language, "counted_scope", all=len(documents), searched=len(searched))
    reading = Reading(Aspect.COUNTED, term, term, say(language, "counted_each", meant=term))
    if not found:
        never = say(language, "never", term=term, scope=scope)
        return Answer(question, never, refused=True, reason="nothing", readings=(reading,))
    shown = found[:SHOWN]
    claims = [Claim(_in_context(one), (number,), Verdict.VERBATIM) for number, one in enumerate(shown, 1)]
    citations = [Citation(number, one.passage, *_sentence(one)) for number, one in enumerate(shown, 1)]
    counts = [(doc, sum(one.passage.doc == doc for one in found)) for doc in searched]
    kept = [say(language, "times", doc=doc, count=count) for doc, count in counts if count]
    listed = say(language, "listing").join(kept)
    head = say(
        language, "counted", term=term, count=len(found), documents=len(kept), listed=listed, scope=scope
    )
    counted = Claim(head, tuple(range(1, min(len(shown), 9))), Verdict.STITCHED)
    notes = (say(language, "first", count=SHOWN),) if len(found) > SHOWN else ()
    return Answer(
        question=question,
        text=head,
        refused=False,
        claims=(counted, *claims),
        citations=tuple(citations),
        ranking=tuple(Ranked(passage, 1.0) for passage in _passages(shown)),
        notes=notes,
        readings=(reading,),
        confidence=1.0,
    )


def _sentence(one: Occurrence) -> tuple[int, int]:
    spans = [span for span in sentences(one.passage.text) if span.start < one.end and one.start < span.end]
    return spans[0].start, spans[-1].end


def _in_context(one: Occurrence) -> str:
    start, end = _sentence(one)
    return one.passage.text[start:end].replace("\r", "").replace("\n", "")


def _passages(found: list[Occurrence]) -> list[Passage]:
    return list({one.passage.id: one.passage for one in found}.values())
