"""Whether the evidence carries an answer: a logistic model over the best sentence's features.

Its coefficients are fitted by `train/refusal.py` on questions with and without
an answer and stand in `rag/weights.json`; so does the threshold.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import numpy.typing as npt

from rag.features import FEATURES

Rows = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Weights:
    """A small network per use: hidden (features, units), tanh, then one logistic unit."""

    names: tuple[str, ...]
    mean: Rows
    scale: Rows
    hidden: Rows  # (features, units); no units: a plain logistic model
    hidden_bias: Rows
    out: Rows  # (features + units,)
    bias: float
    threshold: float

    def probability(self, rows: Rows) -> Rows:
        """Rows (n, features) to probabilities (n,)."""
        scaled = (rows - self.mean) / self.scale
        units = np.tanh(scaled @ self.hidden + self.hidden_bias)
        logits = np.concatenate([scaled, units], axis=1) @ self.out + self.bias
        return np.asarray(1.0 / (1.0 + np.exp(-np.clip(logits, -60, 60))), np.float32)

    def ordered(self, names: tuple[str, ...]) -> Weights:
        """Itself, once its features are the expected ones. Raises ValueError otherwise."""
        if self.names != names:
            raise ValueError(
                f"weights are for features {self.names}, the program measures {names}; run train/refusal.py"
            )
        return self


@cache
def load(use: str) -> Weights:
    """The weights of one use, `sentence` or `answerable`, from the package."""
    stored = json.loads(files("rag").joinpath("weights.json").read_text(encoding="utf-8"))[use]
    arrays = {
        key: np.asarray(stored[key], np.float32) for key in ("mean", "scale", "hidden", "hidden_bias", "out")
    }
    count = len(stored["names"])
    arrays["hidden"] = arrays["hidden"].reshape(count, -1)
    return Weights(
        tuple(stored["names"]), bias=float(stored["bias"]), threshold=float(stored["threshold"]), **arrays
    )


def confidence(rows: Rows, scores: Rows, best: int) -> float:
    """Probability that the archive answers the question, from its best sentence and the rest."""
    return float(load("answerable").probability(summary(rows, scores, best)[None, :])[0])


_MOST = ("pairs", "cosine", "words_soft", "reranked_alone")
SUMMARY = ("best", "margin", "mass", *(f"most_{name}" for name in _MOST))
_AT = [FEATURES.index(name) for name in _MOST]


def summary(rows: Rows, scores: Rows, best: int) -> Rows:
    """Features of a question, float32 (FEATURES and SUMMARY,): its best sentence's, how that stands out, and
    the most that any sentence has of what speaks for it.
    """
    ordered = np.sort(scores)[::-1]
    second = float(ordered[1]) if len(ordered) > 1 else 0.0
    more = [float(ordered[0]), float(ordered[0]) - second, float(ordered[:5].sum())]
    return np.concatenate([rows[best], np.asarray(more, np.float32), rows[:, _AT].max(axis=0)])
