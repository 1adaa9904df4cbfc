"""How well silver ranks settings: Kendall's tau between their scores on silver and on gold."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.coverage import judge
from eval.evaluate import Corpus
from eval.gold import Question
from eval.measures import Qrels, Scores, mean, of_run, qrels_of
from eval.settings import Bench, Setting
from eval.table import table

if TYPE_CHECKING:
    from index.search import Index

SETTINGS = (
    *(Setting(system, length=length) for system in ("words", "vectors") for length in (0, 100, 300)),
    *(Setting(weight=weight, length=length) for weight in (10, 30, 60, 120) for length in (0, 100, 300)),
)
MEASURES = ("nDCG@10", "hit@10", "MRR")
SPLITS = 20


@dataclass(frozen=True, slots=True)
class Agreement:
    """Mean scores of every setting on both sets of questions, by measure, and tau (−1 to 1) by measure.

    `alike` is tau over the pairs of settings with one passage length, that is of
    ways of ranking the same passages. `halves` is tau between two random halves of gold, the mean of several
    splits: what a second set of gold questions would reach, and so about the
    most that silver can.
    """

    settings: tuple[Setting, ...]
    silver: Mapping[str, tuple[float, ...]]
    gold: Mapping[str, tuple[float, ...]]
    tau: Mapping[str, float]
    alike: Mapping[str, float]
    halves: Mapping[str, float]
    questions: tuple[int, int]


def agreement(
    index: Index,
    silver: Sequence[Question],
    gold: Sequence[Question],
    settings: Sequence[Setting] = SETTINGS,
) -> Agreement:
    """Score every setting on both, and compare the two orders."""
    answerable = [question for question in gold if question.answerable]
    ours, theirs = _scores(index, silver, settings), _scores(index, answerable, settings)
    lengths = [setting.length for setting in settings]
    tau, alike, halves = {}, {}, {}
    for measure in MEASURES:
        both = _means(ours, measure), _means(theirs, measure)
        tau[measure] = kendall(*both)
        alike[measure] = kendall(*both, groups=lengths)
        halves[measure] = _between_halves(theirs, measure)
    return Agreement(
        tuple(settings),
        {measure: _means(ours, measure) for measure in MEASURES},
        {measure: _means(theirs, measure) for measure in MEASURES},
        tau,
        alike,
        halves,
        (len(silver), len(answerable)),
    )


def kendall(a: Sequence[float], b: Sequence[float], *, groups: Sequence[int] = ()) -> float:
    """Kendall's tau-b of two lists of scores: 1 the same order, −1 the reverse, ties accounted for.

    With `groups`, as long as the lists, only pairs of one group count.
    """
    concordant = discordant = ties_a = ties_b = pairs = 0
    for i in range(len(a)):
        for j in range(i):
            if groups and groups[i] != groups[j]:
                continue
            x, y = a[i] - a[j], b[i] - b[j]
            pairs += 1
            ties_a += x == 0
            ties_b += y == 0
            concordant += x * y > 0
            discordant += x * y < 0
    below = float((pairs - ties_a) * (pairs - ties_b)) ** 0.5
    return (concordant - discordant) / below if below else 0.0


def as_json(found: Agreement) -> dict[str, Any]:
    """Tau, and the scores of every setting."""
    return {
        "silver_questions": found.questions[0],
        "gold_questions": found.questions[1],
        "tau": dict(found.tau),
        "tau_of_one_length": dict(found.alike),
        "tau_between_halves_of_gold": dict(found.halves),
        "settings": {
            setting.name: {
                measure: {"silver": found.silver[measure][place], "gold": found.gold[measure][place]}
                for measure in MEASURES
            }
            for place, setting in enumerate(found.settings)
        },
    }


def as_text(found: Agreement) -> str:
    """The settings, best on gold first, and tau."""
    order = sorted(range(len(found.settings)), key=lambda place: -found.gold[MEASURES[0]][place])
    rows = [
        [
            found.settings[place].name,
            *(
                f"{scores[measure][place]:.3f}"
                for measure in MEASURES
                for scores in (found.gold, found.silver)
            ),
        ]
        for place in order
    ]
    head = ["setting", *(f"{measure} {side}" for measure in MEASURES for side in ("gold", "silver"))]
    taus = {
        "silver with gold": found.tau,
        "the same, between settings of one passage length": found.alike,
        f"one half of gold with the other, mean of {SPLITS} splits": found.halves,
    }
    lines = [[name, *(f"{values[measure]:.2f}" for measure in MEASURES)] for name, values in taus.items()]
    return (
        f"{found.questions[0]} silver and {found.questions[1]} gold questions, {len(rows)} settings\n\n"
        f"{table(head, rows)}\n\n{table(['Kendall tau', *MEASURES], lines)}"
    )


def _scores(index: Index, questions: Sequence[Question], settings: Sequence[Setting]) -> list[Scores]:
    judgements = judge(questions, Corpus.of(index).texts)
    bench = Bench(index, questions)
    judged: dict[int, Qrels] = {}
    found = []
    for setting in settings:
        tried = bench.try_out(setting)
        if setting.length not in judged:
            judged[setting.length] = qrels_of(judgements, tried.pool)
        found.append(of_run(judgements, tried.run, judged[setting.length]))
    return found


def _means(scores: Sequence[Scores], measure: str, kept: frozenset[str] | None = None) -> tuple[float, ...]:
    return tuple(
        mean({id_: value for id_, value in table_[measure].items() if kept is None or id_ in kept})
        for table_ in scores
    )


def _between_halves(scores: Sequence[Scores], measure: str) -> float:
    ids = sorted(scores[0][measure]) if scores else []
    rng = random.Random(0)  # a repeatable draw, no secret  # nosec B311
    taus = []
    for _ in range(SPLITS):
        rng.shuffle(ids)
        halves = frozenset(ids[: len(ids) // 2]), frozenset(ids[len(ids) // 2 :])
        taus.append(kendall(*(_means(scores, measure, half) for half in halves)))
    return sum(taus) / SPLITS
