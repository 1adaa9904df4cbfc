"""Lines that were put together though they are of different sentences.

A column that follows another, a pull quote inside a sentence, a title below half a line: only the words tell.
So a joint is broken where one of its sides goes on far better with an end or a beginning elsewhere on
the page. Found by the likeliest assignment of its ends and beginnings, joints that are there having a
great advance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from index.assignment import assignment
from index.joiner import joiner

_OWN = 7.5  # log odds by which a joint is likelier to be right before its words are read
_LEAST = -3.0  # log odds that an end and a beginning elsewhere need
_MOST = 250_000  # pairs of a page that are compared


def parted(ends: Sequence[str], begins: Sequence[str], joined: Mapping[int, int]) -> dict[int, int]:
    """Beginnings by the ends that they go on with better than with what they are joined to.

    `joined` holds, by number, beginnings that stand right behind ends.
    """
    if not ends or not begins or len(ends) * len(begins) > _MOST:
        return {}
    odds = joiner().odds(ends, begins)
    gains = np.where(odds > _LEAST, odds - _LEAST, -np.inf)
    for end, begin in joined.items():
        gains[end, begin] = max(0.0, odds[end, begin] - _LEAST + _OWN)
    return {end: begin for end, begin in assignment(gains).items() if joined.get(end) != begin}
