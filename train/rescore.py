"""Measure words, vectors, fused and fused + reranked, and the marked answers.

    python -m train.rescore --reranker models/reranker --fit var/train/dev/asked var/train/dev/law var/train/dev/wiki
    python -m train.rescore --reranker models/reranker --mix 0.2 FOLDER…

The first DEPTH of the fused ranking are scored; what orders them is the fused score + MIX × the reranker's score.
--fit chooses MIX on the folders given. --spans FILE measures exact match and F1 of the marked answers.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np

from train.body import END, START
from train.prepare import bare, read
from train.score import Bench

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("folders", nargs="*", type=Path)
parser.add_argument("--fit", nargs="*", type=Path, default=[])
parser.add_argument("--encoder", default="models/encoder")
parser.add_argument("--reranker", type=Path, default=Path("models/reranker"))
parser.add_argument("--weight", type=float, default=1.5)
parser.add_argument("--mix", type=float, default=0.2)
parser.add_argument("--depth", type=int, default=20)
parser.add_argument("--spans", type=Path)
parser.add_argument("--limit", type=int, default=0, help="only that many questions of each folder")
parser.add_argument("--json", type=Path)


class Scorer:
    """The exported reranker (onnxruntime): scores, and the start and end of the answer."""

    def __init__(self, folder: Path, *, threads: int = 2) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        file = next(f for f in (folder / "onnx/model_int8.onnx", folder / "onnx/model.onnx") if f.exists())
        self.session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self.length = int(json.loads((folder / "config.json").read_text()).get("youju_length", 176))

    def run(self, question: str, passages: list[str]) -> tuple[np.ndarray, np.ndarray, list, int]:
        """Scores (passages,), start and end scores (passages, width, 2), the passages' offsets, where they begin."""
        asked = self.tokenizer.encode(question, add_special_tokens=False).ids[:48]
        found = self.tokenizer.encode_batch(passages, add_special_tokens=False)
        room = self.length - len(asked) - 3
        rows = [[START, *asked, END, *f.ids[:room], END] for f in found]
        width = max(map(len, rows))
        ids = np.zeros((len(rows), width), np.int64)
        for i, row in enumerate(rows):
            ids[i, : len(row)] = row
        score, ends = self.session.run(
            None, {"input_ids": ids, "attention_mask": (ids != 0).astype(np.int64)}
        )
        return score.reshape(-1), ends, [f.offsets[:room] for f in found], len(asked) + 2

    def answer(self, question: str, passage: str, *, longest: int = 24) -> str:
        """The stretch of at most `longest` pieces with the best start + end."""
        _, ends, offsets, begins = self.run(question, [passage])
        size = len(offsets[0])
        start, end = ends[0, begins : begins + size, 0], ends[0, begins : begins + size, 1]
        total = start[:, None] + end[None, :]
        far = np.subtract.outer(np.arange(size), np.arange(size))
        total[(far > 0) | (far < -longest)] = -1e9
        first, last = np.unravel_index(int(np.argmax(total)), total.shape)
        return passage[offsets[0][first][0] : offsets[0][last][1]]


def overlap(guess: str, truth: str) -> float:
    """F1 over characters (letters and digits only), as CMRC 2018 does on its longest common substring's letters."""
    a, b = bare(guess), bare(truth)
    if not a or not b:
        return float(a == b)
    longest = np.zeros((len(a) + 1, len(b) + 1), int)
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            longest[i + 1, j + 1] = longest[i, j] + 1 if x == y else 0
    common = longest.max()
    return 2 * common / (len(a) + len(b)) if common else 0.0


def main() -> None:
    from sentence_transformers import SentenceTransformer

    settings = parser.parse_args()
    scorer = Scorer(settings.reranker)
    encoder = SentenceTransformer(settings.encoder, device="cpu")

    def encode(texts: list[str]) -> np.ndarray:
        return np.asarray(encoder.encode(texts, batch_size=256), np.float32)

    report: dict[str, dict] = {}
    ready = []
    for folder in [*settings.fit, *settings.folders]:
        bench = Bench(folder)
        if settings.limit:
            bench.query_ids, bench.queries, bench.words = (
                bench.query_ids[: settings.limit],
                bench.queries[: settings.limit],
                bench.words[: settings.limit],
            )
        cosine = bench.vectors(encode)
        fused = bench.words.astype(np.float32) + settings.weight * cosine
        order = np.argsort(-fused, axis=1, kind="stable")[:, :100]
        begun = time.time()
        scores = np.stack(
            [
                scorer.run(q, [bench.texts[i] for i in row])[0]
                for q, row in zip(bench.queries, order[:, : settings.depth], strict=True)
            ]
        )
        print(f"{bench.name}: {(time.time() - begun) / len(order) * 1000:.0f} ms a question", flush=True)
        ready.append((bench, cosine, fused, order, scores))

    def mixed(item, mix: float) -> dict[str, float]:
        bench, _, fused, order, scores = item
        first = order[:, : settings.depth]
        total = np.take_along_axis(fused, first, 1) + mix * scores
        again = np.take_along_axis(first, np.argsort(-total, axis=1, kind="stable"), 1)
        return bench.measure_ranking(np.concatenate([again, order[:, settings.depth :]], 1))

    mix = settings.mix
    if settings.fit:
        choices = [0, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.3, 0.5, 1.0, 5.0]
        table = [[mixed(item, c)["nDCG@10"] for item in ready[: len(settings.fit)]] for c in choices]
        for c, line in zip(choices, table, strict=True):
            print(f"mix {c}: ", line, round(float(np.mean(line)), 4))
        mix = choices[int(np.argmax(np.mean(table, axis=1)))]
    for item in ready:
        bench, cosine, _, _, _ = item
        report[bench.name] = bench.report(cosine, settings.weight) | {"reranked": mixed(item, mix)}
        for system, measures in report[bench.name].items():
            print(
                f"{bench.name:16} {system:9}",
                "  ".join(f"{k} {v:.3f}" for k, v in measures.items()),
                flush=True,
            )
    if settings.spans:
        by: dict[str, list] = {}
        for row in read(settings.spans)[:1200]:
            guess = scorer.answer(row["query"], row["positive"])
            by.setdefault(row["source"] + " " + row["kind"], []).append(
                (bare(guess) == bare(row["answer"]), overlap(guess, row["answer"]))
            )
        report["spans"] = {
            k: {
                "n": len(v),
                "EM": round(float(np.mean([x for x, _ in v])), 4),
                "F1": round(float(np.mean([y for _, y in v])), 4),
            }
            for k, v in by.items()
        }
        everything = [x for v in by.values() for x in v]
        report["spans"]["all"] = {
            "n": len(everything),
            "EM": round(float(np.mean([x for x, _ in everything])), 4),
            "F1": round(float(np.mean([y for _, y in everything])), 4),
        }
        print(json.dumps(report["spans"], indent=1))
    if settings.json:
        settings.json.write_text(
            json.dumps(
                {"weight": settings.weight, "mix": mix, "depth": settings.depth, "sets": report}, indent=1
            )
        )


if __name__ == "__main__":
    main()
