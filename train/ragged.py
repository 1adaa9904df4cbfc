"""Texts as piece numbers, packed one after the other."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer


@dataclass(frozen=True, slots=True)
class Ragged:
    """Row i is ids[starts[i]:starts[i + 1]]; ids int32, starts int64 with one more entry than rows."""

    ids: np.ndarray
    starts: np.ndarray

    def __len__(self) -> int:
        return len(self.starts) - 1

    def row(self, number: int) -> np.ndarray:
        return self.ids[self.starts[number] : self.starts[number + 1]]

    def take(self, rows: np.ndarray) -> Ragged:
        """The rows asked for, in that order, packed."""
        sizes = self.starts[rows + 1] - self.starts[rows]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        at = np.arange(starts[-1]) + np.repeat(self.starts[rows] - starts[:-1], sizes)
        return Ragged(self.ids[at], starts)

    def thin(self, keep: float, chance: np.random.Generator) -> Ragged:
        """Every piece kept with the probability given; a row keeps at least its first piece."""
        kept = chance.random(len(self.ids)) < keep
        kept[self.starts[:-1][np.diff(self.starts) > 0]] = True
        sums = np.concatenate([[0], np.cumsum(kept)])
        return Ragged(self.ids[kept], sums[self.starts])

    def window(self, least: int, most: int, chance: np.random.Generator) -> tuple[Ragged, Ragged]:
        """A random stretch of each row, and what is left of the row without it."""
        sizes = np.diff(self.starts)
        length = np.minimum(chance.integers(least, most + 1, len(sizes)), np.maximum(1, sizes // 2))
        first = (chance.random(len(sizes)) * (sizes - length + 1)).astype(np.int64)
        place = np.arange(len(self.ids)) - np.repeat(self.starts[:-1], sizes)
        inside = (place >= np.repeat(first, sizes)) & (place < np.repeat(first + length, sizes))
        parts = []
        for kept in (inside, ~inside):
            parts.append(Ragged(self.ids[kept], np.concatenate([[0], np.cumsum(kept)])[self.starts]))
        return parts[0], parts[1]


def join(parts: list[Ragged]) -> Ragged:
    """The rows of all parts, in order."""
    ends = np.cumsum([0] + [len(p.ids) for p in parts])
    starts = [p.starts[:-1] + end for p, end in zip(parts, ends[:-1], strict=True)]
    return Ragged(np.concatenate([p.ids for p in parts]), np.concatenate([*starts, ends[-1:]]))


def tokenize(tokenizer: Tokenizer, texts: list[str]) -> Ragged:
    """Piece numbers of the texts, without special pieces."""
    parts = []
    for at in range(0, len(texts), 4096):
        parts += [
            np.array(e.ids, np.int32)
            for e in tokenizer.encode_batch_fast(texts[at : at + 4096], add_special_tokens=False)
        ]
    sizes = np.array([len(p) for p in parts], np.int64)
    return Ragged(np.concatenate(parts), np.concatenate([[0], np.cumsum(sizes)]))
