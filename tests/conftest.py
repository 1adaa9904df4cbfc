"""Folders and indexes that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from index.search import Index, open_index
from index.update import update_index

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def seeds() -> Path:
    """The five newspaper pages."""
    return ROOT / "seeds"


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
