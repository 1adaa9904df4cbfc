"""Chats at once, each with a canary; and questions that are no questions, which no model is asked."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from chats import MCP, chat_all
from conftest import Figure
from serving import Served, serving, write_archive

from index.encode import load_encoder
from ui.limits import STANDARD


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, index = write_archive(tmp_path_factory.mktemp("chats"))
    with serving(index, limits=replace(STANDARD, deadline=1_800.0)) as address:  # a busy machine may be slow
        httpx.post(f"{address}/api/ask", json={"question": "澄江大桥全长多少公里？"}, timeout=300)  # warm
        yield Served(address, folder, index)


@pytest.mark.parametrize("number", [20, pytest.param(200, marks=pytest.mark.soak)])
def test_no_canary_crosses(served: Served, figure: Figure, number: int) -> None:
    started = time.monotonic()
    outcome = asyncio.run(chat_all(served.address, number))
    took = time.monotonic() - started
    statuses = ", ".join(f"{count} × {status}" for status, count in sorted(outcome.statuses.items()))
    figure(
        f"{number} chats at once through five doors",
        f"{len(outcome.crossed)} canaries crossed; {statuses}; {outcome.answered} answered in {took:.1f} s",
        "0 crossed, no 5xx",
    )
    assert outcome.crossed == []
    assert not [status for status in outcome.statuses if status >= 500]
    assert outcome.answered == outcome.statuses[200]
    assert outcome.untold == 0


@pytest.mark.parametrize("number", [30, pytest.param(200, marks=pytest.mark.soak)])
def test_overload_is_told_and_passes(served: Served, figure: Figure, number: int) -> None:
    small = replace(STANDARD, questions=2, waiting=4, patience=20.0, deadline=1_800.0)
    with serving(served.index, limits=small) as address:
        outcome = asyncio.run(chat_all(address, number))
        statuses = ", ".join(f"{count} × {status}" for status, count in sorted(outcome.statuses.items()))
        figure(f"{number} chats at once where 2 are answered and 4 wait", statuses, "200 and 429 only")
        assert set(outcome.statuses) <= {200, 429}
        assert outcome.statuses[429] > 0
        assert outcome.untold == 0
        assert outcome.crossed == []
        again = httpx.post(f"{address}/api/ask", json={"question": "澄江大桥全长多少公里？"}, timeout=300)
        assert again.status_code == 200


QUICKLY = 0.2  # seconds
HOSTILE = {
    "empty": "",
    "spaces": " \t\n\u3000",
    "zero-width": "\u200b\u200c\u2060\ufeff" * 20,
    "tags": "\U000e0041\U000e0042",
    "selectors": "\ufe0f\U000e0101\u3164",
    "1 MB": "长" * 350_000,
    "1 MB of zero-width": "\u200b" * 350_000,
    "1 MB of brackets": "[" * 1_000_000,
}


def doors(client: httpx.Client, question: str, event: tuple[int, int]) -> dict[str, Callable[[], str]]:
    """Every way to ask, by name; each gives what is told."""

    def page() -> str:
        body = {"data": [], "event_data": {"question": question}, "session_hash": "hostile"}
        body |= {"fn_index": event[0], "trigger_id": event[1]}
        client.post("/zh/gradio_api/queue/join", json=body)
        with client.stream("GET", "/zh/gradio_api/queue/data", params={"session_hash": "hostile"}) as stream:
            return "".join(line for line in stream.iter_lines() if "turn" in line)

    def tool() -> str:
        call = {"name": "ask", "arguments": {"question": question}}
        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
        return client.post("/mcp", json=body, headers=MCP).text

    def posted(path: str, body: dict[str, Any], **headers: str) -> Callable[[], str]:
        return lambda: client.post(path, json=body, headers=headers).text

    messages = {"messages": [{"role": "user", "content": question}]}
    return {
        "page": page,
        "api": posted("/api/ask", {"question": question}),
        "stream": posted("/api/ask", {"question": question}, accept="text/event-stream"),
        "openai": posted("/v1/chat/completions", messages),
        "openai stream": posted("/v1/chat/completions", {**messages, "stream": True}),
        "mcp": tool,
    }


def settle(calls: list[int]) -> None:
    """Wait until nobody calls: the servers of the tests before may still be warming."""
    while True:
        calls.clear()
        time.sleep(2)
        if not calls:
            return


def test_what_is_no_question_is_told_at_once_and_no_model_is_asked(
    served: Served, figure: Figure, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[int] = []
    kind = type(load_encoder())
    encode = kind.encode
    monkeypatch.setattr(
        kind, "encode", lambda self, texts: (calls.append(len(texts)), encode(self, texts))[1]
    )
    settle(calls)
    slowest, told = ("", 0.0), 0
    with httpx.Client(base_url=served.address, timeout=60) as client:
        config = client.get("/zh/config").json()
        part = next(item["id"] for item in config["components"] if item["props"].get("elem_id") == "live")
        event = next(item["id"] for item in config["dependencies"] if [part, "submit"] in item["targets"])
        for kind_of, question in HOSTILE.items():
            for door, ask in doors(client, question, (event, part)).items():
                times = []
                for _ in range(20):  # as often as a busy machine needs to be undisturbed once
                    started = time.perf_counter()
                    said = ask()
                    times.append(time.perf_counter() - started)
                    if times[-1] < QUICKLY and len(times) > 2:
                        break
                    assert said, (kind_of, door)
                    assert len(said) < 40_000, (kind_of, door)
                told += 1
                slowest = max(slowest, (f"{door}, {kind_of}", min(times)), key=lambda one: one[1])
    figure(
        "empty, 1 MB and zero-width questions",
        f"{told} told, slowest {slowest[1] * 1000:.0f} ms ({slowest[0]}), {len(calls)} model calls",
        "200 ms, 0 calls",
    )
    assert calls == []
    assert slowest[1] < QUICKLY
