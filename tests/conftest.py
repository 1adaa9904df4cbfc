"""Folders and indexes that several tests share, and the figures that tests print."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import settings
from milvus_serving import Milvus, milvus

from index.remote import Location
from index.search import Index, open_index
from index.update import update_index

ROOT = Path(__file__).resolve().parent.parent
# How long an example takes says more of the machine than of the code.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

FIGURES = pytest.StashKey[list[str]]()
Figure = Callable[..., None]


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The five newspaper pages."""
    return ROOT / "seeds"


@pytest.fixture(scope="session")
def milvus_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Milvus]:
    """A Milvus server on loopback, shared by all tests that do not kill it."""
    with milvus(tmp_path_factory.mktemp("milvus") / "data") as server:
        yield server


@pytest.fixture(params=["folder", "milvus"])
def places(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Location]:
    """Places for new indexes, in each kind of store."""
    if request.param == "milvus":
        server: Milvus = request.getfixturevalue("milvus_server")
        patch: pytest.MonkeyPatch = request.getfixturevalue("monkeypatch")
        patch.setattr("index.milvus.server._CONNECT", 60.0)  # a machine that is taken away is slow, not gone
        return server.index
    numbers = count()
    return lambda: tmp_path / f"index{next(numbers)}"


@pytest.fixture(scope="session")
def seeds_index_path(seeds: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where an index of the five pages stands; not to be written to."""
    path = tmp_path_factory.mktemp("seeds") / "index"
    update_index(path, [seeds])
    return path


@pytest.fixture(scope="session")
def seeds_index(seeds_index_path: Path) -> Iterator[Index]:
    """The five pages, indexed and open."""
    with open_index(seeds_index_path) as index:
        yield index


@pytest.fixture
def figure(request: pytest.FixtureRequest) -> Figure:
    """Print a measured figure beside its target at the end of the run: figure("bombs", "3 of 3 stopped", "all").

    A figure is told also when the test fails on it afterwards.
    """

    def tell(promise: str, measured: object, target: object) -> None:
        line = f"{promise}: {measured} (target {target})"
        request.config.stash.setdefault(FIGURES, []).append(line)

    return tell


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, exitstatus: int, config: pytest.Config
) -> None:
    """The figures of the run, after its failures."""
    lines = config.stash.get(FIGURES, [])
    if lines:
        terminalreporter.section("figures measured", sep="-")
        for line in lines:
            terminalreporter.write_line(line)
