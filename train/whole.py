"""Long articles with sections, put together from the parts that a source keeps under one title.

    python -m train.whole prose_lctt.jsonl.xz --out var/train/whole.jsonl

Written as {title, text} lines for `train.sorting`: reports are short, and a page of one long article is read
otherwise than a page of many.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path

from train.titles import save

_LENGTHS = (900, 5000)  # characters, least and most
_KEPT = 400  # articles


def whole(path: Path) -> Iterator[dict[str, str]]:
    """Title and text of each article of several parts; its paragraphs and headings are lines."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for title, parts in groupby(map(json.loads, lines), key=lambda row: row["title"]):
            texts = [part["text"].strip() for part in parts]
            text = "\n".join(texts)
            if title and len(texts) > 1 and _LENGTHS[0] <= len(text) <= _LENGTHS[1]:
                yield {"title": title, "text": text}


def main(arguments: Sequence[str] | None = None) -> None:
    """Write some of them, drawn once."""
    parser = argparse.ArgumentParser(prog="python -m train.whole", description=__doc__)
    parser.add_argument("prose", type=Path, help="prose_*.jsonl.xz, one {title, text} a line")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    found = list(whole(options.prose))
    random.Random(2).shuffle(found)
    save(found[:_KEPT], options.out)


if __name__ == "__main__":
    main()
