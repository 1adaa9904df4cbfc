"""What is known of an archive beyond its index, worked out once and kept: rarity, sentences, order."""

from __future__ import annotations

from collections.abc import Sequence

from index.document import Passage
from index.search import Hit
from rag.archive import Archive
from rag.evidence import Cut, Sentences
from rag.letters import plain
from rag.rarity import Rarity
from rag.spelling import Sounds, spelled
from rag.when import Years, full_years


class Reader:
    """Reads passages of one archive. Threads may share it: what is kept is only ever added to."""

    def __init__(self, index: Archive) -> None:
        self.index = index
        self._rarity: Rarity | None = None
        self._sounds: Sounds | None = None
        self._years: Years | None = None
        self._rows: dict[str, int] | None = None
        self._sentences = Sentences(index.encoder)

    def warm(self) -> None:
        """Work out at once what would be on the first question."""
        self.rarity()
        self.sounds()
        self.years()

    def read(self, question: str) -> tuple[str, tuple[str, ...]]:
        """The question as the archive would write it, and what was read differently."""
        text, years = full_years(plain(question), self.years())
        found = spelled(text, self.sounds())
        return found.text, tuple(f"“{typed}”按“{meant}”查找" for typed, meant in (*years, *found.changes))

    def rarity(self) -> Rarity:
        """Document frequencies of the archive."""
        if self._rarity is None:
            self._rarity = Rarity.of(self.index.passages)
        return self._rarity

    def sounds(self) -> Sounds:
        """The archive's words by their sound."""
        if self._sounds is None:
            self._sounds = Sounds.of(self.index.passages)
        return self._sounds

    def years(self) -> Years:
        """Which articles speak of which years."""
        if self._years is None:
            self._years = Years.of(self.index.passages)
        return self._years

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
