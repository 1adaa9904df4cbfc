"""Judgements: kept before they are acknowledged, never lost by a torn line, turned into grades."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ui.exchange import Exchange, Mark
from ui.judgements import Judgement, JudgementError, Judgements, judgement_of, qrels, question_id, tally

CITED = Mark(number=1, doc="d", spans=((0, 2),), text="大桥", passage="p1")
NEAR = Mark(number=1, doc="d", spans=((5, 9),), text="图书馆新", passage="p9")
EXCHANGE = Exchange(
    key="abc",
    question="大桥 多长？",
    text="2.8公里",
    refused=False,
    marks=(CITED,),
    nearest=(NEAR,),
    fingerprint="f1",
)


def test_a_judgement_is_on_disk_and_reads_back(tmp_path: Path) -> None:
    kept = Judgements(tmp_path / "beside" / "judgements.jsonl")
    assert list(kept) == []
    first = judgement_of(EXCHANGE, "p1", "right")
    kept.append(first)
    assert list(kept) == [first]
    assert (first.question, first.fingerprint, first.doc) == ("大桥 多长？", "f1", "d")
    assert first.when.endswith("+00:00")


def test_a_torn_line_loses_only_itself(tmp_path: Path) -> None:
    kept = Judgements(tmp_path / "judgements.jsonl")
    kept.append(judgement_of(EXCHANGE, "p1", "right"))
    whole = kept.path.read_bytes()
    for cut in range(1, len(whole)):
        kept.path.write_bytes(whole + whole[:cut])
        kept.append(judgement_of(EXCHANGE, "", "useful"))
        verdicts = [judgement.verdict for judgement in kept]
        assert verdicts[0] == "right"
        assert verdicts[-1] == "useful"
        assert len(verdicts) <= 3


def test_many_hands_write_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "judgements.jsonl"

    def write(hand: int) -> None:
        own = Judgements(path)  # as another process would
        for number in range(20):
            own.append(replace(judgement_of(EXCHANGE, "p1", "wrong"), key=f"{hand}-{number}"))

    hands = [threading.Thread(target=write, args=(hand,)) for hand in range(8)]
    for hand in hands:
        hand.start()
    for hand in hands:
        hand.join()
    assert {judgement.key for judgement in Judgements(path)} == {
        f"{h}-{n}" for h in range(8) for n in range(20)
    }


def test_grades_and_counts() -> None:
    given = [
        judgement_of(EXCHANGE, "p1", "wrong"),
        judgement_of(EXCHANGE, "p1", "right"),  # changed their mind
        judgement_of(EXCHANGE, "p9", "missing"),
        judgement_of(EXCHANGE, "", "useful"),
        judgement_of(replace(EXCHANGE, key="def"), "", "useless"),
        judgement_of(replace(EXCHANGE, key="ghi", question="别的？"), "p1", "right"),
        judgement_of(replace(EXCHANGE, key="ghi", question="别的？"), "p1", "withdrawn"),
    ]
    questions, grades = qrels(given)
    assert grades == {question_id("大桥 多长？"): {"p1": 2, "p9": 2}}
    assert question_id("大桥  多长？") in questions
    counts = tally(given)
    assert (counts.answers, counts.useful, counts.citations, counts.right, counts.missing) == (2, 1, 1, 1, 1)
    assert counts.precision == 1.0
    assert tally([]).precision is None


def test_a_useful_answer_lends_its_citations_a_lower_grade() -> None:
    assert qrels([judgement_of(EXCHANGE, "", "useful")])[1] == {question_id("大桥 多长？"): {"p1": 1}}


def test_senseless_judgements_are_refused() -> None:
    for passage, verdict in (("p1", "useful"), ("", "right"), ("p1", "x" * 9999), ("elsewhere", "right")):
        with pytest.raises(JudgementError):
            judgement_of(EXCHANGE, passage, verdict)


def test_lines_of_another_kind_are_passed_over(tmp_path: Path) -> None:
    kept = Judgements(tmp_path / "judgements.jsonl")
    kept.path.write_bytes(b'[]\n{"key": 1}\nnot json\n{"key":"a","question":"b","verdict":"odd"}\n\xff\xfe\n')
    assert list(kept) == []
    kept.append(Judgement(key="k", question="q", verdict="useful"))
    assert [judgement.key for judgement in kept] == ["k"]
