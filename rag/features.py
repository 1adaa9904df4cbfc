"""What speaks for a sentence as the answer to a question: a row of numbers per sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log1p
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from index.encode import Encoder
from index.search import Hit
from rag.evidence import Cut, Piece
from rag.facts import dates, numbers, same_date
from rag.letters import letters, longest_run
from rag.quantities import clashes
from rag.question import Asked, Expect
from rag.rarity import pieces
from rag.rerank import Read, chance, share
from rag.scene import Scene
from rag.short import short_answer
from rag.words import NAME_TAGS, content, speakers, tagged

Rows = npt.NDArray[np.float32]

FEATURES = (
    "pairs",  # rare pairs and letters of the question in the sentence
    "pairs_around",  # … in the sentence, its neighbours and the title
    "pairs_passage",  # … in the passage and the title
    "cosine",  # of question and sentence
    "cosine_around",  # of question and the sentence with its neighbours
    "words_soft",  # for each word of the question its nearest word in the sentence
    "words_soft_passage",  # … in the passage
    "names",  # names of the question in passage or title
    "names_sentence",
    "numbers",  # numbers and dates of the question in sentence, title or date
    "score",  # fused score of the passage
    "score_share",  # … over the best passage's
    "words",  # scaled word score
    "vectors",  # cosine of the passage
    "rank",  # 1 / (1 + rank of the passage)
    "expected",  # holds something of the kind asked for
    "unit",  # holds a number with the measure word asked for
    "expected_missing",  # a kind is asked for and not there
    "new",  # share of the sentence that the question does not say already
    "length",
    "first",
    "aside",  # title, caption, dateline: not body
    "lost",
    "speaker",  # the person asked about speaks
    "missing_word",  # the rarest word of the question that is nowhere near in the passage
    "missing_here",  # … in the sentence
    "asked_soft",  # words of the question beside its question word, nearest in the sentence
    "asked_around",  # … in the sentence and its neighbours
    "date_clash",  # speaks of another date than the question
    "short",  # how well its best short answer fits
    "short_missing",  # a kind is asked for and it has no short answer
    "unit_missing",  # a measure word is asked for and stands beside none of its numbers
    "literal",  # share of the question's pairs in it, beyond a half
    "run",  # longest run of letters the question shares with it, of eight and more
    "run_share",  # … over the question's letters
    "names_unknown",  # share of the question's names that the archive does not know
    "known",  # share of the question's words that stand in the sentences found
    "reranked",  # chance that the passage answers, as the reranker reads it
    "reranked_here",  # … times the chance that the answer begins in the sentence
    "reranked_alone",  # chance that the sentence answers, read by itself
    "reranked_first",  # … its odds over those of the best sentence
    "reranked_beside",  # chance that the sentence before or after it answers
)
_ALONE = 3  # features that reading a sentence by itself gives


READ = 32  # sentences that are read one by one
# What chooses them: nothing fitted, so that what is fitted later does not depend on itself.
_CHOICE = (
    ("cosine", 1.0),
    ("cosine_around", 0.5),
    ("words_soft", 1.0),
    ("asked_soft", 0.5),
    ("pairs", 0.5),
    ("pairs_around", 0.25),
    ("vectors", 0.5),
)
LITERAL = 0.2  # share of the question in a sentence below which a run of letters is not looked for
_NOT_READ: Mapping[str, Read] = MappingProxyType({})


def measure(
    scene: Scene, hits: Sequence[Hit], cuts: Sequence[Cut], reads: Mapping[str, Read] = _NOT_READ
) -> tuple[list[Piece], Rows]:
    """Sentences of all hits in order, and their features float32 (n, len(FEATURES))."""
    found: list[Piece] = []
    rows: list[list[float]] = []
    words = WordMatch.of(scene, [piece.text for cut in cuts for piece in cut.pieces])
    best = max((hit.score for hit in hits), default=0.0) or 1.0
    familiar = [_unknown(scene), _known(scene, cuts)]
    for rank, (hit, cut) in enumerate(zip(hits, cuts, strict=True)):
        if cut.pieces:
            whole = _Whole.of(scene, hit, cut, words)
            shared = [hit.score, hit.score / best, hit.words, hit.vectors, 1.0 / (1 + rank)]
            read = reads.get(hit.passage.id)
            rows += [
                [*_row(scene, cut, place, whole, words, shared), *familiar, *_read(read, piece)]
                for place, piece in enumerate(cut.pieces)
            ]
            found += cut.pieces
    told = np.asarray(rows, np.float32).reshape(len(rows), len(FEATURES) - _ALONE)
    return found, np.concatenate([told, _alone(scene, found, told)], axis=1)


@dataclass(frozen=True, slots=True)
class WordMatch:
    """Nearness of the question's words to the words of texts, by vectors; an exact match is 1."""

    words: tuple[str, ...]
    weights: Rows  # (words,) how rare each is
    beside: Rows  # (words,) the same, less the farther from the question word
    known: dict[str, Rows]  # word → nearness to each question word

    @classmethod
    def of(cls, scene: Scene, texts: Sequence[str]) -> WordMatch:
        words = scene.asked.words
        weights = np.asarray([scene.rarity.word(word) for word in words], np.float32)
        beside = weights * np.asarray(scene.asked.beside, np.float32)
        others = sorted({other for text in texts for other in content(text)})
        if not words or not others:
            return cls(words, weights, beside, {})
        near = np.clip(_vectors(scene.encoder, tuple(others)) @ _vectors(scene.encoder, words).T, 0.0, 1.0)
        return cls(words, weights, beside, dict(zip(others, near, strict=True)))

    def best(self, text: str) -> Rows:
        """For each question word its nearest in the text, float32 (words,), in [0, 1]."""
        rows = [self.known[word] for word in content(text) if word in self.known]
        near = np.max(rows, axis=0) if rows else np.zeros(len(self.words), np.float32)
        exact = np.asarray([word in text for word in self.words], np.float32)
        return np.asarray(np.maximum(near, exact), np.float32)

    def mean(self, near: Rows, weights: Rows) -> float:
        """Weighted mean of nearness, 0 when there are no words."""
        total = float(weights.sum())
        return float(near @ weights) / total if total else 0.0

    def missing(self, near: Rows) -> float:
        """Weight of the rarest word that has nothing near it, about 0 to 1."""
        return float(((1 - near) * self.weights).max(initial=0.0)) / 8


_CACHE: dict[tuple[str, str], npt.NDArray[np.float32]] = {}


def _vectors(encoder: Encoder, words: tuple[str, ...]) -> npt.NDArray[np.float32]:
    missing = [word for word in words if (encoder.fingerprint, word) not in _CACHE]
    if missing:
        if len(_CACHE) > 60_000:
            _CACHE.clear()
            missing = list(words)
        for word, row in zip(missing, encoder.encode(missing), strict=True):
            _CACHE[encoder.fingerprint, word] = row
    return np.stack([_CACHE[encoder.fingerprint, word] for word in words])


@dataclass(frozen=True, slots=True)
class _Whole:
    """What a passage contributes to each of its sentences."""

    coverage: float
    near: tuple[Rows, ...]  # for each sentence
    most: Rows  # the nearest over all sentences
    names: float
    text: str

    @classmethod
    def of(cls, scene: Scene, hit: Hit, cut: Cut, words: WordMatch) -> _Whole:
        passage = hit.passage
        text = f"{passage.title}\n{passage.section}\n{passage.speaker}\n{passage.text}"
        near = tuple(words.best(piece.text) for piece in cut.pieces)
        coverage = scene.rarity.share(_wanted(scene.asked), pieces(letters(text)))
        return cls(coverage, near, np.max(near, axis=0), _names(scene.asked, text), text)


def _wanted(asked: Asked) -> frozenset[str]:
    return pieces(letters(asked.focus))


def _names(asked: Asked, text: str) -> float:
    if not asked.names:
        return 1.0
    folded = letters(text).text
    return sum(letters(name).text in folded for name in asked.names) / len(asked.names)


def _row(
    scene: Scene, cut: Cut, place: int, whole: _Whole, words: WordMatch, shared: Sequence[float]
) -> list[float]:
    asked, piece, rarity = scene.asked, cut.pieces[place], scene.rarity
    beside = slice(max(0, place - 1), place + 2)
    wanted, here = _wanted(asked), pieces(piece.found)
    around = here.union(*(pieces(other.found) for other in cut.pieces[beside]))
    window = cut.vectors[beside].sum(axis=0)
    near, near_around = whole.near[place], np.max(whole.near[beside], axis=0)
    expected, unit = expectation(asked, piece)
    short = short_answer(asked, piece.text, rarity)
    typed = asked.expect is not Expect.NOTHING
    covered = rarity.share(wanted, here)
    return [
        covered,
        rarity.share(wanted, around),
        whole.coverage,
        float(cut.vectors[place] @ scene.vector),
        float(window @ scene.vector) / (float(np.linalg.norm(window)) or 1.0),
        words.mean(near, words.weights),
        words.mean(whole.most, words.weights),
        whole.names,
        _names(asked, piece.text),
        _facts(asked, piece, whole),
        *shared,
        float(expected),
        float(unit),
        float(typed and not expected),
        1.0 - rarity.share(here, wanted),
        min(len(piece.found.text), 150) / 150,
        float(piece.number == 0),
        float(piece.passage.kind != "body"),
        float(bool(piece.lost)),
        _speaks(asked, piece),
        words.missing(whole.most),
        words.missing(near),
        words.mean(near, words.beside),
        words.mean(near_around, words.beside),
        _clash(asked, piece),
        log1p(short.score) / 5 if short else 0.0,
        float(typed and short is None and not (asked.speaker and expected)),
        float(bool(asked.unit) and not unit),
        max(0.0, covered - 0.5),
        *_run(asked, piece, covered),
    ]


def _unknown(scene: Scene) -> float:
    """Share of the names in the question, abbreviated ones among them, that stand nowhere in the archive."""
    named = [word for word, tag in tagged(scene.asked.focus) if tag in (*NAME_TAGS, "j") and len(word) > 1]
    named += [name for name in scene.asked.names if name not in named]
    return sum(scene.rarity.presence(name) == 0 for name in named) / len(named) if named else 0.0


def _known(scene: Scene, cuts: Sequence[Cut]) -> float:
    """Share of the question's words that are said somewhere in what was found.

    Words that the archive does not use are no sign that it says nothing of the thing; where it uses all of
    them and still no sentence is near, that is one.
    """
    said = "\n".join(piece.found.text for cut in cuts for piece in cut.pieces)
    words = [letters(word).text for word in scene.asked.words]
    return sum(word in said for word in words) / len(words) if words else 1.0


def _read(read: Read | None, piece: Piece) -> tuple[float, float]:
    if read is None:
        return 0.0, 0.0
    odds = chance(read)
    return odds, odds * share(read, piece.start, piece.end)


def _alone(scene: Scene, found: Sequence[Piece], told: Rows) -> Rows:
    """For every sentence: chance that it answers, odds over the best, chance of its neighbours; (n, _ALONE).

    The sentences that promise most are read, wherever their passages stand; one that is printed twice once.
    """
    rows = np.zeros((len(found), _ALONE), np.float32)
    if scene.reranker is None or not found:
        return rows
    weights = np.zeros(told.shape[1], np.float32)
    for name, weight in _CHOICE:
        weights[FEATURES.index(name)] = weight
    chosen = [int(row) for row in np.argsort(-(told @ weights), kind="stable")[:READ]]
    texts = list(dict.fromkeys(found[row].text for row in chosen))
    reads = dict(zip(texts, scene.reranker.read(scene.asked.text, texts, spans=False), strict=True))
    best = max(read.score for read in reads.values())
    for row in chosen:
        read = reads[found[row].text]
        rows[row, :2] = chance(read), float(np.exp(read.score - best))
    for row, piece in enumerate(found):
        beside = [other for other in (row - 1, row + 1) if 0 <= other < len(found)]
        same = [rows[other, 0] for other in beside if found[other].passage.id == piece.passage.id]
        rows[row, 2] = max(same, default=0.0)
    return rows


def _run(asked: Asked, piece: Piece, covered: float) -> tuple[float, float]:
    """How long a stretch of the question stands in the sentence word for word, and its share of it."""
    said = letters(asked.focus.replace(" ", "")).text
    if covered < LITERAL or not said:
        return 0.0, 0.0
    length = longest_run(letters(asked.text).text, piece.found.text)
    return max(0, min(length, 24) - 7) / 17, min(1.0, length / len(said))


def _clash(asked: Asked, piece: Piece) -> float:
    """1 when question and sentence name years and share none, a half when days or months differ."""
    wanted = [fact.value for fact in asked.dates if fact.value[:1].isdigit()]
    said = [fact.value for fact in dates(piece.text) if fact.value[:1].isdigit()]
    if not wanted or not said or any(same_date(one, other) for one in wanted for other in said):
        return 0.0
    years = [value for value in said if value[:4] != "0000"]
    return 1.0 if years and any(value[:4] != "0000" for value in wanted) else 0.5


def expectation(asked: Asked, piece: Piece) -> tuple[bool, bool]:
    """Whether a sentence holds what is asked for, and whether with the measure word asked for.

    A lost number counts as one: the sentence is the right place, and what was
    there is settled afterwards.
    """
    text = piece.text
    if asked.speaker:
        return bool(_speaks(asked, piece)), False
    if asked.expect is Expect.NUMBER:
        places = [*((fact.start, fact.end) for fact in numbers(text)), *piece.lost]
        ends = [end for start, end in places if not clashes(asked.kinds, text, start, end)]
        unit = bool(asked.unit) and any(asked.unit in text[end : end + len(asked.unit) + 3] for end in ends)
        return bool(ends), unit
    if asked.expect is Expect.DATE:
        return bool(dates(text)) or any(
            text[end : end + 1] in tuple("年月日") for _, end in piece.lost
        ), False
    if asked.expect is Expect.PERSON:
        return any(tag.startswith("nr") and len(word) > 1 for word, tag in tagged(text)), False
    if asked.expect is Expect.PLACE:
        return any(tag in ("ns", "nt", "s") for _, tag in tagged(text)), False
    return False, False


def _facts(asked: Asked, piece: Piece, whole: _Whole) -> float:
    wanted = len(asked.numbers) + len(asked.dates)
    if not wanted:
        return 1.0
    values = {fact.value for fact in numbers(whole.text)}
    times = [fact.value for fact in dates(whole.text)] + [_padded(piece.passage.date)]
    hit = sum(fact.value in values or fact.text in whole.text for fact in asked.numbers)
    hit += sum(any(same_date(fact.value, time) for time in times) for fact in asked.dates)
    return hit / wanted


def _padded(date: str) -> str:
    parts = [*date.split("-"), "0", "0", "0"][:3]
    return "-".join(part.zfill(4 if place == 0 else 2) for place, part in enumerate(parts))


def _speaks(asked: Asked, piece: Piece) -> float:
    if not asked.said and not asked.speaker:
        return 0.0
    spoken = [phrase for _, _, phrase in speakers(piece.text)]
    if asked.speaker:
        return float(bool(spoken) or bool(piece.passage.speaker))
    who = letters(asked.said).text
    said = letters(" ".join([*spoken, piece.passage.speaker])).text
    return float(any(name in said for name in (*asked.names, who)))
