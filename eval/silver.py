"""Silver questions: made from an archive itself, so that anyone can compare settings on their own documents.

No label and no language model is needed. Two kinds, each with known evidence:

    cloze      a sentence with its rarest name, place, organisation, number or date put as a
               question word; formal words are said as people say them (`everyday.txt`), and
               part of the others, the rare ones first, are left out
    headline   the title of an article; any sentence of its body is evidence

A question that could mean another place is left out: in the text's own words none of
the passages without the evidence may hold most of what it says, rare words
counting more. The same sentence elsewhere (a reprint) counts as evidence too.

Silver still shares more with the text than people's questions do: it is good
for comparing settings, `eval.agreement` measures how good, and says nothing
about how many real questions will be answered.
"""

from __future__ import annotations

import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from eval.cloze import gap
from eval.gold import Evidence, Question, locate
from index.document import Passage, YoujuError
from index.sentences import sentences
from index.tokens import terms
from rag.letters import containment, letters, shingles

if TYPE_CHECKING:
    from index.search import Index

SHORTEST, LONGEST = 20, 120  # letters of a sentence that becomes a cloze
KEEP = (0.7, 0.5)  # shares of the content words that are kept, in turn
AMBIGUOUS = 0.75  # share of a question, by rarity, that another passage may not hold
SAME = 0.7  # share of four-letter runs from which two sentences are the same
COMMON = 0.1  # share of the passages that may hold what is asked for
TITLE = 8  # letters of a title that becomes a question
_DAMAGED = {"lost_digits", "truncated", "unrelated", "caption"}
_ENDS = ("。", "！", "？", "；", "”", "…")


class SilverError(YoujuError):
    """An archive is too small, or too uniform, to ask unambiguous questions about."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence that stands in one piece in its document; `row` is its passage."""

    row: int
    doc: str
    text: str
    letters: str


@dataclass(frozen=True, slots=True)
class Archive:
    """What questions are made from: passages with their terms, sentences, and how rare a term is."""

    passages: tuple[Passage, ...]
    terms: tuple[frozenset[str], ...]
    rarity: Mapping[str, float]
    sentences: tuple[Sentence, ...]
    holders: Mapping[str, frozenset[int]]  # run of four letters → places in `sentences`

    @classmethod
    def of(cls, index: Index) -> Archive:
        passages = tuple(index.passages)
        every = tuple(frozenset(terms(passage.text)) for passage in passages)
        count = Counter(term for found in every for term in found)
        rarity = {term: math.log(1 + len(passages) / times) for term, times in count.items()}
        texts = {card.id: index.text(card.id) for card in index.documents()}
        whole = tuple(_whole_sentences(passages, texts))
        holders: dict[str, set[int]] = defaultdict(set)
        for place, sentence in enumerate(whole):
            for run in shingles(sentence.letters):
                holders[run].add(place)
        return cls(passages, every, rarity, whole, {run: frozenset(held) for run, held in holders.items()})

    def rare(self, word: str) -> float:
        """How rare the rarest term of a word is."""
        return max((self.rarity.get(term, 0.0) for term in terms(word)), default=0.0)

    @property
    def uncommon(self) -> float:
        """How rare a word must be that is worth asking for; a reprint alone does not make one common."""
        return math.log(1 + min(1 / COMMON, len(self.passages) / 2)) - 1e-9

    def same(self, sentence: Sentence) -> list[Sentence]:
        """The sentence and every other that says the same in the same words."""
        runs = shingles(sentence.letters)
        shared = Counter(place for run in runs for place in self.holders.get(run, ()))
        found = [sentence]
        for place, times in sorted(shared.items()):
            other = self.sentences[place]
            alike = times >= SAME * len(runs) and containment(shingles(other.letters), runs) >= SAME
            if alike and other != sentence:
                found.append(other)
        return found

    def ambiguous(self, question: str, evidence: Sequence[Sentence]) -> bool:
        """True when a passage without the evidence holds most of the question."""
        asked = {term: self.rarity.get(term, 0.0) for term in set(terms(question))}
        total = sum(asked.values())
        rows = {sentence.row for sentence in evidence}
        return total == 0 or any(
            sum(weight for term, weight in asked.items() if term in found) > AMBIGUOUS * total
            for row, found in enumerate(self.terms)
            if row not in rows
        )


def make(index: Index, *, count: int = 300, seed: int = 0) -> tuple[Question, ...]:
    """At most `count` questions about an archive, the same every time for one seed.

    Raises SilverError when nothing unambiguous can be asked.
    """
    archive = Archive.of(index)
    rng = random.Random(seed)  # a repeatable draw, no secret  # nosec B311
    headlines = [*_headlines(index, archive)]
    rng.shuffle(headlines)
    headlines = headlines[: count // 4]
    made = [*headlines, *_clozes(archive, rng, count - len(headlines))]
    if not made:
        raise SilverError(
            f"no unambiguous question can be made from {len(archive.passages)} passages; "
            "write some yourself, one JSON a line, and give them with --gold"
        )
    return tuple(made)


def _clozes(archive: Archive, rng: random.Random, count: int) -> Iterator[Question]:
    order = [*archive.sentences]
    rng.shuffle(order)
    asked: set[str] = set()
    for sentence in order:
        if len(asked) >= count:
            return
        if not SHORTEST <= len(sentence.letters) <= LONGEST:
            continue
        keep = KEEP[len(asked) % len(KEEP)]
        found = gap(sentence.text, archive.rare, rng, keep=keep, least=archive.uncommon)
        if found is None or found.everyday in asked:
            continue
        evidence = archive.same(sentence)
        if letters(found.answer).text in letters(found.question).text or archive.ambiguous(
            found.question, evidence
        ):
            continue
        asked.add(found.everyday)
        yield Question(
            id=f"cloze-{len(asked):04d}",
            type="cloze",
            question=found.everyday,
            evidence=tuple(Evidence(item.doc, item.text) for item in evidence),
            answer=found.answer,
        )


def _headlines(index: Index, archive: Archive) -> Iterator[Question]:
    bodies: dict[tuple[str, str], list[Sentence]] = defaultdict(list)
    for sentence in archive.sentences:
        passage = archive.passages[sentence.row]
        if passage.kind == "body" and len(sentence.letters) >= TITLE:
            bodies[passage.doc, passage.article].append(sentence)
    articles = [article for article in index.articles() if len(letters(article.title).text) >= TITLE]
    titles = Counter(letters(article.title).text for article in articles)
    for number, article in enumerate(articles):
        body = bodies.get((article.doc, article.id), [])
        if body and titles[letters(article.title).text] == 1:
            evidence = tuple(Evidence(item.doc, item.text) for item in body)
            title = " ".join(article.title.split())
            yield Question(
                id=f"headline-{number:04d}",
                type="headline",
                question=title,
                evidence=evidence,
                answer=title,
            )


def _whole_sentences(passages: Sequence[Passage], texts: Mapping[str, str]) -> Iterator[Sentence]:
    for row, passage in enumerate(passages):
        if passage.kind != "body" or _DAMAGED & {*passage.flags}:
            continue
        for span in sentences(passage.text):
            text = passage.text[span.start : span.end].strip()
            plain = letters(text).text
            # a sentence that was put together from two columns cannot be quoted in one piece
            if plain and text.endswith(_ENDS) and len(locate(texts[passage.doc], text)) == 1:
                yield Sentence(row, passage.doc, text, plain)
