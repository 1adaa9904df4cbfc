"""The only place that makes HTML; the rest of the house hands it plain values."""

from ui.render.concordance import concordance, concordance_form
from ui.render.evaluation import evaluating, evaluation, note
from ui.render.frame import composer, file, masthead, notice, rail, trouble
from ui.render.library import documents, intake_done, intake_failed, intake_running, library_tools, understood
from ui.render.markup import Html
from ui.render.panel import source, source_gone, source_trouble, source_waiting
from ui.render.settings import settings
from ui.render.shell import dress, login
from ui.render.thread import broken, conversation, exchange, pending, welcome

__all__ = [
    "Html",
    "broken",
    "composer",
    "concordance",
    "concordance_form",
    "conversation",
    "documents",
    "dress",
    "evaluating",
    "evaluation",
    "exchange",
    "file",
    "intake_done",
    "intake_failed",
    "intake_running",
    "library_tools",
    "login",
    "masthead",
    "note",
    "notice",
    "pending",
    "rail",
    "settings",
    "source",
    "source_gone",
    "source_trouble",
    "source_waiting",
    "trouble",
    "understood",
    "welcome",
]
