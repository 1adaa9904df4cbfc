"""What the guard lets through, in real requests to a real server: sizes, times, rates and waiting lines.

The application behind it is a small one that works for as long as it is told, so that what is measured is the
guard; the whole application stands behind it in the other tests.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from serving import running
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from ui.auth import Gate
from ui.guard import Guard
from ui.limits import STANDARD, Limits, Rate, make_room


@dataclass(slots=True)
class Work:
    """A question takes `seconds`, and until `free` is set; how many were at work at the same time."""

    seconds: float = 0.0
    free: threading.Event = field(default_factory=threading.Event)
    now: int = 0
    most: int = 0
    done: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def do(self) -> None:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
        self.free.wait(self.seconds)
        with self.lock:
            self.now -= 1
            self.done += 1


@contextmanager
def guarded(
    work: Work, limits: Limits, *, gate: Gate | None = None, uploads: Path | None = None
) -> Iterator[str]:
    async def ask(request: Request) -> Response:
        await request.body()
        if request.headers.get("accept") == "text/event-stream":
            return StreamingResponse(slowly(work), media_type="text/event-stream")
        await run_in_threadpool(work.do)
        return JSONResponse({"answer": "ok"})

    async def slowly(work: Work) -> AsyncIterator[str]:
        for _ in range(20):
            yield "event: text\ndata: {}\n\n"
            await run_in_threadpool(work.do)

    async def length(request: Request) -> Response:
        return JSONResponse({"length": len(await request.body())})

    async def full(_: Request) -> Response:
        return PlainTextResponse("Queue is full. Max size is 3.", 503)

    routes = [
        Route("/api/ask", ask, methods=["POST"]),
        Route("/api/other", length, methods=["GET", "POST"]),
        Route("/api/documents", length, methods=["POST"]),
        Route("/zh/gradio_api/queue/join", full, methods=["POST"]),
    ]
    app = Guard(Starlette(routes=routes), gate=gate or Gate("127.0.0.1"), limits=limits, uploads=uploads)
    with running(app) as address:
        yield address


def refused(response: httpx.Response, status: int) -> float:
    """Seconds after which to come again; fails unless the answer is a problem of this status."""
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("application/problem+json")
    assert response.json()["status"] == status
    again = float(response.headers.get("retry-after", "0"))
    assert again >= 1 or status not in (429, 503, 504)
    return again


def at_once(address: str, number: int, **headers: str) -> list[httpx.Response]:
    with (
        httpx.Client(base_url=address, timeout=30, headers=headers) as client,
        ThreadPoolExecutor(number) as pool,
    ):
        return list(pool.map(lambda _: client.post("/api/ask", json={}), range(number)))


def test_bodies_are_bounded_with_and_without_a_length() -> None:
    with guarded(Work(), replace(STANDARD, body=1000, upload=2000)) as address:
        there = f"{address}/api/other"
        assert httpx.post(there, content=b"x" * 1000).json() == {"length": 1000}
        refused(httpx.post(there, content=b"x" * 1001), 413)
        refused(httpx.post(there, content=iter([b"x" * 600] * 3)), 413)
        assert httpx.post(there, content=iter([b"x" * 600])).json() == {"length": 600}
        files = f"{address}/api/documents"
        assert httpx.post(files, content=b"x" * 1500).json() == {"length": 1500}
        refused(httpx.post(files, content=b"x" * 2001), 413)
        refused(httpx.post(files, content=iter([b"x"])), 411)


def test_a_body_that_does_not_come_is_not_waited_for() -> None:
    with guarded(Work(), replace(STANDARD, body_time=0.3)) as address:
        where = urlsplit(address)
        with socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=20) as slow:
            slow.sendall(b"POST /api/other HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\nabc")
            answer = slow.recv(4096)
        assert answer.startswith(b"HTTP/1.1 408 ")  # within the socket's 20 s; the usual bound is 30


def test_headers_are_bounded() -> None:
    with guarded(Work(), STANDARD) as address:
        try:
            status = httpx.get(f"{address}/api/other", headers={"x-long": "x" * 200_000}).status_code
        except httpx.ReadError:
            status = 431  # the connection was closed on us
        assert status in (400, 431)


def test_uploads_that_nobody_takes_in_are_bounded(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "waiting.txt").write_bytes(b"x" * 900)
    with guarded(Work(), replace(STANDARD, unused_uploads=1000), uploads=tmp_path) as address:
        files = f"{address}/api/documents"
        assert httpx.post(files, content=b"x" * 90).status_code == 200
        refused(httpx.post(files, content=b"x" * 200), 429)
    assert make_room(tmp_path, 200, 1000, age=-1.0)  # everything is too old
    assert not (tmp_path / "a" / "waiting.txt").exists()


def test_one_client_cannot_take_all_the_time() -> None:
    limits = replace(STANDARD, request_rate=0.5, request_burst=3, question_rate=0.01, question_burst=2)
    with guarded(Work(), limits) as address, httpx.Client(base_url=address) as client:
        assert [client.get("/api/other").status_code for _ in range(3)] == [200] * 3
        seconds = refused(client.get("/api/other"), 429)
        assert 1 <= seconds <= 2
        time.sleep(seconds + 0.1)
        assert client.get("/api/other").status_code == 200
        assert [client.post("/api/ask").status_code for _ in range(2)] == [200] * 2
        assert refused(client.post("/api/ask"), 429) > 50


def test_a_rate_by_hand() -> None:
    now = [100.0]
    rate = Rate(0.5, 2, clock=lambda: now[0])
    assert [rate.take("a"), rate.take("a"), rate.take("a"), rate.take("b")] == [0.0, 0.0, 2.0, 0.0]
    now[0] += 2.0
    assert rate.wait("a") == 0.0
    assert [rate.take("a"), rate.take("a")] == [0.0, 2.0]


def test_more_questions_than_places_wait_or_are_told_when_to_come_again() -> None:
    work = Work(0.15)
    with guarded(work, replace(STANDARD, questions=2, waiting=6, patience=10.0)) as address:
        answers = at_once(address, 24)
        said = [answer.status_code for answer in answers]
        assert set(said) == {200, 429}
        assert said.count(200) >= 8
        assert all(refused(answer, 429) for answer in answers if answer.status_code == 429)
        assert work.most == 2
        assert [answer.status_code for answer in at_once(address, 4)] == [
            200
        ] * 4  # every place is free again


def test_patience_has_an_end() -> None:
    work = Work(60)
    with guarded(work, replace(STANDARD, questions=1, patience=0.2)) as address:
        first = occupied(address, work)
        assert all(refused(answer, 429) for answer in at_once(address, 2))
        work.free.set()
        first.join()
        assert work.done == 1


def test_an_answer_that_takes_too_long_is_a_problem_and_frees_its_place() -> None:
    work = Work(60)
    with guarded(work, replace(STANDARD, questions=1, deadline=0.2, patience=0.3)) as address:
        refused(httpx.post(f"{address}/api/ask", json={}), 504)
        refused(httpx.post(f"{address}/api/ask", json={}), 429)  # the late one is still at work in its place
        work.free.set()
    with guarded(work, replace(STANDARD, questions=1, deadline=5, patience=5)) as address:
        assert httpx.post(f"{address}/api/ask", json={}, timeout=10).status_code == 200
    assert work.most == 1


def test_a_stream_that_takes_too_long_ends_with_a_problem() -> None:
    work = Work(0.1)
    with guarded(work, replace(STANDARD, questions=1, deadline=0.6)) as address:
        (answer,) = at_once(address, 1, accept="text/event-stream")
        *_, last = answer.text.strip().split("\n\n")
        assert last.startswith("event: problem\n")
        assert '"status": 504' in last
        assert 1 <= answer.text.count("event: text") <= 10
        work.seconds = 0.0
        assert httpx.post(f"{address}/api/ask", json={}, timeout=10).status_code == 200


def test_who_does_not_wait_is_not_worked_for() -> None:
    work = Work(60)
    with guarded(work, replace(STANDARD, questions=1)) as address:
        first = occupied(address, work)
        with httpx.Client(base_url=address, timeout=0.1) as hasty:
            for _ in range(5):
                with pytest.raises(httpx.TimeoutException):
                    hasty.post("/api/ask", json={})
        time.sleep(1)  # the server hears of those who left while it does nothing else
        work.free.set()
        first.join()
        assert httpx.post(f"{address}/api/ask", json={}).status_code == 200
        assert work.done == 2  # the first and the last


def occupied(address: str, work: Work) -> threading.Thread:
    """A question that is at work when this returns, until `work.free` is set."""
    first = threading.Thread(target=lambda: httpx.post(f"{address}/api/ask", json={}, timeout=60))
    first.start()
    while not work.now:
        time.sleep(0.02)
    return first


def test_a_full_queue_of_the_page_is_429() -> None:
    with guarded(Work(), STANDARD) as address:
        refused(httpx.post(f"{address}/zh/gradio_api/queue/join", json={}), 429)


def test_guessing_secrets_is_slow() -> None:
    gate = Gate("127.0.0.1", "the-right-token")
    with guarded(Work(), replace(STANDARD, failure_burst=3, failure_rate=0.001), gate=gate) as address:
        there = f"{address}/api/other"
        right = {"authorization": "Bearer the-right-token"}
        assert httpx.get(there, headers=right).status_code == 200
        for _ in range(3):
            refused(httpx.get(there, headers={"authorization": "Bearer guess"}), 401)
        assert refused(httpx.get(there, headers={"authorization": "Bearer guess"}), 429) > 1
        assert refused(httpx.get(there, headers=right), 429) > 1  # or the answer would tell


def test_no_websocket_is_opened() -> None:
    with guarded(Work(), STANDARD) as address:
        upgrade: dict[str, Any] = {
            "connection": "upgrade",
            "upgrade": "websocket",
            "sec-websocket-version": "13",
            "sec-websocket-key": "AAAAAAAAAAAAAAAAAAAAAA==",
        }
        assert httpx.get(f"{address}/zh/gradio_api/ws", headers=upgrade).status_code == 403
