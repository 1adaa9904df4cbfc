"""While the page is served, what updates leave in many parts is merged in a thread of its own."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from pathlib import Path

from index.document import YoujuError
from index.merge import merge_index
from index.search import stamp_of

EVERY = 20.0  # seconds between two looks
_NICENESS = 10  # of the thread, where the system gives threads one: answers come first
_log = logging.getLogger("youju.merging")


def keep_merged(paths: Sequence[Path], stop: threading.Event, *, every: float = EVERY) -> threading.Thread:
    """Merge the indexes whenever one was written since the last look; ends when `stop` is set."""

    def run() -> None:
        _give_way()
        seen: dict[Path, object] = {}
        while not stop.wait(every):
            for path in paths:
                stamp = stamp_of(path)
                if stamp is not None and stamp != seen.get(path):
                    _merge(path)
                    seen[path] = stamp_of(path)

    thread = threading.Thread(target=run, name="merging", daemon=True)
    thread.start()
    return thread


def _merge(path: Path) -> None:
    try:
        merged = merge_index(path)
    except YoujuError as error:  # answers go on; `youju check` tells more
        _log.warning("%s was not merged: %s", path, error)
        return
    if merged:
        _log.info("%s: %d parts merged", path, merged)


def _give_way() -> None:
    try:
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
    except (AttributeError, OSError):
        return
