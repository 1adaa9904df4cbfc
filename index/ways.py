"""Ways of reading a page: which units are in which article so far, and what each article is like."""

from __future__ import annotations

from dataclasses import dataclass

from index.likeness import About
from index.units import ALIKE

_SHORT = 0.6  # of an article's own headline, what a section's has at most as a rule


@dataclass(frozen=True, slots=True)
class Held:
    """An article so far. `last` is its last unit, `sections` the headlines inside its text."""

    about: About
    last: int
    head: int = 0  # headlines above its text
    body: int = 0  # paragraphs
    sections: int = 0
    digits: int = 0  # 1 where its latest text has numbers, -1 where they are lost
    level: int = 0  # Markdown's, of the headline that stands highest
    title: int = 0  # characters of its longest headline
    section: int = 0  # characters of its last section's


@dataclass(frozen=True, slots=True)
class Way:
    """One way of reading a page down to some unit: the article of each, and what it is worth.

    `latest` are the articles that a unit may still go to, the last one added to first; `bare` holds the last
    headline of each article without text. Ways that put the same units into an article share it.
    """

    labels: tuple[int, ...] = ()
    held: tuple[Held, ...] = ()
    score: float = 0.0
    latest: tuple[int, ...] = ()
    bare: tuple[int, ...] = ()


def level_beside(level: int, held: Held | None) -> str:
    """Where a headline's level stands beside that of an article, nothing where one of them has none."""
    if held is None or not level or not held.level:
        return ""
    return "same" if level == held.level else "below" if level > held.level else "above"


def size_beside(size: int, held: Held | None) -> str:
    """How long a headline is beside those of an article that has text: its section's, or else its own."""
    if held is None or not held.body or not held.title:
        return ""
    if held.section:
        return f"{'as' if abs(size - held.section) <= ALIKE else 'not as'} its sections"
    return "short" if size <= _SHORT * held.title else "shorter" if size < held.title else "longer"


def state_of(held: Held) -> str:
    """What an article has so far: sections, text under a headline, text alone, or only headlines."""
    if held.sections:
        return "sections"
    if not held.body:
        return "bare"
    return "body" if held.head else "text"
