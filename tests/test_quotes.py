"""Pull quotes: told by their repeating a sentence of the page, and taken out of lines that they were joined with."""

from __future__ import annotations

import pytest

from index.clean import blocks
from index.lines import lines
from index.pieces import Piece, pieces
from index.quotes import Said, inside, repeated
from index.unglue import unglued

WELL = (
    "青石村去年冬天打了一口深井，解决了全村人的吃水问题。",
    "打井队在山脚下试了三处，每一处都打到三十米深，第三处才见",
    "到井水。",
    "“过去要到五里外的河边挑水。”村主任说。现在拧开龙头就有井水，老人也不用再下坡了。",
)
QUOTE = "现在拧开龙头就有井水，老人也不用再下坡了"


def page(text: str) -> list[Piece]:
    return pieces(blocks(text, lines(text)[0]))[0]


@pytest.mark.parametrize("mark", ["", "■ ", "> "])
@pytest.mark.parametrize("broken", ["", "\n"])
def test_a_quote_inside_a_sentence_is_told_with_or_without_its_mark(mark: str, broken: str) -> None:
    quote = QUOTE[:14] + broken + QUOTE[14:]
    found = page("\n\n".join([*WELL[:2], mark + quote.replace("\n", "\n\n"), *WELL[2:]]))
    assert "".join(piece.text for piece in found if piece.kind == "quote") == QUOTE
    assert [piece.text for piece in found if piece.kind == "body"] == list(WELL)


def test_a_quote_is_taken_out_of_the_lines_of_a_column() -> None:
    column = [
        "　　打井队在山脚下试了三处，每",
        "一处都要打到三十米深，第三处才",
        "现在拧开龙头就有井水，老人也不用",
        "再下坡了",
        "见到井水。青石村去年冬天打了这口",
        "深井。现在拧开龙头就有井水，老人",
        "也不用再下坡了。村里的路也修好了",
        "，车能开到井边。",
    ]
    found = page("\n".join(column))
    assert "".join(piece.text for piece in found if piece.kind == "quote") == QUOTE
    assert "".join(piece.text for piece in found if piece.kind == "body").count(QUOTE) == 1


def test_what_only_begins_alike_is_no_quote() -> None:
    said = [
        Said("打井队在山脚下试了三处，第三处才见", 0),
        Said("现在拧开龙头就有井水的人家不多", 1),  # the page goes on otherwise
        Said("现在拧开龙头就有井水的人家不多于三成。", 1),
    ]
    assert repeated(said) == []


def test_a_quote_may_be_of_the_sentence_that_it_stands_in() -> None:
    said = [
        Said("打井队试了三处，第三处才见", 0),
        Said("打井队试了三处，第三处才见到井水", 1),
        Said("到井水。", 1),
    ]
    assert repeated(said) == [range(1, 2)]


def test_a_title_is_no_part_of_the_sentence_below_it() -> None:
    said = [
        Said("村里打了一口深井", 0, title=True),
        Said("井水比河水还好喝得多", 2),
        Said("井水比河水还好喝得多。", 0),
    ]
    assert repeated(said) == []


def test_numbers_may_be_lost_in_one_of_both() -> None:
    said = [
        Said("打井队试了", 0),
        Said("这口井深120米，够用三十年", 1),
        Said("三处。这口井深   米，够用三十年。", 0),
    ]
    assert repeated(said) == [range(1, 2)]


def test_a_paragraph_with_a_stray_mark_that_goes_on_elsewhere_is_no_quote() -> None:
    text = "■青石村去年冬天打了一口深井，打井队在山脚下试了三处，每一处都打到三十米深，第三处才"
    assert [piece.kind for piece in page(text)] == ["quote"]
    (piece,) = page(text + "\n（下转第三版）")
    assert (piece.kind, piece.away) == ("body", "下转第三版")


@pytest.mark.parametrize("mark", ["", "■ ", "> ", "> ■"])
def test_a_quote_is_taken_out_of_a_page_that_is_one_block(mark: str) -> None:
    told = "".join(WELL)
    text = (
        told.replace("第三处才见", f"第三处才见{mark}{QUOTE}") + "".join(WELL[:2]).replace("青石", "白石") * 9
    )
    found, dropped = lines(text)
    made = pieces(blocks(text, unglued(found, len(text), dropped)))[0]
    assert QUOTE in [piece.text for piece in made]


def test_numbers_at_the_ends_of_a_quote_belong_to_it() -> None:
    said = "2023年全县新修的山塘达到三百二十一口，蓄水量增长6.5%"
    text = f"干部们算过一笔账。{said}。今年秋粮面积{said}稳中有增，收获已过七成。"
    start = text.rindex(said)
    assert inside(text) == [(start, start + len(said))]


def test_what_is_said_inside_a_sentence_may_be_a_quote() -> None:
    said = "喂猫可以，离滑梯远一点，再给它做个绝育，这份善意就完整了"
    page = [Said(f"法官说，善意应当有边界。“{said}。”", 0), Said("李女士的儿子在花园里被", 0), Said(said, 1)]
    assert repeated(page) == [range(2, 3)]


def test_a_quote_is_known_though_the_lines_of_its_sentence_are_parted() -> None:
    page = [
        Said("查出的排污口都编了号。沿湖", 0),
        Said("两公里内的造纸企业全部搬迁。项目力争到", 0),
        Said("沿湖两公里内的造纸企业全部搬迁", 1),
    ]
    assert repeated(page) == [range(2, 3)]
