"""Whether two pieces of text speak of the same things: shared character pairs, rare ones weighing more."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from index.characters import characters

_HAN = re.compile(r"[\u3400-\u9fff]{2,}")
_COMMON = 6.0  # a pair seen once in e^6 characters or more often says nothing


@dataclass(frozen=True, slots=True)
class Bag:
    """The different Han character pairs of a text, and what they weigh together."""

    pairs: frozenset[str] = frozenset()
    mass: float = 0.0


EMPTY = Bag()


@lru_cache(maxsize=4096)
def bag(text: str) -> Bag:
    """The pairs of a text."""
    return _weighed(frozenset(run[at : at + 2] for run in _HAN.findall(text) for at in range(len(run) - 1)))


def merged(bags: Iterable[Bag]) -> Bag:
    """The pairs that are in any of the bags."""
    return _weighed(frozenset().union(*(one.pairs for one in bags)))


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
    return math.fsum(map(_weight, one.pairs & other.pairs))  # the same in whatever order


def _weighed(pairs: frozenset[str]) -> Bag:
    return Bag(pairs, math.fsum(map(_weight, pairs)))


@lru_cache(maxsize=400_000)
def _weight(pair: str) -> float:
    return max(0.0, characters().rarity(pair) - _COMMON) ** 2
