"""One ranking from words and vectors.

BM25 scores are divided by the score of a passage that would hold every term of
the question, which no passage reaches: so they say how much of the question the
words explain. The best passage's share decides how much vectors may add: people
who use the text's own words are served by words, and what their words leave
open is left to the vectors.

    fused = words + WEIGHT * max(0, 1 - best / ENOUGH) * cosine

WEIGHT and ENOUGH are fitted on held-out training questions, outside the
collections that are reported (`benchmarks/fusion.py`): the best mean among the
settings that cost at most 0.0005 nDCG@10 where words alone are nearly perfect.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WEIGHT = 0.8
ENOUGH = 0.3

Scores = npt.NDArray[np.float32]


def scale(words: Scores, ceiling: float) -> Scores:
    """BM25 scores as shares of the score that a passage with every term would have, in [0, 1]."""
    return words if ceiling <= 0 else words / np.float32(ceiling)


def vector_weight(best: float, *, weight: float = WEIGHT, enough: float = ENOUGH) -> float:
    """What a cosine counts beside the words, given the best passage's share of the question."""
    return weight * max(0.0, 1 - best / enough)


def fuse(words: Scores, cosines: Scores, weight: float) -> Scores:
    """Fused scores of some passages from scaled word scores and cosines, both (n,)."""
    if words.shape != cosines.shape:
        raise ValueError(f"words {words.shape} and cosines {cosines.shape} must be of one shape")
    return words + np.float32(weight) * cosines
