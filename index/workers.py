"""Texts to vectors in several processes or on several machines, with a checkpoint for every shard.

    --workers 4                   processes of this machine
    --workers ray://host:10001    a Ray cluster, through its client port
    --workers ray://auto          the Ray cluster that this machine is a node of

A shard is a run of texts; its checkpoint is named by a hash of the encoder and the texts. So a run that was
killed is started again by the same command and computes only the shards that are missing, whatever else has
changed. Checkpoints are deleted when the index that they were for is committed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import numpy as np

from index.crew import end_with_parent
from index.document import YoujuError
from index.encode import Encoder, Vectors, load_encoder
from index.failpoints import reach

SHARD = 512  # texts
_AHEAD = 4  # shards handed over at a time for each worker
_MOST = 256  # local processes
_DIGEST = 16  # bytes


class WorkerError(YoujuError):
    """Workers cannot be reached, or one of them ended or has another model."""


class Pool(Protocol):
    """Where shards are encoded: begin one, wait for it later."""

    @property
    def size(self) -> int:
        """How many shards are encoded at the same time."""

    def begin(self, texts: Sequence[str]) -> Any:
        """Hand a shard over; returns what `result` takes."""

    def result(self, begun: Any) -> Vectors:
        """Vectors of a shard, float32 (len(texts), dim). Raises WorkerError."""

    def close(self) -> None:
        """Let the workers go."""


class Spread:
    """An encoder whose work is spread over a pool; equal in all else to the one it stands for."""

    def __init__(self, encoder: Encoder, pool: Pool, folder: Path, *, shard: int = SHARD) -> None:
        self.name = encoder.name
        self.dim = encoder.dim
        self.fingerprint = encoder.fingerprint
        self.together = _AHEAD * pool.size * shard  # texts that are best given at a time
        self.computed = 0  # shards
        self.reused = 0
        self._encoder = encoder
        self._pool = pool
        self._folder = folder
        self._shard = shard

    def encode(self, texts: Sequence[str]) -> Vectors:
        """As `Encoder.encode`, up to half precision, which is what an index keeps. Raises WorkerError."""
        if len(texts) <= 1:
            return self._encoder.encode(texts)  # a question is not worth the way
        shards = [texts[start : start + self._shard] for start in range(0, len(texts), self._shard)]
        begun: list[tuple[Path, Vectors | None, Any]] = []
        for shard in shards:
            file = self._file(shard)
            kept = _kept(file, len(shard), self.dim)
            begun.append((file, kept, None if kept is not None else self._pool.begin(shard)))
        return np.concatenate([self._vectors(*one) for one in begun])

    def _vectors(self, file: Path, kept: Vectors | None, begun: Any) -> Vectors:
        if kept is not None:
            self.reused += 1
            return kept
        vectors = self._pool.result(begun)
        _keep(file, vectors)
        reach("shard kept")
        self.computed += 1
        return vectors

    def _file(self, texts: Sequence[str]) -> Path:
        state = hashlib.blake2b(self.fingerprint.encode(), digest_size=16)
        for text in texts:
            data = text.encode("utf-8", "surrogatepass")
            state.update(len(data).to_bytes(8, "big") + data)
        name = state.hexdigest()
        return self._folder / name[:2] / f"{name[2:]}.shard"


@contextmanager
def spread(encoder: Encoder, workers: str, *, model: str, folder: Path) -> Iterator[Encoder]:
    """The encoder, or, where workers are named, one that has them do its work.

    Checkpoints are kept in `folder`, and deleted when the block ends without an error.
    Raises WorkerError for workers that are not understood or cannot be reached.
    """
    if not workers:
        yield encoder
        return
    pool = _pool(workers, model, encoder.fingerprint)
    try:
        yield Spread(encoder, pool, folder)
    finally:
        pool.close()
    shutil.rmtree(folder, ignore_errors=True)


def together(encoder: Encoder, otherwise: int) -> int:
    """How many texts to give an encoder at a time."""
    return max(otherwise, encoder.together) if isinstance(encoder, Spread) else otherwise


def encode_shard(model: str, fingerprint: str, texts: Sequence[str]) -> Vectors:
    """What a worker does. Raises WorkerError when its model is another one."""
    encoder = _encoder(model)
    if encoder.fingerprint != fingerprint:
        raise WorkerError(
            f"a worker's encoder {model or '(bundled)'} is {encoder.fingerprint}, expected {fingerprint}; "
            "install the same version and model on every machine"
        )
    return encoder.encode(list(texts))


class LocalPool:
    """Processes of this machine, each with the model loaded and one thread."""

    def __init__(self, size: int, model: str, fingerprint: str) -> None:
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        self.size = size
        self._arguments = (model, fingerprint)
        self._executor = ProcessPoolExecutor(size, mp_context=get_context("spawn"), initializer=_alone)

    def begin(self, texts: Sequence[str]) -> Any:
        """Hand a shard to the next free process."""
        from concurrent.futures.process import BrokenProcessPool

        try:
            return self._executor.submit(encode_shard, *self._arguments, texts)
        except BrokenProcessPool as error:
            raise _ended() from error

    def result(self, begun: Any) -> Vectors:
        """Vectors of a shard."""
        from concurrent.futures.process import BrokenProcessPool

        try:
            vectors: Vectors = begun.result()
        except BrokenProcessPool as error:
            raise _ended() from error
        return vectors

    def close(self) -> None:
        """End the processes; shards not begun are not done."""
        self._executor.shutdown(cancel_futures=True)


class RayPool:
    """Workers of a Ray cluster; Ray itself does a shard again where a machine is lost."""

    def __init__(self, address: str, model: str, fingerprint: str) -> None:
        ray = _ray()
        try:
            if address != "ray://auto":
                _reach(address)
            ray.init(
                address=address.replace("ray://auto", "auto"), log_to_driver=False, logging_level="error"
            )
        except (OSError, RuntimeError, ValueError) as error:
            said = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
            raise WorkerError(f"no Ray cluster at {address}: {said}; start one with `ray start`") from error
        self._task = ray.remote(max_retries=3)(encode_shard)
        self._arguments = (model, fingerprint)
        self.size = max(int(ray.cluster_resources().get("CPU", 1)), 1)

    def begin(self, texts: Sequence[str]) -> Any:
        """Hand a shard to the cluster."""
        return self._task.remote(*self._arguments, list(texts))

    def result(self, begun: Any) -> Vectors:
        """Vectors of a shard."""
        ray = _ray()
        try:
            vectors: Vectors = ray.get(begun)
        except ray.exceptions.RayTaskError as error:
            raise WorkerError(f"a worker failed: {error.cause}") from error
        except (ray.exceptions.RayError, ConnectionError) as error:
            raise _ended() from error
        return vectors

    def close(self) -> None:
        """Leave the cluster."""
        _ray().shutdown()


def _pool(workers: str, model: str, fingerprint: str) -> Pool:
    if workers.startswith("ray://"):
        return RayPool(workers, model, fingerprint)
    if workers.isdigit() and 1 <= int(workers) <= _MOST:
        return LocalPool(int(workers), model, fingerprint)
    raise WorkerError(f"--workers is a number of processes up to {_MOST} or ray://HOST:PORT, got {workers!r}")


def _reach(address: str) -> None:
    """Fail at once where nobody listens, as Ray would wait for half a minute. Raises OSError, ValueError."""
    parts = urlsplit(address)
    socket.create_connection((parts.hostname or "", parts.port or 10_001), timeout=5).close()


def _ray() -> Any:
    try:
        import ray
    except ImportError as error:
        raise WorkerError("Ray is not installed; install it with `pip install 'youju[ray]'`") from error
    return ray


def _ended() -> WorkerError:
    return WorkerError(
        "a worker ended before its work was done (killed, or out of memory); what was finished is kept: "
        "run the same command again"
    )


@lru_cache(maxsize=1)
def _encoder(model: str) -> Encoder:
    return load_encoder(model)


def _alone() -> None:
    """One thread for each process, as there is a process for each core."""
    end_with_parent()
    for name in ("OMP_NUM_THREADS", "RAYON_NUM_THREADS"):
        os.environ[name] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"


def _keep(file: Path, vectors: Vectors) -> None:
    """Write a checkpoint, whole or not at all."""
    data = vectors.astype(np.float16).tobytes()
    file.parent.mkdir(parents=True, exist_ok=True)
    pending = file.with_suffix(f".{os.getpid()}.tmp")
    pending.write_bytes(hashlib.blake2b(data, digest_size=_DIGEST).digest() + data)
    os.replace(pending, file)


def _kept(file: Path, count: int, dim: int) -> Vectors | None:
    """The vectors of a checkpoint, None where there is none or it is not whole."""
    try:
        stored = file.read_bytes()
    except OSError:
        return None
    data = stored[_DIGEST:]
    whole = hashlib.blake2b(data, digest_size=_DIGEST).digest() == stored[:_DIGEST]
    if not whole or len(data) != count * dim * 2:
        return None
    return np.frombuffer(data, np.float16).reshape(count, dim).astype(np.float32)
