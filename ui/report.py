"""The report of `youju eval` as a page of its own; the guard gives it a policy without any reach."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from index.union import ArchiveError
from ui.archive import Archive
from ui.evaluation import report_path
from ui.render.evaluation import REPORT


def install(app: FastAPI, archive: Archive) -> None:
    """Serve the last report, of the archive that is named; 404 when none was made."""

    def show(request: Request) -> Response:
        try:
            page = report_path(archive, request.query_params.get("archive", "")).read_text(encoding="utf-8")
        except (FileNotFoundError, ArchiveError):
            raise HTTPException(404, "no report yet") from None
        return HTMLResponse(page, headers={"cache-control": "no-cache"})

    app.add_route(REPORT, show, methods=["GET"])
