"""The Dockerfile and the systemd unit say what the program understands, and stay as closed as docs/deploy.md says."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest

from ui.cli import main

ROOT = Path(__file__).resolve().parent.parent
UNIT = ROOT / "docs" / "youju.service"


def instructions() -> list[tuple[str, str]]:
    """Instructions of the Dockerfile with their arguments, lines joined."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return [(name, rest.strip()) for name, _, rest in (line.partition(" ") for line in lines)]


def of_last_stage(name: str) -> str:
    found = instructions()
    start = max(place for place, (what, _) in enumerate(found) if what == "FROM")
    return next(rest for what, rest in reversed(found[start:]) if what == name)


def unit() -> configparser.ConfigParser:
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(UNIT, encoding="utf-8")
    return parser


@pytest.mark.parametrize("where", ["container", "service"])
def test_what_is_started_is_understood_and_closed(
    where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command itself, with a password file that is not there: it is read before anything else is done."""
    monkeypatch.delenv("YOUJU_TOKEN", raising=False)
    if where == "container":
        command = [*json.loads(of_last_stage("ENTRYPOINT")), *json.loads(of_last_stage("CMD"))]
        assert command[0] == "youju"
        assert main(command[1:]) == 2  # every address and no secret
        assert "YOUJU_TOKEN" in capsys.readouterr().err
    else:
        command = shlex.split(unit()["Service"]["ExecStart"])
        assert command[0].endswith("/youju")
        assert command[command.index("--host") + 1] == "127.0.0.1"
    assert main([*command[1:], "--password-file", str(tmp_path / "none")]) == 2
    assert "password file" in capsys.readouterr().err


def test_the_container_does_not_run_as_root_and_copies_what_is_there() -> None:
    user, _, group = of_last_stage("USER").partition(":")
    assert int(user) > 0
    assert int(group) > 0
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for what, rest in instructions():
        if what == "COPY" and not rest.startswith("--from"):
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists(), source
                assert f"!{source}" in ignored
    shown = ROOT / "pyproject.toml"
    packages = re.search(r"packages = \[([^\]]+)\]", shown.read_text(encoding="utf-8"))
    assert packages
    assert set(re.findall(r'"(\w+)"', packages[1])) <= {
        rest.split()[0] for what, rest in instructions() if what == "COPY"
    }


def test_the_health_check_is_python_and_asks_the_port_that_is_served() -> None:
    command = json.loads(of_last_stage("HEALTHCHECK").split("CMD", 1)[1])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "healthcheck", "exec")
    port = json.loads(of_last_stage("CMD"))[json.loads(of_last_stage("CMD")).index("--port") + 1]
    assert f"http://127.0.0.1:{port}/api/health" in command[2]
    assert of_last_stage("EXPOSE") == port


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd is not installed")
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    """Verified with the program's path replaced by one that is there, as systemd looks for it."""
    text = UNIT.read_text(encoding="utf-8")
    program = text.split("ExecStart=", 1)[1].split()[0]
    copied = tmp_path / "youju.service"
    copied.write_text(text.replace(program, "/bin/true"), encoding="utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(copied)], capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (0, "")
    copied.write_text(text.replace("ProtectSystem=strict", "ProtectSistem=strict"), encoding="utf-8")
    wrong = subprocess.run(["systemd-analyze", "verify", str(copied)], capture_output=True, text=True)
    assert "ProtectSistem" in wrong.stderr
