"""A stream of events whose source is closed when nobody reads any more."""

from __future__ import annotations

from collections.abc import Generator

from starlette.concurrency import run_in_threadpool
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Events(StreamingResponse):
    """Server-sent events from a generator.

    The generator holds a place in the line and a lease on the archive. Left to the garbage collector they
    would be given back at some time; so it is closed when the reader has it all, or has gone.
    """

    def __init__(self, source: Generator[str, None, None]) -> None:
        super().__init__(source, media_type="text/event-stream", headers={"cache-control": "no-store"})
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            await run_in_threadpool(self._close)

    def _close(self) -> None:
        try:
            self._source.close()
        except ValueError:
            return  # at work in a thread that a stopping server left behind; it ends with the server
