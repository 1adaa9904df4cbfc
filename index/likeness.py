"""How alike a unit and an article are, by the pairs of characters that they share and by their vectors."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import chain

import numpy as np
import numpy.typing as npt

from index.characters import characters
from index.meaning import Vector, cosines, end_of, meaning
from index.units import Unit
from index.weights import Features

_WINDOW = 3  # units on either side that tell whether the text turns to something else
_ALPHA = 2000.0  # how many pairs the text's own words weigh less than the language's, see `Topics`
_FADING = 0.6  # how much less each earlier unit counts in what an article spoke of last
_BRIEF = 40  # characters below which a unit's own vector tells little

Pairs = npt.NDArray[np.float32]  # one where a pair of characters occurs, else zero
Table = npt.NDArray[np.float64]

# Odds are cut into pieces below zero, up to five, and beyond; cosines up to .3, beyond, and beside the usual.
_LEAST = np.array([[-15.0, 0.0, 0.0]] * 2 + [[-np.inf, 0.0, -0.4]] * 3)
_MOST = np.array([[0.0, 5.0, 15.0]] * 2 + [[0.3, np.inf, 0.4]] * 3)
_PARTS = np.array([[0.2, 0.2, 0.1]] * 2 + [[5.0, 5.0, 5.0]] * 3)
_OFFSETS = np.array([[0.0, 0.0, 0.0]] * 2 + [[-1.0, 0.0, 0.0]] * 3)


@dataclass(frozen=True, slots=True)
class About:
    """What an article so far speaks of. `size` counts its pairs, `recent` is mostly of its last units."""

    pairs: Pairs
    size: int
    whole: Vector
    recent: Vector


class Topics:
    """Which units speak of the same things.

    By pairs of characters: the Bayes factor of one Dirichlet-multinomial for both texts against one for each
    (Eisenstein and Barzilay 2008), over different pairs, the prior being their frequency in the language.
    Only pairs that stand in two units of a page can matter; they are the columns of a matrix. By meaning:
    cosines of vectors.
    """

    def __init__(self, found: Sequence[Unit]) -> None:
        seen = Counter(chain.from_iterable(unit.bag.pairs for unit in found))
        shared = {pair: column for column, pair in enumerate(sorted(p for p in seen if seen[p] > 1))}
        self.sizes = [len(unit.bag.pairs) for unit in found]
        self.weights = _gains_of(shared)
        self.rows: Pairs = np.zeros((len(found), len(shared)), dtype=np.float32)
        for number, unit in enumerate(found):
            self.rows[number, [shared[pair] for pair in unit.bag.pairs if pair in shared]] = 1.0
        heads = [unit.head for unit in found]
        ends = [end_of(heads, number) for number in range(len(found))]
        ahead = np.array([self.rows[at:end].max(axis=0) for at, end in enumerate(ends)])
        self.asking_pairs = np.stack([self.rows, ahead.reshape(self.rows.shape)], axis=1) * self.weights
        self.sizes_ahead = [sum(self.sizes[at:end]) for at, end in enumerate(ends)]
        self.meaning = meaning([unit.text for unit in found], heads)
        self.asking = np.stack([self.meaning.own, self.meaning.ahead], axis=1)
        self.brief = [len(unit.text) < _BRIEF for unit in found]
        self.shifts = np.array([[0.0, 0.0, 5.0]] * 2 + [[0.0, 0.3, self.meaning.usual]] * 3)

    def alone(self, number: int) -> About:
        """What an article that a unit begins speaks of."""
        own = self.meaning.own[number]
        return About(self.rows[number], self.sizes[number], own, own)

    def grown(self, about: About, number: int) -> About:
        """What an article speaks of when it has one more unit."""
        own = self.meaning.own[number]
        return About(
            np.maximum(about.pairs, self.rows[number]),
            about.size + self.sizes[number],
            about.whole + own,
            _FADING * about.recent + own,
        )

    def turn(self, number: int, found: Sequence[Unit]) -> float:
        """Log odds that the text before a unit, back to a headline, and that from it on speak of the same."""
        before, after = number, number
        while before > 0 and number - before < _WINDOW and not found[before - 1].head:
            before -= 1
        while after < len(found) and found[after].head:
            after += 1
        while after < len(found) and after - number < _WINDOW + 2 and not found[after].head:
            after += 1
        if before == number or after == number:
            return 0.0
        left, right = self.rows[before:number].max(axis=0), self.rows[number:after].max(axis=0)
        sizes = sum(self.sizes[before:number]), sum(self.sizes[number:after])
        return float((left * right) @ self.weights) - _mass(sum(sizes)) + _mass(sizes[0]) + _mass(sizes[1])

    def table(self, number: int, held: Sequence[About]) -> Table:
        """How alike a unit and each of the articles are: one row for each, columns as `names` tells.

        Log odds of one source for the unit, and for all that it begins; cosines of both with the article, and
        of the latter with what the article spoke of last. Each is cut into pieces that are linear.
        """
        count, own, ahead = len(held), self.sizes[number], self.sizes_ahead[number]
        pairs = np.concatenate([about.pairs for about in held]).reshape(count, -1)
        spoken = np.concatenate([about.whole for about in held] + [about.recent for about in held])
        near = cosines(spoken.reshape(2 * count, -1), self.asking[number])
        amounts = np.empty((count, 5, 1))
        amounts[:, :2, 0] = pairs @ self.asking_pairs[number].T
        amounts[:, :2, 0] += [
            (_mass(own) + _mass(size) - _mass(own + size), _mass(ahead) + _mass(size) - _mass(ahead + size))
            for size in (about.size for about in held)
        ]
        amounts[:, 2:4, 0], amounts[:, 4, 0] = near[:count], near[count:, 1]
        pieces: Table = np.minimum(np.maximum(amounts - self.shifts, _LEAST), _MOST) * _PARTS + _OFFSETS
        return pieces.reshape(count, -1)

    def names(self, name: str, number: int) -> tuple[str, ...]:
        """Names of the columns of the unit's table."""
        return _names(name, self.brief[number])


@cache
def _names(name: str, brief: bool) -> tuple[str, ...]:
    odds = [
        f"{kind} topic {piece}" for kind in (name, f"{name} ahead") for piece in ("against", "for", "clear")
    ]
    kinds = (f"near{', brief' if brief else ''}", "near ahead", "turn")
    return (*odds, *(f"{name} {kind} {piece}" for kind in kinds for piece in ("low", "high", "than usual")))


def topic(name: str, odds: float) -> Features:
    """Piecewise linear in the odds: below zero, up to five, beyond."""
    return [
        (f"{name} topic against", max(-15.0, min(odds, 0.0)) / 5.0),
        (f"{name} topic for", max(0.0, min(odds, 5.0)) / 5.0),
        (f"{name} topic clear", max(0.0, min(odds - 5.0, 15.0)) / 10.0),
    ]


def _gains_of(pairs: Iterable[str]) -> Pairs:
    """What it gains, in log odds of one source, that both texts have a pair."""
    gains: Pairs = np.log1p(np.exp(characters().rarities(pairs)) / _ALPHA).astype(np.float32)
    return gains


@cache
def _mass(size: int) -> float:
    return math.lgamma(_ALPHA + size) - math.lgamma(_ALPHA)
