"""The report: complete, self-contained, safe, and shown by a browser without the network."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from eval_archive import QUESTIONS, write_archive

from eval.evaluate import Evaluation, evaluate, scratch
from eval.failures import failures
from eval.gold import Evidence, Question
from eval.phrases import PHRASES
from eval.report import page, write
from rag.assistant import Assistant

CHROMIUM = shutil.which("chromium") or ""
HOSTILE = Question(
    "x<script>",
    "fact",
    "桥<img src=x onerror=alert(1)>有多长？",
    (Evidence("bridge.txt", "全长一千二百米"),),
    answer="</style><script>alert(2)</script>",
)


@pytest.fixture(scope="module")
def evaluation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Evaluation]:
    folder = write_archive(tmp_path_factory.mktemp("report") / "papers")
    with scratch([folder]) as index:
        yield evaluate(index, [*QUESTIONS, HOSTILE], assistant=Assistant(index))


class Reader(HTMLParser):
    """Collects tags and what could reach outside; complains of tags that do not close."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.outside: list[str] = []
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "xlink:href", "action") and not (value or "").startswith("#"):
                self.outside.append(f"{tag} {name}={value}")
        if tag not in ("meta", "br", "img", "link", "input"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag


def test_the_page_is_one_file_that_reaches_nowhere(evaluation: Evaluation) -> None:
    html = page(evaluation)
    reader = Reader()
    reader.feed(html)
    assert reader.open == []
    assert reader.outside == []
    assert not re.search(r"url\((?!#)|@import", html)
    assert reader.tags.count("script") == 1
    assert reader.tags.count("svg") == 5
    assert "<!--" not in html.replace("<!DOCTYPE", "")


def test_markup_in_questions_and_answers_is_shown_not_run(evaluation: Evaluation) -> None:
    html = page(evaluation)
    assert "<img" not in html
    assert html.count("<script") == 1
    assert "onerror=alert(1)&gt;" in html


def test_every_phrase_of_the_page_is_in_both_languages(evaluation: Evaluation) -> None:
    html = page(evaluation)
    assert all(chinese and english for chinese, english in PHRASES.values())
    assert html.count('class="zh"') == html.count('class="en"') > 40
    # a key that has no phrase would be drawn as itself, between braces
    assert not re.search(r">\{\w+\}<", html)


def test_the_same_evaluation_gives_the_same_page(evaluation: Evaluation) -> None:
    def dated(html: str) -> str:
        return re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", "", html)

    assert dated(page(evaluation)) == dated(page(evaluation))


def test_the_worst_questions_are_of_the_open_half(evaluation: Evaluation) -> None:
    worst = failures(evaluation)
    assert all(item.question.split == "open" for item in worst)
    assert [item.weight for item in worst] == sorted((item.weight for item in worst), reverse=True)
    html = page(evaluation)
    for question in QUESTIONS:
        if question.split == "closed":
            assert question.question not in html
    for item in worst:
        assert item.faults


def test_a_report_without_answers_has_retrieval_only(evaluation: Evaluation) -> None:
    searched = replace(evaluation, runs=evaluation.runs[:3], answers=None, refusals=None)
    searched = replace(
        searched, scores={name: evaluation.scores[name] for name in ("words", "vectors", "fused")}
    )
    reader = Reader()
    reader.feed(page(searched))
    assert reader.tags.count("svg") == 2


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed")
def test_a_browser_shows_it_offline_in_both_languages(evaluation: Evaluation, tmp_path: Path) -> None:
    from playwright.sync_api import sync_playwright

    write(tmp_path / "report.html", evaluation)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        context = browser.new_context(offline=True, locale="zh-CN", viewport={"width": 1200, "height": 900})
        shown = context.new_page()
        said: list[str] = []
        asked: list[str] = []
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.on("request", lambda request: asked.append(request.url))
        shown.goto((tmp_path / "report.html").as_uri())
        assert shown.locator("h1").inner_text().endswith("检索与回答评测")
        shown.click("#language")
        assert shown.locator("h1").inner_text().endswith("Evaluation of retrieval and answers")
        shown.locator("details.failure summary").first.click()
        assert shown.locator("details.failure[open] dl").first.is_visible()
        for chart in shown.locator("section svg").all():
            box = chart.bounding_box()
            assert box is not None
            assert box["width"] > 300
            assert box["height"] > 60
        assert shown.evaluate("document.documentElement.scrollWidth") <= 1200
        browser.close()
    assert said == []
    assert len(asked) == 1
