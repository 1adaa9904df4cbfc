"""An OpenAI-compatible door: existing clients point at us and get answers with citations.

The model is the archive; where there are several, `youju` asks all of them and `youju/NAME` one of them. A
system message is not followed: answers come from the documents alone.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header
from pydantic import BaseModel, Field
from starlette.responses import JSONResponse, Response

from index.document import YoujuError
from rag.answer import Turn
from rag.inert import inert, unmarked
from ui import asking
from ui.api import PROBLEMS, finished_out
from ui.archive import Archive
from ui.exchange import HISTORY, Exchange, Mark, new_key
from ui.problems import status_of
from ui.streams import Events
from ui.words import preferred

MODEL = "youju"
_ERRORS: dict[int | str, dict[str, Any]] = {  # in the form that clients of that kind read
    status: {**described, "content": {**described["content"], "application/json": {}}}
    for status, described in PROBLEMS.items()
}
_PIECE = 24  # characters of one piece of a stream whose text was there at once


class Part(BaseModel):
    """A part of a message; only text is read."""

    type: str = "text"
    text: str = Field(default="", max_length=20_000)


class Message(BaseModel):
    """A message of the conversation."""

    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: str | list[Part] | None = None

    @property
    def text(self) -> str:
        """The message's text, its parts joined."""
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class StreamOptions(BaseModel):
    """Whether the last piece of a stream counts tokens."""

    include_usage: bool = False


class Completion(BaseModel):
    """A request. Members we have no use for (temperature and the like) are taken and left alone."""

    model: str = MODEL
    messages: list[Message] = Field(min_length=1, max_length=200)
    stream: bool = False
    stream_options: StreamOptions | None = None
    n: int = Field(default=1, ge=1, le=1)


def router(archive: Archive) -> APIRouter:
    """All routes under /v1."""
    routes = APIRouter(prefix="/v1", tags=["OpenAI-compatible"], responses=_ERRORS)

    @routes.get("/models", summary="The one model: the archive")
    def models() -> dict[str, Any]:
        return {
            "object": "list",
            "data": [
                {"id": name, "object": "model", "created": 0, "owned_by": "youju"}
                for name in (MODEL, *(f"{MODEL}/{name}" for name in archive.names))
            ],
        }

    @routes.post("/chat/completions", summary="A cited answer in the form of a chat completion")
    def complete(body: Completion, accept_language: Annotated[str, Header(max_length=1000)] = "") -> Response:
        try:
            wanted = asking_of(body.messages, body.model, preferred(accept_language).code)
            if body.stream:
                usage = bool(body.stream_options and body.stream_options.include_usage)
                chunks = _chunks(archive, wanted, usage=usage)
                return Events(chunks)
            return JSONResponse(_completion(asking.ask(archive, wanted)))
        except YoujuError as error:
            return _failed(error)

    return routes


def asking_of(messages: Sequence[Message], model: str = MODEL, language: str = "") -> asking.Asking:
    """The last message of the user is the question, the pairs before it its history. Raises QuestionError.

    The name of the model says which archive is asked.
    """
    spoken = [message for message in messages if message.role in {"user", "assistant"}]
    if not spoken or spoken[-1].role != "user":
        raise asking.QuestionError("the last message must come from the user")
    turns: list[Turn] = []
    question = ""
    for message in spoken[:-1]:
        if message.role == "user":
            question = message.text
        elif question:
            turns.append(Turn(question=question, answer=message.text))
            question = ""
    name = model.removeprefix(f"{MODEL}/")
    return asking.Asking(
        asking.check_question(spoken[-1].text),
        tuple(turns[-HISTORY:]),
        archives=(name,) if name != model else (),
        language=language,
        door="openai",
    )


def marked_text(exchange: Exchange) -> str:
    """The answer with [n] after each sentence, and the sources below it; what was struck is left out."""
    kept = [sentence for sentence in exchange.sentences if sentence.marks]
    if not kept:
        return exchange.text
    said = ""
    for sentence in kept:
        said += "\n\n" if sentence.breaks else ""
        said += sentence.text + "".join(f"[{number}]" for number in sentence.marks)
    return f"{said}\n\n{sources_text(exchange.marks)}"


def sources_text(marks: Sequence[Mark]) -> str:
    """One line per citation: number, title, newspaper and date, and the words themselves.

    A client may read Markdown: nothing in these lines points outside or passes for a citation.
    """
    lines = []
    for mark in marks:
        facts = "，".join(fact for fact in (mark.archive, mark.newspaper, mark.date, mark.file) if fact)
        title = f"《{mark.title}》" if mark.title else ""
        line = f"{title}{facts}：“{' '.join(mark.text.split())}”"
        lines.append(f"[{mark.number}] {unmarked(inert(line))}")
    return "\n".join(lines)


def _completion(finished: asking.Finished) -> dict[str, Any]:
    text = marked_text(finished.exchange)
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    return {
        **_head("chat.completion", new_key()),
        "choices": [choice],
        "usage": _usage(finished.exchange.question, text),
        "youju": finished_out(finished).model_dump(),
    }


def _chunks(archive: Archive, wanted: asking.Asking, *, usage: bool) -> Generator[str, None, None]:
    """A language model's pieces as they come, then the sources; an extractive answer with its marks."""
    key = new_key()
    live = bool(archive.settings.llm)
    yield _chunk(key, {"role": "assistant", "content": ""})
    try:
        for piece in asking.stream(archive, wanted):
            if isinstance(piece, str):
                if live:
                    yield _chunk(key, {"content": piece})
                continue
            shown = piece.exchange
            text = f"\n\n{sources_text(shown.marks)}" if live and shown.marks else marked_text(shown)
            if not (live and not shown.marks):
                yield from (_chunk(key, {"content": part}) for part in _parts(text))
            yield _chunk(key, {}, finish="stop", youju=finished_out(piece).model_dump())
            if usage:
                yield _event(
                    {
                        **_head("chat.completion.chunk", key),
                        "choices": [],
                        "usage": _usage(shown.question, text),
                    }
                )
    except YoujuError as error:
        yield _event(_error(error))
    yield "data: [DONE]\n\n"


def _parts(text: str) -> Iterator[str]:
    for start in range(0, len(text), _PIECE):
        yield text[start : start + _PIECE]


def _chunk(key: str, delta: dict[str, str], *, finish: str | None = None, **more: Any) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
    return _event({**_head("chat.completion.chunk", key), "choices": [choice], **more})


def _head(kind: str, key: str) -> dict[str, Any]:
    return {"id": f"chatcmpl-{key}", "object": kind, "created": int(time.time()), "model": MODEL}


def _usage(question: str, answer: str) -> dict[str, int]:
    """Characters, as there is no tokenizer to count with that a client would know."""
    return {
        "prompt_tokens": len(question),
        "completion_tokens": len(answer),
        "total_tokens": len(question) + len(answer),
    }


def _event(value: dict[str, Any]) -> str:
    return f"data: {json.dumps(value, ensure_ascii=False)}\n\n"


def _error(error: YoujuError) -> dict[str, Any]:
    status, title = status_of(error)
    kind = "invalid_request_error" if status < 500 else "server_error"
    return {"error": {"message": str(error), "type": kind, "code": title.replace(" ", "_"), "param": None}}


def _failed(error: YoujuError) -> Response:
    return JSONResponse(_error(error), status_of(error)[0])
