"""Fit the weights by which the reader sorts a page's headlines and paragraphs into articles.

    python -m train.sorting --articles eval/press_articles/tuning --articles titled.jsonl --out models/sorting

Pages are printed by the newspaper press from the articles given, half of them clean or with one damage, the
others with several; seeds are below 100 for each kind of page unless asked otherwise, so that held-out seeds
stay unseen. The weights are those of an averaged structured perceptron (Collins 2002): where the beam's best
reading of a page is not the true one, features of the true reading gain and those of the other lose.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from eval.manuscript import Manuscript, read_manuscripts
from eval.press import DAMAGES, print_page, seeds
from eval.truth import PageTruth, offsets
from index.choices import Choice, assigned, choices
from index.clean import blocks
from index.lines import lines
from index.lost import loses_numbers
from index.pieces import Piece, pieces
from index.sorting import BACK, LIKELY, NEW, STAY, Sorter, Way
from index.unglue import unglued
from index.units import Unit, spread, units_of
from index.weights import Features
from train.dressed import dressed
from train.likeness import groups

_STEP = 0.05  # largest step of an update
Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Example:
    """The units of a printed page and the article that each is of."""

    pieces: Sequence[Piece]
    units: Sequence[Unit]
    labels: tuple[int, ...]


def pieces_of(page: PageTruth) -> list[Piece]:
    """The page as it comes before the sorter."""
    found, _ = lines(page.text)
    return pieces(blocks(page.text, unglued(found, len(page.text)), loses_numbers(page.text)))[0]


def joints(
    named: Sequence[Piece], broken: Sequence[Choice], page: PageTruth
) -> Iterator[tuple[list[Features], int]]:
    """For each piece that may break off: features of its going on nowhere or with others, and which is true."""
    after: dict[int, int] = {}
    for article in page.articles:
        for part in article.parts:
            after.update(pairwise(offsets(page.text, part.spans)))
    places = [list(offsets(page.text, piece.content.spans)) for piece in named]
    for choice in broken:
        wanted = after.get(places[choice.left][-1], -1)
        true = next((at for at, (right, _) in enumerate(choice.others, 1) if places[right][0] == wanted), 0)
        yield [choice.ends, *(features for _, features in choice.others)], true


def likelihood(found: Sequence[tuple[list[Features], int]], *, ridge: float = 1.0) -> dict[str, float]:
    """Weights of a conditional logit, by Newton's method."""
    names = sorted({name for options, _ in found for features in options for name, _ in features})
    column = {name: at for at, name in enumerate(names)}
    tables = [_table(options, column) for options, _ in found]
    weights = np.zeros(len(names))
    for _ in range(15):
        now, slope, curve = _logit(tables, found, weights, ridge)
        step, size = np.linalg.solve(curve, slope), 1.0
        while _logit(tables, found, weights + size * step, ridge)[0] < now and size > 0.001:
            size /= 2
        weights += size * step
    return {name: round(float(weights[at]), 4) for name, at in column.items()}


def _logit(
    tables: Sequence[Array], found: Sequence[tuple[list[Features], int]], weights: Array, ridge: float
) -> tuple[float, Array, Array]:
    """Penalised log likelihood, its gradient, and minus its Hessian."""
    worth = -ridge / 2 * float(weights @ weights)
    slope, curve = -ridge * weights, ridge * np.eye(len(weights))
    for table, (_, true) in zip(tables, found, strict=True):
        values = table @ weights
        values -= values.max()
        chance = np.exp(values)
        worth += float(values[true] - np.log(chance.sum()))
        chance /= chance.sum()
        mean = chance @ table
        slope += table[true] - mean
        curve += (table.T * chance) @ table - np.outer(mean, mean)
    return worth, slope, curve


def _table(options: Sequence[Features], column: Mapping[str, int]) -> Array:
    table = np.zeros((len(options), len(column)))
    for row, features in enumerate(options):
        for name, amount in features:
            table[row, column[name]] += amount
    return table


def example(
    named: Sequence[Piece], broken: Sequence[Choice], page: PageTruth, halves: Mapping[str, float]
) -> Example | None:
    """The page's units as they come before the sorter; None where there is nothing to sort."""
    units = units_of(named, assigned(broken, halves, LIKELY))
    if len(units) < 2:
        return None
    owner = {at: number for number, a in enumerate(page.articles) for at in offsets(page.text, a.spans())}
    labels: list[int] = []
    order: dict[int | None, int] = {}
    for unit in units:
        places = [at for row in unit.rows for at in offsets(page.text, named[row].content.spans)]
        counts = Counter(owner[at] for at in places if at in owner)
        true = counts.most_common(1)[0][0] if counts else None
        last = labels[-1] if labels else 0
        labels.append(order.setdefault(true, len(order)) if true is not None or not labels else last)
    return Example(named, units, tuple(labels))


def traced(sorter: Sorter, labels: Sequence[int]) -> Features:
    """All features of one way of reading a page."""
    way = Way()
    found: Features = []
    for number, at in enumerate(labels):
        odds = 0.0
        if at < len(way.held):
            odds = sorter.topics.odds(number, [way.held[at].pairs], [way.held[at].size])[0]
        choice = NEW if at == len(way.held) else STAY if at == way.labels[-1] else BACK
        found += [*spread(sorter.shapes[number], choice), *sorter.moving(way, number, at, odds)]
        way = sorter.step(way, number, at, 0.0)
    return [*found, *sorter.end(way)]


def _cost(true: Sequence[int], best: Sequence[int]) -> float:
    """How wrong a reading is: one, and one more for each boundary that differs."""
    return 1.0 + sum(
        (a == b) != (c == d) for (a, b), (c, d) in zip(pairwise(true), pairwise(best), strict=True)
    )


def fitted(
    examples: Sequence[Example],
    rounds: int,
    beam: int,
    *,
    seed: int = 0,
    start: Mapping[str, float] | None = None,
) -> dict[str, float]:
    """The averaged weights; `start` are weights to go on from."""
    draw = random.Random(seed)
    weights: dict[str, float] = defaultdict(float, start or {})
    sums: dict[str, float] = defaultdict(float)
    steps = 1
    for _ in range(rounds):
        wrong = 0
        for item in draw.sample(list(examples), len(examples)):
            sorter = Sorter(item.pieces, item.units, weights)
            best = tuple(sorter.best(beam))
            steps += 1
            if best == item.labels:
                continue
            wrong += 1
            step: dict[str, float] = defaultdict(float)
            for labels, sign in ((item.labels, 1.0), (best, -1.0)):
                for name, amount in traced(sorter, labels):
                    step[name] += sign * amount
            length = sum(amount * amount for amount in step.values())
            margin = sum(weights[name] * amount for name, amount in step.items())
            size = min(_STEP, max(0.0, _cost(item.labels, best) - margin) / (length or 1.0))
            for name, amount in step.items():
                weights[name] += size * amount
                sums[name] += size * amount * steps
        print(f"{wrong} of {len(examples)} pages not yet right", flush=True)
    return {name: round(weights[name] - sums[name] / steps, 4) for name in sorted(weights)}


def drawn(path: Path, rows: range, draw: random.Random) -> Iterator[PageTruth]:
    """Pages of the articles at a path; of reports without bylines as many again that have one topic.

    On a real page all stories may speak of the same thing.
    """
    found = read_manuscripts(path)
    if any(article.byline for article in found):
        yield from printed(found, rows, draw)
        return
    yield from printed(dressed(found, draw), rows, draw)
    for row, group in zip(rows, groups(found, draw), strict=False):
        yield from printed(dressed(group, draw), range(row, row + 1), draw)


def printed(articles: Sequence[Manuscript], rows: range, draw: random.Random) -> Iterator[PageTruth]:
    """For each seed a clean page, one with a single damage and two with several."""
    for row in rows:
        yield print_page(articles, row, damages=())
        yield print_page(articles, row, damages=(draw.choice(list(DAMAGES)),))
        yield print_page(articles, row)
        yield print_page(articles, row, press="press again")


def main(arguments: Sequence[str] | None = None) -> None:
    """Print pages, fit, and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m train.sorting", description=__doc__)
    parser.add_argument("--articles", type=Path, action="append", required=True, help="as for eval.press")
    parser.add_argument("--seeds", type=seeds, default=range(100), metavar="FIRST:END")
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--beam", type=int, default=8)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    began = time.time()
    draw = random.Random(0)
    pages = [page for path in options.articles for page in drawn(path, options.seeds, draw)]
    named = [pieces_of(page) for page in pages]
    broken = [choices(rows) for rows in named]
    found = [joint for item in zip(named, broken, pages, strict=True) for joint in joints(*item)]
    halves = likelihood(found)
    print(
        f"{len(found)} possible breaks, {sum(true > 0 for _, true in found)} true; {time.time() - began:.0f} s"
    )
    made = (example(*item, halves) for item in zip(named, broken, pages, strict=True))
    examples = [item for item in made if item is not None]
    print(
        f"{len(examples)} pages, {sum(len(item.units) for item in examples)} units; {time.time() - began:.0f} s"
    )
    weights = {**halves, **fitted(examples, options.rounds, options.beam)}
    options.out.mkdir(parents=True, exist_ok=True)
    shown = {"made by": "train/sorting.py", "pages": len(examples), "weights": weights}
    path = options.out / "sorting.json"
    path.write_text(json.dumps(shown, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    print(f"{len(weights)} weights; {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
