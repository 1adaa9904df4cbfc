"""Whatever happens to the files of an index is noticed before they are used."""

from __future__ import annotations

import itertools
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Figure
from faults import holds, sentence, tiny_model, write

from index.check import check
from index.current import read_current
from index.document import IndexDamaged, IndexMissing
from index.search import open_index
from index.update import update_index

ROUNDS = [120, pytest.param(1000, marks=pytest.mark.soak)]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of one generation."""
    place, chance = tmp_path_factory.mktemp("damage"), random.Random(4)
    model = str(tiny_model(place / "model"))
    folder = write(place / "papers", {f"{number}.txt": sentence(chance, number) for number in range(6)})
    update_index(place / "index", [folder], model=model)
    return place / "index"


def _noticed(index: Path) -> bool:
    """True when the index is refused, by whoever opens it and by `check`."""
    try:
        open_index(index).close()
    except (IndexDamaged, IndexMissing):
        return not check(index).ok
    return False


def _all_files(index: Path) -> list[Path]:
    return sorted(path for path in index.rglob("*") if path.is_file())


def _struck(index: Path, rounds: int, strike: Callable[[bytes, random.Random], bytes]) -> int:
    """How many of `rounds` blows at random files were noticed; each file is whole again afterwards."""
    chance, noticed = random.Random(7), 0
    for _ in range(rounds):
        path = chance.choice(_all_files(index))
        whole = path.read_bytes()
        path.write_bytes(strike(whole, chance))
        noticed += _noticed(index)
        path.write_bytes(whole)
    assert check(index).ok
    return noticed


def _flip(data: bytes, chance: random.Random) -> bytes:
    struck = bytearray(data)
    struck[chance.randrange(len(struck))] ^= 1 << chance.randrange(8)
    return bytes(struck)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


@pytest.mark.parametrize("rounds", ROUNDS)
def test_flipped_bits(rounds: int, built: Path, figure: Figure) -> None:
    noticed = _struck(built, rounds, _flip)
    figure("flipped bits noticed before use", f"{noticed} of {rounds}", "all")
    assert noticed == rounds


@pytest.mark.parametrize("rounds", ROUNDS)
def test_truncations(rounds: int, built: Path, figure: Figure) -> None:
    noticed = _struck(built, rounds, _cut)
    figure("truncations noticed before use", f"{noticed} of {rounds}", "all")
    assert noticed == rounds


def test_swapped_files(built: Path, figure: Figure) -> None:
    pairs = list(itertools.combinations(_all_files(built), 2))
    noticed = 0
    for one, other in pairs:
        aside = built.with_name("aside")
        for source, target in ((one, aside), (other, one), (aside, other)):
            source.rename(target)
        noticed += _noticed(built)
        for source, target in ((one, aside), (other, one), (aside, other)):
            source.rename(target)
    assert check(built).ok
    figure("swapped files noticed before use", f"{noticed} of {len(pairs)} pairs", "all")
    assert noticed == len(pairs)


def test_a_file_of_another_generation_is_noticed(tmp_path: Path, figure: Figure) -> None:
    chance, index = random.Random(5), tmp_path / "index"
    model = str(tiny_model(tmp_path / "model"))
    for number in range(2):
        folder = write(tmp_path / "papers", {"0.txt": sentence(chance, number)})
        update_index(index, [folder], model=model)
    newest, before = (index / entry.generation for entry in read_current(index))
    names, noticed = [path.name for path in newest.iterdir()], 0
    differing = [name for name in names if (newest / name).read_bytes() != (before / name).read_bytes()]
    for name in differing:
        whole = (newest / name).read_bytes()
        shutil.copyfile(before / name, newest / name)
        with open_index(index) as opened:
            noticed += opened.fallback and not check(index).ok
        (newest / name).write_bytes(whole)
    figure("files of another generation noticed", f"{noticed} of {len(differing)}", "all")
    assert noticed == len(differing) > 3


@pytest.mark.parametrize("kind", ["missing", "empty", "folder", "stranger", "link to nowhere"])
def test_other_damage(kind: str, built: Path) -> None:
    for path in _all_files(built):
        whole = path.read_bytes()
        path.unlink()
        stranger = path.with_name("stranger.pkl")
        if kind == "empty":
            path.write_bytes(b"")
        elif kind == "folder":
            path.mkdir()
        elif kind == "link to nowhere":
            path.symlink_to("nowhere")
        elif kind == "stranger":
            path.write_bytes(whole)
            stranger.write_bytes(b"x")
        # Beside CURRENT a stranger is no part of any generation, and is never read.
        assert _noticed(built) or (kind == "stranger" and path.name == "CURRENT"), path
        stranger.unlink(missing_ok=True)
        if path.is_dir():
            path.rmdir()
        path.unlink(missing_ok=True)
        path.write_bytes(whole)
    assert len(holds(built)) == 6
