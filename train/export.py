"""Put the trained reranker into a CrossEncoder folder, calibrated, with its start/end head beside it.

    python -m train.export --out var/train --model models/reranker

Figures of the start/end head are from held-out pairs with a known answer: the answer letter for letter (EM), shared
letters (F1, as for CMRC 2018), and how often the sentence with the answer is chosen by the head, and by scoring each
sentence alone. Scale and bias are fitted on half of the held-out questions, their passages against near misses and
against passages ranked high (Platt 1999), and folded into the last layer: sigmoid(score) is the chance that the passage answers.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from train.body import configuration
from train.prepare import read
from train.rerank import SENTENCE_ENDS, Reranker, batch_of, sentences, sequence

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--model", type=Path, default=Path("models/reranker"))
parser.add_argument("--layers", type=int, default=3)
parser.add_argument("--length", type=int, default=168)
MARKED_PAIRS = 500
LONGEST = 30  # pieces of an answer


def held_out(folder: Path) -> list[tuple[str, str, int]]:
    """(question, passage, 1 if it answers): right passages, near misses, and another passage for each question."""
    passages = {r["_id"]: r["text"] for r in read(folder / "corpus.jsonl")}
    queries = {r["_id"]: r["text"] for r in read(folder / "queries.jsonl")}
    right = [line.split("\t")[:2] for line in (folder / "qrels/test.tsv").read_text().splitlines()[1:]]
    chance = np.random.default_rng(2)
    ids = list(passages)
    rows = [(queries[q], passages[p], 1) for q, p in right]
    rows += [(r["text"], passages[r["passage"]], 0) for r in read(folder / "near_misses.jsonl")]
    return rows + [(queries[q], passages[ids[chance.integers(len(ids))]], 0) for q, _ in right]


def scores_of(
    model: Reranker, tokenizer: Tokenizer, rows: list[tuple[str, str, int]], length: int
) -> torch.Tensor:
    scores = []
    with torch.no_grad():
        for at in range(0, len(rows), 64):
            texts = [
                [np.array(tokenizer.encode(t, add_special_tokens=False).ids, np.int64) for t in row[:2]]
                for row in rows[at : at + 64]
            ]
            ids, mask, side = batch_of([sequence(q, p, length) for q, p in texts])
            scores.append(model(ids, mask, side)[0])
    return torch.cat(scores)


def answers(model: Reranker, tokenizer: Tokenizer, rows: list[dict], length: int) -> dict[str, float]:
    """EM, F1 and sentence choice on pairs with a known answer."""
    ends_of = np.array([tokenizer.token_to_id(mark) for mark in SENTENCE_ENDS])
    exact, shared, by_head, by_score, chosen_from = [], [], [], [], []
    for row in rows:
        question = np.array(tokenizer.encode(row["query"], add_special_tokens=False).ids)
        passage = tokenizer.encode(row["positive"], add_special_tokens=False)
        pieces = np.array(passage.ids)
        whole, first = sequence(question, pieces, length)
        seen = len(whole) - first - 1
        begins, ends = read_span(model, whole, first)
        best = max((begins[i] + ends[j], i, j) for i in range(seen) for j in range(i, min(seen, i + LONGEST)))
        said = row["positive"][passage.offsets[best[1]][0] : passage.offsets[best[2]][1]]
        said, right = (re.sub(r"\W", "", text) for text in (said, row["answer"]))
        exact.append(said == right)
        both = sum((Counter(said) & Counter(right)).values())
        shared.append(2 * both / max(1, len(said) + len(right)))
        place = row["answer_start"]
        inside = [i for i, (low, high) in enumerate(passage.offsets[:seen]) if low <= place < high]
        cuts = sentences(pieces[:seen], ends_of)
        gold = [number for number, (low, high) in enumerate(cuts) if inside and low <= inside[0] < high]
        if gold and len(cuts) > 1:
            chances = np.exp(begins - begins.max())
            with torch.no_grad():
                scores = model(*batch_of([sequence(question, pieces[a:b], length) for a, b in cuts]))[0]
            by_head.append(np.argmax([chances[a:b].sum() for a, b in cuts]) == gold[0])
            by_score.append(int(scores.argmax()) == gold[0])
            chosen_from.append(1 / len(cuts))
    figures = (exact, shared, by_head, by_score, chosen_from)
    names = ("EM", "F1", "sentence by head", "sentence by score", "sentence by chance")
    return {name: round(float(np.mean(values)), 3) for name, values in zip(names, figures, strict=True)}


def read_span(model: Reranker, row: np.ndarray, first: int) -> tuple[np.ndarray, np.ndarray]:
    """Start and end scores of the passage's pieces."""
    with torch.no_grad():
        both = model(*batch_of([(row, first)]))[1][0, first : len(row) - 1].numpy()
    return both[:, 0], both[:, 1]


def platt(score: torch.Tensor, label: torch.Tensor) -> tuple[float, float]:
    """Scale and bias that make scores log odds."""
    scale, bias = torch.ones((), requires_grad=True), torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([scale, bias], max_iter=100)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(scale * score + bias, label)
        loss.backward()
        return loss

    optimizer.step(closure)
    return float(scale.detach()), float(bias.detach())


def facts_of(odds: torch.Tensor, label: torch.Tensor) -> dict[str, float]:
    """Log loss, calibration error over ten bins, and how often a right passage scores above a wrong one."""
    probability = odds.sigmoid()
    bins = torch.clamp((probability * 10).long(), max=9)
    gap = sum(
        float((bins == b).float().mean() * (probability[bins == b].mean() - label[bins == b].mean()).abs())
        for b in range(10)
        if (bins == b).any()
    )
    above = float((odds[label == 1][:, None] > odds[label == 0][None, :]).float().mean())
    loss = float(F.binary_cross_entropy_with_logits(odds, label))
    return {"log loss": round(loss, 4), "calibration error": round(gap, 4), "AUROC": round(above, 4)}


def main() -> None:
    from safetensors.torch import save_file
    from transformers import PreTrainedTokenizerFast

    settings = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = Tokenizer.from_file(str(settings.out / "reranker_tokenizer.json"))
    model = Reranker(tokenizer.get_vocab_size(), settings.layers)
    state = torch.load(settings.out / "rerank.pt", weights_only=True)
    model.load_state_dict(state["model"])
    model.float().eval()
    held = read(settings.out / "spans.jsonl")
    np.random.default_rng(1).shuffle(held)
    held = held[:MARKED_PAIRS]
    rows = held_out(settings.out / "dev/asked")
    score = scores_of(model, tokenizer, rows, settings.length)
    label = torch.tensor([float(row[2]) for row in rows])
    # Halves by question text, so that no question is on both sides.
    fitted = torch.tensor([sum(row[0].encode()) % 2 == 0 for row in rows])
    scale, bias = platt(score[fitted], label[fitted])
    facts = facts_of(scale * score[~fitted] + bias, label[~fitted])
    with torch.no_grad():
        model.network.classifier.weight.mul_(scale)
        model.network.classifier.bias.mul_(scale).add_(bias)

    settings.model.mkdir(parents=True, exist_ok=True)
    config = configuration(tokenizer.get_vocab_size(), layers=settings.layers)
    config.architectures = ["BertForSequenceClassification"]
    config.dtype = "float32"  # stored in half precision, computed in single
    config.sentence_transformers = {"activation_fn": "torch.nn.modules.activation.Sigmoid"}
    config.youju_length = settings.length
    config.save_pretrained(settings.model)
    for part, name in ((model.network, "model"), (model.span, "span")):
        prefix = "" if name == "model" else "span."
        half = {prefix + key: value.half().contiguous() for key, value in part.state_dict().items()}
        save_file(half, str(settings.model / f"{name}.safetensors"), {"format": "pt"})
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", model_max_length=settings.length,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    ).save_pretrained(settings.model)  # fmt: skip
    tokenizer.save(str(settings.model / "tokenizer.json"), pretty=False)  # else a line for every piece
    training = {
        "seconds": round(state["spent"]),
        "steps": state["step"],
        "scale": scale,
        "bias": bias,
        **facts,
        **answers(model, tokenizer, held, settings.length),
    }
    (settings.model / "training.json").write_text(json.dumps(training, indent=1))
    print(json.dumps(training, indent=1))


if __name__ == "__main__":
    main()
