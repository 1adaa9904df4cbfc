"""An index and the model that made it belong together; anything else is refused with the command that mends it."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Figure
from faults import sentence, tiny_model, write

from index import tokens
from index.document import IndexMismatch, ModelError, YoujuError
from index.encode import load_encoder
from index.search import open_index
from index.update import update_index

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def made(tmp_path: Path) -> tuple[Path, Path]:
    """An index and the folder of its model."""
    model = tiny_model(tmp_path / "model")
    folder = write(tmp_path / "papers", {"1.txt": sentence(random.Random(1), 1)})
    update_index(tmp_path / "index", [folder], model=str(model))
    return tmp_path / "index", model


def test_another_model_of_the_same_dimension(made: tuple[Path, Path], tmp_path: Path) -> None:
    index, _ = made
    other = tiny_model(tmp_path / "other", seed=1)
    assert load_encoder(str(other)).dim == open_index(index).encoder.dim
    with pytest.raises(IndexMismatch, match=rf"youju index FOLDER --index {index} --model {other}"):
        open_index(index, model=str(other))
    with pytest.raises(IndexMismatch, match="another encoder"):
        open_index(index, model=str(ROOT / "models" / "encoder"))


def test_another_tokenizer(made: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    index, _ = made
    monkeypatch.setattr(tokens, "TERMS_VERSION", "another")
    with pytest.raises(IndexMismatch, match=rf"tokenizer.*youju index FOLDER --index {index}"):
        open_index(index)


def _changed(model: Path) -> None:
    weights = model / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-3] ^= 1
    weights.write_bytes(data)


def _cut(model: Path) -> None:
    weights = model / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-40])


def _no_json(model: Path) -> None:
    (model / "modules.json").write_text("{", encoding="utf-8")


def _no_tokenizer(model: Path) -> None:
    (model / "tokenizer.json").write_text("[]", encoding="utf-8")


def _other_words(model: Path) -> None:
    _give(model, chr(0x4E00), 2)
    _give(model, chr(0x4E07), 1)


def _give(model: Path, piece: str, number: int) -> None:
    path = model / "tokenizer.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    told["model"]["vocab"][piece] = number
    path.write_text(json.dumps(told), encoding="utf-8")


def _too_few_rows(model: Path) -> None:
    """Words whose vectors are not there."""
    _give(model, "第", 10**6)


DAMAGES: dict[str, Callable[[Path], None]] = {
    "weights gone": lambda model: (model / "model.safetensors").unlink(),
    "tokenizer gone": lambda model: (model / "tokenizer.json").unlink(),
    "modules gone": lambda model: (model / "modules.json").unlink(),
    "folder gone": lambda model: shutil.rmtree(model),
    "weights changed": _changed,
    "weights cut": _cut,
    "modules no JSON": _no_json,
    "tokenizer none": _no_tokenizer,
    "tokenizer changed": _other_words,
    "tokenizer beyond the weights": _too_few_rows,
    "pickle beside": lambda model: (model / "extra.pkl").write_bytes(b"x"),
    "code beside": lambda model: (model / "modeling.py").write_bytes(b"x"),
    "unknown module": lambda model: (model / "modules.json").write_text('[{"type": "os.System"}]'),
}


def test_a_model_that_is_gone_or_changed(made: tuple[Path, Path], figure: Figure) -> None:
    index, model = made
    kept = model.with_name("kept")
    shutil.copytree(model, kept)
    refused = 0
    for name, damage in DAMAGES.items():
        damage(model)
        with pytest.raises((ModelError, IndexMismatch)) as raised:
            open_index(index)
        assert f"--index {index}" in str(raised.value), name
        assert "\n" not in str(raised.value), name
        refused += 1
        shutil.rmtree(model, ignore_errors=True)
        shutil.copytree(kept, model)
    open_index(index).close()
    figure("model missing or changed, refused with the command", f"{refused} of {len(DAMAGES)}", "all")


def test_the_command_line_says_it_in_one_line(made: tuple[Path, Path]) -> None:
    index, model = made
    (model / "model.safetensors").unlink()
    command = [sys.executable, "-m", "ui", "ask", "巡查记录是什么？", "--index", str(index)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.startswith("youju: ")
    assert len(done.stderr.splitlines()) == 1
    assert f"--index {index}" in done.stderr


def test_a_model_that_is_damaged_is_not_built_with(made: tuple[Path, Path], tmp_path: Path) -> None:
    _, model = made
    (model / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(YoujuError, match="model"):
        update_index(tmp_path / "new", [tmp_path / "papers"], model=str(model))
    assert not (tmp_path / "new" / "CURRENT").exists()
