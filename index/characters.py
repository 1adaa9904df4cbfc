"""How likely characters follow one another: a small trigram model shipped with the package.

It never decides what a text says, only where its pieces belong: whether one half of a sentence continues
another, and whether a number stood in a gap. Counted by `train/character_model.py`.
"""

from __future__ import annotations

import lzma
import math
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.document import ModelError
from index.encode import bundled

NUMBER, WORD = "0", "a"
_SMOOTHING = (32.0, 16.0)  # weight of the shorter context, as if seen so often
_UNKNOWN = 0
_REMEMBERED = 100_000  # log probabilities that are kept, some 20 MB
_LARGEST = 32 * 1024 * 1024  # bytes that the unpacked model may have
_NORMAL = (
    (re.compile(r"\s+"), ""),
    (re.compile(r"[0-9０-９]+(?:[.,．][0-9０-９]+)*"), NUMBER),
    (re.compile(r"[A-Za-zＡ-Ｚａ-ｚ]+"), WORD),
)
_WIDE = str.maketrans(",;:!?()", "，；：！？（）")


@dataclass(frozen=True, slots=True, eq=False)
class Characters:
    """Counts as nested rows; see the training script. Probabilities are natural logarithms."""

    numbers: dict[str, int]
    ones: list[float]
    total: float
    pair_starts: list[int]
    pair_ends: npt.NDArray[np.uint16]
    pairs: npt.NDArray[np.uint8]
    triple_starts: npt.NDArray[np.int64]
    triple_ends: npt.NDArray[np.uint16]
    triples: npt.NDArray[np.uint8]
    known: dict[tuple[int, int, int], float] = field(default_factory=dict)  # what was asked before
    written: dict[str, tuple[int, ...]] = field(default_factory=dict)  # symbols of texts asked for before

    def symbols(self, text: str) -> list[int]:
        """The model's numbers of a text: white space left out, a number or Latin word one symbol."""
        found = self.written.get(text)
        if found is None:
            shown = text
            for pattern, replacement in _NORMAL:
                shown = pattern.sub(replacement, shown)
            found = tuple(self.numbers.get(letter, _UNKNOWN) for letter in shown.translate(_WIDE))
            if len(self.written) >= _REMEMBERED // 5:
                self.written.clear()
            self.written[text] = found
        return list(found)

    def frequency(self, letter: str) -> float:
        """Logarithm of how often a character occurs in running text."""
        return math.log(self._one(self.numbers.get(letter, _UNKNOWN)))

    def rarity(self, pair: str) -> float:
        """How many natural logarithms rarer than everywhere two characters stand together."""
        count, _ = self._pair(self.numbers.get(pair[0], _UNKNOWN), self.numbers.get(pair[1], _UNKNOWN))
        return math.log(self.total / (count + 4.0))

    def fit(self, left: str, right: str, *, depth: int = 6) -> float:
        """Log odds that `right` goes on inside the sentence that `left` leaves open.

        Positive when the first characters of `right` are likelier after `left` than at the beginning of a
        sentence; `depth` characters of each side are looked at.
        """
        before, after = self.symbols(left[-3 * depth :])[-2:], self.symbols(right[: 3 * depth])[:depth]
        if not before or not after:
            return 0.0
        return self.follow(before, after) - self.follow([self.numbers["。"]], after)

    def gap(self, left: str, right: str) -> float:
        """Log odds that a number stood between `left` and `right` rather than nothing."""
        before, after = self.symbols(left[-12:])[-2:], self.symbols(right[:12])[:2]
        number = self.numbers[NUMBER]
        return self.follow(before, [number, *after]) - self.follow(before, after)

    def follow(self, before: list[int], after: list[int]) -> float:
        """Log probability of `after` given `before`."""
        sequence = before[-2:] + after
        total = 0.0
        for at in range(len(sequence) - len(after), len(sequence)):
            key = (sequence[at - 2] if at > 1 else -1, sequence[at - 1] if at else -1, sequence[at])
            known = self.known.get(key)
            if known is None:
                if len(self.known) >= _REMEMBERED:
                    self.known.clear()
                known = self.known[key] = math.log(self._next(sequence, at))
            total += known
        return total

    def _next(self, sequence: list[int], at: int) -> float:
        symbol = sequence[at]
        probability = self._one(symbol)
        if at == 0:
            return probability
        last = sequence[at - 1]
        count, row = self._pair(last, symbol)
        probability = (count + _SMOOTHING[0] * probability) / (self.ones[last] + _SMOOTHING[0])
        if at == 1:
            return probability
        context, row = self._pair(sequence[at - 2], last)
        if context == 0.0:
            return probability
        return (self._triple(row, symbol) + _SMOOTHING[1] * probability) / (context + _SMOOTHING[1])

    def _one(self, symbol: int) -> float:
        return self.ones[symbol] / self.total

    def _pair(self, first: int, second: int) -> tuple[float, int]:
        start, end = self.pair_starts[first], self.pair_starts[first + 1]
        row = start + int(self.pair_ends[start:end].searchsorted(second))
        if row < end and self.pair_ends[row] == second:
            return float(2.0 ** (int(self.pairs[row]) / 2)), row
        return 0.0, -1

    def _triple(self, row: int, symbol: int) -> float:
        start, end = int(self.triple_starts[row]), int(self.triple_starts[row + 1])
        at = start + int(self.triple_ends[start:end].searchsorted(symbol))
        if at < end and self.triple_ends[at] == symbol:
            return float(2.0 ** (int(self.triples[at]) / 2))
        return 0.0


@cache
def characters() -> Characters:
    """The model that the package ships with. Raises ModelError when it is missing or damaged."""
    path = bundled("characters") / "characters.safetensors.xz"
    if not path.exists():
        raise ModelError(f"{path}: the character model is missing from the installation; install youju again")
    return _loaded(path)


def _loaded(path: Path) -> Characters:
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = lzma.LZMADecompressor(memlimit=256 * 1024 * 1024).decompress(path.read_bytes(), _LARGEST)
        arrays: dict[str, Any] = load(data)
        letters = arrays["letters"].astype("<u4").tobytes().decode("utf-32-le")
        ones = np.exp2(arrays["ones"] / 2.0)
        starts = [
            np.concatenate(([0], np.cumsum(arrays[name], dtype=np.int64)))
            for name in ("pair_rows", "triple_rows")
        ]
    except (OSError, lzma.LZMAError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{path}: the character model is damaged ({error}); install youju again") from error
    return Characters(
        numbers={letter: number for number, letter in enumerate(letters)},
        ones=ones.tolist(),
        total=float(ones.sum()),
        pair_starts=starts[0].tolist(),
        pair_ends=arrays["pair_ends"],
        pairs=arrays["pairs"],
        triple_starts=starts[1],
        triple_ends=arrays["triple_ends"],
        triples=arrays["triples"],
    )
