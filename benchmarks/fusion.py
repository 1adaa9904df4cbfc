"""Fit the fusion on collections that are not reported: how much vectors weigh, and when.

    python benchmarks/fusion.py COLLECTION… [--model FOLDER] [--queries N]

Each COLLECTION is a BEIR folder. Prints nDCG@10 of words, of vectors, and of
`index.fuse` for a grid of its three numbers; the last column is the mean.
"""

from __future__ import annotations

import argparse
import random
import sys
from itertools import product
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from eval.exchange import Collection, load_beir
from index import dense, fuse, lexical
from index.encode import load_encoder
from index.search import DEPTH

WEIGHTS = (70.0, 100.0, 140.0)
CLEAR = (0.05, 0.065, 0.08, 0.1)
ENOUGH = (30.0, 35.0, 40.0, 45.0, 50.0, 1e9)  # the last: a high score silences nothing


def ndcg(order: list[str], relevant: dict[str, int]) -> float:
    """nDCG@10 of one ranking with linear gains."""
    gained = sum(relevant.get(id_, 0) / np.log2(place + 2) for place, id_ in enumerate(order[:10]))
    ideal = sum(
        grade / np.log2(place + 2) for place, grade in enumerate(sorted(relevant.values(), reverse=True)[:10])
    )
    return float(gained / ideal) if ideal else 0.0


def measure(collection: Collection, model: str, most: int) -> dict[str, list[float]]:
    """nDCG@10 by system, one number a query."""
    encoder = load_encoder(model)
    ids = [text.id for text in collection.texts]
    texts = [f"{text.title}\n{text.text}" if text.title else text.text for text in collection.texts]
    words = lexical.build(texts)
    vectors = dense.build(encoder.encode(texts))
    scores: dict[str, list[float]] = {}
    queries = [query for query in collection.queries if collection.qrels.get(query)]
    random.Random(1).shuffle(queries)
    for query in queries[:most]:
        question = collection.queries[query]
        vector = encoder.encode([question])[0]
        ceiling = words.ceiling(question)
        bm25 = fuse.scale(words.scores(question), ceiling)
        near, _ = vectors.search(vector, DEPTH)
        rows = np.union1d(np.argsort(-bm25)[:DEPTH], near)
        cosines = vectors.rows_of(rows) @ vector
        candidates = {"words": bm25[rows], "vectors": cosines}
        for weight, clear, enough in product(WEIGHTS, CLEAR, ENOUGH):
            factor = fuse.vector_weight(bm25, ceiling, weight=weight, clear=clear, enough=enough)
            name = f"weight {weight:g}, clear {clear:g}, enough {enough:g}"
            candidates[name] = fuse.fuse(bm25[rows], cosines, factor)
        for name, values in candidates.items():
            order = [ids[rows[i]] for i in np.argsort(-values, kind="stable")[:10]]
            scores.setdefault(name, []).append(ndcg(order, dict(collection.qrels[query])))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--model", default="")
    parser.add_argument("--queries", type=int, default=1_000_000, help="at most so many of each")
    options = parser.parse_args()
    table = []
    for folder in options.collections:
        scores = measure(load_beir(folder), options.model, options.queries)
        table.append({name: float(np.mean(values)) for name, values in scores.items()})
    print(f"{'nDCG@10':<40}" + "".join(f"{folder.name:>16}" for folder in options.collections) + "    mean")
    for name in table[0]:
        row = [column[name] for column in table]
        print(f"{name:<40}" + "".join(f"{value:>16.4f}" for value in row) + f"{np.mean(row):>8.4f}")


if __name__ == "__main__":
    main()
