"""Gold files: what is refused, how quotations are found, and that the shipped questions hold."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval.evaluate import seeds
from eval.gold import (
    TYPES,
    Evidence,
    GoldError,
    Question,
    as_json,
    faults,
    load,
    locate,
    save,
    shipped,
)
from eval.overlap import shared_content
from index.document import Span
from index.read import find, read
from rag.answer import Turn

GOOD = {
    "id": "q1",
    "type": "fact",
    "question": "桥有多长？",
    "evidence": [{"doc": "a.txt", "quote": "桥长三百米", "group": 1}],
    "answer": "三百米",
}


def write(path: Path, *forms: object) -> Path:
    path.write_text("".join(json.dumps(form, ensure_ascii=False) + "\n" for form in forms), encoding="utf-8")
    return path


def test_a_question_is_read_with_its_defaults(tmp_path: Path) -> None:
    (question,) = load([write(tmp_path / "a.jsonl", GOOD)])
    assert question == Question(
        id="q1",
        type="fact",
        question="桥有多长？",
        evidence=(Evidence("a.txt", "桥长三百米"),),
        answer="三百米",
    )
    assert question.split == "open"
    assert question.groups == ((0,),)


@pytest.mark.parametrize(
    ("form", "says"),
    [
        ({**GOOD, "question": " "}, "text"),
        ({key: value for key, value in GOOD.items() if key != "id"}, "id"),
        ({**GOOD, "split": "secret"}, "split"),
        ({**GOOD, "evidence": []}, "evidence|answerable"),
        ({**GOOD, "answerable": False}, "evidence"),
        ({**GOOD, "evidence": [{"doc": "a.txt"}]}, "quote"),
        ({**GOOD, "answers": "三百"}, "lists"),
        (["not", "an", "object"], "not a gold question"),
    ],
)
def test_a_wrong_line_is_refused_with_its_place(tmp_path: Path, form: object, says: str) -> None:
    if form == {**GOOD, "evidence": []}:
        form = {**GOOD, "evidence": [], "answerable": True}
    path = write(tmp_path / "a.jsonl", GOOD | {"id": "q0"}, form)
    with pytest.raises(GoldError, match=rf"a\.jsonl:2: .*(?:{says})"):
        load([path])


def test_an_id_comes_once_across_files(tmp_path: Path) -> None:
    paths = [write(tmp_path / "a.jsonl", GOOD), write(tmp_path / "b.jsonl", GOOD)]
    with pytest.raises(GoldError, match="'q1' also stands in"):
        load(paths)


def test_no_file_and_no_questions_are_errors(tmp_path: Path) -> None:
    with pytest.raises(GoldError, match="cannot read"):
        load([tmp_path / "none.jsonl"])
    with pytest.raises(GoldError, match="no gold questions"):
        load([write(tmp_path / "empty.jsonl")])


def test_saved_questions_are_read_back(tmp_path: Path) -> None:
    question = Question(
        id="f",
        type="follow_up",
        question="那去年呢？",
        evidence=(Evidence("a", "甲", 1), Evidence("b", "乙", 2)),
        all_of=True,
        answer="甲",
        answers=("乙",),
        split="closed",
        history=(Turn("今年几座桥？", "三座。"),),
        standalone="去年几座桥？",
    )
    save(tmp_path / "a.jsonl", [question])
    assert load([tmp_path / "a.jsonl"]) == (question,)
    assert as_json(question)["standalone"] == "去年几座桥？"


def test_a_quotation_is_found_across_line_breaks() -> None:
    text = "前文\n全长三\r\n百　米，后文"
    assert locate(text, "全长三百米") == (Span(3, 11),)
    assert locate(text, "全长 三百\n米") == (Span(3, 11),)
    assert locate(text, "四百米") == ()
    assert locate(text, " ") == ()
    assert locate("甲甲甲", "甲甲") == (Span(0, 2), Span(1, 3))


@given(st.text("甲乙 \n", max_size=30), st.integers(0, 29), st.integers(1, 8))
def test_every_piece_of_a_text_is_found_in_its_place(text: str, start: int, size: int) -> None:
    piece = text[start : start + size]
    spans = locate(text, piece)
    if piece.strip():
        tight = "".join(piece.split())
        assert spans
        assert all("".join(text[span.start : span.end].split()) == tight for span in spans)
        first = start + len(piece) - len(piece.lstrip())
        assert first in {span.start for span in spans}


# --- the questions that ship -------------------------------------------------


@pytest.fixture(scope="module")
def questions() -> tuple[Question, ...]:
    return load(shipped())


@pytest.fixture(scope="module")
def texts() -> dict[str, str]:
    return {document.id: document.text for root, path in find([seeds()]) for document in [read(path, root)]}


def test_every_shipped_quotation_stands_once_in_its_document(
    questions: tuple[Question, ...], texts: dict[str, str]
) -> None:
    assert faults(questions, texts) == []


def test_there_are_enough_different_questions_of_every_type(questions: tuple[Question, ...]) -> None:
    wordings = {
        ("".join(item.question.split()), tuple(turn.question for turn in item.history)) for item in questions
    }
    assert len(wordings) == len(questions) >= 240
    count = Counter(item.type for item in questions)
    assert set(count) == set(TYPES)
    least = {"fact": 30, "reworded": 50, "who_said": 20, "multi": 15, "compare": 15, "robust": 20}
    least |= {"follow_up": 15, "lost": 10, "unanswerable": 20, "off_topic": 4, "injection": 4}
    assert {kind: count[kind] for kind in TYPES if count[kind] < least[kind]} == {}


def test_half_of_the_questions_are_closed_in_every_type(questions: tuple[Question, ...]) -> None:
    closed = sum(item.split == "closed" for item in questions) / len(questions)
    assert 0.45 <= closed <= 0.55
    for kind in TYPES:
        of_type = [item for item in questions if item.type == kind]
        share = sum(item.split == "closed" for item in of_type) / len(of_type)
        assert 0.3 <= share <= 0.7, kind


def test_reworded_questions_share_few_content_words_with_their_evidence(
    questions: tuple[Question, ...],
) -> None:
    shares = {item.id: shared_content(item) for item in questions if item.type == "reworded"}
    assert {id_: round(share, 2) for id_, share in shares.items() if share > 0.2} == {}


def test_answerable_questions_have_a_short_answer(questions: tuple[Question, ...]) -> None:
    assert [item.id for item in questions if item.answerable and not item.answer] == []
    assert [item.id for item in questions if item.type == "follow_up" and not item.history] == []
    silent = {"lost", "unanswerable", "off_topic"}
    assert [item.id for item in questions if item.type in silent and item.answerable] == []
