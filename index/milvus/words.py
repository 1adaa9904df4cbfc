"""BM25 on a server that only multiplies: a passage keeps what depends on it, the question brings the rest.

BM25 (`index.lexical`) is a sum over the question's terms of

    log(1 + (N - n + 0.5) / (n + 0.5))  *  tf / (tf + K1 * (1 - B + B * length / average))

The second factor depends on the passage and the mean length alone, and is stored as its sparse vector. The
first depends on how many of the N passages hold the term; it is made from the counts of the generation when a
question comes. So the inner product is the score, a passage that comes or goes changes counts only, and no
server statistics are involved. When the mean length has moved by more than DRIFT from the one the weights are
for, the next update writes all weights anew (`update`).
"""

from __future__ import annotations

import hashlib
import json
import math
import threading
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from index.lexical import K1, B
from index.milvus.heads import Head
from index.milvus.server import Server
from index.milvus.tables import NEVER, Tables, filled
from index.tokens import terms

DRIFT = 0.005
EMPTY = 0  # the dimension of a passage without terms, which no question has: a vector must not be empty
_LONGEST = 100  # characters of a term in a key; longer ones are hashed


@dataclass(frozen=True, slots=True)
class Term:
    """A term of an epoch: its dimension, and in how many passages it stands."""

    dim: int
    count: int
    since: int  # generation that wrote the count
    before: int  # count until then

    def at(self, generation: int) -> int:
        """The count as a generation sees it; a later writer may be at work."""
        return self.count if self.since <= generation else self.before


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question's terms: their rarity by dimension, and the score of a passage that has nothing else."""

    weights: Mapping[int, float]
    ceiling: float


def weights(counts: Mapping[int, int], length: int, average: float) -> dict[int, float]:
    """What a passage brings to BM25, by dimension, from how often each term stands in it."""
    if not counts:
        return {EMPTY: 1.0}
    norm = K1 * (1 - B + B * length / average)
    return {dim: count / (count + norm) for dim, count in counts.items()}


class Counts:
    """Read side: in how many passages terms stand, at one generation."""

    def __init__(self, server: Server, tables: Tables, head: Head) -> None:
        self._server = server
        self._tables = tables
        self._head = head
        self._known: dict[str, Term | None] = {}
        self._lock = threading.Lock()

    def wanted(self, question: str) -> Wanted:
        """The terms of a question that some passage holds."""
        asked = Counter(terms(question))
        found = self._terms(asked)
        rarity: dict[int, float] = {}
        ceiling = 0.0
        for term, times in asked.items():
            entry = found.get(term)
            holding = entry.at(self._head.generation) if entry else 0
            if entry and holding:
                weight = math.log(1 + (self._head.passages - holding + 0.5) / (holding + 0.5))
                rarity[entry.dim] = times * weight
                ceiling += times * weight
        return Wanted(rarity, ceiling)

    def _terms(self, asked: Iterable[str]) -> dict[str, Term | None]:
        with self._lock:
            missing = [term for term in asked if term not in self._known]
            if missing:
                if len(self._known) > 200_000:
                    self._known.clear()
                self._known |= dict.fromkeys(missing) | read_terms(self._server, self._tables, missing)
            return self._known


class Vocabulary:
    """Write side: dimensions for terms, and how their counts change. `fresh` means an epoch without any."""

    def __init__(self, server: Server, tables: Tables, head: Head | None, *, fresh: bool) -> None:
        self._server = server
        self._tables = tables
        self._generation = 0 if head is None else head.generation
        self._fresh = fresh
        self._known: dict[str, Term] = {}
        self._change: Counter[str] = Counter()
        self.next_dim = 1 if head is None or fresh else head.next_dim

    def learn(self, found: Iterable[str]) -> None:
        """Know the dimensions of some terms; new terms get the next ones."""
        missing = [term for term in dict.fromkeys(found) if term not in self._known]
        if not self._fresh:
            self._known |= read_terms(self._server, self._tables, missing)
        for term in missing:
            if term not in self._known:
                self._known[term] = Term(self.next_dim, 0, 0, 0)
                self.next_dim += 1

    def add(self, counts: Mapping[str, int]) -> dict[int, int]:
        """Count a new passage; its terms, known before, by dimension."""
        self._change.update(counts.keys())
        return {self._known[term].dim: count for term, count in counts.items()}

    def remove(self, found: Iterable[str]) -> None:
        """Count out a passage that goes, given its terms, each once."""
        self._change.subtract(found)

    def write(self, generation: int) -> None:
        """Store the counts as they are from a generation on; the one before still reads its own."""
        changed = [term for term, by in self._change.items() if by]
        self.learn(changed)
        rows = []
        for term in changed:
            old = self._known[term]
            before = old.at(self._generation)
            fields = [old.dim, before + self._change[term], generation, before]
            rows.append(filled(key_of(term), json.dumps(fields), copy=-1 - old.dim, died=NEVER))
        # A new term's key is new; only counts that are there already are replaced.
        store = self._server.insert if self._fresh else self._server.upsert
        store(self._tables.records, rows)


def read_terms(server: Server, tables: Tables, wanted: Iterable[str]) -> dict[str, Term]:
    """What is stored of some terms, by term."""
    keys = {key_of(term): term for term in wanted}
    return {
        keys[row["key"]]: Term(*json.loads(row["value"]))
        for row in server.get(tables.records, keys, ("key", "value"))
    }


def key_of(term: str) -> str:
    """The key of a term in `records`."""
    if len(term) > _LONGEST:
        return "hash/" + hashlib.blake2b(term.encode(), digest_size=16).hexdigest()
    return f"term/{term}"
