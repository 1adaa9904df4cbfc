"""One server for the page, the HTTP API and MCP."""

from __future__ import annotations

import os
import sys
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from index.document import YoujuError
from ui.archive import Archive
from ui.auth import Gate, gate
from ui.words import LANGUAGES, preferred

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request

    from rag.assistant import Settings

MOST_UPLOAD = 100 * 1024 * 1024  # bytes of one uploaded file


class PortTaken(YoujuError):
    """Another program listens at that address."""


def serve(
    index_path: Path,
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    password_file: Path | None = None,
    model: str = "",
) -> None:
    """Serve until stopped. Raises AuthError for an open host without a secret, before anything is loaded."""
    import uvicorn

    allowed = gate(host, password_file)
    archive = Archive(index_path, settings, model=model)
    app = make_app(archive, allowed)
    print(f"http://{host}:{port}/", flush=True)
    config = uvicorn.Config(
        app, host=host, port=port, log_level="warning", server_header=False, timeout_graceful_shutdown=3
    )
    uvicorn.Server(config).run()


def make_app(archive: Archive, allowed: Gate) -> FastAPI:
    """The whole application; every request passes the guard first."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    import gradio as gr
    from fastapi import FastAPI
    from starlette.responses import RedirectResponse
    from starlette.staticfiles import StaticFiles

    from ui.guard import Guard
    from ui.page import build
    from ui.theme import theme

    app = FastAPI(
        title="有据 Youju", version="1", docs_url=None, redoc_url=None, openapi_url="/api/openapi.json"
    )

    async def home(request: Request) -> RedirectResponse:
        words = preferred(request.headers.get("accept-language", ""))
        return RedirectResponse(f"/{words.code}/", status_code=307)

    app.add_route("/", home)
    app.mount("/web", StaticFiles(directory=str(files("ui") / "web")), name="web")
    for words in LANGUAGES.values():
        gr.mount_gradio_app(
            app,
            build(archive, words),
            path=f"/{words.code}",
            footer_links=[],
            run_history=False,
            show_error=False,
            max_file_size=MOST_UPLOAD,
            ssr_mode=False,
            enable_monitoring=False,
            mcp_server=False,
            pwa=False,
            theme=theme(),
            allowed_paths=[],
        )
    app.add_middleware(Guard, gate=allowed)
    return app


def _warm(archive: Archive) -> None:
    """Load ahead; an archive that cannot be opened says so and is tried again with the first question."""
    try:
        archive.warm()
    except YoujuError as error:
        print(f"youju: {error}", file=sys.stderr, flush=True)
