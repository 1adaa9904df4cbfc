"""Errors of the HTTP API as problem details (RFC 9457)."""

from __future__ import annotations

import json
from math import ceil
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from index.document import (
    IndexBusy,
    IndexDamaged,
    IndexMismatch,
    IndexMissing,
    ModelError,
    ReadError,
    StoreUnavailable,
    YoujuError,
)
from index.union import ArchiveError
from ui.asking import BusyError, QuestionError
from ui.exchange import ExchangeError
from ui.intake import TooManyError
from ui.translation import told
from ui.words import preferred

MEDIA = "application/problem+json"
_STATUS: tuple[tuple[type[YoujuError], int, str], ...] = (
    (QuestionError, 422, "question cannot be taken"),
    (ExchangeError, 422, "exchange cannot be read"),
    (TooManyError, 413, "too many files"),
    (BusyError, 429, "too many questions"),
    (ReadError, 422, "document cannot be read"),
    (ArchiveError, 422, "no such archive"),
    (IndexMissing, 503, "no index"),
    (IndexDamaged, 503, "index damaged"),
    (IndexMismatch, 503, "index of another model"),
    (IndexBusy, 409, "index is being written"),
    (StoreUnavailable, 503, "the index's server does not answer"),
    (ModelError, 503, "model unavailable"),
)


def status_of(error: YoujuError) -> tuple[int, str]:
    """HTTP status and short title of one of our errors."""
    return next(
        ((status, title) for kind, status, title in _STATUS if isinstance(error, kind)), (500, "failed")
    )


def problem(
    status: int, title: str, detail: str, path: str = "", *, seconds: float = 5.0, **more: Any
) -> Response:
    """A problem as a response; `about:blank` says that the status tells the kind.

    What may be tried again says after how many `seconds`.
    """
    body = {
        "type": "about:blank",
        "title": title,
        "status": status,
        "detail": detail,
        "instance": path,
        **more,
    }
    headers = {"retry-after": str(max(ceil(seconds), 1))} if status in (429, 503, 504) else None
    return Response(json.dumps(body, ensure_ascii=False), status, headers, media_type=MEDIA)


def install(app: FastAPI) -> None:
    """Make every error of the application a problem."""
    app.add_exception_handler(YoujuError, _ours)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


async def _ours(request: Request, error: Exception) -> Response:
    status, title = status_of(error) if isinstance(error, YoujuError) else (500, "failed")
    code = language_of(request.headers.get("accept-language", ""))
    detail = told(code, error) if isinstance(error, YoujuError) else ""
    return problem(status, title, detail, request.url.path)


def language_of(accepted: str) -> str:
    """The language of a problem's detail: English where none is asked for, as programs read it."""
    return preferred(accepted).code if accepted else "en"


async def _invalid(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    errors = [
        {"at": ".".join(str(part) for part in item["loc"]), "message": str(item["msg"])[:200]}
        for item in found[:20]
    ]
    return problem(422, "request cannot be read", "see `errors`", request.url.path, errors=errors)


async def _http(request: Request, error: Exception) -> Response:
    if not isinstance(error, HTTPException):
        return problem(500, "failed", "", request.url.path)
    found = problem(error.status_code, str(error.detail), str(error.detail), request.url.path)
    found.headers.update(error.headers or {})
    return found
