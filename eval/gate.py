"""Golden scores: what was reached stays reached, or the build fails and names the questions.

`eval/expected/*.yaml` holds, one file a corpus, the command that prints the
numbers, each number with its tolerance, and the questions that were missed
when it was written, so that a loss can be told question by question:

    corpus: seeds
    command: youju eval --json
    numbers:
      - {system: fused, measure: nDCG@10, expected: 0.741, tolerance: 0.02}
    missed:
      fused: [a027, a031]      # not hit at 10
      answers: [a040]          # short answer not right, or wrongly refused or answered

Only losses fail; `youju eval gate --update` writes the numbers of today.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.coverage import judge
from eval.evaluate import Corpus, Evaluation, evaluate
from eval.gold import Question, load
from eval.gold import shipped as shipped_gold
from eval.measures import mean, of_run, qrels_of
from eval.settings import Bench, Setting
from eval.summary import answers_json
from eval.table import shorten, table
from index.document import YoujuError

if TYPE_CHECKING:
    from index.search import Index
    from rag.assistant import Assistant

HIT = "hit@10"
ANSWERS = "answers"
LOWER_IS_BETTER = ("wrongly_refused",)
_RETRIEVAL = ("words", "fused", "assistant")
_MEASURES = ("hit@10", "hit@2000c", "nDCG@10")
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
class Verdict:
    """What a gate found: every number with what came, and the questions lost since, by system."""

    found: tuple[tuple[Number, float], ...]
    lost: Mapping[str, tuple[Question, ...]]

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
    path.write_text(yaml.safe_dump(form, allow_unicode=True, sort_keys=False, width=110), encoding="utf-8")


def check(expected: Expected, evaluation: Evaluation) -> Verdict:
    """Hold an evaluation against golden scores. Raises GateError for a number that it does not have."""
    found = tuple((number, value_of(evaluation, number)) for number in expected.numbers)
    questions = {question.id: question for question in evaluation.questions}
    lost = {
        name: tuple(
            questions[id_] for id_ in missed(evaluation, name) if id_ not in before and id_ in questions
        )
        for name, before in expected.missed.items()
        if name in (*evaluation.scores, ANSWERS)
    }
    return Verdict(found, lost)


def value_of(evaluation: Evaluation, number: Number) -> float:
    """What an evaluation has for a golden score."""
    if number.system == ANSWERS:
        values: Mapping[str, Any] = answers_json(evaluation)
    else:
        values = {name: mean(found) for name, found in evaluation.scores.get(number.system, {}).items()}
    if number.measure not in values:
        raise GateError(f"nothing was measured for {number.system} {number.measure}")
    return float(values[number.measure])


def missed(evaluation: Evaluation, name: str) -> list[str]:
    """Questions that a system did not hit at 10, or that were answered wrongly for `answers`."""
    if name != ANSWERS:
        return [id_ for id_, value in evaluation.scores[name][HIT].items() if value < 1]
    said = evaluation.said
    if said is None or evaluation.answers is None:
        return []
    wrong = [id_ for id_, value in evaluation.answers.right.items() if value < 1]
    for question in evaluation.questions:
        response = said.of(question.id).response
        if not question.answerable and (response is None or not response.refused):
            wrong.append(question.id)
    return wrong


def measured(corpus: str, evaluation: Evaluation, *, tolerance: float = 0.02) -> Expected:
    """Golden scores of today."""
    wanted = [
        (system, measure) for system in _RETRIEVAL if system in evaluation.scores for measure in _MEASURES
    ]
    if evaluation.answers is not None:
        wanted += [(ANSWERS, measure) for measure in _SAID]
    blank = [Number(system, measure, 0.0, tolerance) for system, measure in wanted]
    numbers = tuple(replace(number, expected=value_of(evaluation, number)) for number in blank)
    names = [*dict.fromkeys(system for system, _ in wanted)]
    return Expected(
        corpus,
        "youju eval --json",
        numbers,
        {name: frozenset(missed(evaluation, name)) for name in names},
    )


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
        named = [[item.id, item.type, shorten(item.question, 70)] for item in verdict.lost[name]]
        parts.append(f"lost by {name}\n" + table(["id", "type", "question"], named, text=(0, 1, 2)))
    return "\n\n".join(parts)


def run(
    paths: Iterable[Path],
    index_for: Callable[[Sequence[Question]], AbstractContextManager[Index]],
    assistant_for: Callable[[Index], Assistant],
    *,
    update: bool = False,
    setting: str = "",
) -> int:
    """Check every file, print what was found, and raise GateError when something was lost.

    `setting` stands in for `fused` (retrieval only), to see that the gate catches it.
    """
    questions = load(shipped_gold())
    failed = []
    with index_for(questions) as index:
        if setting:
            evaluation = with_setting(index, questions, setting)
        else:
            evaluation = evaluate(index, questions, assistant=assistant_for(index))
    for path in paths:
        expected = read(path)
        if update:
            write(path, measured(expected.corpus, evaluation))
            continue
        if setting:
            expected = only(expected, "fused")
        verdict = check(expected, evaluation)
        print(f"{path.name}: {expected.corpus}\n\n{report(verdict)}")
        failed += [f"{number.system} {number.measure}" for number, _ in verdict.failed]
    if failed:
        raise GateError(
            f"golden scores lost: {', '.join(failed)}; `youju eval gate --update` if that is meant"
        )
    return 0


def only(expected: Expected, system: str) -> Expected:
    """The golden scores of one system."""
    numbers = tuple(number for number in expected.numbers if number.system == system)
    return replace(
        expected,
        numbers=numbers,
        missed={name: ids for name, ids in expected.missed.items() if name == system},
    )


def with_setting(index: Index, questions: Sequence[Question], setting: str) -> Evaluation:
    """An evaluation in which a setting stands in for `fused`."""
    corpus = Corpus.of(index)
    judgements = judge(questions, corpus.texts)
    tried = Bench(index, questions).try_out(Setting.parse(setting))
    scores = of_run(judgements, tried.run, qrels_of(judgements, tried.pool))
    return Evaluation(
        tuple(questions), judgements, corpus, (replace(tried.run, name="fused"),), {"fused": scores}
    )
