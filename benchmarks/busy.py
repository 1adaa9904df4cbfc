"""How busy a machine is with other work while something is measured."""

from __future__ import annotations

import os
import time
from pathlib import Path
from types import TracebackType


class Others:
    """How many cores other programs keep busy while a block runs, on the average.

    Taken from what the machine counts and what this process and those it waited for took themselves.
    """

    def __init__(self) -> None:
        self.cores = 0.0

    def __enter__(self) -> Others:
        self._began, self._busy, self._own = time.perf_counter(), _machine(), _own()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        others = (_machine() - self._busy) - (_own() - self._own)
        self.cores = max(0.0, others / (time.perf_counter() - self._began))


def _machine() -> float:
    """Seconds of processor time that all programs took since the machine was started."""
    fields = Path("/proc/stat").read_text(encoding="utf-8").splitlines()[0].split()[1:]
    user, nice, system, _idle, _waiting, interrupts, soft, *_ = map(int, fields)
    return (user + nice + system + interrupts + soft) / os.sysconf("SC_CLK_TCK")


def _own() -> float:
    return sum(os.times()[:4])
