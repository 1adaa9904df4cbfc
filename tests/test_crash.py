"""An acknowledged write survives `kill -9`; a reader never sees half a generation."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from index.check import check
from index.failpoints import PLACES
from index.search import open_index
from index.store import read_current
from index.update import update_index

ROOT = Path(__file__).resolve().parent.parent
TEXT = "第{}号泵站今年检修了两次，站长说设备状况良好，汛期可以放心使用。"
COMMITTED = {"current replaced", "collected"}  # the new generation is current from here on


def _write(folder: Path, numbers: range) -> None:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        (folder / f"{number}.txt").write_text(TEXT.format(number), encoding="utf-8")


def _ingest(folder: Path, index: Path, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "ui", "index", str(folder), "--index", str(index)]
    return subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )


def _documents(index: Path) -> set[str]:
    with open_index(index) as opened:
        assert not opened.fallback
        cards = opened.documents()
        assert len(opened.passages) == sum(card.passages for card in cards)
        return {card.id for card in cards}


@pytest.mark.parametrize("place", PLACES)
def test_killed_at(place: str, tmp_path: Path) -> None:
    folder, index = tmp_path / "papers", tmp_path / "index"
    _write(folder, range(3))
    update_index(index, [folder])
    before = _documents(index)
    (folder / "3.txt").write_text(TEXT.format(3), encoding="utf-8")
    killed = _ingest(folder, index, YOUJU_FAILPOINT=place)
    out, _ = killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert out == b""  # nothing was acknowledged
    assert _documents(index) == (before | {"3.txt"} if place in COMMITTED else before)
    assert check(index).ok
    update_index(index, [folder])
    assert _documents(index) == before | {"3.txt"}
    assert not list(index.glob("*.tmp"))
    assert len(list(index.glob("gen-*"))) <= len(read_current(index))


def test_killed_at_random_moments(tmp_path: Path) -> None:
    chance = random.Random(11)
    folder, index = tmp_path / "papers", tmp_path / "index"
    _write(folder, range(2))
    update_index(index, [folder])
    acknowledged = {"0.txt", "1.txt"}
    rounds = int(os.environ.get("YOUJU_CRASHES", "6"))
    for number in range(2, 2 + rounds):
        (folder / f"{number}.txt").write_text(TEXT.format(number), encoding="utf-8")
        process = _ingest(folder, index)
        time.sleep(chance.uniform(0.2, 1.6))
        process.kill()
        out, _ = process.communicate(timeout=60)
        found = _documents(index)
        assert acknowledged <= found <= {f"{n}.txt" for n in range(number + 1)}
        if process.returncode == 0 and out:
            assert f"{number}.txt" in found
        acknowledged = found
    assert check(index).ok
