"""Count how often what is quoted holds the answer, with stretches read by the reranker and without.

    python -m train.quotes --dev var/train/dev/asked --spans var/train/spans.jsonl [--limit 0]

Held-out questions with a known answer are put to small archives, as in `train.refusal`; refusals are passed over.
Printed is how often the quote of a best sentence that holds the answer holds it too, how often the answer stands in
the first characters of all that is quoted (`eval.answers.WINDOW`), and how long that is at the median: once with the
clauses that the reranker reads (`rag.clauses`), once with the widened clause that stands in where there is no
reranker. Eight minutes of one core; nothing is written.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from eval.answers import WINDOW
from index.encode import load_encoder
from rag import choose, refuse
from rag.choose import Quote, Scored
from rag.clauses import LONG
from rag.rerank import load_reranker
from rag.scene import Scene
from train.cases import Folder, archive_of, load_folder, load_spans, looked_at

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--dev", type=Path, nargs="+", required=True, help="held-out sets in BEIR layout")
parser.add_argument("--spans", type=Path, required=True, help="held-out pairs with the answer's place")
parser.add_argument("--encoder", default="", help="encoder folder, the bundled one by default")
parser.add_argument("--reranker", default="", help="reranker folder, the bundled one by default")
parser.add_argument("--groups", type=int, default=26, help="passages with questions in an archive")
parser.add_argument("--limit", type=int, default=0, help="passages of a set that are asked; 0 is all")
parser.add_argument("--near", type=int, default=5, help="like passages taken in for each question")


@dataclass(frozen=True, slots=True)
class Quoted:
    """What is quoted for a question: whether it holds the answer, and how long it is.

    `kept` is None where the best sentence does not hold the answer, else whether its own quote does; `long`
    tells whether that sentence is longer than a quote may be.
    """

    kept: bool | None
    long: bool
    right: bool
    characters: int


def main() -> None:
    settings = parser.parse_args()
    torch.set_num_threads(1)
    encoder, reranker = load_encoder(settings.encoder), load_reranker(settings.reranker)
    spans = load_spans(settings.spans)
    read: list[Quoted] = []
    widened: list[Quoted] = []
    for path in settings.dev:
        for one, other in quoted(load_folder(settings, path, encoder, reranker, spans)):
            read.append(one)
            widened.append(other)
    tell("stretches read", read)
    tell("clause widened", widened)


def quoted(held: Folder) -> Iterator[tuple[Quoted, Quoted]]:
    """What is quoted for each question with a known answer: with stretches read, and without."""
    for first in range(0, len(held.groups), held.settings.groups):
        chosen, reader = archive_of(held, first)
        for group in chosen:
            for question in held.asked_of[group][:2]:
                row = held.spans.get((question, held.corpus[group]))
                if row is None:
                    continue
                here = looked_at(reader, question, group, "answerable")
                scores = refuse.load("sentence").probability(here.rows)
                ranked = choose.rank(here.pieces, scores)
                answer = group, row["answer_start"], row["answer_start"] + len(row["answer"])
                alone = replace(here.scene, reranker=None)
                yield counted(here.scene, ranked, answer), counted(alone, ranked, answer)
        print(f"{held.name}: {first + len(chosen)} of {len(held.groups)}", flush=True)


def counted(scene: Scene, ranked: Sequence[Scored], answer: tuple[str, int, int]) -> Quoted:
    """What is quoted of ranked sentences, where the answer stands in [start, end) of a passage."""
    group, start, end = answer
    best = ranked[0].piece
    inside = best.passage.id == group and best.start <= start and end <= best.end
    before, right = 0, False
    quotes = choose.quotes(scene, ranked)
    for quote in quotes:
        room = quote.start + WINDOW - before
        right = right or (holds(quote, answer) and end <= room)
        before += len(quote.text)
    kept = holds(choose.quote(scene, ranked[0]), answer) if inside else None
    return Quoted(kept, len(best.text) > LONG, right, before)


def holds(quote: Quote, answer: tuple[str, int, int]) -> bool:
    """True when the answer stands in the quote."""
    group, start, end = answer
    return quote.piece.passage.id == group and quote.start <= start and end <= quote.end


def tell(name: str, found: Sequence[Quoted]) -> None:
    """Print the shares."""
    kept = [one for one in found if one.kept is not None]
    long = [one for one in kept if one.long]
    print(
        f"{name}: of {len(kept)} best sentences with the answer the quote holds it in "
        f"{np.mean([one.kept for one in kept]):.3f}, of {len(long)} longer than {LONG} in "
        f"{np.mean([one.kept for one in long]):.3f}; of {len(found)} questions the answer stands in the first "
        f"{WINDOW} characters of {np.mean([one.right for one in found]):.3f}, median "
        f"{np.median([one.characters for one in found]):.0f} characters"
    )


if __name__ == "__main__":
    main()
