"""One ranking from words and vectors.

score = words / ideal + WEIGHT * cosine, where `ideal` is either the BM25 score
of the best passage or the score of a passage that holds every term of the
question; the choice and the weight are fitted on questions outside the sets
that are reported (`benchmarks/fusion.py`).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WEIGHT = 2.0

Scores = npt.NDArray[np.float32]


def scale(words: Scores) -> Scores:
    """Word scores as shares of the best one, in [0, 1]."""
    best = float(words.max(initial=0.0))
    return words if best <= 0 else words / np.float32(best)


def fuse(words: Scores, cosines: Scores, *, weight: float = WEIGHT) -> Scores:
    """Fused scores of some passages from scaled word scores and cosines, both (n,)."""
    if words.shape != cosines.shape:
        raise ValueError(f"words {words.shape} and cosines {cosines.shape} must be of one shape")
    return words + np.float32(weight) * cosines
