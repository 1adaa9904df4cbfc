"""How fast, how large, and beside others: everything measured in one run.

    python -m benchmarks.speed FOLDER [--sizes 1000 100000 1000000] [--json FILE] [--plot FILE] [--check FILE]

FOLDER holds text files. For each size as many of them, and varied copies of
them beyond (`benchmarks/material.py`), are indexed as give that many passages,
by Youju and by each peer (`benchmarks/peers.py`), every one in a process of its
own. Vectors are really encoded at every size; beyond 120,000 passages reading
is left out, and peers too unless they are named. Prints seconds, memory and
bytes; a peer's figures as ratios to Youju's, and what no peer does as a ratio
to jieba cutting the same text into words. With `--json`, each system's figures
are written as soon as they are there, and with `--work` the archive is kept
until its size is finished: the same command then goes on where it was stopped.
`--check` compares Youju's ratios to those of an earlier run and exits 1 where
one is 1.5 times worse.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.asking import asked, size_of, warm
from benchmarks.busy import Others
from benchmarks.material import take
from benchmarks.own import READ, answered, built, emptied, peak, steps, written
from benchmarks.peers import PEERS
from benchmarks.tables import check, growth, table
from index.crew import cores

_COLD = 3  # starts of each program


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--peers", nargs="*", help=f"of {', '.join(PEERS)}")
    parser.add_argument(
        "--cold", action="store_true", help="measure how long the programs take to start, too"
    )
    parser.add_argument("--work", type=Path, help="a folder for archives, with much space")
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--plot", type=Path, help="draw time and memory against size there")
    parser.add_argument("--check", type=Path, help="figures of an earlier run, not to be much worse than")
    parser.add_argument(
        "--one", nargs=4, metavar=("SYSTEM", "WORK", "SIZE", "TARGET"), help=argparse.SUPPRESS
    )
    options = parser.parse_args()
    if options.one:
        system, work, size, target = options.one
        Path(target).write_text(json.dumps(one(system, Path(work), int(size))), encoding="utf-8")
        return 0
    run = begun(options.json)
    if options.work:
        options.work.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="youju-bench-", dir=options.work) as name:
        for size in options.sizes:
            peers = options.peers if options.peers is not None else list(PEERS) if size <= READ else []
            result = run["sizes"].setdefault(str(size), {"done": [], "busy": {}, "systems": {"Youju": {}}})
            place = (options.work or Path(name)) / f"archive-{size}"
            for _ in measure(options.folder, size, peers, place, result):
                save(run, options.json)
    if options.cold and "cold" not in run:
        with Others() as others:
            run["cold"] = cold()
        run["cold busy"] = others.cores
    save(run, options.json)
    print(table(run))
    if options.plot:
        growth(run, options.plot)
    worse = check(run, json.loads(options.check.read_text(encoding="utf-8"))) if options.check else []
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


def begun(file: Path | None) -> dict[str, Any]:
    """A new run, or the one whose figures are in the file, to be gone on with."""
    if file and file.is_file():
        return dict(json.loads(file.read_text(encoding="utf-8")))
    return {"machine": machine(), "date": datetime.now(UTC).isoformat(timespec="minutes"), "sizes": {}}


def save(run: dict[str, Any], file: Path | None) -> None:
    """Write the figures as far as they have come."""
    if file:
        file.write_text(json.dumps(run, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def measure(
    folder: Path, size: int, peers: Sequence[str], work: Path, result: dict[str, Any]
) -> Iterator[str]:
    """Put figures of Youju and of each peer at one size into `result`; yields what was measured."""
    left = [system for system in [*OURS, *peers] if system not in result["done"]]
    if not left:
        return
    if not (work / "papers").is_dir() or not result["done"]:
        emptied(work)
        result["files"] = take(folder, work / "papers", size)
        result["done"] = []
        left = [*OURS, *peers]
    for system in left:
        with Others() as others:
            figures = run_one(system, work, size)
        if system in OURS:
            result["systems"]["Youju"] |= figures
            result["passages"] = result["systems"]["Youju"].get("passages", size)
        else:
            result["systems"][system] = figures
        result["done"].append(system)
        result["busy"][system] = others.cores
        yield system
    shutil.rmtree(work)


def run_one(system: str, work: Path, size: int) -> dict[str, Any]:
    """Measure one system in a process of its own."""
    target = work / "figures.json"
    command = [sys.executable, "-m", "benchmarks.speed", str(work), "--one"]
    command += [system, str(work), str(size), str(target)]
    done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        if system in OURS:
            raise RuntimeError(done.stderr)
        return {"missing": done.stderr.strip().splitlines()[-1][:200]}
    return dict(json.loads(target.read_text(encoding="utf-8")))


def one(system: str, work: Path, size: int) -> dict[str, Any]:
    """Build one system, ask it, and say what it took."""
    if system in OURS:
        return OURS[system](work, size)
    folder, texts = emptied(work / "built"), written(work)
    started = time.perf_counter()
    ask = PEERS[system](texts, folder)
    found: dict[str, Any] = {"build": time.perf_counter() - started, "bytes": size_of(folder)}
    found |= warm(ask, asked(texts))
    return found | {"memory": peak()}


OURS: dict[str, Callable[[Path, int], dict[str, Any]]] = {
    "the steps of Youju": lambda work, _: steps(work),
    "building by Youju": lambda work, size: built(work, emptied(work / "built"), size),
    "answering by Youju": lambda work, _: answered(work, work / "built"),
}


def cold() -> dict[str, float]:
    """Seconds from the start of a process to its end, the best of some: `youju ask`, and only an import."""
    with tempfile.TemporaryDirectory(prefix="youju-bench-") as name:
        index = Path(name) / "index"
        ours = [sys.executable, "-m", "ui"]
        subprocess.run([*ours, "index", "seeds", "--index", str(index)], check=True, capture_output=True)
        programs = {
            "youju ask": [*ours, "ask", "方案是哪一年发布的", "--index", str(index)],
            "import sentence_transformers": [sys.executable, "-c", "import sentence_transformers"],
        }
        best = dict.fromkeys(programs, float("inf"))
        for _ in range(_COLD):
            for program, command in programs.items():
                started = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                best[program] = min(best[program], time.perf_counter() - started)
    return best


def machine() -> str:
    """Processor and number of cores."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
    return f"{name}, {cores()} cores"


if __name__ == "__main__":
    sys.exit(main())
