"""A Milvus server through pymilvus: bounded in time, in batches, and with errors a person can act on."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from index.document import StoreUnavailable, YoujuError
from index.remote import Remote

TOKEN = "YOUJU_MILVUS_TOKEN"  # noqa: S105 - the variable's name  # nosec B105
BATCH = 1_000  # rows that are read or written at a time
_CONNECT = 5.0  # seconds
_READ = 30.0
_WRITE = 120.0
_NOT_LOADED = 101
_SETTLED = 10.0  # seconds after which every replica has caught up; the server's own bound is 5

# A server that has come back is found at once: channels neither share nor draw out their waiting.
_CHANNEL = {
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 200,
    "grpc.min_reconnect_backoff_ms": 200,
    "grpc.max_reconnect_backoff_ms": 1_000,
}

Row = dict[str, Any]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Match:
    """A row that a search found: its key, its inner product with the query, and the fields asked for."""

    key: int
    score: float
    fields: Mapping[str, Any]


class Server:
    """One connection. Threads may share it.

    Reads are strongly consistent at first. As rows of a generation never change, replicas may answer (bounded
    staleness) once a reader has been open for longer than they can lag behind.
    """

    def __init__(self, remote: Remote) -> None:
        self.remote = remote
        self._opened = time.monotonic()
        self._loading = threading.Lock()
        self._client = self._connected()

    def collections(self) -> list[str]:
        """Names of all collections of the server."""
        return [str(name) for name in self._call("list_collections", timeout=_READ)]

    def create(self, collection: str, schema: Any, indexes: Any) -> None:
        """Make a collection and load it."""
        self._call("create_collection", collection, schema=schema, consistency_level="Strong", timeout=_WRITE)
        self._call("create_index", collection, indexes, sync=False, timeout=_WRITE)
        self._call("load_collection", collection, timeout=_WRITE)

    def drop(self, collection: str) -> None:
        """Delete a collection and all that is in it."""
        self._call("drop_collection", collection, timeout=_WRITE)

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        """Add rows whose keys are new."""
        for batch in batches(rows, BATCH):
            self._on(collection, "insert", data=batch, timeout=_WRITE)

    def upsert(self, collection: str, rows: Sequence[Row]) -> None:
        """Replace whole rows, or add them."""
        for batch in batches(rows, BATCH):
            self._on(collection, "upsert", data=batch, timeout=_WRITE)

    def delete(self, collection: str, condition: str) -> None:
        """Delete the rows for which a condition holds."""
        self._on(collection, "delete", filter=condition, timeout=_WRITE)

    def flush(self, collection: str) -> None:
        """Seal what was written, so that it is indexed at once."""
        self._call("flush", collection, timeout=_WRITE)

    def get(self, collection: str, keys: Iterable[int | str], fields: Sequence[str]) -> Iterator[Row]:
        """Rows by their keys, in no particular order; unknown keys are left out."""
        for batch in batches(keys, BATCH):
            yield from self._on(
                collection,
                "get",
                ids=batch,
                output_fields=list(fields),
                timeout=_READ,
                **self._level(),
            )

    def query(
        self, collection: str, condition: str, fields: Sequence[str], *, strong: bool = False
    ) -> list[Row]:
        """Rows for which a condition holds."""
        level = {"consistency_level": "Strong"} if strong else self._level()
        return list(
            self._on(
                collection, "query", filter=condition, output_fields=list(fields), timeout=_READ, **level
            )
        )

    def count(self, collection: str, condition: str) -> int:
        """How many rows a condition holds for."""
        rows = self._on(
            collection,
            "query",
            filter=condition,
            output_fields=["count(*)"],
            timeout=_WRITE,
            consistency_level="Strong",
        )
        return int(rows[0]["count(*)"])

    def search(
        self,
        collection: str,
        field: str,
        query: Any,
        limit: int,
        *,
        condition: str,
        fields: Sequence[str],
        parameters: Mapping[str, int] | None = None,
    ) -> list[Match]:
        """The rows of the highest inner product with a query, best first."""
        found = self._on(
            collection,
            "search",
            data=[query],
            anns_field=field,
            limit=limit,
            filter=condition,
            output_fields=list(fields),
            search_params={"metric_type": "IP", "params": dict(parameters or {})},
            timeout=_READ,
            **self._level(),
        )
        return [Match(int(hit["row"]), float(hit["distance"]), hit["entity"]) for hit in found[0]]

    def close(self) -> None:
        """Let go of the connection."""
        self._client.close()

    def _level(self) -> dict[str, str]:
        settled = time.monotonic() - self._opened > _SETTLED
        return {"consistency_level": "Bounded" if settled else "Strong"}

    def _connected(self) -> Any:
        try:
            from pymilvus import MilvusClient
        except ImportError as error:
            raise YoujuError(
                "an index on a server needs the client library; install it with `pip install 'youju[milvus]'`"
            ) from error
        # It logs every failed call with a page of stack; the error itself is told once, by us.
        logging.getLogger("pymilvus").setLevel(logging.CRITICAL + 1)
        return self._told(
            lambda: MilvusClient(
                uri=self.remote.uri,
                token=os.environ.get(TOKEN, ""),
                timeout=_CONNECT,
                grpc_options=_CHANNEL,
            )
        )

    def _on(self, collection: str, verb: str, **arguments: Any) -> Any:
        """Call a verb on a collection, which a server that was started again has not loaded yet."""

        def attempt() -> Any:
            return getattr(self._client, verb)(collection, **arguments)

        try:
            return self._told(attempt)
        except StoreUnavailable as error:
            if getattr(error.__cause__, "code", 0) != _NOT_LOADED:
                raise
        with self._loading:
            self._call("load_collection", collection, timeout=_WRITE)
        return self._told(attempt)

    def _call(self, verb: str, *names: Any, **arguments: Any) -> Any:
        return self._told(lambda: getattr(self._client, verb)(*names, **arguments))

    def _told(self, work: Callable[[], Any]) -> Any:
        """The result of some work, its errors as one of ours."""
        import grpc
        from pymilvus.exceptions import MilvusException

        try:
            return work()
        except (MilvusException, grpc.RpcError) as error:
            said = str(getattr(error, "message", "") or error)
            reason = said.splitlines()[0][:200] if said else type(error).__name__
            raise StoreUnavailable(
                f"the server of {self.remote} does not answer or refuses: {reason}; "
                f"see that it runs there, and that {TOKEN} holds its token if it wants one"
            ) from error


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Items in order, `size` at a time."""
    remaining = iter(items)
    while batch := list(islice(remaining, size)):
        yield batch
