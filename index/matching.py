"""Which broken halves of sentences belong together: the likeliest assignment of a page, found at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.assignment import assignment
from index.choices import Choices
from index.joints import circular
from index.weights import Network

Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two pieces that may be halves of one sentence, and the log odds that they are."""

    left: int
    right: int
    odds: float


def assigned(
    found: Choices,
    fitted: Network,
    least: float,
    allowed: Callable[[int, int], bool] = lambda left, right: True,
) -> dict[int, Pair]:
    """Pairs by their left halves: the assignment of the greatest sum of worth, each half in one pair.

    A pair is worth what it has over both halves standing alone; none is worth less than `least`. Its odds are
    against what else either half may do while all others stay as they are.
    """
    pairs = [pair for pair in found.pairs if allowed(*pair)]
    lefts, rights = sorted({left for left, _ in pairs}), sorted({right for _, right in pairs})
    if not pairs:
        return {}
    row, column = ({number: at for at, number in enumerate(own)} for own in (lefts, rights))
    table: Table = np.full((len(lefts), len(rights)), -np.inf)
    ends = fitted.all_sums([found.lefts[left] for left in lefts])
    begins = fitted.all_sums([found.rights[right] for right in rights])
    at = [row[left] for left, _ in pairs], [column[right] for _, right in pairs]
    together = fitted.all_sums([found.pairs[pair] for pair in pairs]) + ends[at[0]] + begins[at[1]]
    table[at] = fitted.worth(together) - fitted.worth(np.zeros(together.shape[1]))
    return _straight(table, assignment(table - least), lefts, rights)


def _straight(table: Table, chosen: dict[int, int], lefts: list[int], rights: list[int]) -> dict[int, Pair]:
    """The chosen cells as pairs, without those that would make a ring."""
    made: dict[int, Pair] = {}
    after: dict[int, int] = {}
    for at, to in sorted(chosen.items(), key=lambda cell: -table[cell]):
        if not circular(after, lefts[at], rights[to]):
            after[lefts[at]] = rights[to]
            made[lefts[at]] = Pair(lefts[at], rights[to], _odds(table, chosen, at, to))
    return made


def _odds(table: Table, chosen: Mapping[int, int], at: int, to: int) -> float:
    """Log odds of one cell against both halves alone or with others that are free."""
    taken = set(chosen.values())
    others = [table[at, other] for other in range(table.shape[1]) if other not in taken]
    above = [table[other, to] for other in range(table.shape[0]) if other not in chosen]
    return float(table[at, to]) - float(np.logaddexp.reduce([0.0, *others, *above]))
