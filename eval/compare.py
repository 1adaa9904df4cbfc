"""Two settings, models or versions on the same questions: what differs, how surely, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eval import answers
from eval.coverage import Judgement, judge
from eval.evaluate import Corpus
from eval.gold import Question
from eval.measures import Scores, mean, of_run, qrels_of
from eval.runs import Retrieved, Run, load
from eval.settings import Bench, Setting, Tried
from eval.significance import Difference, paired
from eval.table import shorten, table
from index.document import YoujuError
from index.remote import Remote, location

if TYPE_CHECKING:
    from index.search import Index
    from rag.assistant import Settings

RIGHT = "right"  # short answer right, where both sides answered


@dataclass(frozen=True, slots=True)
class Comparison:
    """B against A: scores of both by measure and question, and the difference of each measure."""

    a: str
    b: str
    judgements: tuple[Judgement, ...]
    before: Scores
    after: Scores
    differences: Mapping[str, Difference]

    def changed(self, measure: str) -> list[tuple[Question, float, float]]:
        """Questions whose score differs, what B lost most first."""
        both = [
            (item.question, self.before[measure][item.question.id], self.after[measure][item.question.id])
            for item in self.judgements
        ]
        return sorted((row for row in both if row[1] != row[2]), key=lambda row: row[2] - row[1])


def compare(
    index: Index, questions: Sequence[Question], a: str, b: str, *, settings: Settings | None = None
) -> Comparison:
    """Compare two settings, index folders or saved runs over the answerable questions."""
    texts = Corpus.of(index).texts
    judgements = judge(questions, texts)
    bench = Bench(index, questions, settings)
    first, second = (_tried(bench, questions, name) for name in (a, b))
    if a.endswith(".jsonl") and b.endswith(".jsonl"):
        # two saved runs are judged by what either of them found
        both = tuple({item.id: item for item in (*first.pool, *second.pool)}.values())
        first, second = Tried(first.run, both), Tried(second.run, both)
    before, after = (_scores(judgements, tried, texts) for tried in (first, second))
    differences = {measure: paired(before[measure], after[measure]) for measure in before if measure in after}
    return Comparison(a, b, judgements, before, after, differences)


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Means, differences and the questions that changed, by measure."""
    return {
        "a": comparison.a,
        "b": comparison.b,
        "measures": {
            measure: {
                "a": mean(comparison.before[measure]),
                "b": mean(comparison.after[measure]),
                "difference": found.mean,
                "interval": [found.interval.low, found.interval.high],
                "p": found.p,
                "won": found.won,
                "lost": found.lost,
                "changed": {question.id: [old, new] for question, old, new in comparison.changed(measure)},
            }
            for measure, found in comparison.differences.items()
        },
        "types": {
            kind: {
                measure: {"a": values[0], "b": values[1]}
                for measure, values in _by_type(comparison, kind).items()
            }
            for kind in _kinds(comparison)
        },
    }


def as_text(comparison: Comparison, measure: str) -> str:
    """Tables: every measure, one by type, and its questions that changed."""
    if measure not in comparison.differences:
        raise YoujuError(f"--measure must be one of {', '.join(comparison.differences)}, got {measure!r}")
    rows = [
        [
            name,
            f"{mean(comparison.before[name]):.3f}",
            f"{mean(comparison.after[name]):.3f}",
            f"{found.mean:+.3f}",
            f"{found.interval.low:+.3f}…{found.interval.high:+.3f}",
            f"{found.p:.4f}",
            str(found.won),
            str(found.lost),
        ]
        for name, found in comparison.differences.items()
    ]
    by_type = [
        [kind, *(f"{value:.3f}" for value in _by_type(comparison, kind)[measure])]
        for kind in _kinds(comparison)
    ]
    changed = [
        [question.id, f"{old:.2f}", f"{new:.2f}", question.type, shorten(question.question, 60)]
        for question, old, new in comparison.changed(measure)
    ]
    head = ["", "A", "B", "B − A", "95 % interval", "p", "won", "lost"]
    parts = [
        f"A: {comparison.a}\nB: {comparison.b}\n{len(comparison.judgements)} answerable questions",
        table(head, rows),
        table([f"{measure} by type", "A", "B"], by_type),
    ]
    if changed:
        parts.append(table(["changed", "A", "B", "type", "question"], changed, text=(0, 3, 4)))
    return "\n\n".join(parts)


def _tried(bench: Bench, questions: Sequence[Question], name: str) -> Tried:
    path = location(name)
    if not isinstance(path, Remote) and path.suffix == ".jsonl":
        run = load(path)
        return Tried(run, _pooled(run))
    if isinstance(path, Remote) or (path.is_dir() and (path / "CURRENT").exists()):
        from index.search import open_index

        with open_index(path) as other:
            return Bench(other, questions).try_out(Setting())
    return bench.try_out(Setting.parse(name))


def _pooled(run: Run) -> tuple[Retrieved, ...]:
    return tuple({hit.id: hit for result in run.results.values() for hit in result.ranking}.values())


def _scores(judgements: Sequence[Judgement], tried: Tried, texts: Mapping[str, str]) -> Scores:
    scores = of_run(judgements, tried.run, qrels_of(judgements, tried.pool))
    if any(result.response is not None for result in tried.run.results.values()):
        scores[RIGHT] = dict(answers.score(judgements, tried.run, texts).right)
    return scores


def _kinds(comparison: Comparison) -> list[str]:
    return list(dict.fromkeys(item.question.type for item in comparison.judgements))


def _by_type(comparison: Comparison, kind: str) -> dict[str, tuple[float, float]]:
    kept = [item.question.id for item in comparison.judgements if item.question.type == kind]
    return {
        measure: (
            mean({id_: comparison.before[measure][id_] for id_ in kept}),
            mean({id_: comparison.after[measure][id_] for id_ in kept}),
        )
        for measure in comparison.differences
    }
