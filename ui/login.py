"""The login page of a server that others can reach."""

from __future__ import annotations

from math import ceil
from urllib.parse import parse_qs

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ui import render
from ui.auth import COOKIE, Gate
from ui.limits import Rate
from ui.words import preferred

MOST_FAILURES = 10  # wrong secrets a minute from one address
LONGEST = 4_096  # bytes of the form


def install(app: FastAPI, gate: Gate) -> None:
    """Add the login page; it does nothing where no secret is needed."""
    failures = Rate(MOST_FAILURES / 60, MOST_FAILURES)

    async def show(request: Request) -> Response:
        return _page(request, gate) if gate.closed else RedirectResponse("/", 303)

    async def enter(request: Request) -> Response:
        client = request.client.host if request.client else ""
        if seconds := failures.wait(client):
            return _page(request, gate, status=429, seconds=seconds)
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > LONGEST:
                return _page(request, gate, status=413)
        form = parse_qs(bytes(body).decode("utf-8", "replace"))
        name, secret = (form.get(field, [""])[0] for field in ("name", "secret"))
        if not gate.knows(name, secret):
            failures.take(client)
            return _page(request, gate, status=401)
        answer = RedirectResponse("/", 303)
        secure = request.url.scheme == "https"
        answer.set_cookie(COOKIE, gate.cookie(), httponly=True, samesite="strict", secure=secure, path="/")
        return answer

    app.add_route("/login", show, methods=["GET"])
    app.add_route("/login", enter, methods=["POST"])


def _page(request: Request, gate: Gate, *, status: int = 200, seconds: float = 0.0) -> Response:
    words = preferred(request.headers.get("accept-language", ""))
    page = render.login(words, named=bool(gate.passwords), failed=status != 200)
    again = {"retry-after": str(ceil(seconds))} if seconds else {}
    return HTMLResponse(page, status, {"cache-control": "no-store", **again})
