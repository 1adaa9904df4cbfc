"""Merging in the background: what updates left in many parts is put together, while others read and write.

    <index>-merging/       what is being merged; swept when a merger was killed
    <index>.merging        held by the one merger

Parts never change, so they are merged from a pinned generation without the
writer's lock. That is taken at the end only, for as long as it takes to link
files: a new generation that holds the same, with merged parts in place of
those they were made of. Where an update has changed these meanwhile, the merged
part is thrown away; what an update has deleted of them is deleted of it too.
A kill at any moment leaves the index as it was, or merged.
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from index import build, dense, layers, postings, segments, store, tokens
from index.build import Before, Work
from index.carry import carry
from index.crew import Crew
from index.disk import now, plainly
from index.document import IndexBusy
from index.encode import load_encoder
from index.failpoints import reach
from index.lexical import Deleted
from index.manifest import READABLE, SCHEMA, Manifest, described
from index.records import RECORDS, Records
from index.remote import beside
from index.segments import Range, Rows, Segment
from index.staging import staging


@dataclass(frozen=True, slots=True)
class Merged:
    """One part made of several: files of the generation it was made from, by name and hash, and new ones."""

    of: frozenset[tuple[str, str]]
    made: tuple[Path, ...]
    segment: Segment | None = None  # of a merged segment, with the gaps it was made with


def merge_index(path: Path) -> int:
    """Merge what is to be merged; returns how many parts it was put into, 0 where all is tidy.

    Returns 0 too where another process merges, or writes for so long that what was merged is out of date.
    Raises what `store.open_generation` raises, and IndexUnwritable.
    """
    with plainly(path), ExitStack() as stack:
        if not stack.enter_context(_merging(path)):
            return 0
        generation = store.open_generation(path)
        stack.callback(generation.close)
        if generation.fallback or generation.manifest.schema < READABLE:
            return 0
        work = stack.enter_context(_folder(path))
        merger = _Merger(stack, work, generation.folder, generation.manifest)
        merged = [*merger.records_merged(), *merger.segments_merged()]
        reach("parts merged")
        try:
            return _exchange(path, merger, merged) if merged else 0
        except IndexBusy:
            return 0


class _Merger:
    """Makes merged parts of one generation."""

    def __init__(self, stack: ExitStack, work: Path, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self.work = work
        self.manifest = manifest
        self.files = segments.listed(manifest)
        self.records = Records(folder / RECORDS)
        stack.callback(self.records.close)
        self._crew = stack.enter_context(Crew(1))

    def records_merged(self) -> list[Merged]:
        """Layers of the records that are joined."""
        files = layers.of(self.folder / RECORDS)
        runs = layers.joins([file.stat().st_size for file in files])
        return [self._joined(files[run.start : run.stop]) for run in runs]

    def segments_merged(self) -> list[Merged]:
        """Segments of words and vectors that are merged, where their encoder is at hand."""
        found = segments.load(self.folder, self.manifest)
        rows = self.records.numbers()
        ranges = [build.range_of(one, rows) for one in found]
        runs = segments.untidy(ranges)
        if not runs or self.manifest.tokenizer != tokens.fingerprint():
            return []
        encoder = load_encoder(self.manifest.model)
        if encoder.fingerprint != self.manifest.encoder:
            return []
        before = Before(
            self.folder, self.records, found, segments.dense_of(found, self.manifest.dim), self.files
        )
        work = Work(self.work, self.records, rows, rows, before, {}, encoder, self.manifest.model, _silent)
        maker = build.Maker(work, self._crew, 0)
        return [self._merged(maker, found[run.start : run.stop]) for run in runs]

    def _joined(self, files: Sequence[Path]) -> Merged:
        target = self.work / files[0].name
        layers.join(files, target)
        return Merged(self._sources(file.name for file in files), (target,))

    def _merged(self, maker: build.Maker, parts: Sequence[Segment]) -> Merged:
        first, end = parts[0].first, parts[-1].end
        gaps = maker.make(Range(first, end, -1))
        names = segments.words_name(first), segments.vectors_name(first)
        made = tuple(self.work / name for name in names)
        whole = Segment(first, postings.load(made[0]), dense.load(made[1]), gaps)
        sources = (
            name
            for part in parts
            for name in (segments.words_name(part.first), segments.vectors_name(part.first))
        )
        return Merged(self._sources(sources), made, whole)

    def _sources(self, names: Iterable[str]) -> frozenset[tuple[str, str]]:
        return frozenset((name, self.files[name].sha256) for name in names)


def _exchange(path: Path, merger: _Merger, merged: Sequence[Merged]) -> int:
    """Commit a generation with merged parts in place of their sources, as far as these are there still."""
    with store.writer(path), ExitStack() as stack:
        newest = store.open_generation(path)
        stack.callback(newest.close)
        there = {(file.name, file.sha256) for file in newest.manifest.files}
        usable = [one for one in merged if one.of <= there]
        if newest.fallback or not usable:
            return 0
        staged = stack.enter_context(staging(path))
        replaced = {name for one in usable for name, _ in one.of}
        for file in newest.manifest.files:
            if file.name not in replaced and file.name != segments.DELETED:
                carry(newest.folder / file.name, staged / file.name)
        for one in usable:
            for made in one.made:
                made.rename(staged / made.name)
        segments.save_deletions(staged, _deletions(newest, merger, usable))
        store.commit(path, staged, _manifest(newest, staged))
        return len(usable)


def _deletions(newest: store.Generation, merger: _Merger, usable: Sequence[Merged]) -> dict[int, Deleted]:
    """What is gone of each segment: as before, or of a merged one what was deleted since it was made, too."""
    replaced = {name for one in usable for name, _ in one.of}
    found = {
        segment.first: segment.deleted
        for segment in segments.load(newest.folder, newest.manifest)
        if segments.words_name(segment.first) not in replaced
    }
    records = Records(newest.folder / RECORDS)
    try:
        alive: Rows = records.numbers()
    finally:
        records.close()
    for one in usable:
        if one.segment:
            # The deleted texts stand in the generation that was merged, which is pinned.
            found[one.segment.first] = segments.deletions(one.segment, alive, merger.records.searched_rows)
    return found


def _manifest(newest: store.Generation, staged: Path) -> Manifest:
    before = segments.listed(newest.manifest)
    rows = {name: file.rows for name, file in before.items()}
    files = described(staged, rows, newest.folder, before)
    return replace(newest.manifest, schema=SCHEMA, created=now(), files=files)


@contextmanager
def _merging(path: Path) -> Iterator[bool]:
    """Whether this is the one process that merges."""
    with beside(path, ".merging").open("a+b") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


@contextmanager
def _folder(path: Path) -> Iterator[Path]:
    """An empty folder on the disk of the index, gone afterwards."""
    work = beside(path, "-merging")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir()
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _silent(_: int, __: int) -> None:
    return None
