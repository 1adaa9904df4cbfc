"""Workers: they end with the process that they work for, however that ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Workers that are killed from behind while they hand over large results, which nobody takes any more.
PROGRAM = """import time
from multiprocessing import active_children
from index.crew import Crew

def worker(number):
    time.sleep(0.3 if number > 1 else 0)
    return bytes(1 << 22)

if __name__ == "__main__":
    with Crew(2) as crew:
        next(crew.map(worker, range(40), worthwhile=True))
        print(*(child.pid for child in active_children()), flush=True)
        time.sleep(600)
"""


def test_workers_of_a_killed_process_are_gone(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM, encoding="utf-8")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = subprocess.Popen(
        [sys.executable, str(program)], stdout=subprocess.PIPE, text=True, env=environment
    )
    assert started.stdout is not None
    workers = [int(pid) for pid in started.stdout.readline().split()]
    assert workers
    started.send_signal(signal.SIGKILL)
    started.wait(30)
    started.stdout.close()
    for _ in range(600):
        if not any(_runs(pid) for pid in workers):
            return
        time.sleep(0.1)
    raise AssertionError(f"still there: {[pid for pid in workers if _runs(pid)]}")


def _runs(pid: int) -> bool:
    """Whether a process is there and has not ended, though nobody may have asked for its status yet."""
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return False
