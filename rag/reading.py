"""What is known of an archive beyond its index, worked out once and kept: rarity, sentences, order."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date

from index.document import Passage
from index.search import Hit
from rag.archive import Archive
from rag.english import Dictionary, translate
from rag.evidence import Cut, Sentences
from rag.followup import topics
from rag.letters import letters, plain
from rag.moment import event_period, periods
from rag.question import Asked, Form
from rag.rarity import Rarity, pieces
from rag.readings import Aspect, Reading, undone
from rag.scope import Holdings, Scope, places_of, scope_of
from rag.spelling import Sounds, spelled
from rag.when import Years, full_years
from rag.wording import say

RELATED = 5  # passages in which a topic and a further question are looked for together
ABOUT = 0.4  # share of a topic, by rarity, that a passage about it holds


class Reader:
    """Reads passages of one archive. Threads may share it: what is kept is only ever added to."""

    def __init__(self, index: Archive) -> None:
        self.index = index
        self._rarity: Rarity | None = None
        self._sounds: Sounds | None = None
        self._dictionary: Dictionary | None = None
        self._years: Years | None = None
        self._holdings: Holdings | None = None
        self._rows: dict[str, int] | None = None
        self._sentences = Sentences(index.encoder)

    def warm(self) -> None:
        """Work out at once what would be on the first question."""
        self.rarity()
        self.sounds()
        self.years()
        self.holdings()

    def read(
        self, question: str, *, undo: Collection[str] = (), language: str = "zh"
    ) -> tuple[str, tuple[Reading, ...]]:
        """The question as the archive would write it, and what was read differently, less what was undone."""
        if undone(undo, Aspect.SPELLING):
            return plain(question), ()
        literal = frozenset(key.removeprefix(f"{Aspect.SPELLING}:") for key in undo)
        text, years = full_years(plain(question), self.years(), literal)
        found = spelled(text, self.sounds(), literal)
        return found.text, tuple(
            Reading(Aspect.SPELLING, said, meant, say(language, "spelling", said=said, meant=meant))
            for said, meant in (*years, *found.changes)
        )

    def translated(self, question: str) -> str:
        """An English question in Chinese words of the archive; as it is when too few of them are found."""
        found = translate(question, self.dictionary(), self.sounds(), self.rarity())
        return found.text if found else question

    def related(self, question: str, topic: str) -> bool:
        """Whether the archive speaks of what a question names in the place where it speaks of a topic.

        `火星上有水吗` after a question about a ferry is not about the ferry: no
        passage on the ferry names any of it.
        """
        named = topics(question)
        if not named:
            return True
        wanted = pieces(letters(topic))
        for hit in self.index.search(f"{topic}，{question}", k=RELATED):
            text = f"{hit.passage.title}\n{hit.passage.section}\n{hit.passage.text}"
            found = letters(text)
            about = self.rarity().share(wanted, pieces(found)) >= ABOUT
            if about and any(letters(name).text in found.text for name in named):
                return True
        return False

    def scope(
        self, asked: Asked, *, undo: Collection[str] = (), language: str = "zh", today: str = ""
    ) -> Scope:
        """What a question restricts itself to, less what was undone; `today` is an ISO date."""
        if asked.form not in (Form.ANSWER, Form.COMPARE):
            return Scope()
        named = periods(asked.text, self.years(), today or date.today().isoformat())
        event = event_period(asked.text, self.index, self.rarity(), self.years())
        return scope_of(
            asked,
            self.holdings(),
            (*named, *([event] if event else [])),
            frequency={name: self.rarity().presence(name) for name in places_of(asked)},
            undo=undo,
            language=language,
        )

    def holdings(self) -> Holdings:
        """What the archive says of itself."""
        if self._holdings is None:
            self._holdings = Holdings.of(self.index.documents(), self.index.articles(), self.index.passages)
        return self._holdings

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

    def dictionary(self) -> Dictionary:
        """The English of the archive's words."""
        if self._dictionary is None:
            self._dictionary = Dictionary.of(self.sounds().pairs)
        return self._dictionary

    def years(self) -> Years:
        """Which articles speak of which years."""
        if self._years is None:
            published = {card.id: card.source.date for card in self.index.documents()}
            self._years = Years.of(self.index.passages, published)
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
