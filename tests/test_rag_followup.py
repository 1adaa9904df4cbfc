"""Follow-ups are rewritten, questions on something else are not; English is put into Chinese or refused."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rag_dialogues import dialogues, plain_articles

from eval.answers import is_right
from eval.gold import Evidence, Question
from eval.runs import response_of
from index.search import open_index
from index.update import update_index
from rag.answer import Turn
from rag.assistant import Assistant, Settings
from rag.english import translate
from rag.followup import rewrite
from rag.readings import Aspect

DOCUMENTS = Path(__file__).resolve().parent / "rag_documents"
HISTORY = [Turn("河湾县城东新粮库占地多少亩？", "46亩。")]


@pytest.fixture(scope="module")
def assistant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Assistant]:
    place = tmp_path_factory.mktemp("followup")
    update_index(place / "index", [DOCUMENTS])
    with open_index(place / "index") as index:
        made = Assistant(index)
        made.warm()
        yield made


@pytest.mark.parametrize(
    "question",
    [
        "火星上有水吗",
        "火星上有水吗？",
        "谁发明了电灯",
        "怎么做红烧肉？",
        "今天天气怎么样",
        "李白写过什么诗？",
        "你喜欢猫吗",
        "股票又跌了吗",
    ],
)
def test_a_question_on_something_else_is_not_a_follow_up(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question, HISTORY)
    assert not [one for one in answer.readings if one.aspect is Aspect.FOLLOW_UP]
    assert answer.refused


@pytest.mark.parametrize(
    "question", ["有几座平房仓？", "它一共有几座平房仓？", "总仓容多少？", "负责人是谁", "那仓容呢？"]
)
def test_a_question_that_leaves_its_topic_out_is_a_follow_up(assistant: Assistant, question: str) -> None:
    answer = assistant.ask(question, HISTORY)
    follow = [one for one in answer.readings if one.aspect is Aspect.FOLLOW_UP]
    assert len(follow) == 1
    assert "粮库" in follow[0].meant


def test_an_english_question_is_searched_in_chinese_and_says_so(assistant: Assistant) -> None:
    answer = assistant.ask("How many boats at the ferry?")
    translated = [one for one in answer.readings if one.aspect is Aspect.TRANSLATED]
    assert len(translated) == 1
    assert "多少" in translated[0].meant
    assert translated[0].text.startswith("Translated as")
    undone = assistant.ask("How many boats at the ferry?", undo=["translated"])
    assert undone.refused
    assert undone.text.isascii()


def test_english_that_is_not_found_is_refused_in_english_with_the_reason(assistant: Assistant) -> None:
    answer = assistant.ask("Which quarterback won the superbowl trophy in Tallahassee?")
    assert answer.refused
    assert answer.text.isascii()
    assert "dictionary" in answer.text


def test_words_are_taken_that_the_archive_writes(assistant: Assistant) -> None:
    reader = assistant._reader
    found = translate("When was the granary built?", reader.dictionary(), reader.sounds(), reader.rarity())
    assert found is not None
    assert "什么时候" in found.text
    assert "建成" in found.text
    known = "".join(passage.title + passage.text for passage in assistant.index.passages)
    assert all(letter in known or letter in "什么时候？" for letter in found.text)


def test_the_words_of_a_refusal_follow_the_language(assistant: Assistant) -> None:
    english = Assistant(assistant.index, Settings(language="en"))
    refused = english.ask("红烧排骨怎么做才嫩？")
    assert refused.refused
    assert refused.text.startswith("Cannot answer")
    assert "Searched 4 documents" in refused.text
    assert english.ask("你好").text.isascii()


@pytest.mark.parametrize(
    ("before", "answer", "follow", "expected"),
    [
        ("石桥有多长？", "23米。", "那宽呢？", "石桥有多宽？"),
        ("渡口那张照片是谁拍的？", "唐小舟。", "石桥那张呢？", "石桥那张照片是谁拍的？"),
        ("闻笛哪一年去竹坞村？", "2022年。", "在那里遇到了谁？", "闻笛2022年去竹坞村，在那里遇到了谁？"),
        ("老人把积蓄捐给了谁？", "农科所。", "一共捐了多少？", "老人把积蓄捐给，一共捐了多少？"),
        ("码头的班长是谁？", "佟大勇。", "头一回考了几分？", "码头的班长，佟大勇，头一回考了几分？"),
        ("案子里投喂的业主担几成责任？", "三成。", "物业公司呢？", "案子里物业公司担几成责任？"),
        ("镇上的冷库占地多少亩？", "27亩。", "一共几间？", "镇上的冷库，一共几间？"),
    ],
)
def test_what_a_follow_up_leaves_out_is_carried_over(
    before: str, answer: str, follow: str, expected: str
) -> None:
    assert rewrite(follow, [Turn(before, answer)]) == expected


@pytest.mark.soak
def test_follow_ups_are_answered_nearly_as_well_as_the_same_asked_in_full(tmp_path: Path) -> None:
    (tmp_path / "articles").mkdir()
    for name, text in plain_articles().items():
        (tmp_path / "articles" / name).write_text(text, encoding="utf-8")
    update_index(tmp_path / "index", [tmp_path / "articles"])
    right = {"conversation": 0, "in full": 0}
    with open_index(tmp_path / "index") as index:
        assistant = Assistant(index)
        for one in dialogues():
            gold = Question("q", "fact", one.question, (Evidence("d", "x"),), answer=one.answer)
            said = assistant.ask(one.question, one.history)
            right["conversation"] += is_right(gold, response_of(said))
            right["in full"] += is_right(gold, response_of(assistant.ask(one.standalone)))
    print(right, len(dialogues()))
    assert right["conversation"] >= right["in full"] - 0.05 * len(dialogues())
