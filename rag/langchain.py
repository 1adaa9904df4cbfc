"""Our index and our answers as LangChain components, for chains of others.

Import this module only where LangChain is wanted: it loads langchain-core.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.messages import AIMessage, AIMessageChunk
from langchain_core.retrievers import BaseRetriever
from langchain_core.runnables import Runnable, RunnableConfig
from pydantic import ConfigDict

from index.records import Where
from rag.answer import Answer, Turn
from rag.archive import Archive
from rag.assistant import Assistant
from rag.export import answer_json

Question = str | dict[str, Any]


class YoujuRetriever(BaseRetriever):
    """Passages of an index as LangChain documents, best first.

    Metadata: `id`, `doc`, `article`, `title`, `date`, `speaker`, `kind`, `flags`,
    `score`, and `spans`, the passage's places in the file.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    index: Any
    k: int = 10
    system: str = "fused"
    where: Any = None

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[Document]:
        where: Where | None = self.where
        hits = self.index.search(query, k=self.k, system=self.system, where=where)
        return [
            Document(
                id=hit.passage.id,
                page_content=hit.passage.text,
                metadata={
                    "id": hit.passage.id,
                    "doc": hit.passage.doc,
                    "article": hit.passage.article,
                    "title": hit.passage.title,
                    "date": hit.passage.date,
                    "speaker": hit.passage.speaker,
                    "kind": hit.passage.kind,
                    "flags": list(hit.passage.flags),
                    "spans": [[span.start, span.end] for span in hit.passage.spans],
                    "score": float(hit.score),
                },
            )
            for hit in hits
        ]


class YoujuChain(Runnable[Question, AIMessage]):
    """The whole of Youju as one step of a chain: a question in, a cited message out.

    The input is a question or `{"question": …, "history": [{"q": …, "a": …}]}`.
    The message's text is the answer; `response_metadata["youju"]` is the JSON of
    `youju ask --json`, with citations, ranking and verdicts. Streams.
    """

    def __init__(self, index: Archive, assistant: Assistant | None = None) -> None:
        self.assistant = assistant or Assistant(index)

    def invoke(self, input: Question, config: RunnableConfig | None = None, **kwargs: Any) -> AIMessage:
        return self._call_with_config(self._answered, input, config, run_type="chain")

    def stream(
        self, input: Question, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Iterator[AIMessage]:
        question, history = _read(input)
        for piece in self.assistant.stream(question, history):
            if isinstance(piece, Answer):
                yield AIMessageChunk(content="", response_metadata={"youju": answer_json(piece)})
            else:
                yield AIMessageChunk(content=piece)

    def _answered(self, input: Question) -> AIMessage:
        question, history = _read(input)
        answer = self.assistant.ask(question, history)
        return AIMessage(content=answer.text, response_metadata={"youju": answer_json(answer)})


def _read(question: Question) -> tuple[str, list[Turn]]:
    if isinstance(question, str):
        return question, []
    if not isinstance(question.get("question"), str):
        raise ValueError(
            "expected a question or {'question': …, 'history': [{'q': …, 'a': …}]}, "
            f"got keys {sorted(question)}"
        )
    turns = [Turn(str(turn["q"]), str(turn["a"])) for turn in question.get("history") or ()]
    return question["question"], turns
