"""Fit the weights by which the reader sorts a page's headlines and paragraphs into articles.

    python -m train.sorting --articles eval/press_articles/tuning --articles titled.jsonl --out models/sorting

Pages are printed by the newspaper press from the articles given, half of them clean or with one damage, the
others with several; seeds are below 100 for each kind of page unless asked otherwise, so that held-out seeds
stay unseen. Two networks are fitted (`train/ways.py`): which half of a sentence goes on with which, and, at each
unit on the way to the true reading of a page, whether it stays with the article above it, begins one or goes
back to an earlier one.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from eval.manuscript import Manuscript, printed_alone, read_manuscripts
from eval.press import DAMAGES, print_page, seeds
from eval.truth import PageTruth, offsets
from index.choices import Choices, choices
from index.clean import blocks
from index.lines import lines
from index.lost import loses_numbers
from index.matching import assigned
from index.pieces import Piece, pieces
from index.sorting import LIKELY, Sorter
from index.unglue import unglued
from index.units import Unit, units_of
from index.ways import Way
from index.weights import NOTHING_KNOWN, Network, written
from train.dressed import dressed
from train.likeness import groups
from train.ways import Item, network

# What is taken off after the fit from a headline's beginning an article: section headings of articles that
# were not fitted on look more like headlines than those that were.
_CAUTION = {"new BH": 1.0, "new HH": 1.0}


@dataclass(frozen=True, slots=True)
class Example:
    """The units of a printed page and the article that each is of."""

    pieces: Sequence[Piece]
    units: Sequence[Unit]
    labels: tuple[int, ...]


def pieces_of(page: PageTruth) -> list[Piece]:
    """The page as it comes before the sorter."""
    found, dropped = lines(page.text)
    return pieces(blocks(page.text, unglued(found, len(page.text), dropped), loses_numbers(page.text)))[0]


def joints(named: Sequence[Piece], broken: Choices, page: PageTruth) -> Iterator[Item]:
    """For each half: features of its standing alone or going with another one, and which is true.

    The others that may be chosen are those that are free where all other halves are as they truly are: the
    product of such conditionals is the composite likelihood (Besag 1975) of the page's assignment.
    """
    true = _true_pairs(named, broken, page)
    rights = set(true.values())
    pairs = {
        (left, right): [*found, *broken.lefts[left], *broken.rights[right]]
        for (left, right), found in broken.pairs.items()
    }
    for left in broken.lefts:
        free = [right for right in broken.rights if right == true.get(left) or right not in rights]
        open_to = [right for right in free if (left, right) in pairs]
        if true.get(left, -1) in (-1, *open_to):
            ways = [pairs[left, right] for right in open_to]
            yield [[], *ways], open_to.index(true[left]) + 1 if left in true else 0
    before = {right: left for left, right in true.items()}
    for right in broken.rights:
        free = [left for left in broken.lefts if left == before.get(right) or left not in true]
        open_to = [left for left in free if (left, right) in pairs]
        if before.get(right, -1) in (-1, *open_to):
            ways = [pairs[left, right] for left in open_to]
            yield [[], *ways], open_to.index(before[right]) + 1 if right in before else 0


def _true_pairs(named: Sequence[Piece], broken: Choices, page: PageTruth) -> dict[int, int]:
    """Right halves by left halves, as the page was printed."""
    after: dict[int, int] = {}
    for article in page.articles:
        for part in article.parts:
            after.update(pairwise(offsets(page.text, part.spans)))
    places = [list(offsets(page.text, piece.content.spans)) for piece in named]
    begins = {own[0]: row for row, own in enumerate(places) if own and row in broken.rights}
    goes_on = {row: begins.get(after.get(places[row][-1], -1), -1) for row in broken.lefts}
    return {left: right for left, right in goes_on.items() if right >= 0}


def example(named: Sequence[Piece], broken: Choices, page: PageTruth, halves: Network) -> Example | None:
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


def steps(item: Example) -> Iterator[Item]:
    """Each choice on the way to the true reading of a page: features of what is open, and which is true."""
    sorter = Sorter(item.pieces, item.units, NOTHING_KNOWN)
    way = Way()
    for number, at in enumerate(item.labels):
        found = sorter.articles(way, number) if way.labels else ()
        open_to = list(dict.fromkeys([*found, at, len(way.held)]))
        if len(open_to) > 1:
            yield [sorter.traced(way, number, one) for one in open_to], open_to.index(at)
        way = sorter.step(way, number, at, 0.0)


def drawn(path: Path, rows: range, draw: random.Random) -> Iterator[PageTruth]:
    """Pages of the articles at a path; of reports without bylines as many again that have one topic.

    On a real page all stories may speak of the same thing. Of a folder of folders each is printed alone.
    """
    alone = printed_alone(path)
    if alone != [path]:
        for folder in alone:
            yield from drawn(folder, rows, draw)
        return
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


def _source(text: str) -> tuple[Path, range | None]:
    """A path, and the seeds behind its `@`."""
    path, _, rows = text.partition("@")
    return Path(path), seeds(rows) if rows else None


def main(arguments: Sequence[str] | None = None) -> None:
    """Print pages, fit, and write the weights."""
    parser = argparse.ArgumentParser(prog="python -m train.sorting", description=__doc__)
    parser.add_argument(
        "--articles",
        type=_source,
        action="append",
        required=True,
        metavar="PATH[@FIRST:END]",
        help="as for eval.press, with seeds of its own or those of --seeds",
    )
    parser.add_argument(
        "--sorted-only",
        type=_source,
        action="append",
        default=[],
        metavar="PATH[@FIRST:END]",
        help="the same, but broken sentences are not learned of these: their short lines stand alone",
    )
    parser.add_argument("--seeds", type=seeds, default=range(100), metavar="FIRST:END")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    began = time.time()
    draw = random.Random(0)
    pages = [page for path, rows in options.articles for page in drawn(path, rows or options.seeds, draw)]
    whole = len(pages)
    pages += [page for path, rows in options.sorted_only for page in drawn(path, rows or options.seeds, draw)]
    named = [pieces_of(page) for page in pages]
    broken = [choices(rows) for rows in named]
    items = list(zip(named, broken, pages, strict=True))
    found = [joint for item in items[:whole] for joint in joints(*item)]
    true = sum(taken > 0 for _, taken in found)
    print(f"{len(found)} possible breaks, {true} true; {time.time() - began:.0f} s")
    halves = network(found)
    examples = [made for item in items if (made := example(*item, halves)) is not None]
    units = sum(len(item.units) for item in examples)
    print(f"{len(examples)} pages, {units} units; {time.time() - began:.0f} s")
    ways = network([step for item in examples for step in steps(item)])
    for name, amount in _CAUTION.items():
        ways.rows[ways.places[name], 0] -= amount
    options.out.mkdir(parents=True, exist_ok=True)
    shown = {"made by": "train/sorting.py", "pages": len(examples)}
    shown |= {"halves": written(halves), "ways": written(ways)}
    lines = json.dumps(shown, ensure_ascii=False).replace("], ", "],\n")  # a line for each feature
    (options.out / "sorting.json").write_text(lines + "\n", encoding="utf-8")
    print(f"{len(halves.places)} features of halves, {len(ways.places)} of ways; {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
