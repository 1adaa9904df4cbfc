"""Whether two pieces of text speak of the same things: shared character pairs, rare ones weighing more."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache, lru_cache
from operator import add

import numpy as np

from index.characters import characters

_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_COMMON = 6.0  # a pair seen once in e^6 characters or more often says nothing
_REMEMBERED = 400_000  # pairs


@dataclass(frozen=True, slots=True)
class Bag:
    """The different Han character pairs of a text; `mass` is what they weigh together."""

    pairs: frozenset[str] = frozenset()

    @property
    def mass(self) -> float:
        return _mass(self.pairs)


EMPTY = Bag()


@lru_cache(maxsize=4096)
def bag(text: str) -> Bag:
    """The pairs of a text."""
    pairs: set[str] = set()
    for run in _HAN.findall(text):
        pairs.update(map(add, run, run[1:]))
    return Bag(frozenset(pairs))


def merged(bags: Iterable[Bag]) -> Bag:
    """The pairs that are in any of the bags."""
    return Bag(frozenset().union(*(one.pairs for one in bags)))


def cohesion(one: Bag, other: Bag) -> float:
    """Cosine of the weighted sets, from 0 to 1.

    On halves of news reports of 250 characters: 0.02 or more for 98 % of halves of the same report, less for
    98 % of halves of different ones.
    """
    scale = math.sqrt(one.mass * other.mass)
    return _shared(one, other) / scale if scale else 0.0


def coverage(title: Bag, body: Bag) -> float:
    """Share of the title's weight that the body holds."""
    return _shared(title, body) / title.mass if title.mass else 0.0


def _shared(one: Bag, other: Bag) -> float:
    return _sum(one.pairs & other.pairs)


@lru_cache(maxsize=4096)
def _mass(pairs: frozenset[str]) -> float:
    return _sum(pairs)


def _sum(pairs: frozenset[str]) -> float:
    """What pairs weigh together; what each weighs is kept."""
    weights = _weights()
    try:
        return math.fsum(map(weights.__getitem__, pairs))  # the same in whatever order
    except KeyError:
        return math.fsum(map(_weighed(pairs).__getitem__, pairs))


def weigh(bags: Iterable[Bag]) -> None:
    """Work out at once what all pairs of a page weigh: asked for bag by bag it takes longer."""
    _weighed(merged(bags).pairs)


def _weighed(pairs: frozenset[str]) -> dict[str, float]:
    """What pairs weigh, these and others."""
    weights = _weights()
    new = list(pairs.difference(weights))
    found = np.square(np.maximum(characters().rarities(new) - _COMMON, 0.0))
    weights.update(zip(new, found.tolist(), strict=True))
    if len(weights) > _REMEMBERED:
        _weights.cache_clear()  # others may still read the old ones
    return weights


@cache
def _weights() -> dict[str, float]:
    """What pairs weigh that were asked for before."""
    return {}
