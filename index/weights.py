"""The fitted weights of the reader: what each feature of shape, topic or broken sentence counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache

from index.document import ModelError
from index.encode import bundled

Features = list[tuple[str, float]]  # names and values; a name may occur more than once


def value(fitted: Mapping[str, float], features: Iterable[tuple[str, float]]) -> float:
    """The weighted sum of features; those that the weights do not know count nothing."""
    total = 0.0
    for name, amount in features:
        total += fitted.get(name, 0.0) * amount
    return total


@cache
def weights() -> Mapping[str, float]:
    """The weights that the package ships with. Raises ModelError when they are missing or damaged."""
    path = bundled("sorting") / "sorting.json"
    if not path.exists():
        raise ModelError(f"{path}: the weights are missing from the installation; install youju again")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))["weights"]
        return {str(name): float(amount) for name, amount in found.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: the weights are damaged ({error}); install youju again") from error
