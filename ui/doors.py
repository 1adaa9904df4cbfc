"""Commands that serve: chat and mcp."""

from __future__ import annotations

import argparse

from ui.options import settings_of


def chat_command(options: argparse.Namespace) -> int:
    """Serve the page, the HTTP API and MCP."""
    from ui import journal
    from ui.places import places
    from ui.server import serve

    journal.start(options.log, text=options.log_text)
    serve(
        places(options.places),
        settings_of(options),
        model=options.model,
        host=options.host,
        port=options.port,
        password_file=options.password_file,
    )
    return 0


def mcp_command(options: argparse.Namespace) -> int:
    """Serve MCP over standard input and output."""
    from ui import journal
    from ui.mcp import serve_stdio
    from ui.places import places

    journal.start(options.log, text=options.log_text)
    serve_stdio(places(options.places), settings_of(options), model=options.model)
    return 0
