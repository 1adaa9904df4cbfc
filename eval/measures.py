"""Measures of a ranking: trec_eval's by ir_measures, and hits by evidence coverage.

Every measure is higher-is-better, from 0 to 1, one number a question. A
question that a run missed scores zero. Named as ir_measures names them:

    nDCG@k      Järvelin and Kekäläinen 2002, as trec_eval computes it: gain is the grade
    MRR         reciprocal rank of the first relevant passage
    R@k, P@k    share of the relevant passages in the first k; share of the first k that is relevant
    Success@k   1 when a relevant passage is in the first k
    hit@k       1 when the first k passages together hold the evidence (see `coverage`)
    hit@2000c   the same for the first 2,000 characters of the ranking
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from eval.coverage import BUDGET, Judgement, grades, within
from eval.runs import Retrieved, Run
from index.document import YoujuError

Qrels = Mapping[str, Mapping[str, int]]
Scored = Mapping[str, Mapping[str, float]]
Scores = dict[str, dict[str, float]]  # measure → question → value

DEPTHS = (1, 5, 10)
IN_BUDGET = f"hit@{BUDGET}c"
RANKING = ("nDCG@10", "MRR", "R@10", "R@100", "P@5", "Success@10")
MAIN = ("hit@1", "hit@5", "hit@10", IN_BUDGET, "MRR", "nDCG@10", "R@10", "R@100", "P@5", "Success@10")


class MeasureError(YoujuError):
    """A measure is not known."""


def of_run(judgements: Sequence[Judgement], run: Run, qrels: Qrels) -> Scores:
    """All measures of a run; `qrels` are those of every passage that could have been retrieved."""
    ranked = {
        item.question.id: in_order(hit.id for hit in run.of(item.question.id).ranking) for item in judgements
    }
    return hits(judgements, run) | graded(qrels, ranked, RANKING)


def qrels_of(judgements: Iterable[Judgement], pool: Iterable[Retrieved]) -> dict[str, dict[str, int]]:
    """Graded judgements of the passages of `pool` for every question."""
    passages = [*pool]
    return {item.question.id: grades(item, passages) for item in judgements}


def hits(judgements: Sequence[Judgement], run: Run) -> Scores:
    """hit@1, 5, 10 and within the first 2,000 characters."""
    scores: Scores = {name: {} for name in (*(f"hit@{depth}" for depth in DEPTHS), IN_BUDGET)}
    for judgement in judgements:
        id_ = judgement.question.id
        ranking = run.of(id_).ranking
        first = judgement.first_hit(ranking)
        for depth in DEPTHS:
            scores[f"hit@{depth}"][id_] = float(0 < first <= depth)
        scores[IN_BUDGET][id_] = float(judgement.hit(within(ranking)))
    return scores


def graded(qrels: Qrels, ranked: Scored, measures: Sequence[str] = RANKING) -> Scores:
    """trec_eval's measures, one value a judged question. Raises MeasureError for an unknown name."""
    import ir_measures

    wanted = {name: _parse(name) for name in measures}
    scores: Scores = {name: dict.fromkeys(qrels, 0.0) for name in measures}
    names = {measure: name for name, measure in wanted.items()}
    runs = {question: dict(found) for question, found in ranked.items() if question in qrels and found}
    if runs:
        judged = {question: dict(found) for question, found in qrels.items()}
        for item in ir_measures.pytrec_eval.iter_calc(list(wanted.values()), judged, runs):
            scores[names[item.measure]][item.query_id] = float(item.value)
    return scores


def in_order(ids: Iterable[str]) -> dict[str, float]:
    """Scores that keep an order: trec_eval breaks ties by id, and two passages may score the same."""
    kept = [*dict.fromkeys(ids)]
    return {id_: float(len(kept) - place) for place, id_ in enumerate(kept)}


def mean(values: Mapping[str, float]) -> float:
    """Mean over questions, 0 for none."""
    return float(np.mean(list(values.values()))) if values else 0.0


def _parse(name: str) -> object:
    import ir_measures

    try:
        return ir_measures.parse_measure("RR" if name == "MRR" else name)
    except (ValueError, NameError) as error:
        raise MeasureError(f"unknown measure {name!r}; examples: {', '.join(RANKING)}") from error
