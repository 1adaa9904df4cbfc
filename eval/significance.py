"""How sure a number is: bootstrap intervals, and the paired randomisation test.

Both are seeded, so that the same scores give the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

RESAMPLES = 10_000
_SEED = 20_231_130
_EXACT = 14  # questions that differ up to which all sign assignments are tried
_BLOCK = 500

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Interval:
    """A 95 % confidence interval."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Difference:
    """B minus A over the same n questions: mean, interval, two-sided p, questions that B won and lost."""

    mean: float
    interval: Interval
    p: float
    won: int
    lost: int
    n: int


def interval(values: Sequence[float]) -> Interval:
    """Percentile bootstrap of the mean (Efron 1979; Sakai 2006 for retrieval), resampling questions."""
    scores = np.asarray(values, np.float64)
    if len(scores) == 0:
        return Interval(0.0, 0.0)
    rng = np.random.default_rng(_SEED)
    means = np.concatenate(
        [
            scores[rng.integers(0, len(scores), (_BLOCK, len(scores)))].mean(axis=1)
            for _ in range(RESAMPLES // _BLOCK)
        ]
    )
    low, high = np.percentile(means, [2.5, 97.5])
    return Interval(float(low), float(high))


def paired(a: Mapping[str, float], b: Mapping[str, float]) -> Difference:
    """Compare two runs question by question.

    A question that only one of them has scores zero in the other. The test is
    Fisher's randomisation of signs (Smucker, Allan and Carterette 2007): exact
    where at most 14 questions differ, else 10,000 random assignments.
    """
    questions = sorted({*a, *b})
    differences = np.array([b.get(id_, 0.0) - a.get(id_, 0.0) for id_ in questions])
    return Difference(
        mean=float(differences.mean()) if questions else 0.0,
        interval=interval([float(value) for value in differences]),
        p=_p(differences[np.abs(differences) > 1e-12]),
        won=int((differences > 1e-12).sum()),
        lost=int((differences < -1e-12).sum()),
        n=len(questions),
    )


def auroc(positive: Sequence[float], negative: Sequence[float]) -> float:
    """Chance that a random positive scores above a random negative, ties half (Mann and Whitney 1947).

    0.5 where one of the two is empty.
    """
    if not positive or not negative:
        return 0.5
    high, low = np.asarray(positive)[:, None], np.asarray(negative)[None, :]
    return float((high > low).mean() + 0.5 * (high == low).mean())


def _p(differences: Values) -> float:
    n = len(differences)
    if n == 0:
        return 1.0
    observed = abs(differences.sum()) - 1e-12
    if n <= _EXACT:
        signs = 1 - 2 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
        return float((np.abs(signs @ differences) >= observed).mean())
    rng = np.random.default_rng(_SEED)
    extreme = 0
    for _ in range(RESAMPLES // _BLOCK):
        signs = rng.choice(np.array([-1, 1]), (_BLOCK, n))
        extreme += int((np.abs(signs @ differences) >= observed).sum())
    # the observed assignment is one of those that might have been drawn
    return (extreme + 1) / (RESAMPLES + 1)
