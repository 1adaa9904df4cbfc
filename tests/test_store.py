"""The store: what was committed is there, what was damaged is noticed, what was deleted is gone."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import random
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from index import store
from index.check import check, repair
from index.current import read_current
from index.document import IndexBusy, IndexDamaged, IndexMismatch, IndexMissing, ReadError
from index.milvus.generation import writing
from index.remote import Location, Remote
from index.search import Where, open_index
from index.update import remove_documents, update_index
from index.verdicts import Status

RIVER = "二〇一九年四月，河道管理处清理了北岸的十二处排污口。负责人周敏说，水质已经恢复到三类。"
SCHOOL = "第二小学新建的图书馆于九月一日开放，藏书三万册，周末也接待附近居民。"
MARKET = "城东菜市场搬迁后，摊位由八十个增加到一百二十个，停车场同时启用。"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    source = tmp_path / "papers"
    source.mkdir()
    (source / "river.txt").write_text(RIVER, encoding="utf-8")
    (source / "school.txt").write_text(SCHOOL, encoding="utf-8")
    return source


@pytest.fixture
def built(folder: Path, places: Callable[[], Location]) -> Location:
    """An index of the folder, in each kind of store."""
    place = places()
    update_index(place, [folder])
    return place


@pytest.fixture
def on_disk(folder: Path, tmp_path: Path) -> Path:
    """An index of the folder, in a folder."""
    path = tmp_path / "index"
    update_index(path, [folder])
    return path


def _found(path: Location, question: str) -> list[str]:
    with open_index(path) as index:
        return [hit.passage.doc for hit in index.search(question, k=5, system="words")]


def test_a_file_is_found_after_it_was_added_and_not_after_it_was_deleted(
    built: Location, folder: Path
) -> None:
    (folder / "market.txt").write_text(MARKET, encoding="utf-8")
    added = update_index(built, [folder])
    assert {v.doc: v.status for v in added.verdicts} == {
        "market.txt": Status.ADDED,
        "river.txt": Status.UNCHANGED,
        "school.txt": Status.UNCHANGED,
    }
    assert added.embedded == 1
    assert _found(built, "菜市场搬迁")[0] == "market.txt"
    (folder / "market.txt").unlink()
    removed = update_index(built, [folder])
    assert removed.embedded == 0
    assert Status.REMOVED in {v.status for v in removed.verdicts}
    assert "market.txt" not in _found(built, "菜市场搬迁")


def test_a_changed_file_is_embedded_again_and_no_other(built: Location, folder: Path) -> None:
    (folder / "river.txt").write_text(RIVER.replace("十二", "十五"), encoding="utf-8")
    summary = update_index(built, [folder])
    assert summary.embedded == 1
    with open_index(built) as index:
        assert "十五处" in index.text("river.txt")
        assert len(index.passages) == 2


def test_vectors_that_are_carried_over_equal_new_ones(
    built: Location, folder: Path, places: Callable[[], Location]
) -> None:
    (folder / "market.txt").write_text(MARKET, encoding="utf-8")
    update_index(built, [folder])
    anew = places()
    update_index(anew, [folder])
    question = "图书馆有多少书"
    with open_index(built) as updated, open_index(anew) as fresh:
        old = {hit.passage.doc: hit.score for hit in updated.search(question)}
        new = {hit.passage.doc: hit.score for hit in fresh.search(question)}
    assert old.keys() == new.keys()
    np.testing.assert_allclose([old[doc] for doc in new], list(new.values()), atol=1e-4)


def test_removed_by_name(built: Location) -> None:
    remove_documents(built, ["river.txt"])
    assert _found(built, "排污口") == []
    with pytest.raises(ReadError, match=r"nowhere\.txt"):
        remove_documents(built, ["nowhere.txt"])


def test_the_last_document_can_be_removed(built: Location) -> None:
    remove_documents(built, ["river.txt", "school.txt"])
    assert _found(built, "图书馆") == []
    assert check(built).ok


def test_a_file_that_cannot_be_read_gets_a_verdict_and_the_others_go_on(
    folder: Path, places: Callable[[], Location]
) -> None:
    (folder / "empty.txt").write_bytes(b"")
    (folder / "program.txt").write_bytes(bytes(range(256)) * 40)
    summary = update_index(places(), [folder])
    refused = {v.doc for v in summary.verdicts if v.status is Status.REFUSED}
    assert refused == {"empty.txt", "program.txt"}
    assert summary.documents == 2


def test_nothing_readable_is_an_error(tmp_path: Path, places: Callable[[], Location]) -> None:
    place = places()
    (tmp_path / "papers").mkdir()
    with pytest.raises(ReadError, match="no file could be indexed"):
        update_index(place, [tmp_path / "papers"])
    with pytest.raises(IndexMissing):
        open_index(place)


def test_two_folders_live_beside_each_other(built: Location, tmp_path: Path) -> None:
    other = tmp_path / "more"
    other.mkdir()
    (other / "river.txt").write_text(MARKET, encoding="utf-8")
    update_index(built, [other])
    with open_index(built) as index:
        assert [card.id for card in index.documents()] == ["more/river.txt", "river.txt", "school.txt"]
    update_index(built, [other])
    with open_index(built) as index:
        assert [card.id for card in index.documents()] == ["more/river.txt", "river.txt", "school.txt"]


def test_filters(built: Location) -> None:
    with open_index(built) as index:
        only = index.search("图书馆 排污口", where=Where(docs=frozenset({"river.txt"})))
        assert {hit.passage.doc for hit in only} == {"river.txt"}
        assert index.search("图书馆", where=Where(since="1900")) == [] or all(
            hit.passage.date for hit in index.search("图书馆", where=Where(since="1900"))
        )


@pytest.mark.parametrize("kind", ["flip", "truncate", "swap", "missing", "stranger"])
def test_damage_is_detected_before_use(on_disk: Path, kind: str) -> None:
    chance = random.Random(7)
    newest = on_disk / read_current(on_disk)[0].generation
    names = sorted(path.name for path in newest.iterdir())
    for _ in range(40 if kind in ("flip", "truncate") else 1):
        copy = on_disk.with_name("copy")
        shutil.copytree(on_disk, copy)
        target = copy / newest.name / chance.choice(names)
        data = bytearray(target.read_bytes())
        if kind == "flip":
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
            target.write_bytes(data)
        elif kind == "truncate":
            target.write_bytes(data[: chance.randrange(len(data))])
        elif kind == "swap":
            one, two = (
                copy / newest.name / name
                for name in ("words-000000000.safetensors", "vectors-000000000.faiss")
            )
            one.rename(copy / "aside")
            two.rename(one)
            (copy / "aside").rename(two)
        elif kind == "missing":
            target.unlink()
        else:
            (target.parent / "stranger.pkl").write_bytes(b"x")
        with pytest.raises(IndexDamaged):
            open_index(copy)
        assert not check(copy).ok
        shutil.rmtree(copy)


def test_every_flipped_bit_of_current_is_noticed(on_disk: Path) -> None:
    current = on_disk / "CURRENT"
    whole = current.read_bytes()
    for place in range(len(whole)):
        data = bytearray(whole)
        data[place] ^= 1 << (place % 8)
        current.write_bytes(data)
        with pytest.raises(IndexDamaged):
            open_index(on_disk)


def test_a_damaged_newest_generation_falls_back_and_is_repaired(
    on_disk: Path, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "market.txt").write_text(MARKET, encoding="utf-8")
    update_index(on_disk, [folder])
    newest = on_disk / read_current(on_disk)[0].generation
    (newest / "vectors-000000000.faiss").write_bytes(b"no longer an index")
    with open_index(on_disk) as index:
        assert index.fallback
        assert len(index.documents()) == 2
    assert "generation before" in caplog.text
    assert repair(on_disk).ok
    assert _found(on_disk, "菜市场")[0] == "market.txt"


def test_a_reader_keeps_its_generation_while_others_are_written(built: Location, folder: Path) -> None:
    with open_index(built) as pinned:
        for number in range(3):
            (folder / "school.txt").write_text(SCHOOL.replace("三万", f"{number}万"), encoding="utf-8")
            update_index(built, [folder])
        assert [hit.passage.text for hit in pinned.search("图书馆", k=1)] == [SCHOOL]
        assert pinned.text("school.txt") == SCHOOL
    with open_index(built) as newest:
        assert "2万" in newest.text("school.txt")


def test_leftovers_of_a_killed_build_are_no_damage_and_are_swept(on_disk: Path, folder: Path) -> None:
    (on_disk / "gen-000099.tmp").mkdir()
    (on_disk / "gen-000099.tmp" / "passages.sqlite").write_bytes(b"half")
    assert check(on_disk).ok
    assert _found(on_disk, "图书馆") == ["school.txt"]
    update_index(on_disk, [folder])
    assert not list(on_disk.glob("*.tmp"))


def test_the_last_two_generations_stay_and_pinned_ones_too(on_disk: Path, folder: Path) -> None:
    pinned = open_index(on_disk)
    for number in range(4):
        (folder / "market.txt").write_text(MARKET + str(number), encoding="utf-8")
        update_index(on_disk, [folder])
    assert len(list(on_disk.glob("gen-*"))) == 3
    assert [hit.passage.doc for hit in pinned.search("图书馆", k=1)] == ["school.txt"]
    pinned.close()
    update_index(on_disk, [folder])
    assert len(list(on_disk.glob("gen-*"))) == 2


def test_an_index_of_another_model_is_refused_with_the_command(on_disk: Path) -> None:
    newest = on_disk / read_current(on_disk)[0].generation
    manifest = json.loads((newest / "manifest.json").read_bytes())
    manifest["encoder"] = "0" * 16
    _rewrite(on_disk, newest, manifest)
    with pytest.raises(IndexMismatch, match="youju index FOLDER --index"):
        open_index(on_disk)


def test_an_index_of_another_tokenizer_is_refused(on_disk: Path) -> None:
    newest = on_disk / read_current(on_disk)[0].generation
    manifest = json.loads((newest / "manifest.json").read_bytes())
    manifest["tokenizer"] = "0" * 16
    _rewrite(on_disk, newest, manifest)
    with pytest.raises(IndexMismatch, match="tokenizer"):
        open_index(on_disk)


def _rewrite(on_disk: Path, generation: Path, manifest: dict[str, object]) -> None:
    data = json.dumps(manifest).encode()
    (generation / "manifest.json").write_bytes(data)
    (generation / "manifest.sha256").write_text(hashlib.sha256(data).hexdigest() + "\n")
    line = json.dumps(
        [{"generation": generation.name, "manifest_sha256": hashlib.sha256(data).hexdigest()}]
    ).encode()
    (on_disk / "CURRENT").write_bytes(line + b"\n" + hashlib.sha256(line).hexdigest().encode() + b"\n")


def _hold(place: Location, ready: object, seconds: float) -> None:
    with writing(place) if isinstance(place, Remote) else store.writer(place):
        ready.set()  # type: ignore[attr-defined]
        time.sleep(seconds)


def test_the_second_writer_is_told_who_is_writing(built: Location, folder: Path) -> None:
    context = multiprocessing.get_context("spawn")
    started = time.monotonic()
    update_index(built, [folder])
    alone = time.monotonic() - started  # a slow machine takes its time without anybody in the way
    ready = context.Event()
    holder = context.Process(target=_hold, args=(built, ready, 60))
    holder.start()
    try:
        assert ready.wait(30)
        started = time.monotonic()
        with pytest.raises(IndexBusy, match=rf"process {holder.pid}"):
            update_index(built, [folder])
        assert time.monotonic() - started < 2 + 2 * alone
    finally:
        holder.terminate()
        holder.join()
    update_index(built, [folder])  # the lock of a dead process does not outlive it


def test_no_stored_file_can_run_code(on_disk: Path) -> None:
    newest = on_disk / read_current(on_disk)[0].generation
    assert {path.suffix for path in newest.iterdir()} == {
        ".json",
        ".sha256",
        ".sqlite",
        ".faiss",
        ".safetensors",
    }
    for path in newest.glob("*.safetensors"):
        assert {array.dtype.kind for array in load_file(path).values()} == {"u"}
