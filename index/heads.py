"""Headlines that stand above another article's text, and the text they belong to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from index.cohesion import Bag, bag, cohesion, coverage, merged
from index.pieces import Piece
from index.runs import Run, gather

_STRANGERS = 0.02  # cohesion of two stretches around which they may as well be of different articles
_APART = 0.03  # cohesion from which on a paragraph never begins another article
_TURN = 0.3  # what a clear turn of the text counts, against a title's share of words
_STRETCH = 300  # characters on either side that cohesion is taken of
_SHORT = 90  # characters below which cohesion says nothing
_BETTER = 0.45  # by how much better a headline must suit another text to be moved to it
_CERTAIN = 0.05  # the same where bylines show that several headlines are stacked
_BEGINNING = 0.3  # what it counts that a run looks like the beginning of an article
_BEGINNINGS = ("dateline", "signed")
_PAGE, _NEAR = 60, 2  # runs of the longest page; in longer files a headline's text is looked for close by
_FEW = 12  # runs before and after its place in which a headline's text is looked for


@dataclass(frozen=True, slots=True)
class _Place:
    """A paragraph where an article without a headline may begin."""

    run: int
    row: int  # of the run's body
    about: Bag
    turn: float  # how clearly the text turns to something else there


def sorted_heads(pieces: Sequence[Piece], runs: Sequence[Run], pairs: dict[int, int]) -> list[Run]:
    """The runs with each headline above its own text.

    Where headlines are stacked, those at one end of the stack move to text without a headline when they suit
    it clearly better than what they stand above. A run is cut between paragraphs for that where its text
    turns to something else.
    """
    found = list(runs)
    at = 0
    while at < len(found):
        run = found[at]
        stack = _stack(pieces, run.head)
        if (len(stack) > 1 or (run.head and not run.body)) and _unstack(pieces, found, at, stack, pairs):
            at = max(0, at - 1)
            continue
        at += 1
    return follow([run for run in found if run.head or run.body], pairs)


def _stack(pieces: Sequence[Piece], head: Sequence[int]) -> list[list[int]]:
    """A stack of headlines cut into lines; a byline goes with all the lines above it."""
    groups: list[list[int]] = []
    for row in head:
        if pieces[row].kind == "byline":
            first = next(
                (at for at in range(len(groups), 0, -1) if pieces[groups[at - 1][-1]].kind == "byline"), 0
            )
            groups[first:] = [[*(other for group in groups[first:] for other in group), row]]
        else:
            groups.append([row])
    return groups


def _unstack(
    pieces: Sequence[Piece], found: list[Run], at: int, stack: list[list[int]], pairs: dict[int, int]
) -> bool:
    """Move one end of the stack to the text that it suits best; whether anything was moved."""
    run = found[at]
    if all(pieces[row].level for row in run.head) and run.body:
        return False  # marked headlines stand above their own text
    signed = sum(pieces[group[-1]].kind == "byline" for group in stack)
    titles = [bag("\n".join(pieces[row].text for row in group)) for group in stack]
    own = _reach(pieces, found, at, 0)
    best: tuple[float, _Place | None, tuple[int, int]] = (_CERTAIN if signed > 1 else _BETTER, None, (0, 0))
    for place in _places(pieces, found, at, pairs):
        inside = _until(pieces, found, at, place) if place.run >= at else own
        for low, high in _ends(len(stack), bool(run.body)):
            gain = place.turn + _gain(titles, low, high, inside, place.about)
            if gain > best[0]:
                best = (gain, place, (low, high))
    _, chosen, (low, high) = best
    if chosen is None:
        return False
    moved = [row for group in stack[low:high] for row in group]
    run.head = [row for row in run.head if row not in moved]
    _give(pieces, found, chosen, moved)
    return True


def _gain(titles: Sequence[Bag], low: int, high: int, own: Bag, there: Bag) -> float:
    """How much better the moved titles suit the text there, and how much the others suit their own."""
    moved, left = titles[low:high], [*titles[:low], *titles[high:]]
    better = sum(coverage(title, there) - coverage(title, own) for title in moved) / len(moved)
    stays = sum(coverage(title, own) - coverage(title, there) for title in left) / len(left) if left else 0.0
    return better + 0.5 * stays


def _ends(count: int, keep: bool) -> list[tuple[int, int]]:
    """Beginnings and ends of a stack that may move away; all of it only where nothing stands below it."""
    ends = [(0, high) for high in range(1, count)] + [(low, count) for low in range(1, count)]
    return ends if keep else [*ends, (0, count)]


def _places(
    pieces: Sequence[Piece], found: Sequence[Run], at: int, pairs: dict[int, int]
) -> Iterator[_Place]:
    few = _FEW if len(found) <= _PAGE else _NEAR
    for number in range(max(0, at - few), min(len(found), at + few + 1)):
        run = found[number]
        if number != at and not run.head and run.body and run.follows < 0:
            turn = _BEGINNING if run.why in _BEGINNINGS else 0.0
            yield _Place(number, 0, _reach(pieces, found, number, 0), turn)
        sizes = [len(pieces[row].text) for row in run.body]
        bags = [bag(pieces[row].text) for row in run.body] if len(sizes) > 1 else []
        for row in range(1, len(sizes)):
            if pairs.get(run.body[row - 1]) == run.body[row]:
                continue
            close = _closeness(bags, sizes, row)
            if close < _APART:
                turn = _TURN * max(-1.0, 1.0 - close / _STRANGERS)
                yield _Place(number, row, _reach(pieces, found, number, row), turn)


def _closeness(bags: Sequence[Bag], sizes: Sequence[int], at: int) -> float:
    before, after = _stretch(sizes[:at][::-1]), _stretch(sizes[at:])
    if sum(sizes[at - before : at]) < _SHORT or sum(sizes[at : at + after]) < _SHORT:
        return 1.0
    return cohesion(merged(bags[at - before : at]), merged(bags[at : at + after]))


def _stretch(sizes: Sequence[int]) -> int:
    """How many paragraphs make up a stretch."""
    total = 0
    for number, size in enumerate(sizes, 1):
        total += size
        if total >= _STRETCH:
            return number
    return len(sizes)


def _reach(pieces: Sequence[Piece], found: Sequence[Run], at: int, row: int) -> Bag:
    """What an article that begins at this paragraph speaks of, as far as bare headings go."""
    bags = [bag("\n".join(pieces[number].text for number in found[at].body[row:]))]
    for run in found[at + 1 : at + 5]:
        if not _is_bare(pieces, run):
            break
        bags.append(run.bag)
    return merged(bags)


def _until(pieces: Sequence[Piece], found: Sequence[Run], at: int, place: _Place) -> Bag:
    """What stands between the stack and the place."""
    bags = []
    for number in range(at, min(place.run + 1, at + 5)):
        run = found[number]
        if number > at and not _is_bare(pieces, run):
            break
        body = run.body[: place.row] if number == place.run else run.body
        bags.append(bag("\n".join(pieces[row].text for row in body)))
    return merged(bags)


def _is_bare(pieces: Sequence[Piece], run: Run) -> bool:
    return len(run.head) == 1 and pieces[run.head[0]].kind == "headline" and run.follows < 0


def _give(pieces: Sequence[Piece], found: list[Run], place: _Place, head: list[int]) -> None:
    """Put a headline above a paragraph, which begins a run of its own then."""
    run = found[place.run]
    if not place.row:
        run.head, run.why = [*head, *run.head], "headline"
        return
    below = Run(head=head, body=run.body[place.row :], why="headline")
    run.body = run.body[: place.row]
    gather(pieces, run)
    found.insert(place.run + 1, gather(pieces, below))


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
