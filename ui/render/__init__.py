"""The only place that makes HTML; the rest of the house hands it plain values."""

from ui.render.frame import composer, masthead, rail, trouble
from ui.render.markup import Html
from ui.render.panel import source, source_gone
from ui.render.shell import dress, login
from ui.render.thread import broken, conversation, exchange, pending, welcome

__all__ = [
    "Html",
    "broken",
    "composer",
    "conversation",
    "dress",
    "exchange",
    "login",
    "masthead",
    "pending",
    "rail",
    "source",
    "source_gone",
    "trouble",
    "welcome",
]
