"""Work on both cores: the same function over many items, in worker processes where that pays.

Only this program's own processes talk to each other; nothing that is stored or
received is ever unpickled.
"""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context, parent_process
from types import TracebackType
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")
_AHEAD = 4  # items under way for each worker: enough to keep it busy, few enough for little memory


class Crew:
    """As many workers as there are cores, started when first needed; use it as a context manager."""

    def __init__(self, workers: int = 0) -> None:
        self.workers = workers or cores()
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Crew:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)

    def map(
        self, function: Callable[[Item], Result], items: Iterable[Item], *, worthwhile: bool
    ) -> Iterator[Result]:
        """Results in the order of the items; in this process unless it is worthwhile to start others.

        `function` must be importable by name. Where a worker dies (of too little
        memory, say), what it had not finished is done here.
        """
        if not worthwhile or self.workers < 2:
            yield from map(function, items)
            return
        waiting: deque[tuple[Item, Future[Result] | None]] = deque()
        for item in items:
            waiting.append((item, self._submit(function, item)))
            if len(waiting) > _AHEAD * self.workers:
                yield _result(function, *waiting.popleft())
        while waiting:
            yield _result(function, *waiting.popleft())

    def _submit(self, function: Callable[[Item], Result], item: Item) -> Future[Result] | None:
        if self._pool is None:
            self._pool = ProcessPoolExecutor(self.workers, get_context("spawn"), _alone)
        try:
            return self._pool.submit(function, item)
        except BrokenProcessPool:
            return None


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _alone() -> None:
    """Let a worker use one core, as the others have their own, and end with the process that it works for."""
    end_with_parent()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    os.environ["RAYON_NUM_THREADS"] = "1"
    os.environ["OMP_NUM_THREADS"] = "1"


def end_with_parent() -> None:
    """End this worker when its parent ends, also by a kill: one that waits for a queue would not notice."""

    def leave() -> None:
        parent = parent_process()
        if parent is not None:
            parent.join()
            os._exit(1)

    threading.Thread(target=leave, daemon=True).start()


def _result(function: Callable[[Item], Result], item: Item, future: Future[Result] | None) -> Result:
    try:
        if future is not None:
            return future.result()
    except BrokenProcessPool:
        pass  # done below
    return function(item)
