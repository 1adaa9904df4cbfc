"""Compare question and passage piece by piece: vectors trained for it, and what they add to the fused score.

    python -m train.late --out var/train --encoder models/encoder --epochs 4

Score of a passage: the mean over the question's pieces (weighted) of the best cosine among the passage's pieces,
once over the whole passage and once within its best stretch of WINDOW pieces (ColBERT's late interaction,
Khattab and Zaharia 2020, on static vectors). Trained listwise on what words and encoder rank first (lists.npz),
added to the fused score with learned strengths.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from train.body import pad
from train.lists import pool_texts
from train.prepare import read
from train.ragged import Ragged, join, tokenize
from train.ranking import embed
from train.score import Bench

WINDOW, STRIDE = 48, 16
parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
parser.add_argument("--save", type=Path, default=Path("var/train/late"))
parser.add_argument("--size", type=int, default=128)
parser.add_argument("--epochs", type=float, default=2)
parser.add_argument("--questions", type=int, default=48)
parser.add_argument("--others", type=int, default=9)
parser.add_argument("--length", type=int, default=192)
parser.add_argument("--rate", type=float, default=1.5e-3)
parser.add_argument(
    "--weight", type=float, default=1.5, help="of the cosine in the fused score, as in lists.npz"
)
parser.add_argument("--depth", type=int, default=50)


class Late(torch.nn.Module):
    def __init__(self, table: np.ndarray, size: int) -> None:
        super().__init__()
        part = table[:, :size]
        self.vectors = torch.nn.Parameter(
            torch.from_numpy(part / np.maximum(np.linalg.norm(part, axis=1, keepdims=True), 1e-6))
        )
        norms = np.linalg.norm(table, axis=1)
        self.log_weight = torch.nn.Parameter(
            torch.from_numpy(np.log(np.maximum(norms, 1e-3) / norms.mean())).float()
        )
        self.strength = torch.nn.Parameter(torch.tensor([6.0, 2.0, 2.0]))  # fused, whole, stretch

    def forward(self, asked: torch.Tensor, passages: torch.Tensor) -> torch.Tensor:
        """asked (q, n), passages (q, c, m) piece numbers, 0 is padding; returns whole and stretch (q, c, 2)."""
        questions, count, length = passages.shape
        query = F.normalize(F.embedding(asked, self.vectors), dim=-1)
        weight = F.embedding(asked, self.log_weight[:, None])[..., 0].exp() * (asked > 0)
        weight = weight / weight.sum(1, keepdim=True).clamp_min(1e-6)
        keys = F.normalize(F.embedding(passages.view(questions, -1), self.vectors), dim=-1)
        alike = torch.bmm(query, keys.transpose(1, 2)).view(questions, -1, count, length)
        alike = alike.masked_fill((passages == 0)[:, None], -0.2)
        if length > WINDOW:
            extra = (-(length - WINDOW)) % STRIDE
            near = F.max_pool2d(F.pad(alike, (0, extra), value=-0.2), (1, WINDOW), stride=(1, STRIDE))
        else:
            near = alike.amax(-1, keepdim=True)
        within = torch.einsum("qn,qncw->qcw", weight, near).amax(-1)
        whole = torch.einsum("qn,qnc->qc", weight, near.amax(-1))
        return torch.stack([whole, within], -1)


def matrix(texts: Ragged, length: int) -> torch.Tensor:
    return pad([texts.row(i)[:length] if len(texts.row(i)) else np.array([1]) for i in range(len(texts))])[0]


def main() -> None:
    settings = parser.parse_args()
    torch.manual_seed(5)
    torch.set_num_threads(2)
    chance = np.random.default_rng(5)
    begun = time.time()
    tokenizer = Tokenizer.from_file(str(settings.encoder / "tokenizer.json"))
    table = load_file(str(settings.encoder / "model.safetensors"))["embedding.weight"].astype(np.float32)
    pairs = read(settings.out / "pairs.jsonl")
    positive, own_texts = pool_texts(pairs)
    packed = np.load(settings.out / "tokens.npz")
    texts = join([tokenize(tokenizer, own_texts), Ragged(packed["ids"], packed["starts"])])
    queries = tokenize(tokenizer, [p["query"] for p in pairs])
    data = np.load(settings.out / "lists.npz")
    asked, found, fused, right = data["asked"], data["found"], data["score"], data["right"]
    source = np.array([pairs[n]["source"] for n in asked])
    share = np.where(
        source == "asked_news", 1.0, np.where(np.isin(source, ("asked_law", "asked_statute")), 1.3, 0.4)
    )
    share /= share.sum()
    model = Late(table, settings.size)

    benches = []
    unit_table = torch.from_numpy(table)
    for name in ("asked", "law", "wiki"):
        bench = Bench(settings.out / "dev" / name)
        q, p = tokenize(tokenizer, bench.queries), tokenize(tokenizer, bench.texts)
        cosine = embed(unit_table, q) @ embed(unit_table, p).T
        total = bench.words.astype(np.float32) + settings.weight * cosine
        benches.append((bench, q, p, total, np.argsort(-total, axis=1, kind="stable")[:, :100]))

    def evaluate(note: str) -> None:
        """Dev nDCG@10 with the first DEPTH reranked; the strengths as learned, and the best of a few."""
        line = []
        with torch.no_grad():
            learned = (model.strength / model.strength[0]).numpy()
            for bench, q, p, total, order in benches:
                first = order[:, : settings.depth]
                scores = np.zeros((*first.shape, 2), np.float32)
                for at in range(0, len(first), 32):
                    rows = first[at : at + 32]
                    keys = matrix(p.take(rows.ravel()), settings.length).view(len(rows), rows.shape[1], -1)
                    scores[at : at + 32] = model(
                        matrix(q.take(np.arange(at, at + len(rows))), 48), keys
                    ).numpy()
                base = np.take_along_axis(total, first, 1)
                results = []
                for factor in (0, 0.5, 1, 1.5, 2.5):
                    mixed = base + factor * (scores @ learned[1:])
                    again = np.take_along_axis(first, np.argsort(-mixed, axis=1, kind="stable"), 1)
                    results.append(
                        bench.measure_ranking(np.concatenate([again, order[:, settings.depth :]], 1))[
                            "nDCG@10"
                        ]
                    )
                line.append(f"{bench.name} " + " ".join(f"{r:.4f}" for r in results))
        print(
            f"{time.time() - begun:5.0f} s {note} strengths {learned.round(2)} | at 0 .5 1 1.5 2.5 of them: "
            + " | ".join(line),
            flush=True,
        )

    evaluate("start")
    optimizer = torch.optim.Adam(
        [
            {"params": [model.vectors, model.log_weight], "base": settings.rate},
            {"params": [model.strength], "base": 2e-2},
        ],
        lr=settings.rate,
        betas=(0.9, 0.99),
    )
    steps = int(settings.epochs * len(asked) / settings.questions)
    running = 0.0
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * min(1, (step + 1) / 50) * max(0.02, 1 - step / steps)
        picked = chance.choice(len(asked), settings.questions, replace=False, p=share)
        some = np.stack([chance.choice(found.shape[1], settings.others, replace=False) for _ in picked])
        rows = np.concatenate(
            [positive[asked[picked]][:, None], np.take_along_axis(found[picked], some, 1)], 1
        )
        prior = np.concatenate([right[picked][:, None], np.take_along_axis(fused[picked], some, 1)], 1)
        keys = matrix(texts.take(rows.ravel()), settings.length).view(*rows.shape, -1)
        thin = queries.take(asked[picked]).thin(0.9, chance)
        scores = model(matrix(thin, 48), keys)
        total = model.strength[0] * torch.from_numpy(prior) + scores @ model.strength[1:]
        bare_total = 12 * scores.mean(-1)
        target = torch.zeros(len(picked), dtype=torch.long)
        loss = F.cross_entropy(total, target) + 0.2 * F.cross_entropy(bare_total, target)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        value = float(loss.detach())
        running = value if not step else 0.98 * running + 0.02 * value
        if step % 100 == 99:
            print(f"{time.time() - begun:5.0f} s step {step + 1}/{steps} loss {running:.4f}", flush=True)
        if step % max(100, steps // 5) == max(100, steps // 5) - 1:
            evaluate(f"step {step + 1}")
    evaluate("end")
    settings.save.mkdir(parents=True, exist_ok=True)
    with torch.no_grad():
        vectors = F.normalize(model.vectors, dim=-1) * model.log_weight.exp()[:, None]
    save_file({"vectors": vectors.numpy().astype(np.float16)}, str(settings.save / "model.safetensors"))
    strength = model.strength.detach().tolist()
    facts = {
        "window": WINDOW,
        "stride": STRIDE,
        "whole": strength[1] / strength[0],
        "within": strength[2] / strength[0],
        "weight": settings.weight,
    }
    (settings.save / "config.json").write_text(json.dumps(facts, indent=1))


if __name__ == "__main__":
    main()
