"""How likely the end of one text and the beginning of another are halves of one sentence.

Two small convolutional networks read towards the place where both would meet, one what stands before it, one
what stands behind, and a third compares what they say. What two characters on either side say comes from
the character model, which words stand together from `collocations`; the networks add grammar and sense.
Trained by `train/joiner.py`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.characters import characters
from index.collocations import Collocations, collocations
from index.document import ModelError
from index.encode import bundled
from index.threads import matrices_on_one_core
from index.trigrams import NOTHING, Symbols

SEEN = 20  # symbols of either side that are looked at
_EDGE = 60  # characters that hold so many symbols in running text
_CLIP = (-6.0, 9.0)  # what two symbols at a joint may say
_AT_ONCE = 4096  # pairs that are compared at once

Reals = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Sides:
    """Ends of texts, or beginnings.

    `said` is what each says (axis 0), `words` their vectors as `Collocations`; `symbols` holds in columns the
    two next to the joint, in the order of the text, `NOTHING` where there is none.
    """

    said: Reals
    words: Reals
    symbols: Symbols


@dataclass(frozen=True, slots=True, eq=False)
class Reader:
    """A convolutional network over the symbols of one side, in the order in which they are read.

    `letters` holds the symbols' vectors, that of `NOTHING` last, `first` what each adds to the first layer at
    each of its places; the other layers are tables and what is added.
    """

    letters: Reals
    first: tuple[Reals, ...]
    layers: tuple[tuple[Reals, Reals], ...]

    def states(self, symbols: Symbols) -> Reals:
        """What each row of `SEEN` symbols says, the one at the joint last."""
        count = symbols.shape[1] - len(self.first) + 1
        low = self.first[0][symbols[:, :count]]
        for at, table in enumerate(self.first[1:], 1):
            low += table[symbols[:, at : at + count]]
        low = np.maximum(low, 0.0, out=low)
        middle = self._layer(0, _windows(low, 4, 2))
        high = self._layer(1, _windows(middle, 4, 2))
        near = self.letters[symbols[:, -4:]]
        parts = [part.reshape(len(symbols), math.prod(part.shape[1:])) for part in (high, low[:, -1], near)]
        return self._layer(2, np.concatenate(parts, axis=1))

    def _layer(self, number: int, rows: Reals) -> Reals:
        table, added = self.layers[number]
        found = rows.reshape(-1, rows.shape[-1]) @ table
        found += added
        told: Reals = np.maximum(found, 0.0, out=found).reshape(*rows.shape[:-1], table.shape[1])
        return told


def _windows(rows: Reals, size: int, step: int) -> Reals:
    """Each `size` neighbours (axis 1) as one row."""
    count = rows.shape[1] - size + 1
    return np.concatenate([rows[:, at : at + count : step] for at in range(size)], axis=2)


@dataclass(frozen=True, slots=True, eq=False)
class Joiner:
    """The network; see `train/joiner.py`."""

    left: Reader
    right: Reader
    weights: dict[str, Reals]
    collocations: Collocations

    def ends(self, texts: Sequence[str]) -> Sides:
        """The ends of texts."""
        model = characters()
        symbols = _filled([model.symbols(text[-_EDGE:])[-SEEN:] for text in texts])
        return Sides(self.left.states(symbols), self.collocations.ends(symbols), symbols[:, -2:].T)

    def beginnings(self, texts: Sequence[str]) -> Sides:
        """The beginnings of texts."""
        model = characters()
        symbols = _filled([model.symbols(text[:_EDGE])[:SEEN][::-1] for text in texts])
        words = self.collocations.beginnings(symbols)
        return Sides(self.right.states(symbols), words, symbols[:, :-3:-1].T)

    def odds(self, ends: Sequence[str], beginnings: Sequence[str]) -> Reals:
        """Log odds that beginnings (axis 1) go on with ends (axis 0), against both being of others."""
        with matrices_on_one_core():
            return self.compared(self.ends(ends), self.beginnings(beginnings))

    def compared(self, ends: Sides, beginnings: Sides) -> Reals:
        """The same of what was read before."""
        left, right = self._mixed(ends, "ends"), self._mixed(beginnings, "begins")
        keys: Reals = ends.said @ self.weights["key.weight"].T
        keys *= np.float32(ends.said.shape[1] ** -0.5)
        found: Reals = keys @ beginnings.said.T
        rows = max(1, _AT_ONCE // max(1, len(right)))
        for at in range(0, len(left), rows):
            found[at : at + rows] += self._mixed_odds(left[at : at + rows, None] + right)
        known = self.weights["known.weight"][0]
        found += attraction(ends.symbols, beginnings.symbols) @ known[:2]
        found += ends.words @ beginnings.words.T * known[2]
        told: Reals = found - self._alone("end", left)[:, None] - self._alone("begin", right)
        return told

    def _mixed(self, sides: Sides, name: str) -> Reals:
        found: Reals = sides.said @ self.weights[f"{name}.weight"].T + self.weights[f"{name}.bias"]
        return found

    def _mixed_odds(self, mixed: Reals) -> Reals:
        own = self.weights
        deep = np.maximum(np.maximum(mixed, 0.0) @ own["inner.weight"].T + own["inner.bias"], 0.0)
        found: Reals = (deep @ own["last.weight"].T + own["last.bias"])[..., 0]
        return found

    def _alone(self, side: str, mixed: Reals) -> Reals:
        weight, bias = (self.weights[f"{side}_alone.{part}"] for part in ("weight", "bias"))
        found: Reals = (np.maximum(mixed, 0.0) @ weight.T + bias)[:, 0]
        return found


def attraction(left: Symbols, right: Symbols) -> Reals:
    """How much likelier the first two symbols of beginnings are after ends than as a sentence's beginning.

    By the last two symbols of ends and the first two of beginnings, each in columns: (ends, beginnings, 2),
    in natural logarithms; 0 of what is not there.
    """
    model, shape = characters(), (left.shape[1], right.shape[1])
    stop = np.repeat([[NOTHING], [model.numbers["。"]]], shape[1], axis=1)
    after = model.many.following(np.repeat(left, shape[1], axis=1), np.tile(right, shape[0]))
    odds = after.reshape(2, *shape) - model.many.following(stop, right)[:, None]
    odds[:, left[1] == NOTHING] = 0.0
    found: Reals = np.clip(np.moveaxis(odds, 0, 2), *_CLIP).astype(np.float32)
    return found


def _filled(rows: Sequence[Sequence[int]]) -> Symbols:
    """Rows of one length; `NOTHING` at the beginnings of short ones."""
    return np.array([[NOTHING] * (SEEN - len(row)) + list(row) for row in rows], np.int64).reshape(-1, SEEN)


@cache
def joiner() -> Joiner:
    """The network that the package ships with. Raises ModelError when it is missing or damaged."""
    return loaded(bundled("joiner"))


def loaded(folder: Path) -> Joiner:
    """The network of a folder. Raises ModelError when it is missing or damaged."""
    arrays = _arrays(folder / "joiner.safetensors")
    words = _arrays(folder / "collocations.safetensors")
    try:
        told = collocations(words, len(characters().ones))
        weights: dict[str, Any] = {name: array.astype(np.float32) for name, array in arrays.items()}
        letters = weights.pop("embed.weight")
        return Joiner(_reader(weights, "left", letters), _reader(weights, "right", letters), weights, told)
    except (KeyError, ValueError) as error:
        raise ModelError(f"{folder}: the network is damaged ({error}); install youju again") from error


def _arrays(path: Path) -> dict[str, Any]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    if not path.exists():
        raise ModelError(f"{path}: the network is missing from the installation; install youju again")
    try:
        arrays: dict[str, Any] = load_file(path)
        return arrays
    except (OSError, SafetensorError, ValueError) as error:
        raise ModelError(f"{path}: the network is damaged ({error}); install youju again") from error


def _reader(arrays: dict[str, Any], name: str, letters: Reals) -> Reader:
    size = letters.shape[1]
    table, added = (arrays.pop(f"{name}.first.{part}") for part in ("weight", "bias"))
    first = [letters @ table[:, at : at + size].T for at in range(0, table.shape[1], size)]
    first[0] += added
    layers = []
    for layer in ("second", "third", "last"):
        table, added = (arrays.pop(f"{name}.{layer}.{part}") for part in ("weight", "bias"))
        layers.append((np.ascontiguousarray(table.T), added))
    return Reader(letters, tuple(first), tuple(layers))
