"""The reranker's body and its tokenizer: the encoder's pieces and punctuation, a small BERT.

Shared by the steps that train it (rerank, export).
"""

from __future__ import annotations

import json
import time
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers, processors

PUNCTUATION = list(",。、《》“”‘’():;?!%.-/·<>")
PAD, UNKNOWN, START, END, MASK = range(5)


def with_punctuation(encoder_tokenizer: Path) -> Tokenizer:
    """The encoder's tokenizer, piece numbers unchanged, with punctuation kept as pieces at the end."""
    state = json.loads(encoder_tokenizer.read_text(encoding="utf-8"))
    vocabulary = [(piece, score) for piece, score in state["model"]["vocab"]]
    known = {piece for piece, _ in vocabulary}
    vocabulary += [(mark, -12.0) for mark in PUNCTUATION if mark not in known]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=UNKNOWN, byte_fallback=False))
    tokenizer.normalizer = Tokenizer.from_file(str(encoder_tokenizer)).normalizer
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"[^\p{L}\p{N}" + "".join("\\" + c for c in PUNCTUATION) + "]+"), "removed"),
        pre_tokenizers.Split(Regex(r"[^\p{L}]"), "isolated"),
    ])  # fmt: skip
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in special])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[("[CLS]", START), ("[SEP]", END)],
    )
    return tokenizer


def configuration(pieces: int, *, layers: int = 3, size: int = 256):
    from transformers import BertConfig

    return BertConfig(
        vocab_size=pieces, hidden_size=size, intermediate_size=2 * size, num_hidden_layers=layers,
        num_attention_heads=size // 128, max_position_embeddings=512, type_vocab_size=2, hidden_act="relu",
        hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=PAD, num_labels=1,
        attn_implementation="eager",
    )  # fmt: skip


def soft_match(network: torch.nn.Module, *, share: float = 0.44, sharp: float = 1.2) -> None:
    """Start the first layer as a soft match of the question's pieces with the passage's, and back.

    A body trained from nothing needs millions of sequences to find out that it should look for the same meaning on
    the other side. Here queries and keys of the first layer are the encoder's vectors themselves; the direction that
    tells question from passage is turned round in the queries, so that a piece looks across and not at itself; and
    half of what it finds is taken away from it, so that what is left of a piece says how badly it is matched
    (the soft matches of K-NRM, Xiong et al. 2017, as the first step of a transformer's training).
    """
    size = network.config.hidden_size
    chance = torch.Generator().manual_seed(1)
    side = torch.randn(size, generator=chance).sign() / size**0.5
    same = torch.eye(size)
    layer = network.encoder.layer[0].attention
    with torch.no_grad():
        network.embeddings.position_embeddings.weight.zero_()
        reach = (share / (1 - share)) ** 0.5
        network.embeddings.token_type_embeddings.weight.copy_(torch.stack([side, -side]) * reach)
        layer.self.query.weight.copy_(sharp * (same - 2 * torch.outer(side, side)))
        layer.self.key.weight.copy_(sharp * same)
        layer.self.value.weight.copy_(same)
        layer.output.dense.weight.copy_(-0.5 * same)


def warm_start(embedding: torch.nn.Embedding, table: np.ndarray) -> None:
    """The encoder's vectors as token embeddings: directions kept, lengths made alike, new pieces left random."""
    unit = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-6)
    with torch.no_grad():
        embedding.weight[: len(unit)] = torch.from_numpy(unit.astype(np.float32))
        embedding.weight[len(unit) :].normal_(std=1 / np.sqrt(unit.shape[1]))


def pad(rows: list[np.ndarray], *, to: int = 8) -> tuple[torch.Tensor, torch.Tensor]:
    """Rows of piece numbers as one int64 matrix and its bool mask; width rounded up to a multiple of `to`."""
    width = -(-max(len(r) for r in rows) // to) * to
    ids = np.full((len(rows), width), PAD, np.int64)
    for i, row in enumerate(rows):
        ids[i, : len(row)] = row
    ids_tensor = torch.from_numpy(ids)
    return ids_tensor, ids_tensor != PAD


def quickest() -> torch.dtype:
    """bf16 or fp32, whichever multiplies faster here: a processor without bf16 of its own emulates it, slowly."""

    def seconds(kind: torch.dtype) -> float:
        rows = torch.ones(1024, 256, dtype=kind)
        rows @ rows.T  # the first call sets things up
        begun = time.perf_counter()
        for _ in range(8):
            rows @ rows.T
        return time.perf_counter() - begun

    return min((torch.bfloat16, torch.float32), key=seconds)


class Half:
    """bf16 weights for the forward and backward pass, fp32 masters for the optimizer.

    Two cores spend more time moving activations than multiplying them; halving every one of them is worth a third of
    the time, and the masters keep the small updates that bf16 would round away. Where bf16 is slower both are
    fp32.
    """

    def __init__(self, groups: list[dict]) -> None:
        self.half = [p for group in groups for p in group["params"]]
        self.full = {id(p): torch.nn.Parameter(p.detach().float().clone()) for p in self.half}
        self.optimizer = torch.optim.AdamW(
            [{**group, "params": [self.full[id(p)] for p in group["params"]]} for group in groups],
            betas=(0.9, 0.98), eps=1e-6, fused=True,
        )  # fmt: skip
        kind = quickest()
        for p in self.half:
            p.data = p.data.to(kind)

    def step(self, pace: float, most: float = 1.0) -> None:
        """One update at `pace` times each group's own rate; gradients are clipped to norm `most` and cleared."""
        for group in self.optimizer.param_groups:
            group["lr"] = group["base"] * pace
        for p in self.half:
            self.full[id(p)].grad = None if p.grad is None else p.grad.float()
            p.grad = None
        torch.nn.utils.clip_grad_norm_(list(self.full.values()), most)
        self.optimizer.step()
        with torch.no_grad():
            for p in self.half:
                p.copy_(self.full[id(p)])

    def state(self) -> dict:
        """Masters and optimizer, for a later `load`."""
        return {"full": [self.full[id(p)].data for p in self.half], "optimizer": self.optimizer.state_dict()}

    def load(self, state: dict) -> None:
        """Go on from `state`; parameters must come in the same order."""
        with torch.no_grad():
            for p, full in zip(self.half, state["full"], strict=True):
                self.full[id(p)].copy_(full)
                p.copy_(full)
        self.optimizer.load_state_dict(state["optimizer"])
