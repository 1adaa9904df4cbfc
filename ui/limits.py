"""How much may be asked of the server: rates by client, waiting lines, sizes and times."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

MOST_CLIENTS = 10_000  # addresses remembered at a time


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one server. Sizes are bytes, times seconds, rates requests a second from one address."""

    body: int = 8 * 1024 * 1024
    upload: int = 110 * 1024 * 1024  # of one request with all its files
    body_time: float = 30.0  # for a body to arrive
    upload_time: float = 600.0
    unused_uploads: int = 1024 * 1024 * 1024  # uploaded through the page and not yet taken in
    questions: int = 8  # answered at the same time for programs; the page has a queue of its own
    waiting: int = 200  # questions that may wait for their turn
    patience: float = 60.0  # how long they wait
    deadline: float = 120.0  # for an answer, from its turn on
    requests: int = 32  # other requests at the same time
    streams: int = 1_000  # connections that are kept open for a page
    question_rate: float = 20.0
    question_burst: int = 400
    request_rate: float = 200.0
    request_burst: int = 2_000
    failure_rate: float = 1 / 6  # wrong secrets
    failure_burst: int = 20


STANDARD = Limits()


class FullError(Exception):
    """No more may wait; `seconds` says when to come again."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"come again in {seconds:.0f} s")
        self.seconds = seconds


class Rate:
    """A token bucket per client: `burst` at once, then `per_second`. Threads may share it."""

    def __init__(self, per_second: float, burst: int, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.per_second = per_second
        self.burst = float(burst)
        self._clock = clock
        self._kept: dict[str, tuple[float, float]] = {}  # tokens left, and when that was
        self._lock = threading.Lock()

    def wait(self, client: str) -> float:
        """Seconds until the client may come again; 0 when it may now. Takes nothing."""
        with self._lock:
            return max(1.0 - self._left(client), 0.0) / self.per_second

    def take(self, client: str) -> float:
        """Like `wait`, and counts this request when it may come."""
        with self._lock:
            left = self._left(client)
            if left < 1.0:
                return (1.0 - left) / self.per_second
            if client not in self._kept and len(self._kept) >= MOST_CLIENTS:
                self._forget()
            self._kept[client] = (left - 1.0, self._clock())
            return 0.0

    def _left(self, client: str) -> float:
        left, when = self._kept.get(client, (self.burst, 0.0))
        return min(left + (self._clock() - when) * self.per_second, self.burst)

    def _forget(self) -> None:
        """Drop the clients whose bucket is full again; the oldest when there is none such."""
        full = [client for client in self._kept if self._left(client) >= self.burst]
        for client in full or [next(iter(self._kept))]:
            del self._kept[client]


class Line:
    """A waiting line: `at_once` inside, `waiting` before the door, each for `patience` seconds at most."""

    def __init__(self, at_once: int, waiting: int, patience: float) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._room = waiting
        self._patience = patience
        self._waiting = 0

    async def enter(self) -> None:
        """Wait for a turn, to be given back with `leave`. Raises FullError."""
        if self._free.locked() and self._waiting >= self._room:
            raise FullError(min(5.0, self._patience))
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise FullError(5.0) from None
        finally:
            self._waiting -= 1

    def leave(self) -> None:
        """Give the turn back."""
        self._free.release()

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """A turn for as long as the block lasts. Raises FullError."""
        await self.enter()
        try:
            yield
        finally:
            self.leave()


def make_room(folder: Path, wanted: int, most: int, *, age: float = 3_600.0) -> bool:
    """Whether `wanted` bytes more fit into a folder of at most `most`; files older than `age` s go first."""
    used = 0
    for path in folder.rglob("*"):
        try:
            found = path.lstat()
            if path.is_dir() and not path.is_symlink():
                continue
            if time.time() - found.st_mtime > age:
                path.unlink(missing_ok=True)
                continue
        except FileNotFoundError:
            continue
        used += found.st_size
    return used + wanted <= most
