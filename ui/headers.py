"""The headers that every answer carries, the content security policy among them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

REPORT_POLICY = (  # the report runs its language switch in a sandbox that can reach nothing
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'; sandbox allow-scripts"
)


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


def headed(send: Send, allowed: str) -> Send:
    """Adds the headers that every answer carries."""
    ours = {
        b"content-security-policy": allowed.encode(),
        b"x-content-type-options": b"nosniff",
        # Nothing leaves for elsewhere; without any referrer a form of ours would come with the origin `null`.
        b"referrer-policy": b"same-origin",
        b"cross-origin-opener-policy": b"same-origin",
        b"cross-origin-resource-policy": b"same-origin",
        b"permissions-policy": b"camera=(), microphone=(), geolocation=()",
    }

    async def dressed(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [pair for pair in message["headers"] if pair[0].lower() not in ours]
            message["headers"] = [*kept, *ours.items()]
        await send(message)

    return dressed


def paged(send: Send, nonce: str, language: str) -> Send:
    """Holds Gradio's page back until it is whole, and sends it dressed as ours."""
    from ui.render import dress

    start: Message = {}
    chunks: list[bytes] = []

    async def dressed(message: Message) -> None:
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
