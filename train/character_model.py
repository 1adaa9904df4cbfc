"""Count characters, pairs and triples of running Chinese text into the model that the reader ships with.

    python train/character_model.py DATA models/characters

DATA is a folder of prose_*.jsonl.xz, one {"text": …} a line. The model says how likely one character is after
two others (`index/characters.py`). Numbers are one symbol, Latin words are one symbol, white space is left out.
Counts are kept as half powers of two, in one byte; rare pairs and triples are left out; the result is one
safetensors file, packed with xz. About three minutes and 4 GB of memory for 58 million characters.
"""

from __future__ import annotations

import argparse
import json
import lzma
import re
import time
from collections import Counter
from pathlib import Path

import numpy as np
from safetensors.numpy import save

RARE_CHARACTER, RARE_PAIR, RARE_TRIPLE = 30, 7, 14
NUMBER, WORD, UNKNOWN = "0", "a", "\ufffd"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("model", type=Path)
    arguments = parser.parse_args()
    began = time.time()
    letters, sequence = read_text(sorted(arguments.data.glob("prose_*.jsonl.xz")))
    print(f"{len(sequence):,} characters, {len(letters):,} different; {time.time() - began:.0f} s")
    arrays = count(sequence, len(letters))
    arrays["letters"] = np.frombuffer("".join(letters).encode("utf-32-le"), dtype=np.uint32).copy()
    packed = lzma.compress(save(arrays), preset=9 | lzma.PRESET_EXTREME)
    arguments.model.mkdir(parents=True, exist_ok=True)
    (arguments.model / "characters.safetensors.xz").write_bytes(packed)
    sizes = {name: array.shape[0] for name, array in arrays.items()}
    print(f"{len(packed):,} bytes; {sizes}; {time.time() - began:.0f} s")


def normalise(text: str) -> str:
    """Text as the model sees it; `index/characters.py` does the same."""
    text = re.sub(r"\s+", "", text)
    text = re.sub(r"[0-9０-９]+(?:[.,．][0-9０-９]+)*", NUMBER, text)
    return re.sub(r"[A-Za-zＡ-Ｚａ-ｚ]+", WORD, text).replace(",", "，").replace(";", "；").replace(":", "：")


def read_text(files: list[Path]) -> tuple[list[str], np.ndarray]:
    """The letters, most frequent first, and all text as their numbers (uint16)."""
    counts: Counter[str] = Counter()
    texts: list[str] = []
    for file in files:
        with lzma.open(file, "rt", encoding="utf-8") as lines:
            for line in lines:
                texts.append(normalise(json.loads(line)["text"]) + "\n")
                counts.update(texts[-1])
    letters = [UNKNOWN] + [letter for letter, seen in counts.most_common() if seen >= RARE_CHARACTER]
    table = np.zeros(0x110000, dtype=np.uint16)
    table[[ord(letter) for letter in letters]] = np.arange(len(letters))
    points = [np.frombuffer(text.encode("utf-32-le", "replace"), dtype=np.uint32) for text in texts]
    return letters, table[np.concatenate(points)]


def count(sequence: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Counts as nested rows: pairs under their first character, triples under their pair."""
    ones = np.bincount(sequence, minlength=size)
    wide = sequence.astype(np.int64)
    pairs, seen = np.unique(wide[:-1] * size + wide[1:], return_counts=True)
    kept = (seen >= RARE_PAIR) & (pairs >= size) & (pairs % size > 0)
    pairs, seen = pairs[kept], seen[kept]
    triples, seen_triples = np.unique((wide[:-2] * size + wide[1:-1]) * size + wide[2:], return_counts=True)
    row = np.searchsorted(pairs, triples // size)
    known = pairs[np.minimum(row, len(pairs) - 1)] == triples // size
    kept = known & (seen_triples >= RARE_TRIPLE) & (triples % size > 0)
    triples, seen_triples, row = triples[kept], seen_triples[kept], row[kept]
    return {
        "ones": halves(ones),
        "pair_rows": np.bincount(pairs // size, minlength=size).astype(np.uint16),
        "pair_ends": (pairs % size).astype(np.uint16),
        "pairs": halves(seen),
        "triple_rows": np.bincount(row, minlength=len(pairs)).astype(np.uint16),
        "triple_ends": (triples % size).astype(np.uint16),
        "triples": halves(seen_triples),
    }


def halves(counts: np.ndarray) -> np.ndarray:
    """Counts as twice their logarithm to base 2, rounded, in one byte."""
    return np.round(2 * np.log2(np.maximum(counts, 1))).astype(np.uint8)


if __name__ == "__main__":
    main()
