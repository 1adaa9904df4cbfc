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
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from eval.gold import Evidence, Question, locate
from index.document import Passage, YoujuError
from index.sentences import sentences
from index.tokens import terms
from rag.facts import numbers
from rag.letters import containment, letters, shingles
from rag.words import tagged

if TYPE_CHECKING:
    from index.search import Index

SHORTEST, LONGEST = 20, 120  # letters of a sentence that becomes a cloze
WINDOW = 30  # letters of it that are kept around the gap
KEEP = (0.7, 0.5)  # shares of the content words that are kept, in turn
AMBIGUOUS = 0.75  # share of a question, by rarity, that another passage may not hold
SAME = 0.7  # share of four-letter runs from which two sentences are the same
COMMON = 0.1  # share of the passages that may hold what is asked for
TITLE = 8  # letters of a title that becomes a question
_ASK = {"nr": "谁", "nrt": "谁", "ns": "哪里", "nt": "哪个单位", "t": "什么时候"}
_CONTENT = "nvaijlzbt"
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

    def common(self, word: str) -> bool:
        """True when a word is in so many passages that asking for it asks for nothing."""
        # a reprint alone does not make a word common
        return self.rare(word) < math.log(1 + min(1 / COMMON, len(self.passages) / 2)) - 1e-9

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
    rng = random.Random(seed)
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
        gap = _gap(archive, sentence.text, rng, KEEP[len(asked) % len(KEEP)])
        if gap is None or gap.everyday in asked:
            continue
        evidence = archive.same(sentence)
        if letters(gap.answer).text in letters(gap.question).text or archive.ambiguous(
            gap.question, evidence
        ):
            continue
        asked.add(gap.everyday)
        yield Question(
            id=f"cloze-{len(asked):04d}",
            type="cloze",
            question=gap.everyday,
            evidence=tuple(Evidence(item.doc, item.text) for item in evidence),
            answer=gap.answer,
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


@dataclass(frozen=True, slots=True)
class _Gap:
    """A sentence as a question, in its own words and in everyday words, and what stood in the gap."""

    question: str
    everyday: str
    answer: str


def _gap(archive: Archive, sentence: str, rng: random.Random, keep: float) -> _Gap | None:
    """A question from a sentence, None where there is nothing to ask for or too little to ask with."""
    words = tagged(sentence)
    gaps = [place for place, (word, tag) in enumerate(words) if _asks(word, tag, words, place)]
    if not gaps:
        return None
    place = max(gaps, key=lambda spot: archive.rare(words[spot][0]))
    if archive.common(words[place][0]):
        return None
    ask = _asks(*words[place], words, place)
    spots = range(*_window([word for word, _ in words], place))
    content = [spot for spot in spots if spot != place and _is_content(*words[spot])]
    if len(content) < 2:
        return None
    # people who put a thing in their own words leave out its rare words first
    everyday = _everyday()
    content.sort(key=lambda spot: (words[spot][0] not in everyday, archive.rare(words[spot][0])))
    kept = content[: max(2, round(keep * len(content)))]
    said = {spot: words[spot][0] for spot in kept} | {place: ask}
    said |= {spot: words[spot][0] for spot in spots if words[spot][1][:1] in "pcuf" and spot not in said}
    worn = said | {spot: rng.choice(everyday.get(said[spot], (said[spot],))) for spot in kept}
    question, short = ("".join(form[spot] for spot in sorted(form)) + "？" for form in (said, worn))
    return _Gap(question, short, words[place][0])


@cache
def _everyday() -> dict[str, tuple[str, ...]]:
    lines = (Path(__file__).parent / "everyday.txt").read_text(encoding="utf-8").splitlines()
    pairs = (line.split("=") for line in lines if line and not line.startswith("#"))
    return {formal: tuple(others.split()) for formal, others in pairs}


def _is_content(word: str, tag: str) -> bool:
    return tag[:1] in _CONTENT and len(word) > 1


def _asks(word: str, tag: str, words: Sequence[tuple[str, str]], place: int) -> str:
    """The question word for a word, empty where it cannot be asked for."""
    if tag in _ASK and len(word) > 1 and (tag != "t" or numbers(word)):
        return _ASK[tag]
    after = words[place + 1] if place + 1 < len(words) else ("", "")
    counted = after[1] in ("q", "m", "n") and after[0] not in ("年", "月", "日")
    return "多少" if tag == "m" and counted and len(numbers(word + after[0])) == 1 else ""


def _window(words: Sequence[str], place: int) -> tuple[int, int]:
    """Words around a place, at most WINDOW characters, taken from both sides in turn."""
    first, last, size = place, place + 1, len(words[place])
    while size < WINDOW and (first > 0 or last < len(words)):
        if first > 0:
            first -= 1
            size += len(words[first])
        if last < len(words) and size < WINDOW:
            size += len(words[last])
            last += 1
    return first, last
