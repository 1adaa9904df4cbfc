"""The benchmark: what is recorded is held, and its questions come out of the passages."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from conftest import Figure

from benchmarks.asking import asked
from benchmarks.material import take
from benchmarks.small import worse
from benchmarks.tables import check, growth, table

ROOT = Path(__file__).resolve().parent.parent
FIGURES = {
    "build": 2.0,
    "p50": 0.004,
    "p95": 0.005,
    "p99": 0.006,
    "processor": 0.006,
    "first answer": 0.01,
    "memory": 2e8,
    "bytes": 1e6,
    "found": 0.9,
}
ALONE = {
    "read and cut": 1.0,
    "encode": 0.5,
    "jieba": 2.0,
    "all": 3.0,
    "update of 1 %": 0.5,
    "delete": 0.2,
    "merge": 0.1,
    "open": 0.05,
    "memory with workers": 3e8,
    "memory while answering": 2e8,
    "recall of vectors": 0.98,
    "recall of fused": 0.99,
}


def _run() -> dict[str, Any]:
    ours = FIGURES | ALONE | {"questions a second": 200.0}
    theirs = {name: 3 * value for name, value in FIGURES.items()} | {"questions a second": 50.0}
    systems = {"Youju": ours, "a peer": theirs, "another": {"missing": "No module named 'another'"}}
    return {"machine": "m", "date": "d", "sizes": {"1000": {"passages": 1000, "systems": systems}}}


def test_the_small_form_is_as_fast_as_recorded(figure: Figure) -> None:
    command = [sys.executable, "-m", "benchmarks.small", "seeds", "--check", "benchmarks/recorded.json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=600)
    figure("small form of the benchmark", "; ".join(done.stdout.splitlines()), "less than 1.5 × recorded")
    assert done.returncode == 0, done.stderr


def test_what_takes_half_again_as_long_as_recorded_is_named() -> None:
    recorded = {"encode": 0.5, "open": 0.1}
    assert worse({"encode": 0.74, "open": 0.05}, recorded) == []
    (line,) = worse({"encode": 0.76, "open": 0.05}, recorded)
    assert line.startswith("encode: 0.7600 of what jieba takes")


def test_varied_copies_hold_the_same_sentences_in_other_company(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    said = {f"第{number}号巡查记录说河岸已经清理干净了，请各位居民放心。" for number in range(40)}
    lines = sorted(said)
    for number in range(4):
        (folder / f"{number}.txt").write_text(
            "".join(lines[10 * number : 10 * number + 10]), encoding="utf-8"
        )
    taken = take(folder, tmp_path / "taken", 30)
    files = sorted((tmp_path / "taken").glob("*.txt"))
    assert len(files) == taken > 8
    texts = [file.read_text(encoding="utf-8") for file in files]
    for turn in (texts[:4], texts[4:8]):
        assert {part + "。" for text in turn for part in text.replace("\n", "").split("。") if part} == said
    assert sorted(texts[:4]) != sorted(texts[4:8])
    with pytest.raises(ValueError, match="holds no text files"):
        take(tmp_path / "nowhere", tmp_path / "nothing", 5)


def test_growth_is_drawn(tmp_path: Path) -> None:
    growth(_run(), tmp_path / "growth.svg")
    drawn = (tmp_path / "growth.svg").read_text(encoding="utf-8")
    assert drawn.count("<svg") == 1


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
    assert all(question in passage and passage in passages for question, passage in questions)
