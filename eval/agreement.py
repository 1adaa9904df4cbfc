"""How well silver ranks settings: Kendall's tau between their scores on silver and on gold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.coverage import judge
from eval.evaluate import Corpus
from eval.gold import Question
from eval.measures import mean, of_run, qrels_of
from eval.settings import Bench, Setting
from eval.table import table

if TYPE_CHECKING:
    from index.search import Index

SETTINGS = (
    *(Setting(system, length=length) for system in ("words", "vectors") for length in (0, 100, 300)),
    *(Setting(weight=weight, length=length) for weight in (0.5, 1.0, 2.0, 4.0) for length in (0, 100, 300)),
)
MEASURES = ("nDCG@10", "hit@10", "MRR")


@dataclass(frozen=True, slots=True)
class Agreement:
    """Mean scores of every setting on both sets of questions, by measure, and tau (−1 to 1) by measure."""

    settings: tuple[Setting, ...]
    silver: Mapping[str, tuple[float, ...]]
    gold: Mapping[str, tuple[float, ...]]
    tau: Mapping[str, float]
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
    return Agreement(
        tuple(settings),
        ours,
        theirs,
        {measure: kendall(ours[measure], theirs[measure]) for measure in MEASURES},
        (len(silver), len(answerable)),
    )


def kendall(a: Sequence[float], b: Sequence[float]) -> float:
    """Kendall's tau-b of two lists of scores: 1 the same order, −1 the reverse, ties accounted for."""
    concordant = discordant = ties_a = ties_b = 0
    for i in range(len(a)):
        for j in range(i):
            x, y = a[i] - a[j], b[i] - b[j]
            ties_a += x == 0
            ties_b += y == 0
            concordant += x * y > 0
            discordant += x * y < 0
    pairs = len(a) * (len(a) - 1) / 2
    below = ((pairs - ties_a) * (pairs - ties_b)) ** 0.5
    return float((concordant - discordant) / below) if below else 0.0


def as_json(found: Agreement) -> dict[str, Any]:
    """Tau, and the scores of every setting."""
    return {
        "silver_questions": found.questions[0],
        "gold_questions": found.questions[1],
        "tau": dict(found.tau),
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
    tau = ", ".join(f"{measure} {value:.2f}" for measure, value in found.tau.items())
    return (
        f"{found.questions[0]} silver and {found.questions[1]} gold questions, {len(rows)} settings\n\n"
        f"{table(head, rows)}\n\nKendall's tau of silver with gold: {tau}"
    )


def _scores(
    index: Index, questions: Sequence[Question], settings: Sequence[Setting]
) -> dict[str, tuple[float, ...]]:
    judgements = judge(questions, Corpus.of(index).texts)
    bench = Bench(index, questions)
    judged = {}
    found: dict[str, list[float]] = {measure: [] for measure in MEASURES}
    for setting in settings:
        tried = bench.try_out(setting)
        if setting.length not in judged:
            judged[setting.length] = qrels_of(judgements, tried.pool)
        scores = of_run(judgements, tried.run, judged[setting.length])
        for measure in MEASURES:
            found[measure].append(mean(scores[measure]))
    return {measure: tuple(values) for measure, values in found.items()}
