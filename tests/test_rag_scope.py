"""What a question restricts itself to: read from its wording, told, and undone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from index.search import Index, open_index
from index.update import update_index
from rag.answer import Turn
from rag.assistant import Assistant, Settings
from rag.moment import Period, periods
from rag.question import understand
from rag.readings import Aspect, Reading, undone
from rag.when import Years

PAGES = {
    "陶城日报/2021-05-06 第1版.txt": (
        "第一次河务会议在陶城召开\n\n"
        "本报讯 2021年5月6日，第一次河务会议在陶城召开，水利局局长章庆云主持。\n"
        "会议决定，河堤加固工程拨款300万元。\n"
    ),
    "陶城日报/2022-08-09 第2版.txt": (
        "河堤加固工程追加拨款\n\n"
        "本报讯 2022年8月9日，第二次河务会议在陶城召开，水利局局长罗敬山主持。\n"
        "会议决定，河堤加固工程追加拨款450万元。\n"
    ),
    "comment.txt": (
        "本报评论员\n\n河堤要修得牢\n\n2022年8月11日的陶城，人们谈起河堤。修堤不能只看速度，质量才是根本。\n"
    ),
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    place = tmp_path_factory.mktemp("scope")
    for name, text in PAGES.items():
        (place / "pages" / name).parent.mkdir(parents=True, exist_ok=True)
        (place / "pages" / name).write_text(text, encoding="utf-8")
    update_index(place / "index", [place / "pages"])
    with open_index(place / "index") as opened:
        yield opened


@pytest.fixture(scope="module")
def assistant(index: Index) -> Assistant:
    return Assistant(index, Settings(today="2023-03-01"))


def told(readings: tuple[Reading, ...], aspect: Aspect) -> list[Reading]:
    return [reading for reading in readings if reading.aspect is aspect]


@pytest.mark.parametrize(
    ("question", "since", "until"),
    [
        ("2022年8月谁主持会议？", "2022-08", "2022-08"),
        ("去年8月谁主持会议？", "2022-08", "2022-08"),
        ("前年拨款多少？", "2021", "2021"),
        ("2021年之后拨款多少？", "2021", ""),
        ("2022年以前拨款多少？", "", "2022"),
        ("2021年5月到2022年1月拨款多少？", "2021-05", "2022-01"),
        ("第一次河务会议之后，又拨款多少？", "2021-05-06", ""),
        ("第二次河务会议之前，拨款多少？", "", "2022-08-09"),
    ],
)
def test_a_time_is_read_and_told(assistant: Assistant, question: str, since: str, until: str) -> None:
    read = told(assistant.ask(question).readings, Aspect.TIME)
    scope = assistant._reader.scope(understand(question), today="2023-03-01")
    assert [(period.since, period.until) for period in scope.periods] == [(since, until)]
    assert [reading.said for reading in read] == [period.said for period in scope.periods]


def test_a_relative_year_that_the_archive_does_not_know_counts_from_its_newest_date(index: Index) -> None:
    years = Years.of(index.passages, {card.id: card.source.date for card in index.documents()})
    assert [period.since for period in periods("去年拨款多少？", years, "2030-01-01")] == ["2021"]
    assert periods("去年拨款多少？", Years({}), "2030-01-01") == ()


def test_the_time_decides_between_two_articles_and_can_be_undone(assistant: Assistant) -> None:
    question = "前年河务会议由哪位局长主持？"
    answer = assistant.ask(question)
    assert "章庆云" in answer.ranking[0].passage.text
    key = told(answer.readings, Aspect.TIME)[0].key
    again = assistant.ask(question, undo=[key])
    assert not told(again.readings, Aspect.TIME)
    scores = [[ranked.score for ranked in one.ranking] for one in (answer, again)]
    assert scores[0] != scores[1]


def test_a_newspaper_that_is_named_is_a_filter_and_can_be_undone(assistant: Assistant, index: Index) -> None:
    papers = {card.source.newspaper for card in index.documents()}
    assert "陶城日报" in papers
    question = "《陶城日报》里河堤怎么修？"
    answer = assistant.ask(question)
    read = told(answer.readings, Aspect.DOCUMENT)
    assert read
    assert read[0].only
    allowed = {card.id for card in index.documents() if card.source.newspaper == "陶城日报"}
    assert {ranked.passage.doc for ranked in answer.ranking} <= allowed
    free = assistant.ask(question, undo=["document"])
    assert not told(free.readings, Aspect.DOCUMENT)
    assert {ranked.passage.doc for ranked in free.ranking} - allowed


def test_a_refusal_says_that_only_some_documents_were_searched(assistant: Assistant) -> None:
    answer = assistant.ask("comment.txt 里番茄炒蛋要放几勺糖？")
    assert answer.refused
    assert "只检索了 3 份文档中的 1 份" in answer.text
    english = Assistant(assistant.index, replace(assistant.settings, language="en"))
    refused = english.ask("comment.txt 里番茄炒蛋要放几勺糖？")
    assert "Searched only 1 of 3 documents" in refused.text
    assert all(reading.text.isascii() or "《" in reading.text for reading in refused.readings)


def test_a_rewritten_follow_up_and_a_corrected_word_are_undone_by_their_keys(assistant: Assistant) -> None:
    history = [Turn("2021年第一次河务会议由谁主持？", "章庆云")]
    answer = assistant.ask("那第二次呢？", history)
    follow = told(answer.readings, Aspect.FOLLOW_UP)
    assert follow
    assert "第二次" in follow[0].meant
    assert not told(assistant.ask("那第二次呢？", history, undo=[follow[0].key]).readings, Aspect.FOLLOW_UP)
    typed = assistant.ask("hedi加固拨款多少？")
    corrected = told(typed.readings, Aspect.SPELLING)
    assert [reading.meant for reading in corrected] == ["河堤"]
    assert not told(assistant.ask("hedi加固拨款多少？", undo=[corrected[0].key]).readings, Aspect.SPELLING)
    assert assistant.ask("hedi加固拨款多少？", undo=["all"]).readings == ()


def test_a_period_holds_the_dates_inside_it() -> None:
    period = Period("", "2021-05", "2022-01-10")
    assert [period.holds(date) for date in ("2021-05-01", "2021", "2022-01", "2022-01-11", "2021-04-30")] == [
        True,
        True,
        True,
        False,
        False,
    ]
    assert undone(["time"], Aspect.TIME, "去年")
    assert undone(["time:去年"], Aspect.TIME, "去年")
    assert not undone(["time:前年"], Aspect.TIME, "去年")
