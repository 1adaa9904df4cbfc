"""The HTTP API. Every answer of it is JSON, or a stream of events where that was asked for."""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, File, Header, HTTPException, Query, Request, UploadFile
from starlette.responses import Response

from index.document import Passage, YoujuError
from index.search import System, Where
from index.verdicts import Summary
from rag.answer import Turn
from ui import asking, intake, schema
from ui.archive import Archive, Opened
from ui.auth import Gate
from ui.exchange import HISTORY
from ui.problems import language_of, problem, status_of
from ui.streams import Events
from ui.translation import told
from ui.words import preferred

ABOUT = (
    "Questions to an archive of Chinese documents, answered from the documents alone. Every sentence cites "
    "exact characters of the original; offsets count characters of the decoded file. Errors are problem "
    "details (RFC 9457)."
)
CONTEXT = 300  # characters shown on each side of a piece of evidence
MOST_QUOTED = 5_000  # characters of one piece of evidence
_PROBLEM: dict[str, Any] = {
    "description": "Problem details (RFC 9457)",
    "content": {"application/problem+json": {}},
}
PROBLEMS: dict[int | str, dict[str, Any]] = dict.fromkeys((400, 401, 404, 409, 413, 422, 429, 503), _PROBLEM)
_STREAM: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/event-stream": {"example": 'event: text\ndata: {"text": "5月17日"}\n\n'}}}
}


def router(archive: Archive, gate: Gate) -> APIRouter:
    """All routes under /api over one archive."""
    routes = APIRouter(prefix="/api", responses=PROBLEMS)
    _health(routes, archive, gate)
    _asking(routes, archive)
    _search(routes, archive)
    _documents(routes, archive)
    _evidence(routes, archive)
    return routes


def _health(routes: APIRouter, archive: Archive, gate: Gate) -> None:
    @routes.get("/health", tags=["state"], summary="Whether questions can be answered")
    def health(request: Request) -> schema.HealthOut:
        from importlib.metadata import PackageNotFoundError, version

        try:
            installed = version("youju")
        except PackageNotFoundError:
            installed = ""
        try:
            with archive.lease() as opened:
                documents, _, passages = opened.counts
                fingerprint = opened.index.fingerprint
                archives = [schema.archive_out(held) for held in opened.held]
        except YoujuError as error:
            return schema.HealthOut(status="no index", version=installed, detail=type(error).__name__)
        if not gate.admits(request.headers):  # this door is open to all, the archive is not
            return schema.HealthOut(status="ok", version=installed)
        return schema.HealthOut(
            status="ok",
            version=installed,
            documents=documents,
            passages=passages,
            fingerprint=fingerprint,
            archives=archives,
        )


def _asking(routes: APIRouter, archive: Archive) -> None:
    @routes.post(
        "/ask",
        tags=["ask"],
        summary="One cited answer, as JSON or as a stream of events",
        response_model=schema.AnswerOut,
        responses=_STREAM,
    )
    def ask(
        body: schema.Question,
        request: Request,
        accept: Annotated[str, Header(max_length=1000)] = "",
        accept_language: Annotated[str, Header(max_length=1000)] = "",
    ) -> schema.AnswerOut | Response:
        wanted = checked(body, preferred(accept_language).code)
        if "text/event-stream" not in accept:
            return finished_out(asking.ask(archive, wanted), body.id)
        code = body.language or language_of(accept_language)
        return Events(_events(archive, wanted, body.id, request.url.path, code))


def checked(body: schema.Question, language: str = "") -> asking.Asking:
    """The question of a request, bounded; refusals and remarks in a language. Raises QuestionError."""
    return asking.Asking(
        question=asking.check_question(body.question),
        history=tuple(Turn(question=turn.q, answer=turn.a) for turn in body.history[-HISTORY:]),
        where=asking.check_where(body.where.docs, body.where.since, body.where.until),
        archives=asking.check_archives(body.where.archives),
        k=asking.check_k(body.k),
        undo=asking.check_undo(body.undo),
        language=body.language or language,
        door="api",
    )


def finished_out(finished: asking.Finished, given: str = "") -> schema.AnswerOut:
    """An answer with its ranking."""
    ranking = [schema.passage_out(ranked.passage, ranked.score) for ranked in finished.answer.ranking]
    return schema.answer_out(finished.exchange, ranking, given)


def _events(
    archive: Archive, wanted: asking.Asking, given: str, path: str, code: str
) -> Generator[str, None, None]:
    """`text` events as the answer grows, then one `answer`; or a `problem`."""
    import json

    try:
        for piece in asking.stream(archive, wanted):
            if isinstance(piece, asking.Finished):
                yield f"event: answer\ndata: {finished_out(piece, given).model_dump_json()}\n\n"
            else:
                yield f"event: text\ndata: {json.dumps({'text': piece}, ensure_ascii=False)}\n\n"
    except YoujuError as error:
        body = bytes(problem(*status_of(error), told(code, error), path).body).decode()
        yield f"event: problem\ndata: {body}\n\n"


def _search(routes: APIRouter, archive: Archive) -> None:
    @routes.get("/search", tags=["search"], summary="The best passages for a question")
    def search(
        q: Annotated[str, Query(min_length=1, max_length=asking.LONGEST_QUESTION, examples=["大桥通车"])],
        k: Annotated[int, Query(ge=1, le=asking.MOST_PASSAGES)] = 10,
        system: System = "fused",
        doc: Annotated[list[str] | None, Query(max_length=asking.MOST_DOCUMENTS)] = None,
        since: Annotated[str, Query(pattern=schema.DATE)] = "",
        until: Annotated[str, Query(pattern=schema.DATE)] = "",
        archive_: Annotated[list[str] | None, Query(alias="archive", max_length=asking.MOST_ARCHIVES)] = None,
    ) -> schema.PassagesOut:
        question = asking.check_question(q)
        where: Where | None = asking.check_where(doc or [], since, until)
        with archive.lease() as opened:
            chosen = opened.view(asking.check_archives(archive_ or []))
            hits = chosen.search(question, k=k, system=system, where=where)
        found = [schema.passage_out(hit.passage, hit.score) for hit in hits]
        return schema.PassagesOut(question=question, system=system, passages=found)

    @routes.get("/articles", tags=["documents"], summary="Articles of one document or of all")
    def articles(
        doc: Annotated[str, Query(max_length=1000)] = "",
        offset: Annotated[int, Query(ge=0, le=10**9)] = 0,
        limit: Annotated[int, Query(ge=1, le=1000)] = 1000,
    ) -> list[schema.ArticleOut]:
        with archive.lease() as opened:
            if doc:
                _known(opened, doc)
            found = opened.index.articles(doc)[offset : offset + limit]
        return [schema.article_out(article) for article in found]


def _documents(routes: APIRouter, archive: Archive) -> None:
    @routes.get("/documents", tags=["documents"], summary="Every document of the archive")
    def documents() -> list[schema.DocumentOut]:
        with archive.lease() as opened:
            copies = opened.copies
            return [schema.document_out(card, copies.get(card.id)) for card in opened.cards.values()]

    @routes.post("/documents", tags=["documents"], summary="Add files; a verdict for each", status_code=201)
    def add(
        files: Annotated[list[UploadFile], File(max_length=intake.MOST_FILES)],
        archive_: Annotated[str, Query(alias="archive", max_length=200)] = "",
    ) -> schema.SummaryOut:
        with tempfile.TemporaryDirectory(prefix="youju-") as place:
            kept = [(file.filename or "file", _spool(file, Path(place), n)) for n, file in enumerate(files)]
            return summary_out(intake.take_in(archive, kept, into=archive_))

    @routes.delete("/documents/{doc:path}", tags=["documents"], summary="Delete a document")
    def delete(doc: str) -> schema.SummaryOut:
        with archive.lease() as opened:
            _known(opened, doc)
        return summary_out(intake.take_out(archive, [doc]))


def _spool(file: UploadFile, place: Path, number: int) -> Path:
    import shutil

    target = place / str(number)
    with target.open("wb") as handle:
        shutil.copyfileobj(file.file, handle)
    return target


def summary_out(summary: Summary) -> schema.SummaryOut:
    """What became of the files that an update spoke of."""
    verdicts = [
        schema.VerdictOut(
            doc=verdict.doc,
            status=verdict.status.value,
            message=verdict.message,
            articles=verdict.articles,
            passages=verdict.passages,
        )
        for verdict in summary.verdicts
    ]
    return schema.SummaryOut(
        files=verdicts,
        documents=summary.documents,
        passages=summary.passages,
        seconds=round(summary.seconds, 3),
    )


def _evidence(routes: APIRouter, archive: Archive) -> None:
    @routes.get(
        "/evidence", tags=["search"], summary="The original characters at a place, with their surroundings"
    )
    def evidence(
        doc: Annotated[str, Query(min_length=1, max_length=1000)],
        start: Annotated[int, Query(ge=0, lt=2**40)],
        end: Annotated[int, Query(ge=0, lt=2**40)],
    ) -> schema.EvidenceOut:
        with archive.lease() as opened:
            _known(opened, doc)
            return evidence_out(opened, doc, start, end)


def evidence_out(opened: Opened, doc: str, start: int, end: int) -> schema.EvidenceOut:
    """Evidence for the API. Raises QuestionError for a place that is not in the document."""
    text = opened.index.text(doc)
    if not start < end <= len(text) or end - start > MOST_QUOTED:
        raise asking.QuestionError(
            f"expected 0 <= start < end <= {len(text)} and at most {MOST_QUOTED} characters, "
            f"got [{start}, {end})"
        )
    card = opened.cards[doc]
    inside = next(
        (passage for passage in opened.index.passages.of_document(doc) if _holds(passage, start)), None
    )
    return schema.EvidenceOut(
        doc=doc,
        start=start,
        end=end,
        quotation=text[start:end],
        before=text[max(start - CONTEXT, 0) : start],
        after=text[end : end + CONTEXT],
        article=inside.article if inside else "",
        title=inside.title if inside else "",
        newspaper=card.source.newspaper,
        date=(inside.date if inside else "") or card.source.date,
        page=card.source.page,
        sha256=card.sha256,
        fingerprint=opened.index.fingerprint,
    )


def _holds(passage: Passage, place: int) -> bool:
    return any(span.start <= place < span.end for span in passage.spans)


def _known(opened: Opened, doc: str) -> None:
    if doc not in opened.cards:
        raise HTTPException(404, "no such document")
