"""Which words are the strongest? BM25 over several ways to cut Chinese, on BEIR folders.

    python benchmarks/words.py COLLECTION… [--every N]

Prints nDCG@10 and R@100 of jieba's search mode, of characters, of character
pairs, and of their unions, all with the k1 and b of `index/lexical.py`.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import bm25s
import jieba
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.fusion import ndcg
from eval.exchange import Collection, load_beir
from index.fold import fold
from index.lexical import K1, B
from index.tokens import terms

Cut = Callable[[str], list[str]]


def by_jieba(text: str) -> list[str]:
    """jieba's search mode, punctuation left out."""
    return [word for word in jieba.cut_for_search(fold(text)[0]) if any(c.isalnum() for c in word)]


def characters(text: str) -> list[str]:
    """Single characters, Latin words and numbers whole."""
    return [term for term in terms(text) if len(term) == 1 or term.isascii()]


def pairs(text: str) -> list[str]:
    """Pairs of neighbouring characters, Latin words and numbers whole."""
    return [term for term in terms(text) if len(term) > 1]


WAYS: dict[str, Cut] = {
    "jieba, search mode": by_jieba,
    "characters": characters,
    "pairs": pairs,
    "characters + pairs": terms,
    "jieba + pairs": lambda text: by_jieba(text) + [t for t in pairs(text) if not t.isascii()],
    "jieba + characters + pairs": lambda text: terms(text) + [w for w in by_jieba(text) if len(w) > 2],
}


def measure(collection: Collection, cut: Cut, every: int) -> tuple[float, float]:
    """Mean nDCG@10 and R@100 of BM25 over terms cut one way."""
    vocabulary: dict[str, int] = {}
    rows = [
        [vocabulary.setdefault(t, len(vocabulary)) for t in cut(f"{x.title}\n{x.text}")]
        for x in collection.texts
    ]
    engine = bm25s.BM25(k1=K1, b=B, method="lucene")
    engine.index((rows, vocabulary), show_progress=False)
    ids = [text.id for text in collection.texts]
    gains, recalls = [], []
    for query in [query for query in collection.queries if collection.qrels.get(query)][::every]:
        relevant = dict(collection.qrels[query])
        known = [vocabulary[term] for term in cut(collection.queries[query]) if term in vocabulary]
        scores = engine.get_scores_from_ids(known) if known else np.zeros(len(ids))
        order = [ids[row] for row in np.argsort(-scores, kind="stable")[:100]]
        gains.append(ndcg(order, relevant))
        recalls.append(sum(id_ in relevant for id_ in order) / len(relevant))
    return float(np.mean(gains)), float(np.mean(recalls))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("collections", nargs="+", type=Path)
    parser.add_argument("--every", type=int, default=1, help="take every N-th query")
    options = parser.parse_args()
    for folder in options.collections:
        collection = load_beir(folder)
        print(f"\n{folder.name}: {len(collection.texts)} passages, nDCG@10 / R@100")
        for name, cut in WAYS.items():
            gain, recall = measure(collection, cut, options.every)
            print(f"  {name:<28}{gain:.3f} / {recall:.3f}", flush=True)


if __name__ == "__main__":
    main()
