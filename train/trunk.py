"""Start vectors: the leading factors of how often pieces stand near one another (PPMI, then SVD).

    python -m train.trunk --out var/train --size 256

Levy and Goldberg 2014; context counts raised to 0.75, the square root of the singular values kept (Levy et al.
2015). Also packs the prose as piece numbers for the next steps (tokens.npz).
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np
import scipy.sparse as sparse
from tokenizers import Tokenizer

from train.prepare import read
from train.ragged import tokenize

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--tokenizer", default="tokenizer.json")
parser.add_argument("--size", type=int, default=256)
parser.add_argument("--window", type=int, default=8)
parser.add_argument("--name", default="")


def main() -> None:
    settings = parser.parse_args()
    begun = time.time()
    tokenizer = Tokenizer.from_file(str(settings.out / settings.tokenizer))
    pieces = tokenizer.get_vocab_size()
    packed = settings.out / f"tokens{settings.name}.npz"
    prose = tokenize(tokenizer, [row["text"] for row in read(settings.out / "passages.jsonl")])
    np.savez(packed, ids=prose.ids, starts=prose.starts)
    print(f"{len(prose.ids):,} pieces in {len(prose):,} passages, {time.time() - begun:.0f} s", flush=True)

    ids = prose.ids[:24_000_000]
    row = np.repeat(np.arange(len(prose)), np.diff(prose.starts))[: len(ids)]
    near = sparse.csr_matrix((pieces, pieces), dtype=np.float32)
    for distance in range(1, settings.window + 1):
        same = row[distance:] == row[:-distance]
        left, right = ids[:-distance][same], ids[distance:][same]
        weight = np.full(len(left), 1 / np.sqrt(distance), np.float32)
        near = near + sparse.coo_matrix((weight, (left, right)), (pieces, pieces)).tocsr()
    near = (near + near.T).tocsr()
    near.data[near.data < 1.0] = 0
    near.eliminate_zeros()
    print(f"{near.nnz:,} pairs, {time.time() - begun:.0f} s", flush=True)

    total = near.sum()
    word = np.asarray(near.sum(1)).ravel()
    context = word**0.75
    context /= context.sum()
    coo = near.tocoo()
    value = np.log(
        coo.data * total / (np.maximum(word[coo.row], 1e-9) * total * np.maximum(context[coo.col], 1e-12))
    )
    keep = value > 0
    ppmi = sparse.csr_matrix(
        (value[keep].astype(np.float32), (coo.row[keep], coo.col[keep])), (pieces, pieces)
    )

    chance = np.random.default_rng(1)
    basis = chance.standard_normal((pieces, settings.size + 32)).astype(np.float32)
    for _ in range(3):
        basis, _ = np.linalg.qr(ppmi.T @ (ppmi @ basis))
    left, singular, _ = np.linalg.svd(ppmi @ basis, full_matrices=False)
    vectors = left[:, : settings.size] * np.sqrt(singular[: settings.size])
    vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    np.savez(
        settings.out / f"trunk{settings.name}.npz",
        vectors=vectors.astype(np.float32),
        frequency=np.bincount(prose.ids, minlength=pieces),
    )
    print(f"vectors {vectors.shape}, {time.time() - begun:.0f} s", flush=True)
    names = {number: piece for piece, number in tokenizer.get_vocab().items()}
    for probe in ("医院", "离婚", "补贴", "工资", "暴雨"):
        number = tokenizer.token_to_id(probe)
        if number is not None:
            print(probe, [names[i] for i in np.argsort(-(vectors @ vectors[number]))[1:9]])


if __name__ == "__main__":
    main()
