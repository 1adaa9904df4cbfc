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
from conftest import Figure
from faults import Writer, files, holds, leftovers, sentence, tiny_model, write

from index.check import check
from index.failpoints import PLACES
from index.update import update_index

ROOT = Path(__file__).resolve().parent.parent
COMMITTED = {"current replaced", "collected"}  # the new generation is current from here on


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model"))


def _change(folder: Path, chance: random.Random, number: int) -> None:
    """Add a document, and often change or delete another."""
    write(folder, {f"{number}.txt": sentence(chance, number)})
    others = sorted(folder.glob("*.txt"))
    if len(others) > 6:
        chance.choice(others).unlink()
    if chance.random() < 0.5:
        write(folder, {chance.choice(others[:3]).name: sentence(chance, 10_000 + number)})


def test_killed_at_every_place(tmp_path: Path, model: str, figure: Figure) -> None:
    chance = random.Random(3)
    folder, index = tmp_path / "papers", tmp_path / "index"
    write(folder, {f"{number}.txt": sentence(chance, number) for number in range(4)})
    update_index(index, [folder], model=model)
    places = [*PLACES, "document stored@3", "file synced@2"]
    for number, place in enumerate(places, 4):
        before = files(folder)
        _change(folder, chance, number)
        if place.endswith("@3"):  # only what is new is stored
            write(
                folder, {f"{number}-{more}.txt": sentence(chance, 1000 * more + number) for more in range(3)}
            )
        after = files(folder)
        writer = Writer(index, folder, model=model, plan=place)
        writer.begin()
        assert writer.wait() == "", place  # nothing was acknowledged
        assert writer.process.exitcode == -signal.SIGKILL, place
        assert holds(index) == (after if place in COMMITTED else before), place
        assert check(index).ok, place
        update_index(index, [folder], model=model)
        assert holds(index) == after, place
        assert not leftovers(index), place
    figure("kill -9 at named places", f"{len(places)} places, 0 documents lost, 0 left over", "0 lost")


def test_a_first_build_that_was_killed_is_no_damage(tmp_path: Path, model: str) -> None:
    for place in ("generation renamed", "current written"):
        index = tmp_path / place.replace(" ", "-")
        folder = write(tmp_path / "papers", {"1.txt": sentence(random.Random(1), 1)})
        writer = Writer(index, folder, model=model, plan=place)
        writer.begin()
        writer.wait()
        update_index(index, [folder], model=model)
        assert holds(index) == files(folder)
        assert not leftovers(index)


@pytest.mark.parametrize("rounds", [12, pytest.param(500, marks=pytest.mark.soak)])
def test_killed_at_random_moments(rounds: int, tmp_path: Path, model: str, figure: Figure) -> None:
    chance = random.Random(11)
    folder, index = tmp_path / "papers", tmp_path / "index"
    write(folder, {"0.txt": sentence(chance, 0)})
    update_index(index, [folder], model=model)
    stands = files(folder)
    longest, killed, finished = _whole(tmp_path, model), 0, 0
    for number in range(1, rounds + 1):
        _change(folder, chance, number)
        wanted = files(folder)
        acknowledged = Writer(index, folder, model=model).kill_after(chance.uniform(0, 1.2 * longest))
        found = holds(index)
        assert found in (stands, wanted)
        assert found == wanted or not acknowledged
        finished += found == wanted
        killed += not acknowledged
        stands = found
    assert check(index).ok
    update_index(index, [folder], model=model)
    assert not leftovers(index)
    figure(
        "kill -9 at random moments",
        f"{killed} kills in {rounds} ingests, {finished} committed, 0 lost",
        "0 lost",
    )


def _whole(tmp_path: Path, model: str) -> float:
    """Seconds that an ingest takes here when nobody kills it."""
    chance, times = random.Random(1), []
    for number in range(3):
        folder = write(tmp_path / "timed", {f"{number}.txt": sentence(chance, number)})
        writer = Writer(tmp_path / "timed-index", folder, model=model)
        started = time.monotonic()
        writer.begin()
        assert writer.wait() == "done"
        times.append(time.monotonic() - started)
    return sorted(times)[1]


@pytest.mark.parametrize("rounds", [1, pytest.param(12, marks=pytest.mark.soak)])
def test_the_command_says_done_only_when_it_is(rounds: int, tmp_path: Path, model: str) -> None:
    chance = random.Random(5)
    folder, index = tmp_path / "papers", tmp_path / "index"
    for number in range(rounds):
        write(folder, {f"{number}.txt": sentence(chance, number)})
        command = [sys.executable, "-m", "ui", "index", str(folder), "--index", str(index), "--model", model]
        with subprocess.Popen(command, cwd=ROOT, env={**os.environ}, stdout=subprocess.PIPE) as process:
            time.sleep(chance.uniform(0.3, 2.5))
            process.kill()
            out, _ = process.communicate(timeout=60)
        if out:
            assert f"{number}.txt" in holds(index)
        update_index(index, [folder], model=model)
        assert not leftovers(index)
