"""Questions, and how long answers to them take."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

_LONG = 18  # characters, as long as people's questions
Ask = Callable[[str], Sequence[str]]


def asked(passages: Sequence[str], count: int = 200) -> list[tuple[str, str]]:
    """Pieces out of passages to ask for, each with its passage."""
    chance = random.Random(1)
    pieces = []
    for passage in chance.sample(list(passages), min(count, len(passages))):
        start = chance.randrange(max(1, len(passage) - _LONG))
        pieces.append((passage[start : start + _LONG], passage))
    return pieces


def warm(ask: Ask, questions: Sequence[tuple[str, str]]) -> dict[str, float]:
    """First and warm answers, how many a second on two cores, and how often the passage was among ten.

    Seconds; the first question is asked once more, warm. `processor` is the processor time of all threads
    that half of the answers take at most: it tells less of what else a busy machine does.
    """
    times, spent, right = [], [], 0
    started = time.perf_counter()
    ask(questions[0][0])
    first = time.perf_counter() - started
    for question, passage in questions:
        started, worked = time.perf_counter(), time.process_time()
        found = ask(question)
        times.append(time.perf_counter() - started)
        spent.append(time.process_time() - worked)
        right += passage in found[:10]
    with ThreadPoolExecutor(2) as threads:
        started = time.perf_counter()
        list(threads.map(ask, [question for question, _ in questions]))
        together = time.perf_counter() - started
    p50, p95, p99 = (float(value) for value in np.quantile(times, [0.5, 0.95, 0.99]))
    return {
        "first answer": first,
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "processor": float(np.median(spent)),
        "questions a second": len(questions) / together,
        "found": right / len(questions),
    }


def size_of(folder: Path) -> int:
    """Bytes of a folder on disk; a file that two names stand for counts once."""
    stats = [path.stat() for path in folder.rglob("*") if path.is_file()]
    return sum({(stat.st_dev, stat.st_ino): stat.st_size for stat in stats}.values())
