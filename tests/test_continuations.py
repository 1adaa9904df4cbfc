"""Articles that go on in another file of the same newspaper and day."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from index.continuations import continuations, page_of
from index.document import Article, Source, Span

WELL = "青石村去年冬天打了一口深井，解决了全村三百多口人的吃水问题。打井队在山脚下试了三处才见到井水。"
PLAY = "县剧团的演员翻过两座大山，为石门乡送去一台折子戏。戏台搭在小学操场上，灯光用的是旧发电机。"
DAY = "2021-05-08"


def article(name: str, page: str, *, away: str = "", back: str = "", title: str = "") -> Article:
    return Article(name, f"{page}.txt", title, spans=(Span(0, 1),), continued=away, continues=back)


def source(page: str, date: str = DAY, newspaper: str = "青石日报") -> Source:
    return Source(newspaper, date, page, given=("date", "newspaper", "page"))


def test_two_pages_of_one_paper_and_day_are_tied_together() -> None:
    texts = {"a": WELL, "b": PLAY, "c": PLAY, "d": WELL}
    found = continuations(
        [
            article("a", "1", away="下转第三版"),
            article("b", "1", away="下转3版"),
            article("c", "3", back="上接第一版"),
            article("d", "3", back="上接第1版"),
        ],
        {"1.txt": source("一"), "3.txt": source("03")},
        lambda one: texts[one.id],
    )
    assert {name: (one.before, one.after) for name, one in found.items()} == {
        "a": ("", "d"),
        "b": ("", "c"),
        "c": ("b", ""),
        "d": ("a", ""),
    }
    assert not any(one.missing for one in found.values())


@pytest.mark.parametrize(
    ("here", "there", "missing"),
    [
        (
            source("1"),
            source("3", date="2021-05-09"),
            "page 3 of 青石日报 of 2021-05-08 is not in this archive",
        ),
        (
            source("1"),
            source("3", newspaper="石门晚报"),
            "page 3 of 青石日报 of 2021-05-08 is not in this archive",
        ),
        (Source(), source("3"), "newspaper and date of this file are not known; give them in metadata.csv"),
    ],
    ids=["other day", "other paper", "unknown"],
)
def test_what_is_missing_is_said(here: Source, there: Source, missing: str) -> None:
    found = continuations(
        [article("a", "1", away="下转第三版"), article("d", "3", back="上接第一版")],
        {"1.txt": here, "3.txt": there},
        lambda one: WELL,
    )
    assert found["a"].after == ""
    assert found["a"].missing == (missing,)


def test_a_page_that_tells_of_something_else_is_not_tied() -> None:
    texts = {"a": WELL, "c": PLAY, "d": PLAY}
    found = continuations(
        [article("a", "1", away="下转第三版"), *(article(name, "3", back="上接第一版") for name in "cd")],
        {"1.txt": source("1"), "3.txt": source("3")},
        lambda one: texts[one.id],
    )
    assert found["a"].missing == ("no article on page 3 of 青石日报 of 2021-05-08 fits",)


@pytest.mark.parametrize(
    ("text", "page"),
    [
        ("下转第三版", "3"),
        ("上接第十二版", "12"),
        ("第二十版", "20"),
        ("下转A03版", "A3"),
        ("０３", "3"),
        ("要闻", ""),
    ],
)
def test_a_reference_names_a_page(text: str, page: str) -> None:
    assert page_of(text) == page


def test_the_command_line_names_the_other_file(tmp_path: Path) -> None:
    folder = tmp_path / "青石日报"
    folder.mkdir()
    (folder / "2021-05-08_第1版.txt").write_text(
        f"村里打了一口深井\n\n{WELL}\n\n（下转第三版）\n", encoding="utf-8"
    )
    (folder / "2021-05-08_第3版.txt").write_text(
        f"村里打了一口深井\n\n（上接第一版）{WELL}\n", encoding="utf-8"
    )
    index = str(tmp_path / "index")
    youju = [sys.executable, "-m", "ui"]
    subprocess.run([*youju, "index", str(folder), "--index", index], check=True, capture_output=True)
    shown = subprocess.run(
        [*youju, "articles", "--json", "--index", index], check=True, capture_output=True, text=True
    ).stdout
    articles = {item["doc"]: item for item in map(json.loads, shown.splitlines())}
    first, second = (articles[name] for name in sorted(articles))
    assert first["continued"] == second["id"]
    assert second["continues"] == first["id"]
    assert first["missing"] == second["missing"] == []
