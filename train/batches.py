"""What the encoder meets in training: texts as piece numbers, batches of one source, mined negatives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer

from train.lists import pool_texts
from train.prepare import read
from train.ragged import Ragged, join, tokenize
from train.ranking import bm25_search, dense_search, embed

LAW = ("asked_law", "asked_statute", "equals")
REST = ("asked_news", "drcd", "cmrc2018", "squad_zh", "news_mrc_houjin")
MINED = (*LAW, *REST)  # sources whose questions meet mined negatives
BY_WORDS = (*LAW, "asked_news")  # sources whose negatives are mined by words too
LONG = 40  # pieces of a passage that a stretch is taken out of
NOTHING = Ragged(np.zeros(0, np.int32), np.zeros(1, np.int64))


@dataclass(frozen=True, slots=True)
class Corpus:
    """The questions, and the texts that may answer them: every positive once, then the prose."""

    queries: Ragged
    near_misses: Ragged  # a question of the same topic that the positive leaves open, or an empty row
    positive: np.ndarray  # row of each question's positive among the texts
    by_source: dict[str, np.ndarray]  # rows of the questions of each source
    texts: Ragged
    positives: int  # how many of the texts are positives
    is_law: np.ndarray  # of each text
    is_news: np.ndarray
    stretches: dict[str, np.ndarray]  # rows of the prose that each source of stretches is cut out of


@dataclass(frozen=True, slots=True)
class Batch:
    """What one step meets: questions, positives, mined negatives and near misses, one after the other."""

    source: str
    packed: Ragged
    sizes: list[int]  # rows of each of the four
    groups: np.ndarray  # questions with the same number have the same positive


def read_corpus(folder: Path, tokenizer: Tokenizer, packed_prose: Path) -> Corpus:
    """The pairs and the prose of a folder that train.prepare wrote; the prose as train.trunk packed it."""
    pairs = read(folder / "pairs.jsonl")
    positive, own_texts = pool_texts(pairs)
    source = np.array([pair["source"] for pair in pairs])
    packed = np.load(packed_prose)
    prose = Ragged(packed["ids"], packed["starts"])
    prose_source = np.array([row["source"] for row in read(folder / "passages.jsonl")])
    own_law = np.zeros(len(own_texts), bool)
    own_law[positive[np.isin(source, (*LAW, "laws"))]] = True
    is_law = np.concatenate([own_law, prose_source == "laws_cn"])
    long = len(own_texts) + np.flatnonzero(np.diff(prose.starts) >= LONG)
    return Corpus(
        queries=tokenize(tokenizer, [pair["query"] for pair in pairs]),
        near_misses=tokenize(tokenizer, [pair["near_miss"] or "" for pair in pairs]),
        positive=positive,
        by_source={name: np.flatnonzero(source == name) for name in np.unique(source).tolist()},
        texts=join([tokenize(tokenizer, own_texts), prose]),
        positives=len(own_texts),
        is_law=is_law,
        is_news=np.concatenate([~own_law, prose_source == "news_crud"]),
        stretches={"stretch": long, "stretch_law": long[is_law[long]]},
    )


def stretch_batch(corpus: Corpus, source: str, size: int, chance: np.random.Generator) -> Batch:
    """Some pieces of a stretch of each passage as the question, the rest of the passage as the positive."""
    rows = chance.choice(corpus.stretches[source], size, replace=False)
    stretch, rest = corpus.texts.take(rows).window(5, 16, chance)
    return pack(source, [stretch.thin(0.7, chance), rest, NOTHING, NOTHING], rows)


def question_batch(
    corpus: Corpus,
    source: str,
    size: int,
    negatives: dict[int, np.ndarray],
    hard: int,
    drop: float,
    chance: np.random.Generator,
) -> Batch:
    """Questions of a source, their positives, `hard` mined negatives each and, where written, near misses."""
    known = corpus.by_source[source]
    rows = chance.choice(known, min(size, len(known)), replace=False)
    wrong = NOTHING
    if negatives:
        wrong = corpus.texts.take(np.concatenate([chance.choice(negatives[int(r)], hard) for r in rows]))
    groups = corpus.positive[rows]
    whole = (corpus.queries.take(rows), corpus.texts.take(groups), wrong)
    shown = [texts.thin(1 - drop, chance) for texts in whole]
    near_misses = corpus.near_misses.take(rows) if source.startswith("asked") else NOTHING
    return pack(source, [*shown, near_misses], groups)


def pack(source: str, parts: list[Ragged], groups: np.ndarray) -> Batch:
    """The four parts of a batch as one."""
    return Batch(source, join(parts), [len(part) for part in parts], groups)


def mine(
    corpus: Corpus,
    table: torch.Tensor,
    sources: tuple[str, ...],
    *,
    pool: int,
    alike: float,
    margin: float,
    chance: np.random.Generator,
) -> dict[int, np.ndarray]:
    """Hard negatives of each question of the sources: passages that words or the table rank high for it.

    Left out as likely right answers are those whose cosine with the positive is `alike` or more, or whose
    cosine with the question is at least `margin` above the positive's. Where none is left, four are drawn
    at random.
    """
    asked = np.concatenate([corpus.by_source[source] for source in sources])
    rows = candidates(corpus, corpus.is_law if sources == LAW else corpus.is_news, pool, chance)
    passages = corpus.texts.take(rows)
    query, passage = embed(table, corpus.queries.take(asked)), embed(table, passages)
    right = embed(table, corpus.texts.take(corpus.positive[asked]))
    best = np.sum(query * right, 1)
    by_vectors = dense_search(query, passage, 40)
    by_words = rank_by_words(corpus, asked, passages, len(table))
    negatives = {}
    for i, number in enumerate(asked):
        near = np.unique(np.concatenate([by_vectors[i], by_words[i][by_words[i] >= 0]]))
        keep = (
            (rows[near] != corpus.positive[number])
            & (passage[near] @ right[i] < alike)
            & (passage[near] @ query[i] < best[i] + margin)
        )
        near = rows[near[keep]]
        negatives[int(number)] = near if len(near) else rows[chance.integers(0, len(rows), 4)]
    return negatives


def candidates(corpus: Corpus, kind: np.ndarray, pool: int, chance: np.random.Generator) -> np.ndarray:
    """Rows of the texts of a kind that negatives are mined from: all positives, `pool` of the prose."""
    own = np.flatnonzero(kind[: corpus.positives])
    prose = corpus.positives + np.flatnonzero(kind[corpus.positives :])
    return np.concatenate([own, chance.choice(prose, min(len(prose), pool), replace=False)])


def rank_by_words(corpus: Corpus, asked: np.ndarray, passages: Ragged, pieces: int) -> np.ndarray:
    """Rows of the best passages by BM25, (questions, 20); -1 for sources not mined by words."""
    found = np.full((len(asked), 20), -1)
    some = np.flatnonzero(np.isin(asked, np.concatenate([corpus.by_source[source] for source in BY_WORDS])))
    queries = corpus.queries.take(asked[some])
    found[some] = bm25_search(queries, passages, pieces, 20, np.zeros(len(some), int))[0]
    return found
