"""What is known of an archive beyond its index, worked out once and kept: rarity, sentences, order."""

from __future__ import annotations

from collections.abc import Sequence

from index.document import Passage
from index.search import Hit
from rag.archive import Archive
from rag.evidence import Cut, Sentences
from rag.rarity import Rarity


class Reader:
    """Reads passages of one archive. Threads may share it: what is kept is only ever added to."""

    def __init__(self, index: Archive) -> None:
        self.index = index
        self._rarity: Rarity | None = None
        self._rows: dict[str, int] | None = None
        self._sentences = Sentences(index.encoder)

    def rarity(self) -> Rarity:
        """Document frequencies of the archive."""
        if self._rarity is None:
            self._rarity = Rarity.of(self.index.passages)
        return self._rarity

    def cuts(self, hits: Sequence[Hit]) -> list[Cut]:
        """The sentences of each hit."""
        return self._sentences.of(hits)

    def before(self, passage: Passage, count: int) -> list[Passage]:
        """Up to `count` passages that stand before one in its article, nearest first."""
        if self._rows is None:
            self._rows = {other.id: row for row, other in enumerate(self.index.passages)}
        row = self._rows.get(passage.id, 0)
        others = [self.index.passages[place] for place in range(row - 1, max(-1, row - 1 - count), -1)]
        return [other for other in others if other.article == passage.article and other.doc == passage.doc]
