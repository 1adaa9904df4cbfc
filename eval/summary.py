"""An evaluation in numbers: the JSON that programs read, and the tables that people read."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from eval.answers import AnswerScores, RefusalScores
from eval.evaluate import Evaluation
from eval.gold import SPLITS, Question
from eval.measures import Scores, mean
from eval.runs import Run
from eval.significance import Interval, interval, paired
from eval.table import table

HEADLINE = ("hit@5", "hit@10", "nDCG@10")
_ANSWERS = ("right", "cited", "holds", "on_evidence", "precision", "recall")


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """All numbers of an evaluation; those of systems are plain numbers from 0 to 1."""
    kinds = sorted({question.type for question in evaluation.questions})
    return {
        **scores_json(evaluation.scores),
        "types": {kind: _part(evaluation, of_type(kind)) for kind in kinds},
        "splits": {split: _part(evaluation, in_split(split)) for split in SPLITS},
        "answers": answers_json(evaluation),
        "latency": {run.name: latency(run) for run in evaluation.runs},
        "questions": _counts(evaluation),
        "index": {
            "documents": len(evaluation.corpus.texts),
            "passages": len(evaluation.corpus.passages),
            "fingerprint": evaluation.corpus.fingerprint,
        },
        "seconds": round(evaluation.seconds, 3),
    }


def scores_json(scores: Mapping[str, Scores]) -> dict[str, Any]:
    """Means and 95 % intervals by system and measure."""
    return {
        "systems": means(scores),
        "intervals": {
            name: {measure: _pair(interval([*values.values()])) for measure, values in found.items()}
            for name, found in scores.items()
        },
    }


def scores_text(scores: Mapping[str, Scores]) -> str:
    """Means, intervals, and how sure the difference from the first system is."""
    return f"{_systems(scores)}\n\n{_intervals(scores)}"


def answers_json(evaluation: Evaluation) -> dict[str, Any]:
    """Scores of what was said; empty where nothing was asked."""
    if evaluation.answers is None or evaluation.refusals is None:
        return {}
    found = _answer_means(evaluation.answers) | _refusal_means(evaluation.refusals)
    if evaluation.in_full:
        asked = {id_: evaluation.answers.right[id_] for id_ in evaluation.in_full}
        found["follow_up_right"] = round(mean(asked), 6)
        found["follow_up_right_in_full"] = round(mean(evaluation.in_full), 6)
    return found


def means(scores: Mapping[str, Scores]) -> dict[str, dict[str, float]]:
    """Mean of every measure by system."""
    return {
        name: {measure: round(mean(values), 6) for measure, values in table_.items()}
        for name, table_ in scores.items()
    }


def latency(run: Run) -> dict[str, float]:
    """Milliseconds a question, median and 95th percentile."""
    times = sorted(result.seconds * 1000 for result in run.results.values())
    if not times:
        return {"p50_ms": 0.0, "p95_ms": 0.0}
    return {
        "p50_ms": round(statistics.median(times), 3),
        "p95_ms": round(times[min(len(times) - 1, int(0.95 * len(times)))], 3),
    }


def as_text(evaluation: Evaluation) -> str:
    """Tables for the terminal."""
    return "\n\n".join(_sections(evaluation))


def _sections(evaluation: Evaluation) -> Iterator[str]:
    counts = _counts(evaluation)
    corpus = evaluation.corpus
    yield (
        f"{counts['all']} questions, {counts['answerable']} of them answerable; "
        f"{len(corpus.texts)} documents, {len(corpus.passages)} passages"
    )
    yield scores_text(evaluation.scores)
    for split in SPLITS:
        part = evaluation.part(in_split(split))
        if part.judgements and len(part.questions) < len(evaluation.questions):
            yield f"{split} half\n" + _systems(part.scores)
    yield _types(evaluation)
    if evaluation.answers is not None and evaluation.refusals is not None:
        yield _answers(evaluation)
        if evaluation.in_full:
            values = answers_json(evaluation)
            yield (
                f"follow-ups right: {values['follow_up_right']:.3f} in conversation, "
                f"{values['follow_up_right_in_full']:.3f} asked in full"
            )
    yield f"{evaluation.seconds:.1f} s"


def _systems(scores: Mapping[str, Scores]) -> str:
    measures = list(next(iter(scores.values())))
    rows = [
        [name, *(f"{mean(found[measure]):.3f}" for measure in measures)] for name, found in scores.items()
    ]
    return table(["", *measures], rows)


def _intervals(scores: Mapping[str, Scores]) -> str:
    first = next(iter(scores))
    measures = [measure for measure in HEADLINE if measure in scores[first]]
    rows = []
    for name, values in scores.items():
        spread = [interval([*values[measure].values()]) for measure in measures]
        sure = [paired(scores[first][measure], values[measure]).p for measure in measures]
        cells = ["" if name == first else f"{p:.4f}" for p in sure]
        rows.append([name, *(f"{item.low:.3f}–{item.high:.3f}" for item in spread), *cells])
    head = ["95 % interval", *measures, *(f"p {measure}" for measure in measures)]
    return f"{table(head, rows)}\np: paired randomisation test against {first}"


def _types(evaluation: Evaluation) -> str:
    kinds = list(dict.fromkeys(question.type for question in evaluation.questions))
    rows = []
    for kind in kinds:
        part = evaluation.part(of_type(kind))
        found = [
            f"{mean(part.scores[name]['hit@10']):.3f}" if part.judgements else "–" for name in part.scores
        ]
        right = mean(part.answers.right) if part.answers and part.judgements else None
        refused = _refused(part)
        rows.append([kind, str(len(part.questions)), *found, _number(right), _number(refused)])
    head = ["hit@10 by type", "n", *evaluation.scores, "right", "refused"]
    return table(head, rows)


def _answers(evaluation: Evaluation) -> str:
    parts = {"all": evaluation} | {split: evaluation.part(in_split(split)) for split in SPLITS}
    rows = []
    for name, part in parts.items():
        if part.answers is None or part.refusals is None or not part.questions:
            continue
        values = answers_json(part)
        cells = [f"{values[key]:.3f}" for key in (*_ANSWERS, *_REFUSALS)]
        rows.append([name, *cells, f"{values['median_characters']:.0f}"])
    head = ["answers", "right", "cited", "holds", "on evidence", "precision", "recall"]
    return table([*head, "refusal P", "refusal R", "wrongly", "AUROC", "characters"], rows)


_REFUSALS = ("refusal_precision", "refusal_recall", "wrongly_refused", "auroc")


def _answer_means(scores: AnswerScores) -> dict[str, float]:
    found = {name: round(mean(getattr(scores, name)), 6) for name in _ANSWERS}
    return found | {"median_characters": statistics.median(scores.characters) if scores.characters else 0}


def _refusal_means(scores: RefusalScores) -> dict[str, float]:
    values = (scores.precision, scores.recall, scores.wrongly, scores.auroc)
    return {name: round(value, 6) for name, value in zip(_REFUSALS, values, strict=True)}


def _part(evaluation: Evaluation, chosen: Callable[[Question], bool]) -> dict[str, Any]:
    part = evaluation.part(chosen)
    return {
        "questions": _counts(part),
        "systems": means(part.scores) if part.judgements else {},
        "answers": answers_json(part) if part.questions else {},
    }


def _refused(part: Evaluation) -> float | None:
    said = part.said
    if said is None:
        return None
    responses = [said.of(question.id).response for question in part.questions]
    return sum(item is not None and item.refused for item in responses) / max(len(responses), 1)


def _counts(evaluation: Evaluation) -> dict[str, int]:
    return {"all": len(evaluation.questions), "answerable": len(evaluation.judgements)}


def _pair(found: Interval) -> list[float]:
    return [round(found.low, 6), round(found.high, 6)]


def of_type(kind: str) -> Callable[[Question], bool]:
    """Chooses the questions of one type."""
    return lambda question: question.type == kind


def in_split(split: str) -> Callable[[Question], bool]:
    """Chooses the open or the closed questions."""
    return lambda question: question.split == split


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
