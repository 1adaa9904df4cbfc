"""How well pages are read, beside the plain way.

    python -m eval.reading --articles eval/press_articles/held_out --seeds 100:340
    python -m eval.reading --articles eval/press_articles/held_out --seeds 100:140 --press second
    python -m eval.reading --articles eval/press_articles/tuning --seeds 0:12 --by-damage
    python -m eval.reading --articles eval/press_articles/one_subject --seeds 206:214
    python -m eval.reading --gold eval/gold/reading --files seeds

Rules are chosen on articles that are not held out, and with `one_subject` on seeds below 200. Figures to
report come from the articles of `held_out` and seeds from 100, and from `one_subject` and seeds from 200.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from math import isnan, nan
from pathlib import Path

from eval.manuscript import Manuscript, printed_alone, read_manuscripts
from eval.plain import plain_reading
from eval.press import DAMAGES, print_page, seeds
from eval.press_second import DAMAGES as SECOND_DAMAGES
from eval.press_second import print_second_page
from eval.reading_scores import Scores, Share, document_of, score
from eval.truth import PageTruth, read_truth
from index.document import Document, Reading

TUNING_SEEDS = range(0, 100)
HELD_OUT_SEEDS = range(100, 340)

Reader = Callable[[Document], Reading]


def measure(read: Reader, pages: Iterable[PageTruth]) -> Scores:
    """Scores of a reader pooled over pages."""
    total = Scores()
    for number, page in enumerate(pages):
        total += score(read(document_of(page, f"page-{number}.txt")), page)
    return total


def _of(name: str) -> Callable[[Scores], float]:
    def value(scores: Scores) -> float:
        share: Share = getattr(scores, name)
        return share.value if share.total else nan

    return value


def _count(name: str) -> Callable[[Scores], float]:
    return lambda scores: getattr(scores, name).hits


COUNTS = ("digits invented", "changed", "in two passages")  # wanted: 0
ROWS: tuple[tuple[str, Callable[[Scores], float]], ...] = (
    ("boundary F1", lambda scores: scores.boundary_f1),
    ("together F1", lambda scores: scores.together_f1),
    ("purity", _of("pure")),
    ("rejoined", _of("joined")),
    ("sentences whole", _of("whole")),
    ("body kept", _of("kept")),
    ("all kept", _of("kept_all")),
    ("lost found", _of("lost_found")),
    ("lost right", _of("lost_right")),
    ("titles", _of("titles")),
    ("bylines", _of("bylines")),
    ("datelines", _of("datelines")),
    ("kinds", _of("kinds")),
    ("complete", _of("complete")),
    ("captions apart", _of("captions")),
    ("furniture apart", _of("furniture")),
    ("digits invented", _count("invented")),
    ("changed", _count("changed")),
    ("in two passages", _count("twice")),
    ("untouched", _of("untouched")),
)


def table(columns: dict[str, Scores]) -> str:
    """Measures as rows, one column for each named score, in Markdown; – where there was nothing to find."""
    lines = ["| measure | " + " | ".join(columns) + " |", "|---|" + "---:|" * len(columns)]
    for name, value in ROWS:
        cells = (value(scores) for scores in columns.values())
        lines.append(f"| {name} | " + " | ".join(_cell(name, cell) for cell in cells) + " |")
    return "\n".join(lines)


def _cell(name: str, value: float) -> str:
    if isnan(value):
        return "–"
    return str(int(value)) if name in COUNTS else f"{value:.3f}"


def our_reading(document: Document) -> Reading:
    """The reader that the index is built with."""
    from index.segment import segment

    return segment(document)


def gold_pages(folder: Path, files: Path) -> Iterator[PageTruth]:
    """Pages with truth written by hand: `NAME.json` in `folder` tells what `NAME.txt` in `files` holds."""
    for path in sorted(folder.glob("*.json")):
        text = (files / f"{path.stem}.txt").read_bytes().decode("utf-8-sig")
        yield read_truth(path, text)


Press = Callable[[Sequence[Manuscript], int, Sequence[str] | None], PageTruth]


def first_press(articles: Sequence[Manuscript], seed: int, damages: Sequence[str] | None) -> PageTruth:
    """A page of the press that the rules are tuned on, with other seeds and articles."""
    return print_page(articles, seed, damages=damages)


def second_press(articles: Sequence[Manuscript], seed: int, damages: Sequence[str] | None) -> PageTruth:
    """A page of the press that no rule has seen."""
    return print_second_page(articles, seed, damages=damages)


PRESSES: dict[str, tuple[Press, Sequence[str]]] = {
    "first": (first_press, tuple(DAMAGES)),
    "second": (second_press, tuple(SECOND_DAMAGES)),
}


def _both(pages: Sequence[PageTruth], name: str = "") -> dict[str, Scores]:
    return {f"{name}ours": measure(our_reading, pages), f"{name}plain": measure(plain_reading, pages)}


def by_damage(
    articles: Sequence[Manuscript], rows: range, read: Reader, *, press: str = "first"
) -> dict[str, Scores]:
    """Scores for each kind of damage alone, on pages where it found something to damage."""
    printer, kinds = PRESSES[press]
    found = {}
    for kind in kinds:
        pages = [printer(articles, seed, (kind,)) for seed in rows]
        found[kind] = measure(read, [page for page in pages if page.damages])
    return found


def _transposed(rows: dict[str, Scores]) -> str:
    lines = ["| kind | " + " | ".join(name for name, _ in ROWS) + " |", "|---|" + "---:|" * len(ROWS)]
    for kind, scores in rows.items():
        lines.append(f"| {kind} | " + " | ".join(_cell(name, value(scores)) for name, value in ROWS) + " |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the tables asked for."""
    parser = argparse.ArgumentParser(prog="python -m eval.reading", description=__doc__)
    parser.add_argument(
        "--articles",
        type=Path,
        help="folder of copy, BEIR folder, or jsonl(.xz); of a folder of folders each is printed alone",
    )
    parser.add_argument("--seeds", type=seeds, default=HELD_OUT_SEEDS, metavar="FIRST:END")
    parser.add_argument("--limit", type=int, default=0, help="read at most so many articles")
    parser.add_argument("--press", choices=list(PRESSES), default="first")
    parser.add_argument("--by-damage", action="store_true", help="each kind of damage alone, ours only")
    parser.add_argument("--gold", type=Path, help="folder of hand-made truth")
    parser.add_argument("--files", type=Path, default=Path("seeds"), help="the files that truth is of")
    options = parser.parse_args(arguments)
    if options.gold:
        print(table(_both(list(gold_pages(options.gold, options.files)))))
    if options.articles:
        if options.by_damage:
            articles = read_manuscripts(options.articles, limit=options.limit)
            print(_transposed(by_damage(articles, options.seeds, our_reading, press=options.press)))
            return
        printer, _ = PRESSES[options.press]
        together = [read_manuscripts(path, limit=options.limit) for path in printed_alone(options.articles)]
        printed = [(articles, seed) for articles in together for seed in options.seeds]
        damaged = [page for page in (printer(*one, None) for one in printed) if page.damages]
        clean = [printer(*one, ()) for one in printed]
        print(table(_both(damaged, "damaged, ") | _both(clean, "clean, ")))


if __name__ == "__main__":
    main()
