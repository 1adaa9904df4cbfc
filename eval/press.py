"""The newspaper press: clean articles in, damaged pages with known truth out.

    python -m eval.press --articles eval/press_articles/tuning --seeds 0:5 --out var/pages

Everything is decided by the seed and the order of the articles.
"""

from __future__ import annotations

import argparse
import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

from eval import damage, makeup
from eval.forme import Forme, Fragment, Part, Strip, pull
from eval.manuscript import Manuscript, read_manuscripts
from eval.truth import PageTruth, write_truth

Damage = Callable[[Forme], bool]

# In the order in which they happen: the type is set, made up into a page, and printed and scanned.
DAMAGES: dict[str, Damage] = {
    "wrapped": damage.wrapped,
    "blank_lines": damage.blank_lines,
    "lost_digits": damage.lost_digits,
    "half_width": damage.half_width,
    "column_cut": makeup.column_cut,
    "two_headlines": makeup.two_headlines,
    "foreign_title": makeup.foreign_title,
    "truncated": makeup.truncated,
    "out_of_order": makeup.out_of_order,
    "unrelated": makeup.unrelated,
    "jump": makeup.jump,
    "quote_in_cut": makeup.quote_in_cut,
    "vertical_caption": damage.vertical_caption,
    "glued_heading": damage.glued_heading,
    "markdown": damage.markdown,
    "stray_mark": damage.stray_mark,
    "spaced_letters": damage.spaced_letters,
    "one_block": damage.one_block,
}
_APART = (
    ("wrapped", "one_block"),
    ("blank_lines", "one_block"),
    ("two_headlines", "foreign_title"),
    ("truncated", "jump"),
)
_SMALL = ("notice", "caption")
_LONGEST_PAGE = 6000  # characters of clean articles on one page
_INLINE_BYLINE = re.compile(r"[（(]([^（()）]*(?:记者|通讯员|作者)[^（()）]*)[）)]")
_AGENCY = re.compile(r"\S{0,20}(?:电|讯)(?![\u4e00-\u9fff])")


def print_page(
    articles: Sequence[Manuscript], seed: int, *, damages: Sequence[str] | None = None, press: str = "press"
) -> PageTruth:
    """One page of one to five of the articles.

    Without `damages`, one to six kinds are drawn; an empty sequence prints a clean page. `truth.damages`
    names those that found something to damage. Raises KeyError at an unknown kind.
    """
    draw = random.Random(f"{press} {seed}")  # a repeatable draw, no secret  # nosec B311
    wanted = _drawn(draw) if damages is None else tuple(damages)
    forme = compose(choose(draw, articles, wanted), draw)
    unknown = set(wanted) - set(DAMAGES)
    if unknown:
        raise KeyError(f"unknown damage {sorted(unknown)}; known: {' '.join(DAMAGES)}")
    done = [name for name, apply in DAMAGES.items() if name in wanted and apply(forme)]
    return pull(forme, done)


def _drawn(draw: random.Random) -> tuple[str, ...]:
    wanted = draw.sample(list(DAMAGES), draw.randint(1, 6))
    for one, other in _APART:
        if one in wanted and other in wanted:
            wanted.remove(other)
    return tuple(wanted)


def choose(draw: random.Random, articles: Sequence[Manuscript], wanted: Sequence[str]) -> list[Manuscript]:
    """Articles for one page: long ones, and now and then a small item."""
    large = [article for article in articles if article.kind not in _SMALL] or list(articles)
    small = [article for article in articles if article.kind in _SMALL]
    least = 2 if {"two_headlines", "foreign_title"} & set(wanted) else 1
    page: list[Manuscript] = []
    for article in draw.sample(large, min(max(least, draw.randint(1, 5)), len(large))):
        if len(page) < least or sum(len(other.body) for other in [*page, article]) <= _LONGEST_PAGE:
            page.append(article)
    if small and ("unrelated" in wanted or draw.random() < 0.2):
        page.append(draw.choice(small))
    return page


def compose(articles: Sequence[Manuscript], draw: random.Random) -> Forme:
    """Set the articles in type, one below the other, undamaged."""
    forme = Forme(draw, [(article.name, article.kind) for article in articles])
    forme.paragraph_break = draw.choice(("\n", "\n\n"))
    forme.indent = draw.choice(("", "", "　　", "  "))
    for number, article in enumerate(articles):
        forme.fragments.append(Fragment(number, "head", tuple(_head(forme, number, article))))
        forme.fragments.append(Fragment(number, "body", tuple(_body(forme, number, article))))
    return forme


def _head(forme: Forme, number: int, article: Manuscript) -> list[Strip]:
    lines = [("kicker", article.kicker), ("title", article.title), ("subtitle", article.subtitle)]
    strips = [Strip(kind, forme.add(Part(number, kind, text))) for kind, text in lines if text]
    if article.byline:
        marked = (("byline", 0, len(article.byline)),)
        strips.append(Strip("byline", forme.add(Part(number, "byline", article.byline, marked))))
    return strips


def _body(forme: Forme, number: int, article: Manuscript) -> list[Strip]:
    strips = []
    dateline = article.dateline
    for block in article.blocks:
        text = block.text
        marked: tuple[tuple[str, int, int], ...] = ()
        if block.kind == "body" and dateline:
            text, marked = f"{dateline} {text}", _marks(dateline)
            dateline = ""
        strips.append(Strip(block.kind, forme.add(Part(number, block.kind, text, marked))))
    if article.signature:
        part = Part(number, "signature", article.signature, _marks(article.signature))
        strips.append(Strip("signature", forme.add(part)))
    return strips


def _marks(text: str) -> tuple[tuple[str, int, int], ...]:
    """Where the byline and the dateline stand in a dateline or signature."""
    inline, agency = _INLINE_BYLINE.search(text), _AGENCY.match(text)
    found = []
    if agency:
        found.append(("dateline", 0, agency.end()))
    if inline:
        found.append(("byline", *inline.span(1)))
    elif not agency:
        found.append(("byline", 0, len(text)))
    return tuple(found)


def seeds(text: str) -> range:
    """`100:140` as a range; `7` as that seed alone."""
    first, colon, last = text.partition(":")
    return range(int(first), int(last) if colon else int(first) + 1)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print pages into a folder, each as text beside its truth."""
    parser = argparse.ArgumentParser(prog="python -m eval.press", description=__doc__)
    parser.add_argument("--articles", type=Path, required=True, help="copy, BEIR folder, or jsonl(.xz)")
    parser.add_argument("--seeds", type=seeds, default=range(5), metavar="FIRST:END")
    parser.add_argument("--damage", action="append", choices=list(DAMAGES), help="only these kinds")
    parser.add_argument("--clean", action="store_true", help="no damage at all")
    parser.add_argument("--limit", type=int, default=0, help="read at most so many articles")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    articles = read_manuscripts(options.articles, limit=options.limit)
    options.out.mkdir(parents=True, exist_ok=True)
    for seed in options.seeds:
        page = print_page(articles, seed, damages=() if options.clean else options.damage)
        (options.out / f"page-{seed}.txt").write_text(page.text, encoding="utf-8", newline="")
        write_truth(page, options.out / f"page-{seed}.json")
        print(f"page-{seed}: {len(page.articles)} articles, {' '.join(page.damages) or 'clean'}")


if __name__ == "__main__":
    main()
