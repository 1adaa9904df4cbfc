"""Runs: what one system found and said for each question, and the file they are kept in.

A run file has one JSON a line, as `youju batch` writes it, so that every
version of the program, and any other program, can be compared:

    {"id", "answer", "refused", "confidence", "seconds",
     "citations": [{"doc", "spans": [[start, end], …], "text"}],
     "passages": [{"id", "doc", "spans", "text", "score"}]}
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from index.document import Passage, Span, YoujuError
from rag.answer import Answer


class RunError(YoujuError):
    """A run file is not what it should be; the message names file, line and fix."""


@dataclass(frozen=True, slots=True)
class Retrieved:
    """A passage in a ranking, as far as judging needs it."""

    id: str
    doc: str
    spans: tuple[Span, ...]
    score: float
    text: str = ""

    @property
    def length(self) -> int:
        """Characters of the passage."""
        return sum(len(span) for span in self.spans)


@dataclass(frozen=True, slots=True)
class Cited:
    """Characters of a document that an answer cites; `text` is what the reader was shown."""

    doc: str
    spans: tuple[Span, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Response:
    """What was said. `confidence` is higher the surer the program was; None where a run does not tell."""

    answer: str
    refused: bool
    citations: tuple[Cited, ...] = ()
    confidence: float | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """Ranking, best first, and response for one question."""

    ranking: tuple[Retrieved, ...] = ()
    response: Response | None = None
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """Results by question id; a question that is not in it was missed."""

    name: str
    results: Mapping[str, Result] = field(default_factory=dict)

    def of(self, question: str) -> Result:
        """The result of a question, empty when the run missed it."""
        return self.results.get(question, Result())


def retrieved(passage: Passage, score: float) -> Retrieved:
    """A ranked passage of an index."""
    return Retrieved(passage.id, passage.doc, passage.spans, score, passage.text)


def response_of(answer: Answer) -> Response:
    """An answer of the assistant as it is judged."""
    cited = tuple(Cited(item.doc, item.spans, item.text) for item in answer.citations)
    return Response(answer.text, answer.refused, cited, answer.confidence)


def save(path: Path, run: Run) -> None:
    """Write a run file."""
    lines = [json.dumps(_form(id_, result), ensure_ascii=False) for id_, result in run.results.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def load(path: Path) -> Run:
    """Read a run file. Raises RunError with the line that is wrong."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise RunError(f"{path}: cannot read run: {error}") from error
    results: dict[str, Result] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            form = json.loads(line)
            results[str(form["id"])] = _result(form)
        except (ValueError, KeyError, TypeError) as error:
            raise RunError(
                f"{path}:{number}: not a line of a run ({error!r}); write runs with "
                "`youju batch` or `youju eval --save`"
            ) from error
    return Run(path.stem, results)


def _form(id_: str, result: Result) -> dict[str, object]:
    form: dict[str, object] = {"id": id_, "seconds": round(result.seconds, 6)}
    if result.response is not None:
        form |= {
            "answer": result.response.answer,
            "refused": result.response.refused,
            "confidence": result.response.confidence,
            "citations": [
                {"doc": cited.doc, "spans": _pairs(cited.spans), "text": cited.text}
                for cited in result.response.citations
            ],
        }
    form["passages"] = [
        {"id": hit.id, "doc": hit.doc, "spans": _pairs(hit.spans), "text": hit.text, "score": hit.score}
        for hit in result.ranking
    ]
    return form


def _result(form: Mapping[str, Any]) -> Result:
    ranking = tuple(
        Retrieved(
            str(hit["id"]), str(hit["doc"]), _spans(hit["spans"]), float(hit["score"]), hit.get("text", "")
        )
        for hit in form["passages"]
    )
    seconds = form.get("seconds")
    # `youju batch` writes the seconds of each stage
    if isinstance(seconds, Mapping):
        seconds = sum(float(value) for value in seconds.values())
    return Result(ranking, _response(form), float(seconds or 0.0))


def _response(form: Mapping[str, Any]) -> Response | None:
    if "answer" not in form:
        return None
    cited = tuple(
        Cited(str(item["doc"]), _spans(item["spans"]), str(item["text"])) for item in form["citations"]
    )
    confidence = form.get("confidence")
    return Response(
        str(form["answer"]),
        form["refused"] is True,
        cited,
        None if confidence is None else float(confidence),
    )


def _pairs(spans: Iterable[Span]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]


def _spans(pairs: Iterable[Iterable[int]]) -> tuple[Span, ...]:
    return tuple(Span(*map(int, pair)) for pair in pairs)
