"""Which passages hold which term: immutable blocks of at most 65,536 passages, mapped into memory.

A block is one safetensors file of flat arrays. Terms are sorted numbers
(`termkeys`); the passages of term i are `rows[starts[i]:starts[i + 1]]`,
ascending, with how often each holds it in `counts`. Rows take two bytes and
counts mostly one, so that a posting is three bytes. Nothing in a block depends
on another: what BM25 needs to know of the whole archive is put in when a
question is asked.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.document import IndexDamaged
from index.termkeys import Keys, keys_of

MOST = 1 << 16  # passages of a block: a row must fit two bytes
_SORTED = 1 << 20  # postings that are sorted at a time
_MOST_COUNTED = 0xFFFF  # a term that one passage holds more often counts as often as that

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Block:
    """Postings of n passages, t terms and p pairs of the two."""

    keys: Keys  # (t,), ascending
    starts: npt.NDArray[np.uint32]  # (t + 1,)
    rows: npt.NDArray[np.uint16]  # (p,)
    counts: Array  # (p,), the narrowest unsigned type that holds them
    lengths: npt.NDArray[np.uint32]  # (n,), terms of each passage, repeated ones too

    @property
    def size(self) -> int:
        return len(self.lengths)

    def find(self, keys: Keys) -> npt.NDArray[np.int64]:
        """Place of each key in `keys`, -1 where the block does not hold it."""
        if len(self.keys) == 0:
            return np.full(len(keys), -1, np.int64)
        places = np.minimum(np.searchsorted(self.keys, keys), len(self.keys) - 1)
        return np.where(self.keys[places] == keys, places, -1)

    def save(self, path: Path) -> None:
        """Write the block to one file."""
        from safetensors.numpy import save_file

        save_file(
            {field.name: np.ascontiguousarray(getattr(self, field.name)) for field in fields(self)}, path
        )


def load(path: Path) -> Block:
    """Open a block that `save` wrote, whose checksum was verified; its arrays are mapped, not read."""
    return Block(**mapped(path))


def mapped(path: Path) -> dict[str, Array]:
    """Arrays of a safetensors file, mapped into memory read-only. Raises IndexDamaged when it is none."""
    data = np.memmap(path, np.uint8, "r").view(np.ndarray)
    try:
        begin = 8 + int(data[:8].view("<u8")[0])
        header = json.loads(data[8:begin].tobytes())
        header.pop("__metadata__", None)
        return {name: _array(data[begin:], **entry) for name, entry in header.items()}
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise IndexDamaged(f"{path} cannot be read: {error}; run `youju check`") from error


_TYPES = {"U8": "u1", "U16": "<u2", "U32": "<u4", "U64": "<u8", "I64": "<i8", "F32": "<f4", "F64": "<f8"}
_TYPES["F16"] = "<f2"


def _array(data: Array, *, dtype: str, shape: list[int], data_offsets: list[int]) -> Array:
    start, end = data_offsets
    return data[start:end].view(_TYPES[dtype]).reshape(shape)


def count(texts: Sequence[str]) -> Block:
    """The block of some texts, at most 65,536 of them; the n-th text is row n."""
    keys, places = keys_of(texts)
    # Numbers of terms and of texts in one integer: numpy sorts integers fastest.
    known, numbers = _numbered(keys)
    both = numbers << np.uint64(16) | places.astype(np.uint64)
    both.sort()
    first = np.flatnonzero(_new(both))
    often = np.minimum(np.diff(first, append=len(both)), _MOST_COUNTED)
    both = both[first]
    starts = np.append(np.flatnonzero(_new(both >> np.uint64(16))), len(both))
    return Block(
        keys=known,
        starts=starts.astype(np.uint32),
        rows=(both & np.uint64(0xFFFF)).astype(np.uint16),
        counts=_narrow(often),
        lengths=np.bincount(places, minlength=len(texts)).astype(np.uint32),
    )


def merge(blocks: Sequence[Block], places: Sequence[npt.NDArray[np.int64]], size: int) -> Block:
    """One block of `size` rows out of several, without their texts.

    `places` (n,) gives the new row of each old one, -1 for those left out. Rows
    that nothing is moved to are empty. Some terms are sorted at a time, so that
    memory beyond the blocks stays small. Raises ValueError when it would hold too many rows.
    """
    if size > MOST:
        raise ValueError(f"a block holds at most {MOST} passages, got {size}")
    lengths = np.zeros(size, np.uint32)
    for block, place in zip(blocks, places, strict=True):
        lengths[place[place >= 0]] = block.lengths[place >= 0]
    moved = [_moved(block, place) for block, place in zip(blocks, places, strict=True)]
    keys = np.sort(np.concatenate([np.zeros(0, np.uint64), *(block.keys for block in moved)]))
    known = keys[_new(keys)]
    numbers = [np.searchsorted(known, block.keys) for block in moved]
    holding = np.zeros(len(known) + 1, np.int64)
    for block, number in zip(moved, numbers, strict=True):
        holding[number + 1] += np.diff(block.starts)
    starts = np.cumsum(holding)
    total = int(starts[-1])
    rows = np.empty(total, np.uint16)
    counts = np.empty(total, np.result_type(np.uint8, *(block.counts.dtype for block in moved)))
    bounds = np.searchsorted(starts, np.arange(0, total, _SORTED), "right") - 1
    for first, last in pairwise([*np.unique(bounds).tolist(), len(known)]):
        packed = np.concatenate(
            [_packed(block, number, first, last) for block, number in zip(moved, numbers, strict=True)]
        )
        packed.sort()
        rows[starts[first] : starts[last]] = packed >> np.uint64(16) & np.uint64(0xFFFF)
        counts[starts[first] : starts[last]] = packed & np.uint64(0xFFFF)
    return Block(known, starts.astype(np.uint32), rows, counts, lengths)


def _moved(block: Block, place: npt.NDArray[np.int64]) -> Block:
    """A block with other rows, without those whose place is -1."""
    if (place >= 0).all():
        return replace(block, rows=place.astype(np.uint16)[block.rows])
    kept = (place >= 0)[block.rows]
    starts = np.concatenate([[0], np.cumsum(kept)])[block.starts]
    held = np.diff(starts) > 0
    return Block(
        keys=block.keys[held],
        starts=np.append(starts[:-1][held], starts[-1]).astype(np.uint32),
        rows=place[block.rows[kept]].astype(np.uint16),
        counts=block.counts[kept],
        lengths=block.lengths,
    )


def _packed(block: Block, numbers: npt.NDArray[np.int64], first: int, last: int) -> npt.NDArray[np.uint64]:
    """Postings of the terms numbered from `first` to `last`: number, row and count in one integer each."""
    some = slice(*np.searchsorted(numbers, [first, last]).tolist())
    bounds = block.starts[some.start : some.stop + 1].astype(np.int64)
    packed = np.repeat((numbers[some] - first).astype(np.uint64) << np.uint64(32), np.diff(bounds))
    inside = slice(int(bounds[0]), int(bounds[-1]))
    packed |= block.rows[inside].astype(np.uint64) << np.uint64(16)
    packed |= block.counts[inside].astype(np.uint64)
    return packed


class Builder:
    """Gathers texts that were counted into one block; the n-th text is row n."""

    def __init__(self) -> None:
        self.size = 0
        self._blocks: list[Block] = []

    def add(self, counted: Block) -> None:
        """Take the next texts in. Raises ValueError when the block would hold too many."""
        if self.size + counted.size > MOST:
            raise ValueError(f"a block holds at most {MOST} passages, got {self.size + counted.size}")
        self._blocks.append(counted)
        self.size += counted.size

    def finish(self) -> Block:
        """The block of everything that was added."""
        ends = np.cumsum([block.size for block in self._blocks])
        places = [np.arange(end - block.size, end) for block, end in zip(self._blocks, ends, strict=True)]
        return merge(self._blocks, places, self.size)


def _numbered(keys: Keys) -> tuple[Keys, npt.NDArray[np.uint64]]:
    """The different keys, ascending, and the place of each key among them."""
    order = np.argsort(keys)
    ordered = keys[order]
    new = _new(ordered)
    numbers = np.empty(len(keys), np.uint64)
    numbers[order] = np.cumsum(new, dtype=np.uint64) - np.uint64(1)
    return ordered[new], numbers


def _new(ordered: npt.NDArray[np.uint64]) -> npt.NDArray[np.bool_]:
    new = np.ones(len(ordered), np.bool_)
    new[1:] = ordered[1:] != ordered[:-1]
    return new


def _narrow(counts: Array) -> Array:
    return counts.astype(np.min_scalar_type(int(counts.max(initial=0))))
