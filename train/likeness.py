"""Reports of one topic: for pages on which every story speaks of the same thing."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from eval.manuscript import Manuscript
from index.cohesion import bag, cohesion

_SIZE = 8  # reports of a group
_SAMPLE = 400  # reports that a group is chosen from


def groups(found: Sequence[Manuscript], draw: random.Random) -> Iterator[list[Manuscript]]:
    """Endless groups: a report and those of a sample that are the most like it."""
    while True:
        sample = draw.sample(list(found), min(_SAMPLE, len(found)))
        bags = [bag(report.title + report.body) for report in sample]
        near = sorted(range(len(sample)), key=lambda at: -cohesion(bags[0], bags[at]))
        yield [sample[at] for at in near[:_SIZE]]
