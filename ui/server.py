"""One server for the page, the HTTP API and MCP."""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.document import YoujuError
from index.remote import Location
from ui.archive import Archive
from ui.auth import Gate, gate
from ui.examples import tried
from ui.limits import STANDARD, Limits
from ui.merging import keep_merged
from ui.places import Place
from ui.words import LANGUAGES, preferred

if TYPE_CHECKING:
    from fastapi import FastAPI
    from starlette.requests import Request
    from starlette.responses import Response

    from rag.assistant import Settings

MOST_UPLOAD = 64 * 1024 * 1024  # bytes of one uploaded file
# Seconds that a connection stays open between two requests. A busy machine reads the second one late; the
# usual 5 s would cut those readers off.
KEEP_ALIVE = 60


class PortError(YoujuError):
    """The address cannot be listened at."""


def serve(
    places: Location | Sequence[Place],
    settings: Settings,
    host: str = "127.0.0.1",
    port: int = 7860,
    *,
    password_file: Path | None = None,
    model: str = "",
) -> None:
    """Serve until stopped.

    Raises AuthError for an open host without a secret and PortError for a port
    that is taken, both before anything is loaded.
    """
    allowed = gate(host, password_file)
    listening = _listen(host, port)
    import uvicorn

    app = make_app(Archive(places, settings, model=model), allowed)
    print(f"http://{host}:{listening.getsockname()[1]}/", flush=True)
    config = uvicorn.Config(
        app,
        http="h11",  # it bounds the headers of a request at 64 KiB
        log_level="warning",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=3,
    )
    uvicorn.Server(config).run(sockets=[listening])


def make_app(archive: Archive, allowed: Gate, *, limits: Limits = STANDARD) -> FastAPI:
    """The whole application; every request passes the guard first."""
    # All are read when Gradio is imported: it must neither report home nor look for a newer version, nor
    # share its folder of uploads with other programs of this machine.
    uploads = private_folder()
    os.environ["GRADIO_TEMP_DIR"] = str(uploads)
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    from fastapi import FastAPI
    from mcp.server.transport_security import TransportSecuritySettings
    from starlette.staticfiles import StaticFiles

    from ui import api, login, mcp, openai_api, problems, report
    from ui.guard import Guard

    tools = mcp.make_server(archive)
    agents = tools.streamable_http_app(
        streamable_http_path=mcp.PATH,
        stateless_http=True,
        # The guard checks Host and Origin of every request, by one rule for all doors.
        transport_security=TransportSecuritySettings(enable_dns_rebinding_protection=False),
    )
    app = FastAPI(
        title="有据 Youju",
        description=api.ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
        lifespan=_lifespan(archive, tools),
    )
    app.add_route("/", _home)
    login.install(app, allowed)
    app.include_router(api.router(archive, allowed))
    app.include_router(openai_api.router(archive))
    app.router.routes.extend(agents.routes)
    problems.install(app)
    report.install(app, archive)
    app.mount("/web", StaticFiles(directory=str(files("ui") / "web")), name="web")
    _mount_pages(app, archive)
    app.add_middleware(Guard, gate=allowed, limits=limits, uploads=uploads)
    return app


@cache
def private_folder() -> Path:
    """A folder that only this process's user can read, gone when the process ends."""
    folder = Path(tempfile.mkdtemp(prefix="youju-uploads-")).resolve()
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def _mount_pages(app: FastAPI, archive: Archive) -> None:
    """The page once per language; what is told in the browser's own language needs no second loading."""
    import gradio as gr

    from ui.page import build
    from ui.theme import theme

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


def _lifespan(archive: Archive, tools: Any) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """The page is there at once; beside it models load for the first question, and parts of indexes merge."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        threading.Thread(target=_warm, args=(archive,), daemon=True).start()
        stop = threading.Event()
        keep_merged([place.path for place in archive.places if isinstance(place.path, Path)], stop)
        async with tools.session_manager.run():
            yield
        stop.set()

    return lifespan


async def _home(request: Request) -> Response:
    """To the page in the browser's language."""
    from starlette.responses import RedirectResponse

    words = preferred(request.headers.get("accept-language", ""))
    return RedirectResponse(f"/{words.code}/", 307, {"vary": "accept-language"})


def _warm(archive: Archive) -> None:
    """Load ahead; an archive that cannot be opened says so and is tried again with the first question."""
    try:
        archive.warm()
        with archive.lease() as opened:
            # No language model is paid for what nobody asked.
            plain = opened.assistant(replace(archive.settings, llm=""))
            for words in LANGUAGES.values():
                opened.examples[words.code] = tried(words, opened, plain)
    except YoujuError as error:
        print(f"youju: {error}", file=sys.stderr, flush=True)


def _listen(host: str, port: int) -> Any:
    """A socket that is bound before the slow part, so that a taken port is told at once."""
    import socket

    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host.strip("[]"), port))
    except (OSError, OverflowError) as error:
        listening.close()
        raise PortError(f"cannot listen at {host}:{port}: {error}; choose another with --port") from None
    return listening
