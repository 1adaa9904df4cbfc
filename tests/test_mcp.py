"""MCP with the official client: over HTTP on the running server, and over stdio as an agent starts it."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from serving import Served, serving, write_archive

pytest.importorskip("mcp", reason="mcp is not installed")

from mcp import Client, StdioServerParameters, stdio_client

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, index = write_archive(tmp_path_factory.mktemp("mcp"))
    with serving(index) as address:
        yield Served(address, folder, index)


async def conversation(client: Client) -> None:
    """What an agent does: looks at the tools, searches, reads around a passage, asks."""
    tools = {tool.name: tool for tool in (await client.list_tools()).tools}
    assert set(tools) == {"search", "ask", "read_passage"}
    assert all(tool.description for tool in tools.values())
    found = await call(client, "search", query="大桥通车", k=3)
    assert found["passages"][0]["doc"] == "2024-05-18_bridge.txt"
    passage = found["passages"][0]["id"]
    read = await call(client, "read_passage", id=passage, around=1)
    assert passage in {other["id"] for other in read["passages"]}
    answer = await call(client, "ask", question="澄江大桥全长多少公里？")
    assert "2.8公里" in answer["answer"]
    assert answer["citations"]
    refused = await client.call_tool("read_passage", {"id": "nothing"})
    assert refused.is_error
    assert "no passage has the id" in str(refused.content)  # a fault of the call is told, not kept back


async def call(client: Client, name: str, **arguments: object) -> dict[str, Any]:
    result = await client.call_tool(name, arguments)
    assert not result.is_error, result.content
    assert result.structured_content is not None
    return result.structured_content


def run(work: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(work(), 500))


def test_over_http(served: Served) -> None:
    async def work() -> None:
        async with Client(f"{served.address}/mcp") as client:
            await conversation(client)

    run(work)


def test_over_stdio(served: Served) -> None:
    program = "import sys; from ui.cli import main; sys.exit(main())"
    server = StdioServerParameters(
        command=sys.executable,
        args=["-c", program, "mcp", "--index", str(served.index)],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )

    async def work() -> None:
        async with Client(stdio_client(server)) as client:
            await conversation(client)

    run(work)
