"""Merging in the background: the same answers from fewer parts, whatever happens meanwhile."""

from __future__ import annotations

import itertools
import random
import signal
import threading
from pathlib import Path

import numpy as np
import pytest
from faults import files, holds, leftovers, sentence, tiny_model, write
from hypothesis import given
from hypothesis import strategies as st

from index import layers, merge, postings, recording, segments, store
from index.check import check
from index.current import read_current
from index.failpoints import PLACES, armed
from index.merge import merge_index
from index.search import open_index
from index.segments import Range
from index.update import remove_documents, update_index

QUESTIONS = ["巡查员在本上签名", "河道 巡查", "第3次记录"]


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model"))


@pytest.fixture(autouse=True)
def _nothing_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Updates leave all merging to the background, and gaps where they are."""
    monkeypatch.setattr(segments, "_AT_ONCE", 0)
    monkeypatch.setattr(segments, "_SMALL", 0)
    monkeypatch.setattr(recording, "_COPIED", 0)


def _grown(place: Path, model: str, steps: int = 6) -> tuple[Path, Path]:
    """An index of some updates, the later ones smaller, with a document changed and one removed in each."""
    chance = random.Random(4)
    folder = write(place / "papers", {f"{n:02}.txt": sentence(chance, n) for n in range(40)})
    index = place / "index"
    update_index(index, [folder], model=model)
    for step in range(steps):
        write(folder, {f"{50 + 2 * step + n}.txt": sentence(chance, 60 + 2 * step + n) for n in range(2)})
        write(folder, {"03.txt": sentence(chance, 90 + step)})
        (folder / f"{10 + step}.txt").unlink()
        update_index(index, [folder], model=model)
    return index, folder


def _parts(index: Path) -> tuple[int, int]:
    """Layers of the records, and segments."""
    folder = index / read_current(index)[0].generation
    return len(layers.of(folder / layers.RECORDS)), len(list(folder.glob("words-*")))


def _answers(index: Path) -> list[tuple[str, float, float]]:
    with open_index(index) as opened:
        assert len(set(opened.counts())) == 1
        return [
            (hit.passage.id, hit.words, hit.vectors)
            for question in QUESTIONS
            for hit in sorted(opened.search(question, k=8), key=lambda hit: (-hit.words, hit.passage.id))
        ]


def _same(one: Path, other: Path) -> None:
    ours, theirs = _answers(one), _answers(other)
    assert [line[0] for line in ours] == [line[0] for line in theirs]
    np.testing.assert_allclose([line[1:] for line in ours], [line[1:] for line in theirs], atol=1e-6)


def test_merged_parts_answer_as_an_index_built_at_once(tmp_path: Path, model: str) -> None:
    index, folder = _grown(tmp_path, model)
    before = _parts(index)
    assert min(before) >= 4
    assert merge_index(index) == 2
    after = _parts(index)
    assert max(after) < min(before)
    assert holds(index) == files(folder)
    assert check(index).ok
    assert merge_index(index) == 0  # all is tidy
    assert not leftovers(index)
    assert {path.name for path in tmp_path.glob("index*")} == {"index", "index.lock", "index.merging"}
    update_index(tmp_path / "fresh", [folder], model=model)
    _same(index, tmp_path / "fresh")
    update_index(index, [folder])  # and an update goes on from there
    assert holds(index) == files(folder)


def test_an_update_leaves_other_parts_as_they_are(tmp_path: Path, model: str) -> None:
    index, folder = _grown(tmp_path, model, steps=2)
    before = index / read_current(index)[0].generation
    kept = {file.name: file.read_bytes() for file in before.iterdir() if file.suffix in (".sqlite", ".faiss")}
    write(folder, {"99.txt": sentence(random.Random(1), 99)})
    update_index(index, [folder])
    after = index / read_current(index)[0].generation
    assert all((after / name).read_bytes() == data for name, data in kept.items())
    new = {file.name for file in after.glob("*.sqlite")} - set(kept)
    assert len(new) == 1


@pytest.mark.parametrize("change", ["nothing", "add", "remove", "merge"])
def test_what_is_written_while_parts_are_merged_is_kept(
    change: str, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    index, folder = _grown(tmp_path, model)
    exchange = merge._exchange

    def meanwhile(*arguments: object) -> int:
        if change == "add":
            write(folder, {"99.txt": sentence(random.Random(1), 99)})
            update_index(index, [folder])
        elif change == "remove":
            for name in ("05.txt", "50.txt"):
                (folder / name).unlink()
            remove_documents(index, ["05.txt", "50.txt"])
        elif change == "merge":  # the parts are there no more
            with monkeypatch.context() as patch:
                patch.setattr(segments, "_AT_ONCE", 4096)
                patch.setattr(recording, "_COPIED", 8 << 20)
                write(folder, {f"n{n}.txt": sentence(random.Random(n), n) for n in range(60)})
                update_index(index, [folder])
        return exchange(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(merge, "_exchange", meanwhile)
    assert merge_index(index) == (0 if change == "merge" else 2)
    assert holds(index) == files(folder)
    assert check(index).ok
    update_index(tmp_path / "fresh", [folder], model=model)
    _same(index, tmp_path / "fresh")


def test_two_mergers_and_a_writer_do_not_wait_for_each_other(tmp_path: Path, model: str) -> None:
    index, folder = _grown(tmp_path, model)
    with merge._merging(index) as alone:
        assert alone
        assert merge_index(index) == 0
    began, done = threading.Event(), threading.Event()

    def hold() -> None:
        with store.writer(index):
            began.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert began.wait(20)
        assert merge_index(index) == 0
    finally:
        done.set()
        holder.join()
    assert merge_index(index) == 2
    assert holds(index) == files(folder)


def _merge(index: Path, plan: str) -> None:
    with armed(plan):
        merge_index(index)


@pytest.mark.parametrize("place", ["parts merged", *PLACES[PLACES.index("manifest written") :]])
def test_killed_while_merging(place: str, tmp_path: Path, model: str) -> None:
    import multiprocessing

    index, folder = _grown(tmp_path, model, steps=3)
    child = multiprocessing.get_context("forkserver").Process(target=_merge, args=(index, place))
    child.start()
    child.join(60)
    assert child.exitcode == -signal.SIGKILL
    assert holds(index) == files(folder)
    assert check(index).ok
    merge_index(index)
    update_index(index, [folder])
    assert not leftovers(index)
    assert holds(index) == files(folder)
    assert _parts(index) < (4, 4)


def test_a_reader_keeps_what_it_opened_while_parts_are_merged(tmp_path: Path, model: str) -> None:
    index, _ = _grown(tmp_path, model)
    with open_index(index) as opened:
        before = [hit.passage.id for hit in opened.search("巡查记录", k=30)]
        texts = {card.id: opened.text(card.id) for card in opened.documents()}
        merge_index(index)
        assert [hit.passage.id for hit in opened.search("巡查记录", k=30)] == before
        assert {card.id: opened.text(card.id) for card in opened.documents()} == texts


@given(st.lists(st.integers(0, 70_000), max_size=40))
def test_few_ranges_are_left_and_they_tile_the_rows(sizes: list[int]) -> None:
    ranges: list[Range] = []
    end = 0
    for size in sizes:
        made = segments.arrange(ranges, end, end + size)
        end += size
        ranges = [
            Range(one.first, one.end, one.end - one.first if one.alive < 0 else one.alive) for one in made
        ]
    for run in segments.untidy(ranges):
        assert ranges[run[-1]].end - ranges[run[0]].first <= postings.MOST
    left = len(ranges) - sum(len(run) - 1 for run in segments.untidy(ranges))
    assert left <= 2 * (end // postings.MOST + 1) + 17


@given(st.lists(st.integers(1, 1000), max_size=60))
def test_layers_are_joined_until_each_is_more_than_twice_the_next(sizes: list[int]) -> None:
    runs = layers.joins(sizes)
    inside = {place for run in runs for place in run}
    left = sorted([*((run[0], sum(sizes[p] for p in run)) for run in runs)]
                  + [(place, size) for place, size in enumerate(sizes) if place not in inside])  # fmt: skip
    assert sum(size for _, size in left) == sum(sizes)
    assert all(one[1] > 2 * other[1] for one, other in itertools.pairwise(left))


def test_the_served_page_merges_what_updates_leave(
    tmp_path: Path, model: str, caplog: pytest.LogCaptureFixture
) -> None:
    from ui.merging import keep_merged

    index, folder = _grown(tmp_path, model)
    before, stop = _parts(index), threading.Event()
    thread = keep_merged([index, tmp_path / "not there yet"], stop, every=0.02)
    try:
        for _ in range(3000):
            if _parts(index) < before:
                break
            stop.wait(0.02)
        else:
            pytest.fail(f"nothing was merged: {caplog.text}")
    finally:
        stop.set()
        thread.join(30)
    assert holds(index) == files(folder)
