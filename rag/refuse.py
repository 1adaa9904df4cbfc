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
        return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float32)

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


def summary(rows: Rows, scores: Rows, best: int) -> Rows:
    """Features of a question, float32 (features + 4,): its best sentence's, and how that stands out."""
    ordered = np.sort(scores)[::-1]
    second = float(ordered[1]) if len(ordered) > 1 else 0.0
    more = [float(ordered[0]), float(ordered[0]) - second, float(ordered[:5].sum()), float(rows[:, 0].max())]
    return np.concatenate([rows[best], np.asarray(more, np.float32)])


SUMMARY = ("best", "margin", "mass", "most_pairs")
