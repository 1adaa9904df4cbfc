"""A real server on loopback over a small archive, and a real browser, for the tests of the page and the API."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn

from index.update import update_index
from rag.assistant import Settings
from ui.archive import Archive
from ui.auth import Gate
from ui.limits import STANDARD, Limits
from ui.places import Place
from ui.server import KEEP_ALIVE, make_app

HERE = Path(__file__).resolve().parent
SHOTS = HERE.parent / "var" / "screenshots"
HOSTILE = "2024-05-21_<img src=x onerror=alert(1)>&.txt"
CHROMIUM = (
    os.environ.get("YOUJU_CHROMIUM", "") or shutil.which("chromium") or shutil.which("chromium-browser")
)


@dataclass(frozen=True, slots=True)
class Served:
    """A running server."""

    address: str
    folder: Path
    index: Path


def write_archive(place: Path) -> tuple[Path, Path]:
    """The small archive's folder and its index: two pages, and one that tries to break out."""
    folder = place / "papers"
    shutil.copytree(HERE / "page_documents", folder)
    (folder / "granary.txt").rename(folder / HOSTILE)
    index = place / "index"
    update_index(index, [folder])
    return folder, index


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(
    index: Path | Sequence[Place],
    *,
    gate: Gate | None = None,
    settings: Settings | None = None,
    limits: Limits = STANDARD,
    port: int = 0,
) -> Iterator[str]:
    """A server over an index, for as long as the block lasts; gives its address."""
    app = make_app(Archive(index, settings or Settings()), gate or Gate("127.0.0.1"), limits=limits)
    with running(app, port=port) as address:
        yield address


@contextmanager
def running(app: Any, *, port: int = 0) -> Iterator[str]:
    """A server for any application, for as long as the block lasts; gives its address."""
    port = port or free_port()
    server = uvicorn.Server(
        uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_level="error",
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=1,
        )
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        if time.monotonic() > deadline:
            raise TimeoutError("the server did not start within 60 s")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(60)  # the port is free again
