"""The benchmark: what is recorded is held, and its questions come out of the passages."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from benchmarks.speed import asked, check, table

FIGURES = {
    "build": 2.0,
    "p50": 0.004,
    "p95": 0.005,
    "p99": 0.006,
    "first answer": 0.01,
    "memory": 2e8,
    "bytes": 1e6,
}
ALONE = {"read and cut": 1.0, "update of 1 %": 0.5, "delete": 0.2, "open": 0.05}


def _run() -> dict[str, Any]:
    ours = FIGURES | ALONE | {"questions a second": 200.0}
    theirs = {name: 3 * value for name, value in FIGURES.items()} | {"questions a second": 50.0}
    systems = {"Youju": ours, "a peer": theirs, "another": {"missing": "No module named 'another'"}}
    return {"machine": "m", "date": "d", "sizes": {"1000": {"passages": 1000, "systems": systems}}}


def test_a_ratio_that_is_half_again_as_bad_is_named() -> None:
    before, now = _run(), deepcopy(_run())
    assert check(now, before) == []
    now["sizes"]["1000"]["systems"]["Youju"]["p50"] *= 1.4
    assert check(now, before) == []
    now["sizes"]["1000"]["systems"]["Youju"]["p50"] *= 1.2
    (line,) = check(now, before)
    assert "p50 against a peer" in line
    now["sizes"]["1000"]["systems"]["a peer"]["p50"] *= 2  # a slower machine slows both
    assert check(now, before) == []


def test_the_table_gives_ratios_and_says_what_is_missing() -> None:
    text = table(_run())
    assert "| a peer | × 3.00 |" in text
    assert "not measured: No module named 'another'" in text


def test_questions_are_pieces_of_passages() -> None:
    passages = [f"第{number}号巡查记录说河岸已经清理干净了，请各位居民放心。" for number in range(30)]
    questions = asked(passages, 10)
    assert len(questions) == 10
    assert all(any(question in passage for passage in passages) for question in questions)
