"""An update reads again what was touched, and nothing else."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from index import plan, sources, stamps
from index.manifest import digest
from index.search import open_index
from index.sources import Sources
from index.update import update_index
from index.verdicts import Status

TEXT = "巡查记录第{}号：河岸已经清理干净，图书馆周日照常开放，请各位居民放心。\n"


def _old(file: Path, text: str) -> Path:
    """A file that was last changed a while ago, as far as its own time says."""
    file.write_text(text, encoding="utf-8")
    os.utime(file, (1e9, 1e9))
    return file


@pytest.fixture
def ticks(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock without coarse ticks, so that no test waits for one."""
    monkeypatch.setattr(sources, "_TICK", -1)


def test_what_nobody_touched_is_not_hashed_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ticks: None
) -> None:
    papers, path = tmp_path / "papers", tmp_path / "index"
    papers.mkdir()
    for number in range(3):
        _old(papers / f"{number}.txt", TEXT.format(number))
    update_index(path, [papers])
    hashed: list[str] = []

    def watched(file: Path) -> str:
        hashed.append(file.name)
        return digest(file)

    monkeypatch.setattr(plan, "digest", watched)
    same = update_index(path, [papers])
    assert [verdict.status for verdict in same.verdicts] == [Status.UNCHANGED] * 3
    assert not hashed
    _old(papers / "1.txt", TEXT.format(7))  # as long as before, and as old as it says
    (papers / "2.txt").unlink()
    changed = update_index(path, [papers])
    assert {verdict.doc: verdict.status for verdict in changed.verdicts} == {
        "0.txt": Status.UNCHANGED,
        "1.txt": Status.CHANGED,
        "2.txt": Status.REMOVED,
    }
    assert hashed == ["1.txt"]
    with open_index(path) as index:
        assert index.text("1.txt") == TEXT.format(7)
    assert set(stamps.read_list(path / sources.NAME)) == {str(papers / "0.txt"), str(papers / "1.txt")}


def test_a_file_changed_a_moment_ago_is_hashed_again(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("一", encoding="utf-8")
    found = Sources(tmp_path)
    assert found.known(file) == ""
    found.note(file, digest(file))
    assert found.known(file) == ""  # another change in the same tick could not be told from this


def test_a_change_while_a_file_is_read_is_noticed(tmp_path: Path, ticks: None) -> None:
    file = _old(tmp_path / "a.txt", "一")
    found = Sources(tmp_path)
    assert found.known(file) == ""
    sha256 = digest(file)
    changed = file.stat().st_ctime_ns
    while file.stat().st_ctime_ns == changed:  # as soon as the clock of the file system has moved
        _old(file, "二")
        time.sleep(0.001)
    found.note(file, sha256)
    assert found.known(file) == ""


@pytest.mark.parametrize("damage", [b"", b"{}\n", b'{"a": [[1], "b"]}\n0000\n'])
def test_a_damaged_list_counts_as_empty(tmp_path: Path, damage: bytes, ticks: None) -> None:
    file = _old(tmp_path / "a.txt", "一")
    found = Sources(tmp_path)
    assert found.known(file) == ""
    found.note(file, "aa")
    found.save()
    assert Sources(tmp_path).known(file) == "aa"
    (tmp_path / sources.NAME).write_bytes(damage)
    assert Sources(tmp_path).known(file) == ""
