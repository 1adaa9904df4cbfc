"""On how many gold questions two copies of an archive find the same first five passages.

youju copy var/index milvus://127.0.0.1:19530/copied
python -m benchmarks.copied var/index milvus://127.0.0.1:19530/copied eval/gold/*.jsonl
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from index.remote import location
from index.search import open_index

FIRST = 5


def main(one: str, other: str, *gold: str) -> None:
    """Print the share, the largest difference of a score, and the questions that differ."""
    lines = [line for name in gold for line in Path(name).read_text(encoding="utf-8").splitlines()]
    questions = [json.loads(line)["question"] for line in lines if line.strip()]
    same, most = 0, 0.0
    with open_index(location(one)) as here, open_index(location(other)) as there:
        for question in questions:
            ours, theirs = (index.search(question, k=FIRST) for index in (here, there))
            most = max([most, *(abs(a.score - b.score) for a, b in zip(ours, theirs, strict=False))])
            if [hit.passage.id for hit in ours] == [hit.passage.id for hit in theirs]:
                same += 1
            else:
                print(question)
    print(f"{same} of {len(questions)} the same; scores differ by {most:.1e} at most")


if __name__ == "__main__":
    main(*sys.argv[1:])
