"""What Youju takes, step by step: one archive from files to answers."""

from __future__ import annotations

import json
import resource
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.asking import asked, size_of, warm
from benchmarks.material import ready
from benchmarks.memory import Watch
from index.cutting import READER, Job, cut
from index.encode import load_encoder
from index.merge import merge_index
from index.search import Index, open_index, searchable
from index.update import receive, remove_documents, update_index
from index.verdicts import Progress

READ = 120_000  # passages up to which an archive is read and cut; beyond, its passages are cut by length
PASSAGES, QUESTIONS = "passages.jsonl", "questions.json"
_SAMPLE = 100  # files that reading and cutting are measured on by themselves
_RECALLED = 100  # questions that recall is measured with


def built(work: Path, folder: Path, size: int) -> dict[str, Any]:
    """What it takes to build an archive and to keep it up to date; writes its passages for the others."""
    papers, path = work / "papers", folder / "index"
    files = sorted(papers.glob("*.txt"))
    with Watch() as watch:
        found = _built(path, papers, size)
    found |= {"bytes": size_of(path), "memory with workers": watch.most, "memory": peak()}
    found["update of 1 %"] = _updated(path, files, read=size <= READ)
    found["delete"] = seconds(lambda: remove_documents(path, [files[-1].name]))
    found["merge"] = seconds(lambda: merge_index(path))
    with open_index(path) as index:
        texts = [searchable(passage) for passage in index.passages]
    with (work / PASSAGES).open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(text, ensure_ascii=False) + "\n" for text in texts)
    (work / QUESTIONS).write_text(json.dumps(asked(texts)), encoding="utf-8")
    return found | {"passages": len(texts)}


def answered(work: Path, folder: Path) -> dict[str, Any]:
    """What it takes to open the archive that `built` made, and to answer from it."""
    # Not drawn from the passages here, as memory is to be that of answering.
    questions = [(question, passage) for question, passage in json.loads((work / QUESTIONS).read_bytes())]
    started = time.perf_counter()
    index = open_index(folder / "index")
    found: dict[str, Any] = {"open": time.perf_counter() - started}
    found |= warm(lambda question: _asked(index, question), questions)
    found["memory while answering"] = peak()
    found |= recalled(index, [question for question, _ in questions[:_RECALLED]])
    index.close()
    return found


def written(work: Path) -> list[str]:
    """The passages that `built` wrote down."""
    return [json.loads(line) for line in (work / PASSAGES).open(encoding="utf-8")]


def peak() -> int:
    """The most memory that this process had, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def seconds(work: Callable[[], object]) -> float:
    """How long something takes."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def steps(work: Path) -> dict[str, float]:
    """Seconds of one core for a thousand passages: each step before the index, and jieba on the same text."""
    from index.tokens import words

    files = sorted((work / "papers").glob("*.txt"))
    some = files[:: max(1, len(files) // _SAMPLE)][:_SAMPLE]
    started = time.process_time()
    cuts = [cut(Job(file.parent, file, file.name)) for file in some]
    reading = time.process_time() - started
    texts = [searchable(passage) for one in cuts if one.reading for passage in one.reading.passages]
    encoder = load_encoder()
    encoder.encode(texts[:1])
    started = time.process_time()
    encoder.encode(texts)
    encoding = time.process_time() - started
    words("热身")
    started = time.process_time()
    for text in texts:
        words(text)
    jieba = time.process_time() - started
    share = 1000 / max(1, len(texts))
    return {
        "read and cut": reading * share,
        "encode": encoding * share,
        "jieba": jieba * share,
    }


def _built(path: Path, papers: Path, size: int) -> dict[str, float]:
    """Seconds to build: all of it, and without reading and cutting."""
    stages: dict[str, float] = {}

    def report(event: object) -> None:
        if isinstance(event, Progress):
            stages.setdefault(f"{event.stage} began", time.perf_counter())
            stages[event.stage] = time.perf_counter()

    started = time.perf_counter()
    if size <= READ:
        update_index(path, [papers], report=report)
        begun = stages["reading"]
    else:
        receive(path, ready(papers), load_encoder(), model="", reader=READER, report=report)
        begun = started
    done = time.perf_counter()
    return {"all": done - started, "build": done - begun}


def _updated(path: Path, files: Sequence[Path], *, read: bool) -> float:
    some = files[: max(1, len(files) // 100)]
    for file in some:
        file.write_text(file.read_text(encoding="utf-8") + "\n后来又补了一句话。", encoding="utf-8")
    return seconds(lambda: update_index(path, [files[0].parent] if read else some))


def _asked(index: Index, question: str) -> list[str]:
    return [searchable(hit.passage) for hit in index.search(question, k=10)]


def recalled(index: Index, questions: Sequence[str]) -> dict[str, float]:
    """Share of the ten nearest that are found: by vectors alone, and of the whole ranking."""
    ranker = index._snapshot._ranker  # type: ignore[attr-defined] # exact search is nowhere else to be had
    every = np.ones(ranker.words.size, np.bool_)  # a filter that admits all makes the search exact
    found: dict[str, float] = {}
    for system in ("vectors", "fused"):
        shares = []
        for question in questions:
            ours, exact = (
                [one.score for one in ranker.rank(question, 10, system, allowed)] for allowed in (None, every)
            )
            # By scores, not by rows: of passages that are word for word the same, any will do.
            shares.append(sum(score >= exact[-1] - 1e-5 for score in ours) / len(exact) if exact else 1.0)
        found[f"recall of {system}"] = float(np.mean(shares))
    return found


def emptied(folder: Path) -> Path:
    """A folder with nothing in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
