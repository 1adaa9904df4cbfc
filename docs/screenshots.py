"""Screenshots of the page for the README: a server over `seeds/`, Debian's Chromium, real answers.

    python docs/screenshots.py --question 座谈会是什么时候、在哪里召开的？ [--index DIR] [--chromium FILE]

Without a question the page's own first example is asked.

Writes docs/screenshots/{answer,source,dark,phone,documents}.png.
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
from urllib.error import URLError
from urllib.request import urlopen

ROOT = Path(__file__).resolve().parent.parent
SHOTS = ROOT / "docs" / "screenshots"
DESK = {"width": 1440, "height": 900}
PHONE = {"width": 390, "height": 844}


def main() -> int:
    """Take all pictures."""
    parser = argparse.ArgumentParser(description="Screenshots of the page for the README.")
    parser.add_argument("--index", type=Path, help="an index; default: a new one of seeds/")
    parser.add_argument("--question", default="", help="what is asked; default: the page's first example")
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
            take(f"http://127.0.0.1:{port}/zh/", options.chromium, options.question)
        finally:
            server.terminate()
            server.wait(15)
    return 0


def take(address: str, chromium: str, question: str) -> None:
    """Ask, open a source, change to dark, to a phone, to the documents."""
    from playwright.sync_api import sync_playwright

    SHOTS.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_context(viewport=DESK, locale="zh-CN").new_page()
        page.set_default_timeout(60_000)
        page.goto(address)
        page.wait_for_selector(".welcome")
        page.fill("#question", question or page.locator(".example").first.inner_text())
        page.press("#question", "Enter")
        page.wait_for_selector("#live .turn[data-exchange]")

        def shot(name: str) -> None:
            page.wait_for_timeout(700)  # what slides has arrived
            page.screenshot(path=SHOTS / f"{name}.png")

        shot("answer")
        page.locator("#live .cite").first.click()
        page.wait_for_selector("#panel mark.cited")
        shot("source")
        page.locator("[data-do=theme]").click()
        shot("dark")
        page.locator("[data-do=theme]").click()
        page.set_viewport_size(PHONE)
        shot("phone")
        page.locator("#panel [data-do=close]").click()
        page.set_viewport_size(DESK)
        page.get_by_role("tab", name="文档").click()
        page.locator("#documents .document").first.click()
        page.wait_for_selector("#understood .understood")
        shot("documents")
        browser.close()


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
