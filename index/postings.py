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
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.document import IndexDamaged
from index.termkeys import Keys, keys_of

MOST = 1 << 16  # passages of a block: a row must fit two bytes
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


@dataclass(frozen=True, slots=True)
class Counted:
    """How often each of n texts holds which term: one line for every text and every term it holds."""

    keys: Keys
    rows: npt.NDArray[np.uint16]  # place of the text
    counts: npt.NDArray[np.uint16]
    lengths: npt.NDArray[np.uint32]  # (n,), terms of each text, repeated ones too


def count(texts: Sequence[str]) -> Counted:
    """Terms of some texts, at most 65,536 of them."""
    keys, places = keys_of(texts)
    # Numbers of terms and of texts in one integer: numpy sorts integers fastest.
    known, numbers = _numbered(keys)
    both = numbers << np.uint64(16) | places.astype(np.uint64)
    both.sort()
    first = np.flatnonzero(_new(both))
    often = np.minimum(np.diff(first, append=len(both)), _MOST_COUNTED).astype(np.uint16)
    both = both[first]
    rows = (both & np.uint64(0xFFFF)).astype(np.uint16)
    lengths = np.bincount(places, minlength=len(texts)).astype(np.uint32)
    return Counted(known[both >> np.uint64(16)], rows, often, lengths)


class Builder:
    """Gathers texts into one block; the n-th text is row n."""

    def __init__(self) -> None:
        self.size = 0
        self._parts: list[tuple[Keys, npt.NDArray[np.uint16], npt.NDArray[np.uint16]]] = []
        self._lengths: list[npt.NDArray[np.uint32]] = []

    @classmethod
    def of(cls, texts: Sequence[str]) -> Block:
        """The block of some texts."""
        builder = cls()
        builder.add(count(texts))
        return builder.finish()

    def add(self, counted: Counted) -> None:
        """Take the next texts in. Raises ValueError when the block would hold too many."""
        size = self.size + len(counted.lengths)
        if size > MOST:
            raise ValueError(f"a block holds at most {MOST} passages, got {size}")
        self._lengths.append(counted.lengths)
        self._parts.append((counted.keys, counted.rows + np.uint16(self.size), counted.counts))
        self.size = size

    def finish(self) -> Block:
        """The block of everything that was added."""
        return assemble(*_joined(self._parts), _flat(self._lengths, np.uint32))


def assemble(keys: Keys, rows: npt.NDArray[np.uint16], counts: Array, lengths: Array) -> Block:
    """A block from postings in any order."""
    known, numbers = _numbered(keys)
    packed = numbers << np.uint64(32)
    del numbers
    packed |= rows.astype(np.uint64) << np.uint64(16)
    packed |= counts.astype(np.uint64)
    packed.sort()
    starts = np.append(np.flatnonzero(_new(packed >> np.uint64(32))), len(packed))
    rows = (packed >> np.uint64(16)).astype(np.uint16)
    counts = packed.astype(np.uint16)
    return Block(
        keys=known,
        starts=starts.astype(np.uint32),
        rows=rows,
        counts=counts.astype(np.min_scalar_type(int(counts.max(initial=0)))),
        lengths=lengths,
    )


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


def merge(blocks: Sequence[Block], places: Sequence[npt.NDArray[np.int64]], size: int) -> Block:
    """One block of `size` rows out of several, without their texts.

    `places` (n,) gives the new row of each old one, -1 for those left out. Rows
    that nothing is moved to are empty.
    """
    if size > MOST:
        raise ValueError(f"a block holds at most {MOST} passages, got {size}")
    parts = []
    lengths = np.zeros(size, np.uint32)
    for block, place in zip(blocks, places, strict=True):
        kept = place >= 0
        lengths[place[kept]] = block.lengths[kept]
        moved = kept[block.rows]
        keys = np.repeat(block.keys, (block.starts[1:] - block.starts[:-1]).astype(np.int64))[moved]
        parts.append(
            (keys, place[block.rows[moved]].astype(np.uint16), block.counts[moved].astype(np.uint16))
        )
    return assemble(*_joined(parts), lengths)


def _joined(parts: Sequence[tuple[Array, Array, Array]]) -> tuple[Array, Array, Array]:
    keys, rows, counts = ([part[column] for part in parts] for column in range(3))
    return _flat(keys, np.uint64), _flat(rows, np.uint16), _flat(counts, np.uint16)


def _flat(parts: Sequence[Array], dtype: Any) -> Array:
    return np.concatenate(parts) if len(parts) else np.zeros(0, dtype)
