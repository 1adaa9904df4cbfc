"""A full or failing disk: one clear line, the old generation answers, nothing is left over."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import Figure
from faults import Writer, files, holds, leftovers, sentence, tiny_model, write

from index import failpoints
from index.check import check
from index.document import IndexUnwritable
from index.update import remove_documents, update_index

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model"))


@pytest.fixture
def built(tmp_path: Path, model: str) -> tuple[Path, Path]:
    """An index, and its folder with one more document than the index has."""
    chance = random.Random(2)
    folder, index = tmp_path / "papers", tmp_path / "index"
    write(folder, {f"{number}.txt": sentence(chance, number) for number in range(3)})
    update_index(index, [folder], model=model)
    write(folder, {f"{number}.txt": sentence(chance, number) for number in range(2, 5)})
    return index, folder


def _steps(index: Path, folder: Path, model: str) -> int:
    copy = index.with_name("counted")
    shutil.copytree(index, copy)
    with failpoints.armed("") as plan:
        update_index(copy, [folder], model=model)
    return plan.steps


@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
def test_the_nth_write_fails_for_every_n(
    error: str, built: tuple[Path, Path], model: str, figure: Figure
) -> None:
    index, folder = built
    before, after, kept = holds(index), files(folder), index.with_name("kept")
    shutil.copytree(index, kept)
    steps = _steps(index, folder, model)
    said = os.strerror(getattr(errno, error))
    for number in range(1, steps + 1):
        with failpoints.armed(f"{error}@{number}"), pytest.raises(IndexUnwritable, match=said) as raised:
            update_index(index, [folder], model=model)
        assert "\n" not in str(raised.value)
        assert "what was indexed before is kept" in str(raised.value)
        assert holds(index) in (before, after)
        assert check(index).ok
        update_index(index, [folder], model=model)
        assert holds(index) == after
        assert not leftovers(index)
        shutil.rmtree(index)
        shutil.copytree(kept, index)
    assert steps > 15
    figure(
        f"{error} at the n-th write", f"every n from 1 to {steps}", "clear error, old answers, no leftovers"
    )


def test_a_removal_on_a_full_disk_keeps_the_document(built: tuple[Path, Path]) -> None:
    index, _ = built
    with failpoints.armed("ENOSPC@4"), pytest.raises(IndexUnwritable, match="free space"):
        remove_documents(index, ["0.txt"])
    assert "0.txt" in holds(index)


@pytest.mark.parametrize("every", [9_000, pytest.param(512, marks=pytest.mark.soak)])
def test_a_real_limit_on_the_size_of_files(
    every: int, built: tuple[Path, Path], model: str, figure: Figure
) -> None:
    """SQLite, FAISS and NumPy write in C: the kernel itself fails them here, at the byte that is too much."""
    index, folder = built
    before, after = holds(index), files(folder)
    largest = max(path.stat().st_size for path in index.rglob("*")) + 6_000
    refused = 0
    for limit in range(100, largest, every):
        writer = Writer(index, folder, model=model, largest=limit)
        writer.begin()
        said = writer.wait()
        assert said == "done" or said.startswith("IndexUnwritable"), said
        assert holds(index) == (after if said == "done" else before)
        refused += said != "done"
        if said == "done":
            break
        assert not leftovers(index)
    assert refused
    update_index(index, [folder], model=model)
    assert holds(index) == after
    figure(
        "file size limit of the kernel",
        f"{refused} limits, each refused in one line",
        "no traceback, old answers",
    )


@pytest.mark.soak
def test_a_full_file_system(tmp_path: Path, built: tuple[Path, Path], model: str, figure: Figure) -> None:
    """A file system in memory of every size from too small to enough."""
    place = tmp_path / "small"
    place.mkdir()
    if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "x", str(place)]).returncode:
        pytest.skip("mounting a file system is not allowed here")
    try:
        _fill(place, built[1], model, figure)
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def _fill(place: Path, folder: Path, model: str, figure: Figure) -> None:
    index, refused = place / "index", 0
    first = write(place.with_name("first"), {"0.txt": files(folder)["0.txt"]})
    for kilobytes in range(64, 1024, 4):
        subprocess.run(["mount", "-o", f"remount,size={kilobytes}k", str(place)], check=True)
        shutil.rmtree(index, ignore_errors=True)
        try:
            update_index(index, [first], model=model)
        except IndexUnwritable:
            continue
        before = holds(index)
        said = _said(index, folder, model)
        if not said:
            assert len(holds(index)) == len(before) + len(files(folder))
            break
        refused += 1
        assert os.strerror(errno.ENOSPC) in said
        assert holds(index) == before
        assert not leftovers(index)
    assert refused
    figure(
        "file systems that are too small",
        f"{refused} sizes, each refused in one line",
        "no traceback, old answers",
    )


def _said(index: Path, folder: Path, model: str) -> str:
    try:
        update_index(index, [folder], model=model)
    except IndexUnwritable as error:
        return str(error)
    return ""


@pytest.mark.soak
@pytest.mark.parametrize("error", ["ENOSPC", "EIO"])
@pytest.mark.parametrize("call", ["write,pwrite64", "fsync,fdatasync", "rename,mkdir", "openat"])
def test_the_nth_call_of_the_system_fails(
    error: str, call: str, built: tuple[Path, Path], model: str, figure: Figure
) -> None:
    """strace fails the n-th call of the real command: every library's writes, in whatever language."""
    index, folder = built
    if not shutil.which("strace"):
        pytest.skip("strace is not installed")
    before, after = holds(index), files(folder)
    failed = 0
    for number in (1, 2, 3, 5, 8, 13, 21, 34, 55):
        command = ["strace", "-f", "-o", "/dev/null", "-P", str(index), *_beneath(index)]
        command += ["-e", f"inject={call}:error={error}:when={number}", sys.executable, "-m", "ui", "index"]
        done = subprocess.run(
            [*command, str(folder), "--index", str(index), "--model", model],
            cwd=ROOT, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert "Traceback" not in done.stderr, done.stderr
        assert holds(index) in (before, after)
        failed += done.returncode == 2
    update_index(index, [folder], model=model)
    assert holds(index) == after
    assert not leftovers(index)
    figure(
        f"{error} injected into {call}", f"{failed} commands failed in one line", "no traceback, old answers"
    )


def _beneath(index: Path) -> list[str]:
    """strace follows paths one by one; these are the ones that the next generation writes."""
    newest = max(index.glob("gen-??????")).name
    following = index / f"gen-{int(newest[4:]) + 1:06d}.tmp"
    names = [path.name for path in (index / newest).iterdir()]
    paths = [following, index / "CURRENT.tmp", *(following / name for name in names)]
    return [word for path in paths for word in ("-P", str(path))]
