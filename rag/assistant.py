"""From a question to an answer: understand, search, weigh, say."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from index.records import Where
from rag import llm, refuse
from rag.answer import Answer, Ranked, Turn
from rag.archive import Archive
from rag.compose import compose, refusal, searched, written
from rag.concordance import concordance
from rag.followup import rewrite
from rag.generate import Judged, judged
from rag.orders import without_orders
from rag.parts import subquestions, timeless
from rag.question import Asked, Form, counted_term, understand
from rag.reading import Reader
from rag.readings import Aspect, Reading, undone
from rag.rerank import load_reranker
from rag.retrieve import Found, retrieve
from rag.scope import several_times
from rag.shown import shown
from rag.smalltalk import small_talk
from rag.weigh import Measured, Weighed, measured, weigh
from rag.wording import say

HOPELESS = 0.3  # share of the threshold below which no language model is asked


@dataclass(frozen=True, slots=True)
class Settings:
    """How questions are answered.

    `k` passages stand in the ranking of an answer; `depth` are searched for
    sentences; `llm` is `provider:model` for LangChain, empty for extractive
    answers; `language` (zh, en) that of the program's own words; `today`, an ISO
    date, is what `去年` counts from, empty for the day it is; `reranker` is a
    CrossEncoder folder or name, empty for the bundled one, `none` for no reranking;
    `timeout` the seconds a language model may take.
    """

    k: int = 10
    depth: int = 30
    llm: str = ""
    reranker: str = ""
    language: str = "zh"
    timeout: float = 60.0
    today: str = ""


@dataclass(frozen=True, slots=True)
class _Evidence:
    """What was found for a question and what it is worth."""

    question: str
    asked: Asked
    weighed: Weighed
    ranking: tuple[Ranked, ...]
    readings: tuple[Reading, ...]
    where: Where | None
    language: str
    seconds: dict[str, float]


class Assistant:
    """Answers questions about one archive. Threads may share it."""

    def __init__(self, index: Archive, settings: Settings = Settings()) -> None:
        self.index = index
        self.settings = settings
        self._reader = Reader(index)
        self._reranker = load_reranker(settings.reranker)
        self._model: Any = None

    def warm(self) -> None:
        """Load what is loaded on first use, so that the first question is as quick as the others."""
        understand("这里有几个人？")
        self._reader.warm()
        self.index.search("？", k=1)
        refuse.load("sentence")
        refuse.load("answerable")

    def ask(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        where: Where | None = None,
        undo: Collection[str] = (),
    ) -> Answer:
        """One cited answer, or a refusal that says what was searched. Raises ModelError.

        `undo` takes keys of readings of an earlier answer to the same question, or
        the names of aspects, or `all`: those readings are not made again.
        """
        said = self.stream(question, history, where=where, undo=undo)
        return next(piece for piece in said if isinstance(piece, Answer))

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        *,
        where: Where | None = None,
        undo: Collection[str] = (),
    ) -> Iterator[str | Answer]:
        """Pieces of the answer's text as they are ready, then the finished Answer. Raises ModelError."""
        evidence = self._evidence(question, history, where, frozenset(undo))
        if isinstance(evidence, Answer):
            yield evidence.text
            yield evidence
        elif self.settings.llm and self._worth_asking(evidence.weighed):
            yield from self._generated(evidence)
        else:
            answer = self._extracted(evidence)
            yield answer.text
            yield answer

    def _evidence(
        self, question: str, history: Sequence[Turn], where: Where | None, undo: frozenset[str]
    ) -> _Evidence | Answer:
        started = time.perf_counter()
        language = self._language(question)
        searched_as, read, talk = self._understood(question, history, undo, language)
        if talk is not None:
            return talk
        asked = understand(searched_as)
        term = counted_term(searched_as) if asked.form is Form.COUNT else ""
        if term and not undone(undo, Aspect.COUNTED, term):
            counted = concordance(question, term, self.index, where, language)
            return replace(counted, readings=(*read, *counted.readings))
        found = self._found(asked, where, undo, language)
        read += tuple(dict.fromkeys(one for scope in found.scopes for one in scope.readings))
        found_at = time.perf_counter()
        weighed = weigh(self._reader, found)
        ranking = tuple(Ranked(hit.passage, hit.score) for hit in found.ranking)
        seconds = {"search": found_at - started, "weigh": time.perf_counter() - found_at}
        inside = found.scopes[0].where(where)
        return _Evidence(question, asked, weighed, ranking, read, inside, language, seconds)

    def measured(self, question: str, history: Sequence[Turn] = ()) -> Measured:
        """The candidate sentences for a question and what is measured of them, to fit weights on."""
        language = self._language(question)
        searched_as, _, _ = self._understood(question, history, frozenset(), language)
        return measured(self._reader, self._found(understand(searched_as), None, frozenset(), language), 0)

    def _understood(
        self, question: str, history: Sequence[Turn], undo: frozenset[str], language: str
    ) -> tuple[str, tuple[Reading, ...], Answer | None]:
        """The question as it is searched, how it was read for that, and the reply when it is small talk."""
        bare, orders = _without_orders(question, undo, language)
        standalone, rewritten = self._standalone(bare, history, undo, language)
        talk = small_talk(question, understand(standalone), language)
        if talk is not None:
            return standalone, (*orders, *rewritten), talk
        searched_as, spelt = self._reader.read(standalone, undo=undo, language=language)
        if spelt:  # `nihao` is small talk once it is read
            talk = small_talk(question, understand(searched_as), language)
        return searched_as, (*orders, *rewritten, *spelt), talk

    def _found(self, asked: Asked, where: Where | None, undo: frozenset[str], language: str) -> Found:
        """Passages for a question and its parts, each with what it restricts itself to."""
        limits = self.settings
        every = (asked, *subquestions(asked))
        scopes = [self._reader.scope(one, undo=undo, language=language, today=limits.today) for one in every]
        if several_times(scopes[1:]):
            every = (asked, *map(timeless, every[1:]))
        return retrieve(
            self._reader, every, scopes, k=limits.k, depth=limits.depth, where=where, reranker=self._reranker
        )

    def _language(self, question: str) -> str:
        """The language of the program's own words: English for a question in English."""
        return "en" if understand(question).form is Form.FOREIGN else self.settings.language

    def _standalone(
        self, question: str, history: Sequence[Turn], undo: frozenset[str], language: str
    ) -> tuple[str, tuple[Reading, ...]]:
        """The question in Chinese and without a conversation, and how it was read for that."""
        foreign = understand(question).form is Form.FOREIGN
        aspect = Aspect.TRANSLATED if foreign else Aspect.FOLLOW_UP
        if undone(undo, aspect, question):
            return question, ()
        if self.settings.llm and (history or foreign):
            text = llm.rewritten(self._llm(), question, history, self.settings.timeout / 4)
        elif foreign:
            text = self._reader.translated(question)
        else:
            text = rewrite(question, history, self._reader.related)
        told = say(language, aspect, meant=text)
        return text, (Reading(aspect, question, text, told),) if text != question else ()

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
            answer = compose(evidence.question, weighed, evidence.ranking, evidence.language)
        else:
            scope = searched(self.index, evidence.where, evidence.language)
            answer = refusal(evidence.question, weighed, evidence.ranking, scope, evidence.language)
        return replace(
            answer,
            notes=(*notes, *answer.notes),
            readings=evidence.readings,
            seconds=evidence.seconds,
        )

    def _generated(self, evidence: _Evidence) -> Iterator[str | Answer]:
        """The model's sentences that hold; what was printed when none does or it fails at once."""
        passages = shown([ranked.passage for ranked in evidence.ranking])
        prompt = llm.prompt(evidence.asked.text, passages)
        into = Judged()
        failed = False
        try:
            reply = llm.pieces(self._llm(), prompt.messages, self.settings.timeout)
            yield from judged(reply, passages, prompt.ids, into)
        except llm.GenerationError:
            failed = True
        if into.kept:
            answer = written(
                evidence.question,
                evidence.weighed,
                evidence.ranking,
                into,
                broken_off=failed,
                language=evidence.language,
            )
            yield replace(answer, readings=evidence.readings, seconds=evidence.seconds)
            return
        declined = any(llm.INSUFFICIENT in claim.text for claim in into.claims)
        if declined:
            weighed = replace(evidence.weighed, quotes=(), reason="weak")
            answer = self._extracted(replace(evidence, weighed=weighed))
        else:
            why = say(evidence.language, "silent" if failed else "groundless")
            answer = replace(self._extracted(evidence, (why,)), incomplete=failed)
        yield answer.text
        yield answer


def _without_orders(question: str, undo: frozenset[str], language: str) -> tuple[str, tuple[Reading, ...]]:
    """The question without orders to the program, and what was passed over."""
    bare, gone = without_orders(question)
    if not gone or undone(undo, Aspect.ORDER, gone):
        return question, ()
    return bare, (Reading(Aspect.ORDER, gone, bare, say(language, Aspect.ORDER, said=gone)),)
