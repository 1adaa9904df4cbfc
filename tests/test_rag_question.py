"""Reading questions: what is asked, follow-ups, pinyin and mistakes, years."""

from __future__ import annotations

import pytest

from index.document import Passage, Span
from rag.answer import Turn
from rag.facts import chinese_number, dates, numbers, same_date
from rag.followup import rewrite, stands_alone
from rag.parts import subquestions
from rag.question import Expect, Form, counted_term, understand
from rag.spelling import Sounds, spelled
from rag.when import Years, full_years


def passage(text: str, name: str = "p", **more: str) -> Passage:
    return Passage(
        id=name,
        doc=f"{name}.txt",
        article=more.pop("article", name),
        text=text,
        spans=(Span(0, len(text)),),
        **more,
    )


@pytest.mark.parametrize(
    ("question", "expect", "unit"),
    [
        ("新粮库占地多少亩？", Expect.NUMBER, "亩"),
        ("轮渡几点恢复的？", Expect.DATE, ""),
        ("粮食局局长是谁？", Expect.PERSON, ""),
        ("渡口在哪里？", Expect.PLACE, ""),
        ("一共有几座平房仓", Expect.NUMBER, "座"),
        ("疏港公路有多长？", Expect.NUMBER, ""),
        ("轮渡要坐几个钟头？", Expect.NUMBER, "小时"),
        ("停航停了多少个月", Expect.NUMBER, "月"),
        ("有几个人会开船", Expect.NUMBER, "人"),
        ("新船为什么换？", Expect.NOTHING, ""),
        ("市场改造是哪一年开工的？", Expect.DATE, ""),
        ("轮渡从哪天起停航？", Expect.DATE, ""),
        ("市场改造到哪年结束？", Expect.DATE, ""),
        ("渡口在哪条路上？", Expect.PLACE, ""),
        ("渡船在哪些方面变了？", Expect.NOTHING, ""),
    ],
)
def test_the_kind_of_answer_wanted(question: str, expect: Expect, unit: str) -> None:
    asked = understand(question)
    assert (asked.expect, asked.unit) == (expect, unit)
    assert asked.form is Form.ANSWER


@pytest.mark.parametrize(
    "text", ["你好", "您好！", "谢谢你", "早上好", "hello", "你是谁？", "在吗", "好的，谢谢"]
)
def test_greetings_are_small_talk(text: str) -> None:
    assert understand(text).form is Form.GREETING


@pytest.mark.parametrize("text", ["你好的标准是什么", "谢谢参与活动的是哪些人？", "早上几点开门？"])
def test_questions_that_begin_like_greetings_are_questions(text: str) -> None:
    assert understand(text).form is Form.ANSWER


@pytest.mark.parametrize("text", ["", "  ", "？？", "…", "\u200b\u200b"])
def test_what_says_nothing_is_empty(text: str) -> None:
    assert understand(text).form is Form.EMPTY


def test_english_is_foreign_and_pinyin_is_not() -> None:
    assert understand("How many ships were replaced this year?").form is Form.FOREIGN
    assert understand("liangku zhandi duoshao mu").form is not Form.FOREIGN


def test_traditional_characters_are_read_as_simplified() -> None:
    assert understand("新糧庫佔地多少畝？").unit == "亩"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("一百三十六", 136),
        ("两千零五", 2005),
        ("二〇二三", 2023),
        ("三点五", 3.5),
        ("八万六千", 86000),
        ("1万", 10000),
    ],
)
def test_chinese_numerals(text: str, value: float) -> None:
    assert chinese_number(text) == value


def test_numbers_carry_comparable_values() -> None:
    assert [fact.value for fact in numbers("仓容8.6万吨，损耗1.8%，共十二座，占七分之二")] == [
        "86000",
        "1.8%",
        "12",
        "2/7",
    ]
    assert numbers("一些统一的意见") == ()


def test_dates_compare_by_what_both_say() -> None:
    assert [fact.value for fact in dates("2021年3月开工，5月20日建成")] == ["2021-03-00", "0000-05-20"]
    assert same_date("2021-03-00", "0000-03-08")
    assert not same_date("2021-03-00", "2022-03-00")


def test_a_question_of_two_clauses_becomes_two_that_stand_alone() -> None:
    parts = subquestions(understand("东门市场何时开工，又增设什么设备？"))
    assert [part.text for part in parts] == ["东门市场何时开工", "东门市场，又增设什么设备"]


def test_two_years_become_two_questions() -> None:
    parts = subquestions(understand("2021年和2022年的粮食产量分别是多少？"))
    assert [part.text for part in parts] == ["2021年的粮食产量是多少？", "2022年的粮食产量是多少？"]


def test_one_thing_asked_is_one_question() -> None:
    assert subquestions(understand("新粮库占地多少亩？")) == ()


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("老码头和新码头的收费相比有什么不同？", ["老码头的收费是什么？", "新码头的收费是什么？"]),
        ("2021年和2022年的休渔政策有何区别？", ["2021年的休渔政策是什么？", "2022年的休渔政策是什么？"]),
    ],
)
def test_the_parts_of_a_comparison_ask_for_what_is_compared(question: str, parts: list[str]) -> None:
    assert [part.text.rstrip("？") for part in subquestions(understand(question))] == [
        part.rstrip("？") for part in parts
    ]


def test_different_things_asked_about_stay_in_the_parts() -> None:
    parts = subquestions(understand("甲镇和乙镇对不同年龄的老人分别补多少？"))
    assert all("不同年龄" in part.text for part in parts)


@pytest.mark.parametrize(
    ("before", "answer", "follow", "expected"),
    [
        ("江苏省委书记是谁？", "某某。", "那浙江呢？", "浙江省委书记是谁？"),
        ("新粮库5月20日做了什么？", "启用。", "那6月8日呢？", "新粮库6月8日做了什么？"),
        ("青石渡口末班船几点？", "22时。", "票价呢？", "青石渡口末班船，票价呢？"),
        ("青石渡口有几艘新船？", "两艘。", "它每艘能坐多少人？", "青石渡口，它每艘能坐多少人？"),
    ],
)
def test_follow_ups_are_made_to_stand_alone(before: str, answer: str, follow: str, expected: str) -> None:
    assert rewrite(follow, [Turn(before, answer)]) == expected


def test_a_person_named_in_the_answer_is_what_he_points_to() -> None:
    assert "韩秋生" in rewrite("他还说了什么？", [Turn("渡口的站长是谁？", "站长是韩秋生。")])


def test_what_stands_alone_is_left_as_it_is() -> None:
    question = "河湾县农贸市场分几批改造？"
    assert stands_alone(question)
    assert rewrite(question, [Turn("新粮库占地多少亩？", "46亩。")]) == question
    assert rewrite("那浙江呢？", []) == "那浙江呢？"


def test_pinyin_and_wrong_characters_are_read_by_the_archives_own_words() -> None:
    sounds = Sounds.of([passage("青石渡口恢复夜间轮渡，粮库改造为农耕博物馆。") for _ in range(3)])
    assert spelled("青石dukou恢复了吗", sounds).text == "青石渡口恢复了吗"
    found = spelled("农耕博物管在哪", sounds)
    assert found.text == "农耕博物馆在哪"
    assert found.changes
    assert spelled("G60和5G是什么 AI", sounds).changes == ()


def test_what_the_archive_writes_is_never_corrected() -> None:
    text = "渡口管理站今年更换新能源渡船，老粮库改造。"
    sounds = Sounds.of([passage(text)])
    assert spelled(text, sounds).text == text


@pytest.mark.parametrize(
    "question",
    [
        "第一次检修用了多久",  # a word of its own that the archive happens not to write
        "他一次讲修船，一次讲修路",
        "全世界的渡口",  # 全世 is a piece of a longer word
        "要像接力赛那样跑",  # 像接 stands on two words
        "货船哪一年领了牌照",
    ],
)
def test_no_mistake_is_seen_where_the_question_reads_well(question: str) -> None:
    written = "“渡口”一词由来已久，全市的水路在这里衔接，船工的年龄都不小。"
    sounds = Sounds.of([passage(written) for _ in range(3)])
    assert spelled(question, sounds).changes == ()


def test_short_years_are_filled_only_where_the_archive_knows_them() -> None:
    years = Years.of([passage("2021年3月开工。")])
    assert full_years("21年8月开工的粮库", years)[0] == "2021年8月开工的粮库"
    assert full_years("19年开工的粮库", years)[0] == "19年开工的粮库"
    assert full_years("建了21年", years)[0] == "建了21年"


def test_the_term_of_a_counting_question() -> None:
    asked = understand("这些文章一共提到几次新粮库？")
    assert asked.form is Form.COUNT
    assert counted_term(asked.text) == "新粮库"
    assert counted_term("“夜航”出现了多少次？") == "夜航"
