"""Many chats at once through every door, each with a canary that nobody else may ever see."""

from __future__ import annotations

import asyncio
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

CANARY = re.compile(r"甲\d{4}乙")
MCP = {"accept": "application/json, text/event-stream"}
DOORS = ("page", "api", "stream", "openai", "mcp")


@dataclass(slots=True)
class Outcome:
    """What became of all chats."""

    statuses: Counter[int] = field(default_factory=Counter)
    answered: int = 0
    crossed: list[tuple[str, str]] = field(default_factory=list)  # whose answer, whose canary
    untold: int = 0  # 429 that do not say when to come again


def canary(number: int) -> str:
    return f"甲{number:04d}乙"


async def chat_all(address: str, number: int) -> Outcome:
    """`number` chats at the same moment, in turn through every door."""
    outcome = Outcome()
    limits = httpx.Limits(max_connections=2 * number)
    async with httpx.AsyncClient(base_url=address, timeout=600, limits=limits) as client:
        config = (await client.get("/zh/config")).json()
        part = next(item["id"] for item in config["components"] if item["props"].get("elem_id") == "live")
        event = next(item["id"] for item in config["dependencies"] if [part, "submit"] in item["targets"])
        jobs = (
            _chat(client, DOORS[each % len(DOORS)], each, (event, part), outcome) for each in range(number)
        )
        await asyncio.gather(*jobs)
    return outcome


async def _chat(
    client: httpx.AsyncClient, door: str, number: int, event: tuple[int, int], outcome: Outcome
) -> None:
    own = canary(number)
    question = f"{own}问：澄江大桥全长多少公里？"
    if door == "page":
        response, text = await _page(client, question, own, event)
    elif door == "mcp":
        call = {"name": "ask", "arguments": {"question": question}}
        body: dict[str, Any] = {"jsonrpc": "2.0", "id": number, "method": "tools/call", "params": call}
        response = await client.post("/mcp", json=body, headers=MCP)
        text = response.text
    elif door == "openai":
        said = [{"role": "user", "content": f"{own}你好"}, {"role": "assistant", "content": own}]
        body = {"messages": [*said, {"role": "user", "content": question}], "stream": number % 2 == 0}
        response = await client.post("/v1/chat/completions", json=body)
        text = response.text
    else:
        headers = {"accept": "text/event-stream"} if door == "stream" else {}
        body = {"question": question, "history": [{"q": f"{own}说什么？", "a": own}], "id": own}
        response = await client.post("/api/ask", json=body, headers=headers)
        text = response.text
    outcome.statuses[response.status_code] += 1
    if response.status_code == 429 and "retry-after" not in response.headers:
        outcome.untold += 1
    text = text.replace("\\u7532", "甲").replace("\\u4e59", "乙")
    seen = set(CANARY.findall(text))
    outcome.crossed += [(own, other) for other in seen - {own}]
    if response.status_code == 200 and own in seen and "2.8" in text:
        outcome.answered += 1


async def _page(
    client: httpx.AsyncClient, question: str, own: str, event: tuple[int, int]
) -> tuple[httpx.Response, str]:
    """A question on the page's own queue, as a browser asks it."""
    body = {
        "data": [],
        "event_data": {"question": question},
        "fn_index": event[0],
        "trigger_id": event[1],
        "session_hash": f"session{own}",
    }
    joined = await client.post("/zh/gradio_api/queue/join", json=body)
    said = joined.text
    if joined.status_code != 200:
        return joined, said
    url = "/zh/gradio_api/queue/data"
    async with client.stream("GET", url, params={"session_hash": f"session{own}"}) as stream:
        async for line in stream.aiter_lines():
            said += line
            if '"process_completed"' in line:
                done = json.loads(line.removeprefix("data:"))
                if not done.get("success"):
                    joined.status_code = 500
                break
    return joined, said
