"""A hundred payloads in text, title and file name of real documents, on every part of the page, in Chromium.

The browser may look up no name but the server's: whatever else it asks for is counted, and so is every connection
to a proxy that stands where the rest of the world would be.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Figure

pytest.importorskip("playwright.sync_api", reason="playwright is not installed")

from browsing import PATIENCE, ask, opened, reader
from playwright.sync_api import Page, expect, sync_playwright
from serving import CHROMIUM, serving

from index.update import update_index

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed (apt-get install chromium)"),
]
STARTS = ("", '">', "'>", "</script>", "</span></article>", "<!--", "]]>", "\u202e", "${", "{{")
ENDS = (
    "<script>window.pwned=1</script>",
    "<img src=x onerror='window.pwned=1'>",
    "<svg onload=window.pwned=1>",
    "<iframe src='javascript:parent.pwned=1'></iframe>",
    "<a href='http://evil.example/'>x</a>",
    "![x](http://evil.example/x.png)",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<style>@import 'http://evil.example/y.css'</style>",
    "$$\\href{javascript:window.pwned=1}{x}$$",
    "constructor.constructor('window.pwned=1')()}}",
)
PAYLOADS = [start + end for start in STARTS for end in ENDS]
SOME = range(3, len(PAYLOADS), 24)
FOREIGN = "img:not([src^='data:']), script:not([nonce]):not([src]), iframe[src^='javascript'], a[href*='evil'], link[href*='evil']"


def write(folder: Path, number: int, payload: str) -> None:
    """A paper whose name, title and text hold the payload; a name holds what a file system takes."""
    name = payload.replace("/", "∕").replace("\x00", "")
    text = f"云溪日报 2024年5月{number % 28 + 1}日 第1版\n\n{payload}第{number}号水库蓄水\n\n本报记者 {payload}\n\n第{number}号水库昨日蓄水，库容{number + 100}万立方米。{payload}管理员说，{payload}水位正常。\n"
    (folder / f"{number:03d}{name}.txt").write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    place = tmp_path_factory.mktemp("payloads")
    folder = place / "papers"
    folder.mkdir()
    for number, payload in enumerate(PAYLOADS):
        write(folder, number, payload)
    update_index(place / "index", [folder])
    with serving(place / "index") as served:
        yield served


class World:
    """A proxy that lets nothing through and remembers what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    self.asked.append(connection.recv(200).decode("latin-1").split("\r\n")[0])
                except OSError:
                    self.asked.append("a connection")

    def close(self) -> None:
        self._server.close()


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    opened = World()
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def page(address: str, world: World) -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"],
            proxy={"server": f"http://127.0.0.1:{world.port}", "bypass": "127.0.0.1"},
        )
        expect.set_options(timeout=PATIENCE)
        entered = reader(browser).new_page()
        opened(entered, address)
        yield entered
        browser.close()


def test_a_hundred_payloads_in_documents_run_nothing_and_ask_nothing(
    page: Page, address: str, world: World, figure: Figure
) -> None:
    outside: list[str] = []
    dialogs: list[str] = []
    page.on(
        "request", lambda request: outside.append(request.url) if not inside(request.url, address) else None
    )
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    seen = ""

    def look() -> None:
        assert page.evaluate("window.pwned") is None
        assert page.locator("#tabs").locator(FOREIGN).count() == 0

    page.get_by_role("tab", name="文档").click()
    expect(page.locator("#documents tbody tr")).to_have_count(len(PAYLOADS))
    seen += page.locator("#documents").text_content() or ""
    look()
    for number in SOME:
        page.locator("#documents .document").nth(number).click()
        expect(page.locator("#understood .understood")).to_be_visible()
        look()
    page.get_by_role("tab", name="检索词").click()
    page.fill("#concordance-form input", "号水库昨日蓄水")
    page.press("#concordance-form input", "Enter")
    expect(page.locator("#concordance .line")).to_have_count(len(PAYLOADS))
    seen += page.locator("#concordance").text_content() or ""
    look()
    for number in SOME:
        page.locator("#concordance .line").nth(number).click()
        expect(page.locator("#panel mark.cited").first).to_be_visible()
        look()
        page.keyboard.press("Escape")
    page.get_by_role("tab", name="问答").click()
    for number in SOME:
        ask(page, f"第{number}号水库库容多少万立方米？")
        look()
        page.locator(".turn[data-exchange]").last.locator(".card").first.click()
        expect(page.locator("#panel .source")).to_be_visible()
        look()
        page.keyboard.press("Escape")
    seen = "".join(seen.split())
    shown = sum(f"第{number}号水库" in seen for number in range(len(PAYLOADS)))
    asked = [one for one in world.asked if "evil" in one]
    figure(
        "payloads in text, title and file name in Chromium",
        f"{shown} shown, pwned: {page.evaluate('window.pwned')}, {len(outside) + len(asked)} outside requests, "
        f"{len(dialogs)} dialogs",
        "100 shown, nothing else",
    )
    assert shown == len(PAYLOADS) == 100
    assert outside == []
    assert asked == []
    assert dialogs == []


def inside(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))


def test_a_hundred_payloads_that_a_browser_kept_run_nothing(page: Page) -> None:
    """Kept exchanges whose every text is a payload: as a hostile document, or a tampered browser, would have it."""
    mark = {"number": 1, "doc": "d", "spans": [[0, 3]], "text": "", "passage": "p", "article": "a"}
    for first in range(0, len(PAYLOADS), 25):
        kept = []
        for number, payload in enumerate(PAYLOADS[first : first + 25], first):
            texts = dict.fromkeys(
                ("title", "section", "newspaper", "date", "page", "speaker", "text"), payload
            )
            marks = [{**mark, **texts, "doc": payload, "flags": [payload]}]
            sentence = {"text": payload, "marks": [1], "verdict": "near-verbatim", "short": [0, 4]}
            one = {
                "key": f"k{number}",
                "question": payload,
                "text": payload,
                "seconds": 0.1,
                "reason": payload,
            }
            lists = {
                "notes": [payload],
                "readings": [{"aspect": "time", "said": payload, "meant": payload, "text": payload}],
                "sentences": [sentence],
                "nearest": marks,
            }
            kept.append({**one, **lists, "marks": marks, "refused": number % 2 == 0})
        page.evaluate(
            """kept => {
                localStorage.setItem("youju.conversations", JSON.stringify([{id: "c", title: kept[0].question}]));
                localStorage.setItem("youju.conversation.c", JSON.stringify(kept));
                sessionStorage.setItem("youju.current", "c");
            }""",
            kept,
        )
        page.reload()
        expect(page.locator("#past .turn")).to_have_count(25)
        assert page.locator("#desk :is(img, script, iframe, svg, style, link, a)").count() == 0
        page.locator("#past .cite").first.click()
        expect(page.locator("#panel .source")).to_be_visible()
        assert page.locator("#panel :is(img, script, iframe, svg, style, link, a)").count() == 0
    assert page.evaluate("window.pwned") is None
