"""A wheel, installed elsewhere, answers a question about a folder of text files with the network off."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TEXT = "第二小学新建的图书馆于九月一日开放，藏书三万册，周末也接待附近居民。"


def _run(command: list[str], **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, **options)  # type: ignore[call-overload]
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def _offline() -> list[str]:
    """A prefix that takes the network away, where the system allows it."""
    probe = subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False)
    return ["unshare", "-rn"] if probe.returncode == 0 else []


def test_the_wheel_answers_elsewhere_offline(tmp_path: Path) -> None:
    _run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)])
    wheel = next(tmp_path.glob("youju-*.whl"))
    venv.create(tmp_path / "env", with_pip=False, symlinks=True)
    python = tmp_path / "env" / "bin" / "python"
    site = Path(_run([str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]).strip())
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    _run([*install, "--no-index", str(wheel)])
    # The dependencies are borrowed from here instead of being downloaded again; a
    # path file is not followed further, so the source tree is not on the path.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = _run([str(python), "-c", "import index; print(index.__file__)"], cwd=tmp_path).strip()
    assert Path(where).is_relative_to(tmp_path)

    folder = tmp_path / "work" / "papers"
    folder.mkdir(parents=True)
    (folder / "school.txt").write_text(TEXT, encoding="utf-8")
    youju = [*_offline(), str(tmp_path / "env" / "bin" / "youju")]
    environment = {**os.environ, "https_proxy": "http://127.0.0.1:9", "http_proxy": "http://127.0.0.1:9"}
    _run([*youju, "index", "papers"], cwd=folder.parent, env=environment)
    answered = _run([*youju, "ask", "图书馆有多少册藏书？", "--json"], cwd=folder.parent, env=environment)
    answer = json.loads(answered)
    assert not answer["refused"]
    assert "三万册" in answer["answer"]
    assert answer["citations"][0]["doc"] == "school.txt"
