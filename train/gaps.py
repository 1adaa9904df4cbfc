"""Count how often each gap (`rag/gaps.py`) speaks against questions with and without an answer in a passage.

    python -m train.gaps --pairs PAIRS_ASKED.jsonl.xz [--first 16000] [--count 4000] [--tell answerable]

Every row has a question, the passage that answers it with the answer's place, and a near miss: a question of the same
subject that the passage does not answer. The gap is looked for in the sentence that holds the answer, and for
the near miss in the sentence nearest to it by its vector; no reranker and no fitted weight has a part in this.
The order is shuffled once, always the same; the checks were written looking at rows 0 to 16,000, so `--first`
is 16,000. A passage stands alone here: no title, and nobody who was speaking from before. Two minutes of one core.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from index.document import Passage, Span
from index.encode import Encoder, load_encoder
from rag.evidence import Piece, pieces_of
from rag.gaps import gap
from rag.question import understand

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument(
    "--pairs", type=Path, required=True, help="questions with answer and near miss, packed by xz"
)
parser.add_argument("--first", type=int, default=16_000, help="rows that are passed over")
parser.add_argument("--count", type=int, default=4_000, help="rows that are counted")
parser.add_argument("--encoder", default="", help="encoder folder, the bundled one by default")
parser.add_argument(
    "--tell", choices=("answerable", "near_miss"), help="print these questions with their gap"
)
SEED = 8


def main() -> None:
    settings = parser.parse_args()
    encoder = load_encoder(settings.encoder)
    asked: Counter[str] = Counter()
    found: Counter[tuple[str, str]] = Counter()
    for row in rows(settings.pairs, settings.first, settings.count):
        for kind, question, piece, pieces in looked_at(row, encoder):
            asked[kind] += 1
            missing = gap(understand(question), piece, pieces)
            if missing is None:
                continue
            found[missing.key, kind] += 1
            if kind == settings.tell:
                print(missing.key, question, "|", piece.text.replace("\n", "")[:100])
    print("of", dict(asked))
    for key in [*sorted({key for key, _ in found}), ""]:
        counts = {
            kind: sum(n for (k, of), n in found.items() if of == kind and key in ("", k)) for kind in asked
        }
        print(f"  {key or 'any':14s}", counts)


def rows(path: Path, first: int, count: int) -> list[dict]:  # type: ignore[type-arg]
    """Some rows of the file in an order that does not change."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        found = [json.loads(line) for line in lines]
    random.Random(SEED).shuffle(found)
    return found[first : first + count]


def looked_at(row: dict, encoder: Encoder) -> Iterator[tuple[str, str, Piece, tuple[Piece, ...]]]:  # type: ignore[type-arg]
    """The question and the near miss of a row, each with its sentence and all sentences of the passage."""
    text, start = row["positive"], row["answer_start"]
    pieces = pieces_of(Passage("p", "p", "p", text, (Span(0, len(text)),)))
    holding = [one for one in pieces if one.start < start + len(row["answer"]) and start < one.end]
    if start >= 0 and holding:
        yield "answerable", row["query"], holding[0], pieces
    if row.get("near_miss") and pieces:
        vectors = encoder.encode([row["near_miss"], *(one.text for one in pieces)])
        yield "near_miss", row["near_miss"], pieces[int(np.argmax(vectors[1:] @ vectors[0]))], pieces


if __name__ == "__main__":
    main()
