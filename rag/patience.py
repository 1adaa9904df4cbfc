"""A reply that ends in time: whatever a model's client does, the reader waits no longer than was said."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterator

_AHEAD = 64  # pieces read ahead of the reader


class LateError(Exception):
    """The time is up; what came before it was said."""


class BrokenError(Exception):
    """The source failed, in whatever way its author thought fit."""


Piece = str | BrokenError | None


def within(seconds: float, source: Callable[[], Iterator[str]]) -> Iterator[str]:
    """The pieces of `source`, read in a thread of its own. Raises LateError when `seconds` are over.

    A read that hangs cannot be broken off from outside; its thread ends by itself at its next piece or at its
    own time-out, and nobody waits for it. Raises BrokenError when the source fails.
    """
    told: queue.Queue[Piece] = queue.Queue(_AHEAD)
    unwanted = threading.Event()
    threading.Thread(target=_read, args=(source, told, unwanted), daemon=True, name="reply").start()
    until = time.monotonic() + seconds
    try:
        while True:
            try:
                piece = told.get(timeout=max(until - time.monotonic(), 0.0))
            except queue.Empty:
                raise LateError(f"no end within {seconds:.0f} s") from None
            if piece is None:
                return
            if isinstance(piece, BrokenError):
                raise piece
            yield piece
    finally:
        unwanted.set()


def _read(source: Callable[[], Iterator[str]], told: queue.Queue[Piece], unwanted: threading.Event) -> None:
    try:
        for piece in source():
            if not _tell(told, piece, unwanted):
                return
    except Exception as error:  # noqa: BLE001 - a client's failures have no common kind; told, not hidden
        _tell(told, BrokenError(f"{type(error).__name__}: {error}"), unwanted)
        return
    _tell(told, None, unwanted)


def _tell(told: queue.Queue[Piece], piece: Piece, unwanted: threading.Event) -> bool:
    """Hand a piece over; False when nobody wants any more."""
    while not unwanted.is_set():
        try:
            told.put(piece, timeout=0.2)
        except queue.Full:
            continue
        return True
    return False
