"""What a question asks for that is not there: told plainly, and never found where it stands."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.document import Passage, Span
from index.search import Index, open_index
from index.update import update_index
from rag.assistant import Assistant, Settings
from rag.evidence import pieces_of
from rag.gaps import gap
from rag.question import understand
from rag.wording import LANGUAGES

LIBRARY = (
    "松湾图书馆建成以来，读者常来。馆长杜文澜表示，馆里添了自习桌。读者可以在各分馆还书。"
    "图书馆的新馆设在安徽。自开馆以来，馆里办了许多讲座。出席开馆仪式的有周启明。"
)


def first_gap(question: str, sentence: str, text: str = LIBRARY, title: str = "", date: str = "") -> str:
    """Key of what the sentence of a passage that begins so lacks, empty for nothing."""
    passage = Passage("p", "d", "a", text, (Span(0, len(text)),), title=title, date=date)
    pieces = pieces_of(passage)
    piece = next(one for one in pieces if one.text.startswith(sentence))
    found = gap(understand(question), piece, pieces)
    return found.key if found else ""


@pytest.mark.parametrize(
    ("question", "sentence", "key"),
    [
        ("松湾图书馆是哪一年建成的？", "松湾图书馆", "no_year"),
        ("在松湾图书馆办一张借书证多少钱？", "读者可以", "no_money"),
        ("松湾图书馆的咨询电话是多少？", "馆长", "no_telephone"),
        ("松湾图书馆的网址是什么？", "馆长", "no_address"),
        ("松湾图书馆什么时候建成？", "图书馆的新馆", "no_date"),
        ("松湾图书馆有多少读者？", "馆长", "no_number"),
        ("松湾明天天气怎么样？", "松湾图书馆", "no_today"),
        ("可以还书的各分馆具体叫什么名字？", "读者可以", "no_names"),
        ("周启明在开馆仪式上讲了哪些要求？", "出席", "no_speech"),
        ("松湾图书馆占地多少亩？", "图书馆的新馆", "no_number"),
        ("松湾图书馆的还书率是多少？", "读者可以", "no_number"),
        ("松湾图书馆每天有多少人还书？", "读者可以", "no_number"),
        ("松湾图书馆几点开门？", "馆长", "no_date"),
        ("松湾县的县长是谁？", "馆长", "no_office"),
        ("自习桌是哪天添的？", "馆长", "no_date"),
        ("松湾图书馆是几月建成的？", "读者可以", "no_date"),
        ("开馆仪式在哪里举行？", "自开馆", "no_place"),
        ("松湾图书馆的借书量排第几？", "读者可以", "no_rank"),
        ("杜文澜的讲话要点是什么？", "出席", "no_speech"),
        ("各分馆分别在哪些城市？", "读者可以", "no_names"),
        ("松湾县县长叫什么名字？", "馆长", "no_office"),
        ("松湾图书馆的购书基金规模有多大？", "馆长", "no_number"),
    ],
)
def test_what_is_missing_is_named(question: str, sentence: str, key: str) -> None:
    assert first_gap(question, sentence) == key
    for language, phrases in LANGUAGES.items():
        assert phrases[key].format(said="X"), language


@pytest.mark.parametrize(
    ("question", "sentence", "text"),
    [
        ("松湾图书馆是哪一年建成的？", "松湾图书馆", "松湾图书馆去年建成。"),
        ("松湾图书馆是哪一年建成的？", "新馆", "新馆落成了。那是二〇一九年的事。"),
        ("办一张借书证多少钱？", "办证", "办证不收费用，押金五十元。"),
        ("办一张借书证多少钱？", "办证", "办证免费。"),
        ("松湾图书馆的咨询电话是多少？", "咨询", "咨询请拨0571-5550123。"),
        ("松湾明天天气怎么样？", "松湾", "松湾明天天气晴好。"),
        ("松湾图书馆有多少读者？", "松湾图书馆", "松湾图书馆的读者过万。"),
        ("松湾图书馆什么时候建成？", "松湾图书馆", "松湾图书馆在入冬前建成。"),
        ("馆里的读书会拿了几块奖牌？", "馆里", "馆里的读书会拿了三块奖牌。"),
        ("装电话的那年谁当馆长？", "馆长", LIBRARY),
        ("三个分馆具体叫什么名字？", "分馆", "分馆是东湾馆、西湾馆和北湾馆。"),
        ("杜文澜说了什么？", "馆长", LIBRARY),
        ("松湾图书馆的馆长是谁？", "馆长", LIBRARY),
        ("松湾图书馆占地多少亩？", "图书馆占地", "图书馆占地46亩。"),
        ("松湾图书馆几点开门？", "图书馆", "图书馆早上八点半开门。"),
        ("每天有多少人还书？", "还书", "还书的读者每天近两百名。"),
        ("开馆仪式在哪里举行？", "仪式", "仪式在河边举行。"),
        ("松湾图书馆的借书量排第几？", "借书量", "借书量全县第二。"),
        ("分馆分别在哪些城市？", "分馆", "分馆设在杭州、苏州。"),
        ("松湾图书馆的副馆长是谁？", "副馆长", "副馆长孙佩兰管借书。"),
        ("自习桌是哪天添的？", "自习桌", "自习桌前天才添上。"),
        ("新馆建了几个月？", "新馆", "新馆建了半年。"),
        ("馆长杜文澜在开馆仪式上提了哪些要求？", "馆长", LIBRARY),
        ("松湾图书馆馆长叫什么名字？", "馆长", LIBRARY),
        ("购书基金规模有多大？", "购书", "购书基金有300万元。"),
        ("借书证从什么时候起有效？", "借书证", "借书证自办理之日起有效。"),
    ],
)
def test_what_is_there_is_found(question: str, sentence: str, text: str) -> None:
    assert first_gap(question, sentence, text) == ""


def test_words_for_any_time_tell_no_time() -> None:
    told = "分馆规则目前已经公布，未来还要修订。"
    assert first_gap("分馆规则是什么时候公布的？", "分馆", told) == "no_date"


def test_a_deputy_does_not_hold_the_office() -> None:
    told = "松湾县副县长孙佩兰来借书。"
    assert first_gap("松湾县的县长是谁？", "松湾县", told) == "no_office"
    assert first_gap("松湾县的副县长是谁？", "松湾县", told) == ""


def test_that_somebody_spoke_is_not_what_he_said() -> None:
    told = "馆长杜文澜、读者周启明先后发言，提出意见建议。"
    assert first_gap("周启明在会上提了哪些建议？", "馆长", told) == "no_speech"
    assert first_gap("周启明在会上提了哪些建议？", "周启明", "周启明发言时建议早开门。") == ""


def test_another_year_than_the_one_asked_about() -> None:
    told = "2022年度渔民大会在南浦召开。"
    assert first_gap("2021年度渔民大会在哪里召开？", "2022", told) == "other_year"
    assert first_gap("2022年度渔民大会在哪里召开？", "2022", told) == ""
    assert first_gap("2021年的大会在哪里召开？", "2022", told, title="2021年大事") == ""
    assert first_gap("2021年的大会在哪里召开？", "2022", told, date="2021-12-30") == ""


def test_the_same_thing_of_another_year_is_not_the_one_asked_about() -> None:
    told = "今年六月，2022年度渔民工作大会在南浦召开。"
    assert first_gap("2021年度渔民工作大会在哪里召开？", "今年", told) == "other_year"
    assert first_gap("2022年度渔民工作大会在哪里召开？", "今年", told) == ""
    assert first_gap("2021年度渔船检修在哪里进行？", "今年", told) == ""  # 今年 may be that year
    assert first_gap("2021年度渔民大会在哪里召开？", "今年", "今年渔民大会在南浦召开，比2020年早。") == ""


def test_a_lost_number_is_no_gap() -> None:
    """That a number is gone is told with its place; it is not that none was printed."""
    text = "办一张借书证 块。"
    passage = Passage("p", "d", "a", text, (Span(0, len(text)),), lost=(Span(6, 7),))
    pieces = pieces_of(passage)
    assert pieces[0].lost
    assert gap(understand("办一张借书证要几元？"), pieces[0], pieces) is None


PAGES = {
    "a.txt": (
        "石桥渡口改建\n\n本报讯 石桥渡口的栈桥重建完工，过江的人走上了新栈桥。\n"
        "渡口管理所所长毛一川表示，栈桥用了耐水的柏木。\n参加完工仪式的还有副所长贾志行。\n"
    ),
    "b.txt": "石桥集市\n\n本报讯 石桥集市每逢初五开市，摊位增加到86个，竹器和草药卖得最好。\n",
}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    place: Path = tmp_path_factory.mktemp("gaps")
    (place / "pages").mkdir()
    for name, text in PAGES.items():
        (place / "pages" / name).write_text(text, encoding="utf-8")
    update_index(place / "index", [place / "pages"])
    with open_index(place / "index") as opened:
        yield opened


@pytest.mark.parametrize(
    ("language", "why"), [("zh", "没有写年份"), ("en", "the passages found name no year")]
)
def test_the_reader_is_told_what_is_missing(index: Index, language: str, why: str) -> None:
    answer = Assistant(index, Settings(language=language)).ask("石桥渡口的栈桥是哪一年重建完工的？")
    assert answer.refused
    assert why in answer.text
    assert answer.reason == "weak"
    assert answer.ranking


def test_the_same_things_are_answered_when_they_are_there(index: Index) -> None:
    assistant = Assistant(index)
    assert "柏木" in assistant.ask("石桥渡口的栈桥用了什么木头？").text
    assert "86个" in assistant.ask("石桥集市的摊位增加到多少个？").text
    assert "柏木" in assistant.ask("毛一川说了什么？").text


@pytest.mark.parametrize("question", ["石桥明天天气怎么样？", "贾志行在完工仪式上讲了哪些要求？"])
def test_nothing_is_made_up(index: Index, question: str) -> None:
    assert Assistant(index).ask(question).refused
