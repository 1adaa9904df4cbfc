"""The character model: many questions at once are answered as one by one."""

from __future__ import annotations

import numpy as np
import pytest

from index.characters import characters
from index.trigrams import NOTHING

TEXT = "青石村去年冬天打了一口深井,井深120米（含沉沙段），解决了300多口人的吃水问题。Alpha 公司供水!"


def test_many_probabilities_are_those_of_one_by_one() -> None:
    model = characters()
    symbols = np.array(model.symbols(TEXT))
    last = np.concatenate(([NOTHING], symbols[:-1]))
    earlier = np.concatenate(([NOTHING], last[:-1]))
    found = model.many.logarithms(earlier, last, symbols)
    assert len(found) > 40
    for at, logarithm in enumerate(found.tolist()):
        assert logarithm == pytest.approx(model.follow(symbols[max(0, at - 2) : at].tolist(), [symbols[at]]))


def test_symbols_with_their_places_are_the_symbols_of_the_text() -> None:
    placed = characters().placed(TEXT)
    assert placed.symbols.tolist() == list(characters().symbols(TEXT))
    number = TEXT.index("120")
    assert placed.inside[number : number + 4].tolist() == [False, True, True, False]
    assert placed.before[number + 3] == placed.before[number] + 1
    blank = TEXT.index(" ")
    assert placed.blank.tolist() == [at == blank for at in range(len(TEXT))]
    assert placed.before[blank + 1] == placed.before[blank]
    assert placed.before[-1] == len(placed.symbols)


@pytest.mark.parametrize("text", ["", "\ud800\U0010ffff", " \u3000"])
def test_symbols_of_odd_texts(text: str) -> None:
    assert characters().placed(text).symbols.tolist() == list(characters().symbols(text))
