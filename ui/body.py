"""A request's body: read whole within its bounds, or let through in time."""

from __future__ import annotations

import asyncio
import time

from ui.headers import Message, Receive


class BodyError(Exception):
    """The body cannot be taken; `status` is the HTTP status that says why."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class GoneError(Exception):
    """The client went away."""


class Inbox:
    """What an application receives: the body in one piece, and later that the client has gone."""

    def __init__(self, body: bytes, receive: Receive) -> None:
        self._body: bytes | None = body
        self._receive = receive
        self._news: asyncio.Future[Message] | None = None

    async def __call__(self) -> Message:
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        return await asyncio.shield(self.gone)

    @property
    def gone(self) -> asyncio.Future[Message]:
        """Done when the client has gone; for a request whose body was read."""
        if self._news is None:
            self._news = asyncio.ensure_future(self._receive())
        return self._news

    def close(self) -> None:
        """Wait for no more news."""
        if self._news is not None:
            self._news.cancel()


async def whole(receive: Receive, *, most: int, seconds: float) -> bytes:
    """The body of a request. Raises BodyError when it is too large or slow, GoneError when it breaks off."""
    chunks: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise GoneError
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > most:
                    raise BodyError(413, f"at most {most:,} bytes are taken")
                chunks.append(chunk)
                if not message.get("more_body"):
                    return b"".join(chunks)
    except TimeoutError:
        raise BodyError(408, f"the body did not arrive within {seconds:.0f} s") from None


def patient(receive: Receive, seconds: float) -> Receive:
    """A body that is passed on as it comes, and ends as if the client had gone when its time is up."""
    until = time.monotonic() + seconds

    async def timed() -> Message:
        try:
            async with asyncio.timeout(until - time.monotonic()):
                return await receive()
        except TimeoutError:
            return {"type": "http.disconnect"}

    return timed
