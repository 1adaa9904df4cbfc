"""The reranker's body and its tokenizer: the encoder's pieces and punctuation, ModernBERT's configuration.

Shared by the three steps that train it (pretrain, rerank, export).
"""

from __future__ import annotations

import json
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
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", START), ("[SEP]", END)],
    )
    return tokenizer


def configuration(pieces: int, *, layers: int = 4, size: int = 256):
    from transformers import ModernBertConfig

    return ModernBertConfig(
        vocab_size=pieces, hidden_size=size, intermediate_size=2 * size, num_hidden_layers=layers,
        num_attention_heads=size // 64, max_position_embeddings=512, global_attn_every_n_layers=1, local_attention=512,
        pad_token_id=PAD, cls_token_id=START, sep_token_id=END, bos_token_id=START, eos_token_id=END,
        num_labels=1, classifier_pooling="cls", attn_implementation="sdpa",
    )  # fmt: skip


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
