"""One line of JSON per question at every door: ids, times, passages, verdicts; no text, no secret."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from conftest import Figure
from serving import serving, write_archive

from rag.assistant import Settings
from ui import asking, journal
from ui.archive import Archive
from ui.cli import main

ROOT = Path(__file__).resolve().parent.parent
QUESTION = "澄江大桥全长多少公里？"
SECRET = "s3cret-token-never-logged"
STAGES = {"wait", "search", "weigh", "say", "total"}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    _, index = write_archive(tmp_path_factory.mktemp("log"))
    return index


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "logs" / "questions.jsonl"
    journal.start(str(path))
    yield path
    journal.start("")


@pytest.fixture
def address(archive: Path) -> Iterator[str]:
    with serving(archive) as running:
        yield running


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _whole(line: dict[str, Any]) -> None:
    assert line["seconds"].keys() >= STAGES or line["reason"] not in ("", "weak")
    stages = sum(seconds for name, seconds in line["seconds"].items() if name != "total")
    assert stages == pytest.approx(line["seconds"]["total"], abs=0.01)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+\+00:00", line["time"])
    assert set(line["cited"]) <= {*line["passages"], *line["cited"]}
    assert line["error"] == ""


def _ask(index: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ui", *words, "--index", str(index)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, env={**os.environ, **environment},
    )  # fmt: skip


def test_ask_and_batch(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    (tmp_path / "in.jsonl").write_text(
        "".join(json.dumps({"id": "甲", "question": each}) + "\n" for each in (QUESTION, "你好")),
        encoding="utf-8",
    )
    assert main(["ask", QUESTION, "--index", str(archive), "--log", str(path)]) == 0
    words = ("batch", str(tmp_path / "in.jsonl"), str(tmp_path / "out.jsonl"), "--log", str(path))
    assert _ask(archive, *words, OPENAI_API_KEY=SECRET).returncode == 0
    journal.start("")
    told = _lines(path)
    assert [line["door"] for line in told] == ["ask", "batch", "batch"]
    for line in told:
        _whole(line)
    assert told[0]["cited"]
    assert sum(told[0]["verdicts"].values()) >= 1
    text = path.read_text(encoding="utf-8")
    assert QUESTION not in text
    assert SECRET not in text
    assert path.stat().st_mode & 0o077 == 0


def test_text_stands_in_it_only_when_asked(archive: Path, tmp_path: Path) -> None:
    path = tmp_path / "questions.jsonl"
    asked = ["ask", QUESTION, "--index", str(archive), "--log", str(path)]
    assert main([*asked, "--log-text"]) == 0
    assert main(asked) == 0
    journal.start("")
    with_text, without = _lines(path)
    assert with_text["question"] == QUESTION
    assert with_text["answer"]
    assert with_text.keys() - without.keys() == {"question", "answer"}


def test_a_log_that_cannot_be_written_is_said(archive: Path) -> None:
    done = _ask(archive, "ask", QUESTION, "--log", "/proc/nowhere/x.jsonl")
    assert done.returncode == 2
    assert "--log" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_page_api_and_openai_door(log: Path, address: str, figure: Figure) -> None:
    with httpx.Client(base_url=address, timeout=60) as client:
        told = client.post(
            "/api/ask", json={"question": QUESTION}, headers={"authorization": f"Bearer {SECRET}"}
        )
        assert told.status_code == 200
        with client.stream(
            "POST", "/api/ask", json={"question": QUESTION}, headers={"accept": "text/event-stream"}
        ) as stream:
            stream.read()
        client.post(
            "/v1/chat/completions", json={"messages": [{"role": "user", "content": QUESTION}]}
        ).raise_for_status()
        assert client.post("/api/ask", json={"question": ""}).status_code >= 400
    lines = _lines(log)
    assert [line["door"] for line in lines] == ["api", "api", "openai"]
    assert len({line["id"] for line in lines}) == 3
    for line in lines:
        _whole(line)
    text = log.read_text(encoding="utf-8")
    assert QUESTION not in text
    assert SECRET not in text
    figure(
        "log lines",
        f"{len(lines)} questions, {len(lines)} lines, no text, no secret",
        "one line per question",
    )


def test_mcp_and_an_error_and_a_reader_who_leaves(log: Path, archive: Path) -> None:
    opened = Archive(archive, Settings())
    asking.ask(opened, asking.Asking(QUESTION, door="mcp"))
    leaving = asking.stream(opened, asking.Asking(QUESTION))
    next(leaving)
    leaving.close()
    broken = Archive(archive.with_name("nowhere"), Settings())
    with pytest.raises(Exception, match="no index"):
        asking.ask(broken, asking.Asking(QUESTION))
    assert [(line["door"], line["error"]) for line in _lines(log)] == [
        ("mcp", ""),
        ("page", "left"),
        ("page", "IndexMissing"),
    ]
    assert QUESTION not in log.read_text(encoding="utf-8")


def test_a_rotated_file_is_opened_again(log: Path, archive: Path) -> None:
    opened = Archive(archive, Settings())
    asking.ask(opened, asking.Asking("你好"))
    log.rename(log.with_name("old.jsonl"))
    asking.ask(opened, asking.Asking("你好"))
    assert len(_lines(log)) == len(_lines(log.with_name("old.jsonl"))) == 1


def test_without_a_target_nothing_is_written(archive: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal.start("")
    asking.ask(Archive(archive, Settings()), asking.Asking("你好"))
    assert not logging.getLogger("youju.questions").handlers
    assert "你好" not in capsys.readouterr().err
