"""The guard before page, API and MCP: who may enter, from where, how much, and under which policy.

It is plain ASGI, so that streams pass through untouched. Gradio has many routes that the page never uses;
only those it needs are let through.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from enum import StrEnum
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ui.auth import Gate, is_loopback
from ui.body import BodyError, GoneError, Inbox, patient, whole
from ui.headers import REPORT_POLICY, App, Receive, Scope, Send, headed, paged, policy
from ui.limits import STANDARD, FullError, Limits, Rate, make_room
from ui.lines import Lines, full_as_429
from ui.problems import problem

_PAGE = re.compile(r"/(zh|en)/?")
_GRADIO = re.compile(r"/(?:zh|en)/(?P<rest>.*)", re.DOTALL)
_ASSET = re.compile(r"(?:|theme\.css|config/?|favicon\.ico|manifest\.json|(?:assets|static)/[\w./-]+)")
_EVENT = re.compile(
    r"gradio_api/(?:queue/join/?|run/[\w-]+/?|startup-events|cancel|reset/?|info/?|theme\.css)"
)
_STREAM = re.compile(r"gradio_api/(?:queue/data/?|heartbeat/\w+|upload_progress)")
_UPLOAD = re.compile(r"gradio_api/upload/?")
_QUESTION = re.compile(r"/api/ask|/v1/chat/completions|/mcp")
_OPEN = re.compile(r"/login|/web/[\w./-]+|/api/health")
_MOVING = re.compile(r"\.\.|%|\\")


class Kind(StrEnum):
    """What a request asks of us, and so which bounds it has."""

    ASSET = "asset"  # files of the page; many at once are usual
    STREAM = "stream"  # kept open for a page
    UPLOAD = "upload"
    QUESTION = "question"
    OTHER = "other"
    CLOSED = "closed"  # a route of Gradio's that is not served here


class RefusalError(Exception):
    """The request does not reach the application; `seconds` says when to come again, 0 for never."""

    def __init__(self, status: int, detail: str, seconds: float = 0.0) -> None:
        super().__init__(detail)
        self.status = status
        self.seconds = seconds


class Guard:
    """ASGI middleware that answers for itself whatever must not reach the application."""

    def __init__(
        self, app: App, *, gate: Gate, limits: Limits = STANDARD, uploads: Path | None = None
    ) -> None:
        self.app = app
        self.gate = gate
        self.limits = limits
        self.uploads = uploads  # folder of files that were uploaded and not yet taken in
        self._lines = Lines(limits)
        self._questions = Rate(limits.question_rate, limits.question_burst)
        self._requests = Rate(limits.request_rate, limits.request_burst)
        self._failures = Rate(limits.failure_rate, limits.failure_burst)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            await receive()
            await send({"type": "websocket.close", "code": 1008})
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        nonce = secrets.token_urlsafe(16)
        allowed = REPORT_POLICY if scope["path"] == "/report" else policy(nonce)
        send = headed(send, allowed)
        try:
            kind = self._admit(scope, headers)
            receive = await self._received(kind, headers, receive)
            await self._passed(kind, scope, receive, send, nonce)
        except GoneError:
            return
        except RefusalError as refusal:
            await self._refuse(refusal, scope, headers, send)
        except BodyError as error:
            await self._refuse(RefusalError(error.status, str(error)), scope, headers, send)
        except FullError as full:
            busy = RefusalError(429, "too many requests at once; come again", full.seconds)
            await self._refuse(busy, scope, headers, send)

    def _admit(self, scope: Scope, headers: dict[str, str]) -> Kind:
        """The one decision for page, API and MCP. Raises RefusalError."""
        path, client = scope["path"], _client(scope)
        if not self._host_known(headers.get("host", "")):
            raise RefusalError(421, "this server does not answer for that host")
        if not _origin_same(headers):
            raise RefusalError(403, "requests from another site are not answered")
        if not _OPEN.fullmatch(path):
            self._authorise(client, headers)
        kind = kind_of(path)
        if kind is Kind.CLOSED:
            raise RefusalError(403, "not served here")
        if kind in (Kind.QUESTION, Kind.UPLOAD, Kind.OTHER):
            rate = self._requests if kind is Kind.OTHER else self._questions
            if seconds := rate.take(client):
                raise RefusalError(429, "too many requests from this address", seconds)
        return kind

    def _authorise(self, client: str, headers: dict[str, str]) -> None:
        if not self.gate.closed:
            return
        if seconds := self._failures.wait(client):
            raise RefusalError(429, "too many wrong secrets from this address", seconds)
        if self.gate.admits(headers):
            return
        if "authorization" in headers:
            self._failures.take(client)
        raise RefusalError(401, "a token or password is needed")

    def _host_known(self, host: str) -> bool:
        """On loopback only names of this machine are answered, so that no other name can be pointed at us."""
        if not is_loopback(self.gate.host):
            return True
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return is_loopback(name)

    async def _received(self, kind: Kind, headers: dict[str, str], receive: Receive) -> Receive:
        """The body within its bounds: whole, but for files. Raises BodyError, RefusalError and GoneError."""
        limits = self.limits
        most = limits.upload if kind is Kind.UPLOAD else limits.body
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > most:
            raise BodyError(413, f"at most {most:,} bytes are taken")
        if kind is not Kind.UPLOAD:
            return Inbox(await whole(receive, most=most, seconds=limits.body_time), receive)
        if "transfer-encoding" in headers:
            raise BodyError(411, "files are taken with a Content-Length only")
        if self.uploads is not None:
            fits = await asyncio.to_thread(make_room, self.uploads, int(length), limits.unused_uploads)
            if not fits:
                raise RefusalError(429, "too many uploaded files wait to be taken in", 60.0)
        return patient(receive, limits.upload_time)

    async def _passed(self, kind: Kind, scope: Scope, receive: Receive, send: Send, nonce: str) -> None:
        """To the application, in its turn. Raises FullError and RefusalError."""
        path = scope["path"]
        if _PAGE.fullmatch(path):
            scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
            scope["query_string"] = (
                b""  # Gradio reads names of pages and sessions there, and fails on unknown ones
            )
            send = paged(send, nonce, path.strip("/"))
        if kind is Kind.QUESTION and isinstance(receive, Inbox):
            if not await self._lines.question(self.app, scope, receive, send):
                raise RefusalError(504, f"no answer within {self.limits.deadline:.0f} s", 5.0)
        elif kind is Kind.ASSET:
            await self.app(scope, receive, send)
        else:
            async with self._lines.of(kind).turn():
                await self.app(scope, receive, full_as_429(send, scope))

    async def _refuse(self, refusal: RefusalError, scope: Scope, headers: dict[str, str], send: Send) -> None:
        """A problem (RFC 9457) for programs, the way to the login for browsers."""
        if refusal.status == 401 and "text/html" in headers.get("accept", ""):
            await send({"type": "http.response.start", "status": 303, "headers": [(b"location", b"/login")]})
            await send({"type": "http.response.body", "body": b""})
            return
        answer = problem(refusal.status, str(refusal), str(refusal), scope["path"], seconds=refusal.seconds)
        if refusal.status == 401:
            answer.headers["www-authenticate"] = 'Bearer realm="youju", charset="UTF-8"'
        if refusal.status in (408, 411, 413):
            answer.headers["connection"] = "close"  # the rest of the body is not read
        await answer(scope, _nothing, send)


def kind_of(path: str) -> Kind:
    """What a path asks for; everything of Gradio's that the page does not use is closed."""
    if _QUESTION.fullmatch(path):
        return Kind.QUESTION
    if path.rstrip("/") == "/api/documents":
        return Kind.UPLOAD
    if path == "/api/health" or path.startswith("/web/"):
        return Kind.ASSET
    gradio = _GRADIO.fullmatch(path)
    if gradio is None:
        return Kind.OTHER
    rest = gradio["rest"]
    if _MOVING.search(unquote(rest)):
        return Kind.CLOSED
    named = ((_ASSET, Kind.ASSET), (_EVENT, Kind.OTHER), (_STREAM, Kind.STREAM), (_UPLOAD, Kind.UPLOAD))
    return next((kind for pattern, kind in named if pattern.fullmatch(rest)), Kind.CLOSED)


def _origin_same(headers: dict[str, str]) -> bool:
    """A browser's request must come from our own page: Origin, when sent, names our Host."""
    origin = headers.get("origin")
    try:
        if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
            return False
    except ValueError:
        return False
    return (
        headers.get("sec-fetch-site", "none") not in {"cross-site"}
        or headers.get("sec-fetch-mode") == "navigate"
    )


def _client(scope: Scope) -> str:
    return str(scope["client"][0]) if scope.get("client") else ""


async def _nothing() -> dict[str, object]:
    return {"type": "http.disconnect"}
