"""Characters that nobody sees: gone for search and for models, told by their number on the screen."""

from __future__ import annotations

import pytest

from index.fold import fold
from index.invisible import HIDDEN, UNSEEN
from rag.llm import visible
from ui.asking import QuestionError, check_question
from ui.render.markup import text

UNSEEN_ONES = (
    "\u00ad", "\u034f", "\u061c", "\u115f", "\u180e", "\u200b", "\u200d", "\u202e", "\u2066", "\u2060", "\u2800",
    "\u3164", "\ufeff", "\uffa0", "\ufe0f", "\U000e0041", "\U000e0101", "\U000e007f",
)  # fmt: skip


@pytest.mark.parametrize("character", UNSEEN_ONES)
def test_unseen_characters_reach_neither_search_nor_model(character: str) -> None:
    hidden = f"粮{character}库{character}占地"
    assert UNSEEN.search(hidden)
    assert fold(hidden)[0] == "粮库占地"
    assert visible(hidden) == "粮库占地"
    assert check_question(hidden) == "粮库占地"
    with pytest.raises(QuestionError, match="empty"):
        check_question(character * 3)


@pytest.mark.parametrize("character", UNSEEN_ONES)
def test_the_reader_is_shown_that_something_is_there(character: str) -> None:
    shown = text(f"粮{character}库")
    if HIDDEN.search(character):
        assert f"U+{ord(character):04X}" in shown
        assert character not in shown
    else:
        assert shown == f"粮{character}库"  # it only chooses a glyph


def test_words_that_are_seen_stay() -> None:
    for kept in ("粮库。“占地”46亩，G60 Wi-Fi é ü ￥100 ①②③ 〔2024〕", "한국어", "עברית", "𠮷野家"):
        assert visible(kept) == kept
        assert not UNSEEN.search(kept)
