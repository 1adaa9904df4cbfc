"""The counts of the character model for many questions at once, as arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NOTHING = -1  # before the first symbol
SMOOTHING = (32.0, 16.0)  # weight of the shorter context, as if seen so often
COUNTS = np.exp2(np.arange(256) / 2)  # by how they are kept, as half powers of two

Symbols = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Trigrams:
    """Counts of single symbols, of pairs and of triples under rising keys.

    A pair's key is its first symbol times the number of symbols, plus its second; a triple's is the row of
    its first two times the number of symbols, plus its third.
    """

    ones: Reals
    pairs: Symbols
    pair_counts: npt.NDArray[np.uint8]
    triples: Symbols
    triple_counts: npt.NDArray[np.uint8]

    def logarithms(self, earlier: Symbols, last: Symbols, symbols: Symbols) -> Reals:
        """Log probability of each symbol after two others, `NOTHING` where there is none."""
        count = len(self.ones)
        probability = self.ones[symbols] / self.ones.sum()
        pair, _ = _counted(self.pairs, self.pair_counts, last * count + symbols)
        after = (pair + SMOOTHING[0] * probability) / (self.ones[last] + SMOOTHING[0])
        probability = np.where(last == NOTHING, probability, after)
        context, row = _counted(self.pairs, self.pair_counts, earlier * count + last)
        triple, _ = _counted(self.triples, self.triple_counts, row * count + symbols)
        after = (triple + SMOOTHING[1] * probability) / (context + SMOOTHING[1])
        found: Reals = np.log(np.where(context > 0.0, after, probability))
        return found

    def following(self, left: Symbols, right: Symbols) -> Reals:
        """Log probabilities of two symbols (axis 0) after two others; 0 of those that are not there."""
        found = self.logarithms(
            np.concatenate([left[0], left[1]]), np.concatenate([left[1], right[0]]), right.reshape(-1)
        )
        return np.where(right == NOTHING, 0.0, found.reshape(right.shape))

    def rarities(self, first: Symbols, second: Symbols) -> Reals:
        """How many natural logarithms rarer than everywhere two symbols stand together."""
        count, _ = _counted(self.pairs, self.pair_counts, first * len(self.ones) + second)
        found: Reals = np.log(self.ones.sum() / (count + 4.0))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Placed:
    """The symbols of a text and where they stand.

    For each place in the text, its end too, `before` counts the symbols that begin before it. `points` are
    the code points of the text, `blank` tells which are white space, `inside` which go on with a number or
    word.
    """

    symbols: Symbols
    before: Symbols
    points: npt.NDArray[np.uint32]
    blank: npt.NDArray[np.bool_]
    inside: npt.NDArray[np.bool_]


def _counted(keys: Symbols, counts: npt.NDArray[np.uint8], asked: Symbols) -> tuple[Reals, Symbols]:
    """Counts under the keys that are asked for and their rows; 0 and -1 under one that is not there."""
    order = np.argsort(asked)  # what stands side by side is found several times as fast
    rows = np.empty_like(order)
    rows[order] = np.searchsorted(keys[:-1], asked[order])
    found = keys[rows] == asked
    return np.where(found, COUNTS[counts[rows]], 0.0), np.where(found, rows, -1)
