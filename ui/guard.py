"""The guard before page, API and MCP: who may enter, from where, how much, and under which policy.

It is plain ASGI, so that streams pass through untouched. Gradio has many routes that the page never uses;
only those it needs are let through.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote, urlsplit

from ui.auth import Gate, is_loopback

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

MOST_BODY = 8 * 1024 * 1024  # bytes of a request; files have their own bound
MOST_FILE = 110 * 1024 * 1024  # bytes of an upload with its wrapping
_PAGE = re.compile(r"/(zh|en)/?")
_GRADIO = re.compile(r"/(?:zh|en)/(?P<rest>.*)", re.DOTALL)
_USED = re.compile(
    r"(?:|theme\.css|config/?|favicon\.ico|manifest\.json|(?:assets|static)/[\w./-]+"
    r"|gradio_api/(?:queue/(?:join|data)/?|run/[\w-]+/?|heartbeat/\w+|startup-events|cancel|reset/?"
    r"|upload(?:_progress)?|info/?|theme\.css))"
)
_UPLOADS = re.compile(r"/(?:(?:zh|en)/gradio_api/upload|api/documents)/?")
_OPEN = re.compile(r"/login|/web/[\w./-]+|/api/health")
REPORT_POLICY = (  # the report runs its language switch in a sandbox that can reach nothing
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'; sandbox allow-scripts"
)
_MOVING = re.compile(r"\.\.|%|\\")


class Guard:
    """ASGI middleware that answers for itself whatever must not reach the application."""

    def __init__(self, app: App, *, gate: Gate) -> None:
        self.app = app
        self.gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await self.app(scope, receive, send)
            return
        headers = {
            name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        refused = self._refusal(scope, headers)
        if refused is not None:
            await _problem(send, *refused, html=_wants_page(headers), path=scope["path"])
            return
        nonce = secrets.token_urlsafe(16)
        if _PAGE.fullmatch(scope["path"]):
            scope["headers"] = [pair for pair in scope["headers"] if pair[0].lower() != b"accept-encoding"]
            send = _page_send(send, nonce, scope["path"].strip("/"))
        allowed = REPORT_POLICY if scope["path"] == "/report" else policy(nonce)
        await self.app(scope, _bounded(receive, _limit(scope["path"])), _headed(send, allowed))

    def _refusal(self, scope: Scope, headers: dict[str, str]) -> tuple[int, str] | None:
        """A status and what to say, or None when the request may pass."""
        path = scope["path"]
        if not self._host_known(headers.get("host", "")):
            return 421, "this server does not answer for that host"
        if not _origin_same(headers):
            return 403, "requests from another site are not answered"
        if not _OPEN.fullmatch(path) and not self.gate.admits(headers):
            return 401, "a token or password is needed"
        gradio = _GRADIO.fullmatch(path)
        if gradio and (not _USED.fullmatch(gradio["rest"]) or _MOVING.search(unquote(gradio["rest"]))):
            return (403, "not served here")
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > _limit(path):
            return 413, f"at most {_limit(path):,} bytes are taken"
        return None

    def _host_known(self, host: str) -> bool:
        """On loopback only names of this machine are answered, so that no other name can be pointed at us."""
        if not is_loopback(self.gate.host):
            return True
        name = urlsplit(f"//{host}").hostname or ""
        return is_loopback(name)


def _origin_same(headers: dict[str, str]) -> bool:
    """A browser's request must come from our own page: Origin, when sent, names our Host."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != headers.get("host", ""):
        return False
    return (
        headers.get("sec-fetch-site", "none") not in {"cross-site"}
        or headers.get("sec-fetch-mode") == "navigate"
    )


def _limit(path: str) -> int:
    return MOST_FILE if _UPLOADS.fullmatch(path) else MOST_BODY


def _wants_page(headers: dict[str, str]) -> bool:
    return "text/html" in headers.get("accept", "")


def _bounded(receive: Receive, limit: int) -> Receive:
    """Counts the body as it comes; a body without a true length ends at the limit."""
    seen = 0

    async def counted() -> MutableMapping[str, Any]:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > limit:
            return {"type": "http.disconnect"}
        return message

    return counted


def policy(nonce: str) -> str:
    """The content security policy: inline script needs the nonce of this very response.

    Gradio compiles its component templates in the browser, hence `unsafe-eval`.
    """
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
            "style-src 'self' 'unsafe-inline'",
            "img-src 'self' data: blob:",
            "font-src 'self' data:",
            "connect-src 'self'",
            "worker-src 'self' blob:",
            "frame-src 'self'",
            "manifest-src 'self'",
            "form-action 'self'",
            "base-uri 'self'",
            "frame-ancestors 'none'",
        )
    )


def _headed(send: Send, allowed: str) -> Send:
    """Adds the headers that every answer carries."""
    ours = {
        b"content-security-policy": allowed.encode(),
        b"x-content-type-options": b"nosniff",
        b"referrer-policy": b"no-referrer",
        b"cross-origin-opener-policy": b"same-origin",
        b"cross-origin-resource-policy": b"same-origin",
        b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    }

    async def headed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0].lower() not in ours]
            message["headers"] = [*kept, *ours.items()]
        await send(message)

    return headed


def _page_send(send: Send, nonce: str, language: str) -> Send:
    """Holds Gradio's page back until it is whole, and sends it dressed as ours."""
    from ui.render import dress

    start: MutableMapping[str, Any] = {}
    chunks: list[bytes] = []

    async def dressed(message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            start.update(message)
            return
        chunks.append(message.get("body", b""))
        if message.get("more_body"):
            return
        body = b"".join(chunks)
        if start["status"] == 200:
            body = dress(body.decode(), language, nonce).encode()
        kept = [pair for pair in start["headers"] if pair[0].lower() != b"content-length"]
        start["headers"] = [*_without_cache(kept), (b"content-length", str(len(body)).encode())]
        await send(start)
        await send({"type": "http.response.body", "body": body})

    return dressed


def _without_cache(headers: Iterable[tuple[bytes, bytes]]) -> list[tuple[bytes, bytes]]:
    return [pair for pair in headers if pair[0].lower() != b"cache-control"] + [
        (b"cache-control", b"no-store")
    ]


async def _problem(send: Send, status: int, detail: str, *, html: bool, path: str) -> None:
    """The refusal: a problem (RFC 9457) for programs, the way to the login for browsers."""
    import json

    if status == 401 and html:
        await _respond(send, 303, b"", [(b"location", b"/login")])
        return
    body = json.dumps({"type": "about:blank", "title": detail, "status": status, "instance": path}).encode()
    headers = [(b"content-type", b"application/problem+json")]
    if status == 401:
        headers.append((b"www-authenticate", b'Bearer realm="youju", charset="UTF-8"'))
    await _respond(send, status, body, headers)


async def _respond(send: Send, status: int, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    start = {"type": "http.response.start", "status": status, "headers": [*headers, length]}
    await _headed(send, policy("none"))(start)
    await send({"type": "http.response.body", "body": body})
