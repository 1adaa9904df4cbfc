"""Scores of what was said: right, cited, honest."""

from __future__ import annotations

import pytest

from eval.answers import is_right, refusals, score
from eval.coverage import judge
from eval.gold import Evidence, Question
from eval.runs import Cited, Response, Result, Run
from index.document import Span

TEXTS = {"a": "大桥全长三百米，\n由王小明设计，1987年5月通车。桥下是河。", "b": "别处。"}
EVIDENCE = Evidence("a", "大桥全长三百米，由王小明设计")


def asked(*answers: str, **more: object) -> Question:
    return Question("q", "fact", "问？", (EVIDENCE,), answer=answers[0], answers=answers[1:], **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("short", "said", "right"),
    [
        ("三百米", "大桥全长三百米。", True),
        ("300米", "大桥全长三百米。", True),
        ("三百米", "大桥全长300米", True),
        ("5个", "一共15个。", False),
        ("5", "一共 5.5 个", False),
        ("19.54平方公里", "占地面积19.54平方公里。", True),
        ("19.54", "面积是19.54平方公里", True),
        ("9.54", "面积是19.54平方公里", False),
        ("1.2万人", "共有12000人参加", True),
        ("王小明", "设计者是王小明。", True),
        ("王小明", "设计者是王大明。", False),
        ("上海；合肥", "先在上海，后在合肥。", True),
        ("上海；合肥", "都在上海。", False),
        ("136、145、38", "形成136项成果，推进145个项目，38项推广", True),
        ("136、145、38", "形成136项成果，推进145个项目", False),
        ("1,000人", "一共1000人", True),
        ("“硬核”力量", "这是「硬核」力量。", True),
        ("加快推进韧性城市的建设", "要加快推进韧性城市建设，健全体系", True),
        ("加快推进韧性城市的建设", "要加快推进绿色发展，健全体系", False),
        ("三百米", "空" * 200 + "三百米", False),
        ("WiFi 6", "支持wifi 6标准", True),
    ],
)
def test_right_within_the_first_characters(short: str, said: str, right: bool) -> None:
    assert is_right(asked(short), Response(said, refused=False)) is right


def test_any_right_answer_counts_and_a_refusal_never() -> None:
    question = asked("王小明", "小明先生")
    assert is_right(question, Response("是小明先生。", refused=False))
    assert not is_right(question, Response("没有找到王小明。", refused=True))


def run_of(*citations: Cited, answer: str = "王小明。", refused: bool = False) -> Run:
    return Run("r", {"q": Result(response=Response(answer, refused, citations))})


def test_citations_scored_by_characters() -> None:
    judgements = judge([asked("王小明")], TEXTS)
    text = TEXTS["a"]
    exact = Cited("a", (Span(0, 8), Span(9, 15)), text[0:8] + text[9:15])
    scores = score(judgements, run_of(exact), TEXTS)
    assert scores.right == {"q": 1.0}
    assert scores.cited == scores.holds == scores.on_evidence == {"q": 1.0}
    assert scores.precision["q"] == 1.0
    assert scores.recall["q"] == 1.0
    assert scores.characters == (4,)

    half = Cited("a", (Span(9, 27),), text[9:27])
    scores = score(judgements, run_of(half), TEXTS)
    assert scores.precision["q"] == pytest.approx(6 / 18)
    assert scores.recall["q"] == pytest.approx(6 / 14)
    assert scores.on_evidence == {"q": 0.0}

    elsewhere = Cited("b", (Span(0, 3),), TEXTS["b"])
    scores = score(judgements, run_of(elsewhere), TEXTS)
    assert scores.on_evidence == {"q": 0.0}
    assert scores.precision["q"] == scores.recall["q"] == 0.0
    assert scores.holds == {"q": 1.0}


def test_a_citation_that_is_not_what_stands_there_does_not_hold() -> None:
    judgements = judge([asked("王小明")], TEXTS)
    forged = Cited("a", (Span(0, 7),), "大桥全长四百米")
    assert score(judgements, run_of(forged), TEXTS).holds == {"q": 0.0}
    assert score(judgements, run_of(Cited("z", (Span(0, 1),), "大")), TEXTS).holds == {"q": 0.0}


def test_a_refused_or_missed_question_is_wrong_and_has_no_citations_to_score() -> None:
    judgements = judge([asked("王小明")], TEXTS)
    for run in (run_of(refused=True), Run("empty")):
        scores = score(judgements, run, TEXTS)
        assert scores.right == {"q": 0.0}
        assert scores.precision == scores.cited == {}


def test_recall_of_all_groups_is_their_mean() -> None:
    other = Evidence("b", "别处。", 2)
    question = Question("q", "multi", "问？", (EVIDENCE, other), all_of=True, answer="王小明")
    judgements = judge([question], TEXTS)
    cited = Cited("b", (Span(0, 3),), TEXTS["b"])
    assert score(judgements, run_of(cited), TEXTS).recall["q"] == pytest.approx(0.5)


def test_refusals_by_hand() -> None:
    def one(id_: str, answerable: bool) -> Question:
        evidence = (EVIDENCE,) if answerable else ()
        return Question(
            id_, "fact", "问？", evidence, answerable=answerable, answer="甲" if answerable else ""
        )

    def said(refused: bool, confidence: float) -> Result:
        return Result(response=Response("话", refused, (), confidence))

    questions = [one("a", True), one("b", True), one("c", True), one("x", False), one("y", False)]
    run = Run("r", {"a": said(False, 0.9), "b": said(True, 0.2), "x": said(True, 0.1), "y": said(False, 0.5)})
    found = refusals(questions, run)
    assert found.precision == pytest.approx(1 / 2)
    assert found.recall == pytest.approx(1 / 2)
    assert found.wrongly == pytest.approx(1 / 3)
    assert found.auroc == pytest.approx(3 / 4)
