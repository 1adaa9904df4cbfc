"""From a question to an answer: understand, search, weigh, say."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.document import ModelError
from index.records import Where
from rag import llm, refuse
from rag.answer import Answer, Ranked, Turn
from rag.archive import Archive
from rag.compose import compose, refusal, written
from rag.concordance import concordance
from rag.followup import rewrite
from rag.generate import Judged, judged
from rag.parts import subquestions
from rag.question import Asked, Form, counted_term, understand
from rag.reading import Reader
from rag.retrieve import retrieve
from rag.smalltalk import small_talk
from rag.weigh import Weighed, weigh

SHOWN = 8  # passages a language model sees
HOPELESS = 0.3  # share of the threshold below which no language model is asked


@dataclass(frozen=True, slots=True)
class Settings:
    """How questions are answered.

    `k` passages stand in the ranking of an answer; `depth` are searched for
    sentences; `llm` is `provider:model` for LangChain, empty for extractive
    answers; `language` that of the program's own words; `reranker` is empty
    or `none`, as there is no reranking stage yet and any other name is refused;
    `timeout` the seconds a language model may take.
    """

    k: int = 10
    depth: int = 30
    llm: str = ""
    reranker: str = ""
    language: str = "zh"
    timeout: float = 60.0


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What was found for a question and what it is worth."""

    question: str
    asked: Asked
    weighed: Weighed
    ranking: tuple[Ranked, ...]
    understood: tuple[str, ...]
    seconds: dict[str, float]


class Assistant:
    """Answers questions about one archive. Threads may share it."""

    def __init__(self, index: Archive, settings: Settings = Settings()) -> None:
        if settings.reranker not in ("", "none"):
            raise ModelError(
                f"--reranker {settings.reranker}: this version has no reranking stage; leave the option out"
            )
        self.index = index
        self.settings = settings
        self._reader = Reader(index)
        self._model: Any = None

    def warm(self) -> None:
        """Load what is loaded on first use, so that the first question is as quick as the others."""
        understand("这里有几个人？")
        self._reader.warm()
        self.index.search("？", k=1)
        refuse.load("sentence")
        refuse.load("answerable")

    def ask(self, question: str, history: Sequence[Turn] = (), *, where: Where | None = None) -> Answer:
        """One cited answer, or a refusal that says what was searched. Raises ModelError."""
        return next(said for said in self.stream(question, history, where=where) if isinstance(said, Answer))

    def stream(
        self, question: str, history: Sequence[Turn] = (), *, where: Where | None = None
    ) -> Iterator[str | Answer]:
        """Pieces of the answer's text as they are ready, then the finished Answer. Raises ModelError."""
        evidence = self._evidence(question, history, where)
        if isinstance(evidence, Answer):
            yield evidence.text
            yield evidence
        elif self.settings.llm and self._worth_asking(evidence.weighed):
            yield from self._generated(evidence)
        else:
            answer = self._extracted(evidence)
            yield answer.text
            yield answer

    def _evidence(self, question: str, history: Sequence[Turn], where: Where | None) -> _Evidence | Answer:
        started = time.perf_counter()
        standalone = self._standalone(question, history)
        if (talk := small_talk(question, understand(standalone))) is not None:
            return talk
        searched_as, read = self._reader.read(standalone)
        asked = understand(searched_as)
        understood = ((f"按上文理解为：{standalone}",) if standalone != question else ()) + read
        term = counted_term(searched_as) if asked.form is Form.COUNT else ""
        if term:
            return replace(concordance(question, term, self.index, where), understood=understood)
        limits = self.settings
        every = (asked, *subquestions(asked))
        found = retrieve(self.index, every, k=limits.k, depth=limits.depth, where=where)
        searched = time.perf_counter()
        weighed = weigh(self._reader, found)
        ranking = tuple(Ranked(hit.passage, hit.score) for hit in found.ranking)
        seconds = {"search": searched - started, "weigh": time.perf_counter() - searched}
        return _Evidence(question, asked, weighed, ranking, understood, seconds)

    def _standalone(self, question: str, history: Sequence[Turn]) -> str:
        """The question as asked without a conversation, by the model where there is one."""
        if self.settings.llm and (history or understand(question).form is Form.FOREIGN):
            return llm.rewritten(self._llm(), question, history)
        return rewrite(question, history)

    def _llm(self) -> Any:
        if self._model is None:
            self._model = llm.open_model(self.settings.llm, self.settings.timeout)
        return self._model

    def _worth_asking(self, weighed: Weighed) -> bool:
        hopeless = weighed.confidence < HOPELESS * refuse.load("answerable").threshold
        return weighed.reason not in ("nothing", "lost") and not hopeless

    def _extracted(self, evidence: _Evidence, notes: Sequence[str] = ()) -> Answer:
        weighed = evidence.weighed
        if weighed.quotes:
            answer = compose(evidence.question, weighed, evidence.ranking)
        else:
            answer = refusal(self.index, evidence.question, weighed, evidence.ranking)
        return replace(
            answer,
            notes=(*notes, *answer.notes),
            understood=evidence.understood,
            seconds=evidence.seconds,
        )

    def _generated(self, evidence: _Evidence) -> Iterator[str | Answer]:
        """The model's sentences that hold; what was printed when none does or it fails at once."""
        passages = [ranked.passage for ranked in evidence.ranking[:SHOWN]]
        prompt = llm.prompt(evidence.asked.text, passages)
        into = Judged()
        failed = False
        try:
            reply = llm.pieces(self._llm(), prompt.messages)
            yield from judged(reply, passages, prompt.ids, into)
        except llm.GenerationError:
            failed = True
        if into.kept:
            answer = written(evidence.question, evidence.weighed, evidence.ranking, into, failed)
            yield replace(answer, understood=evidence.understood, seconds=evidence.seconds)
            return
        declined = any(llm.INSUFFICIENT in claim.text for claim in into.claims)
        if declined:
            weighed = replace(evidence.weighed, quotes=(), reason="weak")
            answer = self._extracted(replace(evidence, weighed=weighed))
        else:
            why = "语言模型没有回应" if failed else "语言模型的回答没有原文依据"
            answer = replace(self._extracted(evidence, (f"{why}，以下为原文摘录",)), incomplete=failed)
        yield answer.text
        yield answer
