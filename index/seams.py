"""Lines that were put together though they are of different sentences.

A column that follows another, a pull quote inside a sentence, a title below half a line: only the words tell.
So a joint is broken where one of its sides goes on far better with an end or a beginning elsewhere on
the page. Found by the likeliest assignment of its ends and beginnings, joints that are there having a
great advance.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from index.assignment import assignment
from index.characters import characters
from index.joiner import joiner
from index.lines import Line
from index.shapes import ended, is_headline, opens_with_dateline

_DOUBTFUL = 0.0  # log odds of a joint, by the character model, below which it may be a wrong one
_OWN = 7.5  # log odds by which a joint is likelier to be right before its words are read
_LEAST = -3.0  # log odds that an end and a beginning elsewhere need
_MOST = 250_000  # pairs of a page that are compared


_AROUND = 4  # lines on either side of a joint that are read


@dataclass(frozen=True, slots=True)
class Group:
    """Lines that were put together; `running` where they are known as half of a sentence."""

    lines: Sequence[Line]
    running: bool = False


def broken(groups: Sequence[list[Line]]) -> list[Group]:
    """Lines that were put together, parted where they go on better with others of the page."""
    if all(len(group) == 1 for group in groups):
        return [Group(group) for group in groups]
    ends: list[tuple[int, int]] = []  # group and line of the last line before each end
    begins: list[tuple[int, int]] = []  # and of the first behind each beginning
    joined: dict[int, int] = {}
    for row, group in enumerate(groups):
        text = len(group) > 1 or not is_headline(group[0].text)
        if not text or group[0].level:
            continue
        if not opens_with_dateline(group[0].text):
            begins.append((row, 0))
        for at, line in enumerate(group):
            behind = at + 1 < len(group)
            doubtful = behind and characters().fit(line.text, group[at + 1].text) < _DOUBTFUL
            if not ended(line.text) and (doubtful or not behind):
                if behind:
                    joined[len(ends)] = len(begins)
                ends.append((row, at))
            if doubtful or (behind and ended(line.text)):
                begins.append((row, at + 1))
    tails = [_text(groups[row][max(0, at + 1 - _AROUND) : at + 1]) for row, at in ends]
    heads = [_text(groups[row][at : at + _AROUND]) for row, at in begins]
    found = parted(tails, heads, joined)
    left, right = {ends[end] for end in found}, {begins[begin] for begin in found.values()}
    parts = []
    for row, group in enumerate(groups):
        inside = (at for at in range(1, len(group)) if (row, at) in right or (row, at - 1) in left)
        for low, high in pairwise([0, *inside, len(group)]):
            parts.append(Group(group[low:high], (row, low) in right or (row, high - 1) in left))
    return parts


def _text(lines: Sequence[Line]) -> str:
    return "".join(line.text for line in lines)


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
