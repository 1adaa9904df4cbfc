"""Named places at which a test can kill the process, to prove that nothing is lost there.

Off unless YOUJU_FAILPOINT names a place; then the process ends at it as by
`kill -9`: no cleaning up, no flushing, no atexit.
"""

from __future__ import annotations

import os
import signal

PLACES = (
    "locked",
    "staged",
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
_ARMED = os.environ.get("YOUJU_FAILPOINT", "")


def reach(place: str) -> None:
    """End the process here if this place was named."""
    if place == _ARMED:
        os.kill(os.getpid(), signal.SIGKILL)
