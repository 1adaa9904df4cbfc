"""One ranking from words and vectors.

BM25 scores are divided by the score of a passage that would hold every term of
the question, which no passage reaches: so they say how much of the question the
words explain. Where one passage stands out, words have found it and vectors are
silent; where many look alike, the words were not the text's own, and vectors
decide:

    fused = words + WEIGHT * max(0, 1 - (best - fifth) / CLEAR) * cosine

with the word scores of the best and the fifth passage. WEIGHT and CLEAR are
fitted on held-out training questions, outside the collections that are reported
(`benchmarks/fusion.py`): the best mean among the settings that cost at most
0.0005 nDCG@10 where words alone are nearly perfect.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WEIGHT = 1.0
CLEAR = 0.08
_OTHERS = 5  # the best is compared with the passage at this place

Scores = npt.NDArray[np.float32]


def scale(words: Scores, ceiling: float) -> Scores:
    """BM25 scores as shares of the score that a passage with every term would have, in [0, 1]."""
    return words if ceiling <= 0 else words / np.float32(ceiling)


def lead(words: Scores) -> float:
    """How far the best of scaled word scores (n,) stands out from the fifth, in [0, 1]."""
    if len(words) == 0:
        return 0.0
    others = words.min() if len(words) < _OTHERS else np.partition(words, -_OTHERS)[-_OTHERS]
    return float(words.max() - others)


def vector_weight(standing_out: float, *, weight: float = WEIGHT, clear: float = CLEAR) -> float:
    """What a cosine counts beside the words, given the best passage's lead."""
    return weight * max(0.0, 1 - standing_out / clear)


def fuse(words: Scores, cosines: Scores, weight: float) -> Scores:
    """Fused scores of some passages from scaled word scores and cosines, both (n,)."""
    if words.shape != cosines.shape:
        raise ValueError(f"words {words.shape} and cosines {cosines.shape} must be of one shape")
    return words + np.float32(weight) * cosines
