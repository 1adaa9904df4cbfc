"""A language model that fails in every way we could think of, behind the real server and the real client.

Each time: what was whole is kept and marked incomplete, the passages are there, the reader waits no longer than
was said, no secret comes out, and the place in the line is free again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path

import httpx
import pytest
from scripted_llm import BREAK, HANG, RAW, RESET, STATUS, Scripted, scripted, through
from serving import Served, serving

from index.update import update_index
from rag.assistant import Settings
from ui import asking

DOCUMENTS = Path(__file__).resolve().parent / "rag_documents"
QUESTION = "河湾县城东新粮库占地多少亩？"
SECONDS = 6.0  # for a reply; a busy machine may well need two for its first sentence
WHOLE = "粮库占地46亩。"

pytest.importorskip("langchain_openai", reason="the extra openai is not installed")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, Scripted]]:
    index = tmp_path_factory.mktemp("failures") / "index"
    update_index(index, [DOCUMENTS])
    with pytest.MonkeyPatch.context() as patch, scripted(lambda _, __: ["资料不足"]) as told:
        through(told, patch)
        with serving(index, settings=Settings(llm="openai:scripted", timeout=SECONDS)) as address:
            httpx.post(
                f"{address}/api/ask", json={"question": QUESTION}, timeout=60
            )  # loads what is loaded once
            yield Served(address, DOCUMENTS, index), told


def said(shown: dict[str, str]) -> str:
    """A true sentence with its right citation."""
    return f"粮库占地46亩[{next(name for name, text in shown.items() if '46亩' in text)}]。\n"


def chunk(content: object) -> str:
    """An event of a reply whose content is of any kind."""
    return event(
        {
            "id": "x",
            "object": "chat.completion.chunk",
            "choices": [{"index": 0, "delta": {"content": content}}],
        }
    )


def event(value: object) -> str:
    return f"{RAW}data: {json.dumps(value)}\n\n"


MALFORMED = {
    "not JSON": f"{RAW}data: {{not json\n\n",
    "half an event": f'{RAW}data: {{"choices": [{{"del',
    "no choices": event({"choices": None}),
    "choices of text": event({"choices": "abc"}),
    "a choice that is none": event({"choices": [5]}),
    "a delta of text": event({"choices": [{"index": 0, "delta": "abc"}]}),
    "content of numbers": chunk(5),
    "content of objects": chunk({"text": "abc"}),
    "a list": event([1, 2]),
    "a number": event(5),
    "deep": f"{RAW}data: {'[' * 50_000}\n\n",
    "an error": event({"error": {"message": "sk-secret-message", "type": "server_error"}}),
    "bytes that are no text": f"{RAW}data: \udcff\udcfe\udc80\n\n",
    "a page": f"{RAW}<html><h1>502 Bad Gateway</h1></html>\n\n",
}  # fmt: skip
MID_ANSWER: dict[str, list[str]] = {
    "closed": ["总仓容8.", BREAK],
    "reset": ["总仓容8.", RESET],
    "silent": ["总仓容8.", HANG],
    **{name: [piece, "总仓容8.", BREAK] for name, piece in MALFORMED.items()},
}
AT_ONCE: dict[str, list[str]] = {
    "silent from the start": [HANG],
    "closed at once": [BREAK],
    "reset at once": [RESET],
    "refused": [f"{STATUS}401"],
    "too many": [f"{STATUS}429"],
    "broken": [f"{STATUS}500"],
    "nothing at all": [f"{RAW}\n\n", BREAK],
}


def ask(served: Served) -> tuple[dict[str, object], float]:
    started = time.monotonic()
    response = httpx.post(f"{served.address}/api/ask", json={"question": QUESTION}, timeout=300)
    took = time.monotonic() - started
    assert response.status_code == 200, response.text
    assert "secret" not in response.text
    return response.json(), took


@pytest.mark.parametrize("name", MID_ANSWER)
def test_failing_in_mid_answer_keeps_what_was_whole(served: tuple[Served, Scripted], name: str) -> None:
    server, told = served
    told.script = lambda _, shown: [said(shown), *MID_ANSWER[name]]
    body, took = ask(server)
    assert body["answer"] == WHOLE
    assert body["incomplete"]
    assert body["passages"]
    assert took < SECONDS + 30
    assert asking.free() == asking.AT_ONCE


@pytest.mark.parametrize("name", AT_ONCE)
def test_failing_at_once_gives_the_printed_words(served: tuple[Served, Scripted], name: str) -> None:
    server, told = served
    told.script = lambda _, __: AT_ONCE[name]
    body, took = ask(server)
    assert "46亩" in str(body["answer"])
    assert body["incomplete"]
    assert body["passages"]
    assert took < SECONDS + 30
    assert asking.free() == asking.AT_ONCE


def dripping() -> Iterator[str]:
    while True:
        time.sleep(0.05)
        yield "再"


@pytest.mark.parametrize(
    "endless",
    [dripping, lambda: repeat("没有句号的话" * 200, 1_000), lambda: repeat("这一句没有依据。", 100_000)],
    ids=["slow", "without an end", "of sentences"],
)
def test_a_reply_that_never_ends_is_ended(
    served: tuple[Served, Scripted], endless: Callable[[], Iterator[str]]
) -> None:
    server, told = served

    def script(_: str, shown: dict[str, str]) -> Iterator[str]:
        yield said(shown)
        yield from endless()

    told.script = script
    body, took = ask(server)
    assert body["answer"] == WHOLE
    assert took < SECONDS + 30
    assert asking.free() == asking.AT_ONCE


def test_a_stream_tells_that_it_is_incomplete(served: tuple[Served, Scripted]) -> None:
    server, told = served
    told.script = lambda _, shown: [said(shown), "总仓容8.", RESET]
    accept = {"accept": "text/event-stream"}
    text = httpx.post(
        f"{server.address}/api/ask", json={"question": QUESTION}, headers=accept, timeout=60
    ).text
    *pieces, last = text.strip().split("\n\n")
    assert "".join(json.loads(one.split("data: ")[1])["text"] for one in pieces) == WHOLE
    answer = json.loads(last.removeprefix("event: answer\ndata: "))
    assert answer["incomplete"]
    assert answer["answer"] == WHOLE


def test_places_are_free_again_after_readers_left_a_model_that_hangs(served: tuple[Served, Scripted]) -> None:
    server, told = served
    told.script = lambda _, shown: [said(shown), HANG]
    accept = {"accept": "text/event-stream"}

    def leave(_: int) -> None:
        with (
            httpx.Client(timeout=30) as client,
            client.stream(
                "POST", f"{server.address}/api/ask", json={"question": QUESTION}, headers=accept
            ) as response,
        ):
            next(response.iter_text())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(leave, range(8)))
    until = time.monotonic() + SECONDS + 60
    while asking.free() < asking.AT_ONCE and time.monotonic() < until:
        time.sleep(0.1)
    assert asking.free() == asking.AT_ONCE
    told.script = lambda _, shown: [said(shown)]
    body, _ = ask(server)
    assert not body["incomplete"]
