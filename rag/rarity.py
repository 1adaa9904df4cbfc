"""How much it says that two texts share letters: rare pairs count more than common ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from math import log1p

from index.document import Passage
from rag.letters import Letters, letters

SAMPLE = 4_000  # passages counted at most; of a larger archive every n-th


@dataclass(frozen=True, slots=True)
class Rarity:
    """Document frequencies of letters and letter pairs over (a sample of) the archive's passages."""

    count: int
    frequency: Counter[str]
    _weights: dict[str, float] = field(default_factory=dict)

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> Rarity:
        """Count over at most SAMPLE passages, evenly spread."""
        step = max(1, -(-len(passages) // SAMPLE))
        frequency: Counter[str] = Counter()
        chosen = passages[::step]  # one slice: passages on a server come together
        for passage in chosen:
            found = letters(passage.title + "\n" + passage.text)
            frequency.update({*found.text, *found.pairs()})
        return cls(len(chosen), frequency)

    def weight(self, piece: str) -> float:
        """Inverse document frequency of a letter or pair (BM25's form, natural logarithm)."""
        weight = self._weights.get(piece)
        if weight is None:
            seen = self.frequency[piece]
            weight = log1p((self.count - seen + 0.5) / (seen + 0.5))
            self._weights[piece] = weight
        return weight

    def presence(self, word: str) -> float:
        """Share of the passages that hold all of a word's letter pairs at most, 0 to 1."""
        found = letters(word)
        known = found.pairs() or list(found.text)
        return min((self.frequency[piece] for piece in known), default=0) / max(self.count, 1)

    def total(self, wanted: Iterable[str]) -> float:
        """Weight of all of some pieces."""
        return sum(map(self.weight, wanted))

    def share(self, wanted: frozenset[str], present: frozenset[str]) -> float:
        """Weight of the wanted pieces that are present over the weight of all wanted, 0 to 1."""
        total = self.total(wanted)
        return self.total(wanted & present) / total if total else 0.0

    def word(self, word: str) -> float:
        """Weight of a word: the mean over its pairs, or of its one letter."""
        found = letters(word)
        pieces = found.pairs() or list(found.text)
        return sum(map(self.weight, pieces)) / len(pieces) if pieces else 0.0


def pieces(found: Letters) -> frozenset[str]:
    """Letters and pairs of a text."""
    return _pieces(found.text)


@lru_cache(maxsize=16_384)
def _pieces(text: str) -> frozenset[str]:
    return frozenset({*text, *(text[i : i + 2] for i in range(len(text) - 1))})
