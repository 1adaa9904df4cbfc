"""News with headlines, to print pages from: taken out of running prose where a headline was left in it.

    python -m train.titles prose_news_crud.jsonl.xz --out var/train/titled

Many texts of the source begin `原标题：` with the headline, a run of blanks and the body, whose paragraphs are
parted by blanks too. Those are written as {title, text} lines, one folder of two files: `fit.jsonl` for
`train.sorting`, and `check.jsonl`, 300 that no weight has seen.
"""

from __future__ import annotations

import argparse
import json
import lzma
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

_TITLED = re.compile(r"原标题[：:]\s*(\S(?:[^\s]| (?! )){5,38}?)[ \u3000]{3,}(.+)", re.S)
_WHOLE = re.compile(r".*[。！？][”’）]?", re.S)  # up to the last sentence that is not cut
_BETWEEN = re.compile(r"[ \u3000]{2,}")
_LENGTHS = (300, 1600)  # characters of a body, least and most
_LEAST = 250  # the same up to the last whole sentence
_CHECK = 300  # articles that are kept for checking


def titled(path: Path) -> Iterator[dict[str, str]]:
    """Headline and text of each article that has both."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            found = _TITLED.match(json.loads(line)["text"])
            if found is None:
                continue
            title = found[1].strip()
            body = re.sub(re.escape(title) + r"\s*", "", found[2].strip())
            whole = _WHOLE.match(body)
            if "。" in title or whole is None or not _LENGTHS[0] <= len(body) <= _LENGTHS[1]:
                continue
            if len(whole[0]) >= _LEAST:
                yield {"title": title, "text": _BETWEEN.sub("\n", whole[0])}


def save(articles: Sequence[dict[str, str]], path: Path) -> None:
    """Write articles, one a line, and say how many."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(article, ensure_ascii=False) + "\n" for article in articles)
    path.write_text("".join(lines), encoding="utf-8")
    print(f"{path}: {len(articles)} articles")


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the articles, in an order drawn once."""
    parser = argparse.ArgumentParser(prog="python -m train.titles", description=__doc__)
    parser.add_argument("prose", type=Path, help="prose_*.jsonl.xz, one {text} a line")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args(arguments)
    found = list(titled(options.prose))
    random.Random(1).shuffle(found)
    for name, part in (("fit", found[:-_CHECK]), ("check", found[-_CHECK:])):
        save(part, options.out / f"{name}.jsonl")


if __name__ == "__main__":
    main()
