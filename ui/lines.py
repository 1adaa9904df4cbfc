"""Requests in their turn: a line for each kind, and a deadline for questions."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

from ui.body import GoneError, Inbox
from ui.headers import App, Message, Scope, Send
from ui.limits import Limits, Line
from ui.problems import problem

_LAST_WORDS = 5.0  # seconds for a stream that is ended to take its last event


class Lines:
    """The waiting lines of one server."""

    def __init__(self, limits: Limits) -> None:
        patience = limits.patience
        self._deadline = limits.deadline
        self._questions = Line(limits.questions, limits.waiting, patience)
        self._lines: Mapping[str, Line] = {
            "upload": Line(4, 32, patience),
            "stream": Line(limits.streams, 0, patience),
            "other": Line(limits.requests, 10 * limits.requests, patience),
        }
        self._running: set[asyncio.Task[None]] = set()

    def of(self, kind: str) -> Line:
        """The line for a kind of request."""
        return self._lines[kind]

    async def question(self, app: App, scope: Scope, inbox: Inbox, send: Send) -> bool:
        """Answer a question in its turn; False when its time is up and nothing was said.

        Work that runs in a thread cannot be stopped half-way: it keeps its turn until it ends, so that never
        more than the line allows are at work. Raises FullError, and GoneError when the client did not wait.
        """
        await self._enter(inbox)
        outlet = Outlet(send)
        task = asyncio.ensure_future(_run(app, scope, inbox, outlet))
        self._running.add(task)
        task.add_done_callback(self._left)
        done, _ = await asyncio.wait({task}, timeout=self._deadline)
        if done:
            inbox.close()
            task.result()
            return True
        outlet.shut()
        if outlet.started:
            await outlet.last_words(scope["path"])
        return outlet.started

    def _left(self, task: asyncio.Task[None]) -> None:
        self._questions.leave()
        self._running.discard(task)
        if not task.cancelled():
            task.exception()  # seen, also when nobody waits for it any more

    async def _enter(self, inbox: Inbox) -> None:
        entering = asyncio.ensure_future(self._questions.enter())
        either: set[asyncio.Future[Any]] = {entering, inbox.gone}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if entering.done():
            entering.result()
            return
        entering.cancel()
        try:
            await entering
        except asyncio.CancelledError:
            raise GoneError from None
        self._questions.leave()
        raise GoneError


class Outlet:
    """Where an application sends its answer; it can be shut, also in front of a client that does not read."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._shut = asyncio.Event()
        self._events = False
        self.started = False

    async def __call__(self, message: Message) -> None:
        if self._shut.is_set():
            raise GoneError
        if message["type"] == "http.response.start":
            self.started = True
            self._events = any(
                name.lower() == b"content-type" and value.startswith(b"text/event-stream")
                for name, value in message["headers"]
            )
        sending, shutting = (
            asyncio.ensure_future(self._send(message)),
            asyncio.ensure_future(self._shut.wait()),
        )
        either: set[asyncio.Future[Any]] = {sending, shutting}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        shutting.cancel()
        if not sending.done():
            sending.cancel()
            raise GoneError
        sending.result()

    def shut(self) -> None:
        """Pass nothing on any more: whoever sends is told that the client has gone."""
        self._shut.set()

    async def last_words(self, path: str) -> None:
        """End a stream with a problem; a client that does not read does not hear it."""
        title = "the answer took too long"
        body = json.dumps({"type": "about:blank", "title": title, "status": 504, "instance": path})
        event = f"event: problem\ndata: {body}\n\n".encode() if self._events else b""
        try:
            async with asyncio.timeout(_LAST_WORDS):
                await self._send({"type": "http.response.body", "body": event, "more_body": False})
        except TimeoutError:
            return


def full_as_429(send: Send, scope: Scope) -> Send:
    """Gradio says 503 when its queue is full; it is 429 with us, and says when to come again."""
    if not scope["path"].rstrip("/").endswith("/gradio_api/queue/join"):
        return send
    replaced = False

    async def told(message: Message) -> None:
        nonlocal replaced
        if message["type"] == "http.response.start" and message["status"] == 503:
            replaced = True
            title = "too many questions"
            answer = problem(429, title, "the queue is full; come again", scope["path"], seconds=5.0)
            await send({"type": "http.response.start", "status": 429, "headers": answer.raw_headers})
            await send({"type": "http.response.body", "body": bytes(answer.body)})
        elif not replaced:
            await send(message)

    return told


async def _run(app: App, scope: Scope, inbox: Inbox, outlet: Outlet) -> None:
    await app(scope, inbox, outlet)
