"""An OpenAI-compatible server on loopback that plays a language model by script, for the real client."""

from __future__ import annotations

import json
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import chain
from typing import Any

BREAK = "\x00break"  # a piece of a reply at which the connection is cut
RESET = "\x00reset"  # at which it is reset, as by a server that died
HANG = "\x00hang"  # at which nothing more comes until the script's server ends
RAW = "\x00raw"  # what follows in the piece is sent as it stands
STATUS = "\x00status"  # as the first piece: the status of the answer follows, with an error of that kind
Script = Callable[[str, dict[str, str]], Iterable[str]]
_BLOCK = re.compile(r"^\[(\w+)\] [^\n]*\n(.+?)(?=\n\n\[\w+\] |\Z)", re.M | re.S)


class Scripted:
    """What the model says is worked out from what it was shown: the whole prompt, and its passages by id."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.prompts: list[str] = []
        self.address = ""
        self.over = threading.Event()


def passages_shown(prompt: str) -> dict[str, str]:
    """Passages of a prompt by their random id."""
    lines = prompt.splitlines()
    marker = lines[0]
    body = "\n".join(lines[1 : len(lines) - 1 - lines[::-1].index(marker)])
    return {match.group(1): match.group(2).strip() for match in _BLOCK.finditer(body)}


@contextmanager
def scripted(script: Script) -> Iterator[Scripted]:
    """Serve a script at `address` (to be given as OPENAI_BASE_URL) until the block ends."""
    told = Scripted(script)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            return

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            prompt = body["messages"][-1]["content"]
            told.prompts.append(prompt)
            shown = passages_shown(prompt) if "\n问题：" in prompt else {}
            pieces = iter(told.script(prompt, shown))
            first = next(pieces, "")
            if first.startswith(STATUS):
                self._fail(int(first.removeprefix(STATUS)))
                return
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            self.close_connection = True
            try:
                ended = all(self._say(piece) for piece in chain((first,), pieces))
                if ended:
                    self._send({}, "stop")
                    self.wfile.write(b"data: [DONE]\n\n")
            except OSError:
                return  # the client has gone

        def _say(self, piece: str) -> bool:
            """Whether the reply goes on after this piece."""
            if piece in (BREAK, RESET):
                if piece == RESET:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return False
            if piece == HANG:
                told.over.wait(60)
                return False
            if piece.startswith(RAW):
                self.wfile.write(piece.removeprefix(RAW).encode("utf-8", "surrogateescape"))
                self.wfile.flush()
            else:
                self._send({"role": "assistant", "content": piece}, None)
            return True

        def _fail(self, status: int) -> None:
            body = json.dumps({"error": {"message": f"sk-secret-{status}", "type": "server"}}).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Retry-After", "40")
            self.end_headers()
            self.wfile.write(body)

        def _send(self, delta: dict[str, str], reason: str | None) -> None:
            chunk = {
                "id": "scripted",
                "object": "chat.completion.chunk",
                "created": 0,
                "model": "scripted",
                "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
            }
            self.wfile.write(f"data: {json.dumps(chunk, ensure_ascii=False)}\n\n".encode())
            self.wfile.flush()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield told
    finally:
        told.over.set()
        server.shutdown()
        server.server_close()
        thread.join(5)


def through(told: Scripted, monkeypatch: Any) -> None:
    """Let the real client of OpenAI's interface find the script, and nothing else."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-key-of-the-test")
    monkeypatch.setenv("OPENAI_BASE_URL", told.address)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
