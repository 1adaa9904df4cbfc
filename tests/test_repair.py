"""Repair restores what was there or changes nothing; backups restore; older indexes are brought up to date."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from conftest import Figure
from faults import files, holds, leftovers, sentence, tiny_model, write

from index import store
from index.check import check, repair, roll_back
from index.current import read_current
from index.document import IndexDamaged, IndexMismatch, IndexMissing
from index.manifest import SCHEMA, digest
from index.search import open_index
from index.update import remove_documents, update_index

ROOT = Path(__file__).resolve().parent.parent
OLD = Path(__file__).resolve().parent / "store_schema1.tar.gz"


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model"))


@pytest.fixture
def index(tmp_path: Path, model: str) -> Path:
    """Two generations: a folder, then a file of another folder, with one document removed by name."""
    chance, place = random.Random(9), tmp_path / "index"
    folder = write(tmp_path / "papers", {f"{number}.txt": sentence(chance, number) for number in range(4)})
    single = write(
        tmp_path / "elsewhere", {"one.txt": sentence(chance, 11), "never.txt": sentence(chance, 12)}
    )
    update_index(place, [folder], model=model)
    update_index(place, [single / "one.txt"])
    remove_documents(place, ["3.txt"])
    return place


def _newest(index: Path) -> Path:
    return index / read_current(index)[0].generation


def _strike(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def test_repair_restores_exactly_what_was_there(index: Path, figure: Figure) -> None:
    """Not the document that was removed, not the neighbour that was never given, whichever file is struck."""
    before, kept = holds(index), index.with_name("kept")
    assert set(before) == {"0.txt", "1.txt", "2.txt", "one.txt"}
    shutil.copytree(index, kept)
    names = sorted(path.name for path in _newest(index).iterdir())
    restored = 0
    for name in names:
        _strike(_newest(index) / name)
        assert not check(index).ok
        if name == "manifest.json":
            with pytest.raises(IndexDamaged, match=r"not known any more.*--roll-back"):
                repair(index)
        else:
            assert repair(index).ok, name
            assert holds(index) == before, name
            assert not leftovers(index)
            assert all(entry.generation != _newest(kept).name for entry in read_current(index))
            restored += 1
        shutil.rmtree(index)
        shutil.copytree(kept, index)
    figure(
        "check --repair restores what was there",
        f"{restored} of {len(names)} files, 1 refused as unknowable",
        "no guess",
    )


def test_repair_works_when_every_source_is_gone(index: Path, tmp_path: Path) -> None:
    before = holds(index)
    shutil.rmtree(tmp_path / "papers")
    shutil.rmtree(tmp_path / "elsewhere")
    _strike(_newest(index) / "vectors-000000000.faiss")
    assert repair(index).ok
    assert holds(index) == before


def test_what_is_nowhere_to_be_had_is_named_and_nothing_is_changed(index: Path, tmp_path: Path) -> None:
    update_index(index, [tmp_path / "elsewhere" / "never.txt"])  # stands in the newest generation alone
    (tmp_path / "elsewhere" / "never.txt").unlink()
    _strike(_newest(index) / "passages.sqlite")
    before = sorted(path.name for path in index.iterdir())
    with pytest.raises(IndexDamaged, match=r"1 of 5 documents .* never\.txt; put the files back"):
        repair(index)
    assert sorted(path.name for path in index.iterdir()) == before
    with open_index(index) as opened:
        assert opened.fallback
    assert roll_back(index).ok
    assert set(holds(index)) == {"0.txt", "1.txt", "2.txt", "one.txt"}


def test_a_source_that_changed_since_is_read_as_it_is_now(index: Path, tmp_path: Path, model: str) -> None:
    new = write(tmp_path / "papers", {"0.txt": "第七十七次巡查记录：水位正常，闸门完好，巡查员签名。"})
    shutil.rmtree(index)
    update_index(index, [new], model=model)
    write(tmp_path / "papers", {"0.txt": "第七十八次巡查记录：水位略高，闸门完好，巡查员签名。"})
    _strike(_newest(index) / "passages.sqlite")
    assert repair(index).ok
    assert holds(index) == files(new)


def test_an_update_does_not_build_on_the_generation_before_a_damaged_one(index: Path, tmp_path: Path) -> None:
    _strike(_newest(index) / "passages.sqlite")
    with pytest.raises(IndexDamaged, match="check --repair"):
        update_index(index, [tmp_path / "papers"])
    assert repair(index).ok
    assert "one.txt" in holds(index)


@pytest.mark.parametrize("how", ["gone", "damaged"])
def test_a_lost_current_is_written_anew(how: str, index: Path, tmp_path: Path) -> None:
    before = holds(index)
    if how == "gone":
        (index / "CURRENT").unlink()
        with pytest.raises(IndexMissing):
            open_index(index)
    else:
        _strike(index / "CURRENT")
        with pytest.raises(IndexDamaged, match="check --repair"):
            update_index(index, [tmp_path / "papers"])
    assert not check(index).ok
    assert repair(index).ok
    assert holds(index) == before


def test_a_writer_takes_up_a_lost_current_by_itself(index: Path, tmp_path: Path) -> None:
    before = holds(index)
    (index / "CURRENT").unlink()
    update_index(index, [tmp_path / "elsewhere" / "one.txt"])
    assert holds(index) == before


def test_without_current_and_without_a_whole_generation_nothing_is_written(
    index: Path, tmp_path: Path
) -> None:
    (index / "CURRENT").unlink()
    for folder in index.glob("gen-*"):
        _strike(folder / "passages.sqlite")
    for attempt in (lambda: repair(index), lambda: update_index(index, [tmp_path / "papers"])):
        with pytest.raises(IndexDamaged, match="restore a backup"):
            attempt()
    assert len(list(index.glob("gen-*"))) == 2


def test_a_backup_is_a_copy_and_a_restore_is_a_copy_back(index: Path, tmp_path: Path, model: str) -> None:
    before, backup = holds(index), tmp_path / "backup"
    with store.writer(index):  # as `flock INDEX.lock cp -a` does
        shutil.copytree(index, backup)
    remove_documents(index, ["0.txt", "1.txt"])
    shutil.rmtree(index)
    shutil.copytree(backup, index)
    assert check(index).ok
    assert holds(index) == before
    update_index(index, [tmp_path / "papers"])
    assert set(holds(index)) == set(before) | {"3.txt"}


def test_an_index_of_the_first_schema_is_refused_and_upgraded(tmp_path: Path, figure: Figure) -> None:
    """The archive was made by the program of schema 1; its sources are gone."""
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="data")
    old = tmp_path / "index"
    with pytest.raises(IndexMismatch, match=f"schema 1.*youju check --repair --index {old}"):
        open_index(old)
    report = check(old)
    assert report.outdated
    assert repair(old).ok
    found = holds(old)
    assert set(found) == {"ferry.txt", "mill.txt", "well.txt"}
    with open_index(old) as opened:
        assert opened.search("新井有多深", k=1)[0].passage.doc == "well.txt"
        roots = {card.id: card.root for card in opened.documents()}
        assert roots["well.txt"] != roots["mill.txt"]
    figure("an index of schema 1", f"{len(found)} of 3 documents upgraded without their files", "all")


def test_an_update_of_an_older_index_keeps_what_it_holds(tmp_path: Path) -> None:
    with tarfile.open(OLD) as archive:
        archive.extractall(tmp_path, filter="data")
    folder = write(tmp_path / "more", {"new.txt": sentence(random.Random(1), 1)})
    update_index(tmp_path / "index", [folder])
    assert set(holds(tmp_path / "index")) == {"ferry.txt", "mill.txt", "well.txt", "new.txt"}


def test_an_index_of_a_newer_schema_is_left_alone(index: Path, tmp_path: Path) -> None:
    newest = _newest(index)
    fields = json.loads((newest / "manifest.json").read_bytes())
    fields["schema"] = SCHEMA + 1
    fields["something"] = "new"
    data = json.dumps(fields).encode()
    (newest / "manifest.json").write_bytes(data)
    (newest / "manifest.sha256").write_text(f"{digest(newest / 'manifest.json')}\n")
    with store.writer(index):
        (index / "CURRENT").unlink()
    before = sorted(path.name for path in index.rglob("*"))
    for attempt in (
        lambda: repair(index),
        lambda: update_index(index, [tmp_path / "papers"]),
    ):
        with pytest.raises(IndexMismatch, match="newer version"):
            attempt()
    assert sorted(path.name for path in index.rglob("*")) == before


def test_the_commands_say_what_they_did(index: Path) -> None:
    def run(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "ui", "check", "--index", str(index), *words]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)

    assert run().returncode == 0
    _strike(_newest(index) / "words-000000000.safetensors")
    damaged = run()
    assert damaged.returncode == 2
    assert f"youju check --repair --index {index}" in damaged.stdout
    mended = run("--repair", "--json")
    assert mended.returncode == 0
    assert json.loads(mended.stdout)["ok"]
