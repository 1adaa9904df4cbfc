"""A real browser for the tests of the page: launched, watched, and driven as a reader would."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from serving import CHROMIUM, SHOTS

PATIENCE = 90_000  # milliseconds; a loaded machine is slow, not broken
_FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
_CHINESE_TEXT = """known => {
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
        const parent = node.parentElement;
        if (!/[\\u4e00-\\u9fff]/.test(node.data) || parent.closest(known) || !parent.offsetParent) continue;
        found.push(node.data.trim());
    }
    return found;
}"""


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, for as long as the block lasts."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=_FLAGS)
        yield launched
        launched.close()


def reader(browser: Browser, **wanted: Any) -> BrowserContext:
    """A browser of somebody's own: Chinese, a desk's screen, nothing that slides or fades, and patience."""
    usual = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-CN", "reduced_motion": "reduce"}
    context = browser.new_context(**{**usual, **wanted})
    context.set_default_timeout(PATIENCE)
    return context


def opened(page: Page, address: str) -> None:
    """Opens the page and waits until it takes questions: the welcome comes when all its parts have come."""
    page.goto(address)
    page.wait_for_selector(".welcome")


def eventually(page: Page, holds: Callable[[], bool]) -> None:
    """Waits for something outside the page that comes after what is seen there. Raises TimeoutError."""
    deadline = time.monotonic() + PATIENCE / 1000
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {PATIENCE / 1000:.0f} s")
        page.wait_for_timeout(100)


def watched(page: Page, address: str) -> tuple[list[str], list[str]]:
    """Lists that fill with requests to elsewhere and with errors of the page."""
    outside: list[str] = []
    errors: list[str] = []

    def note(url: str) -> None:
        if not url.startswith((address, "data:", "blob:")):
            outside.append(url)

    page.on("request", lambda request: note(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("dialog", lambda dialog: (errors.append(f"dialog {dialog.message}"), dialog.dismiss()))
    return outside, errors


def ask(page: Page, question: str) -> None:
    """Types a question, sends it with Enter and waits for the finished answer."""
    before = page.locator(".turn[data-exchange]").count()
    page.fill("#question", question)
    page.press("#question", "Enter")
    expect(page.locator(".turn[data-exchange]")).to_have_count(before + 1)
    expect(page.locator("body.busy")).to_have_count(0)


def picture(page: Page, name: str) -> None:
    """A screenshot to be looked at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}.png")


def chinese_text(page: Page, known: str) -> list[str]:
    """Visible texts with Chinese characters, outside the elements where documents and readers speak."""
    found: list[str] = page.evaluate(_CHINESE_TEXT, known)
    return found
