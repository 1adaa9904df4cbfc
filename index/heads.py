"""Headlines that stand above another article's text, and the text they belong to."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from index.cohesion import Bag, bag, cohesion, coverage, merged
from index.pieces import Piece
from index.runs import Run, gather

_APART = 0.012  # cohesion of two stretches from which on they may be of one article
_STRETCH = 300  # characters on either side that cohesion is taken of
_SHORT = 90  # characters below which cohesion says nothing
_BETTER = 0.2  # by how much better a headline must suit another text to be moved to it
_BEGINNINGS = ("topic", "dateline", "signed")  # runs that may be the beginning of an article
_FEW = 12  # runs before and after its place in which a headline's text is looked for


def sorted_heads(pieces: Sequence[Piece], runs: Sequence[Run], pairs: dict[int, int]) -> list[Run]:
    """The runs with each headline above its own text.

    A headline of a stack moves to text without a headline when it suits that text clearly better than the text
    it stands above. A run is cut between paragraphs for it only where its text turns to something else.
    """
    found = [part for run in runs for part in _parts(pieces, run, pairs)]
    for at, run in enumerate(found):
        if len(run.head) > 1 or (run.head and not run.body):
            _move(pieces, found, at)
    return _mended(pieces, found, pairs)


def _move(pieces: Sequence[Piece], found: list[Run], at: int) -> None:
    """Give one end of the stack to the text without a headline that it suits best, if any."""
    run = found[at]
    groups = _groups(pieces, run.head)
    titles = [bag("\n".join(pieces[row].text for row in group)) for group in groups]
    own = _reach(pieces, found, at)
    gains = [coverage(title, own) for title in titles]
    best = (_BETTER, -1, [0, 0])
    for other in range(max(0, at - _FEW), min(len(found), at + _FEW + 1)):
        if other == at or found[other].head or found[other].why not in _BEGINNINGS:
            continue
        there = _reach(pieces, found, other)
        better = [coverage(title, there) - gain for title, gain in zip(titles, gains, strict=True)]
        for low, high in _ends(len(groups), bool(run.body)):
            gain = sum(better[low:high]) / (high - low)
            if gain > best[0]:
                best = (gain, other, [low, high])
    _, other, (low, high) = best
    if other >= 0:
        moved = [row for group in groups[low:high] for row in group]
        found[other].head, found[other].why = moved, "headline"
        run.head = [row for row in run.head if row not in moved]


def _ends(count: int, keep: bool) -> list[tuple[int, int]]:
    """Beginnings and ends of a stack that may move away; all of it only where nothing stands below it."""
    ends = [(0, high) for high in range(1, count)] + [(low, count) for low in range(1, count)]
    return ends if keep else [*ends, (0, count)]


def _reach(pieces: Sequence[Piece], found: Sequence[Run], at: int) -> Bag:
    """What the article that begins at a run speaks of, as far as bare headings go."""
    bags = [found[at].bag]
    for run in found[at + 1 : at + 5]:
        if len(run.head) != 1 or pieces[run.head[0]].kind == "byline" or run.follows >= 0:
            break
        bags.append(run.bag)
    return merged(bags)


def _groups(pieces: Sequence[Piece], head: Sequence[int]) -> list[list[int]]:
    """A stack of headlines cut into single ones; a byline goes with the line above it."""
    groups: list[list[int]] = []
    for row in head:
        if pieces[row].kind == "byline" and groups:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _parts(pieces: Sequence[Piece], run: Run, pairs: dict[int, int]) -> list[Run]:
    """The run cut where its text turns to something else."""
    if len(run.body) < 2 or run.size < 2 * _SHORT:
        return [run]
    bags = [bag(pieces[row].text) for row in run.body]
    sizes = [len(pieces[row].text) for row in run.body]
    cuts = [
        at
        for at in range(1, len(run.body))
        if pairs.get(run.body[at - 1]) != run.body[at] and _turns(bags, sizes, at)
    ]
    if not cuts:
        return [run]
    edges = [0, *cuts, len(run.body)]
    parts = [gather(pieces, Run(body=run.body[low:high], why="topic")) for low, high in pairwise(edges)]
    parts[0].head, parts[0].why, parts[0].follows = run.head, run.why, run.follows
    return parts


def _turns(bags: Sequence[Bag], sizes: Sequence[int], at: int) -> bool:
    before, after = _stretch(sizes[:at][::-1]), _stretch(sizes[at:])
    if sum(sizes[at - before : at]) < _SHORT or sum(sizes[at : at + after]) < _SHORT:
        return False
    return cohesion(merged(bags[at - before : at]), merged(bags[at : at + after])) < _APART


def _stretch(sizes: Sequence[int]) -> int:
    """How many paragraphs make up a stretch."""
    total = 0
    for number, size in enumerate(sizes, 1):
        total += size
        if total >= _STRETCH:
            return number
    return len(sizes)


def _mended(pieces: Sequence[Piece], found: Sequence[Run], pairs: dict[int, int]) -> list[Run]:
    """Cuts that no headline asked for are undone, and runs know again which one they follow."""
    mended: list[Run] = []
    for run in found:
        if run.why == "topic" and not run.head and mended:
            mended[-1].body += run.body
            gather(pieces, mended[-1])
        elif run.head or run.body:
            mended.append(run)
    return follow(mended, pairs)


def follow(runs: list[Run], pairs: dict[int, int]) -> list[Run]:
    """Note for each run which one breaks off in the sentence it goes on with."""
    rights = {right: left for left, right in pairs.items()}
    where = {row: number for number, run in enumerate(runs) for row in run.body}
    for number, run in enumerate(runs):
        left = where.get(rights.get(run.body[0], -1), -1) if run.body else -1
        run.follows = left if left != number else -1
        if run.follows > number and run.head and not runs[run.follows].head:
            # A story's end was printed under its headline, before its beginning.
            run.head, runs[run.follows].head = [], run.head
    return runs
