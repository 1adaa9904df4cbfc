"""The page in Debian's Chromium: what a reader does and sees. Screenshots stay under var/screenshots."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from browsing import ask, chinese_text, chromium, eventually, opened, picture, reader, watched
from conftest import Figure
from playwright.sync_api import Browser, BrowserContext, Page, expect
from serving import CHROMIUM, Served, free_port, serving, write_archive

from index.search import open_index
from rag.export import replay

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed (apt-get install chromium)"),
]
QUESTION = "澄江大桥全长多少公里？"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, index = write_archive(tmp_path_factory.mktemp("page"))
    with serving(index) as address:
        httpx.post(f"{address}/api/ask", json={"question": QUESTION}, timeout=500)  # the models are loaded
        yield Served(address, folder, index)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as launched:
        yield launched


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    entered = reader(browser)
    yield entered
    entered.close()


@pytest.fixture
def page(context: BrowserContext, served: Served) -> Iterator[Page]:
    """An open page; afterwards: nothing was asked of another machine, no script failed, no alert was shown."""
    page = context.new_page()
    outside, errors = watched(page, served.address)
    opened(page, served.address)
    yield page
    assert outside == []
    assert errors == []
    assert page.evaluate("window.pwned") is None


def test_a_reader_asks_and_opens_the_cited_characters(page: Page, served: Served) -> None:
    picture(page, "welcome")
    ask(page, QUESTION)
    expect(page.locator("#live .prose")).to_contain_text("2.8公里")
    picture(page, "answer")
    page.locator("#live .cite").first.click()
    mark = page.locator("#panel .view-original mark.cited").first
    expect(mark).to_be_in_viewport()
    expect(mark).to_be_visible()  # while the panel slides in, its text is none to a reader
    cited = "".join(page.locator("#panel .view-original mark.cited").all_inner_texts())
    exchange = json.loads(page.locator("#live .turn").get_attribute("data-exchange") or "")
    spans = exchange["marks"][0]["spans"]
    text = (served.folder / exchange["marks"][0]["doc"]).read_text(encoding="utf-8")
    assert squeezed(cited) == squeezed("".join(text[start:end] for start, end in spans))
    assert "澄江大桥" in page.locator("#panel .facsimile").inner_text()
    expect(page.locator("#panel h2")).to_contain_text("澄江大桥")
    picture(page, "source")


def squeezed(text: str) -> str:
    return "".join(text.split())


def test_the_source_panel_by_keyboard(page: Page) -> None:
    ask(page, "澄江大桥全长多少公里？图书馆新馆藏书多少册？")  # two parts, two sources
    page.locator("#live .card").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#panel .count")).to_have_text("1 / 2")
    expect(page.locator("#panel .view-original mark.cited").first).to_be_visible()
    first = page.locator("#panel .view-original mark.cited").first.inner_text()
    page.keyboard.press("]")
    expect(page.locator("#panel .count")).to_have_text("2 / 2")
    expect(page.locator("#panel .view-original mark.cited").first).not_to_have_text(first)
    page.keyboard.press("[")
    expect(page.locator("#panel .count")).to_have_text("1 / 2")
    for _ in range(
        2
    ):  # the same source a second time: nothing new is drawn, and the focus goes there all the same
        page.wait_for_function("document.activeElement.matches('#panel h2')")
        page.keyboard.press("Escape")
        expect(page.locator("body.panel-open")).to_have_count(0)
        page.wait_for_function("document.activeElement.classList.contains('card')")
        page.keyboard.press("Enter")
    expect(page.locator("#panel .count")).to_have_text("1 / 2")


def test_a_refusal_is_calm_and_shows_what_was_near(page: Page) -> None:
    ask(page, "火星上的第一座核电站由谁设计？")
    expect(page.locator("#live .refusal")).to_be_visible()
    expect(page.locator("#live .nearest .card")).not_to_have_count(0)
    picture(page, "refusal")
    page.locator("#live .nearest .card").first.click()
    expect(page.locator("#panel mark.cited").first).to_be_visible()


def test_a_further_question_goes_on_from_the_one_before(page: Page) -> None:
    ask(page, "澄江大桥什么时候通车？")
    ask(page, "总投资呢？")
    expect(page.locator("#live .turn[data-exchange]").last).to_contain_text("31.6亿元")
    expect(page.locator("#live .turn[data-exchange]").last.locator(".reading").first).to_contain_text("大桥")


def test_an_example_made_from_the_archive_is_answered(page: Page) -> None:
    def shown() -> bool:  # they are tried out beside the first questions
        page.reload()
        page.wait_for_selector(".welcome")
        return page.locator(".example").count() > 0

    eventually(page, shown)
    example = page.locator(".example").first
    assert example.inner_text()
    example.click()
    expect(page.locator("#live .turn[data-exchange]")).to_have_count(1)


def test_a_conversation_survives_a_reload_and_stays_in_its_browser(
    page: Page, browser: Browser, served: Served
) -> None:
    ask(page, QUESTION)
    page.reload()
    expect(page.locator(".turn")).to_have_count(1)
    expect(page.locator(".conversation").first).to_have_text(QUESTION)
    page.locator(".cite").first.click()
    expect(page.locator("#panel mark.cited").first).to_be_visible()
    other = reader(browser)
    stranger = other.new_page()
    opened(stranger, served.address)
    assert QUESTION not in stranger.content()
    other.close()


def test_markup_in_texts_and_names_stays_text(page: Page) -> None:
    ask(page, "城西粮仓失火的原因是什么？")
    page.locator("#live .card").first.click()
    expect(page.locator("#panel mark.cited").first).to_be_visible()
    panel = page.locator("#panel .facsimile")
    expect(panel).to_contain_text('<img src=x onerror="window.pwned=1">')
    expect(panel).to_contain_text("![图](http://evil.example/x.png)")
    assert page.locator("#desk img, #desk script, #desk a[href*='evil'], #desk .katex").count() == 0
    picture(page, "hostile")


def test_only_the_chosen_documents_are_asked(page: Page) -> None:
    page.get_by_role("tab", name="文档").click()
    row = page.locator("#documents tbody tr", has_text="library")
    row.locator("input[type=checkbox]").check()
    page.locator("[data-do=ask-selected]").click()
    expect(page.locator(".chip")).to_have_count(1)
    ask(page, QUESTION)
    expect(page.locator("#live .turn")).not_to_contain_text("2.8公里")
    picture(page, "scope")
    page.locator(".chip").click()
    expect(page.locator(".chip")).to_have_count(0)
    ask(page, QUESTION)
    expect(page.locator("#live .prose")).to_contain_text("2.8公里")
    page.locator("[data-do=scope]").click()
    page.fill("[data-do=until]", "1999")
    page.press("[data-do=until]", "Tab")
    expect(page.locator(".chip")).to_have_text("… – 1999")
    ask(page, QUESTION)
    expect(page.locator("#live .turn")).not_to_contain_text("2.8公里")
    page.fill("[data-do=until]", "tomorrow")
    page.press("[data-do=until]", "Tab")
    expect(page.locator("[data-do=until]")).to_have_attribute("aria-invalid", "true")


def test_a_file_comes_in_is_answered_from_and_goes(page: Page, tmp_path: Path) -> None:
    paper = tmp_path / "珙桐.txt"
    paper.write_text(
        "云溪日报\n\n植物园引进新品种\n\n6月3日，植物园引进二十七株珙桐，园长叶临溪说，最早三年后开花。\n",
        encoding="utf-8",
    )
    odd = tmp_path / "picture.exe"
    odd.write_bytes(b"MZ\x00")
    question = "植物园引进了多少株珙桐？"
    page.get_by_role("tab", name="文档").click()
    page.set_input_files(".dropzone input[type=file]", [paper, odd])
    expect(page.locator("#understood .verdicts .status-added")).to_have_count(1)
    expect(page.locator("#understood .verdicts .status-refused")).to_have_count(1)
    row = page.locator("#documents tbody tr", has_text="珙桐.txt")
    expect(row).to_have_count(1)
    picture(page, "documents-added")
    row.locator(".document").click()
    expect(page.locator("#understood .understood")).to_contain_text("植物园引进新品种")
    expect(page.locator("#documents [aria-current=true]")).to_contain_text("植物园引进新品种")
    picture(page, "documents")
    page.get_by_role("tab", name="问答").click()
    ask(page, question)
    expect(page.locator("#live .prose")).to_contain_text("二十七株")
    page.get_by_role("tab", name="文档").click()
    page.evaluate("window.confirm = () => true")
    page.locator("#documents tbody tr", has_text="珙桐.txt").locator("[data-do=delete-document]").click()
    expect(page.locator("#documents tbody tr", has_text="珙桐.txt")).to_have_count(0)
    page.get_by_role("tab", name="问答").click()
    page.locator("#live .card").first.click()
    expect(page.locator("#panel")).to_contain_text("已不在库中")
    page.keyboard.press("Escape")
    ask(page, question)
    expect(page.locator("#live .turn")).not_to_contain_text("二十七株")


def test_the_folders_are_read_again(page: Page, served: Served) -> None:
    paper = served.folder / "2024-06-09_ferry.txt"
    page.get_by_role("tab", name="文档").click()
    page.evaluate("window.confirm = () => true")
    row = page.locator("#documents tbody tr", has_text=paper.name)
    for text, count in (("云溪日报\n\n渡口复航\n\n6月8日，柳荫里渡口复航。\n", 1), ("", 0)):
        paper.write_text(text, encoding="utf-8") if text else paper.unlink()
        page.locator("[data-do=reread]").click()
        expect(page.locator("#understood .intake h2")).to_have_text("完成")
        expect(row).to_have_count(count)
        page.locator("#documents .document").first.click()
        expect(page.locator("#understood .understood")).to_be_visible()


def test_a_reading_of_the_question_is_taken_back_and_made_again(page: Page) -> None:
    ask(page, "“大桥”一共提到几次？")
    reading = page.locator("#live .reading.undo")
    expect(reading).to_contain_text("大桥")
    expect(page.locator("#live .prose")).to_contain_text("一共出现")
    picture(page, "readings")
    reading.get_by_role("button").click()
    expect(page.locator("#live .reading.redo")).to_have_count(1)
    expect(page.locator("#live .turn")).not_to_contain_text("一共出现")
    expect(page.locator(".turn")).to_have_count(1)
    page.reload()  # what was taken back is kept with the answer
    page.locator("#past .reading.redo").get_by_role("button").click()
    expect(page.locator("#live .prose")).to_contain_text("一共出现")
    expect(page.locator("#live .reading.redo")).to_have_count(0)


def test_judgements_change_the_report(page: Page, served: Served) -> None:
    page.get_by_role("tab", name="评测").click()
    expect(page.locator("#evaluation")).to_contain_text("还没有人作过判断")
    page.get_by_role("tab", name="问答").click()
    ask(page, QUESTION)
    page.locator("#live [data-do=useful]").click()
    expect(page.locator("#live [data-do=useful]")).to_have_attribute("aria-pressed", "true")
    page.locator("#live .cite").first.click()
    page.locator("#panel [data-do=right]").click()
    expect(page.locator("#panel [data-do=right]")).to_have_attribute("aria-pressed", "true")
    page.keyboard.press("Escape")
    page.locator("#live .others summary").click()
    page.locator("#live .others .card").first.click()
    page.locator("#panel [data-do=missing]").click()
    kept = served.index.with_name("index-judgements") / "judgements.jsonl"
    # Shown as given at once, and sent beside that.
    eventually(page, lambda: kept.is_file() and kept.read_text(encoding="utf-8").count("\n") == 3)
    page.get_by_role("tab", name="评测").click()
    expect(page.locator("#evaluation .counts dd").first).to_have_text("1")
    expect(page.locator("#evaluation table tbody tr")).to_have_count(3)
    picture(page, "evaluation")
    verdicts = [json.loads(line)["verdict"] for line in kept.read_text(encoding="utf-8").splitlines()]
    assert verdicts == ["useful", "right", "missing"]


def test_a_conversation_leaves_as_markdown_and_as_evidence(
    page: Page, served: Served, tmp_path: Path
) -> None:
    ask(page, QUESTION)
    with page.expect_download() as taken:
        page.locator("#live [data-do=evidence]").click()
    evidence = json.loads(Path(taken.value.path()).read_text(encoding="utf-8"))
    with open_index(served.index) as index:
        assert replay(evidence, index).ok
    evidence["quotations"][0]["text"] = "别的话"
    with open_index(served.index) as index:
        assert not replay(evidence, index).ok
    with page.expect_download() as taken:
        page.locator("[data-do=markdown]").click()
    text = Path(taken.value.path()).read_text(encoding="utf-8")
    assert QUESTION in text
    assert "2.8公里" in text


def test_every_occurrence_of_a_phrase(page: Page, served: Served) -> None:
    page.set_viewport_size({"width": 820, "height": 900})
    page.get_by_role("tab", name="检索词").click()
    page.fill("#concordance-form input", "澄江大橋")  # traditional: found all the same
    page.press("#concordance-form input", "Enter")
    expect(page.locator("#concordance .line mark").first).to_have_text("澄江大桥")
    everything = "".join(path.read_text(encoding="utf-8") for path in served.folder.iterdir())
    expect(page.locator("#concordance .total")).to_contain_text(f"共 {everything.count('澄江大桥')} 处")
    hidden = page.evaluate("""() => [...document.querySelectorAll("#concordance .before")].filter(before => {
        if (!before.firstChild) return false;
        const range = document.createRange();
        range.setStart(before.firstChild, before.textContent.length - 1);
        range.setEnd(before.firstChild, before.textContent.length);
        return range.getBoundingClientRect().right > before.getBoundingClientRect().right + 1;
    }).length""")
    assert hidden == 0  # the character next to the found words is seen
    page.locator("#concordance .line").nth(1).click()
    expect(page.locator("#panel mark.cited").first).to_have_text("澄江大桥")
    picture(page, "concordance")
    page.keyboard.press("Escape")
    page.fill("#concordance-form input", "没有的词")
    page.press("#concordance-form input", "Enter")
    expect(page.locator("#concordance .empty")).to_have_text("没有出现。")
    page.evaluate("localStorage.setItem('youju.settings', JSON.stringify({where: {until: '1999'}}))")
    page.fill("#concordance-form input", "澄江大桥")
    page.press("#concordance-form input", "Enter")
    expect(page.locator("#concordance .empty")).to_contain_text("只查了所选的范围")


def test_conversations_are_renamed_and_deleted(page: Page) -> None:
    ask(page, QUESTION)
    page.evaluate("window.prompt = () => '关于<b>大桥</b>'; window.confirm = () => true")
    page.locator("#rail li").first.hover()
    page.locator("#rail [data-do=rename]").first.click()
    expect(page.locator(".conversation").first).to_have_text("关于<b>大桥</b>")
    page.locator("#rail [data-do=new]").click()
    page.wait_for_selector(".welcome")
    ask(page, "图书馆新馆藏书多少册？")
    expect(page.locator(".conversation")).to_have_count(2)
    page.locator(".conversation").nth(1).click()
    expect(page.locator("#past .question")).to_contain_text(QUESTION)
    page.locator("#rail li").nth(1).hover()
    page.locator("#rail [data-do=forget]").nth(1).click()
    expect(page.locator(".conversation")).to_have_count(1)


def test_a_question_is_edited_and_asked_again(page: Page) -> None:
    ask(page, QUESTION)
    ask(page, "图书馆新馆藏书多少册？")
    page.locator("#past [data-do=edit]").first.click()
    expect(page.locator("#question")).to_have_value(QUESTION)
    page.fill("#question", "澄江大桥总投资多少？")
    page.press("#question", "Enter")
    expect(page.locator(".turn[data-exchange]")).to_have_count(1)
    expect(page.locator("#live .prose")).to_contain_text("31.6亿元")
    page.locator("#live [data-do=retry]").click()
    expect(page.locator(".turn[data-exchange]")).to_have_count(1)


def test_by_keyboard_alone(page: Page) -> None:
    page.wait_for_function("document.activeElement?.id === 'question'")  # the box has the focus
    page.keyboard.type(QUESTION)
    page.keyboard.press("Enter")
    expect(page.locator("#live .turn[data-exchange]")).to_have_count(1)
    expect(page.locator("body.busy")).to_have_count(0)
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        if page.evaluate("document.activeElement.classList.contains('cite')"):
            break
    assert page.evaluate("document.activeElement.classList.contains('cite')")
    page.keyboard.press("Enter")
    expect(page.locator("#panel mark.cited").first).to_be_visible()
    # The page gives the focus in a callback after the source is drawn.
    page.wait_for_function("document.querySelector('#panel').contains(document.activeElement)")
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.classList.contains('cite')")


def test_the_server_restarts_under_an_open_page(browser: Browser, served: Served) -> None:
    port = free_port()
    context = reader(browser)
    page = context.new_page()
    with serving(served.index, port=port) as address:
        opened(page, address)
        ask(page, QUESTION)
    with serving(served.index, port=port):
        ask(page, "图书馆新馆藏书多少册？")
        expect(page.locator("#live .prose")).to_contain_text("九十六万册")
        page.locator(".cite").first.click()
        expect(page.locator("#panel mark.cited").first).to_be_visible()
    context.close()


def test_dark_and_phone(page: Page) -> None:
    ask(page, QUESTION)
    page.locator("[data-do=theme]").click()
    page.locator("#live .cite").first.click()
    expect(page.locator("#panel mark.cited").first).to_be_visible()
    picture(page, "dark")
    page.keyboard.press("Escape")
    page.set_viewport_size({"width": 390, "height": 844})
    page.wait_for_function("document.documentElement.scrollWidth <= 390")
    picture(page, "phone")
    page.locator("#live .cite").first.click()
    expect(page.locator("#panel mark.cited").first).to_be_in_viewport()
    picture(page, "phone-source")
    page.locator("#panel [data-do=close]").click()
    expect(page.locator("#question")).to_be_in_viewport()


def test_english_by_the_browsers_language(browser: Browser, served: Served) -> None:
    context = reader(browser, locale="en-GB")
    page = context.new_page()
    opened(page, served.address)
    expect(page.locator("#question")).to_have_attribute("placeholder", "Ask about these documents…")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    picture(page, "english")
    documents = ".example, .language, .seal, .question, .title, .quote, .conversation, .fact, .document"
    assert chinese_text(page, documents) == []
    ask(page, "火星上的第一座核电站由谁设计？")
    expect(page.locator("#live .refusal")).to_contain_text("Cannot answer")
    expect(page.locator("#live .refusal")).to_contain_text("Searched 3 documents")
    ask(page, "“大桥”一共提到几次？")
    expect(page.locator("#live .readings")).to_contain_text("Every occurrence")
    spoken = f"{documents}, .readings, .prose, .file, .announce, .dropped"
    assert chinese_text(page, spoken) == []
    for name in ("Documents", "Concordance", "Evaluation", "Settings"):
        page.get_by_role("tab", name=name).click()
        if name == "Documents":
            page.locator("#documents .document").first.click()
            expect(page.locator("#understood .understood")).to_be_visible()
        assert chinese_text(page, f"{spoken}, #understood h2, #understood strong, option") == []
    context.close()


def test_first_paint_within_a_second_and_a_half(browser: Browser, served: Served, figure: Figure) -> None:
    """By the browser's own clock, every time in a browser that has nothing yet; a bare page tells the machine's part."""

    def painted(path: str) -> float:
        context = reader(browser)
        page = context.new_page()
        page.goto(served.address + path)
        page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
        found = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
        context.close()
        return float(found)

    bare = min(painted("/api/health") for _ in range(5))
    ours = min(painted("/zh/") for _ in range(5))
    figure("first paint", f"{ours:.0f} ms, {ours / bare:.1f} times a line of text ({bare:.0f} ms)", "1500 ms")
    # A machine that needs long for a line of text is too slow for the figure in milliseconds.
    assert ours < max(1500, 15 * bare)


def test_axe_finds_no_serious_violation(page: Page) -> None:
    playwright_axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    axe = playwright_axe.Axe()
    found: list[str] = []

    def look(where: str) -> None:
        page.wait_for_function("document.getAnimations().every(one => one.playState !== 'running')")
        for violation in axe.run(page).response["violations"]:
            if violation["impact"] in {"serious", "critical"}:
                nodes = "; ".join(node["html"][:160] for node in violation["nodes"][:4])
                found.append(f"{where}: {violation['id']}: {violation['help']}: {nodes}")

    look("welcome")
    ask(page, QUESTION)
    page.locator("#live .cite").first.click()
    expect(page.locator("#panel mark.cited").first).to_be_visible()
    look("source")
    page.keyboard.press("Escape")
    ask(page, "火星上的第一座核电站由谁设计？")
    page.locator("[data-do=scope]").click()
    look("refusal")
    page.locator("[data-do=theme]").click()
    look("dark")
    for name in ("文档", "检索词", "评测", "设置"):
        page.get_by_role("tab", name=name).click()
        if name == "文档":
            page.locator("#documents .document").first.click()
            page.wait_for_selector("#understood .understood")
        if name == "检索词":
            page.fill("#concordance-form input", "大桥")
            page.press("#concordance-form input", "Enter")
            page.wait_for_selector("#concordance .line")
        look(f"{name}, dark")
        page.locator("[data-do=theme]").click()
        look(name)
        page.locator("[data-do=theme]").click()
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("tab", name="问答").click()
    look("phone, dark")
    assert found == []
