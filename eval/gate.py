"""Golden scores: what was reached stays reached, or the build fails and names the questions.

`eval/expected/*.yaml` holds, one file a corpus, the command that prints the
numbers, each number with its tolerance, and the questions that were missed
when it was written, so that a loss can be told question by question:

    corpus: seeds                # or the name of a BEIR folder
    command: youju eval --json
    numbers:
    - {system: fused, measure: nDCG@10, expected: 0.741, tolerance: 0.02}
    missed:
      fused: [a027, a031]        # not hit at 10; of a BEIR folder, nothing relevant in the first 5
      answers: [a040]            # short answer not right, or answered what it should refuse

Only losses fail; `youju eval gate --update` writes the numbers of today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from eval.coverage import judge
from eval.evaluate import Corpus, Evaluation
from eval.gold import Question
from eval.measures import Scores, mean, of_run, qrels_of
from eval.settings import Bench, Setting
from eval.summary import answers_json
from eval.table import shorten, table
from index.document import YoujuError

if TYPE_CHECKING:
    from eval.exchange import Collection
    from index.search import Index

SEEDS = "seeds"
ANSWERS = "answers"
LOWER_IS_BETTER = ("wrongly_refused",)
TOLERANCE = 0.02
_RETRIEVAL = ("hit@10", "hit@2000c", "nDCG@10")
_BEIR = ("nDCG@10", "R@10", "R@100")
_SAID = ("right", "cited", "holds", "on_evidence", "refusal_recall", "wrongly_refused")


class GateError(YoujuError):
    """A golden score was lost, or a file of golden scores is not one."""


@dataclass(frozen=True, slots=True)
class Number:
    """One golden score."""

    system: str
    measure: str
    expected: float
    tolerance: float

    def lost(self, found: float) -> bool:
        """True when `found` is worse by more than the tolerance."""
        worse = found - self.expected if self.measure in LOWER_IS_BETTER else self.expected - found
        return worse > self.tolerance + 1e-9


@dataclass(frozen=True, slots=True)
class Expected:
    """Golden scores of one corpus, and the questions missed by system when they were written."""

    corpus: str
    command: str
    numbers: tuple[Number, ...]
    missed: Mapping[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Measured:
    """What is held against golden scores: values by system and measure, questions missed by system."""

    values: Mapping[tuple[str, str], float]
    missed: Mapping[str, tuple[str, ...]]
    questions: Mapping[str, str]  # id → text
    watched: tuple[tuple[str, str], ...] = field(default=())  # what is written down as golden


@dataclass(frozen=True, slots=True)
class Verdict:
    """Every golden number with what came, and the questions lost since, by system."""

    found: tuple[tuple[Number, float], ...]
    lost: Mapping[str, tuple[str, ...]]
    questions: Mapping[str, str]

    @property
    def failed(self) -> tuple[tuple[Number, float], ...]:
        return tuple((number, came) for number, came in self.found if number.lost(came))

    @property
    def ok(self) -> bool:
        return not self.failed


def shipped() -> tuple[Path, ...]:
    """The golden scores that come with the program."""
    return tuple(sorted((Path(__file__).parent / "expected").glob("*.yaml")))


def read(path: Path) -> Expected:
    """Golden scores of a file. Raises GateError."""
    import yaml

    try:
        form = yaml.safe_load(path.read_text(encoding="utf-8"))
        numbers = tuple(
            Number(str(row["system"]), str(row["measure"]), float(row["expected"]), float(row["tolerance"]))
            for row in form["numbers"]
        )
        missed = {str(name): frozenset(map(str, ids)) for name, ids in (form.get("missed") or {}).items()}
        return Expected(str(form["corpus"]), str(form["command"]), numbers, missed)
    except (OSError, UnicodeDecodeError, yaml.YAMLError, KeyError, TypeError, ValueError) as error:
        raise GateError(f"{path}: not a file of golden scores: {error!r}") from error


def write(path: Path, expected: Expected) -> None:
    """Write golden scores."""
    import yaml

    form = {
        "corpus": expected.corpus,
        "command": expected.command,
        "numbers": [
            {
                "system": number.system,
                "measure": number.measure,
                "expected": round(number.expected, 4),
                "tolerance": number.tolerance,
            }
            for number in expected.numbers
        ],
        "missed": {name: sorted(ids) for name, ids in expected.missed.items()},
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    # default_flow_style None writes the innermost lists on one line
    text = yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=110, default_flow_style=None)
    path.write_text(text, encoding="utf-8")


def of_evaluation(evaluation: Evaluation) -> Measured:
    """What an evaluation of gold questions has for the gate."""
    values = _values(evaluation.scores)
    watched = [(name, measure) for name in evaluation.scores if name != "vectors" for measure in _RETRIEVAL]
    missed = {name: _zeros(scores["hit@10"]) for name, scores in evaluation.scores.items()}
    if evaluation.answers is not None:
        said = answers_json(evaluation)
        values |= {(ANSWERS, measure): float(said[measure]) for measure in _SAID}
        watched += [(ANSWERS, measure) for measure in _SAID]
        missed[ANSWERS] = (*_zeros(evaluation.answers.right), *_answered_wrongly(evaluation))
    questions = {question.id: question.question for question in evaluation.questions}
    return Measured(values, missed, questions, tuple(watched))


def of_collection(collection: Collection, scores: Mapping[str, Scores]) -> Measured:
    """What an evaluation of a BEIR folder has for the gate."""
    watched = tuple((name, measure) for name in ("words", "fused") for measure in _BEIR)
    missed = {name: _zeros(scores[name]["Success@5"]) for name in ("words", "fused")}
    return Measured(_values(scores), missed, collection.queries, watched)


def golden(corpus: str, command: str, measured: Measured, *, tolerance: float = TOLERANCE) -> Expected:
    """Golden scores of today."""
    numbers = tuple(
        Number(system, measure, measured.values[system, measure], tolerance)
        for system, measure in measured.watched
    )
    systems = dict.fromkeys(system for system, _ in measured.watched)
    return Expected(corpus, command, numbers, {name: frozenset(measured.missed[name]) for name in systems})


def check(expected: Expected, measured: Measured) -> Verdict:
    """Hold what was measured against golden scores. Raises GateError for a number that was not measured."""
    found = []
    for number in expected.numbers:
        key = (number.system, number.measure)
        if key not in measured.values:
            raise GateError(f"nothing was measured for {number.system} {number.measure}")
        found.append((number, measured.values[key]))
    lost = {
        name: tuple(id_ for id_ in measured.missed[name] if id_ not in before)
        for name, before in expected.missed.items()
        if name in measured.missed
    }
    return Verdict(tuple(found), lost, measured.questions)


def report(verdict: Verdict) -> str:
    """The numbers, and the questions lost, as text."""
    rows = [
        [
            f"{'LOST' if number.lost(came) else 'ok':<5}{number.system} {number.measure}",
            f"{number.expected:.3f}",
            f"{came:.3f}",
            f"{came - number.expected:+.3f}",
            f"{number.tolerance:.3f}",
        ]
        for number, came in verdict.found
    ]
    parts = [table(["", "expected", "found", "difference", "tolerance"], rows)]
    failed = {number.system for number, _ in verdict.failed}
    for name in sorted(failed & set(verdict.lost)):
        named = [[id_, shorten(verdict.questions.get(id_, ""), 80)] for id_ in verdict.lost[name]]
        parts.append(table([f"lost by {name}", "question"], named, text=(0, 1)))
    return "\n\n".join(parts)


def only(expected: Expected, *systems: str) -> Expected:
    """The golden scores of some systems."""
    return replace(
        expected,
        numbers=tuple(number for number in expected.numbers if number.system in systems),
        missed={name: ids for name, ids in expected.missed.items() if name in systems},
    )


def with_setting(index: Index, questions: Sequence[Question], setting: str) -> Evaluation:
    """An evaluation in which a setting stands in for `fused`."""
    corpus = Corpus.of(index)
    judgements = judge(questions, corpus.texts)
    tried = Bench(index, questions).try_out(Setting.parse(setting))
    scores = of_run(judgements, tried.run, qrels_of(judgements, tried.pool))
    run = replace(tried.run, name="fused")
    return Evaluation(tuple(questions), judgements, corpus, (run,), {"fused": scores})


def _values(scores: Mapping[str, Scores]) -> dict[tuple[str, str], float]:
    return {
        (name, measure): mean(values) for name, found in scores.items() for measure, values in found.items()
    }


def _zeros(values: Mapping[str, float]) -> tuple[str, ...]:
    return tuple(id_ for id_, value in values.items() if value < 1)


def _answered_wrongly(evaluation: Evaluation) -> list[str]:
    said = evaluation.said
    responses = {
        question.id: said.of(question.id).response
        for question in evaluation.questions
        if said is not None and not question.answerable
    }
    return [id_ for id_, response in responses.items() if response is None or not response.refused]
