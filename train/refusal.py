"""Fit what decides which sentence answers, and whether any does.

    python -m train.refusal --dev var/train/dev/asked var/train/dev/wiki --spans var/train/spans.jsonl [--encoder DIR] [--reranker DIR] [--workers 2] [--cache FILE.npz]
        [--gold eval/gold/a.jsonl … --index var/index --asked train/questions/seeds.tsv] --out rag/weights.json

Held-out questions (nothing of them was seen by the encoder or the reranker) are put to small archives made of their
passages and the passages most like them; open gold questions, held-out ones that have nothing to do with it, and own
ones of which only is known whether it answers them (--asked), to the index that the gold was written for. `sentence`
learns which candidate sentence holds the answer; `answerable` learns
to tell questions with an answer from near misses, from questions whose passage was taken away, and from those of
other archives. Every figure printed is of questions that the weights have not seen (five folds, by passage and by
gold question); the threshold, set the same way, refuses at most --wrongly of the answerable questions, of the
held-out and of the open ones. The cache keeps what was measured of the held-out questions, which takes most of the
time: twenty minutes of one core without reading sentences one by one, more with it; the gold questions are measured
every time. Give a new cache, or none, when encoder, reranker or a feature has changed. `--limit 250` measures less
than half of it.
"""

from __future__ import annotations

import argparse
import json
import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from rag import features, refuse
from train.cases import SEED, Case, load_cases, measure_all, measure_gold, save_cases, unflagged, unread

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
    "--wrongly", type=float, default=0.12, help="share of answerable questions that may be refused"
)
parser.add_argument("--workers", type=int, default=2, help="processes that measure")
parser.add_argument(
    "--gold", type=Path, nargs="+", default=[], help="their open questions are learnt from too"
)
parser.add_argument(
    "--index", type=Path, default=Path("var/index"), help="what the open questions are put to"
)
parser.add_argument(
    "--asked", type=Path, help="questions that the index answers (1) and does not (0): number, tab, question"
)
parser.add_argument("--cache", type=Path, help="keep the measured features here")
FOLDS = 5
NETS = 3  # networks, begun differently, whose logits are averaged: single ones differ by some points
DECAY = 3e-2  # of the sentences' weights; a tenth of it fits what asks in the archive's words, and fails on others
STEPS = 250
CANDIDATES = 26  # wrong sentences of a question that the fit looks at
NEAREST = [features.FEATURES.index(name) for name in ("pairs", "cosine")]


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
    """What refuses `wrongly` of the answerable questions, of the held-out and of the open ones at most as many."""
    kinds = np.array([case.kind for case in cases])
    groups = [chances[kinds == kind] for kind in ("answerable", "open") if (kinds == kind).any()]
    return min(float(np.quantile(group, wrongly)) for group in groups)


def tell_refusal(cases: list[Case], chances: np.ndarray, threshold: float) -> None:
    """Print how well chances of having an answer tell the kinds apart, and how true they are."""
    kinds = np.array([case.kind for case in cases])
    held = (kinds == "answerable") | (kinds == "literal") | (kinds == "said")
    for kind in sorted(set(kinds) - set(WITH_ANSWER)):
        good = kinds == "open" if kind.startswith(("open", "own")) else held
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


SHARE = {
    "answerable": 0.3,
    "literal": 0.1,
    "said": 0.1,
    "near_miss": 0.25,
    "removed": 0.1,
    "said_removed": 0.05,
    "foreign": 0.1,
    "open": 0.5,
    "open_unanswerable": 0.25,
    "open_foreign": 0.15,
    "own": 0.5,
    "own_unanswerable": 0.5,
}
WITH_ANSWER = ("answerable", "literal", "said", "open", "own")
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

    def loss(net: Net) -> torch.Tensor:
        logits = net(rows)
        top = torch.full((len(cases),), -1e9).scatter_reduce(0, question, logits, "amax")
        shifted = (logits - top[question]).exp()
        total = torch.zeros(len(cases)).index_add(0, question, shifted)
        found = torch.zeros(len(cases)).index_add(0, question, shifted * right)
        ranking = -(found / total + 1e-9).log() @ weight
        each = torch.nn.functional.binary_cross_entropy_with_logits(logits, right, reduction="none")
        return ranking + 0.3 * (each @ weight[question])

    nets = [Net(rows, units) for _ in range(NETS)]
    return merged([net.fit(loss, features.FEATURES, decay=DECAY) for net in nets])


def fit_answerable(rows: np.ndarray, truth: np.ndarray, weight: np.ndarray, units: int) -> refuse.Weights:
    inputs, wanted = torch.tensor(rows), torch.tensor(truth.astype(np.float32))

    def loss(net: Net) -> torch.Tensor:
        each = torch.nn.functional.binary_cross_entropy_with_logits(net(inputs), wanted, reduction="none")
        return (each * torch.tensor(weight)).mean()

    nets = [Net(inputs, units) for _ in range(NETS)]
    return merged([net.fit(loss, features.FEATURES + refuse.SUMMARY, decay=1e-2) for net in nets])


def merged(nets: list[refuse.Weights]) -> refuse.Weights:
    """One network whose logit is the mean of the logits of several that were fitted on the same rows."""
    count, plain = len(nets), len(nets[0].names)
    linear = np.mean([net.out[:plain] for net in nets], axis=0)
    units = np.concatenate([net.out[plain:] / count for net in nets])
    return replace(
        nets[0],
        hidden=np.concatenate([net.hidden for net in nets], axis=1),
        hidden_bias=np.concatenate([net.hidden_bias for net in nets]),
        out=np.concatenate([linear, units]).astype(np.float32),
        bias=float(np.mean([net.bias for net in nets])),
    )


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
            total = loss(self) + decay * (self.out.square().sum() + self.hidden.square().sum())
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


if __name__ == "__main__":
    main()
