"""Units into articles: the likeliest way in which a page's headlines and paragraphs belong together.

A page is read from top to bottom. Each unit goes on with the article above it, begins one, or goes back to an
earlier one; a small network tells what each choice is worth by features of shape, topic and broken sentences,
and the best whole of choices is sought with a beam. It is fitted by `train/sorting.py` on printed pages.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from operator import itemgetter

import numpy as np

from index import shapes
from index.likeness import About, Table, Topics, topic
from index.pieces import Piece
from index.series import series
from index.situations import BACK, NEW, STAY, Situation, told
from index.units import Unit, spread
from index.ways import Held, Way, level_beside, size_beside, state_of
from index.weights import Features, Network, Reals

_BEAM = 24  # ways of reading the page so far that are kept
_MARGIN = 8.0  # what a way may be worth less than the best one so far
_FAR = 20.0  # the same of the best of those that owe text to other headlines
_OTHERS = 4  # how many of these
_WITHOUT_TEXT = 3.0  # what it costs that a headline has got no text at all when the page ends
_PAGE = 160  # units that are sorted at once
_CONTEXT = 12  # units before them that are kept in mind
_BACK = 6  # earlier articles that a unit may go back to
LIKELY = -2.0  # log odds from which two halves of a sentence are a sign that units belong together


class Sorter:
    """Scores the choices of one page."""

    def __init__(self, pieces: Sequence[Piece], units: Sequence[Unit], weights: Network) -> None:
        self.pieces = pieces
        self.units = units
        self.weights = weights
        self.topics = Topics(units)
        self.told: dict[Situation, Reals] = {}  # sums of situations
        self.columns: dict[tuple[bool, bool], Table] = {}  # weights of likeness by the kind of unit
        self.texts = ["".join(pieces[row].text for row in unit.rows[:1]).strip() for unit in units]
        self.levels = [pieces[unit.rows[0]].level if unit.head else 0 for unit in units]
        self.open = [not unit.head and not unit.closed and pieces[unit.rows[-1]].open for unit in units]
        self.again = self._again()
        self.series = series(self.texts)
        self.apart = [self._apart(number) for number in range(len(units))]
        self.shapes = [[*unit.features, *self._turn(number)] for number, unit in enumerate(units)]
        self.fixed = self._fixed()

    def _fixed(self) -> list[dict[str, Reals]]:
        """Sums of the shape of each unit and of the one before it for each choice."""
        choices = STAY, NEW, BACK
        sums = iter(self.weights.all_sums([spread(one, choice) for one in self.shapes for choice in choices]))
        return [dict(zip(choices, sums, strict=False)) for _ in self.shapes]

    def _again(self) -> list[list[int]]:
        """For each unit the headlines before it that read the same."""
        seen: dict[str, list[int]] = {}
        found = []
        for number, unit in enumerate(self.units):
            found.append(list(seen.get(self.texts[number], ())))
            if unit.head:
                seen.setdefault(self.texts[number], []).append(number)
        return found

    def _apart(self, number: int) -> bool:
        """Whether a headline cannot be a section's: the text above it goes on elsewhere."""
        if not number or not self.units[number].head or self.units[number - 1].head:
            return False
        below = self.units[number - 1].right
        if below > number and self.units[below].fit > 0.0:
            return True
        last = self.pieces[self.units[number - 1].rows[-1]]
        return bool(last.away) or (self.open[number - 1] and shapes.runs_on(last.text))

    def _turn(self, number: int) -> Features:
        unit = self.units[number]
        odds = self.topics.turn(number, self.units)
        return topic(f"turn {'H' if unit.head else 'B'}", odds) if odds else []

    def best(self, beam: int = _BEAM, given: Sequence[int] = ()) -> list[int]:
        """Number of the article of each unit, numbered as they begin; the first may be `given`."""
        return list(max(self.ways(beam, given), key=_whole).labels)

    def ways(self, beam: int = _BEAM, given: Sequence[int] = ()) -> list[Way]:
        """The likeliest ways of reading the page that were found."""
        ways = [Way()]
        for number, at in enumerate(given):
            ways = [self.step(ways[0], number, at, 0.0)]
        for number in range(len(given), len(self.units)):
            ways = self._grown(ways, number, beam)
        return ways

    def _grown(self, ways: Sequence[Way], number: int, beam: int) -> list[Way]:
        """The ways with one more unit: those near the best, and the best that owe text to other headlines.

        A headline counts how likely it is to be where it is: its worth was fitted against its other choices
        only. A paragraph counts its worth, which is low wherever it goes when a choice before it was wrong.
        """
        lacking: dict[int, bool] = {}
        open_to = [(way, [*self.articles(way, number, lacking), len(way.held)]) for way in ways]
        gains = iter(self._worth([(way, at) for way, found in open_to for at in found], number))
        scored: list[tuple[float, Way, int]] = []
        for way, found in open_to:
            own = list(islice(gains, len(found)))
            worth = way.score - (_total(own) if self.units[number].head else 0.0)
            scored += [(worth + gain, way, at) for gain, at in zip(own, found, strict=True)]
        scored.sort(key=itemgetter(0), reverse=True)
        made: dict[int, Held] = {}
        kept: list[Way] = []
        owing: set[tuple[int, ...]] = set()
        best, far = scored[0][0], 0
        for score, way, at in scored:
            if score < best - _FAR or len(kept) == beam:
                break
            near, bare = score >= best - _MARGIN, self._bare(way, number, at)
            if near or (bare not in owing and far < _OTHERS):
                kept.append(self.step(way, number, at, score, made))
                far += not near
            owing.add(bare)
        return kept

    def _worth(self, asked: Sequence[tuple[Way, int]], number: int) -> list[float]:
        """What it is worth that a unit goes into an article, for each way and article."""
        likely, fixed = self._likely(number, asked), self.fixed[number]
        places: dict[tuple[int, ...], int] = {}  # what an article tells is the same in all ways
        sums: list[Reals] = []
        rows: list[int] = []
        for way, at in asked:
            last = way.labels[-1] if way.labels else -1
            key: tuple[int, ...]
            if at == len(way.held):
                choice, key = NEW, (id(way.held[last]) if way.held else 0, 0)
            elif at == last:
                choice, key = STAY, (id(way.held[at]),)
            else:
                choice, key = BACK, (id(way.held[at]), not way.held[last].body, min(len(way.bare), 2))
            row = places.setdefault(key, len(sums))
            if row == len(sums):
                own = fixed[choice] + self._moved(way, number, at)
                sums.append(own if choice == NEW else own + likely[id(way.held[at])])
            rows.append(row)
        worth = self.weights.worth(np.array(sums)).tolist()
        return [worth[row] for row in rows]

    def _likely(self, number: int, asked: Sequence[tuple[Way, int]]) -> dict[int, Reals]:
        """Sums of a unit's being as much like each of the articles as it is, by their identity."""
        columns: dict[int, tuple[About, int]] = {}
        for way, at in asked:
            held = way.held[at] if at < len(way.held) else None
            if held is not None and id(held) not in columns:
                columns[id(held)] = held.about, 2 * (at != way.labels[-1]) + (not held.body)
        if not columns:
            return {}
        abouts, kinds = zip(*columns.values(), strict=True)
        found = self.topics.table(number, abouts) @ self._columns(number)
        sums = found.reshape(len(kinds), 4, -1)[range(len(kinds)), kinds]
        return dict(zip(columns, sums, strict=True))

    def _columns(self, number: int) -> Table:
        """Weights of likeness side by side: staying and going back, with an article that has text or not."""
        brief = self.topics.brief[number]
        key = self.units[number].head, brief
        if key not in self.columns:
            kinds = [
                [self.weights.row(name) for name in self._alike(bare, number, choice)]
                for choice in (STAY, BACK)
                for bare in (False, True)
            ]
            self.columns[key] = np.concatenate(kinds, axis=1)
        return self.columns[key]

    def articles(self, way: Way, number: int, known: dict[int, bool] | None = None) -> Iterator[int]:
        """Articles that the next unit may go on with: the one above it, or an earlier one not yet whole.

        What is found of an article is kept in `known`, by its identity.
        """
        lacking = {} if known is None else known
        staying = way.labels[-1] if way.labels and not self.apart[number] else -1
        for at in way.latest:
            if at == staying:
                yield at
                continue
            article = id(way.held[at])
            lacks = lacking.get(article)
            if lacks is None:
                lacks = lacking[article] = self._lacks(way, number, at)
            if lacks:
                yield at

    def _lacks(self, way: Way, number: int, at: int) -> bool:
        """Whether an article lacks what a unit may be: text, a headline, or the other half of a sentence."""
        unit, held = self.units[number], way.held[at]
        if unit.head:
            again = any(way.labels[row] == at for row in self.again[number])
            return not held.body or not held.head or again
        halves = (half for half in (unit.left, unit.right) if 0 <= half < number)
        return not held.body or self.open[held.last] or any(way.labels[half] == at for half in halves)

    def step(self, way: Way, number: int, at: int, score: float, made: dict[int, Held] | None = None) -> Way:
        """The way with one more unit in the article `at`; `made` keeps what articles grow to with it."""
        made = {} if made is None else made
        before = way.held[at] if at < len(way.held) else None
        after = made.get(id(before))
        if after is None:
            after = made[id(before)] = self._longer(before, number)
        held = (*way.held[:at], after, *way.held[at + 1 :])
        latest = way.latest
        if latest[:1] != (at,):
            latest = (at, *[other for other in latest if other != at])[:_BACK]
        return Way((*way.labels, at), held, score, latest, self._bare(way, number, at))

    def _bare(self, way: Way, number: int, at: int) -> tuple[int, ...]:
        """The last headlines of articles that have no text once a unit is in the article `at`."""
        held = way.held[at] if at < len(way.held) else None
        if held is not None and held.body:
            return way.bare
        bare = way.bare if held is None else tuple([row for row in way.bare if row != held.last])
        return (*bare, number) if self.units[number].head else bare

    def _longer(self, held: Held | None, number: int) -> Held:
        """The article with one more unit, or a new one with that unit."""
        unit = self.units[number]
        if held is None:
            about = self.topics.alone(number)
            alone = int(unit.head), int(not unit.head)
            title = len(self.texts[number]) * unit.head
            return Held(about, number, *alone, digits=unit.digits, level=self.levels[number], title=title)
        size = len(self.texts[number]) * unit.head
        return Held(
            about=self.topics.grown(held.about, number),
            last=number,
            head=held.head + (unit.head and not held.body),
            body=held.body + (not unit.head),
            sections=held.sections + bool(unit.head and held.body),
            digits=unit.digits or held.digits,
            level=min(held.level or 9, self.levels[number] or 9) % 9,
            title=held.title if held.body else max(held.title, size),
            section=size or held.section if held.body else 0,
        )

    def traced(self, way: Way, number: int, at: int) -> Features:
        """All features of putting a unit into the article `at`."""
        choice = NEW if at == len(way.held) else STAY if at == way.labels[-1] else BACK
        found = [*spread(self.shapes[number], choice), *self.moving(way, number, at)]
        if at < len(way.held):
            held = way.held[at]
            row = self.topics.table(number, [held.about])[0].tolist()
            found += zip(self._alike(not held.body, number, choice), row, strict=True)
        return found

    def _alike(self, bare: bool, number: int, choice: str) -> tuple[str, ...]:
        """Names of the features of an article's being so much like a unit."""
        kind = "H" if self.units[number].head else "B"
        return self.topics.names(f"{choice} {kind}{' bare' if bare else ''}", number)

    def moving(self, way: Way, number: int, at: int) -> Features:
        """Features of putting a unit into the article `at`, but for its likeness."""
        return [*told(self._situation(way, number, at)), *self._broken(way, number, at)]

    def _moved(self, way: Way, number: int, at: int) -> Reals:
        """Sums of `moving`."""
        situation = self._situation(way, number, at)
        sums = self.told.get(situation)
        if sums is None:
            sums = self.told[situation] = self.weights.sums(told(situation))
        for name, amount in self._broken(way, number, at):
            sums = sums + self.weights.row(name) * amount
        return sums

    def _situation(self, way: Way, number: int, at: int) -> Situation:
        unit = self.units[number]
        kind = "H" if unit.head else "B"
        leaving = way.held[way.labels[-1]] if way.labels else None
        leaves = leaving is not None and not leaving.body
        if at == len(way.held):
            level = level_beside(self.levels[number], leaving)
            size = size_beside(len(self.texts[number]), leaving) if unit.head else ""
            return Situation(NEW, kind, leaves, series=int(bool(self.series[number])), level=level, size=size)
        held = way.held[at]
        digits = -1 if held.digits * unit.digits < 0 else int(held.digits < 0 and unit.digits < 0)
        goes_on = any(way.labels[row] == at for row in self.series[number])
        listed = 0 if not self.series[number] else 1 if goes_on else -1
        level = level_beside(self.levels[number], held)
        if leaving is held:
            size = size_beside(len(self.texts[number]), held) if unit.head else ""
            return Situation(
                STAY, kind, state=state_of(held), digits=digits, series=listed, level=level, size=size
            )
        by = min((leaving.last if leaving else 0) - held.last, 12) // 4
        bare = min(len(way.bare), 2) if kind == "B" else 0
        again = kind == "H" and any(way.held[way.labels[row]] is held for row in self.again[number])
        return Situation(BACK, kind, leaves, state_of(held), digits, by, bare, again, listed, level)

    def _broken(self, way: Way, number: int, at: int) -> Features:
        """What the halves of broken sentences say about putting a unit into the article `at`."""
        unit = self.units[number]
        if at == len(way.held):
            name = f"new though it goes on, {_where(unit.left, number)}"
            return [(name, _strength(unit.fit))] if unit.left >= 0 else []
        held, choice = way.held[at], STAY if way.labels[-1] == at else BACK
        found: Features = []
        if 0 <= unit.left < number:
            own = way.labels[unit.left] == at
            whole = "its end" if own and held.last == unit.left else "its own" if own else "another"
            found.append((f"{choice} goes on with {whole}, {_where(unit.left, number)}", _strength(unit.fit)))
        if unit.left > number:
            found.append((f"{choice} goes on with a later one", _strength(unit.fit)))
        if 0 <= unit.right < number:
            name = "before its own end" if way.labels[unit.right] == at else "apart from its end"
            found.append((f"{choice} {name}", _strength(self.units[unit.right].fit)))
        broken = self.units[held.last].right
        if choice == STAY and broken >= 0 and broken != number:
            where = "below" if broken > number else "elsewhere"
            name = f"{choice} {'H' if unit.head else 'B'} though the other half is {where}"
            found.append((name, _strength(self.units[broken].fit)))
        return found


def _whole(way: Way) -> float:
    """What a way is worth once the page is read."""
    return way.score - _WITHOUT_TEXT * len(way.bare)


def _total(worth: Sequence[float]) -> float:
    """The logarithm of what choices are worth together."""
    most = max(worth)
    return most + math.log(sum([math.exp(one - most) for one in worth]))


def sorted_units(pieces: Sequence[Piece], units: Sequence[Unit], weights: Network) -> list[int]:
    """Number of the article of each unit, in the order in which articles begin.

    A file of many pages is sorted page by page, each with the end of the one before it.
    """
    labels: list[int] = []
    while len(labels) < len(units):
        first, last = max(0, len(labels) - _CONTEXT), _page_end(units, len(labels))
        given = labels[first:]
        names = list(dict.fromkeys(given))
        part = units
        if last - first < len(units):
            part = [_moved(unit, first, last) for unit in units[first:last]]
        found = Sorter(pieces, part, weights).best(given=[names.index(label) for label in given])
        count = max(labels, default=-1) + 1
        names += range(count, count + max(found, default=-1) + 1 - len(names))
        labels += [names[label] for label in found[len(given) :]]
    return labels


def _page_end(units: Sequence[Unit], start: int) -> int:
    """Where the page that begins at a unit ends: at its end, or at the last headline of a stretch."""
    if len(units) - start <= _PAGE:
        return len(units)
    heads = (
        at for at in range(start + _PAGE, start + _PAGE // 2, -1) if units[at].head and not units[at - 1].head
    )
    return next(heads, start + _PAGE)


def _moved(unit: Unit, first: int, last: int) -> Unit:
    """The unit as one of a page; halves of its sentences beyond the page are forgotten."""
    left, right = (at - first if first <= at < last else -1 for at in (unit.left, unit.right))
    return replace(unit, left=left, right=right)


def _where(left: int, number: int) -> str:
    return "next" if left == number - 1 else "apart"


def _strength(odds: float) -> float:
    """What a pair of halves counts, by its log odds: nothing below the least that is looked at."""
    return max(0.0, min(odds - LIKELY, 8.0)) / 4.0
