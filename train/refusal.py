"""Fit what decides which sentence answers, and whether any does.

    python -m train.refusal --dev var/train/dev/asked var/train/dev/wiki --spans var/train/spans.jsonl [--encoder DIR] [--reranker DIR] [--workers 2] [--cache FILE.npz]
        [--gold eval/gold/a.jsonl … --index var/index] --out rag/weights.json

Held-out questions (nothing of them was seen by the encoder or the reranker) are put to small archives made of their
passages and the passages most like them; open gold questions, and held-out ones that have nothing to do with it, to
the index the gold was written for. `sentence` learns which candidate sentence holds the answer; `answerable` learns
to tell questions with an answer from near misses, from questions whose passage was taken away, and from those of
other archives. Every figure printed is of questions that the weights have not seen (five folds, by passage and by
gold question); the threshold, set the same way, refuses --wrongly of the answerable questions, held-out and open
ones counting one half each. The cache keeps what was measured of the held-out questions, which takes most of the
time: twenty minutes of one core without reading sentences one by one, more with it; the gold questions are measured
every time. Give a new cache, or none, when encoder, reranker or a feature has changed. `--limit 250` measures less
than half of it.
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
import torch

from eval.coverage import Placed, judge, offsets
from eval.gold import Question, load
from index import dense, fuse, lexical
from index.document import Passage, Span
from index.encode import Encoder, load_encoder
from index.records import Where
from index.search import Hit, MemoryIndex, Ranker, System, open_index
from rag import features, refuse
from rag.assistant import Assistant, Settings
from rag.facts import dates, numbers
from rag.question import understand
from rag.reading import Reader
from rag.rerank import Reranker, load_reranker, read_hits, reorder
from rag.retrieve import candidates
from rag.scene import Scene
from rag.words import names, speakers, tagged

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--dev", type=Path, nargs="+", required=True, help="held-out sets in BEIR layout")
parser.add_argument("--spans", type=Path, required=True, help="held-out pairs with the answer's place")
parser.add_argument("--encoder", default="", help="encoder folder, the bundled one by default")
parser.add_argument("--reranker", default="", help="reranker folder, the bundled one by default, or none")
parser.add_argument("--out", type=Path, default=Path("rag/weights.json"))
parser.add_argument("--groups", type=int, default=26, help="passages with questions in an archive")
parser.add_argument(
    "--limit", type=int, default=0, help="passages of a set whose questions are measured; 0 is all of them"
)
parser.add_argument("--near", type=int, default=5, help="like passages taken in for each question")
parser.add_argument("--units", type=int, default=6, help="hidden units")
parser.add_argument(
    "--wrongly", type=float, default=0.08, help="share of answerable questions that may be refused"
)
parser.add_argument("--workers", type=int, default=2, help="processes that measure")
parser.add_argument(
    "--gold", type=Path, nargs="+", default=[], help="their open questions are learnt from too"
)
parser.add_argument(
    "--index", type=Path, default=Path("var/index"), help="what the open questions are put to"
)
parser.add_argument("--cache", type=Path, help="keep the measured features here")
SEED = 7
FOLDS = 5
STRANGERS = 80  # held-out questions that are put to the gold index, which answers none of them
STEPS = 250
DEPTH = 30  # passages that the fused search brings, as rag.assistant has it
CANDIDATES = 26  # wrong sentences of a question that the fit looks at
NEAREST = [features.FEATURES.index(name) for name in ("pairs", "cosine")]


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


def main() -> None:
    settings = parser.parse_args()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    if settings.cache and settings.cache.exists():
        cases = load_cases(settings.cache)
    else:
        cases = list(measure_all(settings))
        if settings.cache:
            save_cases(settings.cache, cases)
    if settings.gold:
        cases += measure_gold(settings)
    cases = [unflagged(case) for case in cases]
    read = len(cases)
    cases += [unread(case) for case in cases]
    print({kind: sum(case.kind == kind for case in cases[:read]) for kind in SHARE})

    fold_of = folds(cases)
    scores: dict[int, np.ndarray] = {}
    for fold in range(FOLDS):
        seen = [case for case in cases if fold_of[case.group] != fold and case.right.any()]
        model = fit_sentences(seen, settings.units)
        for number, case in enumerate(cases):
            if fold_of[case.group] == fold:
                scores[number] = model.probability(case.rows)
    tell_ranking(cases[:read], scores)

    summaries = np.stack(
        [
            refuse.summary(case.rows, scores[number], int(np.argmax(scores[number] * case.timely)))
            for number, case in enumerate(cases)
        ]
    )
    truth = np.array([case.kind in WITH_ANSWER for case in cases])
    chances = np.zeros(len(cases), np.float32)
    for fold in range(FOLDS):
        inside = np.array([fold_of[case.group] != fold for case in cases])
        model = fit_answerable(summaries[inside], truth[inside], weights(cases)[inside], settings.units)
        chances[~inside] = model.probability(summaries[~inside])
    threshold = threshold_of(cases[:read], chances[:read], settings.wrongly)
    tell_refusal(cases[:read], chances[:read], threshold)

    sentence = fit_sentences([case for case in cases if case.right.any()], settings.units)
    answerable = fit_answerable(summaries, truth, weights(cases), settings.units)
    write(settings.out, sentence, answerable, threshold)
    for name, value in sorted(
        zip(answerable.names, answerable.out, strict=False), key=lambda one: -abs(one[1])
    ):
        print(f"  {name:20s} {value:+.2f}")


def folds(cases: list[Case]) -> dict[str, int]:
    """A fold for every group of cases."""
    groups = sorted({case.group for case in cases})
    random.Random(SEED).shuffle(groups)
    return {group: number % FOLDS for number, group in enumerate(groups)}


def tell_ranking(cases: list[Case], scores: dict[int, np.ndarray]) -> None:
    """Print how often the best sentences hold the answer, of questions the fit has not seen."""
    for kind in WITH_ANSWER:
        tops = []
        for number, case in enumerate(cases):
            if case.kind == kind and case.right.any():
                order = np.argsort(-scores[number] * case.timely)
                tops.append([case.right[order[:count]].any() for count in (1, 2, 3)])
        if tops:
            first, two, three = np.mean(tops, axis=0)
            print(f"{kind}: first {first:.3f}, first two {two:.3f}, first three {three:.3f} of {len(tops)}")


def threshold_of(cases: list[Case], chances: np.ndarray, wrongly: float) -> float:
    """What refuses `wrongly` of the answerable questions, held-out and open ones counting one half each."""
    kinds = np.array([case.kind for case in cases])
    groups = [chances[kinds == kind] for kind in ("answerable", "open") if (kinds == kind).any()]
    pooled = np.concatenate(groups)
    each = np.concatenate([np.full(len(group), 1 / len(groups) / len(group)) for group in groups])
    order = np.argsort(pooled)
    return float(pooled[order][np.searchsorted(np.cumsum(each[order]), wrongly)])


def tell_refusal(cases: list[Case], chances: np.ndarray, threshold: float) -> None:
    """Print how well chances of having an answer tell the kinds apart, and how true they are."""
    kinds = np.array([case.kind for case in cases])
    held = (kinds == "answerable") | (kinds == "literal") | (kinds == "said")
    for kind in sorted(set(kinds) - set(WITH_ANSWER)):
        good = kinds == "open" if kind.startswith("open") else held
        print(f"{kind}: AUROC {auroc(chances[good], chances[kinds == kind]):.3f}")
    shares = {
        kind: round(float((chances[kinds == kind] < threshold).mean()), 3) for kind in SHARE if kind in kinds
    }
    print(f"threshold {threshold:.3f} refuses {shares}")
    sure, unsure = chances[kinds == "open"], chances[kinds == "open_unanswerable"]
    for wrongly in (0.04, 0.08, 0.12, 0.16, 0.2) if len(sure) else ():
        value = float(np.quantile(sure, wrongly))
        print(
            f"  threshold {value:.3f}: {wrongly:.3f} of the open answerable, {(unsure < value).mean():.3f} of the others"
        )
    truth = np.array([case.kind in WITH_ANSWER for case in cases])
    for low in np.arange(0, 1, 0.1):
        inside = (chances >= low) & (chances < low + 0.1)
        if inside.any():
            share = np.average(truth[inside], weights=weights(cases)[inside])
            print(f"  said {low:.1f}-{low + 0.1:.1f}: answerable {share:.2f} of {inside.sum()}")


def write(path: Path, sentence: refuse.Weights, answerable: refuse.Weights, threshold: float) -> None:
    stored = {"sentence": dump(sentence, 0.5), "answerable": dump(answerable, threshold)}
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def measure_all(settings: argparse.Namespace):  # type: ignore[no-untyped-def]
    encoder = load_encoder(settings.encoder)
    reranker = load_reranker(settings.reranker)
    spans = {(row["query"], row["positive"]): row for row in lines(settings.spans)}
    for folder in settings.dev:
        yield from measure_folder(settings, folder, encoder, reranker, spans)


def measure_gold(settings: argparse.Namespace):  # type: ignore[no-untyped-def]
    """Cases of the open gold questions and of some held-out ones, put to the index as the assistant would.

    A lost number is no question of confidence: the place is found, and `rag.lost` refuses.
    """
    questions = [one for one in load(settings.gold) if one.split == "open" and one.type != "lost"]
    others = [row["text"] for folder in settings.dev for row in lines(folder / "queries.jsonl")]
    others = random.Random(SEED).sample(others, STRANGERS)
    questions += [Question(f"other:{text}", "off_topic", text, answerable=False) for text in others]
    with open_index(settings.index) as index:
        texts = {card.id: index.text(card.id) for card in index.documents()}
        evidence = {item.question.id: item.evidence for item in judge(questions, texts)}
        assistant = Assistant(index, Settings(reranker=settings.reranker))
        for question in questions:
            sheet = assistant.measured(question.question, question.history)
            right = []
            for piece in sheet.pieces:
                held = offsets(piece.passage.locate(piece.start, piece.end), texts[piece.passage.doc])
                right.append(
                    any(holds(held, piece.passage.doc, one) for one in evidence.get(question.id, ()))
                )
            kind = "open" if question.answerable else "open_unanswerable"
            kind = "open_foreign" if question.id.startswith("other:") else kind
            if sheet.pieces:
                yield Case(question.id, kind, sheet.rows, np.array(right), sheet.timely, question.question)


def holds(held: frozenset[int], doc: str, evidence: Placed) -> bool:
    """True when a sentence is half evidence, or holds half of it."""
    return doc == evidence.doc and 2 * len(held & evidence.offsets) >= min(len(held), len(evidence.offsets))


def measure_folder(settings, folder: Path, encoder: Encoder, reranker, spans: dict):  # type: ignore[no-untyped-def,type-arg]
    """Cases of one held-out set: its questions, cloze questions from its answers, near misses, removed passages."""
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
    whole = Archive(corpus, encoder)
    groups = sorted(asked_of)
    random.Random(SEED).shuffle(groups)
    groups = groups[: settings.limit or None]
    shared = Folder(settings, folder.name, corpus, asked_of, misses, groups, whole, encoder, reranker, spans)
    _SHARED[folder.name] = shared
    firsts = range(0, len(groups), settings.groups)
    # forked, so that the workers share the archive
    with ProcessPoolExecutor(settings.workers, mp_context=get_context("fork")) as pool:
        for first, cases in zip(firsts, pool.map(measure_chunk, repeat(folder.name), firsts), strict=True):
            print(f"{folder.name}: {min(first + settings.groups, len(groups))} of {len(groups)}", flush=True)
            yield from cases


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


def measure_chunk(name: str, first: int) -> list[Case]:
    """Cases of some passages, put to an archive of these and their like."""
    held = _SHARED[name]
    settings, corpus, asked_of, groups = held.settings, held.corpus, held.asked_of, held.groups
    chosen = groups[first : first + settings.groups]
    texts = {group: corpus[group] for group in chosen}
    for group in chosen:
        for question in asked_of[group][:2]:
            found = held.whole.search(question, k=settings.near)
            texts |= {hit.passage.id: hit.passage.text for hit in found}
    reader = Reader(Archive(texts, held.encoder, held.reranker))
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
    asked = understand(question)
    hits = candidates(reader.index, question, DEPTH)
    if kind in ("removed", "said_removed"):
        place, size = -1, 0
        hits = without(hits, group, reader.index.ceiling(question))
    reads = read_hits(reader.index.reranker, question, hits)
    hits = reorder(hits, reads)
    vector = reader.index.encoder.encode([question])[0]
    scene = Scene(asked, reader.rarity(), reader.index.encoder, vector, reader.index.reranker)
    pieces, rows = features.measure(scene, hits, reader.cuts(hits), reads)
    right = np.array(
        [place >= 0 and p.passage.id == group and p.start < place + size and place < p.end for p in pieces]
    )
    return Case(group, kind, rows, right, np.ones(len(rows), np.float32), question)


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


SHARE = {
    "answerable": 0.3,
    "literal": 0.1,
    "said": 0.1,
    "near_miss": 0.25,
    "removed": 0.1,
    "said_removed": 0.05,
    "foreign": 0.1,
    "open": 0.25,
    "open_unanswerable": 0.25,
    "open_foreign": 0.15,
}
WITH_ANSWER = ("answerable", "literal", "said", "open")
OPEN = 0.3  # what the open questions count for which sentence answers, held-out ones counting 1


def weights(cases: list[Case]) -> np.ndarray:
    """Each kind weighs its share, however many there are."""
    counts = {kind: sum(case.kind == kind for case in cases) for kind in SHARE}
    whole = sum(share for kind, share in SHARE.items() if counts[kind])
    return np.array([SHARE[case.kind] / whole / counts[case.kind] * len(cases) for case in cases], np.float32)


def thinned(case: Case) -> Case:
    """The right candidates, the wrong ones nearest to the question, and some of the rest: fits ten times faster."""
    wrong = np.flatnonzero(~case.right)
    nearest = wrong[np.argsort(-case.rows[wrong][:, NEAREST].sum(axis=1), kind="stable")]
    some = np.random.default_rng(SEED).permutation(nearest[CANDIDATES // 2 :])[: CANDIDATES // 2]
    kept = np.concatenate([np.flatnonzero(case.right), nearest[: CANDIDATES // 2], some])
    return replace(case, rows=case.rows[kept], right=case.right[kept], timely=case.timely[kept])


def fit_sentences(cases: list[Case], units: int) -> refuse.Weights:
    """Softmax over a question's candidates (which one?) plus a logistic loss (how sure?)."""
    cases = [thinned(case) for case in cases]
    rows = torch.tensor(np.concatenate([case.rows for case in cases]))
    right = torch.tensor(np.concatenate([case.right for case in cases]).astype(np.float32))
    question = torch.tensor(np.repeat(np.arange(len(cases)), [len(case.rows) for case in cases]))
    count = sum(case.kind == "open" for case in cases)
    shares = [OPEN / count if case.kind == "open" else 1 / (len(cases) - count) for case in cases]
    weight = torch.tensor(shares, dtype=torch.float32)
    net = Net(rows, units)

    def loss() -> torch.Tensor:
        logits = net(rows)
        top = torch.full((len(cases),), -1e9).scatter_reduce(0, question, logits, "amax")
        shifted = (logits - top[question]).exp()
        total = torch.zeros(len(cases)).index_add(0, question, shifted)
        found = torch.zeros(len(cases)).index_add(0, question, shifted * right)
        ranking = -(found / total + 1e-9).log() @ weight
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, right, reduction="none")
        return ranking + 0.3 * (each @ weight[question])

    return net.fit(loss, features.FEATURES, decay=3e-3)


def fit_answerable(rows: np.ndarray, truth: np.ndarray, weight: np.ndarray, units: int) -> refuse.Weights:
    inputs, wanted = torch.tensor(rows), torch.tensor(truth.astype(np.float32))
    net = Net(inputs, units)

    def loss() -> torch.Tensor:
        each = torch.nn.functional.binary_cross_entropy_with_logits(net(inputs), wanted, reduction="none")
        return (each * torch.tensor(weight)).mean()

    return net.fit(loss, features.FEATURES + refuse.SUMMARY, decay=1e-2)


class Net(torch.nn.Module):
    """Scaled features, a few tanh units beside them, one output: the shape of `rag.refuse.Weights`."""

    def __init__(self, rows: torch.Tensor, units: int) -> None:
        super().__init__()
        self.mean, self.scale = rows.mean(0), rows.std(0).clamp_min(1e-3)
        self.varied = rows.std(0) > 1e-6  # what never varied says nothing, and is given no weight
        self.scale[~self.varied] = 1.0
        count = rows.shape[1]
        self.hidden = torch.nn.Parameter(torch.randn(count, units) * 0.2)
        self.hidden_bias = torch.nn.Parameter(torch.zeros(units))
        self.out = torch.nn.Parameter(torch.zeros(count + units))
        self.bias = torch.nn.Parameter(torch.zeros(()))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        scaled = (rows - self.mean) / self.scale * self.varied
        units = torch.tanh(scaled @ self.hidden + self.hidden_bias)
        return torch.cat([scaled, units], 1) @ self.out + self.bias

    def fit(self, loss, names: tuple[str, ...], decay: float) -> refuse.Weights:  # type: ignore[no-untyped-def]
        optimizer = torch.optim.Adam(self.parameters(), lr=0.03)
        for _ in range(STEPS):
            optimizer.zero_grad()
            total = loss() + decay * (self.out.square().sum() + self.hidden.square().sum())
            total.backward()
            optimizer.step()
        with torch.no_grad():
            self.hidden[~self.varied] = 0.0
            self.out[: len(self.varied)][~self.varied] = 0.0
        a = [
            value.detach().numpy().astype(np.float32)
            for value in (self.mean, self.scale, self.hidden, self.hidden_bias, self.out)
        ]
        return refuse.Weights(names, *a, bias=float(self.bias.detach()), threshold=0.5)


def dump(model: refuse.Weights, threshold: float) -> dict[str, object]:
    def plain(values: np.ndarray) -> list[float]:
        return [float(f"{value:.5g}") for value in values.ravel()]

    return {
        "names": list(model.names),
        "mean": plain(model.mean),
        "scale": plain(model.scale),
        "hidden": plain(model.hidden),
        "hidden_bias": plain(model.hidden_bias),
        "out": plain(model.out),
        "bias": model.bias,
        "threshold": round(threshold, 4),
    }


def auroc(good: np.ndarray, bad: np.ndarray) -> float:
    wins = (good[:, None] > bad[None, :]).mean() + 0.5 * (good[:, None] == bad[None, :]).mean()
    return float(wins)


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


if __name__ == "__main__":
    main()
