"""An archive that is copied between stores is the same archive, and its files are not needed for it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from eval_archive import QUESTIONS, write_archive
from milvus_serving import Milvus

from index.check import check
from index.remote import Location
from index.search import Index, open_index
from index.transfer import NotEmptyError, copy_index
from index.update import update_index
from ui.cli import main


def _same(one: Index, other: Index) -> None:
    """Everything a reader can ask for is equal."""
    assert list(one.passages) == list(other.passages)
    assert one.documents() == other.documents()
    assert one.articles() == other.articles()
    for card in one.documents():
        assert one.text(card.id) == other.text(card.id)
        assert one.passages.reading(card.id) == other.passages.reading(card.id)
    rows = [[row for _, places in index.passages.places() for row in places] for index in (one, other)]
    np.testing.assert_array_equal(one.vectors(rows[0]), other.vectors(rows[1]))
    for question in QUESTIONS:
        found, wanted = (index.search(question.question, k=5) for index in (other, one))
        assert [hit.passage.id for hit in found] == [hit.passage.id for hit in wanted]
        np.testing.assert_allclose([hit.score for hit in found], [hit.score for hit in wanted], atol=1e-5)


def test_there_and_back(tmp_path: Path, milvus_server: Milvus) -> None:
    folder = write_archive(tmp_path / "papers")
    home, away, back = tmp_path / "home", milvus_server.index(), tmp_path / "back"
    update_index(home, [folder])
    shutil.rmtree(folder)
    assert copy_index(home, away, report=lambda _: None).embedded == 0
    copy_index(away, back, report=lambda _: None)
    for place in (home, away, back):
        assert check(place).ok
    with open_index(home) as one, open_index(away) as other, open_index(back) as again:
        _same(one, other)
        _same(one, again)
        assert (one.reader, one.model) == (other.reader, other.model) == (again.reader, again.model)


def test_a_copy_is_updated_like_any_index(tmp_path: Path, places: Callable[[], Location]) -> None:
    folder = write_archive(tmp_path / "papers")
    home, copied = tmp_path / "home", places()
    update_index(home, [folder])
    copy_index(home, copied, report=lambda _: None)
    assert update_index(copied, [folder]).embedded == 0
    (folder / "farm.txt").unlink()
    update_index(copied, [folder])
    with open_index(copied) as index:
        assert "farm.txt" not in {card.id for card in index.documents()}


def test_the_command(tmp_path: Path, milvus_server: Milvus, capsys: pytest.CaptureFixture[str]) -> None:
    away = milvus_server.index()
    update_index(tmp_path / "home", [write_archive(tmp_path / "papers")])
    assert main(["copy", str(tmp_path / "home"), str(away)]) == 0
    assert f"→ {away}" in capsys.readouterr().out
    assert main(["copy", str(tmp_path / "home"), str(away)]) == 2
    assert "already" in capsys.readouterr().err
    assert main(["copy", str(away), str(away)]) == 2


def test_nothing_is_overwritten(tmp_path: Path, places: Callable[[], Location]) -> None:
    folder = write_archive(tmp_path / "papers")
    home, other = tmp_path / "home", places()
    update_index(home, [folder])
    update_index(other, [folder / "farm.txt"])
    with pytest.raises(NotEmptyError, match="there is an index at"):
        copy_index(home, other, report=lambda _: None)
    with open_index(other) as index:
        assert [card.id for card in index.documents()] == ["farm.txt"]
