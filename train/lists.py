"""For every training question the passages that words and encoder rank first: what a reranker will meet.

    python -m train.lists --out var/train --model models/encoder

Leaves lists.npz: `asked` (row in pairs.jsonl), `found` (row in the pool: every positive, then passages.jsonl),
`score` (fused score) and `right` (the positive's own row and fused score). Passages too like the positive are left
out: they may answer as well.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from train.prepare import read
from train.ragged import Ragged, join, tokenize
from train.ranking import bm25_search, dense_search, embed

LAW = ("asked_law", "asked_statute", "equals")
REST = ("asked_news", "drcd", "cmrc2018")
DEPTH = 24

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--model", type=Path, default=Path("models/encoder"))
parser.add_argument("--pool", type=int, default=40000)
parser.add_argument("--alike", type=float, default=0.88)


def pool_texts(pairs: list[dict]) -> tuple[np.ndarray, list[str]]:
    """Row of every pair's positive among the unique positives, and their texts (a law's name before its article)."""
    groups: dict[int, int] = {}
    rows = np.array([groups.setdefault(p["group"], len(groups)) for p in pairs])
    texts: dict[int, str] = {}
    for pair, row in zip(pairs, rows, strict=True):
        head = pair["title"] + "\n" if pair["title"] and pair["source"] == "asked_law" else ""
        texts.setdefault(int(row), head + pair["positive"])
    return rows, [texts[i] for i in range(len(texts))]


def main() -> None:
    settings = parser.parse_args()
    torch.set_num_threads(2)
    begun = time.time()
    chance = np.random.default_rng(3)
    tokenizer = Tokenizer.from_file(str(settings.model / "tokenizer.json"))
    table = torch.from_numpy(
        load_file(str(settings.model / "model.safetensors"))["embedding.weight"].astype(np.float32)
    )
    pairs = read(settings.out / "pairs.jsonl")
    positive, own_texts = pool_texts(pairs)
    packed = np.load(settings.out / "tokens.npz")
    prose = Ragged(packed["ids"], packed["starts"])
    source = np.array([row["source"] for row in read(settings.out / "passages.jsonl")])
    texts = join([tokenize(tokenizer, own_texts), prose])
    queries = tokenize(tokenizer, [p["query"] for p in pairs])
    asked_all, found_all, score_all, right_all = [], [], [], []
    for sources, kinds in ((LAW, ("laws_cn",)), (REST, ("news_crud", "zhwiki"))):
        asked = np.array([i for i, p in enumerate(pairs) if p["source"] in sources])
        own = np.unique(positive[asked])
        more = len(own_texts) + np.flatnonzero(np.isin(source, kinds))
        rows = np.concatenate([own, chance.choice(more, min(len(more), settings.pool), replace=False)])
        place = np.full(len(texts), -1)
        place[rows] = np.arange(len(rows))
        passages = texts.take(rows)
        query, passage = embed(table, queries.take(asked)), embed(table, passages)
        near = dense_search(query, passage, DEPTH)
        words, words_score, right_words = bm25_search(
            queries.take(asked), passages, len(table), DEPTH, place[positive[asked]]
        )
        best = np.maximum(words_score[:, :1], 1e-6)
        for i, number in enumerate(asked):
            right = place[positive[number]]
            both = np.unique(np.concatenate([near[i], words[i]]))
            known = dict(zip(words[i].tolist(), (words_score[i] / best[i]).tolist(), strict=True))
            fused = passage[both] @ query[i] * 1.5 + np.array(
                [known.get(int(b), 0.4 * float(words_score[i, -1] / best[i, 0])) for b in both]
            )
            keep = (both != right) & (passage[both] @ passage[right] < settings.alike)
            both, fused = both[keep], fused[keep]
            order = np.argsort(-fused)[:DEPTH]
            if len(order) < 8:
                continue
            order = np.resize(order, DEPTH)
            asked_all.append(number)
            found_all.append(rows[both[order]])
            score_all.append(fused[order])
            right_all.append(passage[right] @ query[i] * 1.5 + right_words[i] / best[i, 0])
        print(f"{time.time() - begun:.0f} s", sources, len(asked), flush=True)
    np.savez(
        settings.out / "lists.npz", asked=np.array(asked_all), found=np.array(found_all),
        score=np.array(score_all, np.float32), right=np.array(right_all, np.float32),
    )  # fmt: skip


if __name__ == "__main__":
    main()
