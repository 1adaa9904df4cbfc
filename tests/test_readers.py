"""Two writers and many readers: one wins, and nobody sees two generations at once."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path

import pytest
from conftest import Figure
from faults import Writer, holds, sentence, tiny_model, write

from index.document import IndexBusy
from index.remote import Location
from index.search import open_index
from index.store import writer as writing
from index.update import update_index

DOCUMENTS = 4


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model"))


def _edition(number: int) -> dict[str, str]:
    """Documents that all name the edition, so that two editions in one answer would show."""
    chance = random.Random(number)
    said = (f"本版是第{number:04d}期。{sentence(chance, page)}" for page in range(DOCUMENTS))
    return {f"{page}.txt": text for page, text in enumerate(said)}


class _Reader(threading.Thread):
    """Opens, searches, compares, and closes, until it is told to stop."""

    def __init__(self, index: Location, stop: threading.Event) -> None:
        super().__init__()
        self.index, self.stop = index, stop
        self.answers, self.mixed, self.errors = 0, 0, list[str]()

    def run(self) -> None:
        while not self.stop.wait(0.02):
            try:
                self._once()
            except Exception as error:  # noqa: BLE001 - whatever it is, it is counted and shown
                self.errors.append(f"{type(error).__name__}: {error}")

    def _once(self) -> None:
        with open_index(self.index) as opened:
            for _ in range(3):
                hits = opened.search("本版是第几期，巡查记录", k=DOCUMENTS * 2)
                said = {hit.passage.text[3:9] for hit in hits if hit.passage.text.startswith("本版是")}
                said |= {opened.text(card.id)[3:9] for card in opened.documents()}
                self.mixed += len(said) != 1 or opened.fallback
                self.answers += 1


@pytest.mark.parametrize(
    ("kind", "people", "rebuilds"),
    [
        ("folder", 6, 6),
        pytest.param("folder", 50, 100, marks=pytest.mark.soak),
        pytest.param("milvus", 3, 4, marks=pytest.mark.soak),
    ],
)
def test_readers_across_rebuilds(
    kind: str,
    people: int,
    rebuilds: int,
    tmp_path: Path,
    model: str,
    figure: Figure,
    request: pytest.FixtureRequest,
) -> None:
    remote = request.getfixturevalue("milvus_server").index() if kind == "milvus" else None
    index, folder = remote or tmp_path / "index", tmp_path / "papers"
    update_index(index, [write(folder, _edition(0))], model=model)
    stop = threading.Event()
    readers = [_Reader(index, stop) for _ in range(people)]
    for reader in readers:
        reader.start()
    try:
        for number in range(1, rebuilds + 1):
            write(folder, _edition(number))
            each = Writer(index, folder, model=model)
            each.begin()
            assert each.wait(300) == "done"
    finally:
        stop.set()
        for reader in readers:
            reader.join()
    errors = [error for reader in readers for error in reader.errors]
    answers, mixed = (sum(getattr(reader, name) for reader in readers) for name in ("answers", "mixed"))
    figure(
        f"{people} readers across {rebuilds} rebuilds ({kind})",
        f"{answers} answers, {len(errors)} errors, {mixed} mixed",
        "0 errors, 0 mixed",
    )
    assert not errors, errors[:3]
    assert not mixed
    assert answers >= people
    if isinstance(index, Path):
        assert len(list(index.glob("gen-*"))) <= 3


@pytest.mark.parametrize("rounds", [3, pytest.param(60, marks=pytest.mark.soak)])
def test_two_writers_at_once(rounds: int, tmp_path: Path, model: str, figure: Figure) -> None:
    index, refused = tmp_path / "index", 0
    folders = [write(tmp_path / name, _edition(number)) for number, name in enumerate(("east", "west"))]
    for _ in range(rounds):
        both = [Writer(index, folder, model=model) for folder in folders]
        for each in both:
            each.begin()
        said = [each.wait() for each in both]
        assert all(word == "done" or word.startswith("IndexBusy") for word in said), said
        assert "done" in said
        refused += sum(word != "done" for word in said)
        assert len(holds(index)) in (DOCUMENTS, 2 * DOCUMENTS)
    figure("two writers at once", f"{rounds} rounds, {refused} refused, none lost", "one at a time")


def test_the_second_writer_gives_up_within_two_seconds(tmp_path: Path, model: str, figure: Figure) -> None:
    index, folder = tmp_path / "index", write(tmp_path / "papers", _edition(1))
    update_index(index, [folder], model=model)
    started = time.monotonic()
    update_index(index, [folder])
    alone = time.monotonic() - started  # a slow machine takes its time without anybody in the way
    began = threading.Event()
    done = threading.Event()

    def hold() -> None:
        with writing(index):
            began.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert began.wait(10)
        started = time.monotonic()
        with pytest.raises(IndexBusy, match="is being written by process"):
            update_index(index, [folder])
        took = time.monotonic() - started
    finally:
        done.set()
        holder.join()
    figure("the second writer gives up after", f"{took:.2f} s", "2 s")
    assert took < 2 + 2 * alone
