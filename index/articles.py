"""Runs into articles: whose headline, whose text, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from index import shapes
from index.cohesion import Bag, bag, cohesion, coverage, merged
from index.pieces import Piece
from index.runs import Run

_TOGETHER = 0.012  # cohesion from which text under a bare line belongs to the article above it
_RETURN = 0.03  # cohesion from which text without a headline belongs to an earlier article
_SHORT = 80  # characters below which cohesion says little
_FOREIGN = 0.15  # by how much better a headline must suit another text to be moved to it
_BESIDE = frozenset({"caption", "quote", "furniture"})


@dataclass(slots=True)
class Draft:
    """An article in the making: piece numbers in reading order."""

    head: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)  # captions and pull quotes
    bag: Bag = frozenset()
    size: int = 0


@dataclass(slots=True)
class Makeup:
    """The page as a whole while it is being sorted."""

    pieces: Sequence[Piece]
    runs: list[Run]
    owner: dict[int, Draft] = field(default_factory=dict)  # by run
    drafts: list[Draft] = field(default_factory=list)


def articles(pieces: Sequence[Piece], runs: list[Run]) -> list[Draft]:
    """The articles of the page in the order in which they begin; every piece is in exactly one."""
    makeup = Makeup(pieces, runs)
    heads = _headlines(makeup)
    for number, run in enumerate(runs):
        _place(makeup, number, run, heads[number])
    for row, piece in enumerate(pieces):
        if piece.kind in _BESIDE:
            _lay_beside(makeup, row)
    for draft in makeup.drafts:
        draft.runs = _in_order(draft.runs, runs)
    return makeup.drafts


def _headlines(makeup: Makeup) -> list[list[int]]:
    """The headline pieces that belong to each run: those above it, unless they suit another one better."""
    heads = [list(run.head) for run in makeup.runs]
    orphans = [number for number in range(1, len(makeup.runs)) if _is_orphan(makeup, number)]
    if not orphans:
        return heads
    for number, run in enumerate(makeup.runs):
        groups = _head_groups(makeup.pieces, run.head)
        if not groups:
            continue
        others = [other for other in orphans if not heads[other]]
        for group in groups:
            title = merged(bag(makeup.pieces[row].text) for row in group)
            own = coverage(title, run.bag)
            best = max(others, key=lambda other: coverage(title, makeup.runs[other].bag), default=-1)
            if best >= 0 and coverage(title, makeup.runs[best].bag) > own + _FOREIGN:
                heads[best] += group
                heads[number] = [row for row in heads[number] if row not in group]
    return heads


def _is_orphan(makeup: Makeup, number: int) -> bool:
    """Whether a run has no headline of its own and does not go on with what stands before it."""
    run, before = makeup.runs[number], makeup.runs[number - 1]
    if run.head or run.follows >= 0 or not run.body:
        return False
    return run.why in ("topic", "dateline", "signed") or cohesion(before.bag, run.bag) < _TOGETHER


def _head_groups(pieces: Sequence[Piece], head: Sequence[int]) -> list[list[int]]:
    """A stack of headlines cut into single ones; a byline goes with the line above it."""
    groups: list[list[int]] = []
    for row in head:
        if pieces[row].kind == "byline" and groups:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _place(makeup: Makeup, number: int, run: Run, head: list[int]) -> None:
    draft = _parent(makeup, number, run, head)
    if draft is None:
        draft = Draft(head=list(head))
        makeup.drafts.append(draft)
    elif head:
        run.body = sorted([*head, *run.body])
    draft.runs.append(number)
    draft.bag = draft.bag | run.bag
    draft.size += run.size
    makeup.owner[number] = draft


def _parent(makeup: Makeup, number: int, run: Run, head: list[int]) -> Draft | None:
    """The article that the run belongs to, None when it begins one."""
    if run.follows in makeup.owner:
        return makeup.owner[run.follows]
    later = next((other for other in makeup.owner if makeup.runs[other].follows == number), -1)
    if later >= 0 and not head:
        return makeup.owner[later]
    if not number or not makeup.drafts:
        return None
    before = makeup.owner[number - 1]
    if head:
        return _under_heading(makeup, number, run, head, before)
    best = max(makeup.drafts, key=lambda draft: cohesion(draft.bag, run.bag) + 0.02 * (draft is before))
    close = cohesion(best.bag, run.bag)
    if run.why == "dateline" or run.why == "signed":
        return None
    if run.size < _SHORT and run.why != "jump":
        return before
    if run.why == "open" and best is before and close >= _TOGETHER:
        return before
    return best if close >= (_TOGETHER if best is before else _RETURN) else None


def _under_heading(makeup: Makeup, number: int, run: Run, head: list[int], before: Draft) -> Draft | None:
    pieces = makeup.pieces
    titles = [row for row in head if pieces[row].kind == "headline"]
    same = _repeated(makeup, titles)
    if same is not None:
        return same
    signed = any(pieces[row].kind == "byline" for row in head)
    first = next((pieces[row].text for row in run.body), "")
    if signed or shapes.opens_with_dateline(first) or makeup.runs[number - 1].why == "closed":
        return None
    if _closed(makeup, number - 1):
        return None
    levels = [pieces[row].level for row in titles if pieces[row].level]
    above = [pieces[row].level for row in before.head if pieces[row].level]
    if levels and above and min(levels) <= min(above):
        return None
    own = merged([run.bag, *(bag(pieces[row].text) for row in titles)])
    close = cohesion(before.bag, own)
    deeper = bool(levels and above and min(levels) > min(above))
    needed = (
        _TOGETHER * (2.0 if len(titles) > 1 and not deeper else 1.0) * (0.3 if run.size < _SHORT else 1.0)
    )
    return before if close >= needed else None


def _repeated(makeup: Makeup, titles: Sequence[int]) -> Draft | None:
    """The article that already bears this headline: a jump repeats it."""
    text = "".join(makeup.pieces[row].text for row in titles)
    for draft in makeup.drafts:
        if text and any(makeup.pieces[row].text == text for row in draft.head):
            return draft
    return None


def _closed(makeup: Makeup, number: int) -> bool:
    """Whether a run ends with a signature."""
    run = makeup.runs[number]
    return bool(run.body) and makeup.pieces[run.body[-1]].kind in ("signature", "byline")


def _lay_beside(makeup: Makeup, row: int) -> None:
    """Give a caption or pull quote to the article it speaks of, the one around it when in doubt."""
    if not makeup.drafts:
        makeup.drafts.append(Draft())
    own = bag(makeup.pieces[row].text)
    around = _around(makeup, row)

    def suits(draft: Draft) -> float:
        return coverage(own, draft.bag) + 0.2 * (draft is around)

    max(makeup.drafts, key=suits).beside.append(row)


def _around(makeup: Makeup, row: int) -> Draft:
    best = makeup.drafts[0]
    for number, run in enumerate(makeup.runs):
        if min([*run.head, *run.body]) < row:
            best = makeup.owner[number]
    return best


def _in_order(numbers: Sequence[int], runs: Sequence[Run]) -> list[int]:
    """Runs in reading order: as printed, but each right after the one whose sentence it goes on with."""
    after: dict[int, list[int]] = {}
    for number in numbers:
        after.setdefault(runs[number].follows if runs[number].follows in numbers else -1, []).append(number)
    ordered: list[int] = []
    waiting = sorted(after.get(-1, []), reverse=True)
    while waiting:
        number = waiting.pop()
        ordered.append(number)
        waiting.extend(sorted(after.get(number, []), reverse=True))
    return ordered
