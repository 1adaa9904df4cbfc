"""BM25 over the terms of passages, exact, whatever was added and removed since it was built.

Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), in the
form Lucene gives it. Passages stand in immutable blocks (`postings`); how rare
a term is and how long passages are on average is added up over the blocks when
a question is asked, without the passages that were deleted: so the scores are
those of an index built anew, whatever was added and removed since (tested).

Every posting of the question's terms is added up, block by block, so that the
sums stay in the processor's cache. Bounds in the manner of WAND were tried and
left out: with characters as terms they are loose, and what they save they cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from index.postings import MOST, Block, Builder, count
from index.termkeys import Keys, key_of
from index.tokens import terms

Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
K1 = 1.2
B = 0.75
_ROUNDED = 1 - 1e-6  # sums of the same terms differ by less, in whatever order they are added
_LEAST = 1e-30  # the least score that is one
_FEW = 2000  # rows of a block up to which each may be looked up, where adding up all postings costs more


@dataclass(frozen=True, slots=True)
class Deleted:
    """What the deleted passages of a block take out of its statistics."""

    rows: npt.NDArray[np.uint32]  # within the block
    keys: Keys  # terms that they hold, ascending
    holding: npt.NDArray[np.uint32]  # how many of them hold each


NOTHING_DELETED = Deleted(np.zeros(0, np.uint32), np.zeros(0, np.uint64), np.zeros(0, np.uint32))


@dataclass(frozen=True, slots=True)
class Part:
    """A block with its deletions, as one archive sees it."""

    block: Block
    deleted: Deleted
    first: int  # row of its first passage
    alive: Mask  # (n,)
    half: npt.NDArray[np.float32]  # (n,), `_saturation` with the archive's mean length


class Lexical:
    """A BM25 index of blocks that begin at the rows `firsts`, by default one after the other.

    `size` is the number of rows, `rows` of those that are not deleted: deleted ones score 0 and count for
    nothing.
    """

    def __init__(
        self, blocks: Sequence[Block], *, deleted: Sequence[Deleted] = (), firsts: Sequence[int] = ()
    ) -> None:
        gone = list(deleted) or [NOTHING_DELETED] * len(blocks)
        starts = list(firsts) or np.cumsum([0, *(block.size for block in blocks)]).tolist()[: len(blocks)]
        masks = [_alive(block, out) for block, out in zip(blocks, gone, strict=True)]
        tokens = sum(int(block.lengths[mask].sum()) for block, mask in zip(blocks, masks, strict=True))
        self.size = starts[-1] + blocks[-1].size if blocks else 0
        self.rows = sum(int(mask.sum()) for mask in masks)
        self.mean = tokens / self.rows if self.rows else 0.0
        self._parts = [
            Part(block, out, first, mask, _saturation(block.lengths, self.mean))
            for block, out, first, mask in zip(blocks, gone, starts, masks, strict=True)
        ]

    @property
    def blocks(self) -> list[Block]:
        return [part.block for part in self._parts]

    def asked(self, question: str) -> Asked:
        """A question's terms, weighed for this archive."""
        often: dict[int, int] = {}
        for term in terms(question):
            key = key_of(term)
            often[key] = often.get(key, 0) + 1
        keys = np.array(list(often), np.uint64)
        holding = np.zeros(len(keys), np.int64)
        found = []
        for part in self._parts:
            places = part.block.find(keys)
            known = places >= 0
            starts = part.block.starts[places].astype(np.int64)
            ends = part.block.starts[places + 1].astype(np.int64)
            holding += np.where(known, ends - starts, 0) - _holding(part.deleted, keys)
            found.append(_Found(part, known, starts, ends))
        rarity = np.log(1 + (self.rows - holding + 0.5) / (holding + 0.5)) * np.array(list(often.values()))
        rarity[holding == 0] = 0
        return Asked(self, found, rarity.astype(np.float32), float(rarity.sum()))

    def scores(self, question: str) -> Scores:
        """BM25 of every row for the question, float32 (n,), 0 where nothing matches."""
        return self.asked(question).all()

    def ceiling(self, question: str) -> float:
        """The score no passage exceeds: the rarities of the question's known terms, added up."""
        return self.asked(question).ceiling


@dataclass(frozen=True, slots=True)
class _Found:
    """Where the terms of a question stand in one block."""

    part: Part
    known: Mask
    starts: Rows
    ends: Rows


@dataclass(frozen=True, slots=True)
class Asked:
    """A question put to an archive."""

    archive: Lexical
    found: list[_Found]
    rarity: npt.NDArray[np.float32]  # of each different term, times how often it is asked
    ceiling: float

    def all(self) -> Scores:
        """Scores of every row, float32 (n,)."""
        scores = np.zeros(self.archive.size, np.float32)
        for found in self.found:
            first = found.part.first
            scores[first : first + found.part.block.size] = np.where(found.part.alive, self._add(found), 0)
        return scores

    def best(self, k: int, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        """The k best rows that score at all, best first, equal ones by row; `allowed` (n,) admits rows."""
        masks = [_admitted(found.part, allowed) for found in self.found]
        floor = 0.0
        rows, scores = np.zeros(0, np.int64), np.zeros(0, np.float64)
        for found, mask in zip(self.found, masks, strict=True):
            if len(scores) >= k:
                floor = float(scores[-1]) * _ROUNDED
            more, values = self._above(found, floor, k, mask)
            rows = np.concatenate([rows, more + found.part.first])
            scores = np.concatenate([scores, values])
            kept = np.lexsort((rows, -scores.astype(np.float32)))[:k]
            rows, scores = rows[kept], scores[kept]
        return rows, scores.astype(np.float32)

    def scores_of(self, rows: Rows) -> Scores:
        """Scores of some rows, float32 (len(rows),)."""
        scores = np.zeros(len(rows), np.float64)
        for found in self.found:
            first, size = found.part.first, found.part.block.size
            inside = np.flatnonzero((rows >= first) & (rows < first + size))
            if len(inside):
                local = rows[inside] - first
                order = np.argsort(local)
                values = self._lookup(found, local[order], np.flatnonzero(found.known))
                values[~found.part.alive[local[order]]] = 0
                scores[inside[order]] = values
        return scores.astype(np.float32)

    def _above(self, found: _Found, floor: float, k: int, mask: Mask) -> tuple[Rows, npt.NDArray[np.float64]]:
        """Rows of a block, marked by `mask`, that may be among the k best, and their scores.

        None that scores above `floor` is left out, unless k better ones are there.
        """
        admitted = int(mask.sum())
        postings = int((found.ends - found.starts)[found.known].sum())
        if admitted <= _FEW and admitted * int(found.known.sum()) < postings:
            rows = np.flatnonzero(mask)
            values = self._lookup(found, rows, np.flatnonzero(found.known))
        else:
            sums = self._add(found)
            rows = np.flatnonzero(sums >= max(floor, _LEAST))
            rows = rows[mask[rows]]
            values = sums[rows]
        if len(rows) > k:
            # Ties at the k-th place stay in, for the order by rows to decide.
            least = np.partition(values, len(values) - k)[len(values) - k] * _ROUNDED
            rows, values = rows[values >= least], values[values >= least]
        return rows[values > 0], values[values > 0]

    def _add(self, found: _Found) -> npt.NDArray[np.float64]:
        """Sums over all terms for every row of a block."""
        block = found.part.block
        chosen = np.flatnonzero(found.known)
        if len(chosen) == 0:
            return np.zeros(block.size)
        slices = [slice(found.starts[term], found.ends[term]) for term in chosen.tolist()]
        rows = np.concatenate([block.rows[part] for part in slices])
        weights = np.concatenate([block.counts[part] for part in slices]).astype(np.float32)
        weights /= weights + found.part.half[rows]
        weights *= np.repeat(self.rarity[chosen], [part.stop - part.start for part in slices])
        return np.asarray(np.bincount(rows, weights, minlength=block.size), np.float64)

    def _lookup(self, found: _Found, rows: Rows, chosen: Rows) -> npt.NDArray[np.float64]:
        """Sums over some terms for some ascending rows of a block."""
        block = found.part.block
        if len(chosen) == 0 or len(rows) == 0:
            return np.zeros(len(rows))
        wanted = rows.astype(np.uint16)
        places = np.empty((len(chosen), len(rows)), np.int64)
        starts, ends = found.starts[chosen], found.ends[chosen]
        for line, start, end in zip(places, starts.tolist(), ends.tolist(), strict=True):
            line[:] = block.rows[start:end].searchsorted(wanted)
            line += start
        inside = places < ends[:, None]
        places[~inside] = 0
        often = np.where(inside & (block.rows[places] == wanted), block.counts[places], 0).astype(np.float32)
        often /= often + found.part.half[rows]
        often *= self.rarity[chosen][:, None]
        return np.asarray(often.sum(axis=0, dtype=np.float64), np.float64)


def build(texts: Iterable[str]) -> Lexical:
    """Index texts in order; the order of the rows is the order of the texts."""
    rest = iter(texts)
    blocks: list[Block] = []
    while True:
        builder = Builder()
        while builder.size < MOST and (batch := list(islice(rest, min(4096, MOST - builder.size)))):
            builder.add(count(batch))
        if not builder.size:
            return Lexical(blocks)
        blocks.append(builder.finish())


def _saturation(lengths: npt.NDArray[np.uint32], mean: float) -> npt.NDArray[np.float32]:
    """How often a passage of that length must hold a term for half of its rarity, float32 (n,)."""
    return np.asarray(K1 * (1 - B + B * lengths / (mean or 1.0)), np.float32)


def _admitted(part: Part, allowed: Mask | None) -> Mask:
    return part.alive if allowed is None else part.alive & allowed[part.first : part.first + part.block.size]


def _alive(block: Block, deleted: Deleted) -> Mask:
    alive = np.ones(block.size, np.bool_)
    alive[deleted.rows] = False
    return alive


def _holding(deleted: Deleted, keys: Keys) -> Rows:
    if len(deleted.keys) == 0:
        return np.zeros(len(keys), np.int64)
    places = np.minimum(np.searchsorted(deleted.keys, keys), len(deleted.keys) - 1)
    return np.where(deleted.keys[places] == keys, deleted.holding[places], 0).astype(np.int64)
