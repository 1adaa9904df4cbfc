"""Progress of long work on a terminal, and a verdict per file."""

from __future__ import annotations

import time
from types import TracebackType
from typing import TextIO

from index.verdicts import FileVerdict, Progress, Status

_WIDTH = 28


class Reporter:
    """Draws one line that is written over, with the time left; plain lines where there is no terminal."""

    def __init__(self, stream: TextIO, *, quiet: bool = False) -> None:
        self._stream = stream
        self._quiet = quiet
        self._live = stream.isatty()
        self._stage = ""
        self._started = 0.0
        self._drawn = False

    def __enter__(self) -> Reporter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._erase()

    def __call__(self, event: FileVerdict | Progress) -> None:
        if self._quiet:
            return
        if isinstance(event, Progress):
            self._draw(event)
        elif event.status is Status.REFUSED:
            self._line(f"refused    {event.doc}: {event.message}")
        else:
            self._line(
                f"{event.status.value:<10} {event.doc}  {event.articles} articles, {event.passages} passages"
            )

    def _line(self, text: str) -> None:
        self._erase()
        print(text, file=self._stream)

    def _draw(self, event: Progress) -> None:
        if not self._live:
            return
        if event.stage != self._stage:
            self._stage, self._started = event.stage, time.monotonic()
        share = event.done / max(event.total, 1)
        elapsed = time.monotonic() - self._started
        left = ""
        if share > 0 and elapsed > 2:
            left = f", {event.done / elapsed:,.0f} a second, {elapsed / share - elapsed:.0f} s left"
        bar = "█" * round(share * _WIDTH)
        text = f"{event.stage:<9} {bar:<{_WIDTH}} {event.done:,} of {event.total:,}{left}"
        print(f"\r\x1b[K{text}", end="", file=self._stream, flush=True)
        self._drawn = True

    def _erase(self) -> None:
        if self._drawn:
            print("\r\x1b[K", end="", file=self._stream, flush=True)
            self._drawn = False
