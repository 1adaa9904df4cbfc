"""Named places at which a test can kill the process or fail a write, to prove that nothing is lost there.

Every step of a write calls `reach` with its name just before it is taken. Off
unless armed: by YOUJU_FAILPOINT in the environment, or by `armed` inside a
test's own process. A plan is

    files synced        the process ends there as by `kill -9`: no cleaning up, no flushing, no atexit
    files synced@3      the same, the third time that this place is reached
    ENOSPC@7            the seventh step of any name fails with that error of the operating system
"""

from __future__ import annotations

import errno
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

PLACES = (
    "locked",
    "staged",
    "document stored",
    "records written",
    "vectors written",
    "words written",
    "manifest written",
    "files synced",
    "generation renamed",
    "current written",
    "current replaced",
    "collected",
)
MERGE_PLACES = ("parts merged",)
REMOTE_PLACES = (
    "claimed",
    "rows written",
    "old marked",
    "words counted",
    "head inserted",
    "server tidied",
)


class Plan:
    """What is to happen where, and how many steps were taken."""

    def __init__(self, wanted: str) -> None:
        name, _, number = wanted.partition("@")
        self.name = name
        self.at = int(number or 1)
        self.error = getattr(errno, name, 0) if name.isupper() else 0
        self.steps = 0
        self.hits = 0

    def step(self, place: str) -> None:
        """Count a step; fail it or end the process when it is the one. Raises OSError."""
        self.steps += 1
        if self.error:
            if self.steps == self.at:
                raise OSError(self.error, os.strerror(self.error), f"(failpoint at {place!r})")
        elif place == self.name:
            self.hits += 1
            if self.hits == self.at:
                os.kill(os.getpid(), signal.SIGKILL)


_WANTED = os.environ.get("YOUJU_FAILPOINT", "")
_plan: Plan | None = Plan(_WANTED) if _WANTED else None


def reach(place: str) -> None:
    """A step of a write is about to be taken. Raises OSError, or does not return, where that was armed."""
    if _plan is not None:
        _plan.step(place)


@contextmanager
def armed(wanted: str) -> Iterator[Plan]:
    """Follow a plan inside; an empty one only counts steps. For tests, in a process of one writer."""
    global _plan
    before, _plan = _plan, Plan(wanted)
    try:
        yield _plan
    finally:
        _plan = before
