"""An OpenAI-compatible server on loopback that plays a language model by script, for the real client."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

BREAK = "\x00break"  # a piece of a reply at which the connection is cut
Script = Callable[[str, dict[str, str]], Iterable[str]]
_BLOCK = re.compile(r"^\[(\w+)\] [^\n]*\n(.+?)(?=\n\n\[\w+\] |\Z)", re.M | re.S)


class Scripted:
    """What the model says is worked out from what it was shown: the whole prompt, and its passages by id."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.prompts: list[str] = []
        self.address = ""


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
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.send_header("Connection", "close")
            self.end_headers()
            for piece in told.script(prompt, shown):
                if piece == BREAK:
                    self.close_connection = True
                    self.connection.close()
                    return
                self._send({"role": "assistant", "content": piece}, None)
            self._send({}, "stop")
            self.wfile.write(b"data: [DONE]\n\n")
            self.close_connection = True

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
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    told.address = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join(5)
