"""Count how often each gap (`rag/gaps.py`) speaks in archives, and what thresholds of refusing do beside it.

    python -m train.gaps_in_archives --dev var/train/dev/asked var/train/dev/wiki --spans var/train/spans.jsonl
        --gold eval/gold/a.jsonl eval/gold/b.jsonl --index var/index [--cache FILE.json]

Held-out questions, their near misses and questions whose passage was taken away are put to small archives, as in
`train.refusal`; open gold questions, less the lost numbers, to the index that the gold was written for. Printed is,
for each gap, how often it is found in the best sentence of questions with and without an answer, and what the shipped
threshold and others refuse. The networks have learnt from the open questions: what is printed of those flatters. Ten
minutes of one core; the same files give the same numbers. `train.gaps` counts in single passages.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch

from eval.gold import load
from index.encode import load_encoder
from index.search import open_index
from rag import refuse
from rag.assistant import Assistant, Settings
from rag.gaps import gap
from rag.reading import Reader
from rag.rerank import load_reranker
from rag.weigh import Measured
from train.cases import Folder, archive_of, load_folder, load_spans, looked_at

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--dev", type=Path, nargs="+", required=True, help="held-out sets in BEIR layout")
parser.add_argument("--spans", type=Path, required=True, help="held-out pairs with the answer's place")
parser.add_argument("--gold", type=Path, nargs="+", required=True, help="their open questions are taken")
parser.add_argument(
    "--index", type=Path, default=Path("var/index"), help="what the open questions are put to"
)
parser.add_argument("--encoder", default="", help="encoder folder, the bundled one by default")
parser.add_argument("--reranker", default="", help="reranker folder, the bundled one by default, or none")
parser.add_argument("--groups", type=int, default=26, help="passages with questions in an archive")
parser.add_argument("--limit", type=int, default=300, help="passages of a set that are asked; 0 is all")
parser.add_argument("--near", type=int, default=5, help="like passages taken in for each question")
parser.add_argument("--cache", type=Path, help="keep what was measured; give a new one when anything changed")
KINDS = ("open", "answerable", "open_unanswerable", "near_miss", "removed")


@dataclass(frozen=True, slots=True)
class Seen:
    """A question, how sure its best sentence is, and what that lacks; `right` is of held-out ones alone."""

    kind: str  # one of KINDS
    text: str
    confidence: float
    gap: str
    right: bool = False


def main() -> None:
    settings = parser.parse_args()
    torch.set_num_threads(1)
    if settings.cache and settings.cache.exists():
        seen = [Seen(**row) for row in json.loads(settings.cache.read_text(encoding="utf-8"))]
    else:
        seen = [*held_out(settings), *open_gold(settings)]
        if settings.cache:
            settings.cache.write_text(json.dumps([asdict(one) for one in seen], ensure_ascii=False))
    tell_gaps(seen)
    tell(seen, refuse.load("answerable").threshold)


def held_out(settings: argparse.Namespace) -> Iterator[Seen]:
    """Held-out questions, their near misses, and every other one with its passage taken away."""
    encoder, reranker = load_encoder(settings.encoder), load_reranker(settings.reranker)
    spans = load_spans(settings.spans)
    for path in settings.dev:
        held = load_folder(settings, path, encoder, reranker, spans)
        for first in range(0, len(held.groups), settings.groups):
            chosen, reader = archive_of(held, first)
            for number, group in enumerate(chosen):
                yield from of_group(held, reader, group, removed=number % 2 == 0)
            print(f"{path.name}: {first + len(chosen)} of {len(held.groups)}", flush=True)


def of_group(held: Folder, reader: Reader, group: str, *, removed: bool) -> Iterator[Seen]:
    """What is asked of one passage."""
    questions = [(question, "answerable") for question in held.asked_of[group][:2]]
    questions += [(held.asked_of[group][0], "removed")] if removed else []
    questions += [(question, "near_miss") for question in sorted(held.misses[group])]
    for question, kind in questions:
        row = held.spans.get((question, held.corpus[group]))
        place = (row["answer_start"], row["answer_start"] + len(row["answer"])) if row else (-1, -1)
        here = looked_at(reader, question, group, kind)
        if here.pieces:
            yield observed(kind, question, here, group, place)


def open_gold(settings: argparse.Namespace) -> Iterator[Seen]:
    """Open gold questions as the assistant puts them, each as a whole."""
    questions = [one for one in load(settings.gold) if one.split == "open" and one.type != "lost"]
    with open_index(settings.index) as index:
        assistant = Assistant(index, Settings(reranker=settings.reranker))
        for question in questions:
            here = assistant.measured(question.question, question.history)
            kind = "open" if question.answerable else "open_unanswerable"
            if here.pieces:
                yield observed(kind, question.question, here)


def observed(
    kind: str, text: str, here: Measured, group: str = "", place: tuple[int, int] = (-1, -1)
) -> Seen:
    """The best sentence; right where it lies in passage `group` and holds some of [start, end) `place` of it."""
    scores = refuse.load("sentence").probability(here.rows)
    best = int(np.argmax(scores * here.timely))
    piece = here.pieces[best]
    missing = gap(here.scene.asked, piece, here.pieces)
    right = piece.passage.id == group and piece.start < place[1] and place[0] < piece.end
    return Seen(kind, text, refuse.confidence(here.rows, scores, best), missing.key if missing else "", right)


def tell_gaps(seen: list[Seen]) -> None:
    """Print for each gap how often it was found, by kind of question."""
    counts = Counter((one.gap, one.kind) for one in seen)
    right = sum(one.right for one in seen)
    print(
        "of", {kind: sum(one.kind == kind for one in seen) for kind in KINDS}, f"answerable, right: {right}"
    )
    for key in sorted({one.gap for one in seen} - {""}):
        right = sum(one.gap == key and one.right for one in seen)
        print(f"  {key:14s}", {kind: counts[key, kind] for kind in KINDS}, f"answerable, right: {right}")


def tell(seen: list[Seen], threshold: float) -> None:
    """Print what share of each kind thresholds refuse, and with what sentences lack."""
    for value in (threshold, 0.1, 0.2, 0.3, 0.4, 0.5):
        parts = []
        for kind in KINDS:
            group = [one for one in seen if one.kind == kind]
            low = sum(one.confidence < value for one in group)
            both = sum(one.confidence < value or bool(one.gap) for one in group)
            parts.append(f"{kind} {low / len(group):.3f} with gaps {both / len(group):.3f}")
        print(f"threshold {value:.4f} refuses {'; '.join(parts)}")


if __name__ == "__main__":
    main()
