"""Measure a model on folders in BEIR layout: words, vectors, fused, with the weight chosen elsewhere.

    python -m train.score --model models/encoder --weight 1.5 FOLDER… [--json FILE]

Words are BM25 (Lucene form, k1 1.2, b 0.75) over single characters and character pairs; fused is the words score
scaled to the question's best plus WEIGHT times the cosine, over the first 200 of either side.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np

from train.prepare import read

RUN = re.compile(r"[㐀-鿿豈-﫿]+|[a-z]+|\d+")


def letters(text: str) -> list[str]:
    """Single characters, character pairs, whole Latin words and numbers."""
    found = []
    for run in RUN.findall(text.lower()):
        if run[0] >= "㐀":
            found += list(run) + [run[i : i + 2] for i in range(len(run) - 1)]
        else:
            found.append(run)
    return found


class Bench:
    """One BEIR folder with its words ranking worked out once."""

    def __init__(self, folder: Path) -> None:
        corpus = read(next(p for p in (folder / "corpus.jsonl", folder / "corpus.jsonl.xz") if p.exists()))
        self.name, self.ids = folder.name, [row["_id"] for row in corpus]
        self.texts = [((row.get("title") or "") + "\n" + row["text"]).strip() for row in corpus]
        row_of = {name: i for i, name in enumerate(self.ids)}
        self.relevant: dict[str, set[int]] = {}
        for line in (folder / "qrels/test.tsv").read_text().splitlines()[1:]:
            query, passage, grade = line.split("\t")
            if int(grade) > 0:
                self.relevant.setdefault(query, set()).add(row_of[passage])
        rows = [r for r in read(folder / "queries.jsonl") if r["_id"] in self.relevant]
        self.query_ids, self.queries = [r["_id"] for r in rows], [r["text"] for r in rows]
        self.words = self._words()

    def _words(self) -> np.ndarray:
        """BM25 of every query with every passage, float16 (queries, passages), scaled to the query's best."""
        from scipy.sparse import csr_matrix

        vocabulary: dict[str, int] = {}
        counts = [self._row(t, vocabulary, grow=True) for t in self.texts]
        length = np.array([sum(c.values()) for c in counts], float)
        rows = np.repeat(np.arange(len(counts)), [len(c) for c in counts])
        columns = np.fromiter((k for c in counts for k in c), np.int64)
        tf = np.fromiter((v for c in counts for v in c.values()), float)
        df = np.bincount(columns, minlength=len(vocabulary))
        idf = np.log(1 + (len(counts) - df + 0.5) / (df + 0.5))
        weight = idf[columns] * tf / (tf + 1.2 * (0.25 + 0.75 * length[rows] / length.mean()))
        index = csr_matrix((weight, (columns, rows)), shape=(len(vocabulary), len(counts)), dtype=np.float32)
        asked = [self._row(q, vocabulary, grow=False) for q in self.queries]
        query = csr_matrix(
            (
                np.fromiter((v for c in asked for v in c.values()), np.float32),
                np.fromiter((k for c in asked for k in c), np.int64),
                np.cumsum([0] + [len(c) for c in asked]),
            ),
            shape=(len(asked), len(vocabulary)),
        )
        scores = np.zeros((len(asked), len(counts)), np.float16)
        for at in range(0, len(asked), 256):
            dense = (query[at : at + 256] @ index).toarray()
            scores[at : at + 256] = dense / np.maximum(dense.max(1, keepdims=True), 1e-9)
        return scores

    @staticmethod
    def _row(text: str, vocabulary: dict[str, int], *, grow: bool) -> dict[int, int]:
        counts: dict[int, int] = {}
        for token in letters(text):
            number = vocabulary.setdefault(token, len(vocabulary)) if grow else vocabulary.get(token)
            if number is not None:
                counts[number] = counts.get(number, 0) + 1
        return counts

    def measure(self, scores: np.ndarray) -> dict[str, float]:
        """nDCG@10, P@1, R@10, R@100 of a score matrix (queries, passages); higher is better."""
        depth = min(100, scores.shape[1] - 1)
        top = np.argpartition(-scores, depth, axis=1)[:, :depth]
        order = np.take_along_axis(
            top, np.argsort(-np.take_along_axis(scores, top, 1), axis=1, kind="stable"), 1
        )
        return self.measure_ranking(order)

    def measure_ranking(self, order: np.ndarray) -> dict[str, float]:
        found = {"nDCG@10": 0.0, "P@1": 0.0, "R@10": 0.0, "R@100": 0.0}
        for row, name in zip(order, self.query_ids, strict=True):
            right = self.relevant[name]
            hits = [i for i, p in enumerate(row) if int(p) in right]
            best = sum(1 / np.log2(i + 2) for i in range(min(10, len(right))))
            found["nDCG@10"] += sum(1 / np.log2(i + 2) for i in hits if i < 10) / best
            found["P@1"] += 0 in hits
            found["R@10"] += sum(i < 10 for i in hits) / len(right)
            found["R@100"] += sum(i < 100 for i in hits) / len(right)
        return {key: round(float(value) / len(self.query_ids), 4) for key, value in found.items()}

    def vectors(self, encode: Callable[[list[str]], np.ndarray]) -> np.ndarray:
        """Cosine of every query with every passage, float32 (queries, passages)."""
        return encode(self.queries) @ encode(self.texts).T

    def report(self, cosine: np.ndarray, weight: float) -> dict[str, dict[str, float]]:
        words = self.words.astype(np.float32)
        return {
            "words": self.measure(words),
            "vectors": self.measure(cosine),
            "fused": self.measure(words + weight * cosine),
        }


def best_weight(benches: list[tuple[Bench, np.ndarray]], choices: np.ndarray) -> tuple[float, list[float]]:
    """The weight of the cosine with the best mean nDCG@10 over the benches, and the means."""
    means = [
        float(np.mean([b.measure(b.words.astype(np.float32) + w * c)["nDCG@10"] for b, c in benches]))
        for w in choices
    ]
    return float(choices[int(np.argmax(means))]), means


parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folders", nargs="+", type=Path)
parser.add_argument("--model", default="models/encoder")
parser.add_argument("--weight", type=float, default=1.5)
parser.add_argument("--json", type=Path)


def main() -> None:
    from sentence_transformers import SentenceTransformer

    settings = parser.parse_args()
    model = SentenceTransformer(settings.model, device="cpu")

    def encode(texts: list[str]) -> np.ndarray:
        return np.asarray(model.encode(texts, batch_size=256, normalize_embeddings=True), np.float32)

    reports = {}
    for folder in settings.folders:
        bench = Bench(folder)
        reports[bench.name] = bench.report(bench.vectors(encode), settings.weight)
        for system, measures in reports[bench.name].items():
            print(
                f"{bench.name:16} {system:8}",
                "  ".join(f"{k} {v:.3f}" for k, v in measures.items()),
                flush=True,
            )
    if settings.json:
        settings.json.write_text(json.dumps({"weight": settings.weight, "sets": reports}, indent=1))


if __name__ == "__main__":
    main()
