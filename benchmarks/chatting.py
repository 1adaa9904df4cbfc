"""Many people chatting at once: everybody is answered, nobody waits much longer than their share.

    python -m benchmarks.chatting [--people 50] [--index var/index]

Every person opens a session of their own on the page's own queue, as a browser does, and asks one
question. That of every other person holds a name nobody else has, and is refused for it; the others ask
the same without. Printed are the time one person alone waits, the times of all together, how many were
refused, and whether any answer went to somebody else.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx


async def submit_event(client: httpx.AsyncClient) -> tuple[int, int]:
    """The page's `submit` event: number of the function and of the component."""
    config = (await client.get("/zh/config")).json()
    part = next(item["id"] for item in config["components"] if item["props"].get("elem_id") == "live")
    found = next(item["id"] for item in config["dependencies"] if [part, "submit"] in item["targets"])
    return found, part


async def ask(
    client: httpx.AsyncClient, event: tuple[int, int], person: int
) -> tuple[float, bool, bool, bool]:
    """Seconds until the finished answer, whether it came, was this person's own, and was a refusal."""
    session, name = f"person{person:04d}", f"甲{person:04d}乙"
    named = person % 2 == 1
    question = f"{name}问：座谈会在哪里召开？" if named else "座谈会在哪里召开？"
    started = time.perf_counter()
    body: dict[str, Any] = {
        "data": [],
        "event_data": {"question": question},
        "fn_index": event[0],
        "trigger_id": event[1],
        "session_hash": session,
    }
    (await client.post("/zh/gradio_api/queue/join", json=body)).raise_for_status()
    said = ""
    url = "/zh/gradio_api/queue/data"
    async with client.stream("GET", url, params={"session_hash": session}) as stream:
        async for line in stream.aiter_lines():
            said += line
            if '"process_completed"' in line:
                break
    took = time.perf_counter() - started
    others = [f"甲{other:04d}乙" for other in range(1000) if other != person]
    done = "data-exchange" in said and (name in said or not named)
    return took, done, not any(other in said for other in others), "turn refused" in said


async def measure(address: str, people: int) -> int:
    limits = httpx.Limits(max_connections=people * 2)
    async with httpx.AsyncClient(base_url=address, timeout=600, limits=limits) as client:
        event = await submit_event(client)
        await ask(client, event, 0)
        alone = statistics.median([(await ask(client, event, number))[0] for number in range(1, 6)])
        started = time.perf_counter()
        found = await asyncio.gather(*(ask(client, event, number) for number in range(100, 100 + people)))
        wall = time.perf_counter() - started
    times = sorted(took for took, *_ in found)
    p95 = times[max(int(len(times) * 0.95) - 1, 0)]
    answered, own, refused = (sum(one[place] for one in found) for place in (1, 2, 3))
    print(f"one person alone       {alone:.3f} s (median of 5)")
    print(f"{people} people at once      {wall:.2f} s, {answered} finished, {own} with their own answer")
    print(f"refused                {refused}")
    median = statistics.median(times)
    print(f"waiting time           median {median:.2f} s, p95 {p95:.2f} s, longest {times[-1]:.2f} s")
    print(f"p95 / (people x alone) {p95 / (people * alone):.2f} (target at most 1)")
    return 0 if answered == own == people and p95 <= people * alone else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--people", type=int, default=50)
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    options = parser.parse_args()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "ui", "chat", "--index", str(options.index), "--port", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            try:
                if httpx.get(f"{address}/api/health", timeout=5).json()["status"] == "ok":
                    break
            except httpx.HTTPError:
                time.sleep(0.2)
        return asyncio.run(measure(address, options.people))
    finally:
        server.terminate()
        server.wait(10)


if __name__ == "__main__":
    sys.exit(main())
