"""Search folding keeps the place of every character."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.fold import fold
from index.sentences import sentences


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("後來發展，臺灣", "后来发展,台湾"),
        ("ＡＢＣ１２３％", "abc123%"),
        ("长 三 角 abc  def", "长三角 abc def"),
        ("⼀⽇⻓", "一日长"),
        ("“引号”『内』", '"引号""内"'),
        ("零\u200b宽\u202e", "零宽"),
        ("㎏", "kg"),
    ],
)
def test_what_should_match_gets_one_form(text: str, folded: str) -> None:
    assert fold(text)[0] == folded


@given(st.text(max_size=200))
def test_places_are_kept_in_step(text: str) -> None:
    folded, places = fold(text)
    assert len(folded) == len(places)
    assert list(places) == sorted(places)
    assert all(0 <= place < len(text) for place in places)


@given(st.text(alphabet="山水。！？…”“ \n.aA1；", max_size=80))
def test_sentences_tile_the_text(text: str) -> None:
    found = sentences(text)
    covered = "".join(text[span.start : span.end] for span in found)
    assert "".join(covered.split()) == "".join(text.split())
    assert all(left.end <= right.start for left, right in itertools.pairwise(found))


def test_who_spoke_stays_with_what_was_said() -> None:
    text = "“路修好了。大家都高兴。”村民王山说。后来又修了桥。"
    assert [text[span.start : span.end] for span in sentences(text)] == [
        "“路修好了。",
        "大家都高兴。”村民王山说。",
        "后来又修了桥。",
    ]
