"""From a question to an answer: understand, search, select, decide, cite."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index.records import Where
from rag import refuse
from rag.answer import Answer, Ranked, Turn
from rag.archive import Archive
from rag.compose import compose, refusal
from rag.followup import rewrite
from rag.parts import subquestions
from rag.question import understand
from rag.reading import Reader
from rag.retrieve import Found, retrieve
from rag.smalltalk import small_talk
from rag.weigh import weigh


@dataclass(frozen=True, slots=True)
class Settings:
    """How questions are answered.

    `k` passages stand in the ranking of an answer; `depth` are searched for
    sentences; `llm` is `provider:model` for LangChain, empty for extractive
    answers; `reranker` a model folder, empty for none; `language` that of the
    program's own words; `timeout` the seconds a language model may take.
    """

    k: int = 10
    depth: int = 30
    llm: str = ""
    reranker: str = ""
    language: str = "zh"
    timeout: float = 60.0


class Assistant:
    """Answers questions about one archive. Threads may share it."""

    def __init__(self, index: Archive, settings: Settings = Settings()) -> None:
        self.index = index
        self.settings = settings
        self._reader = Reader(index)

    def warm(self) -> None:
        """Load what is loaded on first use, so that the first question is as quick as the others."""
        understand("这里有几个人？")
        self._reader.rarity()
        self.index.search("？", k=1)
        refuse.load("sentence")
        refuse.load("answerable")

    def ask(self, question: str, history: Sequence[Turn] = (), *, where: Where | None = None) -> Answer:
        """One cited answer, or a refusal that says what was searched."""
        started = time.perf_counter()
        standalone = rewrite(question, history)
        asked = understand(standalone)
        if (talk := small_talk(question, asked)) is not None:
            return talk
        parts = subquestions(asked)
        found = retrieve(
            self.index, (asked, *parts), k=self.settings.k, depth=self.settings.depth, where=where
        )
        searched = time.perf_counter()
        answer = self._answer(question, found)
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

    def _answer(self, question: str, found: Found) -> Answer:
        ranking = tuple(Ranked(hit.passage, hit.score) for hit in found.ranking)
        weighed = weigh(self._reader, found)
        if weighed.quotes:
            return compose(question, weighed, ranking)
        return refusal(self.index, question, weighed, ranking)
