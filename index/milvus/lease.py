"""One writer at a time, without a lock on the server: claims that are renewed, and seen by all.

A writer inserts its claim, then reads all claims. Alone, it writes; else it withdraws and tries again after a
random pause. As everyone inserts before reading (strongly consistent), two can never both be alone. A claim
that is not renewed is dead after a while; one of a process of this machine as soon as that process is gone.
"""

from __future__ import annotations

import json
import os
import random
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from index.document import IndexBusy, StoreUnavailable
from index.failpoints import reach
from index.milvus.server import Server
from index.milvus.tables import create_state, filled, quoted, state_of
from index.remote import Remote

_PREFIX = "claim/"
_PATIENCE = 1.2  # seconds a second writer waits before it gives up
_RENEWED = 20.0  # seconds between two renewals
_DEAD = 120.0  # seconds after the last renewal; clocks of machines may differ by less


@dataclass(frozen=True, slots=True)
class Claim:
    """Who writes: a process of a machine (and when that process began), and when it last said so."""

    key: str
    machine: str
    process: int
    began: str
    since: str
    renewed: float  # seconds since the epoch

    @property
    def alive(self) -> bool:
        """Whether its writer can still be at work."""
        if self.machine == _machine() and _began(self.process) != self.began:
            return False
        return time.time() - self.renewed < _DEAD


class Lease:
    """A claim that is held; `kept` turns false when it could not be renewed in time."""

    def __init__(self, server: Server, collection: str, claim: Claim) -> None:
        self._server = server
        self._collection = collection
        self._claim = claim
        self._ended = threading.Event()
        self._renewed = time.monotonic()
        self._thread = threading.Thread(target=self._renew, daemon=True)
        self._thread.start()

    def check(self) -> None:
        """Raises IndexBusy when another writer may have taken over, as nothing was renewed for long."""
        if time.monotonic() - self._renewed > _DEAD / 2:
            raise IndexBusy(f"{self._server.remote} could not be reached for too long; run the command again")

    def end(self) -> None:
        """Withdraw the claim; where the server is gone it dies by itself."""
        self._ended.set()
        self._thread.join()
        with suppress(StoreUnavailable):
            _withdraw(self._server, self._collection, self._claim)

    def _renew(self) -> None:
        while not self._ended.wait(_RENEWED):
            try:
                _write(self._server, self._collection, self._claim)
                self._renewed = time.monotonic()
            except StoreUnavailable:
                continue  # `check` tells the writer before it commits


@contextmanager
def writer(server: Server, remote: Remote) -> Iterator[Lease]:
    """Be the one writer of an index. Raises IndexBusy within two seconds."""
    collection = state_of(remote.name)
    if collection not in server.collections():
        create_state(server, remote.name)
    held = _claimed(server, remote, collection)
    reach("claimed")
    lease = Lease(server, collection, held)
    try:
        yield lease
    finally:
        lease.end()


def _claimed(server: Server, remote: Remote, collection: str) -> Claim:
    deadline = time.monotonic() + _PATIENCE
    while True:
        claim = Claim(
            key=_PREFIX + uuid.uuid4().hex,
            machine=_machine(),
            process=os.getpid(),
            began=_began(os.getpid()),
            since=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            renewed=time.time(),
        )
        others = _others(server, collection, claim)
        if not others:
            _write(server, collection, claim)
            others = _others(server, collection, claim)
            if not others:
                return claim
            _withdraw(server, collection, claim)
        if time.monotonic() > deadline:
            holder = others[0]
            raise IndexBusy(
                f"{remote} is being written by process {holder.process} of {holder.machine.split('/')[0]}, "
                f"since {holder.since}; wait for it and try again"
            )
        time.sleep(random.uniform(0.05, 0.25))  # when to try again, no secret  # nosec B311


def _others(server: Server, collection: str, own: Claim) -> list[Claim]:
    """Claims of living writers; those of dead ones are cleared away."""
    found: list[Claim] = []
    for row in server.query(collection, f'key like "{_PREFIX}%"', ["key", "value"], strong=True):
        claim = Claim(row["key"], *json.loads(row["value"]))
        if claim.key == own.key:
            continue
        if claim.alive:
            found.append(claim)
        else:
            _withdraw(server, collection, claim)
    return found


def _write(server: Server, collection: str, claim: Claim) -> None:
    fields = [claim.machine, claim.process, claim.began, claim.since, time.time()]
    server.upsert(collection, [filled(claim.key, json.dumps(fields))])


def _withdraw(server: Server, collection: str, claim: Claim) -> None:
    server.delete(collection, f"key in [{quoted(claim.key)}]")


def _machine() -> str:
    """This machine since it was started: numbers of processes mean something only within that."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        boot = ""
    return f"{socket.gethostname()}/{boot}"


def _began(process: int) -> str:
    """When a process of this machine began, as numbers are given out again; empty when there is none."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[19]
    except (OSError, IndexError):
        return ""
