"""Questions with and without an answer, measured: what `train.refusal` fits on.

Held-out questions are put to small archives made of their passages and the passages most like them, once as they
are, once with their passage taken away, and beside near misses and questions of other archives. Open gold questions
are put to the index that the gold was written for, as the assistant would put them.
"""

from __future__ import annotations

import argparse
import json
import random
import re
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from eval.coverage import Placed, judge, offsets
from eval.gold import load
from index import dense, fuse, lexical
from index.document import Passage, Span
from index.encode import Encoder, load_encoder
from index.records import Where
from index.search import Hit, MemoryIndex, Ranker, System, open_index
from rag import features
from rag.answer import Turn
from rag.assistant import Assistant, Settings
from rag.facts import dates, numbers
from rag.question import understand
from rag.reading import Reader
from rag.rerank import NEAR, Reranker, load_reranker, read_hits, reorder
from rag.retrieve import candidates
from rag.scene import Scene
from rag.weigh import Measured
from rag.words import names, speakers, tagged

SEED = 7
STRANGERS = 80  # held-out questions that are put to the gold index, which answers none of them
DEPTH = 30  # passages that the fused search brings, as rag.assistant has it


@dataclass(frozen=True, slots=True)
class Case:
    """One question put to one archive: candidate features, which of them hold the answer, and the passage's group.

    `timely` are factors on the scores of the candidates, as `rag.weigh` has them.
    """

    group: str
    kind: str  # one of SHARE
    rows: np.ndarray
    right: np.ndarray
    timely: np.ndarray
    text: str = ""


@dataclass(frozen=True, slots=True)
class Put:
    """A question that is put to the gold's index, with the kind of case it makes."""

    name: str
    kind: str  # one of SHARE
    text: str
    history: tuple[Turn, ...] = ()


class Archive:
    """Passages in memory with the index's own ranking."""

    fingerprint = "memory"

    def __init__(self, texts: dict[str, str], encoder: Encoder, reranker: Reranker | None = None) -> None:
        self.passages = [Passage(i, i, i, text, (Span(0, len(text)),)) for i, text in texts.items()]
        found = [passage.text for passage in self.passages]
        ranker = Ranker(lexical.build(found), dense.build(encoder.encode(found)), encoder)
        self.encoder = encoder
        self.memory = MemoryIndex(self.passages, ranker)
        self.ceiling = ranker.words.ceiling
        self.reranker = reranker

    def search(
        self, question: str, *, k: int = 10, system: System = "fused", where: Where | None = None
    ) -> list[Hit]:
        if where is not None:
            raise ValueError("passages in memory have no documents to choose from")
        return self.memory.search(question, k=k, system=system)


def measure_all(settings: argparse.Namespace):  # type: ignore[no-untyped-def]
    encoder = load_encoder(settings.encoder)
    reranker = load_reranker(settings.reranker)
    spans = load_spans(settings.spans)
    for folder in settings.dev:
        yield from measure_folder(settings, folder, encoder, reranker, spans)


def load_spans(path: Path) -> dict:  # type: ignore[type-arg]
    """Held-out pairs with the place of the answer, by question and passage."""
    return {(row["query"], row["positive"]): row for row in lines(path)}


def measure_gold(settings: argparse.Namespace):  # type: ignore[no-untyped-def]
    """Cases of open gold questions, of own ones and of some held-out ones, put to the index as the assistant would.

    A lost number is no question of confidence: the place is found, and `rag.lost` refuses.
    """
    gold = [one for one in load(settings.gold) if one.split == "open" and one.type != "lost"]
    asked = [
        Put(one.id, "open" if one.answerable else "open_unanswerable", one.question, one.history)
        for one in gold
    ]
    others = [row["text"] for folder in settings.dev for row in lines(folder / "queries.jsonl")]
    others = random.Random(SEED).sample(others, STRANGERS)
    asked += [Put(f"other:{text}", "open_foreign", text) for text in others]
    asked += own_questions(settings.asked) if settings.asked else []
    with open_index(settings.index) as index:
        texts = {card.id: index.text(card.id) for card in index.documents()}
        evidence = {item.question.id: item.evidence for item in judge(gold, texts)}
        assistant = Assistant(index, Settings(reranker=settings.reranker))
        for put in asked:
            sheet = assistant.measured(put.text, put.history)
            right = []
            for piece in sheet.pieces:
                held = offsets(piece.passage.locate(piece.start, piece.end), texts[piece.passage.doc])
                right.append(any(holds(held, piece.passage.doc, one) for one in evidence.get(put.name, ())))
            if sheet.pieces:
                yield Case(put.name, put.kind, sheet.rows, np.array(right), sheet.timely, put.text)


def own_questions(path: Path) -> list[Put]:
    """Questions from lines of `1` (the documents answer it) or `0`, a tab, and the question."""
    rows = [line.split("\t") for line in path.read_text(encoding="utf-8").splitlines()]
    kinds = {"1": "own", "0": "own_unanswerable"}
    return [Put(f"own:{text}", kinds[answered], text) for answered, text in rows]


def holds(held: frozenset[int], doc: str, evidence: Placed) -> bool:
    """True when a sentence is half evidence, or holds half of it."""
    return doc == evidence.doc and 2 * len(held & evidence.offsets) >= min(len(held), len(evidence.offsets))


def measure_folder(settings, folder: Path, encoder: Encoder, reranker, spans: dict):  # type: ignore[no-untyped-def,type-arg]
    """Cases of one held-out set: its questions, cloze questions from its answers, near misses, removed passages."""
    shared = load_folder(settings, folder, encoder, reranker, spans)
    groups = shared.groups
    _SHARED[folder.name] = shared
    firsts = range(0, len(groups), settings.groups)
    # forked, so that the workers share the archive
    with ProcessPoolExecutor(settings.workers, mp_context=get_context("fork")) as pool:
        for first, cases in zip(firsts, pool.map(measure_chunk, repeat(folder.name), firsts), strict=True):
            print(f"{folder.name}: {min(first + settings.groups, len(groups))} of {len(groups)}", flush=True)
            yield from cases


def load_folder(settings, folder: Path, encoder: Encoder, reranker, spans: dict) -> Folder:  # type: ignore[no-untyped-def,type-arg]
    """A held-out set, its passages with questions in an order that does not change."""
    corpus = {row["_id"]: row["text"] for row in lines(folder / "corpus.jsonl")}
    queries = {row["_id"]: row["text"] for row in lines(folder / "queries.jsonl")}
    qrels = [line.split("\t") for line in (folder / "qrels/test.tsv").read_text().splitlines()[1:]]
    asked_of = defaultdict(list)
    for query, passage, _ in qrels:
        asked_of[passage].append(queries[query])
    misses = defaultdict(set)
    if (folder / "near_misses.jsonl").exists():
        for row in lines(folder / "near_misses.jsonl"):
            misses[row["passage"]].add(row["text"])
    groups = sorted(asked_of)
    random.Random(SEED).shuffle(groups)
    groups = by_subject(groups[: settings.limit or None], corpus, encoder)
    whole = Archive(corpus, encoder)
    return Folder(settings, folder.name, corpus, asked_of, misses, groups, whole, encoder, reranker, spans)


def by_subject(groups: list[str], corpus: dict[str, str], encoder: Encoder) -> list[str]:
    """Passages in an order in which each is followed by the one most like it that is left.

    What follows each other is put into one archive, which so is about a few subjects, as a newspaper page or a
    ministry's folder is: there it is hard to tell what is answered from what is only spoken about.
    """
    near = encoder.encode([corpus[group] for group in groups])
    likeness = near @ near.T
    order = [0]
    likeness[:, 0] = -2.0
    while len(order) < len(groups):
        following = int(np.argmax(likeness[order[-1]]))
        likeness[:, following] = -2.0
        order.append(following)
    return [groups[number] for number in order]


@dataclass(frozen=True, slots=True)
class Folder:
    """A held-out set, loaded: what every worker needs of it."""

    settings: argparse.Namespace
    name: str
    corpus: dict[str, str]
    asked_of: dict[str, list[str]]
    misses: dict[str, set[str]]
    groups: list[str]
    whole: Archive
    encoder: Encoder
    reranker: Reranker | None
    spans: dict  # type: ignore[type-arg]


_SHARED: dict[str, Folder] = {}  # by name, filled before the workers are forked


def archive_of(held: Folder, first: int) -> tuple[list[str], Reader]:
    """Some passages with questions, and an archive of these and their like."""
    chosen = held.groups[first : first + held.settings.groups]
    texts = {group: held.corpus[group] for group in chosen}
    for group in chosen:
        for question in held.asked_of[group][:2]:
            found = held.whole.search(question, k=held.settings.near)
            texts |= {hit.passage.id: hit.passage.text for hit in found}
    return chosen, Reader(Archive(texts, held.encoder, held.reranker))


def measure_chunk(name: str, first: int) -> list[Case]:
    """Cases of some passages, put to an archive of these and their like."""
    held = _SHARED[name]
    corpus, asked_of, groups = held.corpus, held.asked_of, held.groups
    chosen, reader = archive_of(held, first)
    cases = []
    for row_of_group, group in enumerate(chosen):
        for number, question in enumerate(asked_of[group][:2]):
            row = held.spans.get((question, corpus[group]))
            place, size = (row["answer_start"], len(row["answer"])) if row else (-1, 0)
            cases.append(case(reader, question, group, "answerable", place, size))
            if number == 0:
                cases.append(case(reader, question, group, "removed", -1, 0))
            if row and number == 0 and (literal := cloze(corpus[group], place, row["answer"])):
                cases.append(case(reader, literal, group, "literal", place, size))
        for number, (question, place, size) in enumerate(spoken(corpus[group])):
            kind = "said" if number == 0 else "said_removed"
            cases.append(case(reader, question, group, kind, place, size))
        stranger = random.Random(group).choice(groups)
        if stranger not in chosen and row_of_group % 2:
            cases.append(case(reader, asked_of[stranger][0], group, "foreign", -1, 0))
        cases += [
            case(reader, question, group, "near_miss", -1, 0) for question in sorted(held.misses[group])
        ]
    return cases


def cloze(text: str, start: int, answer: str) -> str:
    """The clause of an answer with a question word in its place: a question in the text's own words."""
    low = max(text.rfind(mark, 0, start) for mark in "。！？；，\n") + 1
    ends = [place for mark in "。！？；，\n" if (place := text.find(mark, start + len(answer))) >= 0]
    high = min(ends, default=len(text))
    if not 8 <= high - low - len(answer) <= 40:
        return ""
    if dates(answer):
        word = "什么时候"
    elif found := numbers(answer):
        word = "多少" + answer[found[-1].end :]
    elif names(answer):
        word = "谁" if tagged(answer)[-1][1].startswith("nr") else "哪里"
    else:
        word = "什么"
    return text[low:start] + word + text[start + len(answer) : high] + "？"


def spoken(text: str) -> list[tuple[str, int, int]]:
    """Questions who said something, with the place of the words; two of them where two are quoted."""
    found = []
    for start, end, _ in speakers(text):
        match = re.match(r"([^，。：“]{1,4})[，：:]?“?([^。！？”]{12,60})", text[end:])
        if match is None:
            continue
        clause = max(re.split(r"[，；、：]", match[2]), key=len)
        place = text.find(clause, start)
        if len(clause) >= 8:
            style = random.Random(clause).choice(
                ("谁{verb}{clause}？", "“{clause}”是谁说的？", "{clause}，这是谁的话？")
            )
            found.append((style.format(verb=match[1], clause=clause), place, len(clause)))
    return found[:2]


def case(reader: Reader, question: str, group: str, kind: str, place: int, size: int) -> Case:
    if kind in ("removed", "said_removed"):
        place, size = -1, 0
    here = looked_at(reader, question, group, kind)
    right = np.array(
        [
            place >= 0 and p.passage.id == group and p.start < place + size and place < p.end
            for p in here.pieces
        ]
    )
    return Case(group, kind, here.rows, right, here.timely, question)


def looked_at(reader: Reader, question: str, group: str, kind: str) -> Measured:
    """The candidate sentences for a question put to an archive in memory, and what is measured of them."""
    asked = understand(question)
    hits = candidates(reader.index, question, DEPTH)
    if kind in ("removed", "said_removed"):
        hits = without(hits, group, reader.index.ceiling(question))
    reads = read_hits(reader.index.reranker, question, hits, near=NEAR)
    hits = reorder(hits, reads)
    vector = reader.index.encoder.encode([question])[0]
    scene = Scene(asked, reader.rarity(), reader.index.encoder, vector, reader.index.reranker)
    pieces, rows = features.measure(scene, hits, reader.cuts(hits), reads)
    return Measured(scene, pieces, rows, np.ones(len(rows), np.float32))


def unread(case: Case) -> Case:
    """The case as it is without a reranker.

    Beside what it was trained on a reranker is sure of little and wrong about much: one that says nothing must not
    refuse an answer that all else speaks for.
    """
    rows = case.rows.copy()
    rows[:, [place for place, name in enumerate(features.FEATURES) if name.startswith("rerank")]] = 0.0
    return replace(case, rows=rows)


def unflagged(case: Case) -> Case:
    """The case as if no number were lost in it.

    That a sentence has lost a number says nothing of whether it is the right one, and only gold archives have such
    sentences: a weight on it would be learnt from a handful. The place is found first, and then `rag.lost` decides.
    """
    rows = case.rows.copy()
    rows[:, features.FEATURES.index("lost")] = 0.0
    return replace(case, rows=rows)


def without(hits: list[Hit], group: str, ceiling: float) -> list[Hit]:
    """The hits as they would be if one passage were not in the archive."""
    left = [hit for hit in hits if hit.passage.id != group]
    weight = fuse.vector_weight(np.array([hit.words for hit in left], np.float32), ceiling)
    scored = [Hit(hit.passage, hit.words + weight * hit.vectors, hit.words, hit.vectors) for hit in left]
    return sorted(scored, key=lambda hit: -hit.score)


def lines(path: Path) -> list[dict]:  # type: ignore[type-arg]
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def save_cases(path: Path, cases: list[Case]) -> None:
    arrays = {
        "rows": np.concatenate([c.rows for c in cases]),
        "right": np.concatenate([c.right for c in cases]),
    }
    meta = [[c.group, c.kind, len(c.rows), "", c.text] for c in cases]
    np.savez(path, meta=np.array(json.dumps(meta, ensure_ascii=False)), **arrays)


def load_cases(path: Path) -> list[Case]:
    stored = np.load(path)
    rows, right = stored["rows"], stored["right"]  # each access reads the file again
    if rows.shape[1] != len(features.FEATURES):
        raise SystemExit(
            f"{path}: measured with {rows.shape[1]} features, there are {len(features.FEATURES)} now; delete it"
        )
    cases, start = [], 0
    for group, kind, size, _, text in json.loads(str(stored["meta"])):
        here = slice(start, start + size)
        cases.append(Case(group, kind, rows[here], right[here], np.ones(size, np.float32), text))
        start += size
    return cases
