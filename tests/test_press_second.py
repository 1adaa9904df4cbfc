"""The second press knows what it printed, too."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.damage_second import TRADITIONAL
from eval.makeup_second import ADVERTISEMENTS
from eval.manuscript import Manuscript, read_manuscripts
from eval.press import DAMAGES as FIRST_DAMAGES
from eval.press_second import DAMAGES, main, print_second_page
from eval.reading import by_damage, measure
from eval.reading_scores import document_of, score
from eval.truth import printed, read_truth
from index.document import Passage, Reading

FOLDER = Path(__file__).parents[1] / "eval" / "press_articles"
ARTICLES = read_manuscripts(FOLDER / "tuning")
BY_NAME = {article.name: article for article in ARTICLES}
SIMPLE = str.maketrans({full: simple for simple, full in TRADITIONAL.items()})
SEEDS = st.integers(min_value=0, max_value=10_000)


def fold(text: str) -> str:
    return re.sub(r"[\W_\d]", "", unicodedata.normalize("NFKC", text).translate(SIMPLE))


def clean_text(article: Manuscript) -> str:
    head = (article.kicker, article.title, article.subtitle, article.byline)
    return fold(
        "".join((*head, article.dateline, *(block.text for block in article.blocks), article.signature))
    )


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_truth_gives_the_clean_articles_back(seed: int) -> None:
    page = print_second_page(ARTICLES, seed)
    for article in page.articles:
        parts = [fold(printed(page.text, part.spans)) for part in article.parts if part.kind != "table"]
        if article.name.startswith("advertisement"):
            assert parts[0] in [fold(text) for text in ADVERTISEMENTS]
            continue
        clean = clean_text(BY_NAME[article.name])
        assert all(part in clean for part in parts)
        assert len("".join(parts)) == len(clean)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_every_character_has_at_most_one_owner(seed: int) -> None:
    page = print_second_page(ARTICLES, seed)
    owned = [at for a in page.articles for span in a.spans() for at in range(span.start, span.end)]
    assert len(owned) == len(set(owned))
    if set(page.damages).isdisjoint(
        {"page_break", "watermark", "repeated_line", "furniture", "line_numbers"}
    ):
        rest = "".join(char for at, char in enumerate(page.text) if at not in set(owned))
        assert not rest.strip()


def test_a_blank_behind_a_large_initial_is_no_half_of_a_sentence() -> None:
    page = print_second_page(ARTICLES, 353482)
    assert "drop_cap" in page.damages
    assert all(cut.left and cut.right for cut in page.cuts)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_cuts_are_sentences_in_two_halves(seed: int) -> None:
    page = print_second_page(
        ARTICLES, seed, damages=("rows_across", "watermark", "drop_cap", "repeated_line")
    )
    assert page.cuts
    clean = "\n".join(clean_text(article) for article in ARTICLES)
    for cut in page.cuts:
        left, right = printed(page.text, cut.left), printed(page.text, cut.right)
        assert fold(left + right) in clean
        assert not re.search(r"[。！？]", left)


@settings(max_examples=40, deadline=None)
@given(SEEDS)
def test_closed_up_numbers_leave_no_digit_where_they_stood(seed: int) -> None:
    page = print_second_page(ARTICLES, seed, damages=("lost_closed_up",))
    assert page.lost
    for lost in page.lost:
        inside = page.text[lost.span.start : lost.span.end]
        assert not any(char.isdigit() for char in inside)
        kept = re.sub(r"\d", "", lost.digits)
        assert inside == kept if kept else len(inside) == 1


@pytest.mark.parametrize("kind", list(DAMAGES))
def test_each_kind_changes_the_page(kind: str) -> None:
    pages = [print_second_page(ARTICLES, seed, damages=(kind,)) for seed in range(8)]
    done = [seed for seed, page in enumerate(pages) if page.damages == (kind,)]
    assert done
    assert any(pages[seed].text != print_second_page(ARTICLES, seed, damages=()).text for seed in done)


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("full_width", "[０-９]"),
        ("traditional", "[國學會說來時們個這為對發]"),
        ("line_numbers", r"(?m)^\d+[ \t]+\S"),
        ("watermark", "(?m)^(?:仅供内部参考|数字报样张|资料室藏|请勿翻印)$"),
        ("furniture", r"(?:责任编辑：|责编/)"),
        ("page_break", r"星期[一二三四五六日]"),
        ("careless_lines", r"(?m)^[，。、]"),
        ("carriage_returns", "\r\n"),
        ("flat_table", r"(?m)^(?:甲类|乙类|丙类|东线|西线|合计)[ \t]\d+"),
    ],
)
def test_what_a_kind_looks_like(kind: str, pattern: str) -> None:
    pages = [print_second_page(ARTICLES, seed, damages=(kind,)) for seed in range(12)]
    seen = [re.search(pattern, page.text) is not None for page in pages if page.damages]
    assert seen
    assert all(seen)


def test_no_kind_is_the_first_presss() -> None:
    assert not set(DAMAGES) & set(FIRST_DAMAGES)


def test_a_repeated_line_may_be_taken_from_either_place() -> None:
    page = next(
        page
        for page in (print_second_page(ARTICLES, seed, damages=("repeated_line",)) for seed in range(20))
        if page.cuts
    )
    cut = page.cuts[0]
    spans = (*cut.left, *cut.right)
    text = "".join(page.text[span.start : span.end] for span in spans)
    reading = Reading(document_of(page), (), (Passage("p", "page.txt", "a", text, spans),))
    assert score(reading, page).joined.hits >= 1


def test_scores_by_damage() -> None:
    def nothing(document: object) -> Reading:
        return Reading(document, (), ())  # type: ignore[arg-type]

    rows = by_damage(ARTICLES, range(2), nothing, press="second")
    assert list(rows) == list(DAMAGES)
    assert rows["furniture"].kept.value == 0
    assert measure(nothing, []).kept.total == 0


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="no_such_damage"):
        print_second_page(ARTICLES, 0, damages=("no_such_damage",))


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--articles", str(FOLDER / "tuning"), "--seeds", "7", "--out", str(tmp_path)])
    assert "second-7" in capsys.readouterr().out
    text = (tmp_path / "second-7.txt").read_bytes().decode()
    assert read_truth(tmp_path / "second-7.json", text) == print_second_page(ARTICLES, 7)
