"""The gate: golden scores of the five pages hold, a worse setting is caught, and the questions are named."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from eval import gate, gold
from eval.coverage import judge
from eval.evaluate import Corpus, Evaluation, evaluate
from eval.exchange import BEIR_MEASURES, Collection, Text
from eval.gate import (
    Expected,
    GateError,
    Number,
    check,
    golden,
    of_collection,
    of_evaluation,
    only,
    read,
    report,
    shipped,
    with_setting,
    write,
)
from eval.gold import Question
from eval.measures import graded, of_run, qrels_of
from eval.runs import Run
from index.search import Index

SYSTEMS = ("words", "vectors", "fused")


@pytest.fixture(scope="module")
def questions() -> tuple[Question, ...]:
    return gold.load(gold.shipped())


@pytest.fixture(scope="module")
def evaluation(seeds_index: Index, questions: tuple[Question, ...]) -> Evaluation:
    return evaluate(seeds_index, questions)


def test_no_golden_score_is_lost(evaluation: Evaluation) -> None:
    expected = [read(path) for path in shipped()]
    of_seeds = [item for item in expected if item.corpus == gate.SEEDS]
    assert of_seeds, "eval/expected holds no golden scores; write them with `youju eval gate --update`"
    for item in of_seeds:
        # answers are held by the tests of answers, and by `youju eval gate`
        searched = only(item, "words", "fused")
        assert searched.numbers
        verdict = check(searched, of_evaluation(evaluation))
        assert verdict.ok, report(verdict)


def test_a_deliberately_worse_setting_is_caught_and_its_questions_are_named(
    seeds_index: Index, questions: tuple[Question, ...], evaluation: Evaluation
) -> None:
    expected = only(golden("seeds", "", of_evaluation(evaluation)), "fused")
    assert check(expected, of_evaluation(evaluation)).ok
    worse = with_setting(seeds_index, questions, "fused,weight=5000,clear=9,length=60")
    verdict = check(expected, of_evaluation(worse))
    assert not verdict.ok
    lost = verdict.lost["fused"]
    assert lost
    now = worse.scores["fused"]["hit@10"]
    before = evaluation.scores["fused"]["hit@10"]
    assert set(lost) == {id_ for id_ in now if now[id_] < before[id_]}
    text = report(verdict)
    assert "LOST" in text
    assert all(id_ in text for id_ in lost)


def test_a_run_that_misses_questions_is_caught(
    evaluation: Evaluation, questions: tuple[Question, ...], seeds_index: Index
) -> None:
    expected = only(golden("seeds", "", of_evaluation(evaluation)), "words")
    results = dict(next(run for run in evaluation.runs if run.name == "words").results)
    for question in questions[:40]:
        results.pop(question.id, None)
    corpus = Corpus.of(seeds_index)
    judgements = judge(questions, corpus.texts)
    scores = {"words": of_run(judgements, Run("words", results), qrels_of(judgements, corpus.passages))}
    verdict = check(expected, of_evaluation(replace(evaluation, scores=scores)))
    assert not verdict.ok
    assert verdict.lost["words"]
    assert set(verdict.lost["words"]) <= {question.id for question in questions[:40]}


def test_a_collection_is_gated_too() -> None:
    collection = Collection(
        "c", (Text("p", "", "甲"),), {"q": "甲？", "r": "乙？"}, {"q": {"p": 1}, "r": {"p": 1}}
    )
    good = {
        name: graded(collection.qrels, {"q": {"p": 1.0}, "r": {"p": 1.0}}, BEIR_MEASURES) for name in SYSTEMS
    }
    bad = {name: graded(collection.qrels, {"q": {"p": 1.0}}, BEIR_MEASURES) for name in SYSTEMS}
    expected = golden("c", "", of_collection(collection, good))
    assert check(expected, of_collection(collection, good)).ok
    verdict = check(expected, of_collection(collection, bad))
    assert not verdict.ok
    assert verdict.lost == {"words": ("r",), "fused": ("r",)}
    assert "乙？" in report(verdict)


def test_golden_scores_are_read_as_they_were_written(tmp_path: Path) -> None:
    expected = Expected(
        "seeds",
        "youju eval --json",
        (Number("fused", "nDCG@10", 0.75, 0.02), Number("answers", "wrongly_refused", 0.1, 0.03)),
        {"fused": frozenset({"a1", "b2"}), "answers": frozenset()},
    )
    write(tmp_path / "x.yaml", expected)
    assert read(tmp_path / "x.yaml") == expected


def test_only_losses_beyond_the_tolerance_fail() -> None:
    number = Number("fused", "nDCG@10", 0.75, 0.02)
    assert [number.lost(value) for value in (0.9, 0.75, 0.73, 0.7299, 0.5)] == [
        False,
        False,
        False,
        True,
        True,
    ]
    refused = Number("answers", "wrongly_refused", 0.10, 0.02)
    assert [refused.lost(value) for value in (0.0, 0.1, 0.12, 0.13)] == [False, False, False, True]


@pytest.mark.parametrize(
    "content", ["", "numbers: 3", "corpus: a\ncommand: b\nnumbers: [{system: c}]", "a: [", "!!x"]
)
def test_a_wrong_file_of_golden_scores_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "x.yaml").write_text(content, encoding="utf-8")
    with pytest.raises(GateError, match=r"x\.yaml: not a file of golden scores"):
        read(tmp_path / "x.yaml")


def test_a_number_that_was_not_measured_is_an_error(evaluation: Evaluation) -> None:
    expected = Expected("seeds", "", (Number("fused", "nDCG@7", 0.5, 0.1),), {})
    with pytest.raises(GateError, match="nothing was measured for fused nDCG@7"):
        check(expected, of_evaluation(evaluation))
