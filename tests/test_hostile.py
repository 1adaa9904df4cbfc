"""Files that are not what they seem: each gets a verdict, the rest is indexed, memory stays bounded."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from bombs import BOMBS
from conftest import Figure
from faults import holds, sentence, tiny_model, write

from index.document import ReadError
from index.read import read
from index.update import update_index
from index.verdicts import Status

ROOT = Path(__file__).resolve().parent.parent
PLAIN = (
    "县档案馆新馆三月开放，馆藏档案二十一万卷。市民凭身份证就可以查阅，全年不收费用。馆长说，周末也照常开放。"
)
OLD = PLAIN.translate(str.maketrans("县档馆开万阅证费们长说这众农业", "縣檔館開萬閱證費們長說這眾農業"))
GIBIBYTE = 1 << 30
BOUND = 30.0  # seconds for a bomb

ENCODINGS: dict[str, tuple[bytes, str]] = {
    "utf-8": (PLAIN.encode(), PLAIN),
    "utf-8 with mark": (b"\xef\xbb\xbf" + PLAIN.encode(), PLAIN),
    "utf-16 little": (PLAIN.encode("utf-16"), PLAIN),
    "utf-16 big": (b"\xfe\xff" + PLAIN.encode("utf-16-be"), PLAIN),
    "utf-32": (PLAIN.encode("utf-32"), PLAIN),
    "gb18030": (PLAIN.encode("gb18030"), PLAIN),
    "gb18030 four bytes": ((PLAIN + "㐀𠀀").encode("gb18030"), PLAIN + "㐀𠀀"),
    "big5": (OLD.encode("big5", "ignore"), OLD.encode("big5", "ignore").decode("big5")),
    "right to left": (f"{PLAIN}\u202e倒着写\u202c".encode(), f"{PLAIN}\u202e倒着写\u202c"),
    "arabic": (f"{PLAIN} مرحبا بالعالم".encode(), f"{PLAIN} مرحبا بالعالم"),
    "joined signs": (f"{PLAIN}👩‍👩‍👧‍👦e\u0301".encode(), f"{PLAIN}👩‍👩‍👧‍👦e\u0301"),
    "carriage returns": (PLAIN.replace("。", "。\r\n").encode(), PLAIN.replace("。", "。\r\n")),
    "mixed": (PLAIN.encode() + PLAIN.encode("gb18030"), ""),
    "mark that lies": (b"\xef\xbb\xbf" + PLAIN.encode("gb18030"), ""),
    "half a character": (PLAIN.encode("utf-16")[:-1], ""),
    "lone surrogate, utf-8": (PLAIN.encode() + b"\xed\xa0\x80", ""),
    "lone surrogate, utf-16": (b"\xff\xfe" + PLAIN.encode("utf-16-le") + b"\x00\xd8", ""),
    "nul": (PLAIN.encode() + b"\0", ""),
    "nul, utf-16": (b"\xff\xfe" + (PLAIN + "\0").encode("utf-16-le"), ""),
    "noise": (random.Random(1).randbytes(3_000), ""),
}


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model"))


def test_encodings(tmp_path: Path, model: str, figure: Figure) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    right = 0
    for name, (data, wanted) in ENCODINGS.items():
        path = folder / f"{name}.txt"
        path.write_bytes(data)
        if wanted:
            assert read(path, folder).text == wanted, name
        else:
            with pytest.raises(ReadError, match=path.name):
                read(path, folder)
        right += 1
    summary = update_index(tmp_path / "index", [folder], model=model)
    assert len(summary.verdicts) == len(ENCODINGS)
    assert holds(tmp_path / "index") == {f"{name}.txt": text for name, (_, text) in ENCODINGS.items() if text}
    figure("encodings read rightly or reported", f"{right} of {len(ENCODINGS)}", "all")


def _hostile(folder: Path, small: int) -> None:
    """Everything at once, and `small` honest files."""
    chance = random.Random(8)
    for number in range(small):
        write(folder / f"{number % 50:02d}", {f"{number}.txt": sentence(chance, number)})
    (folder / "empty.txt").write_bytes(b"")
    (folder / "spaces.txt").write_bytes(b" \n" * 1000)
    (folder / "program.txt").write_bytes(bytes(range(256)) * 400)
    with (folder / "long.txt").open("wb") as long:
        for _ in range(100):
            long.write(("长" * 350_000).encode())
    (folder / "loop.txt").symlink_to("loop.txt")
    (folder / "round").symlink_to(folder)
    (folder / "out.txt").symlink_to("/etc/hostname")
    (folder / "nowhere.txt").symlink_to("nowhere-at-all.txt")
    os.mkfifo(folder / "pipe.txt")
    (folder / "folder.txt").mkdir()
    (folder / "metadata.csv").write_text("file,date\n" + "长" * 200_000 + ",2024\n", encoding="utf-8")
    (folder / os.fsdecode(b"not-\xff-utf8.txt")).write_text(sentence(chance, small + 1), encoding="utf-8")


def _measured(folder: Path, index: Path, model: str) -> tuple[dict[str, str], int]:
    """Status of each file, and the most memory that the command held, in bytes."""
    command = [
        sys.executable,
        "-m",
        "ui",
        "index",
        str(folder),
        "--index",
        str(index),
        "--model",
        model,
        "--json",
    ]
    with (index.with_suffix(".out")).open("wb") as out:
        process = subprocess.Popen(command, cwd=ROOT, stdout=out)
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    told = json.loads(index.with_suffix(".out").read_text(encoding="utf-8"))
    return {entry["doc"]: entry["status"] for entry in told["files"]}, usage.ru_maxrss * 1024


@pytest.mark.parametrize("small", [60, pytest.param(10_000, marks=pytest.mark.soak)])
def test_hostile_files(small: int, tmp_path: Path, model: str, figure: Figure) -> None:
    folder, index = tmp_path / "papers", tmp_path / "index"
    folder.mkdir()
    _hostile(folder, small)
    honest = write(tmp_path / "honest", {"1.txt": PLAIN})
    _, start = _measured(honest, tmp_path / "start", model)
    statuses, most = _measured(folder, index, model)
    refused = {doc for doc, status in statuses.items() if status == Status.REFUSED}
    assert refused == {
        "empty.txt", "spaces.txt", "program.txt", "long.txt", "loop.txt", "round", "out.txt", "nowhere.txt", "pipe.txt",
    }  # fmt: skip
    assert sum(status == Status.ADDED for status in statuses.values()) == small + 1
    assert len(holds(index)) == small + 1
    above = most - start
    figure(
        f"hostile files among {small:,}",
        f"{len(statuses):,} verdicts, {above / GIBIBYTE:.2f} GiB above the start",
        "a verdict each, 1 GiB",
    )
    assert above < GIBIBYTE


@pytest.mark.soak
def test_sixty_megabytes_on_one_line(tmp_path: Path, model: str, figure: Figure) -> None:
    folder = write(tmp_path / "papers", {"line.txt": ""})
    chance = random.Random(3)
    with (folder / "line.txt").open("w", encoding="utf-8") as line:
        for number in range(300_000):
            line.write(sentence(chance, number))
    size = (folder / "line.txt").stat().st_size
    honest = write(tmp_path / "honest", {"1.txt": PLAIN})
    _, start = _measured(honest, tmp_path / "start", model)
    started = time.monotonic()
    statuses, most = _measured(folder, tmp_path / "index", model)
    took, above = time.monotonic() - started, most - start
    figure(
        f"{size / 1e6:.0f} MB on one line",
        f"{statuses['line.txt']} in {took:.0f} s, {above / GIBIBYTE:.2f} GiB above the start",
        "1 GiB",
    )
    assert above < GIBIBYTE


@pytest.mark.soak
@pytest.mark.parametrize("name", BOMBS)
def test_bombs(name: str, tmp_path: Path, figure: Figure) -> None:
    path = tmp_path / name
    path.write_bytes(BOMBS[name]())
    started = time.monotonic()
    try:
        outcome = f"read, {len(read(path, tmp_path).text):,} characters"
    except ReadError as error:
        outcome = str(error).removeprefix(f"{name}: ")
    took = time.monotonic() - started
    figure(f"bomb {name}, {path.stat().st_size / 1e6:.1f} MB", f"{took:.1f} s: {outcome}", f"{BOUND:.0f} s")
    assert took < BOUND


def test_the_program_goes_on_after_bombs(tmp_path: Path, model: str, figure: Figure) -> None:
    folder = write(tmp_path / "papers", {"good.txt": PLAIN})
    names = ("entities.docx", "ring.pdf", "pixels.png")
    for name in names:
        (folder / name).write_bytes(BOMBS[name]())
    started = time.monotonic()
    summary = update_index(tmp_path / "index", [folder], model=model)
    took = time.monotonic() - started
    assert len(summary.verdicts) == 4
    assert holds(tmp_path / "index") == {"good.txt": PLAIN}
    figure(
        f"{len(names)} bombs in one folder",
        f"refused in {took:.1f} s, the rest indexed",
        f"{BOUND:.0f} s each",
    )
    assert took < BOUND * len(names)


def test_a_folder_whose_name_is_no_text(tmp_path: Path, model: str) -> None:
    folder = write(tmp_path / os.fsdecode(b"papers-\xff"), {"1.txt": PLAIN})
    update_index(tmp_path / "index", [folder], model=model)
    (folder / "1.txt").unlink()
    write(folder, {"2.txt": PLAIN})
    update_index(tmp_path / "index", [folder], model=model)
    assert holds(tmp_path / "index") == {"2.txt": PLAIN}
