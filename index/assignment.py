"""Rows given to columns so that the sum of what the pairs gain is greatest."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def assignment(gains: npt.NDArray[np.floating[Any]]) -> dict[int, int]:
    """Columns by rows, each in one pair at most; a row or column goes without rather than lose."""
    from scipy.optimize import linear_sum_assignment

    rows, columns = gains.shape
    alone = np.full((rows, rows), -np.inf)  # a column for each row lets it go without
    np.fill_diagonal(alone, 0.0)
    chosen = zip(*linear_sum_assignment(np.hstack([gains, alone]), maximize=True), strict=True)
    return {int(row): int(column) for row, column in chosen if column < columns}
