"""How fast the bundled models are: passages encoded, beside a model of bge-small-zh's shape; questions read.

    python benchmarks/models.py COLLECTION [--passages 2000] [--threads 2]

COLLECTION is a BEIR folder; its passages are what is encoded. The other model has
random weights (4 layers of 512, 21,128 pieces) and runs through
sentence-transformers, as its users would run it; both run in turn, best of three,
in one process. A question is read with 20 passages, warm, 30 times.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from eval.exchange import load_beir
from index.encode import bundled, load_encoder
from rag.rerank import load_reranker


def of_small_shape(folder: Path) -> Callable[[Sequence[str]], object]:
    """A sentence-transformers model as large as bge-small-zh: random weights, our tokenizer."""
    from sentence_transformers import SentenceTransformer, models
    from transformers import BertConfig, BertModel, PreTrainedTokenizerFast

    tokenizer = PreTrainedTokenizerFast(
        tokenizer_file=str(bundled("reranker") / "tokenizer.json"), pad_token="[PAD]", unk_token="[UNK]",
        cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
    )  # fmt: skip
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=512,
        num_hidden_layers=4,
        num_attention_heads=8,
        intermediate_size=2048,
    )
    BertModel(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    body = models.Transformer(str(folder), max_seq_length=512)
    model = SentenceTransformer(modules=[body, models.Pooling(512, "cls"), models.Normalize()], device="cpu")
    return lambda texts: model.encode(list(texts), batch_size=32)


def best_rate(encode: Callable[[Sequence[str]], object], texts: list[str]) -> float:
    """Texts a second, the best of three."""
    encode(texts[:64])
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        encode(texts)
        times.append(time.perf_counter() - begun)
    return len(texts) / min(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("collection", type=Path)
    parser.add_argument("--passages", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    import torch

    torch.set_num_threads(options.threads)
    texts = [text.text for text in load_beir(options.collection).texts][: options.passages]
    if not texts:
        raise SystemExit(f"no passages in {options.collection}")
    ours = best_rate(load_encoder().encode, texts)
    with tempfile.TemporaryDirectory() as folder:
        theirs = best_rate(of_small_shape(Path(folder)), texts[: max(64, len(texts) // 8)])
    print(
        f"passages encoded a second: {ours:,.0f}, shape of bge-small-zh {theirs:,.0f}: {ours / theirs:.1f} x"
    )
    reranker = load_reranker()
    if reranker is None:
        raise SystemExit("no reranker")
    times = []
    for turn in range(33):
        begun = time.perf_counter()
        reranker.read(f"第{turn}年的图书馆什么时候开放？", (texts * 20)[turn : turn + 20])
        times.append(1000 * (time.perf_counter() - begun))
    p50, p95 = np.quantile(times[3:], [0.5, 0.95])
    print(f"a question with 20 passages: {p50:.0f} ms p50, {p95:.0f} ms p95")


if __name__ == "__main__":
    main()
