"""Screenshots of the page for the README: a server over `seeds/`, Debian's Chromium, real answers.

    python docs/screenshots.py --question Q --then Q --phrase WORDS [--index DIR] [--chromium FILE]

Without a question the page's own first example is asked; without words nothing is looked up.

Writes docs/screenshots/{answer,source,dark,phone,documents,concordance,evaluation,english}.png.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "docs" / "screenshots"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def main() -> int:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description="Screenshots of the page for the README.")
    parser.add_argument("--index", type=Path, help="an index; default: a new one of seeds/")
    parser.add_argument("--question", default="", help="what is asked; default: the page's first example")
    parser.add_argument("--then", default="", help="a question that goes on from it")
    parser.add_argument("--phrase", default="", help="what is looked up in the concordance")
    parser.add_argument("--chromium", default=shutil.which("chromium"), help="the browser")
    options = parser.parse_args()
    if not options.chromium:
        parser.error("chromium is not installed (apt-get install chromium)")
    with TemporaryDirectory(prefix="youju-shots-") as folder:
        index = options.index or Path(folder) / "index"
        if options.index is None:
            youju("index", str(ROOT / "seeds"), "--index", str(index)).wait()
        port = free_port()
        server = youju("chat", "--index", str(index), "--port", str(port))
        try:
            wait_for(f"http://127.0.0.1:{port}/api/health")
            take(f"http://127.0.0.1:{port}", options)
        finally:
            server.terminate()
            server.wait(15)
    return 0


def take(address: str, options: argparse.Namespace) -> None:
    """Everything in the order in which a reader would do it."""
    from playwright.sync_api import sync_playwright

    SHOTS.mkdir(parents=True, exist_ok=True)
    flags = ["--no-sandbox", "--disable-gpu"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=options.chromium, args=flags)
        page = entered(browser, f"{address}/zh/", "zh-CN")
        ask(page, options.question or page.locator(".example").first.inner_text())
        if options.then:
            ask(page, options.then)
        shot(page, "answer")
        asked_and_read(page)
        elsewhere(page, options.phrase)
        english = entered(browser, f"{address}/en/", "en-GB")
        shot(english, "english")
        browser.close()


def entered(browser: Browser, address: str, locale: str) -> Page:
    """A page that takes questions. Nothing slides or fades while it is photographed."""
    context = browser.new_context(viewport=DESK, locale=locale, reduced_motion="reduce")
    context.set_default_timeout(120_000)
    page = context.new_page()
    page.goto(address)
    page.wait_for_selector(".example")
    return page


def ask(page: Page, question: str) -> None:
    """Asks and waits for the whole answer."""
    before = page.locator(".turn[data-exchange]").count()
    page.fill("#question", question)
    page.press("#question", "Enter")
    page.locator(".turn[data-exchange]").nth(before).wait_for()
    page.locator("body:not(.busy)").wait_for()


def shot(page: Page, name: str) -> None:
    """What is seen now, without the caret and without a notice that is about to go."""
    page.wait_for_selector("#notice:not(.shown)", state="attached")
    page.wait_for_timeout(300)
    page.screenshot(path=SHOTS / f"{name}.png")


def asked_and_read(page: Page) -> None:
    """The source beside its answer: by day, by night, on a phone; and judged."""
    page.locator("#live .cite").first.click()
    page.wait_for_selector("#panel mark.cited")
    shot(page, "source")
    page.locator("[data-do=theme]").click()
    shot(page, "dark")
    page.locator("[data-do=theme]").click()
    page.locator("#panel [data-do=close]").click()
    page.set_viewport_size(PHONE)
    page.locator("#live .cite").first.click()
    page.wait_for_selector("#panel mark.cited")
    shot(page, "phone")
    page.set_viewport_size(DESK)
    page.locator("#panel [data-do=right]").click()
    page.locator("#panel [data-do=close]").click()
    page.locator("#live [data-do=useful]").click()


def elsewhere(page: Page, phrase: str) -> None:
    """The other tabs."""
    page.get_by_role("tab", name="文档").click()
    page.locator("#documents .document").first.click()
    page.wait_for_selector("#understood .understood")
    shot(page, "documents")
    if phrase:
        page.get_by_role("tab", name="检索词").click()
        page.fill("#concordance-form input", phrase)
        page.press("#concordance-form input", "Enter")
        page.wait_for_selector("#concordance .line")
        shot(page, "concordance")
    page.get_by_role("tab", name="评测").click()
    page.wait_for_selector("#evaluation table")
    shot(page, "evaluation")


def youju(*arguments: str) -> subprocess.Popen[bytes]:
    """The program of this checkout."""
    command = [sys.executable, "-m", "ui", *arguments]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(address: str) -> None:
    """Until the server answers. Raises TimeoutError after two minutes."""
    for _ in range(600):
        try:
            if b'"ok"' in urlopen(address, timeout=60).read():  # noqa: S310 - our own address
                return
        except (URLError, ConnectionError):
            time.sleep(0.2)
    raise TimeoutError(f"{address} did not answer")


if __name__ == "__main__":
    sys.exit(main())
