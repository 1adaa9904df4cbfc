"""A real Milvus server on loopback, as `milvus-lite server` starts it, for the tests of the remote store."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from index.remote import Remote


@dataclass
class Milvus:
    """A server's process, its port and its folder; `kill` and `start` it as a fault would."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        """Start it and wait until it listens."""
        command = [sys.executable, "-m", "milvus_lite", "server", "--data-dir", str(self.folder)]
        command += ["--host", "127.0.0.1", "--port", str(self.port)]
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}
        log = (self.folder.parent / "milvus.log").open("ab")
        with log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)
        deadline = time.monotonic() + 180
        while not listens(self.port):
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"milvus-lite did not start: {Path(log.name).read_text()[-2000:]}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as by `kill -9`."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None

    def index(self) -> Remote:
        """A name nobody has used."""
        return Remote("127.0.0.1", self.port, f"t{uuid.uuid4().hex[:12]}")


@contextmanager
def milvus(folder: Path) -> Iterator[Milvus]:
    """A server over a folder for as long as the block lasts."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    server = Milvus(folder, port)
    server.start()
    try:
        yield server
    finally:
        server.kill()


def listens(port: int) -> bool:
    """Whether anything accepts connections at a port of loopback."""
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex(("127.0.0.1", port)) == 0
