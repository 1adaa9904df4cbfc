"""Runs into articles: whose headline, whose text, and in which order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from index import drafts, shapes
from index.cohesion import EMPTY, Bag, bag, cohesion, coverage, merged
from index.heads import follow, sorted_heads
from index.pieces import Piece
from index.runs import Run, join_halves
from index.runs import runs as runs_of

_TOGETHER = 0.012  # cohesion from which text under a bare line belongs to the article above it
_RETURN = 0.03  # cohesion from which text without a headline belongs to an earlier article
_SHORT = 80  # characters below which cohesion says little
_SECTION, _TITLE = (
    9,
    15,
)  # characters of a headline: up to the first it looks like a section's, from the second not
_USUAL = 3  # headlines of one Markdown level that show it to be that of sections
_FEW = 12  # articles back that text may return to
_FULL = 4000  # characters after which an article's beginning is forgotten
_BESIDE = frozenset({"caption", "quote", "furniture"})


@dataclass(slots=True)
class Draft:
    """An article in the making: piece numbers in reading order."""

    head: list[int] = field(default_factory=list)
    runs: list[int] = field(default_factory=list)
    beside: list[int] = field(default_factory=list)  # captions and pull quotes
    bag: Bag = EMPTY
    size: int = 0
    sections: int = 0
    deepest: int = 9  # smallest Markdown level of a section heading so far
    boxed: bool = False  # stands inside a sentence of another article


@dataclass(slots=True)
class Makeup:
    """The page as a whole while it is being sorted."""

    pieces: Sequence[Piece]
    runs: Sequence[Run]
    followers: dict[int, list[int]]
    levels: Sequence[int]  # Markdown levels of all headlines
    signed: float  # share of the page's headlines that have a byline or dateline
    owner: dict[int, Draft] = field(default_factory=dict)  # by run
    drafts: list[Draft] = field(default_factory=list)


def articles(pieces: Sequence[Piece], runs: Sequence[Run]) -> list[Draft]:
    """The articles of the page in the order in which they begin; every piece is in exactly one."""
    followers: dict[int, list[int]] = {}
    for number, run in enumerate(runs):
        followers.setdefault(run.follows, []).append(number)
    levels = [piece.level for piece in pieces if piece.level]
    makeup = Makeup(pieces, runs, followers, levels, _signed_share(pieces, runs))
    for number, run in enumerate(runs):
        if run.follows < 0:
            _place(makeup, number)
    for number in range(len(runs)):
        if number not in makeup.owner:  # runs that follow each other in a ring
            _place(makeup, number)
    _lay_beside(makeup)
    for draft in makeup.drafts:
        draft.runs = _in_order(draft.runs, runs)
    for number, run in enumerate(runs):
        _mark_boxed(makeup, run.follows, number)
    return makeup.drafts


def by_rules(pieces: Sequence[Piece]) -> tuple[list[drafts.Draft], dict[int, int]]:
    """The articles of a page as its shape tells them, and the halves of sentences put together."""
    pairs = join_halves(pieces)
    stretches = sorted_heads(pieces, follow(runs_of(pieces, pairs), pairs), pairs)
    found = [
        drafts.Draft(
            head=draft.head,
            body=[row for number in draft.runs for row in stretches[number].body],
            beside=draft.beside,
            bag=draft.bag,
            boxed=draft.boxed,
        )
        for draft in articles(pieces, stretches)
    ]
    return found, pairs


def _signed_share(pieces: Sequence[Piece], runs: Sequence[Run]) -> float:
    headed = [run for run in runs if run.head]
    return sum(_is_signed(pieces, run) for run in headed) / len(headed) if headed else 0.0


def _is_signed(pieces: Sequence[Piece], run: Run) -> bool:
    """Whether the run says who wrote it or where it was sent from."""
    if any(pieces[row].kind == "byline" for row in run.head):
        return True
    return bool(run.body) and shapes.opens_with_dateline(pieces[run.body[0]].text)


def _place(makeup: Makeup, number: int) -> None:
    """Put a run into an article, and with it those that go on with its last sentence, wherever they stand."""
    run = makeup.runs[number]
    draft = _parent(makeup, number, run)
    if draft is None:
        draft = Draft(head=list(run.head))
        makeup.drafts.append(draft)
    elif run.head:
        draft.sections += 1
        draft.deepest = min([draft.deepest, *(makeup.pieces[row].level or 9 for row in run.head)])
        run.body = [*sorted(run.head), *run.body]
    first = number
    waiting = [number]
    while waiting:
        number = waiting.pop()
        if number in makeup.owner:
            continue
        run = makeup.runs[number]
        if number != first and run.head:
            _take_head(makeup, run, draft)
        draft.runs.append(number)
        draft.bag = (
            merged((draft.bag, makeup.runs[number].bag)) if draft.size < _FULL else makeup.runs[number].bag
        )
        draft.size += makeup.runs[number].size
        makeup.owner[number] = draft
        waiting.extend(makeup.followers.get(number, ()))


def _take_head(makeup: Makeup, run: Run, draft: Draft) -> None:
    """A headline above text from the middle of a sentence: the article's own, or it printed again."""
    if draft.head and not any(_repeated(makeup, [row]) is draft for row in run.head):
        run.body = [*run.body[:1], *sorted(run.head), *run.body[1:]]
    else:
        draft.head = [*draft.head, *run.head]


def _parent(makeup: Makeup, number: int, run: Run) -> Draft | None:
    """The article that the run belongs to, None when it begins one."""
    above = next((row for row in range(number - 1, -1, -1) if row in makeup.owner), -1)
    if above < 0:
        return None
    before = makeup.owner[above]
    if run.head:
        return _under_heading(makeup, number, run, before)
    if run.why in ("dateline", "signed", "topic"):
        return None
    if run.size < _SHORT and run.why != "jump":
        return before
    best = max(
        makeup.drafts[-_FEW:], key=lambda draft: cohesion(draft.bag, run.bag) + 0.02 * (draft is before)
    )
    return best if cohesion(best.bag, run.bag) >= (_TOGETHER if best is before else _RETURN) else None


def _under_heading(makeup: Makeup, number: int, run: Run, before: Draft) -> Draft | None:
    """The article above when the headline is only a section's, or the one that bears the same headline."""
    pieces = makeup.pieces
    titles = [row for row in run.head if pieces[row].kind == "headline"]
    same = _repeated(makeup, titles)
    if same is not None:
        return same
    if _is_signed(pieces, run) or _closed(makeup, number - 1) or _breaks_off(makeup, number - 1):
        return None
    levels = [pieces[row].level for row in titles if pieces[row].level]
    above = [pieces[row].level for row in before.head if pieces[row].level]
    if levels and min(levels) < max(1, _section_level(before, above)):
        return None
    deeper = bool(levels and above) or (len(levels) == 1 and makeup.levels.count(levels[0]) >= _USUAL)
    close = _close(pieces, run, before)
    if len(titles) == 1:
        close = max(close, 0.7 * _beyond(makeup, number, before))
    return before if close >= _needed(makeup, run, titles, before, deeper) else None


def _section_level(draft: Draft, above: Sequence[int]) -> int:
    """Markdown level below which a headline is a new article's: that of the sections above it, if any."""
    return min(draft.deepest, 9) if draft.deepest < 9 else (min(above) + 1 if above else 0)


def _close(pieces: Sequence[Piece], run: Run, draft: Draft) -> float:
    own = merged([run.bag, *(bag(pieces[row].text) for row in run.head)])
    return cohesion(draft.bag, own)


def _beyond(makeup: Makeup, number: int, before: Draft) -> float:
    """How well the section after this one goes with the article: what lies between belongs to it too."""
    if number + 1 >= len(makeup.runs) or number in makeup.followers:
        return 0.0
    after = makeup.runs[number + 1]
    bare = len(after.head) == 1 and not _is_signed(makeup.pieces, after) and after.follows < 0
    return _close(makeup.pieces, after, before) if bare else 0.0


def _needed(makeup: Makeup, run: Run, titles: Sequence[int], before: Draft, deeper: bool) -> float:
    """Cohesion wanted before a headline counts as a section's: more, the more it looks like a title."""
    needed = _TOGETHER * (0.6 if run.size < _SHORT else 1.0)
    longest = max((len(makeup.pieces[row].text) for row in titles), default=0)
    if deeper:
        return needed * 0.3
    if len(titles) > 1:
        needed *= 2.5
    if longest >= _TITLE:
        needed *= 1.5
    elif longest <= _SECTION:
        needed *= 0.5
    if before.sections:
        needed *= 0.6
    return needed * (0.6 if makeup.signed >= 0.3 else 1.3)


def _repeated(makeup: Makeup, titles: Sequence[int]) -> Draft | None:
    """The article that already bears this headline: a jump repeats it."""
    text = "".join(makeup.pieces[row].text for row in titles)
    for draft in makeup.drafts[-_FEW:]:
        if text and any(makeup.pieces[row].text == text for row in draft.head):
            return draft
    return None


def _closed(makeup: Makeup, number: int) -> bool:
    """Whether a run ends with a signature."""
    run = makeup.runs[number]
    return bool(run.body) and makeup.pieces[run.body[-1]].kind in ("signature", "byline")


def _breaks_off(makeup: Makeup, number: int) -> bool:
    """Whether a run ends inside a sentence: no section heading can follow."""
    run = makeup.runs[number]
    last = makeup.pieces[run.body[-1]] if run.body else None
    return last is not None and last.kind == "body" and last.open and not shapes.semi_ended(last.text)


def _mark_boxed(makeup: Makeup, left: int, right: int) -> None:
    """Mark the short articles that stand whole between two halves of another one's sentence."""
    if left < 0 or not 1 < right - left <= _FEW:
        return
    around = makeup.owner[left]
    for number in range(left + 1, right):
        inside = makeup.owner[number]
        if inside is not around and all(left < run < right for run in inside.runs):
            inside.boxed = cohesion(inside.bag, around.bag) < _RETURN


def _lay_beside(makeup: Makeup) -> None:
    """Give each caption and pull quote to the article it speaks of, the one around it when in doubt."""
    starts = sorted((min([*run.head, *run.body]), number) for number, run in enumerate(makeup.runs))
    if not makeup.drafts:
        makeup.drafts.append(Draft())
    around, at = makeup.drafts[0], 0
    for row, piece in enumerate(makeup.pieces):
        while at < len(starts) and starts[at][0] <= row:
            around, at = makeup.owner[starts[at][1]], at + 1
        if piece.kind in _BESIDE:
            _suited(makeup, bag(piece.text), around, at).beside.append(row)


def _suited(makeup: Makeup, own: Bag, around: Draft, at: int) -> Draft:
    near = {
        id(draft): draft for draft in (makeup.owner.get(row) for row in range(at - _FEW, at + _FEW)) if draft
    }
    candidates = [around, *near.values()]
    return max(candidates, key=lambda draft: coverage(own, draft.bag) + 0.2 * (draft is around))


def _in_order(numbers: Sequence[int], runs: Sequence[Run]) -> list[int]:
    """Runs in reading order: as printed, but each right after the one whose sentence it goes on with."""
    own = set(numbers)
    if not own:
        return []
    after: dict[int, list[int]] = {}
    for number in numbers:
        after.setdefault(runs[number].follows if runs[number].follows in own else -1, []).append(number)
    ordered: list[int] = []
    first = min(own)
    waiting = sorted(after.get(-1, [first]), reverse=True)
    while waiting:
        number = waiting.pop()
        if number in own:
            own.remove(number)
            ordered.append(number)
            waiting.extend(sorted(after.get(number, []), reverse=True))
    return [*ordered, *sorted(own)]
