"""How fast, beside others that were measured in the same run.

    python -m benchmarks.speed FOLDER [--sizes 1000 100000] [--json FILE] [--check FILE]

FOLDER holds text files. For each size as many of them are indexed as give that
many passages, by `youju` and by each peer (`benchmarks/peers.py`), every one in
a process of its own. Prints seconds, memory and bytes, and every figure as a
ratio to Youju's. `--check` compares Youju's ratios to those of an earlier run
and exits 1 where one is 1.5 times worse.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import PEERS

WORSE = 1.5
_FIGURES = ("build", "first answer", "p50", "p95", "p99", "questions a second", "memory", "bytes")
_CHARACTERS = 150  # of a passage, about: to choose how many files to take


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1000, 100_000])
    parser.add_argument("--peers", nargs="*", default=list(PEERS))
    parser.add_argument("--json", type=Path, help="write all figures there")
    parser.add_argument("--check", type=Path, help="figures of an earlier run, not to be much worse than")
    parser.add_argument("--one", nargs=3, metavar=("SYSTEM", "WORK", "QUESTIONS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        system, work, questions = options.one
        print(json.dumps(one(system, Path(work), json.loads(Path(questions).read_text(encoding="utf-8")))))
        return 0
    results = {str(size): measure(options.folder, size, options.peers) for size in options.sizes}
    run = {"machine": machine(), "date": datetime.now(UTC).isoformat(timespec="minutes"), "sizes": results}
    print(table(run))
    if options.json:
        options.json.write_text(json.dumps(run, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    worse = check(run, json.loads(options.check.read_text(encoding="utf-8"))) if options.check else []
    for line in worse:
        print(line, file=sys.stderr)
    return 1 if worse else 0


def measure(folder: Path, size: int, peers: Sequence[str]) -> dict[str, Any]:
    """Figures of Youju and of each peer at one size."""
    with tempfile.TemporaryDirectory(prefix="youju-bench-") as place:
        work = Path(place)
        taken = take(folder, work / "papers", size)
        found = {"Youju": run_one("Youju", work, [])}
        passages = [json.loads(line) for line in (work / "passages.jsonl").open(encoding="utf-8")]
        for peer in peers:
            found[peer] = run_one(peer, work, passages)
        return {"files": taken, "passages": len(passages), "systems": found}


def take(folder: Path, target: Path, size: int) -> int:
    """Copy text files until they give about so many passages; returns how many."""
    target.mkdir(parents=True)
    characters, taken = 0, 0
    for file in sorted(folder.rglob("*.txt")):
        if characters > size * _CHARACTERS:
            break
        shutil.copyfile(file, target / f"{taken:06d}.txt")
        characters += file.stat().st_size // 3
        taken += 1
    return taken


def run_one(system: str, work: Path, passages: Sequence[str]) -> dict[str, Any]:
    """Measure one system in a process of its own."""
    questions = work / "questions.json"
    if passages:
        questions.write_text(json.dumps(asked(passages), ensure_ascii=False), encoding="utf-8")
    else:
        questions.write_text("[]", encoding="utf-8")
    command = [
        sys.executable,
        "-m",
        "benchmarks.speed",
        str(work),
        "--one",
        system,
        str(work),
        str(questions),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"missing": done.stderr.strip().splitlines()[-1][:200]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def asked(passages: Sequence[str], count: int = 200) -> list[str]:
    """Questions as long as people's: pieces out of passages."""
    chance = random.Random(1)
    pieces = []
    for passage in chance.sample(list(passages), min(count, len(passages))):
        start = chance.randrange(max(1, len(passage) - 18))
        pieces.append(passage[start : start + 18])
    return pieces


def one(system: str, work: Path, questions: list[str]) -> dict[str, Any]:
    """Build one system, ask it, and say what it took."""
    folder = work / "built"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    if system == "Youju":
        return youju(work, folder)
    texts = [json.loads(line) for line in (work / "passages.jsonl").open(encoding="utf-8")]
    started = time.perf_counter()
    ask = PEERS[system](texts, folder)
    return {"build": time.perf_counter() - started} | warm(ask, questions) | size_of(folder)


def youju(work: Path, folder: Path) -> dict[str, Any]:
    """Youju through its own calls, reading and cutting included where it says so."""
    from index.search import open_index, searchable
    from index.update import Progress, remove_documents, update_index

    stages: dict[str, float] = {}

    def report(event: object) -> None:
        if isinstance(event, Progress):
            stages[event.stage] = time.perf_counter()

    papers, path = work / "papers", folder / "index"
    started = time.perf_counter()
    update_index(path, [papers], report=report)
    done = time.perf_counter()
    found = {"read and cut": stages["reading"] - started, "build": done - stages["reading"]}
    size = size_of(folder)
    files = sorted(papers.glob("*.txt"))
    for file in files[: max(1, len(files) // 100)]:
        file.write_text(file.read_text(encoding="utf-8") + "\n后来又补了一句话。", encoding="utf-8")
    found["update of 1 %"] = seconds(lambda: update_index(path, [papers]))
    found["delete"] = seconds(lambda: remove_documents(path, [files[0].name]))
    started = time.perf_counter()
    index = open_index(path)
    found["open"] = time.perf_counter() - started
    with (work / "passages.jsonl").open("w", encoding="utf-8") as out:
        texts = [searchable(passage) for passage in index.passages]
        out.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    found |= warm(lambda question: index.search(question, k=10), asked(texts)) | size
    index.close()
    return found


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def warm(ask: Callable[[str], object], questions: list[str]) -> dict[str, float]:
    """First and warm answers, and how many a second on two cores; seconds."""
    first = seconds(lambda: ask(questions[0]))
    times = np.array([seconds(lambda question=question: ask(question)) for question in questions])  # type: ignore[misc]
    with ThreadPoolExecutor(2) as threads:
        together = seconds(lambda: list(threads.map(ask, questions)))
    p50, p95, p99 = (float(value) for value in np.quantile(times, [0.5, 0.95, 0.99]))
    return {
        "first answer": first,
        "p50": p50,
        "p95": p95,
        "p99": p99,
        "questions a second": len(questions) / together,
    }


def size_of(folder: Path) -> dict[str, float]:
    """Bytes on disk, and the most memory this process had so far."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"bytes": sum(path.stat().st_size for path in files), "memory": peak}


def machine() -> str:
    """Processor and number of cores."""
    from index.crew import cores

    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    name = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "?")
    return f"{name}, {cores()} cores"


def table(run: dict[str, Any]) -> str:
    """Markdown: Youju's figures, and each peer's as a ratio to them."""
    lines = [f"{run['machine']}, {run['date']}"]
    for result in run["sizes"].values():
        ours = result["systems"]["Youju"]
        lines += ["", f"{result['passages']:,} passages", "", "| | " + " | ".join(_FIGURES) + " |"]
        lines.append("|---|" + "---:|" * len(_FIGURES))
        lines.append("| Youju | " + " | ".join(shown(name, ours[name]) for name in _FIGURES) + " |")
        for name, theirs in result["systems"].items():
            if "missing" in theirs:
                lines.append(f"| {name} | not measured: {theirs['missing']} |" + " |" * (len(_FIGURES) - 1))
            elif name != "Youju":
                ratios = (f"× {theirs[figure] / ours[figure]:.2f}" for figure in _FIGURES)
                lines.append(f"| {name} | " + " | ".join(ratios) + " |")
        own = ("read and cut", "update of 1 %", "delete", "open")
        lines += ["", "Youju alone: " + ", ".join(f"{name} {shown(name, ours[name])}" for name in own)]
    return "\n".join(lines)


def shown(name: str, value: float) -> str:
    """A figure with its unit."""
    if name in ("memory", "bytes"):
        return f"{value / 2**20:,.0f} MiB"
    if name == "questions a second":
        return f"{value:,.0f}"
    return f"{value * 1000:.1f} ms" if value < 1 else f"{value:.1f} s"


def check(run: dict[str, Any], before: dict[str, Any]) -> list[str]:
    """Where Youju has become worse than `WORSE` times the recorded ratio to a peer of the same run."""
    lines = []
    for size, result in run["sizes"].items():
        recorded = before["sizes"].get(size, {}).get("systems", {})
        for peer, theirs in result["systems"].items():
            if peer == "Youju" or "missing" in theirs or peer not in recorded or "missing" in recorded[peer]:
                continue
            for figure in ("build", "p50", "memory"):
                now = result["systems"]["Youju"][figure] / theirs[figure]
                then = recorded["Youju"][figure] / recorded[peer][figure]
                if now > WORSE * then:
                    lines.append(f"{size} passages, {figure} against {peer}: {now:.3f}, recorded {then:.3f}")
    return lines


if __name__ == "__main__":
    sys.exit(main())
