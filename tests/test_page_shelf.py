"""The page over several archives, behind a login, with a language model that takes its time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from browsing import ask, chromium, picture, reader, watched
from playwright.sync_api import Browser, Page, Route, expect
from scripted_llm import scripted
from serving import CHROMIUM, serving

from index.update import update_index
from rag.assistant import Settings
from ui.auth import Gate
from ui.places import Place

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed (apt-get install chromium)"),
]
TOKEN = "a-token-for-tests"
QUESTION = "云溪清淤工程计划清淤多少立方米？"
RIVER = (
    "云溪日报\n\n云溪清淤工程开工\n\n3月1日，云溪清淤工程开工，计划清淤四十二万立方米，工期十一个月。"
    "市水利局局长方砚说，清淤之后，汛期水位可以降低三十厘米。\n"
)
AGAIN = "青岭周报\n\n下游清淤开工\n\n3月1日，云溪清淤工程开工，计划清淤四十二万立方米，工期十一个月。\n"
TEA = "青岭周报\n\n青岭春茶上市\n\n4月10日，青岭春茶上市，今年产量九百六十吨，比去年多一成。\n"
PINE = "青岭周报\n\n古松挂牌\n\n5月6日，青岭二百一十棵古松挂牌保护。\n"
released = threading.Event()


def slow(_: str, shown: dict[str, str]) -> Iterator[str]:
    """A sentence that holds, and then nothing for a long while."""
    name = next(name for name, text in shown.items() if "四十二万" in text)
    yield f"云溪清淤工程计划清淤四十二万立方米。[{name}]工期"
    released.wait(60)
    yield f"十一个月。[{name}]"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = tmp_path_factory.mktemp("shelf")
    places = []
    for name, papers in (("云溪", [RIVER]), ("青岭", [AGAIN, TEA])):
        folder = root / name
        folder.mkdir()
        for number, text in enumerate(papers):
            (folder / f"{number}.txt").write_text(text, encoding="utf-8")
        places.append(Place(name, root / "indexes" / name))
        update_index(places[-1].path, [folder])
    with scripted(slow) as model, pytest.MonkeyPatch.context() as patch:
        patch.setenv("OPENAI_API_KEY", "none")
        patch.setenv("OPENAI_BASE_URL", model.address)
        for proxy in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            patch.delenv(proxy, raising=False)
        settings = Settings(llm="openai:scripted", timeout=30.0)
        with serving(places, gate=Gate("127.0.0.1", TOKEN), settings=settings) as served:
            yield served
        released.set()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A reader who has entered, and wants the originals' words alone."""
    context = reader(browser)
    opened = context.new_page()
    outside, errors = watched(opened, address)
    enter(opened, address)
    opened.get_by_role("tab", name="设置").click()
    opened.locator("#setting-plain").check()
    opened.get_by_role("tab", name="问答").click()
    yield opened
    assert outside == []
    assert errors == []
    context.close()


def enter(page: Page, address: str) -> None:
    page.goto(address)
    page.fill("#secret", TOKEN)
    page.press("#secret", "Enter")
    page.wait_for_selector(".welcome")


def test_nobody_enters_without_the_secret(browser: Browser, address: str) -> None:
    context = reader(browser, locale="en-GB")
    page = context.new_page()
    page.goto(f"{address}/zh/")
    expect(page).to_have_url(f"{address}/login")
    expect(page.get_by_role("button")).to_have_text("Enter")
    page.get_by_label("Password").fill("not the secret")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    picture(page, "login")
    page.get_by_label("Password").fill(TOKEN)
    page.keyboard.press("Enter")
    page.wait_for_selector(".welcome")
    expect(page).to_have_url(f"{address}/en/")
    cookie = next(found for found in context.cookies() if found["name"] == "youju_session")
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"
    assert TOKEN not in cookie["value"]
    context.close()


def test_each_source_says_which_archive_it_is_of(page: Page) -> None:
    expect(page.locator(".welcome .archives li")).to_have_count(2)
    ask(page, QUESTION)
    expect(page.locator("#live .prose")).to_contain_text("四十二万立方米")
    card = page.locator("#live .sources .card").first
    whence = card.locator(".archive").inner_text()
    assert whence in {"云溪", "青岭"}
    expect(card.locator(".badge")).to_have_text("+1")
    page.locator("#live .cite").first.click()
    expect(page.locator("#panel .meta .archive")).to_have_text(whence)
    other = page.locator("#panel .also")  # the same news in the other archive, one click away
    expect(other).to_have_count(1)
    name = ({"云溪", "青岭"} - {whence}).pop()
    expect(other).to_contain_text(name)
    picture(page, "archives")
    other.click()
    expect(page.locator("#panel .meta .archive")).to_have_text(name)
    expect(page.locator("#panel .view-original mark.cited").first).to_contain_text("四十二万立方米")


def test_one_archive_is_chosen(page: Page) -> None:
    river = page.locator(".switch", has_text="云溪")
    river.click()
    expect(river).to_have_attribute("aria-pressed", "false")
    ask(page, QUESTION)
    expect(page.locator("#live .card .archive").first).to_have_text("青岭")
    expect(page.locator("#live .card .badge")).to_have_count(0)
    page.reload()  # the choice is kept
    expect(page.locator(".switch", has_text="云溪")).to_have_attribute("aria-pressed", "false")
    page.locator(".switch", has_text="青岭").click()  # the last one cannot be left out: all are asked again
    expect(page.locator(".switch[aria-pressed=true]")).to_have_count(2)


def test_a_file_is_handed_in_to_one_archive(page: Page, tmp_path: Path) -> None:
    paper = tmp_path / "古松.txt"
    paper.write_text(PINE, encoding="utf-8")
    page.get_by_role("tab", name="文档").click()
    page.select_option("[data-do=into]", "青岭")
    page.set_input_files(".dropzone input[type=file]", [paper])
    expect(page.locator("#understood .verdicts .status-added")).to_have_count(1)
    row = page.locator("#documents tbody tr", has_text="古松.txt")
    expect(row.locator(".archive")).to_have_text("青岭")
    picture(page, "archives-documents")
    page.evaluate("window.confirm = () => true")
    row.locator("[data-do=delete-document]").click()
    expect(row).to_have_count(0)


def half_way(page: Page) -> None:
    """Ask the language model, which then says nothing more after its first sentence."""
    page.get_by_role("tab", name="设置").click()
    page.locator("#setting-plain").uncheck()
    page.get_by_role("tab", name="问答").click()
    page.fill("#question", QUESTION)
    page.press("#question", "Enter")
    expect(page.locator("#live .streaming")).to_contain_text("四十二万立方米")


def test_an_answer_is_stopped_and_the_next_one_comes(page: Page) -> None:
    half_way(page)
    picture(page, "streaming")
    page.get_by_role("button", name="停止").click()
    expect(page.locator("#live .turn.stopped")).to_have_attribute("data-stopped", "已停止。")
    expect(page.locator("body.busy")).to_have_count(0)
    expect(page.locator(".turn[data-exchange]")).to_have_count(0)
    released.set()
    page.locator("#live [data-do=retry]").click()
    expect(page.locator(".turn[data-exchange]")).to_have_count(1)
    expect(page.locator("#live .prose")).to_contain_text("十一个月")
    expect(page.locator(".turn")).to_have_count(1)


def test_a_stop_that_arrives_late_does_not_end_the_next_answer(page: Page) -> None:
    released.clear()
    late: list[Route] = []
    page.route("**/cancel", lambda route: late.append(route))
    half_way(page)
    with page.expect_request("**/cancel"):
        page.get_by_role("button", name="停止").click()
    page.locator("#live [data-do=retry]").click()
    expect(page.locator("#live .streaming")).to_contain_text("四十二万立方米")
    late[0].continue_()
    released.set()
    expect(page.locator(".turn[data-exchange]")).to_have_count(1)
    expect(page.locator("#live .prose")).to_contain_text("十一个月")
