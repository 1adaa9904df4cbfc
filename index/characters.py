"""How likely characters follow one another: a small trigram model shipped with the package.

It never decides what a text says, only where its pieces belong: whether one half of a sentence continues
another, and whether a number stood in a gap. Counted by `train/character_model.py`.
"""

from __future__ import annotations

import lzma
import math
import re
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index.document import ModelError
from index.encode import bundled
from index.trigrams import COUNTS, NOTHING, SMOOTHING, Placed, Reals, Symbols, Trigrams

NUMBER, WORD = "0", "a"
_UNKNOWN = 0
_REMEMBERED = 100_000  # log probabilities that are kept, some 20 MB
_LARGEST = 32 * 1024 * 1024  # bytes that the unpacked model may have
_SPACE = re.compile(r"\s+")
_NORMAL = (
    (_SPACE, ""),
    (re.compile(r"[0-9０-９]+(?:[.,．][0-9０-９]+)*"), NUMBER),
    (re.compile(r"[A-Za-zＡ-Ｚａ-ｚ]+"), WORD),
)
_COUNTS: tuple[float, ...] = tuple(COUNTS.tolist())
_TOKEN = re.compile(r"[0-9０-９]+(?:[.,．][0-9０-９]+)*|[A-Za-zＡ-Ｚａ-ｚ]+")  # what is one symbol
_NARROW = ",;:!?()"
_WIDE = str.maketrans(_NARROW, "，；：！？（）")
_PLAIN = re.compile(rf"[^\s0-9０-９A-Za-zＡ-Ｚａ-ｚ{_NARROW}]*")  # no character of it is read as another


@dataclass(frozen=True, slots=True, eq=False)
class Characters:
    """Counts as nested rows; see the training script. Probabilities are natural logarithms."""

    numbers: dict[str, int]
    ones: list[float]
    total: float
    pair_starts: Sequence[int]
    pair_ends: Sequence[int]
    pairs: Sequence[int]
    triple_starts: Sequence[int]
    triple_ends: Sequence[int]
    triples: Sequence[int]
    many: Trigrams  # the same for many questions at once
    codes: Symbols  # numbers by code point, the last for all beyond
    known: dict[tuple[int, int, int], float] = field(default_factory=dict)  # what was asked before
    written: dict[str, tuple[int, ...]] = field(default_factory=dict)  # symbols of texts asked for before

    def symbols(self, text: str) -> tuple[int, ...]:
        """The model's numbers of a text: white space left out, a number or Latin word one symbol."""
        found = self.written.get(text)
        if found is None:
            shown = text if _PLAIN.fullmatch(text) else _normal(text)
            found = tuple([self.numbers.get(letter, _UNKNOWN) for letter in shown])
            if len(self.written) >= _REMEMBERED // 5:
                self.written.clear()
            self.written[text] = found
        return found

    def placed(self, text: str) -> Placed:
        """The symbols of a text with their places; numbers or words with a blank between them are two."""
        points = _points(text)
        symbols = self._numbered(points)
        blank, inside = np.zeros((2, len(text)), bool)
        for match in _TOKEN.finditer(text):
            symbols[match.start()] = self.numbers[NUMBER if match.group()[0].isdigit() else WORD]
            inside[match.start() + 1 : match.end()] = True
        for match in _SPACE.finditer(text):
            blank[match.start() : match.end()] = True
        kept = ~(blank | inside)
        return Placed(symbols[kept], np.concatenate(([0], np.cumsum(kept))), points, blank, inside)

    def frequency(self, letter: str) -> float:
        """Logarithm of how often a character occurs in running text."""
        return math.log(self._one(self.numbers.get(letter, _UNKNOWN)))

    def rarity(self, pair: str) -> float:
        """How many natural logarithms rarer than everywhere two characters stand together."""
        count, _ = self._pair(self.numbers.get(pair[0], _UNKNOWN), self.numbers.get(pair[1], _UNKNOWN))
        return math.log(self.total / (count + 4.0))

    def rarities(self, pairs: Iterable[str]) -> Reals:
        """The rarities of many pairs."""
        symbols = self._numbered(_points("".join(pairs)))
        return self.many.rarities(symbols[::2], symbols[1::2])

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

    def follow(self, before: Sequence[int], after: Sequence[int]) -> float:
        """Log probability of `after` given `before`."""
        last = before[-1] if before else NOTHING
        earlier = before[-2] if len(before) > 1 else NOTHING
        total = 0.0
        for symbol in after:
            key = (earlier, last, symbol)
            known = self.known.get(key)
            if known is None:
                if len(self.known) >= _REMEMBERED:
                    self.known.clear()
                known = self.known[key] = math.log(self._next(earlier, last, symbol))
            total += known
            earlier, last = last, symbol
        return total

    def _numbered(self, points: npt.NDArray[np.uint32]) -> Symbols:
        return self.codes[np.minimum(points, len(self.codes) - 1)]

    def _next(self, earlier: int, last: int, symbol: int) -> float:
        probability = self._one(symbol)
        if last == NOTHING:
            return probability
        count, _ = self._pair(last, symbol)
        probability = (count + SMOOTHING[0] * probability) / (self.ones[last] + SMOOTHING[0])
        if earlier == NOTHING:
            return probability
        context, row = self._pair(earlier, last)
        if context == 0.0:
            return probability
        return (self._triple(row, symbol) + SMOOTHING[1] * probability) / (context + SMOOTHING[1])

    def _one(self, symbol: int) -> float:
        return self.ones[symbol] / self.total

    def _pair(self, first: int, second: int) -> tuple[float, int]:
        end = self.pair_starts[first + 1]
        row = bisect_left(self.pair_ends, second, self.pair_starts[first], end)
        if row < end and self.pair_ends[row] == second:
            return _COUNTS[self.pairs[row]], row
        return 0.0, -1

    def _triple(self, row: int, symbol: int) -> float:
        end = self.triple_starts[row + 1]
        at = bisect_left(self.triple_ends, symbol, self.triple_starts[row], end)
        if at < end and self.triple_ends[at] == symbol:
            return _COUNTS[self.triples[at]]
        return 0.0


def _points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def _normal(text: str) -> str:
    for pattern, replacement in _NORMAL:
        text = pattern.sub(replacement, text)
    return text.translate(_WIDE)


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
        pairs, triples = (
            _keys(arrays[f"{name}_rows"], arrays[f"{name}_ends"], len(ones)) for name in ("pair", "triple")
        )
    except (OSError, lzma.LZMAError, SafetensorError, KeyError, ValueError) as error:
        raise ModelError(f"{path}: the character model is damaged ({error}); install youju again") from error
    numbers = {letter: number for number, letter in enumerate(letters)}
    return Characters(
        numbers=numbers,
        ones=ones.tolist(),
        total=float(ones.sum()),
        # Single numbers are read out of views several times as fast as out of arrays.
        pair_starts=starts[0].data,
        pair_ends=arrays["pair_ends"].data,
        pairs=arrays["pairs"].data,
        triple_starts=starts[1].data,
        triple_ends=arrays["triple_ends"].data,
        triples=arrays["triples"].data,
        many=Trigrams(ones, pairs, arrays["pairs"], triples, arrays["triples"]),
        codes=_codes(numbers),
    )


def _keys(rows: npt.NDArray[Any], ends: npt.NDArray[Any], size: int) -> Symbols:
    keys: Symbols = np.repeat(np.arange(len(rows)), rows) * size + ends
    return keys


def _codes(numbers: dict[str, int]) -> Symbols:
    codes = np.full(ord(max(numbers)) + 2, _UNKNOWN)
    codes[[ord(letter) for letter in numbers]] = list(numbers.values())
    for narrow, wide in zip(_NARROW, _NARROW.translate(_WIDE), strict=True):
        codes[ord(narrow)] = numbers.get(wide, _UNKNOWN)
    return codes
