"""What holds for every reading of every page, however badly it is damaged (invariants 1 and 2)."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.manuscript import read_manuscripts
from eval.reading import PRESSES, first_press, our_reading, second_press
from eval.reading_scores import document_of
from eval.truth import PageTruth
from index.document import Reading

ARTICLES = read_manuscripts(Path(__file__).parents[1] / "eval" / "press_articles" / "tuning")
SEEDS = st.integers(min_value=0, max_value=99)


def check(reading: Reading, page: PageTruth) -> None:
    covered: Counter[int] = Counter()
    for passage in reading.passages:
        places = [at for span in passage.spans for at in range(span.start, span.end)]
        stood = "".join(page.text[at] for at in places)
        assert "".join(stood.split()) == "".join(passage.text.split())
        covered.update(at for at in places if not page.text[at].isspace())
        assert all(0 <= place.start <= place.end <= len(page.text) for place in passage.lost)
    dropped = {at for item in reading.dropped for at in range(item.span.start, item.span.end)}
    assert all(item.reason for item in reading.dropped)
    printed = {at for at, char in enumerate(page.text) if not char.isspace()}
    assert not [at for at, count in covered.items() if count > 1]
    assert printed - covered.keys() <= dropped
    assert not covered.keys() & dropped
    articles = {article.id for article in reading.articles}
    assert {passage.article for passage in reading.passages} <= articles


@pytest.mark.parametrize("press", [first_press, second_press], ids=list(PRESSES))
@settings(max_examples=40, deadline=None)
@given(seed=SEEDS)
def test_every_character_is_in_one_passage_or_dropped(press: object, seed: int) -> None:
    page = press(ARTICLES, seed, None)  # type: ignore[operator]
    check(our_reading(document_of(page)), page)


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet="一二三，。！？“”（） 　\n\r\t■#*1.年月日下转上接第版", max_size=200))
def test_any_text_at_all(text: str) -> None:
    page = PageTruth(text, ())
    check(our_reading(document_of(page)), page)
