"""Where a unit would go: what an article and the one above it look like when a unit is put into it."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

STAY, NEW, BACK = "stay", "new", "back"


class Situation(NamedTuple):
    """What tells of putting a unit of some kind into an article, but for likeness and halves of sentences."""

    choice: str
    kind: str
    leaves: bool = False  # the article above has no text yet
    state: str = ""  # of the article
    digits: int = 0  # -1 where numbers are lost in one of them, 1 where in both
    by: int = 0  # how far above the article ends
    bare: int = 0  # articles without text, for text
    again: bool = False  # the article has a headline that reads the same
    series: int = 0  # 1 where the unit goes on with a list or talk of the article, -1 of another one
    level: str = ""  # of a headline beside the article's own, for a new one that of the article above
    size: str = ""  # how long a headline is beside those of that article


@cache
def told(situation: Situation) -> tuple[tuple[str, float], ...]:
    """The features of a situation."""
    choice, kind, leaves, state, digits, by, bare, again, series, level, size = situation
    if choice == NEW:
        names = [f"new {kind} leaves a headline"] * leaves + [f"new {kind} level {level}"] * bool(level)
        names += [f"new {kind} though a series goes on"] * series + [f"new {kind} size {size}"] * bool(size)
        return tuple([(name, 1.0) for name in names])
    found = [f"{choice} {kind} to {state}"] + [f"{choice} {kind} level {level} to {state}"] * bool(level)
    if size:
        found.append(f"{choice} {kind} size {size}")
    if digits:
        found.append(f"{choice} {kind} digits lost in {'one' if digits < 0 else 'both'}")
    if series:
        found.append(f"{choice} {kind} series {'goes on' if series > 0 else 'of another'}")
    if choice == BACK:
        found.append(f"back {kind} by {by}")
        found += [f"back {kind} leaves a headline"] * leaves
        found += [f"back B, {bare} bare"] * (kind == "B") + ["back H again"] * again
    return tuple([(name, 1.0) for name in found])
