"""A second press with other kinds of damage than the first: for measuring only, never for tuning.

    python -m eval.press_second --articles eval/press_articles/held_out --seeds 100:105 --out var/pages

It was written without looking at the reader's rules, to see whether they hold on pages that nobody tuned on.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Sequence
from pathlib import Path

from eval import damage_second as damage
from eval import makeup_second as makeup
from eval.forme import Forme, pull
from eval.manuscript import Manuscript, read_manuscripts
from eval.press import choose, compose, seeds
from eval.truth import PageTruth, write_truth

# In the order in which they happen: the first belong to the setting of the page, the last to its scanning.
DAMAGES: dict[str, Callable[[Forme], bool]] = {
    "broken_headline": damage.broken_headline,
    "kicker_below": damage.kicker_below,
    "byline_in_body": makeup.byline_in_body,
    "traditional": damage.traditional,
    "full_width": damage.full_width,
    "lost_closed_up": damage.lost_closed_up,
    "scattered_blanks": damage.scattered_blanks,
    "advertisements": makeup.advertisements,
    "flat_table": makeup.flat_table,
    "glued_caption": damage.glued_caption,
    "careless_lines": makeup.careless_lines,
    "drop_cap": makeup.drop_cap,
    "page_break": makeup.page_break,
    "watermark": makeup.watermark,
    "repeated_line": makeup.repeated_line,
    "rows_across": makeup.rows_across,
    "furniture": makeup.furniture,
    "line_numbers": makeup.line_numbers,
    "carriage_returns": damage.carriage_returns,
}


def print_second_page(
    articles: Sequence[Manuscript], seed: int, *, damages: Sequence[str] | None = None
) -> PageTruth:
    """One page of one to five of the articles, with one to five kinds of damage where none are given.

    Raises KeyError at an unknown kind.
    """
    draw = random.Random(f"second press {seed}")  # a repeatable draw, no secret  # nosec B311
    wanted = draw.sample(list(DAMAGES), draw.randint(1, 5)) if damages is None else list(damages)
    unknown = set(wanted) - set(DAMAGES)
    if unknown:
        raise KeyError(f"unknown damage {sorted(unknown)}; known: {' '.join(DAMAGES)}")
    forme = compose(choose(draw, articles, ()), draw)
    if damages is None or set(wanted) & makeup.NEEDS_LINES:
        makeup.set_in_lines(forme, always=bool(set(wanted) & makeup.NEEDS_LINES))
    done = [name for name, apply in DAMAGES.items() if name in wanted and apply(forme)]
    return pull(forme, done)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print pages into a folder, each as text beside its truth."""
    parser = argparse.ArgumentParser(prog="python -m eval.press_second", description=__doc__)
    parser.add_argument("--articles", type=Path, required=True, help="copy, BEIR folder, or jsonl(.xz)")
    parser.add_argument("--seeds", type=seeds, default=range(100, 105), metavar="FIRST:END")
    parser.add_argument("--damage", action="append", choices=list(DAMAGES), help="only these kinds")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    articles = read_manuscripts(options.articles)
    options.out.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        page = print_second_page(articles, seed, damages=options.damage)
        (options.out / f"second-{seed}.txt").write_text(page.text, encoding="utf-8", newline="")
        write_truth(page, options.out / f"second-{seed}.json")
        print(f"second-{seed}: {len(page.articles)} articles, {' '.join(page.damages)}")


if __name__ == "__main__":
    main()
