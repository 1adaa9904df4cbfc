"""A server that is killed in the middle of a question, and the page when it has come back."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from eval_archive import write_archive
from milvus_serving import Milvus, milvus
from serving import CHROMIUM, serving

from index.remote import Remote
from index.update import update_index
from ui.cli import main

QUESTION = "清河大桥全长多少米？"
LIMIT = httpx.Timeout(120)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Milvus, Remote]]:
    """A Milvus of its own, with the small archive on it, that may be killed."""
    place = tmp_path_factory.mktemp("own")
    with milvus(place / "data") as server:
        remote = server.index()
        update_index(remote, [write_archive(place / "papers")])
        yield server, remote


@pytest.fixture(scope="module")
def address(own: tuple[Milvus, Remote], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The page over that archive, served from a folder of its own."""
    before = Path.cwd()
    os.chdir(tmp_path_factory.mktemp("served"))
    try:
        with serving(own[1]) as found:
            yield found
    finally:
        os.chdir(before)


@pytest.fixture(autouse=True)
def _alive(own: tuple[Milvus, Remote]) -> Iterator[None]:
    yield
    if own[0].process is None:
        own[0].start()


def _ask(address: str) -> httpx.Response:
    return httpx.post(f"{address}/api/ask", json={"question": QUESTION}, timeout=LIMIT)


def test_a_server_killed_in_the_middle_of_a_question(own: tuple[Milvus, Remote], address: str) -> None:
    server, _ = own
    assert "一千二百米" in _ask(address).json()["answer"]
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)  # from here on a question waits for it
    answers: list[httpx.Response] = []
    asking = threading.Thread(target=lambda: answers.append(_ask(address)))
    asking.start()
    time.sleep(1)
    assert asking.is_alive()
    server.kill()
    asking.join(60)
    assert answers[0].status_code == 503
    problem = answers[0].json()
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert "milvus://127.0.0.1" in problem["detail"]
    assert int(answers[0].headers["retry-after"]) > 0
    assert httpx.get(f"{address}/api/health", timeout=LIMIT).json()["status"] != "ok"
    server.start()
    assert "一千二百米" in _ask(address).json()["answer"]


@pytest.mark.parametrize("command", [["ask", QUESTION], ["documents"], ["check"], ["index", "."], ["mcp"]])
def test_commands_say_so_in_one_line(
    command: list[str], own: tuple[Milvus, Remote], capsys: pytest.CaptureFixture[str]
) -> None:
    server, remote = own
    server.kill()
    assert main([*command, "--index", str(remote)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert len(err.strip().splitlines()) == 1
    assert "does not answer" in err


def test_documents_are_handed_in_and_deleted(own: tuple[Milvus, Remote], address: str) -> None:
    said = "渡口新修的凉亭昨日开放，亭子由老木匠韩石根带人修成，用去杉木九十根。"
    sent = httpx.post(
        f"{address}/api/documents", files={"files": ("亭子.txt", said.encode(), "text/plain")}, timeout=LIMIT
    )
    assert sent.status_code in (200, 201), sent.text
    found = httpx.get(f"{address}/api/search", params={"q": "凉亭 木匠"}, timeout=LIMIT)
    assert "韩石根" in found.text, found.text
    gone = httpx.delete(f"{address}/api/documents/亭子.txt", timeout=LIMIT)
    assert gone.status_code in (200, 204), gone.text
    assert "韩石根" not in httpx.get(f"{address}/api/search", params={"q": "凉亭"}, timeout=LIMIT).text


@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason="chromium is not installed (apt-get install chromium)")
def test_the_page_recovers(own: tuple[Milvus, Remote], address: str) -> None:
    from playwright.sync_api import expect, sync_playwright

    server, _ = own
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        )
        page = browser.new_context(locale="zh-CN").new_page()
        page.set_default_timeout(30_000)
        page.goto(address)
        page.wait_for_selector(".welcome")
        server.kill()
        page.fill("#question", QUESTION)
        page.press("#question", "Enter")
        expect(page.locator("body")).to_contain_text("服务器没有回应", timeout=60_000)
        server.start()
        page.fill("#question", QUESTION)
        page.press("#question", "Enter")
        expect(page.locator("body")).to_contain_text("一千二百米", timeout=60_000)
        browser.close()
