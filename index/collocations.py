"""How often what one text ends with and what another begins with stand together in running text.

A text's end is a sum of vectors of its last characters and of their pairs and triples, so is a beginning, and
the product of both tells how well they go together (bags of n-grams: Bojanowski et al. 2017). What a network
has to work out, this remembers. Trained by `train/collocations.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.trigrams import NOTHING, Symbols

Reals = npt.NDArray[np.float32]
Ids = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class Grams:
    """The pairs and triples of symbols that have vectors, as sorted keys; `size` is the number of symbols."""

    pairs: npt.NDArray[np.int64]
    triples: npt.NDArray[np.int64]
    size: int

    def numbers(self, symbols: Symbols, left: bool) -> tuple[Ids, Ids, Ids]:
        """Numbers of the nearest symbols, of all pairs and of the nearest triple, for each row of symbols.

        Rows are in the order in which they are read, the symbol at the joint last, of the `left` side or of
        the right one. Numbers are from 0 for what is not known; the nearest come first.
        """
        near = symbols[:, ::-1]
        first, second = (near[:, 1:], near[:, :-1]) if left else (near[:, :-1], near[:, 1:])
        there = (first != NOTHING) & (second != NOTHING)
        pairs = np.where(there, first * self.size + second, -1)
        last = near[:, 0] if left else near[:, 2]
        whole = there[:, 0] & there[:, 1]
        triples = np.where(whole, pairs[:, 1 if left else 0] * self.size + last, -1)
        return near[:, :2] + 1, _numbered(pairs, self.pairs), _numbered(triples, self.triples)


def _numbered(keys: Symbols, known: npt.NDArray[np.int64]) -> Ids:
    at = np.minimum(np.searchsorted(known, keys), len(known) - 1)
    return np.where(known[at] == keys, at + 1, 0)


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """Vectors of one side: of single symbols, of pairs and of triples, the first of each of what is unknown.

    `near` and `place` say what those at each place count, `bend` and `turn` and `added` make words of a bag.
    """

    ones: Reals
    pairs: Reals
    triples: Reals
    near: Reals
    place: Reals
    bend: Reals
    turn: Reals
    added: Reals

    def vectors(self, numbers: tuple[Ids, Ids, Ids]) -> Reals:
        """A vector for each row of numbers."""
        ones, pairs, triples = numbers
        found: Reals = np.einsum("rpd,pd->rd", self.pairs[pairs], self.place, optimize=False)
        found += (self.ones[ones] * self.near).sum(axis=1)
        found += self.triples[triples]
        bent = np.maximum(found + self.bend, 0.0)
        told: Reals = found + bent @ self.turn.T + self.added
        return told


@dataclass(frozen=True, slots=True, eq=False)
class Collocations:
    """Both sides; the product of a vector of `left` and one of `right` is a natural logarithm."""

    grams: Grams
    left: Side
    right: Side

    def ends(self, symbols: Symbols) -> Reals:
        """Vectors of ends, by rows of symbols."""
        return self.left.vectors(self.grams.numbers(symbols, left=True))

    def beginnings(self, symbols: Symbols) -> Reals:
        """Vectors of beginnings, by rows of symbols read backwards."""
        return self.right.vectors(self.grams.numbers(symbols, left=False))


def collocations(arrays: Mapping[str, npt.NDArray[Any]], size: int) -> Collocations:
    """From the arrays of a file; tables of vectors are bytes with a scale for each row. Raises KeyError."""
    grams = Grams(arrays["pairs"].astype(np.int64), arrays["triples"].astype(np.int64), size)
    return Collocations(grams, _side(arrays, "left"), _side(arrays, "right"))


def _side(arrays: Mapping[str, npt.NDArray[Any]], name: str) -> Side:
    own = {part.removeprefix(f"{name}."): array for part, array in arrays.items() if part.startswith(name)}
    real = {part: array.astype(np.float32) for part, array in own.items()}
    tables = (real[part] * real[f"{part}.scale"][:, None] for part in ("ones", "pairs", "triples"))
    return Side(*tables, *(real[part] for part in ("near", "place", "bend", "turn", "added")))
