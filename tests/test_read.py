"""Files into characters: encodings, refusals, and what is looked at."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from index.document import ReadError
from index.read import find, read

SIMPLIFIED = "今年春天，县里修好了通往山村的公路，村民说以后卖茶叶方便多了。"
TRADITIONAL = "今年春天，縣裡修好了通往山村的公路，村民說以後賣茶葉方便多了。"


def _file(folder: Path, data: bytes, name: str = "一.txt") -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    ("text", "codec", "expected"),
    [
        (SIMPLIFIED, "utf-8", "utf-8"),
        (SIMPLIFIED, "utf-8-sig", "utf-8"),
        (SIMPLIFIED, "utf-16", "utf-16-le"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (SIMPLIFIED[:7], "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (TRADITIONAL[:10], "big5", "big5"),
    ],
)
def test_encodings_are_told_apart(tmp_path: Path, text: str, codec: str, expected: str) -> None:
    document = read(_file(tmp_path, text.encode(codec)), tmp_path)
    assert (document.text, document.encoding, document.id) == (text, expected, "一.txt")


def test_line_ends_stay_as_they_stand(tmp_path: Path) -> None:
    assert read(_file(tmp_path, "甲。\r\n乙。\r丙".encode()), tmp_path).text == "甲。\r\n乙。\r丙"


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b" \n\t\n", "empty"),
        (b"\x00\x01\x02PNG", "binary"),
        (SIMPLIFIED.encode() + b"\xff" + SIMPLIFIED.encode("gb18030"), "UTF-8"),
        (b"\xff\xfe\x00\xd8\x41", "utf-16"),
    ],
)
def test_what_is_not_text_is_refused_with_a_reason(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(ReadError, match=message):
        read(_file(tmp_path, data), tmp_path)


def test_pipes_links_and_unknown_formats_get_a_verdict(tmp_path: Path) -> None:
    inside = tmp_path / "archive"
    inside.mkdir()
    _file(inside, SIMPLIFIED.encode())
    _file(inside, b"", ".hidden.txt")
    _file(inside, b"beside", "SOURCES.md")
    _file(inside, b"x", "program.exe")
    (inside / "loop.txt").symlink_to("loop.txt")
    (inside / "out.txt").symlink_to(_file(tmp_path, SIMPLIFIED.encode(), "outside.txt"))
    (inside / "round").symlink_to(inside)
    os.mkfifo(inside / "pipe.txt")
    verdicts = {}
    for root, path in find([inside]):
        try:
            verdicts[path.name] = read(path, root).text
        except ReadError as error:
            verdicts[path.name] = str(error)
    assert set(verdicts) == {"一.txt", "program.exe", "loop.txt", "out.txt", "round", "pipe.txt"}
    assert verdicts["一.txt"] == SIMPLIFIED
    assert "not a regular file" in verdicts["pipe.txt"]
    assert "out of the folder" in verdicts["out.txt"]
    assert "leads nowhere" in verdicts["loop.txt"]
    assert "unknown format" in verdicts["program.exe"]


def test_a_path_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="no such file"):
        find([tmp_path / "nowhere"])
