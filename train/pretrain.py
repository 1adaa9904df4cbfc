"""Teach the reranker's body the language: guess hidden pieces, in prose and in question–passage pairs.

    python -m train.pretrain --out var/train --minutes 22

Three sequences in ten are a question (or a stretch cut out of a passage) and its passage, so that attention
learns early to look across. Guesses are scored against the true pieces of the batch and a random sample of
pieces (sampled softmax with the frequency correction), which costs a tenth of the whole vocabulary.
Resumable: continues from body.pt where one is there.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

from train.body import END, MASK, PAD, START, configuration, warm_start, with_punctuation
from train.prepare import read
from train.ragged import tokenize

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--encoder", type=Path, default=Path("models/encoder"))
parser.add_argument("--minutes", type=float, default=22.0)
parser.add_argument("--layers", type=int, default=4)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--length", type=int, default=128)
parser.add_argument("--rate", type=float, default=2e-3)
parser.add_argument("--hidden", type=float, default=0.2, help="share of pieces to guess")
parser.add_argument("--sample", type=int, default=4000)
parser.add_argument("--seed", type=int, default=7)


def main() -> None:
    settings = parser.parse_args()
    torch.manual_seed(settings.seed)
    torch.set_num_threads(2)
    chance = np.random.default_rng(settings.seed)
    tokenizer = with_punctuation(settings.encoder / "tokenizer.json")
    tokenizer.save(str(settings.out / "reranker_tokenizer.json"), pretty=False)
    pieces, length = tokenizer.get_vocab_size(), settings.length

    packed = settings.out / "body_tokens.npz"
    if not packed.exists():
        rows = [
            r
            for r in read(settings.out / "passages.jsonl")
            if r["source"] in ("news_crud", "laws_cn", "zhwiki") or hash_even(r["text"])
        ]
        prose = tokenize(tokenizer, [r["text"] for r in rows])
        pairs = [p for p in read(settings.out / "pairs.jsonl") if p["source"] not in ("qbqtc",)]
        asked, answers = (
            tokenize(tokenizer, [p["query"] for p in pairs]),
            tokenize(tokenizer, [p["positive"][:600] for p in pairs]),
        )
        np.savez(
            packed,
            prose=prose.ids,
            starts=prose.starts,
            asked=asked.ids,
            asked_starts=asked.starts,
            answers=answers.ids,
            answers_starts=answers.starts,
        )
    data = np.load(packed)
    prose, starts = data["prose"], data["starts"]
    asked, asked_starts, answers, answers_starts = (
        data[k] for k in ("asked", "asked_starts", "answers", "answers_starts")
    )
    # Prose as one stream with [SEP] between passages; every sequence is a random stretch of it.
    stream = np.insert(prose, starts[1:-1], END).astype(np.int32)
    counts = np.bincount(stream, minlength=pieces) + 1.0
    odds = counts**0.5
    odds[:5] = 0
    odds /= odds.sum()
    log_odds = torch.from_numpy(np.log(odds * settings.sample + 1e-12)).float()
    print(f"{len(stream):,} pieces, vocabulary {pieces}", flush=True)

    from safetensors.numpy import load_file
    from transformers import ModernBertModel

    body = ModernBertModel(configuration(pieces, layers=settings.layers))
    warm_start(
        body.get_input_embeddings(),
        load_file(str(settings.encoder / "model.safetensors"))["embedding.weight"].astype(np.float32),
    )
    head = torch.nn.Sequential(torch.nn.Linear(256, 256), torch.nn.GELU(), torch.nn.LayerNorm(256))
    bias = torch.nn.Parameter(torch.from_numpy(np.log(counts / counts.sum())).float() * 0)
    embedding = body.get_input_embeddings().weight
    others = [p for p in [*body.parameters(), *head.parameters()] if p is not embedding]
    optimizer = torch.optim.AdamW(
        [
            {"params": [p for p in others if p.ndim > 1], "weight_decay": 0.02, "base": settings.rate},
            {"params": [p for p in others if p.ndim == 1] + [bias], "weight_decay": 0.0, "base": settings.rate},
            {"params": [embedding], "weight_decay": 0.0, "base": settings.rate * 0.5},
        ],
        lr=settings.rate, betas=(0.9, 0.98), eps=1e-6,
    )  # fmt: skip

    saved = settings.out / "body.pt"
    spent, step = 0.0, 0
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        body.load_state_dict(state["body"])
        head.load_state_dict(state["head"])
        bias.data.copy_(state["bias"])
        optimizer.load_state_dict(state["optimizer"])
        spent, step = state["spent"], state["step"]
        print(f"resumed at step {step}, {spent / 60:.1f} minutes", flush=True)

    def sequences() -> torch.Tensor:
        ids = np.full((settings.batch, length), PAD, np.int64)
        for i in range(settings.batch):
            if i % 10 < 3:
                n = int(chance.integers(len(asked_starts) - 1))
                left, right = (
                    asked[asked_starts[n] : asked_starts[n + 1]][:40],
                    answers[answers_starts[n] : answers_starts[n + 1]],
                )
                room = length - len(left) - 3
                first = int(chance.integers(max(1, len(right) - room + 1)))
                row = np.concatenate([[START], left, [END], right[first : first + room], [END]])
            else:
                at = int(chance.integers(len(stream) - length))
                row = np.concatenate([[START], stream[at : at + length - 1]])
            ids[i, : len(row)] = row
        return torch.from_numpy(ids)

    begun, last = time.time(), time.time()
    running, seen, sample = 0.0, 0, None
    body.train()
    while spent + time.time() - begun < settings.minutes * 60:
        share = (spent + time.time() - begun) / (settings.minutes * 60)
        pace = min(1.0, (step + 1) / 200) * (1.0 if share < 0.3 else max(0.02, 1 - (share - 0.3) / 0.7))
        for group in optimizer.param_groups:
            group["lr"] = group["base"] * pace
        ids = sequences()
        real = ids > 4
        hide = (torch.rand(ids.shape) < settings.hidden) & real
        target = ids[hide]
        shown = ids.clone()
        dice = torch.rand(ids.shape)
        shown[hide & (dice < 0.85)] = MASK
        swap = hide & (dice > 0.93)
        shown[swap] = torch.randint(5, pieces, (int(swap.sum()),))
        with torch.autocast("cpu", torch.bfloat16):
            state = body(input_ids=shown, attention_mask=(ids != PAD)).last_hidden_state[hide]
            guess = head(state)
            if step % 20 == 0 or sample is None:
                sample = torch.from_numpy(chance.choice(pieces, settings.sample, p=odds))
            table = embedding[torch.cat([target, sample])]
            scores = (guess @ table[len(target) :].T).float() + bias[sample] - log_odds[sample]
        right = (guess.float() * table[: len(target)]).sum(1) + bias[target] - log_odds[target]
        scores = scores.masked_fill(target[:, None] == sample[None, :], -1e4)
        everything = torch.cat([right[:, None], scores], 1)
        loss = F.cross_entropy(everything, torch.zeros(len(target), dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*others, bias], 1.0)
        optimizer.step()
        step, seen = step + 1, seen + int(real.sum())
        value = float(loss.detach())
        running = value if not running else 0.98 * running + 0.02 * value
        if step % 50 == 0:
            hit = float((everything.argmax(1) == 0).float().mean())
            minutes = (spent + time.time() - begun) / 60
            print(
                f"{minutes:6.1f} min step {step} loss {running:.3f} right {hit:.3f} {seen / (time.time() - begun):,.0f} pieces/s",
                flush=True,
            )
        if time.time() - last > 240:
            last = time.time()
            keep(saved, body, head, bias, optimizer, spent + time.time() - begun, step)
    keep(saved, body, head, bias, optimizer, spent + time.time() - begun, step)


def keep(path: Path, body, head, bias, optimizer, spent: float, step: int) -> None:
    state = {
        "body": body.state_dict(),
        "head": head.state_dict(),
        "bias": bias.data,
        "optimizer": optimizer.state_dict(),
        "spent": spent,
        "step": step,
    }
    torch.save(state, path)
    print(f"saved at step {step}", flush=True)


def hash_even(text: str) -> bool:
    """Half of the texts, the same half every time."""
    return sum(text.encode()[:50]) % 2 == 0


if __name__ == "__main__":
    main()
