"""Which FAISS index for a segment? Exact rows against inverted lists, on real text.

    python -m benchmarks.vectors FOLDER [--rows 65536]

Cuts the text files of FOLDER into pieces, encodes them with the bundled
encoder, and prints seconds to build, bytes, milliseconds a query and recall@10
for the exact index and for inverted lists with the visits that
`index.dense.lists` chose, and with half and twice as many. Queries are short
pieces of other text than the visits were chosen with.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from index import dense
from index.encode import load_encoder

_PIECE, _QUERY, _QUERIES = 160, 24, 400


def pieces(folder: Path) -> Iterator[str]:
    """Text of a folder's files, cut into pieces."""
    for file in sorted(folder.rglob("*.txt")):
        text = file.read_text(encoding="utf-8", errors="replace")
        for start in range(0, len(text), _PIECE):
            yield text[start : start + _PIECE]


def asked(engine: Any, queries: dense.Vectors) -> tuple[np.ndarray, float]:
    """Cosines of what was found for each query, and the median milliseconds of one query on one core."""
    found, times = [], []
    for query in queries:
        started = time.thread_time()
        found.append(engine.search(query[None, :], 10)[0][0])
        times.append(time.thread_time() - started)
    return np.array(found), float(np.median(times)) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=65_536)
    options = parser.parse_args()
    encoder = load_encoder()
    texts = list(islice(pieces(options.folder), options.rows + _QUERIES))
    vectors = encoder.encode(texts[: -2 * _QUERIES])
    fragments = [text[len(text) // 2 :][:_QUERY] for text in texts]
    tuning, queries = encoder.encode(fragments[:_QUERIES]), encoder.encode(fragments[-_QUERIES:])
    started = time.process_time()
    exact = dense.flat(vectors)
    built = time.process_time() - started
    truth, spent = asked(exact, queries)
    print(f"{len(vectors):,} rows of {vectors.shape[1]}; CPU time of one core\n")
    print(f"{'':<28}{'build':>9}{'MiB':>8}{'ms':>8}{'recall@10':>11}")
    with tempfile.TemporaryDirectory() as place:
        size = dense.save(exact, Path(place) / "exact").stat().st_size / 2**20
        print(f"{'exact, half precision':<28}{built:>7.1f} s{size:>8.0f}{spent:>8.2f}{1:>11.3f}")
        started = time.process_time()
        lists = dense.lists(vectors, tuning)
        built = time.process_time() - started
        size = dense.save(lists, Path(place) / "lists").stat().st_size / 2**20
    chosen = lists.nprobe
    for visits in (max(1, chosen // 2), chosen, min(lists.nlist, 2 * chosen)):
        lists.nprobe = visits
        found, spent = asked(lists, queries)
        name = f"{visits} of {lists.nlist} lists{' (chosen)' if visits == chosen else ''}"
        recall = dense.recall(found, truth)
        print(f"{name:<28}{built:>7.1f} s{size:>8.0f}{spent:>8.2f}{recall:>11.3f}")


if __name__ == "__main__":
    main()
