"""Train the reranker and its start/end head: does this text answer this question, and where?

    python -m train.rerank --out var/train --encoder models/encoder --steps 3471

One step takes some questions. Half of them meet passages as the first stage ranks them: their own, and some that
were ranked high but do not answer. The other half meet sentences: the one with the answer, others of the same
passage, and some of passages ranked high; so that a short text is judged like a long one. Every question also meets
a text that is about the right thing and does not answer: its passage without the answering sentence, or (the other
way round) its passage with a question of the same topic that it leaves open. Four losses: listwise softmax over
(score + strength x fused score), so that the body learns what the first stage misses; pairwise, the answer against
texts that lack it; logistic, so that a score can become a probability; start and end of the answer. Some pieces are
hidden, which costs nothing, where dropout took two fifths of the time. Afterwards `export.py` fits scale and bias on
held-out pairs. Resumable from rerank.pt.
"""

from __future__ import annotations

import argparse
import itertools
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from safetensors.numpy import load_file

from train.body import END, START, UNKNOWN, Half, configuration, pad, soft_match, warm_start, with_punctuation
from train.lists import pool_texts
from train.prepare import read

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument(
    "--encoder", type=Path, default=Path("models/encoder"), help="whose vectors it starts from"
)
parser.add_argument("--steps", type=int, default=3471)
parser.add_argument(
    "--minutes", type=float, help="end after so many instead, whatever the machine does in them"
)
parser.add_argument("--questions", type=int, default=16, help="a step")
parser.add_argument("--others", type=int, default=2, help="wrong passages a question meets in a step")
parser.add_argument("--length", type=int, default=168)
parser.add_argument("--rate", type=float, default=5e-4)
parser.add_argument("--layers", type=int, default=3)
parser.add_argument("--seed", type=int, default=7)
SHARE = {
    "asked_news": 1.0,
    "asked_law": 1.3,
    "asked_statute": 1.5,
    "equals": 1.0,
    "drcd": 0.6,
    "cmrc2018": 0.6,
}
# Machine-translated or without near passages: they only teach where an answer begins and ends.
MARKED = ("squad_zh", "news_mrc_houjin", "drcd", "cmrc2018")
SENTENCE_ENDS = "。!?;"
HIDDEN = 0.06  # share of a text's pieces that are replaced by [UNK]


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


def sentences(row: np.ndarray, ends: np.ndarray) -> list[tuple[int, int]]:
    """Begin and end of every sentence of a text; `ends` are the numbers of the pieces that close one."""
    cuts = [0, *(np.flatnonzero(np.isin(row, ends)) + 1).tolist()]
    if cuts[-1] != len(row):
        cuts.append(len(row))
    return [(a, b) for a, b in itertools.pairwise(cuts) if b - a >= 4]


def window(cuts: list[tuple[int, int]], at: int, chance: np.random.Generator) -> tuple[int, int]:
    """One sentence, half the time with a neighbour."""
    first, last = at, at
    if chance.random() < 0.5:
        first, last = (max(0, at - 1), at) if chance.random() < 0.5 else (at, min(len(cuts) - 1, at + 1))
    return cuts[first][0], cuts[last][1]


class Step:
    """The texts of one step, each behind its question, and where answers begin and end in them."""

    def __init__(self, length: int, chance: np.random.Generator) -> None:
        self.length, self.chance = length, chance
        self.rows: list[tuple[np.ndarray, int]] = []
        self.spans: list[tuple[int, int, int]] = []  # (row, first piece, last piece)

    def add(self, question: np.ndarray, text: np.ndarray, answer: tuple[int, int] | None = None) -> int:
        """Number of the row it becomes; some pieces are hidden, none of the answer's."""
        shown = np.where(self.chance.random(len(text)) < HIDDEN, UNKNOWN, text)
        if answer:
            shown[answer[0] : answer[1] + 1] = text[answer[0] : answer[1] + 1]
        row, begins = sequence(question, shown, self.length)
        if answer and answer[1] + begins < len(row) - 1:
            self.spans.append((len(self.rows), answer[0] + begins, answer[1] + begins))
        self.rows.append((row, begins))
        return len(self.rows) - 1


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
    ends_of = np.array([tokenizer.token_to_id(mark) for mark in SENTENCE_ENDS])
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
    marked = [n for n, p in enumerate(pairs) if p["source"] in MARKED and p["answer_start"] >= 0]
    for n, e in zip(marked, encode([pairs[n]["query"] for n in marked]), strict=True):
        question[n] = np.array(e.ids, np.int32)
    with_answer = sorted({int(n) for n in asked if pairs[n]["answer_start"] >= 0} | set(marked))
    place: dict[int, tuple[int, int]] = {}
    for n, e in zip(with_answer, encode([own_texts[positive[n]] for n in with_answer]), strict=True):
        rows[int(positive[n])] = np.array(e.ids, np.int32)
        shift = own_texts[positive[n]].find(pairs[n]["positive"])
        begin, end = (
            pairs[n]["answer_start"] + shift,
            pairs[n]["answer_start"] + shift + len(pairs[n]["answer"]),
        )
        inside = [i for i, (a, b) in enumerate(e.offsets) if b > begin and a < end]
        if inside:
            place[n] = (inside[0], inside[-1])
    share = np.array([SHARE[pairs[n]["source"]] for n in asked])
    share /= share.sum()
    marked = [n for n in marked if n in place]
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

    def done() -> float:
        if settings.minutes:
            return (spent + time.time() - begun) / (settings.minutes * 60)
        return step / settings.steps

    while (part := done()) < 1:
        pace = min(1.0, (step + 1) / 100) * max(0.02, 1 - part)
        picked = chance.choice(len(asked), settings.questions, replace=False, p=share)
        texts = Step(settings.length, chance)
        lists: list[tuple[list[int], list[float]]] = []
        pairwise: list[tuple[int, int]] = []  # (right, wrong)
        wrong: list[int] = []

        for k in picked:
            n = int(asked[k])
            own, answer = rows[int(positive[n])], place.get(n)
            some = chance.choice(found.shape[1], settings.others, replace=False)
            cuts = sentences(own, ends_of)
            at = [i for i, (a, b) in enumerate(cuts) if answer and a <= answer[0] and answer[1] < b]
            if at and len(cuts) > 2 and chance.random() < 0.5:
                begin, end = window(cuts, at[0], chance)
                holds = texts.add(question[n], own[begin:end], (answer[0] - begin, answer[1] - begin))
                rest = [i for i, (a, b) in enumerate(cuts) if b <= begin or a >= end]
                texts_of = [own[slice(*cuts[i])] for i in chance.permutation(rest)[:2]]
                for j in some:
                    text = rows[int(found[k, j])]
                    inside = sentences(text, ends_of)
                    texts_of.append(
                        text[slice(*window(inside, int(chance.integers(len(inside))), chance))]
                        if inside
                        else text
                    )
                less = [texts.add(question[n], text) for text in texts_of]
                lists.append(([holds, *less], [0.0] * (1 + len(less))))
                without = own[begin:end]
            else:
                holds = texts.add(question[n], own, answer)
                less = [texts.add(question[n], rows[int(found[k, j])]) for j in some]
                lists.append(([holds, *less], [float(right[k]), *map(float, fused[k, some])]))
                without = (
                    np.concatenate([own[: cuts[at[0]][0]], own[cuts[at[0]][1] :]])
                    if at and len(cuts) > 2
                    else own
                )
                if without is not own and chance.random() < 0.4:
                    lacking = texts.add(question[n], without)
                    pairwise.append((holds, lacking))
                    wrong.append(lacking)
                without = own
            wrong += less
            if len(miss[n]):
                lacking = texts.add(miss[n], without)
                pairwise.append((holds, lacking))
                wrong.append(lacking)
        for n in chance.choice(marked, settings.questions // 2, replace=False):
            texts.add(question[int(n)], rows[int(positive[n])], place[int(n)])
        ids, mask, side = batch_of(texts.rows)
        score, ends = model(ids, mask, side)
        score, ends = score.float(), ends.float()
        longest = max(len(rows_of) for rows_of, _ in lists)
        member = torch.tensor([rows_of + [0] * (longest - len(rows_of)) for rows_of, _ in lists])
        absent = torch.tensor([[i >= len(rows_of) for i in range(longest)] for rows_of, _ in lists])
        prior = torch.tensor([known + [0.0] * (longest - len(known)) for _, known in lists])
        nothing = torch.zeros(len(lists), dtype=torch.long)
        listed = score[member].masked_fill(absent, -1e4)
        total = listed + strength * prior
        loss_list, loss_bare = F.cross_entropy(total, nothing), F.cross_entropy(listed, nothing)
        better, worse = (
            (torch.tensor(x, dtype=torch.long) for x in zip(*pairwise, strict=True))
            if pairwise
            else (nothing[:0], nothing[:0])
        )
        loss_near = F.softplus(score[worse] - score[better]).mean() if pairwise else torch.zeros(())
        # Right texts count as much as all the wrong ones together.
        loss_odds = 0.5 * F.softplus(-score[member[:, 0]]).mean() + 0.5 * F.softplus(score[wrong]).mean()
        at_row, first, final = (torch.tensor(x) for x in zip(*texts.spans, strict=True))
        open_to = ends[at_row].masked_fill(~side[at_row].bool()[:, :, None], -1e4)
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
            with torch.no_grad():
                first_stage = float(F.cross_entropy((strength * prior).masked_fill(absent, -1e4), nothing))
            print(
                f"{spent_now:5.1f} min step {step} list {running[0]:.3f} (first stage {first_stage:.3f}) bare {running[1]:.3f} near {running[2]:.3f} "
                f"odds {running[3]:.3f} span {running[4]:.3f} strength {float(strength):.2f} {seen / (time.time() - begun):,.0f} pieces/s", flush=True,
            )  # fmt: skip
        if time.time() - last > 240:
            last = time.time()
            keep()
    keep()
    print("done", flush=True)


if __name__ == "__main__":
    main()
