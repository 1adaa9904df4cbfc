"""BM25 over the terms of passages, exact, whatever was added and removed since it was built.

Robertson and Zaragoza, "The Probabilistic Relevance Framework" (2009), in the
form Lucene gives it. Passages stand in immutable blocks (`postings`); how rare
a term is and how long passages are on average is added up over the blocks when
a question is asked, without the passages that were deleted: so the scores are
those of an index built anew, whatever was added and removed since (tested).

In a large archive few characters of a question make most of its postings, and
say least. So rarer terms are added up first, for all passages; what common ones
add is looked up for those passages only that they could still lift among the
best: their rarities bound it (Turtle and Flood, "Query evaluation: strategies
and optimizations", 1995). The ranking is exact, too.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice

import numpy as np
import numpy.typing as npt

from index import threads
from index.postings import MOST, Block, Builder, count
from index.termkeys import Keys, key_of
from index.tokens import terms

Rows = npt.NDArray[np.int64]
Scores = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Sums = npt.NDArray[np.float64]
K1 = 1.2
B = 0.75
_ROUNDED = 1 - 1e-6  # sums of the same terms differ by less, in whatever order they are added
_LEAST = 1e-30  # the least score that is one
_LARGE = 1 << 17  # rows of an archive from which common terms are looked up
_COMMON = 1 / 5  # of all passages hold a common term
_LOOKUP = 12  # postings that are added up in the time in which one is looked up


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
    nothing. From `large` rows on common terms are looked up instead of added up.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        *,
        deleted: Sequence[Deleted] = (),
        firsts: Sequence[int] = (),
        large: int = _LARGE,
    ) -> None:
        gone = list(deleted) or [NOTHING_DELETED] * len(blocks)
        starts = list(firsts) or np.cumsum([0, *(block.size for block in blocks)]).tolist()[: len(blocks)]
        masks = [_alive(block, out) for block, out in zip(blocks, gone, strict=True)]
        tokens = sum(int(block.lengths[mask].sum()) for block, mask in zip(blocks, masks, strict=True))
        self.size = starts[-1] + blocks[-1].size if blocks else 0
        self.rows = sum(int(mask.sum()) for mask in masks)
        self._large = self.rows >= large
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
        common = holding > (_COMMON * self.rows if self._large else np.inf)
        return Asked(self.size, found, rarity.astype(np.float32), common, large=self._large)

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


class Asked:
    """A question put to an archive of `size` rows; blocks of a large one are added up on all cores."""

    def __init__(
        self, size: int, found: list[_Found], rarity: npt.NDArray[np.float32], common: Mask, *, large: bool
    ) -> None:
        self._size = size
        self._each = threads.each if large else threads.one_by_one
        self._found = found
        self._rarity = rarity  # of each different term, times how often it is asked
        self._common = common
        self.ceiling = float(rarity.sum(dtype=np.float64))  # the score no passage exceeds

    @cached_property
    def _rare(self) -> list[Sums]:
        """Sums over the rarer terms for every row of each block."""
        return self._each(lambda found: self._add(found, ~self._common), self._found)

    def all(self) -> Scores:
        """Scores of every row, float32 (n,)."""
        scores = np.zeros(self._size, np.float32)
        for found, rare in zip(self._found, self._rare, strict=True):
            first = found.part.first
            sums = rare + self._add(found, self._common)
            scores[first : first + found.part.block.size] = np.where(found.part.alive, sums, 0)
        return scores

    def best(self, k: int, allowed: Mask | None = None) -> tuple[Rows, Scores]:
        """The k best rows that score at all, best first, equal ones by row; `allowed` (n,) admits rows."""
        parts = [
            (found, rare, _admitted(found.part, allowed))
            for found, rare in zip(self._found, self._rare, strict=True)
        ]
        top = _Top(k)
        for found, rare, mask in parts:
            rows = np.flatnonzero(rare >= top.floor)
            rows = rows[mask[rows]]
            top.add(rows + found.part.first, rare[rows])
        if self._common.any():
            floor = float(self.scores_of(top.rows).min()) * _ROUNDED if len(top.rows) == k else 0.0
            top = _Top(k)
            for rows, scores in self._each(lambda part: self._completed(*part, floor), parts):
                top.add(rows, scores)
        return top.rows, top.scores.astype(np.float32)

    def scores_of(self, rows: Rows) -> Scores:
        """Scores of some rows, float32 (len(rows),)."""
        scores = np.zeros(len(rows), np.float64)
        for found, rare in zip(self._found, self._rare, strict=True):
            first, size = found.part.first, found.part.block.size
            inside = np.flatnonzero((rows >= first) & (rows < first + size))
            if len(inside):
                local = rows[inside] - first
                values = rare[local] + self._lookup(found, local)
                values[~found.part.alive[local]] = 0
                scores[inside] = values
        return scores.astype(np.float32)

    def _completed(self, found: _Found, rare: Sums, mask: Mask, floor: float) -> tuple[Rows, Sums]:
        """Those marked rows of the archive, in one block, that may reach `floor` with their common terms."""
        chosen = found.known & self._common
        rows = np.flatnonzero(rare >= floor - float(self._rarity[chosen].sum(dtype=np.float64)) - _LEAST)
        rows = rows[mask[rows]]
        postings = int((found.ends - found.starts)[chosen].sum())
        if len(rows) * int(chosen.sum()) * _LOOKUP > postings:
            scores = (rare + self._add(found, self._common))[rows]
        else:
            scores = rare[rows] + self._lookup(found, rows)
        return rows + found.part.first, scores

    def _add(self, found: _Found, some: Mask) -> Sums:
        """Sums over some terms for every row of a block."""
        block = found.part.block
        chosen = np.flatnonzero(found.known & some)
        if len(chosen) == 0:
            return np.zeros(block.size)
        slices = [slice(found.starts[term], found.ends[term]) for term in chosen.tolist()]
        rows = np.concatenate([block.rows[part] for part in slices]).astype(np.intp)
        weights = np.concatenate([block.counts[part] for part in slices]).astype(np.float32)
        weights /= weights + found.part.half.take(rows)
        weights *= np.repeat(self._rarity[chosen], [part.stop - part.start for part in slices])
        return np.asarray(np.bincount(rows, weights, minlength=block.size), np.float64)

    def _lookup(self, found: _Found, rows: Rows) -> Sums:
        """Sums over the common terms for some rows of a block."""
        block = found.part.block
        chosen = np.flatnonzero(found.known & self._common)
        sums = np.zeros(len(rows))
        if len(rows) == 0:
            return sums
        wanted, half = rows.astype(np.uint16), found.part.half[rows]
        for term in chosen.tolist():
            start, end = found.starts[term], found.ends[term]
            places = start + block.rows[start:end].searchsorted(wanted)
            places[places == end] = start
            often = np.where(block.rows[places] == wanted, block.counts[places], 0).astype(np.float32)
            often /= often + half
            often *= self._rarity[term]
            sums += often
        return sums


class _Top:
    """The k highest scores above 0, highest first, equal ones by row."""

    def __init__(self, k: int) -> None:
        self.rows: Rows = np.zeros(0, np.int64)
        self.scores: Sums = np.zeros(0, np.float64)
        self.floor = _LEAST  # lower ones are not among them
        self._k = k

    def add(self, rows: Rows, scores: Sums) -> None:
        """Take some rows in that were not there before."""
        kept = np.flatnonzero(scores >= self.floor)
        if len(kept) > self._k:
            # Ties at the k-th place stay in, for the order by rows to decide.
            least = np.partition(scores[kept], len(kept) - self._k)[len(kept) - self._k] * _ROUNDED
            kept = kept[scores[kept] >= least]
        rows, scores = np.concatenate([self.rows, rows[kept]]), np.concatenate([self.scores, scores[kept]])
        order = np.lexsort((rows, -scores.astype(np.float32)))[: self._k]
        self.rows, self.scores = rows[order], scores[order]
        if len(order) == self._k:
            self.floor = max(_LEAST, float(self.scores[-1]) * _ROUNDED)


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
