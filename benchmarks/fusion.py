"""Fit the fusion on collections that are not reported: how to scale words, and how much vectors weigh.

    python benchmarks/fusion.py COLLECTION… [--model FOLDER]

Each COLLECTION is a BEIR folder. Prints nDCG@10 of words, of vectors, and of
words / scale + weight × cosine for a grid of weights, where scale is the score
of the question's best passage (`best`) or the sum of the rarities of its terms,
which no passage exceeds (`ideal`). The last column is the mean.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from eval.exchange import Collection, load_beir
from index import dense, fuse, lexical
from index.encode import load_encoder
from index.search import DEPTH
from index.tokens import terms

WEIGHTS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0, 4.0)


def ndcg(order: list[str], relevant: dict[str, int]) -> float:
    """nDCG@10 of one ranking with linear gains."""
    gained = sum(relevant.get(id_, 0) / np.log2(place + 2) for place, id_ in enumerate(order[:10]))
    ideal = sum(
        grade / np.log2(place + 2) for place, grade in enumerate(sorted(relevant.values(), reverse=True)[:10])
    )
    return float(gained / ideal) if ideal else 0.0


def measure(collection: Collection, model: str) -> dict[str, list[float]]:
    """nDCG@10 by system, one number a query."""
    encoder = load_encoder(model)
    ids = [text.id for text in collection.texts]
    texts = [f"{text.title}\n{text.text}" if text.title else text.text for text in collection.texts]
    words = lexical.build(texts)
    vectors = dense.build(encoder.encode(texts))
    held = np.diff(np.asarray(words.engine.scores["indptr"]))
    rarity = np.log(1 + (len(ids) - held + 0.5) / (held + 0.5))
    scores: dict[str, list[float]] = {}
    queries = [query for query in collection.queries if collection.qrels.get(query)]
    encoded = encoder.encode([collection.queries[query] for query in queries])
    for query, vector in zip(queries, encoded, strict=True):
        relevant = dict(collection.qrels[query])
        bm25 = words.scores(collection.queries[query])
        known = words.engine.vocab_dict
        ideal = sum(float(rarity[known[t]]) for t in terms(collection.queries[query]) if t in known)
        near, _ = dense.search(vectors, vector, DEPTH)
        rows = np.union1d(np.argsort(-bm25)[:DEPTH], near)
        cosines = dense.rows_of(vectors, rows) @ vector
        candidates = {"words": bm25[rows], "vectors": cosines}
        for weight in WEIGHTS:
            candidates[f"best + {weight:g} × cosine"] = fuse.scale(bm25)[rows] + weight * cosines
            candidates[f"ideal + {weight:g} × cosine"] = bm25[rows] / max(ideal, 1e-9) + weight * cosines
        for name, values in candidates.items():
            order = [ids[rows[i]] for i in np.argsort(-values, kind="stable")[:10]]
            scores.setdefault(name, []).append(ndcg(order, relevant))
    return scores


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--model", default="")
    options = parser.parse_args()
    table = [
        {name: float(np.mean(values)) for name, values in measure(load_beir(folder), options.model).items()}
        for folder in options.collections
    ]
    print(f"{'nDCG@10':<24}" + "".join(f"{folder.name:>16}" for folder in options.collections) + "    mean")
    for name in table[0]:
        row = [column[name] for column in table]
        print(f"{name:<24}" + "".join(f"{value:>16.3f}" for value in row) + f"{np.mean(row):>8.3f}")


if __name__ == "__main__":
    main()
