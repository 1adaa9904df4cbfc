"""How much it says that two texts share letters: rare pairs count more than common ones."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import log1p

from index.document import Passage
from rag.letters import Letters, letters

SAMPLE = 4_000  # passages counted at most; of a larger archive every n-th


@dataclass(frozen=True, slots=True)
class Rarity:
    """Document frequencies of letters and letter pairs over (a sample of) the archive's passages."""

    count: int
    frequency: Counter[str]

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> Rarity:
        """Count over at most SAMPLE passages, evenly spread."""
        step = max(1, -(-len(passages) // SAMPLE))
        frequency: Counter[str] = Counter()
        chosen = [passages[row] for row in range(0, len(passages), step)]
        for passage in chosen:
            found = letters(passage.title + "\n" + passage.text)
            frequency.update({*found.text, *found.pairs()})
        return cls(len(chosen), frequency)

    def weight(self, piece: str) -> float:
        """Inverse document frequency of a letter or pair (BM25's form, natural logarithm)."""
        seen = self.frequency[piece]
        return log1p((self.count - seen + 0.5) / (seen + 0.5))

    def share(self, wanted: Iterable[str], present: frozenset[str] | set[str]) -> float:
        """Weight of the wanted pieces that are present over the weight of all wanted, 0 to 1."""
        pieces = list(wanted)
        total = sum(self.weight(piece) for piece in pieces)
        return sum(self.weight(piece) for piece in pieces if piece in present) / total if total else 0.0

    def word(self, word: str) -> float:
        """Weight of a word: the mean over its pairs, or of its one letter."""
        found = letters(word)
        pieces = found.pairs() or list(found.text)
        return sum(map(self.weight, pieces)) / len(pieces) if pieces else 0.0


def pieces(found: Letters) -> set[str]:
    """Letters and pairs of a text."""
    return {*found.text, *found.pairs()}
