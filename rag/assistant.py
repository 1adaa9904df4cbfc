"""From a question to an answer: understand, search, select, decide, cite."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.records import Where
from rag import choose, features, refuse
from rag.answer import Answer, Ranked, Turn
from rag.archive import Archive
from rag.compose import compose, refusal
from rag.evidence import Sentences
from rag.followup import rewrite
from rag.question import Asked, understand
from rag.rarity import Rarity
from rag.retrieve import Found, retrieve
from rag.smalltalk import small_talk


@dataclass(frozen=True, slots=True)
class Settings:
    """How questions are answered.

    `k` passages stand in the ranking of an answer; `depth` are searched for
    sentences; `llm` is `provider:model` for LangChain, empty for extractive
    answers; `reranker` a model folder, empty for none; `language` that of the
    program's own words.
    """

    k: int = 10
    depth: int = 30
    llm: str = ""
    reranker: str = ""
    language: str = "zh"
    timeout: float = 60.0  # seconds a language model may take


class Assistant:
    """Answers questions about one archive. Threads may share it."""

    def __init__(self, index: Archive, settings: Settings = Settings()) -> None:
        self.index = index
        self.settings = settings
        self._rarity: Rarity | None = None
        self._sentences = Sentences(index.encoder)

    def warm(self) -> None:
        """Load what is loaded on first use, so that the first question is as quick as the others."""
        understand("这里有几个人？")
        self.rarity()
        self.index.search("？", k=1)
        refuse.load("sentence")
        refuse.load("answerable")

    def rarity(self) -> Rarity:
        """Document frequencies of the archive, counted once."""
        if self._rarity is None:
            self._rarity = Rarity.of(self.index.passages)
        return self._rarity

    def ask(self, question: str, history: Sequence[Turn] = (), *, where: Where | None = None) -> Answer:
        """One cited answer, or a refusal that says what was searched."""
        started = time.perf_counter()
        standalone = rewrite(question, history)
        asked = understand(standalone)
        if (talk := small_talk(question, asked)) is not None:
            return talk
        found = retrieve(self.index, asked, k=self.settings.k, depth=self.settings.depth, where=where)
        searched = time.perf_counter()
        answer = self._answer(question, asked, found)
        understood = ((f"按上文理解为：{standalone}",) if standalone != question else ()) + found.understood
        seconds = {"search": searched - started, "answer": time.perf_counter() - searched}
        return replace(answer, understood=understood, seconds=seconds)

    def stream(
        self, question: str, history: Sequence[Turn] = (), *, where: Where | None = None
    ) -> Iterator[str | Answer]:
        """Pieces of the answer's text as they are ready, then the finished Answer."""
        answer = self.ask(question, history, where=where)
        yield answer.text
        yield answer

    def _answer(self, question: str, asked: Asked, found: Found) -> Answer:
        ranking = tuple(Ranked(hit.passage, hit.score) for hit in found.ranking)
        scene = features.Scene(asked, self.rarity(), self.index.encoder, found.vector)
        cuts = self._sentences.of(found.hits)
        pieces, rows = features.measure(scene, found.hits, cuts)
        if not pieces:
            return refusal(self.index, question, ranking, "nothing")
        scores = refuse.load("sentence").ordered(features.FEATURES).probability(rows)
        ranked = choose.rank(pieces, scores)
        confidence = refuse.confidence(rows, scores, ranked[0].row)
        if confidence < refuse.load("answerable").threshold:
            return refusal(self.index, question, ranking, "weak", confidence)
        chosen = choose.quotes(asked, ranked, self.rarity())
        return compose(question, asked, chosen, pieces, ranking, confidence)
