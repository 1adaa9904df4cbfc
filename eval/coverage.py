"""Whether what was retrieved holds the evidence, character by character.

An evidence quotation is found by a set of passages when their spans together
hold at least 80 % of its characters in its document (white space left out).
A question is hit when the evidence it needs is found: every group with
`all_of`, otherwise any one; alternatives of a group are worth the same. The
unit is the character, so that rankings with other passage lengths compare.

For graded measures every passage has a grade by itself:

    2   it holds at least 80 % of a quotation
    1   it holds at least a third of one that runs on in another passage
    0   otherwise
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from eval.gold import GoldError, Question, locate
from eval.runs import Retrieved
from index.document import Span

FOUND = 0.8
PART = 1 / 3
BUDGET = 2_000  # characters of a ranking that a reader, or a language model, is given
# trec_eval leaves a question without any relevant passage out of the mean; this
# passage, which no ranking can hold, makes it count as zero.
NOWHERE = "\x00nowhere"


@dataclass(frozen=True, slots=True)
class Placed:
    """An evidence quotation in its document: the offsets of its characters, white space left out."""

    doc: str
    group: int
    offsets: frozenset[int]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A question with its evidence located."""

    question: Question
    evidence: tuple[Placed, ...]

    def hit(self, passages: Sequence[Retrieved]) -> bool:
        """True when the passages together hold the evidence that the question needs."""
        return self.share(passages) >= 1

    def share(self, passages: Sequence[Retrieved]) -> float:
        """Share of the needed evidence groups that the passages hold, 0 to 1."""
        found = {
            item.group for item in self.evidence if len(_held(item, passages)) >= FOUND * len(item.offsets)
        }
        if not self.question.all_of:
            return float(bool(found))
        return len(found) / len({item.group for item in self.evidence})

    def first_hit(self, ranking: Sequence[Retrieved]) -> int:
        """The smallest k whose first k passages hit, 0 when none does."""
        for k in range(1, len(ranking) + 1):
            # only a passage that holds evidence can turn a miss into a hit
            if self._touches(ranking[k - 1]) and self.hit(ranking[:k]):
                return k
        return 0

    def grade(self, passage: Retrieved) -> int:
        """Relevance of one passage by itself: 2, 1 or 0 as the module says."""
        best = max((len(_held(item, [passage])) / len(item.offsets) for item in self.evidence), default=0.0)
        return 2 if best >= FOUND else 1 if best >= PART else 0

    def _touches(self, passage: Retrieved) -> bool:
        return any(_held(item, [passage]) for item in self.evidence)


def judge(questions: Iterable[Question], texts: Mapping[str, str]) -> tuple[Judgement, ...]:
    """Answerable questions with their evidence located in `texts` (document id to decoded text).

    A quotation that stands in its document several times counts at each of
    them. Raises GoldError for evidence that is not there.
    """
    return tuple(
        Judgement(question, tuple(_place(question, texts))) for question in questions if question.answerable
    )


def grades(judgement: Judgement, passages: Iterable[Retrieved]) -> dict[str, int]:
    """Graded judgements of all passages that are worth something, by id; never empty."""
    found = {passage.id: judgement.grade(passage) for passage in passages}
    return {id_: grade for id_, grade in found.items() if grade} or {NOWHERE: 2}


def within(ranking: Sequence[Retrieved], budget: int = BUDGET) -> list[Retrieved]:
    """The first `budget` characters of a ranking; the passage that crosses the line is cut there."""
    kept: list[Retrieved] = []
    for passage in ranking:
        if budget <= 0:
            break
        kept.append(passage if passage.length <= budget else _cut(passage, budget))
        budget -= passage.length
    return kept


def offsets(spans: Iterable[Span], text: str = "") -> frozenset[int]:
    """Offsets of the characters of some spans; those of white space left out where the text is given."""
    every = frozenset(place for span in spans for place in range(span.start, span.end))
    return frozenset(place for place in every if not text[place : place + 1].isspace()) if text else every


def _place(question: Question, texts: Mapping[str, str]) -> Iterable[Placed]:
    for item in question.evidence:
        if item.doc not in texts:
            raise GoldError(
                f"gold question {question.id} needs document {item.doc!r}, which is not in the index; "
                "give your own questions with --gold, or make some with `youju eval silver`"
            )
        places = locate(texts[item.doc], item.quote)
        if not places:
            raise GoldError(f"gold question {question.id}: {item.doc} does not hold {item.quote[:40]!r}")
        for span in places:
            yield Placed(item.doc, item.group, offsets([span], texts[item.doc]))


def _held(item: Placed, passages: Iterable[Retrieved]) -> set[int]:
    held: set[int] = set()
    first, last = min(item.offsets), max(item.offsets)
    for passage in passages:
        if passage.doc != item.doc:
            continue
        for span in passage.spans:
            if span.start <= last and first < span.end:
                held.update(place for place in item.offsets if span.start <= place < span.end)
    return held


def _cut(passage: Retrieved, length: int) -> Retrieved:
    spans: list[Span] = []
    for span in passage.spans:
        if length <= 0:
            break
        spans.append(Span(span.start, min(span.end, span.start + length)))
        length -= len(span)
    return Retrieved(passage.id, passage.doc, tuple(spans), passage.score, passage.text)
