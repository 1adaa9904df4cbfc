"""How long pages take to be read, beside jieba cutting the same text into words.

    python -m benchmarks.reading_speed FOLDER [--bytes 5000000] [--whole]

Text files of the folder in the order of their names, taken again from the first where they are too few, until
there are enough bytes of UTF-8. Processor time of one core. `--whole` puts all text into one file, which is
then sorted by shape alone. Exits 1 where reading takes more than twice as long as jieba.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import time
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

from index.document import Document
from index.segment import segment

MOST = 2.0  # times what jieba takes


def pages(folder: Path, size: int) -> list[str]:
    """Texts of the folder's files, at least `size` bytes. Raises ValueError where there is no text."""
    files = sorted(folder.rglob("*.txt"))
    texts = [file.read_bytes().decode("utf-8-sig", errors="replace") for file in files]
    texts = [text for text in texts if text.strip()]
    if not texts:
        raise ValueError(f"{folder} holds no text files; name a folder with some")
    taken: list[str] = []
    total = 0
    for text in cycle(texts):
        if total >= size:
            return taken
        taken.append(text)
        total += len(text.encode())
    return taken


def times(texts: Sequence[str]) -> tuple[float, float]:
    """Seconds that reading takes and that jieba takes, each text in turn: other work slows both alike."""
    from index.tokens import words

    segment(document("热身。\n"))
    words("热身")
    reading = cutting = 0.0
    for text in texts:
        reading += _spent(segment, document(text))
        cutting += _spent(words, text)
    return reading, cutting


def document(text: str) -> Document:
    """The text as the document that a file with it would be."""
    data = text.encode()
    return Document("page.txt", text, hashlib.sha256(data).hexdigest(), len(data))


def _spent(work: Callable[[Any], object], given: Document | str) -> float:
    started = time.process_time()
    work(given)
    return time.process_time() - started


def main() -> int:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--bytes", type=int, default=5_000_000)
    parser.add_argument("--whole", action="store_true", help="all text in one file")
    options = parser.parse_args()
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # as in the workers that read, which have a core each
    texts = pages(options.folder, options.bytes)
    if options.whole:
        texts = ["\n".join(texts)]
    size = sum(len(text.encode()) for text in texts)
    reading, cutting = times(texts)
    print(
        f"{len(texts)} files, {size:,} bytes: read in {reading:.1f} s, cut by jieba in {cutting:.1f} s, "
        f"{reading / cutting:.2f} times as long"
    )
    return 0 if reading <= MOST * cutting else 1


if __name__ == "__main__":
    raise SystemExit(main())
