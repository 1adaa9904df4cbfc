"""Which FAISS index for a segment? Exact rows against codes that are searched first, on real text.

    python -m benchmarks.vectors FOLDER [--rows 65536]

Cuts the text files of FOLDER into pieces, encodes them with the bundled
encoder, and prints seconds to build, bytes, milliseconds a query and recall@10
for the exact index, and for codes of two lengths of which several numbers of
the nearest rows are compared exactly. Queries are short pieces of passages.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
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


def asked(search: Callable[[dense.Vectors], dense.Rows], queries: dense.Vectors) -> tuple[np.ndarray, float]:
    """Rows found for each query, and the median milliseconds of one query on one core."""
    found, times = [], []
    for query in queries:
        started = time.thread_time()
        found.append(search(query))
        times.append(time.thread_time() - started)
    return np.array(found), float(np.median(times)) * 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rows", type=int, default=65_536)
    options = parser.parse_args()
    encoder = load_encoder()
    texts = list(islice(pieces(options.folder), options.rows))
    vectors = dense.halved(encoder.encode(texts))
    fragments = [text[len(text) // 2 :][:_QUERY].strip() for text in texts[:: max(1, len(texts) // _QUERIES)]]
    queries = encoder.encode([fragment for fragment in fragments if len(fragment) > _QUERY // 2])
    nearest = -np.sort(-(vectors @ queries.T), axis=0)[:10].T
    print(f"{len(vectors):,} rows of {vectors.shape[1]}; CPU time of one core\n")
    print(f"{'':<44}{'build':>9}{'MiB':>8}{'ms':>8}{'recall@10':>11}")

    def told(name: str, built: str, search: Callable[[dense.Vectors], dense.Rows]) -> None:
        found, spent = asked(search, queries)
        cosines = np.einsum("qd,qkd->qk", queries, vectors[found])
        print(f"{name:<44}{built:>17}{spent:>8.2f}{dense.recall(cosines, nearest):>11.3f}")

    exact, built = measured(dense.flat, vectors)
    told("exact, half precision", built, lambda query: exact.search(query[None], 10)[1][0])
    for numbers in (4, dense.NUMBERS):
        coded, built = measured(partial(dense.coded, numbers=numbers), vectors)
        for count in (10, 50, 100, 200, 400):
            name = f"half a byte for {numbers} numbers, {count} rows compared"
            told(name, built, partial(compared, coded, count))


def compared(coded: Any, count: int, query: dense.Vectors) -> dense.Rows:
    """The ten nearest of those rows that the codes find."""
    rows = coded.base_index.search(query[None], count)[1][0]
    return rows[np.argsort(-(dense.reconstruct(coded, rows) @ query))[:10]]


def measured(build: Callable[[dense.Vectors], Any], vectors: dense.Vectors) -> tuple[Any, str]:
    """A FAISS index, and the time and bytes that it took."""
    started = time.process_time()
    engine = build(vectors)
    built = time.process_time() - started
    with tempfile.TemporaryDirectory() as place:
        size = dense.save(engine, Path(place) / "engine").stat().st_size / 2**20
    return engine, f"{built:>7.1f} s{size:>8.0f}"


if __name__ == "__main__":
    main()
