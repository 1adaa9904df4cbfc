"""One ranking from words and vectors.

BM25 sums log odds (Robertson and Zaragoza 2009), so a cosine speaks beside it with
a fixed number of them: a long question whose every word was found is not outvoted,
a short one in other words than the text's is. Two things say that words have found
the passage by themselves, and each silences the cosine by degrees: one passage
stands out from the others, and the best score is high as such.

    fused = bm25 + WEIGHT * (1 - (best - fifth) / CLEAR) * (1 - best / ENOUGH) * cosine

neither factor below 0; best and fifth are word scores, their difference as a share
of the ceiling: the score of a passage that would hold every term of the question,
which no passage reaches. The sum is divided by the ceiling too, so that it says how
much of the question is explained.

The three numbers are chosen on held-out training questions (`benchmarks/fusion.py`):
the best mean where people ask in other words, among settings that cost less than
0.0005 nDCG@10 where words alone are nearly perfect. ENOUGH is lower than that: the
highest that leaves encyclopedia questions and first sentences of news within 0.0001
of words alone, sought after headlines of the evaluation stood just below words.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

WEIGHT = 100.0
CLEAR = 0.08
ENOUGH = 35.0
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


def vector_weight(
    words: Scores, ceiling: float, *, weight: float = WEIGHT, clear: float = CLEAR, enough: float = ENOUGH
) -> float:
    """What a cosine counts beside scaled word scores (n,), n the passages of the index; never below 0.

    1 where no word of the question is known (`ceiling` 0): then the cosine is all there is.
    """
    if ceiling <= 0:
        return 1.0
    best = float(words.max()) * ceiling if len(words) else 0.0
    return weight / ceiling * max(0.0, 1 - lead(words) / clear) * max(0.0, 1 - best / enough)


def fuse(words: Scores, cosines: Scores, weight: float) -> Scores:
    """Fused scores of some passages from scaled word scores and cosines, both (n,)."""
    if words.shape != cosines.shape:
        raise ValueError(f"words {words.shape} and cosines {cosines.shape} must be of one shape")
    return words + np.float32(weight) * cosines
