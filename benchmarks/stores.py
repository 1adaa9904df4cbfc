"""The same archive in a folder and on a Milvus server: how well each ranks, and what insertion costs.

    milvus-lite server --data-dir DATA --port 19530
    python -m benchmarks.stores milvus://127.0.0.1:19530/name SET… [--questions 150] [--texts 3000]
        [--data DATA] [--process PID]

A SET is a collection in BEIR layout; each of its texts is one passage. It, or as many
texts as are asked for with those among them that the questions are about, is
indexed in a folder, copied to the server, and asked on both. Prints nDCG@10
for words, vectors and fused, on how many questions the first five passages are
the same, processor time to encode, to build the folder and to insert, and, of
the server, time, memory and bytes where it is said which process and folder are
its own.
"""

from __future__ import annotations

import argparse
import os
import random
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from benchmarks.asking import size_of
from eval.exchange import Collection, load_beir
from eval.measures import graded, in_order, mean
from index.cutting import READER
from index.document import Article, Document, Passage, Reading, Span
from index.encode import load_encoder
from index.remote import Remote, location
from index.search import Index, System, open_index
from index.transfer import copy_index
from index.update import Entry, receive

SYSTEMS: tuple[System, ...] = ("words", "vectors", "fused")
FIRST = 5


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("server", help="milvus://host:port/name; a number is added to the name for each set")
    parser.add_argument("sets", type=Path, nargs="+")
    parser.add_argument("--questions", type=int, default=0, help="at most so many, spread over all")
    parser.add_argument("--texts", type=int, default=0, help="at most so many, if the questions need no more")
    parser.add_argument("--data", type=Path, help="the folder of the server")
    parser.add_argument("--process", type=int, default=0, help="the process of the server")
    options = parser.parse_args()
    for number, folder in enumerate(options.sets):
        place = location(options.server)
        if not isinstance(place, Remote):
            parser.error(f"{options.server} is not the name of an index on a server")
        place = replace(place, name=f"{place.name}{number}")
        before = _server(options.process, options.data)
        compared(part(load_beir(folder), options.questions, options.texts), place, options.process)
        after = _server(options.process, options.data)
        told = [
            f"{name} {size / 2**20:,.0f} MiB, {(size - before[name]) / 2**20:+,.0f}"
            for name, size in after.items()
        ]
        print("; ".join(told), end="\n\n" if told else "\n", flush=True)


def part(collection: Collection, most: int, texts: int) -> Collection:
    """Some questions of a collection, evenly spread, the texts they are about, and others up to `texts`."""
    asked = [query for query in collection.queries if collection.qrels.get(query)]
    asked = asked[:: max(1, -(-len(asked) // most))] if most else asked
    wanted = {id_ for query in asked for id_ in collection.qrels[query]}
    others = [text.id for text in collection.texts if text.id not in wanted]
    room = max(0, texts - len(wanted)) if texts else len(others)
    wanted |= set(random.Random(0).sample(others, min(room, len(others))))
    return replace(
        collection,
        texts=tuple(text for text in collection.texts if text.id in wanted),
        queries={query: collection.queries[query] for query in asked},
    )


def compared(collection: Collection, place: Remote, process: int) -> None:
    """Build, copy and ask one collection; print what came of it."""
    questions = collection.queries
    with tempfile.TemporaryDirectory(prefix="youju-stores-") as work:
        here, encoder = Path(work) / "index", load_encoder()
        texts = [f"{one.title}\n{one.text}" for one in collection.texts]
        encoding = _seconds(lambda: encoder.encode(texts))
        building = _seconds(
            lambda: receive(here, _entries(collection), encoder, model="", reader=READER, report=_silent)
        )
        served = _served(process)
        inserting = _seconds(lambda: copy_index(here, place, report=_silent))
        served = _served(process) - served
        _costs(collection.name, len(collection.texts), encoding, building, inserting, served, size_of(here))
        with open_index(here) as one, open_index(place) as other:
            for system in SYSTEMS:
                _asked(collection, questions, one, other, system)


def _costs(
    name: str, count: int, encoding: float, building: float, inserting: float, served: float, size: int
) -> None:
    per = 1e6 / count
    print(f"{name}: {count:,} passages")
    print(
        f"processor seconds a million: encoding {encoding * per:,.0f}, "
        f"building the folder {building * per:,.0f}, inserting {inserting * per:,.0f} "
        f"and {served * per:,.0f} of the server; folder {size * per / 2**30:.2f} GiB",
        flush=True,
    )


def _asked(
    collection: Collection, questions: Mapping[str, str], one: Index, other: Index, system: System
) -> None:
    qrels = {query: collection.qrels[query] for query in questions if query in collection.qrels}
    runs: list[dict[str, dict[str, float]]] = []
    times = []
    for index in (one, other):
        started = time.perf_counter()
        runs.append(
            {
                query: in_order(hit.passage.doc for hit in index.search(question, k=10, system=system))
                for query, question in questions.items()
            }
        )
        times.append((time.perf_counter() - started) / len(questions) * 1000)
    scores = [mean(graded(qrels, run)["nDCG@10"]) for run in runs]
    same = sum(list(runs[0][query])[:FIRST] == list(runs[1][query])[:FIRST] for query in questions)
    print(
        f"{system}: nDCG@10 {scores[0]:.4f} in the folder, {scores[1]:.4f} on the server; "
        f"first {FIRST} the same {same / len(questions):.4f}; "
        f"{times[0]:.1f} and {times[1]:.1f} ms a question",
        flush=True,
    )


def _entries(collection: Collection) -> Iterator[Entry]:
    for one in collection.texts:
        passage = Passage(
            f"p{one.id}", one.id, f"a{one.id}", one.text, (Span(0, len(one.text)),), title=one.title
        )
        document = Document(one.id, one.text, "", len(one.text.encode()))
        article = Article(f"a{one.id}", one.id, title=one.title, spans=passage.spans)
        yield Entry(Reading(document, (article,), (passage,)), "", "2000-01-01T00:00:00Z")


def _server(process: int, data: Path | None) -> dict[str, int]:
    found = {}
    if process:
        status = Path(f"/proc/{process}/status").read_text(encoding="ascii")
        found["server memory"] = int(status.split("VmHWM:")[1].split()[0]) * 1024
    if data:
        found["server bytes"] = size_of(data)
    return found


def _served(process: int) -> float:
    """Processor time of the server so far, 0 where its process is not named."""
    if not process:
        return 0.0
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _seconds(work: Callable[[], object]) -> float:
    """Processor time of this process and its workers, which other work on the machine changes little."""
    started = sum(os.times()[:4])
    work()
    return sum(os.times()[:4]) - started


def _silent(_: object) -> None:
    return None


if __name__ == "__main__":
    main()
