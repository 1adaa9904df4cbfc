"""Collections, runs and judgements in the formats of others: BEIR folders, TREC runs and qrels.

BEIR (Thakur et al. 2021): `corpus.jsonl` with `_id, title, text`, `queries.jsonl`
with `_id, text`, `qrels/test.tsv` with a head line and query, passage, grade,
between tabs. Every file plain, .gz or .xz.

TREC: a run has lines `query Q0 passage rank score tag`; qrels have `query 0 passage grade`.
"""

from __future__ import annotations

import gzip
import json
import lzma
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from eval.coverage import Judgement, grades
from eval.measures import Scores, graded, in_order
from eval.runs import Retrieved, Run
from index.document import YoujuError

BEIR_MEASURES = ("nDCG@10", "P@1", "R@10", "R@100", "MRR", "Success@5")
DEPTH = 100
_SUFFIXES = ("", ".xz", ".gz")


class ExchangeError(YoujuError):
    """A file of a collection, a run or judgements is not in its format."""


@dataclass(frozen=True, slots=True)
class Text:
    """A passage of a collection as it is."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Collection:
    """Passages, queries by id, and grades of passages by query and passage."""

    name: str
    texts: tuple[Text, ...]
    queries: Mapping[str, str]
    qrels: Mapping[str, Mapping[str, int]]


def load_beir(folder: Path, *, split: str = "test") -> Collection:
    """A BEIR folder. Raises ExchangeError with the file, and the line, that is wrong."""
    texts = tuple(
        Text(str(form["_id"]), str(form.get("title") or ""), str(form["text"]))
        for form in _json_lines(_find(folder, "corpus.jsonl"), ("_id", "text"))
    )
    queries = {
        str(form["_id"]): str(form["text"])
        for form in _json_lines(_find(folder, "queries.jsonl"), ("_id", "text"))
    }
    qrels = _beir_qrels(_find(folder, f"qrels/{split}.tsv"))
    unknown = sorted(set(qrels) - set(queries))
    if unknown:
        raise ExchangeError(
            f"{folder}: qrels name queries that queries.jsonl lacks: {', '.join(unknown[:3])}"
        )
    return Collection(folder.name, texts, queries, qrels)


def save_beir(folder: Path, collection: Collection, *, split: str = "test", suffix: str = "") -> None:
    """Write a BEIR folder, corpus and queries packed where `suffix` is .xz or .gz."""
    if suffix not in _SUFFIXES:
        raise ExchangeError(f"suffix must be one of {', '.join(map(repr, _SUFFIXES))}, got {suffix!r}")
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    corpus = ({"_id": item.id, "title": item.title, "text": item.text} for item in collection.texts)
    queries = ({"_id": id_, "text": text} for id_, text in collection.queries.items())
    for name, forms in (("corpus", corpus), ("queries", queries)):
        with _open(folder / f"{name}.jsonl{suffix}", "wt") as file:
            file.writelines(json.dumps(form, ensure_ascii=False) + "\n" for form in forms)
    with _open(folder / "qrels" / f"{split}.tsv", "wt") as file:
        file.write("query-id\tcorpus-id\tscore\n")
        file.writelines(
            f"{query}\t{passage}\t{grade}\n"
            for query, found in collection.qrels.items()
            for passage, grade in found.items()
        )


def load_run(path: Path) -> dict[str, dict[str, float]]:
    """A TREC run: score by query and passage, higher is better."""
    found: dict[str, dict[str, float]] = {}
    for number, fields in _fields(path):
        if len(fields) != 6:
            raise _not_a(path, number, "run line (query Q0 passage rank score tag)", fields)
        found.setdefault(fields[0], {})[fields[2]] = _number(path, number, fields[4])
    return found


def save_run(path: Path, run: Mapping[str, Mapping[str, float]], *, tag: str) -> None:
    """Write a TREC run, best first; among equal scores the order given."""
    lines = []
    for query, found in run.items():
        best = sorted(found.items(), key=lambda item: -item[1])
        lines += [
            f"{_plain(query)} Q0 {_plain(passage)} {rank} {score!r} {_plain(tag)}\n"
            for rank, (passage, score) in enumerate(best, start=1)
        ]
    path.write_text("".join(lines), encoding="utf-8")


def load_qrels(path: Path) -> dict[str, dict[str, int]]:
    """TREC judgements: grade by query and passage."""
    found: dict[str, dict[str, int]] = {}
    for number, fields in _fields(path):
        if len(fields) != 4:
            raise _not_a(path, number, "judgement (query 0 passage grade)", fields)
        found.setdefault(fields[0], {})[fields[2]] = int(_number(path, number, fields[3]))
    return found


def save_qrels(path: Path, qrels: Mapping[str, Mapping[str, int]]) -> None:
    """Write TREC judgements."""
    lines = [
        f"{_plain(query)} 0 {_plain(passage)} {grade}\n"
        for query, found in qrels.items()
        for passage, grade in found.items()
    ]
    path.write_text("".join(lines), encoding="utf-8")


def from_gold(
    name: str, judgements: Sequence[Judgement], passages: Sequence[Retrieved], titles: Mapping[str, str]
) -> Collection:
    """The passages of an index and the answerable gold questions as a collection that others can search."""
    return Collection(
        name,
        tuple(Text(item.id, titles.get(item.id, ""), item.text) for item in passages),
        {item.question.id: item.question.question for item in judgements},
        {item.question.id: grades(item, passages) for item in judgements},
    )


def ranked(run: Run) -> dict[str, dict[str, float]]:
    """A run as scores by query and passage that keep its order."""
    return {id_: in_order(hit.id for hit in result.ranking) for id_, result in run.results.items()}


def evaluate(collection: Collection, *, model: str = "", reranker: str = "") -> dict[str, Scores]:
    """Search a collection, its passages as they are, with every system; scores by system.

    `reranker` as in `rag.rerank.load_reranker`; without one there is no `reranked`.
    """
    from index.search import System, memory_index
    from rag.rerank import load_reranker, search

    index = memory_index([(item.id, item.title, item.text) for item in collection.texts], model=model)
    systems: tuple[System, ...] = ("words", "vectors", "fused")
    scores = {}
    for system in systems:
        run = {
            query: in_order(
                hit.passage.id for hit in index.search(collection.queries[query], k=DEPTH, system=system)
            )
            for query in collection.qrels
        }
        scores[str(system)] = graded(collection.qrels, run, BEIR_MEASURES)
    if (reader := load_reranker(reranker)) is not None:
        run = {
            query: in_order(
                hit.passage.id for hit in search(index, reader, collection.queries[query], k=DEPTH)
            )
            for query in collection.qrels
        }
        scores["reranked"] = graded(collection.qrels, run, BEIR_MEASURES)
    return scores


def _find(folder: Path, name: str) -> Path:
    for suffix in _SUFFIXES:
        if (path := folder / (name + suffix)).is_file():
            return path
    raise ExchangeError(f"{folder}: {name} is missing (plain, .gz or .xz); a BEIR folder has it")


def _beir_qrels(path: Path) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for number, fields in _fields(path, separator="\t"):
        if number == 1 and fields[0] == "query-id":
            continue
        if len(fields) != 3:
            raise _not_a(path, number, "judgement (query, passage and grade between tabs)", fields)
        found.setdefault(fields[0], {})[fields[1]] = int(_number(path, number, fields[2]))
    return found


def _json_lines(path: Path, needed: Iterable[str]) -> Iterator[dict[str, Any]]:
    for number, line in _lines(path):
        try:
            form = json.loads(line)
            lacking = [key for key in needed if key not in form]
        except (ValueError, TypeError) as error:
            raise ExchangeError(f"{path}:{number}: not JSON: {error}") from error
        if lacking or not isinstance(form, dict):
            raise ExchangeError(f"{path}:{number}: {', '.join(lacking) or 'an object'} is missing")
        yield form


def _fields(path: Path, separator: str | None = None) -> Iterator[tuple[int, list[str]]]:
    for number, line in _lines(path):
        yield number, line.split(separator)


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        with _open(path, "rt") as file:
            for number, line in enumerate(file, start=1):
                if line.strip():
                    yield number, line.rstrip("\r\n")
    except (OSError, EOFError, UnicodeDecodeError, lzma.LZMAError) as error:
        raise ExchangeError(f"{path}: cannot be read: {error}") from error


def _open(path: Path, mode: str) -> IO[str]:
    opener: Any = {".xz": lzma.open, ".gz": gzip.open}.get(path.suffix, open)
    file: IO[str] = opener(path, mode, encoding="utf-8-sig" if mode == "rt" else "utf-8")
    return file


def _number(path: Path, number: int, text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise ExchangeError(f"{path}:{number}: expected a number, got {text!r}") from error


def _not_a(path: Path, number: int, what: str, fields: Sequence[str]) -> ExchangeError:
    return ExchangeError(f"{path}:{number}: expected a {what}, got {len(fields)} fields")


def _plain(id_: str) -> str:
    """TREC lines are split at white space, so that an id may not hold any."""
    return "_".join(id_.split()) or "_"
