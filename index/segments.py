"""Words and vectors of a generation, in segments of at most 65,536 rows that never change.

    words-000065536.safetensors     postings of the rows from 65,536 on (`postings`)
    vectors-000065536.faiss         their vectors (`dense`)
    deleted.safetensors             rows that are gone, and which terms they held

An update writes a segment for its new rows and carries the others over, as
links where they are large. Small neighbours are merged: a segment joins the
new one while it is at most twice as large, so that a passage is written anew
only as often as its archive doubles. Where a quarter of the rows are gone,
rows are numbered anew and every segment is made again, without reading or
encoding any text.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from index import dense, postings
from index.lexical import NOTHING_DELETED, Deleted, Lexical
from index.manifest import Manifest, StoredFile
from index.postings import MOST, Block

Rows = npt.NDArray[np.int64]
DELETED = "deleted.safetensors"
_GONE = 0.25  # share of gone rows from which rows are numbered anew
_AT_ONCE = 4096  # rows that are merged when an update is committed
_MANY = 24  # ranges, beside two for each full one, from which an update merges as many as it can
_SMALL = 4096  # rows up to which that costs nothing and is always done


@dataclass(frozen=True, slots=True)
class Segment:
    """Some rows of an archive, from `first` on; row first + i stands at place i."""

    first: int
    block: Block
    vectors: Any  # a FAISS index
    deleted: Deleted = NOTHING_DELETED

    @property
    def span(self) -> int:
        return self.block.size

    @property
    def end(self) -> int:
        return self.first + self.span


@dataclass(frozen=True, slots=True)
class Range:
    """Rows that a segment is to have, and how many of them are there."""

    first: int
    end: int
    alive: int


def load(folder: Path, manifest: Manifest) -> list[Segment]:
    """Segments of a verified generation, by row; files are mapped, not read."""
    firsts = sorted(int(file.name[6:15]) for file in manifest.files if file.name.startswith("words-"))
    gone = postings.mapped(folder / DELETED) if (folder / DELETED).is_file() else {}
    return [
        Segment(
            first,
            postings.load(folder / words_name(first)),
            dense.load(folder / vectors_name(first)),
            _deleted(gone, first),
        )
        for first in firsts
    ]


def lexical_of(segments: Sequence[Segment]) -> Lexical:
    """The words of an archive."""
    return Lexical(
        [segment.block for segment in segments],
        deleted=[segment.deleted for segment in segments],
        firsts=[segment.first for segment in segments],
    )


def dense_of(segments: Sequence[Segment], dim: int) -> dense.Dense:
    """The vectors of an archive."""
    parts = []
    for segment in segments:
        alive = None
        if len(segment.deleted.rows):
            alive = np.ones(segment.span, np.bool_)
            alive[segment.deleted.rows] = False
        parts.append(dense.Part(segment.vectors, segment.first, alive))
    return dense.Dense(parts, dim)


def words_name(first: int) -> str:
    """File of a segment's words."""
    return f"words-{first:09d}.safetensors"


def vectors_name(first: int) -> str:
    """File of a segment's vectors."""
    return f"vectors-{first:09d}.faiss"


def worn(alive: int, end: int) -> bool:
    """Whether so many of the rows up to `end` are gone that they are to be numbered anew."""
    return alive < end and (end <= _SMALL or alive < (1 - _GONE) * end)


def arrange(kept: Sequence[Range], first: int, end: int) -> list[Range]:
    """Ranges of the next generation: those kept, without empty ones, and the new rows from `first` to `end`.

    The new rows take small ranges before them in, the first of the new ranges then begins at the first of
    these: as long as that moves no more rows than there are new ones, or no more than a few thousand. What
    is left is merged later (`untidy`), but at once where there are too many ranges to be searched quickly.
    """
    ranges = [one for one in kept if one.alive]
    fresh = end - first
    most = MOST if len(ranges) > _MANY + 2 * (end // MOST) else max(fresh, _AT_ONCE)
    gathered, begin = fresh, first
    while gathered and ranges and ranges[-1].alive <= 2 * gathered and end - ranges[-1].first <= MOST:
        if gathered - fresh + ranges[-1].alive > most:
            break
        last = ranges.pop()
        gathered, begin = gathered + last.alive, last.first
    new = [Range(start, min(start + MOST, end), -1) for start in range(begin, end, MOST)]
    return ranges + new


def untidy(kept: Sequence[Range]) -> list[range]:
    """Runs of neighbouring ranges, by their places, that are to be merged in the background.

    One joins the next while it is at most twice as large and both fit one segment.
    """
    runs: list[range] = []
    for place, _ in enumerate(kept):
        runs.append(range(place, place + 1))
        while len(runs) > 1 and _joins(kept, runs[-2], runs[-1]):
            last, one = runs.pop(), runs.pop()
            runs.append(range(one.start, last.stop))
    return [run for run in runs if len(run) > 1]


def _joins(kept: Sequence[Range], one: range, other: range) -> bool:
    sizes = [sum(kept[place].alive for place in run) for run in (one, other)]
    span = kept[other.stop - 1].end - kept[one.start].first
    return sizes[0] <= 2 * sizes[1] and span <= MOST


def deletions(segment: Segment, alive: Rows, texts_of: Callable[[Rows], Sequence[str]]) -> Deleted:
    """What is gone of a segment, `alive` being the rows that are left.

    `texts_of` gives the texts of rows that the segment still counts, to take their terms out.
    """
    left = np.zeros(segment.span, np.bool_)
    left[alive[(alive >= segment.first) & (alive < segment.end)] - segment.first] = True
    gone = np.flatnonzero(~left)
    fresh = np.setdiff1d(gone, segment.deleted.rows)
    if len(fresh) == 0:
        return segment.deleted
    counted = postings.count(texts_of(fresh + segment.first))
    keys = np.concatenate([segment.deleted.keys, counted.keys])
    holding = np.concatenate([segment.deleted.holding, np.diff(counted.starts)])
    known, places = np.unique(keys, return_inverse=True)
    total = np.bincount(places, holding, minlength=len(known)).astype(np.uint32)
    return Deleted(gone.astype(np.uint32), known, total)


def save_deletions(folder: Path, gone: dict[int, Deleted]) -> None:
    """Write what is gone of each segment, by its first row; nothing where all is there."""
    from safetensors.numpy import save_file

    arrays: dict[str, npt.NDArray[Any]] = {}
    for first, deleted in gone.items():
        if len(deleted.rows):
            arrays |= {f"{first}.rows": deleted.rows, f"{first}.keys": deleted.keys}
            arrays[f"{first}.holding"] = deleted.holding
    if arrays:
        save_file(arrays, folder / DELETED)


def discard(staged: Path) -> None:
    """Remove all segments of a staged folder."""
    for pattern in ("words-*", "vectors-*", DELETED):
        for file in staged.glob(pattern):
            file.unlink()


def listed(manifest: Manifest | None) -> dict[str, StoredFile]:
    """Files of a generation by name."""
    return {file.name: file for file in manifest.files} if manifest else {}


def _deleted(arrays: dict[str, Any], first: int) -> Deleted:
    if f"{first}.rows" not in arrays:
        return NOTHING_DELETED
    return Deleted(arrays[f"{first}.rows"], arrays[f"{first}.keys"], arrays[f"{first}.holding"])
