"""Vectors of passages in FAISS: half-precision rows, exact while that is fast, inverted lists beyond.

Half precision loses less than 1e-3 of a cosine and halves memory and time
against float32. Rows have unit length, so that inner product is cosine and
higher is better. Files are mapped into memory, not read.

Which FAISS index a segment of rows gets (`benchmarks/vectors.py` prints the
measurements, docs/performance.md the table):

    archive of at most 131,072 rows, or segment of less than 16,384   flat, exact
    else    inverted lists, one for 256 rows, as many of them visited as 97 % of the
            ten nearest need; measured on each segment when it is built, with a margin

A search over several segments with lists visits those whose centres are nearest
to the query, wherever they lie: nine tenths of as many as the segments by
themselves would visit find the ten nearest of all as surely (measured too).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.crew import cores

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]

EXACT = 131_072  # rows of an archive up to which all its segments are searched exactly
LEAST = 16_384  # rows of a segment from which inverted lists are worth it
_ALONE = 16_384  # rows of an archive below which threads cost more than they save
_PER_LIST = 256
_RECALL = 0.985  # of the ten nearest, on the segment's own sample: 0.97 is promised for questions
_TOGETHER = 0.9  # of the lists that parts would visit each by itself are visited, where there are several
_SAME = 1e-5  # cosines that differ by less are of equally near rows
_SAMPLE = 256  # queries of that measurement


@dataclass(frozen=True, slots=True)
class Part:
    """A FAISS index of some rows, `first` being the row of its first vector."""

    engine: Any
    first: int
    alive: Mask | None = None  # (n,); None where all are

    @property
    def size(self) -> int:
        return int(self.engine.ntotal)


class Dense:
    """Vectors of `dim` numbers of an archive, in `parts` that do not overlap, by ascending row."""

    def __init__(self, parts: Sequence[Part], dim: int) -> None:
        self.parts = parts
        self.dim = dim
        self._centres = [_centres(part.engine) for part in parts]

    @property
    def rows(self) -> int:
        """Vectors that can be found."""
        return sum(part.size if part.alive is None else int(part.alive.sum()) for part in self.parts)

    @property
    def exact(self) -> bool:
        """Whether every search compares every vector."""
        return not any(is_lists(part.engine) for part in self.parts)

    def search(self, query: Vectors, k: int, allowed: Mask | None = None) -> tuple[Rows, Vectors]:
        """The k nearest rows of one query (dim,), best first, and their cosines; fewer where there are fewer.

        `allowed` (rows,) admits rows; with it the search is exact.
        """
        return self.begin(query, k, allowed)()

    def begin(
        self, query: Vectors, k: int, allowed: Mask | None = None
    ) -> Callable[[], tuple[Rows, Vectors]]:
        """Begin a search; what is returned waits for the result of `search`.

        Parts of a large archive are searched on all cores, while the caller goes on with other work: FAISS
        leaves the interpreter free.
        """
        # With a filter, the nearest that are admitted may lie in any list.
        visits = [len(one) for one in self._centres] if allowed is not None else self._visits(query)
        work = [(part, query, k, allowed, visited) for part, visited in zip(self.parts, visits, strict=True)]
        if sum(part.size for part in self.parts) < _ALONE:
            with _alone():
                found = [_search(*one) for one in work]
            return lambda: _best(found, k)
        begun = [_threads().submit(_search, *one) for one in work]
        return lambda: _best([one.result() for one in begun], k)

    def _visits(self, query: Vectors) -> list[int]:
        """How many lists of each part are visited, 0 of one without any."""
        own = [int(part.engine.nprobe) if is_lists(part.engine) else 0 for part in self.parts]
        if sum(visits > 0 for visits in own) < 2:
            return own
        near = [centres @ query for centres in self._centres]
        every = np.concatenate(near)
        place = len(every) - int(np.ceil(_TOGETHER * sum(own)))
        least = np.partition(every, place)[place]
        return [int((one >= least).sum()) for one in near]

    def rows_of(self, rows: Rows) -> Vectors:
        """Stored vectors of some rows, float32 (len(rows), dim); zeros for rows that are in no part."""
        vectors = np.zeros((len(rows), self.dim), np.float32)
        for part in self.parts:
            inside = np.flatnonzero((rows >= part.first) & (rows < part.first + part.size))
            if len(inside):
                vectors[inside] = reconstruct(part.engine, rows[inside] - part.first)
        return vectors


def build(vectors: Vectors) -> Dense:
    """A Dense of float32 (n, dim) unit rows, searched exactly."""
    return Dense([Part(flat(vectors), 0)], vectors.shape[1])


def flat(vectors: Vectors) -> Any:
    """A FAISS index that compares every row."""
    import faiss

    if vectors.ndim != 2:
        raise ValueError(f"vectors must be (n, dim), got shape {vectors.shape}")
    engine = faiss.IndexScalarQuantizer(
        vectors.shape[1], faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT
    )
    engine.train(vectors)
    engine.add(vectors)
    return engine


def lists(vectors: Vectors, queries: Vectors) -> Any:
    """A FAISS index that finds the ten nearest of `queries` (m, dim) almost as surely as the flat one.

    Lists are cells of k-means; how many of them a search visits is the least
    that reaches the recall aimed at, and is kept in the file.
    """
    import faiss

    dim, cells = vectors.shape[1], max(1, len(vectors) // _PER_LIST)
    centres = faiss.IndexFlatIP(dim)
    engine = faiss.IndexIVFScalarQuantizer(
        centres, dim, cells, faiss.ScalarQuantizer.QT_fp16, faiss.METRIC_INNER_PRODUCT, False
    )
    engine.cp.niter, engine.cp.max_points_per_centroid, engine.cp.seed = 8, 64, 1
    engine.cp.min_points_per_centroid = 1
    engine.train(vectors)
    engine.add(vectors)
    engine.nprobe = _visits(engine, vectors, queries[:_SAMPLE], cells)
    return engine


def _visits(engine: Any, vectors: Vectors, queries: Vectors, cells: int) -> int:
    truth = flat(vectors).search(queries, 10)[0]
    for visits in (8, 12, 16, 24, 32, 48, 64, 96, 128, 192):
        if visits >= cells:
            break
        engine.nprobe = visits
        if recall(engine.search(queries, 10)[0], truth) >= _RECALL:
            return visits
    return cells


def recall(found: Vectors, truth: Vectors) -> float:
    """Mean share of the k nearest that were found; cosines (m, k) of what was found, and of the nearest.

    By cosines, not by rows: of passages that are word for word the same, any will do.
    """
    if truth.size == 0:
        return 1.0
    return float((found >= truth[:, -1:] - _SAME).mean())


def is_lists(engine: Any) -> bool:
    """Whether a FAISS index visits only some of its rows."""
    return hasattr(engine, "nprobe")


def reconstruct(engine: Any, rows: Rows) -> Vectors:
    """Stored vectors of some rows of a FAISS index, float32 (len(rows), dim)."""
    if len(rows) == 0:
        return np.zeros((0, engine.d), np.float32)
    return np.asarray(engine.reconstruct_batch(rows), np.float32)


def halved(vectors: Vectors) -> Vectors:
    """Vectors as the index keeps them: rounded to half precision, as float32."""
    return vectors.astype(np.float16).astype(np.float32)


def save(engine: Any, path: Path) -> Path:
    """Write a FAISS index to one file. Raises OSError."""
    import faiss

    try:
        faiss.write_index(engine, str(path))
    except RuntimeError as error:  # FAISS tells every failed write so
        raise OSError(errno.ENOSPC if "No space" in str(error) else errno.EIO, str(error)) from error
    return path


def load(path: Path) -> Any:
    """Open an index whose checksum was verified before: FAISS itself does not notice flipped bits.

    The file is mapped: it must not change while it is open.
    """
    import faiss

    engine = faiss.read_index(str(path), faiss.IO_FLAG_MMAP_IFC | faiss.IO_FLAG_READ_ONLY)
    if is_lists(engine):
        engine.make_direct_map()
    return engine


def _best(found: Sequence[tuple[Rows, Vectors]], k: int) -> tuple[Rows, Vectors]:
    rows = np.concatenate([rows for rows, _ in found]) if found else np.zeros(0, np.int64)
    scores = np.concatenate([scores for _, scores in found]) if found else np.zeros(0, np.float32)
    best = np.argsort(-scores, kind="stable")[:k]
    return rows[best], scores[best]


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(cores(), thread_name_prefix="vectors", initializer=_one_core)


def _one_core() -> None:
    """Let a thread use one core: the others have their own."""
    import faiss

    faiss.omp_set_num_threads(1)


@contextmanager
def _alone() -> Iterator[None]:
    """Search in this thread: for few rows, waiting for other threads takes longer than the work."""
    import faiss

    before = faiss.omp_get_max_threads()
    _one_core()
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _search(part: Part, query: Vectors, k: int, allowed: Mask | None, visits: int) -> tuple[Rows, Vectors]:
    import faiss

    admitted = part.alive
    if allowed is not None:
        inside = allowed[part.first : part.first + part.size]
        admitted = inside if admitted is None else inside & admitted
    k = min(k, part.size if admitted is None else int(admitted.sum()))
    if k == 0 or (is_lists(part.engine) and visits == 0):
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    chosen = None
    bits = None if admitted is None else np.packbits(admitted, bitorder="little")
    if bits is not None:
        chosen = faiss.IDSelectorBitmap(bits)
    parameters = None
    if is_lists(part.engine):
        parameters = faiss.SearchParametersIVF(sel=chosen, nprobe=visits)
    elif chosen is not None:
        parameters = faiss.SearchParameters(sel=chosen)
    scores, rows = part.engine.search(query[None, :], k, params=parameters)
    found = rows[0] >= 0
    return rows[0][found] + part.first, scores[0][found]


def _centres(engine: Any) -> Vectors:
    """Centres of an index's lists, float32 (lists, dim), in no promised order."""
    if not is_lists(engine):
        return np.zeros((0, engine.d), np.float32)
    return np.asarray(engine.quantizer.reconstruct_n(0, engine.nlist), np.float32)
