"""Vectors of passages in FAISS: half-precision rows, exact while that is fast, beyond it by codes first.

Half precision loses less than 1e-3 of a cosine and halves memory and time
against float32. Rows have unit length, so that inner product is cosine and
higher is better. Files are mapped into memory, not read.

Which FAISS index a segment of rows gets (`benchmarks/vectors.py` prints the
measurements, docs/performance.md the table):

    archive of at most 32,768 rows, or segment of less than 16,384    flat, exact
    else    the same rows, and for each a code of half a byte for every two numbers

A search goes through all codes, which takes a tenth of the time of the rows, and
compares exactly those rows whose codes are nearest (Jégou, Douze and Schmid,
"Product quantization for nearest neighbor search", 2011; André, Kermarrec and Le
Scouarnec, "Cache locality is not enough: high-performance nearest neighbor search
with product quantization fast scan", 2015).
"""

from __future__ import annotations

import errno
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import threads

Vectors = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
Found = tuple[Rows, Vectors]  # rows, and their cosines

EXACT = 32_768  # rows of an archive up to which all its segments are searched exactly
LEAST = 16_384  # rows of a segment from which codes are worth it
_ALONE = 16_384  # rows of an archive below which threads cost more than they save
NUMBERS = 2  # of a vector that half a byte stands for
_TRAINED = 16_384  # rows that the codes of a segment are fitted to
_ROUNDS = 10  # of that fitting
_NEAREST = 200  # rows at least that each segment finds by codes
_COMPARED = 2  # times as many of all segments are compared exactly
_SAME = 1e-5  # cosines that differ by less are of equally near rows


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

    @property
    def rows(self) -> int:
        """Vectors that can be found."""
        return sum(part.size if part.alive is None else int(part.alive.sum()) for part in self.parts)

    @property
    def exact(self) -> bool:
        """Whether every search compares every vector."""
        return not any(is_coded(part.engine) for part in self.parts)

    def search(self, query: Vectors, k: int, allowed: Mask | None = None) -> Found:
        """The k nearest rows of one query (dim,), best first, and their cosines; fewer where there are fewer.

        `allowed` (rows,) admits rows; with it the search is exact.
        """
        return self.begin(query, k, allowed)()

    def begin(self, query: Vectors, k: int, allowed: Mask | None = None) -> Callable[[], Found]:
        """Begin a search; what is returned waits for the result of `search`.

        Parts of a large archive are searched on all cores, while the caller goes on with other work: FAISS
        leaves the interpreter free.
        """
        if sum(part.size for part in self.parts) < _ALONE:
            with _alone():
                near = [_search(part, query, k, allowed) for part in self.parts]
            return lambda: self._best(near, query, k)
        found = threads.begin(lambda part: _search(part, query, k, allowed), self.parts)
        return lambda: self._best(found(), query, k)

    def rows_of(self, rows: Rows) -> Vectors:
        """Stored vectors of some rows, float32 (len(rows), dim); zeros for rows that are in no part."""
        vectors = np.zeros((len(rows), self.dim), np.float32)
        for part in self.parts:
            inside = np.flatnonzero((rows >= part.first) & (rows < part.first + part.size))
            if len(inside):
                vectors[inside] = reconstruct(part.engine, rows[inside] - part.first)
        return vectors

    def _best(self, found: Sequence[tuple[Found, bool]], query: Vectors, k: int) -> Found:
        """The k nearest of what the parts brought; what they found by codes alone is compared exactly."""
        near, _ = _highest([one for one, exact in found if not exact], _COMPARED * max(k, _NEAREST))
        compared = near, self.rows_of(near) @ query
        return _highest([*(one for one, exact in found if exact), compared], k)


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


def coded(vectors: Vectors, *, numbers: int = NUMBERS) -> Any:
    """The flat FAISS index of float32 (n, dim) rows, with short codes that are searched before it.

    Half a byte stands for so many `numbers`. Raises ValueError where they do not make up `dim`.
    """
    import faiss

    dim = vectors.shape[1]
    if dim % numbers:
        raise ValueError(f"vectors must have a multiple of {numbers} numbers, got {dim}")
    codes = faiss.IndexPQFastScan(dim, dim // numbers, 4, faiss.METRIC_INNER_PRODUCT)
    codes.pq.cp.niter, codes.pq.cp.seed, codes.pq.cp.min_points_per_centroid = _ROUNDS, 1, 1
    codes.train(vectors[:: max(1, len(vectors) // _TRAINED)])
    codes.add(vectors)
    return faiss.IndexRefine(codes, flat(vectors))


def recall(found: Vectors, truth: Vectors) -> float:
    """Mean share of the k nearest that were found; cosines (m, k) of what was found, and of the nearest.

    By cosines, not by rows: of passages that are word for word the same, any will do.
    """
    if truth.size == 0:
        return 1.0
    return float((found >= truth[:, -1:] - _SAME).mean())


def is_coded(engine: Any) -> bool:
    """Whether a FAISS index has codes that are searched before its rows."""
    return hasattr(engine, "refine_index")


def can_be_coded(dim: int, rows: int) -> bool:
    """Whether a segment of so many rows is worth codes, and `coded` takes vectors of that length."""
    return rows >= LEAST and dim % NUMBERS == 0


def reconstruct(engine: Any, rows: Rows) -> Vectors:
    """Stored vectors of some rows of a FAISS index, float32 (len(rows), dim)."""
    if len(rows) == 0:
        return np.zeros((0, engine.d), np.float32)
    return np.asarray(_rows_of(engine).reconstruct_batch(rows), np.float32)


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
    if _is_lists(engine):
        engine.make_direct_map()
    return engine


def _highest(found: Sequence[Found], k: int) -> Found:
    rows = np.concatenate([rows for rows, _ in found]) if found else np.zeros(0, np.int64)
    scores = np.concatenate([scores for _, scores in found]) if found else np.zeros(0, np.float32)
    best = np.argsort(-scores, kind="stable")[:k]
    return rows[best], scores[best]


@contextmanager
def _alone() -> Iterator[None]:
    """Search in this thread: for few rows, waiting for other threads takes longer than the work."""
    import faiss

    before = faiss.omp_get_max_threads()
    threads.one_core()
    try:
        yield
    finally:
        faiss.omp_set_num_threads(before)


def _search(part: Part, query: Vectors, k: int, allowed: Mask | None) -> tuple[Found, bool]:
    """The k nearest rows of a part, and whether their cosines are exact."""
    if is_coded(part.engine) and allowed is None:
        rows, scores = _found(part.engine.base_index, query, min(max(k, _NEAREST), part.size), None)
        kept = slice(None) if part.alive is None else part.alive[rows]
        # Where most of the nearest are gone, it is not known what comes after them.
        if len(rows[kept]) >= len(rows) / 2:
            return (rows[kept] + part.first, scores[kept]), False
    admitted = part.alive
    if allowed is not None:
        inside = allowed[part.first : part.first + part.size]
        admitted = inside if admitted is None else inside & admitted
    k = min(k, part.size if admitted is None else int(admitted.sum()))
    rows, scores = _found(_rows_of(part.engine), query, k, admitted)
    return (rows + part.first, scores), True


def _found(engine: Any, query: Vectors, k: int, admitted: Mask | None) -> Found:
    """What a FAISS index finds among the rows admitted; every row of it is compared."""
    import faiss

    if k == 0:
        return np.zeros(0, np.int64), np.zeros(0, np.float32)
    bits = None if admitted is None else np.packbits(admitted, bitorder="little")
    chosen = None if bits is None else faiss.IDSelectorBitmap(bits)
    parameters = None
    if _is_lists(engine):
        parameters = faiss.SearchParametersIVF(sel=chosen, nprobe=engine.nlist)
    elif chosen is not None:
        parameters = faiss.SearchParameters(sel=chosen)
    scores, rows = engine.search(query[None, :], k, params=parameters)
    there = rows[0] >= 0
    return rows[0][there], scores[0][there]


def _rows_of(engine: Any) -> Any:
    """The FAISS index of the rows themselves."""
    import faiss

    return faiss.downcast_index(engine.refine_index) if is_coded(engine) else engine


def _is_lists(engine: Any) -> bool:
    """Whether rows stand in inverted lists, as they did in indexes of an earlier version: all are visited."""
    return hasattr(engine, "nprobe")
