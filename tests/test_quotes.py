"""Pull quotes: told by their repeating a sentence of the page, and taken out of lines that they were joined with."""

from __future__ import annotations

import pytest

from index.clean import blocks
from index.lines import lines
from index.pieces import Piece, pieces
from index.quotes import Said, repeated

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
