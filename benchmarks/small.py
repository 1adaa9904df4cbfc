"""The small form: what a change has made slower, told in seconds on any machine, however busy.

    python -m benchmarks.small FOLDER [--record FILE] [--check FILE]

Processor time of one core for each step of a small archive, as a ratio to jieba
cutting the same text into words in the same process a moment before and after.
Of several rounds the best counts. `--check` exits 1 where a ratio is 1.5 times
as high as in FILE; what is high is measured again first.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.asking import asked
from benchmarks.material import take
from benchmarks.tables import WORSE
from index import lexical
from index.cutting import Job, cut
from index.encode import load_encoder
from index.search import open_index, searchable
from index.tokens import words
from index.update import remove_documents, update_index

_PASSAGES = 600
_QUESTIONS = 60
_ROUNDS = 3
_AGAIN = 3  # more times that all is measured where something looks worse


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--record", type=Path, help="write the ratios there")
    parser.add_argument("--check", type=Path, help="ratios of an earlier run, not to be much worse than")
    options = parser.parse_args()
    ratios = measured(options.folder)
    recorded = json.loads(options.check.read_text(encoding="utf-8")) if options.check else {}
    for _ in range(_AGAIN):
        if worse(ratios, recorded):
            again = measured(options.folder)
            ratios = {name: min(ratio, again[name]) for name, ratio in ratios.items()}
    for name, ratio in ratios.items():
        print(
            f"{name}: {ratio:.4f} of what jieba takes"
            + (f", recorded {recorded[name]:.4f}" if recorded else "")
        )
    if options.record:
        options.record.write_text(json.dumps(ratios, indent=1) + "\n", encoding="utf-8")
    found = worse(ratios, recorded)
    for line in found:
        print(line, file=sys.stderr)
    return 1 if found else 0


def worse(ratios: dict[str, float], recorded: dict[str, float]) -> list[str]:
    """What takes more than `WORSE` times as long as recorded, one line each."""
    return [
        f"{name}: {ratios[name]:.4f} of what jieba takes, recorded {before:.4f}"
        for name, before in recorded.items()
        if ratios[name] > WORSE * before
    ]


def measured(folder: Path) -> dict[str, float]:
    """Processor time of each step over that of jieba for the same text: the best of some rounds of both."""
    with tempfile.TemporaryDirectory(prefix="youju-bench-") as name:
        work = Path(name)
        take(folder, work / "papers", _PASSAGES)
        files = sorted((work / "papers").glob("*.txt"))
        cuts = [cut(Job(file.parent, file, file.name)) for file in files]
        texts = [searchable(passage) for one in cuts if one.reading for passage in one.reading.passages]
        load_encoder().encode(texts[:1])
        words("热身")
        rounds = [_round(work / str(number), files, texts) for number in range(_ROUNDS)]
    best = {step: min(one[step] for one in rounds) for step in rounds[0]}
    jieba = best.pop("jieba")
    return {step: seconds / jieba for step, seconds in best.items()}


def _round(work: Path, files: list[Path], texts: list[str]) -> dict[str, float]:
    encoder, index = load_encoder(), work / "index"
    work.mkdir()
    found = {
        "jieba": _spent(lambda: [words(text) for text in texts]),
        "read and cut": _spent(lambda: [cut(Job(file.parent, file, file.name)) for file in files]),
        "encode": _spent(lambda: encoder.encode(texts)),
        "index words": _spent(lambda: lexical.build(texts)),
        "build": _spent(lambda: update_index(index, [files[0].parent])),
        "update without changes": _spent(lambda: update_index(index, [files[0].parent])),
        "delete": _spent(lambda: remove_documents(index, [files[0].name])),
        "open": _spent(lambda: open_index(index).close()),
    }
    with open_index(index) as opened:
        questions = [question for question, _ in asked(texts, _QUESTIONS)]
        opened.search(questions[0])
        found["warm answers"] = _spent(lambda: [opened.search(question) for question in questions])
    again = _spent(lambda: [words(text) for text in texts])
    return found | {"jieba": min(found["jieba"], again)}


def _spent(work: Callable[[], object]) -> float:
    """Processor time of this process and of all its threads, in seconds."""
    started = time.process_time()
    work()
    return time.process_time() - started


if __name__ == "__main__":
    sys.exit(main())
