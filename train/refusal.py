"""Fit what decides which sentence answers, and whether any does.

    python -m train.refusal --dev var/train/dev/asked var/train/dev/wiki --spans var/train/spans.jsonl [--encoder DIR] [--reranker DIR] [--workers 2] [--cache FILE.npz]
        [--gold eval/gold/a.jsonl … --index var/index] --out rag/weights.json

Held-out questions (nothing of them was seen by the encoder or the reranker) are put to small archives made of their
passages and the passages most like them. `sentence` learns which candidate sentence holds the answer; `answerable`
learns to tell questions with an answer from near misses and from questions whose passage was taken away. Figures are
cross-validated by passage; the threshold refuses at most --wrongly of the answerable questions.
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

from index import dense, fuse, lexical
from index.document import Passage, Span
from index.encode import Encoder, load_encoder
from index.search import Hit, MemoryIndex, Ranker
from rag import features, refuse
from rag.facts import dates, numbers
from rag.question import understand
from rag.reading import Reader
from rag.rerank import Reranker, load_reranker, read_hits, reorder
from rag.scene import Scene
from rag.words import names, speakers, tagged

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--dev", type=Path, nargs="+", required=True, help="held-out sets in BEIR layout")
parser.add_argument("--spans", type=Path, required=True, help="held-out pairs with the answer's place")
parser.add_argument("--encoder", default="", help="encoder folder, the bundled one by default")
parser.add_argument("--reranker", default="", help="reranker folder, the bundled one by default, or none")
parser.add_argument("--out", type=Path, default=Path("rag/weights.json"))
parser.add_argument("--groups", type=int, default=26, help="passages with questions in an archive")
parser.add_argument("--near", type=int, default=5, help="like passages taken in for each question")
parser.add_argument("--units", type=int, default=6, help="hidden units")
parser.add_argument(
    "--wrongly", type=float, default=0.08, help="share of answerable questions that may be refused"
)
parser.add_argument("--workers", type=int, default=2, help="processes that measure")
parser.add_argument(
    "--gold", type=Path, nargs="+", default=[], help="their open questions set the threshold too"
)
parser.add_argument(
    "--index", type=Path, default=Path("var/index"), help="what the open questions are put to"
)
parser.add_argument("--cache", type=Path, help="keep the measured features here")
SEED = 7
CANDIDATES = 40  # wrong sentences of a question that the fit looks at
NEAREST = [features.FEATURES.index(name) for name in ("pairs", "cosine")]


@dataclass(frozen=True, slots=True)
class Case:
    """One question put to one archive: candidate features, which of them hold the answer, and the passage's group."""

    group: str
    kind: str  # answerable, near_miss, removed
    rows: np.ndarray
    right: np.ndarray
    expect: str = ""
    text: str = ""


class Archive:
    """Passages in memory with the index's own ranking."""

    fingerprint = "memory"

    def __init__(self, texts: dict[str, str], encoder: Encoder, reranker: Reranker | None = None) -> None:
        self.passages = [Passage(i, i, i, text, (Span(0, len(text)),)) for i, text in texts.items()]
        found = [passage.text for passage in self.passages]
        ranker = Ranker(lexical.build(found), dense.build(encoder.encode(found)), encoder)
        self.encoder = encoder
        self.search = MemoryIndex(self.passages, ranker).search
        self.ceiling = ranker.words.ceiling
        self.reranker = reranker


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
    cases += [unread(case) for case in cases]
    print({kind: sum(case.kind == kind for case in cases) for kind in SHARE})

    groups = sorted({case.group for case in cases})
    random.Random(SEED).shuffle(groups)
    fold_of = {group: number % 5 for number, group in enumerate(groups)}
    out_of_fold: dict[int, np.ndarray] = {}
    tops = []
    for fold in range(5):
        seen = [case for case in cases if fold_of[case.group] != fold and case.right.any()]
        model = fit_sentences(seen, settings.units)
        for number, case in enumerate(cases):
            if fold_of[case.group] == fold:
                out_of_fold[number] = model.probability(case.rows)
                if case.right.any():
                    order = np.argsort(-out_of_fold[number])
                    tops.append(
                        [case.right[order[0]], case.right[order[:2]].any(), case.right[order[:3]].any()]
                    )
    top = np.mean(tops, axis=0)
    print(
        f"sentence holding the answer: first {top[0]:.3f}, first two {top[1]:.3f}, first three {top[2]:.3f} of {len(tops)}"
    )

    summaries = np.stack(
        [refuse.summary(c.rows, out_of_fold[n], int(np.argmax(out_of_fold[n]))) for n, c in enumerate(cases)]
    )
    truth = np.array([case.kind in WITH_ANSWER for case in cases])
    chances = np.zeros(len(cases), np.float32)
    for fold in range(5):
        inside = np.array([fold_of[case.group] != fold for case in cases])
        model = fit_answerable(summaries[inside], truth[inside], weights(cases)[inside], settings.units)
        chances[~inside] = model.probability(summaries[~inside])
    kinds = np.array([case.kind for case in cases])
    for kind in sorted(set(kinds) - set(WITH_ANSWER)):
        print(f"{kind}: AUROC {auroc(chances[truth], chances[kinds == kind]):.3f}")
    threshold = float(np.quantile(chances[truth], settings.wrongly))
    refused = {
        kind: round(float((chances[kinds == kind] < threshold).mean()), 3) for kind in SHARE if kind in kinds
    }
    print(f"threshold {threshold:.3f} refuses {refused}")
    for low in np.arange(0, 1, 0.1):
        inside = (chances >= low) & (chances < low + 0.1)
        if inside.any():
            w = weights(cases)[inside]
            print(
                f"  said {low:.1f}-{low + 0.1:.1f}: answerable {np.average(truth[inside], weights=w):.2f} of {inside.sum()}"
            )

    sentence = fit_sentences([case for case in cases if case.right.any()], settings.units)
    answerable = fit_answerable(summaries, truth, weights(cases), settings.units)
    write(settings.out, sentence, answerable, threshold)
    if settings.gold:
        threshold = with_open_questions(settings, chances[kinds == "answerable"])
        write(settings.out, sentence, answerable, threshold)
    for name, value in sorted(
        zip(answerable.names, answerable.out, strict=False), key=lambda one: -abs(one[1])
    ):
        print(f"  {name:20s} {value:+.2f}")


def write(path: Path, sentence: refuse.Weights, answerable: refuse.Weights, threshold: float) -> None:
    stored = {"sentence": dump(sentence, 0.5), "answerable": dump(answerable, threshold)}
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


def with_open_questions(settings: argparse.Namespace, held_out: np.ndarray) -> float:
    """The threshold that refuses --wrongly of the answerable: held-out and open questions count one half each.

    Put to the assistant with the weights just fitted, so --out has to be the rag/weights.json in use.
    """
    from eval.gold import load
    from index.search import open_index
    from rag.assistant import Assistant, Settings

    refuse.load.cache_clear()
    questions = [question for question in load(settings.gold) if question.split == "open"]
    with open_index(settings.index) as index:
        assistant = Assistant(index, Settings(reranker=settings.reranker))
        sure = {item.id: assistant.ask(item.question, item.history).confidence for item in questions}
    good = np.array([sure[item.id] for item in questions if item.answerable])
    bad = np.array([sure[item.id] for item in questions if not item.answerable])
    pooled = np.concatenate([held_out, good])
    each = np.concatenate([np.full(len(held_out), 0.5 / len(held_out)), np.full(len(good), 0.5 / len(good))])
    order = np.argsort(pooled)
    threshold = float(pooled[order][np.searchsorted(np.cumsum(each[order]), settings.wrongly)])
    print(f"open questions: AUROC {auroc(good, bad):.3f}")
    for value in (*np.quantile(good, [0.04, 0.08, 0.12, 0.16, 0.2]), threshold):
        wrongly, due = float((good < value).mean()), float((bad < value).mean())
        print(f"  threshold {value:.3f}: {wrongly:.3f} of the answerable refused, {due:.3f} of the others")
    print(
        f"threshold {threshold:.3f} chosen: refuses {settings.wrongly} of held-out and open answerable questions"
    )
    return threshold


def measure_all(settings: argparse.Namespace):  # type: ignore[no-untyped-def]
    encoder = load_encoder(settings.encoder)
    reranker = load_reranker(settings.reranker)
    spans = {(row["query"], row["positive"]): row for row in lines(settings.spans)}
    for folder in settings.dev:
        yield from measure_folder(settings, folder, encoder, reranker, spans)


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
    hits = reader.index.search(question, k=30)
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
    return Case(group, kind, rows, right, asked.expect.value, question)


def unread(case: Case) -> Case:
    """The case as it is without a reranker.

    Beside what it was trained on a reranker is sure of little and wrong about much: one that says nothing must not
    refuse an answer that all else speaks for.
    """
    rows = case.rows.copy()
    rows[:, [features.FEATURES.index(name) for name in features.FEATURES if name.startswith("rerank")]] = 0.0
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
}
WITH_ANSWER = ("answerable", "literal", "said")


def weights(cases: list[Case]) -> np.ndarray:
    """Each kind weighs its share, however many there are."""
    counts = {kind: max(1, sum(case.kind == kind for case in cases)) for kind in SHARE}
    return np.array([SHARE[case.kind] / counts[case.kind] * len(cases) for case in cases], np.float32)


def thinned(case: Case) -> Case:
    """The right candidates, the wrong ones nearest to the question, and some of the rest: fits ten times faster."""
    wrong = np.flatnonzero(~case.right)
    nearest = wrong[np.argsort(-case.rows[wrong][:, NEAREST].sum(axis=1), kind="stable")]
    some = np.random.default_rng(SEED).permutation(nearest[CANDIDATES // 2 :])[: CANDIDATES // 2]
    kept = np.concatenate([np.flatnonzero(case.right), nearest[: CANDIDATES // 2], some])
    return replace(case, rows=case.rows[kept], right=case.right[kept])


def fit_sentences(cases: list[Case], units: int) -> refuse.Weights:
    """Softmax over a question's candidates (which one?) plus a logistic loss (how sure?)."""
    cases = [thinned(case) for case in cases]
    rows = torch.tensor(np.concatenate([case.rows for case in cases]))
    right = torch.tensor(np.concatenate([case.right for case in cases]).astype(np.float32))
    question = torch.tensor(np.repeat(np.arange(len(cases)), [len(case.rows) for case in cases]))
    net = Net(rows, units)

    def loss() -> torch.Tensor:
        logits = net(rows)
        top = torch.full((len(cases),), -1e9).scatter_reduce(0, question, logits, "amax")
        shifted = (logits - top[question]).exp()
        total = torch.zeros(len(cases)).index_add(0, question, shifted)
        found = torch.zeros(len(cases)).index_add(0, question, shifted * right)
        ranking = -(found / total + 1e-9).log().mean()
        sure = torch.nn.functional.binary_cross_entropy_with_logits(logits, right, reduction="sum") / len(
            cases
        )
        return ranking + 0.3 * sure

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
        count = rows.shape[1]
        self.hidden = torch.nn.Parameter(torch.randn(count, units) * 0.2)
        self.hidden_bias = torch.nn.Parameter(torch.zeros(units))
        self.out = torch.nn.Parameter(torch.zeros(count + units))
        self.bias = torch.nn.Parameter(torch.zeros(()))

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        scaled = (rows - self.mean) / self.scale
        units = torch.tanh(scaled @ self.hidden + self.hidden_bias)
        return torch.cat([scaled, units], 1) @ self.out + self.bias

    def fit(self, loss, names: tuple[str, ...], decay: float) -> refuse.Weights:  # type: ignore[no-untyped-def]
        optimizer = torch.optim.Adam(self.parameters(), lr=0.02)
        for _ in range(400):
            optimizer.zero_grad()
            total = loss() + decay * (self.out.square().sum() + self.hidden.square().sum())
            total.backward()
            optimizer.step()
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
    meta = [[c.group, c.kind, len(c.rows), c.expect, c.text] for c in cases]
    np.savez(path, meta=np.array(json.dumps(meta, ensure_ascii=False)), **arrays)


def load_cases(path: Path) -> list[Case]:
    stored = np.load(path)
    rows, right = stored["rows"], stored["right"]  # each access reads the file again
    cases, start = [], 0
    for group, kind, size, expect, text in json.loads(str(stored["meta"])):
        cases.append(
            Case(
                group,
                kind,
                rows[start : start + size],
                right[start : start + size],
                expect,
                text,
            )
        )
        start += size
    return cases


if __name__ == "__main__":
    main()
