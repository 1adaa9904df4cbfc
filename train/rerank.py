"""Train the reranker and its start/end head on lists of passages that words and encoder ranked first.

    python -m train.rerank --out var/train --encoder models/encoder --minutes 30

One step takes some questions, each with its passage, a few passages that were ranked high but do not answer, and
where there is one a question of the same topic that the passage does not answer (near miss). Three losses:
listwise softmax over (score + strength × fused score), so that the body learns what the first stage misses; logistic loss of the
bare score, the passage against its near miss and the others, so that a score can become a probability; and start
and end of the answer in the right passage. Afterwards a scale and a bias are fitted on held-out pairs and folded
into the last layer: sigmoid(score) is then a probability. Resumable from rerank.pt.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

from train.body import END, START, Half, configuration, pad, soft_match, warm_start, with_punctuation
from train.lists import pool_texts
from train.prepare import read

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument(
    "--encoder", type=Path, default=Path("models/encoder"), help="whose vectors it starts from"
)
parser.add_argument("--minutes", type=float, default=30.0)
parser.add_argument("--questions", type=int, default=14, help="a step")
parser.add_argument("--others", type=int, default=4, help="wrong passages a question meets in a step")
parser.add_argument("--length", type=int, default=168)
parser.add_argument("--rate", type=float, default=5e-4)
parser.add_argument("--layers", type=int, default=3)
parser.add_argument("--seed", type=int, default=7)
ASKED_SHARE = {
    "asked_news": 1.0,
    "asked_law": 1.3,
    "asked_statute": 1.5,
    "equals": 1.0,
    "drcd": 0.6,
    "cmrc2018": 0.6,
    "squad_zh": 0.3,
    "news_mrc_houjin": 0.5,
}


class Reranker(torch.nn.Module):
    """BERT's body with one score a sequence and a start and an end score a piece."""

    def __init__(self, pieces: int, layers: int) -> None:
        super().__init__()
        from transformers import BertForSequenceClassification

        self.network = BertForSequenceClassification(configuration(pieces, layers=layers))
        self.span = torch.nn.Linear(self.network.config.hidden_size, 2)

    def forward(
        self, ids: torch.Tensor, mask: torch.Tensor, side: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Scores (rows,) and start and end scores (rows, width, 2)."""
        state = self.network.bert(input_ids=ids, attention_mask=mask, token_type_ids=side)
        score = self.network.classifier(self.network.dropout(state.pooler_output))[:, 0]
        return score, self.span(state.last_hidden_state)


def sequence(question: np.ndarray, passage: np.ndarray, length: int) -> tuple[np.ndarray, int]:
    """[CLS] question [SEP] passage [SEP], and where the passage begins."""
    question = question[:48]
    room = length - len(question) - 3
    return np.concatenate([[START], question, [END], passage[:room], [END]]), len(question) + 2


def batch_of(rows: list[tuple[np.ndarray, int]]) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Piece numbers, mask, and 1 on the passage's side, each (rows, width)."""
    ids, mask = pad([row for row, _ in rows])
    begins = torch.tensor([begin for _, begin in rows])
    return ids, mask, (mask & (torch.arange(ids.shape[1]) >= begins[:, None])).long()


def main() -> None:
    settings = parser.parse_args()
    torch.manual_seed(settings.seed)
    torch.set_num_threads(2)
    chance = np.random.default_rng(settings.seed)
    tokenizer = with_punctuation(settings.encoder / "tokenizer.json")
    tokenizer.save(str(settings.out / "reranker_tokenizer.json"), pretty=False)
    pairs = read(settings.out / "pairs.jsonl")
    positive, own_texts = pool_texts(pairs)
    data = np.load(settings.out / "lists.npz")
    asked, found, fused, right = data["asked"], data["found"], data["score"], data["right"]

    def encode(texts: list[str]) -> list:
        return [
            e
            for at in range(0, len(texts), 4096)
            for e in tokenizer.encode_batch(texts[at : at + 4096], add_special_tokens=False)
        ]

    used = np.unique(np.concatenate([found.ravel(), positive[asked]]))
    prose = [row["text"] for row in read(settings.out / "passages.jsonl")]
    texts = [own_texts[i] if i < len(own_texts) else prose[i - len(own_texts)] for i in used]
    del prose
    rows = {int(n): np.array(e.ids, np.int32) for n, e in zip(used, encode(texts), strict=True)}
    question = {
        int(n): np.array(e.ids, np.int32)
        for n, e in zip(asked, encode([pairs[n]["query"] for n in asked]), strict=True)
    }
    miss = {
        int(n): np.array(e.ids, np.int32)
        for n, e in zip(asked, encode([pairs[n]["near_miss"] or "" for n in asked]), strict=True)
    }
    with_answer = [int(n) for n in asked if pairs[n]["answer_start"] >= 0]
    place: dict[int, tuple[int, int]] = {}
    for n, e in zip(with_answer, encode([own_texts[positive[n]] for n in with_answer]), strict=True):
        shift = own_texts[positive[n]].find(pairs[n]["positive"])
        begin, end = (
            pairs[n]["answer_start"] + shift,
            pairs[n]["answer_start"] + shift + len(pairs[n]["answer"]),
        )
        inside = [i for i, (a, b) in enumerate(e.offsets) if b > begin and a < end]
        if inside:
            place[n] = (inside[0], inside[-1])
    share = np.array([ASKED_SHARE[pairs[n]["source"]] for n in asked])
    share /= share.sum()
    print(f"{len(asked):,} questions, {len(rows):,} passages, {len(place):,} answers placed", flush=True)

    model = Reranker(tokenizer.get_vocab_size(), settings.layers)
    table = load_file(str(settings.encoder / "model.safetensors"))["embedding.weight"].astype(np.float32)
    warm_start(model.network.get_input_embeddings(), table)
    soft_match(model.network.bert)
    strength = torch.nn.Parameter(torch.tensor(4.0))
    embedding = model.network.get_input_embeddings().weight
    others = [p for p in model.parameters() if p is not embedding]
    masters = Half(
        [
            {"params": [p for p in others if p.ndim > 1], "weight_decay": 0.02, "base": settings.rate},
            {"params": [p for p in others if p.ndim == 1], "weight_decay": 0.0, "base": settings.rate},
            {"params": [strength], "weight_decay": 0.0, "base": 10 * settings.rate},
            {"params": [embedding], "weight_decay": 0.0, "base": settings.rate * 0.5},
        ]
    )
    saved, spent, step = settings.out / "rerank.pt", 0.0, 0
    if saved.exists():
        state = torch.load(saved, weights_only=True)
        masters.load(state["masters"])
        spent, step = state["spent"], state["step"]
        print(f"resumed at step {step}, {spent / 60:.1f} minutes", flush=True)

    begun, last, seen = time.time(), time.time(), 0
    running = np.zeros(5)
    model.train()

    def keep() -> None:
        state = {
            "model": model.state_dict(),
            "masters": masters.state(),
            "spent": spent + time.time() - begun,
            "step": step,
        }
        torch.save(state, saved)

    while spent + time.time() - begun < settings.minutes * 60:
        part = (spent + time.time() - begun) / (settings.minutes * 60)
        pace = min(1.0, (step + 1) / 100) * max(0.02, 1 - part)
        picked = chance.choice(len(asked), settings.questions, replace=False, p=share)
        batch, prior, spans, missed = [], [], [], []
        for k in picked:
            n = int(asked[k])
            some = chance.choice(found.shape[1], settings.others, replace=False)
            row, begins = sequence(question[n], rows[int(positive[n])], settings.length)
            if n in place and place[n][1] + begins < len(row) - 1:
                spans.append((len(batch), place[n][0] + begins, place[n][1] + begins))
            batch.append((row, begins))
            batch += [sequence(question[n], rows[int(found[k, j])], settings.length) for j in some]
            prior.append([right[k], *fused[k, some]])
        for q, k in enumerate(picked):
            n = int(asked[k])
            if len(miss[n]):
                missed.append(q)
                batch.append(sequence(miss[n], rows[int(positive[n])], settings.length))
        ids, mask, side = batch_of(batch)
        score, ends = model(ids, mask, side)
        score, ends = score.float(), ends.float()
        near = score[settings.questions * (settings.others + 1) :]
        listed = score[: settings.questions * (settings.others + 1)].view(settings.questions, -1)
        total = listed + strength * torch.tensor(np.array(prior, np.float32))
        loss_list = F.cross_entropy(total, torch.zeros(settings.questions, dtype=torch.long))
        loss_bare = F.cross_entropy(listed, torch.zeros(settings.questions, dtype=torch.long))
        loss_near = F.softplus(near - listed[missed, 0]).mean() if missed else torch.zeros(())
        # Right passages count as much as all the wrong ones together.
        loss_odds = (
            0.5 * F.softplus(-listed[:, 0]).mean()
            + 0.5 * F.softplus(torch.cat([listed[:, 1:].reshape(-1), near])).mean()
        )
        loss_span = torch.zeros(())
        if spans:
            at, first, final = (torch.tensor(x) for x in zip(*spans, strict=True))
            open_to = ends[at].masked_fill(~mask[at][:, :, None], -1e4)
            loss_span = 0.5 * (
                F.cross_entropy(open_to[:, :, 0], first) + F.cross_entropy(open_to[:, :, 1], final)
            )
        loss = loss_list + 0.5 * loss_bare + 0.5 * loss_near + 0.3 * loss_odds + 0.5 * loss_span
        loss.backward()
        masters.step(pace)
        step, seen = step + 1, seen + int(mask.sum())
        now = np.array([float(x.detach()) for x in (loss_list, loss_bare, loss_near, loss_odds, loss_span)])
        running = now if step == 1 or not running.any() else 0.98 * running + 0.02 * now
        if step % 50 == 0:
            spent_now = (spent + time.time() - begun) / 60
            prior_loss = float(
                F.cross_entropy((total - listed).detach(), torch.zeros(settings.questions, dtype=torch.long))
            )
            print(
                f"{spent_now:5.1f} min step {step} list {running[0]:.3f} (without {prior_loss:.3f}) bare {running[1]:.3f} near {running[2]:.3f} "
                f"odds {running[3]:.3f} span {running[4]:.3f} strength {float(strength):.2f} {seen / (time.time() - begun):,.0f} pieces/s", flush=True,
            )  # fmt: skip
        if time.time() - last > 240:
            last = time.time()
            keep()
    keep()
    print("done", flush=True)


if __name__ == "__main__":
    main()
