"""The press knows what it printed: truth read off a page gives the clean articles back."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.manuscript import Manuscript, parse_copy, read_manuscripts
from eval.press import DAMAGES, main, print_page
from eval.truth import PageTruth, printed, read_truth, write_truth

FOLDER = Path(__file__).parents[1] / "eval" / "press_articles"
OTHERS = sorted({path.parent for path in FOLDER.rglob("*.txt")} - {FOLDER / "held_out"})
ARTICLES = read_manuscripts(FOLDER / "tuning")
BY_NAME = {article.name: article for article in ARTICLES}
MARKS = set("■□●#*>")
JUMP = re.compile(r"[（(](?:下转|上接)[^（）()]*[）)]")
SEEDS = st.integers(min_value=0, max_value=10_000)


def fold(text: str) -> str:
    """Letters only: punctuation and numbers may be damaged, letters never are."""
    return re.sub(r"[\W_\d]", "", unicodedata.normalize("NFKC", text))


def clean_parts(article: Manuscript) -> list[tuple[str, str]]:
    """Kind and text of everything of the article that is printed, datelines within their paragraph."""
    head = [("kicker", article.kicker), ("title", article.title), ("subtitle", article.subtitle)]
    blocks = [(block.kind, block.text) for block in article.blocks]
    if article.dateline:
        first = next(row for row, (kind, _) in enumerate(blocks) if kind == "body")
        blocks[first] = ("body", f"{article.dateline} {blocks[first][1]}")
    parts = [*head, ("byline", article.byline), *blocks, ("signature", article.signature)]
    return [(kind, text) for kind, text in parts if text]


def given_back(page: PageTruth) -> list[list[tuple[str, str]]]:
    return [
        [(part.kind, fold(printed(page.text, part.spans))) for part in article.parts]
        for article in page.articles
    ]


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_truth_gives_the_clean_articles_back(seed: int) -> None:
    page = print_page(ARTICLES, seed)
    for article, parts in zip(page.articles, given_back(page), strict=True):
        clean = [(kind, fold(text)) for kind, text in clean_parts(BY_NAME[article.name])]
        printed_parts = [part for part in parts if part in clean]
        if article.begins and article.ends:
            assert sorted(set(clean)) == sorted(set(printed_parts))
        for kind, text in parts:
            whole = "".join(other for other_kind, other in clean if other_kind in (kind, "body"))
            assert text in whole, (article.name, kind)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_every_printed_character_has_one_owner(seed: int) -> None:
    page = print_page(ARTICLES, seed)
    owned = [at for a in page.articles for span in a.spans() for at in range(span.start, span.end)]
    assert len(owned) == len(set(owned))
    rest = list(page.text)
    for at in owned:
        rest[at] = "\n"
    left = JUMP.sub("", "".join("".join(rest).split()))
    assert set(left) <= MARKS


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_lost_places_hold_no_digit_and_blanks(seed: int) -> None:
    page = print_page(ARTICLES, seed, damages=("lost_digits", "wrapped", "column_cut"))
    assert page.lost
    for lost in page.lost:
        inside = page.text[lost.span.start : lost.span.end]
        assert any(char.isspace() for char in inside)
        assert re.sub(r"\d", "", lost.digits) == "".join(inside.split())
        assert any(char.isdigit() for char in lost.digits)


@settings(max_examples=60, deadline=None)
@given(SEEDS)
def test_the_halves_of_a_cut_are_one_clean_sentence(seed: int) -> None:
    page = print_page(ARTICLES, seed, damages=("column_cut", "out_of_order", "quote_in_cut"))
    assert page.cuts
    clean = "\n".join(fold(text) for article in ARTICLES for _, text in clean_parts(article))
    for cut in page.cuts:
        left, right = printed(page.text, cut.left), printed(page.text, cut.right)
        assert fold(left + right) in clean
        assert not re.search(r"[。！？]", left)


def test_kinds_of_cut() -> None:
    kinds = set()
    for seed in range(30):
        kinds |= {
            cut.kind for cut in print_page(ARTICLES, seed, damages=("out_of_order", "quote_in_cut")).cuts
        }
        kinds |= {cut.kind for cut in print_page(ARTICLES, seed, damages=("column_cut", "jump")).cuts}
    assert kinds == {"column", "inserted", "far", "reversed"}


@pytest.mark.parametrize("kind", list(DAMAGES))
def test_each_kind_changes_the_page(kind: str) -> None:
    changed = [seed for seed in range(8) if print_page(ARTICLES, seed, damages=(kind,)).damages == (kind,)]
    assert changed
    seed = changed[0]
    assert print_page(ARTICLES, seed, damages=(kind,)).text != print_page(ARTICLES, seed, damages=()).text


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        ("blank_lines", r"[\u4e00-\u9fff]\n\n[\u4e00-\u9fff]"),
        ("lost_digits", r"[\u4e00-\u9fff] +[\u4e00-\u9fff]"),
        ("half_width", r"[\u4e00-\u9fff],[\u4e00-\u9fff]"),
        ("vertical_caption", r"(?:\n\S){6}"),
        ("markdown", r"(?m)^#{1,2} "),
        ("stray_mark", r"[■□●]"),
        ("spaced_letters", r"(?:\S[ \u3000]){4}\S"),
        ("one_block", r"\A[^\n]+\Z"),
        ("jump", r"[（(]下转.*[（(]上接(?s:.)*"),
    ],
)
def test_what_a_kind_looks_like(kind: str, pattern: str) -> None:
    pages = [print_page(ARTICLES, seed, damages=(kind,)) for seed in range(12)]
    seen = [re.search(pattern, page.text, re.DOTALL) is not None for page in pages if page.damages]
    assert seen
    assert all(seen)


def test_a_clean_page_holds_the_articles_as_written() -> None:
    page = print_page(ARTICLES, 3, damages=())
    lines = [line.strip() for line in page.text.split("\n") if line.strip()]
    assert lines == [text for article in page.articles for _, text in clean_parts(BY_NAME[article.name])]
    assert (page.damages, page.cuts, page.lost) == ((), (), ())


def test_a_seed_prints_the_same_page_again() -> None:
    assert print_page(ARTICLES, 5) == print_page(ARTICLES, 5)
    assert print_page(ARTICLES, 5).text != print_page(ARTICLES, 6).text


def test_numbers_are_not_broken_across_lines() -> None:
    page = print_page(ARTICLES, 1, damages=("wrapped",))
    assert not re.search(r"\d\n+\d", page.text)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="no_such_damage"):
        print_page(ARTICLES, 0, damages=("no_such_damage",))


def test_truth_survives_its_file(tmp_path: Path) -> None:
    page = print_page(ARTICLES, 11)
    write_truth(page, tmp_path / "page.json")
    assert read_truth(tmp_path / "page.json", page.text) == page
    with pytest.raises(ValueError, match="holds"):
        read_truth(tmp_path / "page.json", "x" + page.text)


def test_copy_is_parsed() -> None:
    copy = parse_copy("a", "title: 甲：乙\nbyline: 本报记者 丙\n\n段落一。\n## 小标题\n! 图说\n> 引文\n")
    assert (copy.title, copy.byline) == ("甲：乙", "本报记者 丙")
    assert [block.kind for block in copy.blocks] == ["body", "heading", "caption", "quote"]
    with pytest.raises(ValueError, match="unknown header"):
        parse_copy("a", "titel: 甲\n\n段落。")


@pytest.mark.parametrize("folder", OTHERS, ids=lambda path: path.name)
def test_articles_to_fit_on_and_held_out_ones_share_nothing(folder: Path) -> None:
    held_out, others = read_manuscripts(FOLDER / "held_out"), read_manuscripts(folder)
    sentences = {s for a in others for s in a.body.split("。") if len(s) > 8}
    assert not [s for a in held_out for s in a.body.split("。") if s in sentences]
    assert not {a.name for a in held_out} & {a.name for a in others}


def test_json_lines_are_articles_too(tmp_path: Path) -> None:
    path = tmp_path / "articles.jsonl"
    path.write_text(
        '{"title": "题", "text": "第一句。第二句！"}\n{"title": "", "text": "没有题。"}\n', encoding="utf-8"
    )
    assert [article.title for article in read_manuscripts(path)] == ["题"]
    path.write_text("", encoding="utf-8")
    with pytest.raises(ValueError, match="no articles"):
        read_manuscripts(path)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["--articles", str(FOLDER / "tuning"), "--seeds", "2:4", "--clean", "--out", str(tmp_path)])
    assert capsys.readouterr().out.count("clean") == 2
    text = (tmp_path / "page-3.txt").read_text(encoding="utf-8")
    assert read_truth(tmp_path / "page-3.json", text) == print_page(ARTICLES, 3, damages=())
