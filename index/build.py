"""Words and vectors of the next generation: what is new is made, the rest is carried over or moved."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from index import dense, postings, segments
from index.carry import carry
from index.crew import Crew
from index.encode import Encoder, StaticEncoder, Vectors, load_encoder
from index.failpoints import reach
from index.lexical import Deleted
from index.manifest import StoredFile
from index.postings import Block
from index.records import Records
from index.segments import Range, Rows, Segment
from index.workers import together

_BATCH = 1024  # passages counted and encoded at a time
_MANY = 8 * _BATCH  # passages from which worker processes pay


@dataclass(frozen=True, slots=True)
class Before:
    """The generation before, where its tokenizer and encoder are those of the next one; rows are its own."""

    folder: Path
    records: Records
    segments: Sequence[Segment]
    vectors: dense.Dense
    files: Mapping[str, StoredFile]

    @property
    def end(self) -> int:
        """The row after the last."""
        return self.segments[-1].end if self.segments else 0


@dataclass(frozen=True, slots=True)
class Work:
    """What a generation is made of: its rows, the rows they had before (-1: none), and the means."""

    staged: Path
    records: Records
    rows: Rows  # ascending
    olds: Rows  # ascending where they are not -1
    before: Before | None
    known: dict[bytes, int]  # rows before of texts that were encoded already, by `key`
    encoder: Encoder
    model: str
    report: Callable[[int, int], None]  # texts done, and how many there are to do

    @property
    def moved(self) -> bool:
        """Whether rows were numbered anew: one is elsewhere, or a new one stands where another was."""
        there, end = self.olds >= 0, self.before.end if self.before else 0
        return bool((self.olds[there] != self.rows[there]).any() or (self.rows[~there] < end).any())


def key(text: str) -> bytes:
    """Identity of a text that is encoded."""
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def write(work: Work, crew: Crew) -> int:
    """Write all segments into the staged folder; returns how many vectors were computed."""
    before = work.before
    kept = [] if before is None or work.moved else [range_of(one, work.rows) for one in before.segments]
    first = before.end if before and kept else 0
    end = max(first, int(work.rows[-1]) + 1 if len(work.rows) else 0)
    made = segments.arrange(kept, first, end)
    maker = Maker(work, crew, int((work.olds < 0).sum()))
    gone: dict[int, Deleted] = {}
    for wanted in made:
        if wanted.alive < 0:
            gone[wanted.first] = maker.make(wanted)
        else:
            segment = next(one for one in before.segments if one.first == wanted.first) if before else None
            if segment:
                gone[wanted.first] = maker.carry(segment)
    segments.save_deletions(work.staged, gone)
    return maker.embedded


class Maker:
    """Makes segments one after the other, so that only one is in memory."""

    def __init__(self, work: Work, crew: Crew, total: int) -> None:
        self.work = work
        self.crew = crew
        self.total = total
        self.done = 0
        self.embedded = 0

    def make(self, wanted: Range) -> Deleted:
        """Write words and vectors of one range of rows; returns its gaps."""
        work = self.work
        inside = (work.rows >= wanted.first) & (work.rows < wanted.end)
        rows, olds = work.rows[inside] - wanted.first, work.olds[inside]
        words = work.staged / segments.words_name(wanted.first)
        vectors = work.staged / segments.vectors_name(wanted.first)
        if not (words.is_file() and vectors.is_file()):  # else made before this process was killed
            block, matrix = self._gather(wanted.end - wanted.first, rows, olds, wanted.first)
            _complete(vectors, lambda path: dense.save(self._engine(matrix), path))
            reach("vectors written")
            _complete(words, block.save)
            reach("words written")
        gaps = np.setdiff1d(np.arange(wanted.end - wanted.first), rows).astype(np.uint32)
        return Deleted(gaps, np.zeros(0, np.uint64), np.zeros(0, np.uint32))

    def carry(self, segment: Segment) -> Deleted:
        """Take a segment over, with codes beyond exact search; returns what is gone of it."""
        work, before = self.work, self.work.before
        if before is None:
            return segment.deleted
        words, vectors = segments.words_name(segment.first), segments.vectors_name(segment.first)
        if not (work.staged / words).exists():
            carry(before.folder / words, work.staged / words)
        if not (work.staged / vectors).exists():
            if self._outgrown(segment.span) and not dense.is_coded(segment.vectors):
                matrix = dense.reconstruct(segment.vectors, np.arange(segment.span))
                _complete(work.staged / vectors, lambda path: dense.save(self._engine(matrix), path))
            else:
                carry(before.folder / vectors, work.staged / vectors)
        return segments.deletions(segment, work.rows, before.records.searched_rows)

    def _gather(self, span: int, rows: Rows, olds: Rows, first: int) -> tuple[Block, Vectors]:
        """Words and vectors of `span` rows, of which `rows` are there."""
        before = self.work.before
        matrix = np.zeros((span, self.work.encoder.dim), np.float32)
        sources: list[Block] = []
        places: list[Rows] = []
        for segment in before.segments if before else ():
            there = (olds >= segment.first) & (olds < segment.end)
            if there.any():
                place = np.full(segment.span, -1, np.int64)
                place[olds[there] - segment.first] = rows[there]
                sources.append(segment.block)
                places.append(place)
                matrix[rows[there]] = dense.reconstruct(segment.vectors, olds[there] - segment.first)
        fresh = rows[olds < 0]
        if len(fresh):
            sources.append(self._fresh(fresh, first, matrix))
            places.append(fresh)
        if len(sources) == 1 and np.array_equal(places[0], np.arange(span)):
            return sources[0], matrix
        return postings.merge(sources, places, span), matrix

    def _fresh(self, rows: Rows, first: int, matrix: Vectors) -> Block:
        """Words of new rows; their vectors are written into the matrix."""
        builder = postings.Builder()
        done = 0
        worthwhile = len(rows) >= _MANY
        for counted, found in self.crew.map(_prepared, self._tasks(rows + first), worthwhile=worthwhile):
            builder.add(counted)
            some = rows[done : done + len(found)]
            matrix[some] = found
            done += len(some)
            self.done += len(some)
            self.work.report(self.done, self.total)
        return builder.finish()

    def _tasks(self, rows: Rows) -> Iterator[Task]:
        size = together(self.work.encoder, _BATCH)
        for start in range(0, len(rows), size):
            yield self._task(self.work.records.searched_rows(rows[start : start + size]))

    def _task(self, texts: list[str]) -> Task:
        work = self.work
        found = np.zeros((len(texts), work.encoder.dim), np.float32)
        olds = np.array(
            [work.known.get(key(text), -1) for text in texts] if work.known else [-1] * len(texts)
        )
        if work.before and (olds >= 0).any():
            found[olds >= 0] = work.before.vectors.rows_of(olds[olds >= 0])
        missing = np.flatnonzero(olds < 0)
        self.embedded += len(missing)
        static = isinstance(work.encoder, StaticEncoder)
        if not static and len(missing):  # a transformer uses all cores by itself, and memory but once
            found[missing] = work.encoder.encode([texts[place] for place in missing])
            missing = missing[:0]
        return Task(texts, found, missing, work.model, work.encoder.fingerprint)

    def _engine(self, matrix: Vectors) -> object:
        return dense.coded(matrix) if self._outgrown(len(matrix)) else dense.flat(matrix)

    def _outgrown(self, span: int) -> bool:
        return len(self.work.rows) > dense.EXACT and dense.can_be_coded(self.work.encoder.dim, span)


@dataclass(frozen=True, slots=True)
class Task:
    """Texts to count, and which of them to encode; `vectors` holds those that are known."""

    texts: Sequence[str]
    vectors: Vectors
    missing: Rows
    model: str
    fingerprint: str


def _prepared(task: Task) -> tuple[Block, Vectors]:
    if len(task.missing):
        encoder = _encoder(task.model, task.fingerprint)
        task.vectors[task.missing] = encoder.encode([task.texts[place] for place in task.missing])
    return postings.count(task.texts), task.vectors


@cache
def _encoder(model: str, fingerprint: str) -> Encoder:
    """The encoder of a worker process, loaded once; `fingerprint` keeps another of the same name apart."""
    return load_encoder(model)


def range_of(segment: Segment, rows: Rows) -> Range:
    """The rows of a segment, `rows` being those of the archive."""
    alive = int(((rows >= segment.first) & (rows < segment.end)).sum())
    return Range(segment.first, segment.end, alive)


def _complete(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is there whole or not at all."""
    part = path.with_name(path.name + ".part")
    write(part)
    os.replace(part, path)
