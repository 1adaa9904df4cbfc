"""The doctor finds what is wrong and says what to do."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest
from faults import sentence, tiny_model, write

from index.current import read_current
from index.update import update_index
from ui.cli import main
from ui.doctor import Finding, examine


@pytest.fixture
def index(tmp_path: Path) -> Path:
    model, chance = str(tiny_model(tmp_path / "model")), random.Random(2)
    folder = write(tmp_path / "papers", {f"{number}.txt": sentence(chance, number) for number in range(2)})
    update_index(tmp_path / "index", [folder], model=model)
    return tmp_path / "index"


def _ill(index: Path) -> list[Finding]:
    return [finding for finding in examine(index) if not finding.ok]


def test_a_sound_machine_and_a_sound_index(index: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--index", str(index)]) == 0
    told = capsys.readouterr().out.splitlines()
    assert all(line.startswith("ok ") for line in told), told
    assert any("can be written, locked and synced" in line for line in told)
    assert not list(index.glob(".youju-doctor*"))


def test_no_index(tmp_path: Path) -> None:
    (found,) = _ill(tmp_path / "nowhere")
    assert f"youju index FOLDER --index {tmp_path / 'nowhere'}" in found.fix


def test_a_damaged_index(index: Path) -> None:
    newest = index / read_current(index)[0].generation
    (newest / "vectors.faiss").write_bytes(b"x")
    (found,) = _ill(index)
    assert f"youju check --repair --index {index}" in found.fix


def test_a_model_that_is_gone(index: Path, tmp_path: Path) -> None:
    shutil.rmtree(tmp_path / "model")
    (found,) = _ill(index)
    assert f"--index {index} --model" in found.fix


def test_sources_that_changed_or_are_gone(index: Path, tmp_path: Path) -> None:
    write(tmp_path / "papers", {"0.txt": "改过了。"})
    (found,) = _ill(index)
    assert "1 changed or gone" in found.what
    assert "youju index" in found.fix
    shutil.rmtree(tmp_path / "papers")
    (found,) = _ill(index)
    assert "backup" in found.fix


def test_a_place_that_cannot_be_written() -> None:
    found = [finding for finding in _ill(Path("/proc/nowhere/index")) if "cannot hold" in finding.what]
    assert found
    assert "--index" in found[0].fix


def test_leftovers_are_told(index: Path) -> None:
    (index / "gen-000009.tmp").mkdir()
    assert any("1 leftovers" in finding.what for finding in examine(index))
