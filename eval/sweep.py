"""A small declared grid of settings, tried on the open questions only.

A grid point that comes out best has been picked from many, so that its score
is too good by a little; the closed half is there to say by how much, once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval.coverage import judge
from eval.evaluate import ASSISTANT, Corpus
from eval.gold import Question
from eval.measures import Qrels, Scores, mean, of_run, qrels_of
from eval.settings import Bench, Setting, SettingError
from eval.significance import Difference, Interval, interval, paired
from eval.table import table

if TYPE_CHECKING:
    from index.search import Index

WEIGHTS = (20, 35, 50, 80)
CLEAR = (0.04, 0.08, 0.16)
LENGTHS = (0, 100, 200, 400)  # 0: the passages of the index
NOW = Setting()


@dataclass(frozen=True, slots=True)
class Point:
    """A setting of the grid with its scores, and its difference from the setting in force."""

    setting: Setting
    scores: Scores
    interval: Interval
    difference: Difference


@dataclass(frozen=True, slots=True)
class Sweep:
    """All points of the grid, best first."""

    measure: str
    questions: int
    points: tuple[Point, ...]


def grid(reranker: str = "") -> tuple[Setting, ...]:
    """Fusion by passage lengths, both alone, the assistant with a reranker and without."""
    mixed = [
        Setting(weight=weight, clear=clear, length=length)
        for length in LENGTHS
        for weight in WEIGHTS
        for clear in CLEAR
    ]
    alone = [Setting(system=system, length=length) for length in LENGTHS for system in ("words", "vectors")]
    rerankers = (reranker, "none") if reranker and reranker != "none" else ()
    reranked = [Setting(ASSISTANT, reranker=name) for name in rerankers]
    return (*mixed, *alone, *reranked)


def sweep(
    index: Index,
    questions: Sequence[Question],
    *,
    measure: str = "nDCG@10",
    reranker: str = "",
    settings: Sequence[Setting] = (),
) -> Sweep:
    """Try every setting of the grid. Raises SettingError for a closed question or an unknown measure."""
    if any(question.split != "open" for question in questions):
        raise SettingError("closed questions are for reporting; a sweep is given open ones only")
    judgements = judge(questions, Corpus.of(index).texts)
    bench = Bench(index, questions)
    judged: dict[int, Qrels] = {}
    scored = {}
    for setting in dict.fromkeys((NOW, *(settings or grid(reranker)))):
        tried = bench.try_out(setting)
        if setting.length not in judged:
            judged[setting.length] = qrels_of(judgements, tried.pool)
        scored[setting] = of_run(judgements, tried.run, judged[setting.length])
    if measure not in scored[NOW]:
        raise SettingError(f"--measure must be one of {', '.join(scored[NOW])}, got {measure!r}")
    points = [
        Point(
            setting,
            scores,
            interval([*scores[measure].values()]),
            paired(scored[NOW][measure], scores[measure]),
        )
        for setting, scores in scored.items()
    ]
    best = sorted(points, key=lambda point: -mean(point.scores[measure]))
    return Sweep(measure, len(judgements), tuple(best))


def as_json(outcome: Sweep) -> dict[str, Any]:
    """Every point with all of its measures."""
    return {
        "measure": outcome.measure,
        "questions": outcome.questions,
        "points": [
            {
                "setting": point.setting.name,
                "scores": {measure: mean(values) for measure, values in point.scores.items()},
                "interval": [point.interval.low, point.interval.high],
                "difference": point.difference.mean,
                "p": point.difference.p,
            }
            for point in outcome.points
        ],
    }


def as_text(outcome: Sweep) -> str:
    """The points, best first."""
    rows = []
    for point in outcome.points:
        others = [name for name in ("hit@10", "hit@2000c", "nDCG@10", "MRR") if name != outcome.measure]
        now = "in force" if point.setting == NOW else f"{point.difference.p:.4f}"
        rows.append(
            [
                point.setting.name,
                f"{mean(point.scores[outcome.measure]):.3f}",
                f"{point.interval.low:.3f}–{point.interval.high:.3f}",
                f"{point.difference.mean:+.3f}",
                now,
                *(f"{mean(point.scores[name]):.3f}" for name in others),
            ]
        )
    head = ["setting", outcome.measure, "95 % interval", "difference", "p", *others]
    return (
        f"{outcome.questions} open questions, {len(outcome.points)} settings\n\n{table(head, rows)}\n"
        "The best of many is flattered; `youju eval compare` on the closed half tells the truth once."
    )
