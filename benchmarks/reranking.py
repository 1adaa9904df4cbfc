"""Fit what the reranker's log odds count beside a cosine, on collections that are not reported.

    python benchmarks/reranking.py COLLECTION… [--model FOLDER] [--reranker FOLDER] [--queries N]

Each COLLECTION is a BEIR folder. Prints nDCG@10 of fused and of `rag.rerank.reorder`
for several weights; the last column is the mean. The largest weight that lowers no
collection by 0.0005 or more is the one to take.
"""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fusion import ndcg
from eval.exchange import Collection, load_beir
from index.search import memory_index
from rag.rerank import Reranker, load_reranker, read_hits, reorder

WEIGHTS = (0.0, 0.03, 0.08, 0.2, 0.4, 0.8)


def measure(collection: Collection, model: str, reranker: Reranker | None, most: int) -> list[float]:
    """nDCG@10 by weight."""
    index = memory_index([(text.id, text.title, text.text) for text in collection.texts], model=model)
    queries = [query for query in collection.queries if collection.qrels.get(query)]
    random.Random(1).shuffle(queries)
    scores: list[list[float]] = [[] for _ in WEIGHTS]
    for query in queries[:most]:
        question = collection.queries[query]
        hits = index.search(question, k=30)
        reads = read_hits(reranker, question, hits)
        for weight, found in zip(WEIGHTS, scores, strict=True):
            order = [hit.passage.id for hit in reorder(hits, reads, weight)]
            found.append(ndcg(order, dict(collection.qrels[query])))
    return [float(np.mean(found)) for found in scores]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--model", default="")
    parser.add_argument("--reranker", default="")
    parser.add_argument("--queries", type=int, default=1_000_000, help="at most so many of each")
    options = parser.parse_args()
    reranker = load_reranker(options.reranker)
    table = [
        measure(load_beir(folder), options.model, reranker, options.queries) for folder in options.collections
    ]
    print(f"{'weight':<8}" + "".join(f"{folder.name:>12}" for folder in options.collections) + "    mean")
    for number, weight in enumerate(WEIGHTS):
        row = [column[number] for column in table]
        print(f"{weight:<8g}" + "".join(f"{value:>12.4f}" for value in row) + f"{np.mean(row):>8.4f}")


if __name__ == "__main__":
    main()
