"""Parsers of foreign formats, each in a process of its own with limits on time and memory.

A damaged or hostile file can stop only its own child. `python -m index.child KIND GIBIBYTES SECONDS PAGE`
reads the file from standard input and writes one JSON object: {"pages": [text, …], "scans": [number, …]} or
{"error": message}.
"""

from __future__ import annotations

import json
import os
import subprocess  # the parsers' own process is the point  # nosec B404
import sys
from dataclasses import dataclass
from pathlib import Path

from index.document import ReadError

_SECONDS = {"image": 90, "scan": 90}  # wall clock for one file or one scanned page; 25 for the others
_MEMORY = {"image": 6, "scan": 6}  # GiB of address space; 2 for the others
_LONGEST = 20_000_000  # characters that are taken from one file


@dataclass(frozen=True, slots=True)
class Extract:
    """Text of each page, and the numbers of pages that hold only a picture of text."""

    pages: tuple[str, ...]
    scans: tuple[int, ...] = ()


def extract(kind: str, data: bytes, page: int = 0) -> Extract:
    """Parse `data` as html, docx, pdf, image or scan (one page of a PDF, by its number from 1).

    Raises ReadError with a plain message when the child fails, takes too long or asks for too much memory.
    """
    seconds = _SECONDS.get(kind, 25)
    command = [sys.executable, "-m", "index.child", kind, str(_MEMORY.get(kind, 2)), str(seconds), str(page)]
    root = str(Path(__file__).resolve().parent.parent)
    environment = {
        "PATH": os.environ.get("PATH", ""),
        "HOME": os.environ.get("HOME", "/"),
        "PYTHONPATH": root,
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "2",
        "OMP_WAIT_POLICY": "passive",
        "LANG": "C.UTF-8",
    }
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module, no shell  # nosec B603
            command, input=data, capture_output=True, timeout=seconds, env=environment, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise ReadError(f"took longer than {seconds} seconds to read") from error
    if done.returncode != 0:
        raise ReadError("cannot be parsed: it is damaged or asks for too much memory")
    return _answer(done.stdout)


def _answer(output: bytes) -> Extract:
    try:
        answer = json.loads(output)
    except ValueError as error:
        raise ReadError("cannot be parsed: it is damaged") from error
    if "error" in answer:
        raise ReadError(str(answer["error"]))
    return Extract(tuple(map(str, answer["pages"])), tuple(map(int, answer["scans"])))


def main(arguments: list[str]) -> None:
    """The child: set the limits, parse, answer."""
    kind, (memory, seconds, page) = arguments[0], map(int, arguments[1:4])
    _limit(memory, seconds)
    from index import formats

    try:
        found = formats.parse(kind, sys.stdin.buffer.read(), page)
    except (ReadError, MemoryError, RecursionError) as error:
        _write({"error": str(error) or "asks for too much memory"})
        return
    if sum(map(len, found.pages)) > _LONGEST:
        _write({"error": f"holds more than {_LONGEST:,} characters; divide it"})
        return
    pages = [text.encode("utf-8", "replace").decode("utf-8") for text in found.pages]
    _write({"pages": pages, "scans": list(found.scans)})


def _limit(memory: int, seconds: int) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (memory << 30, memory << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (2 * seconds, 2 * seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, 1 << 20))


def _write(answer: dict[str, object]) -> None:
    sys.stdout.buffer.write(json.dumps(answer, ensure_ascii=False).encode("utf-8"))


if __name__ == "__main__":
    main(sys.argv[1:])
