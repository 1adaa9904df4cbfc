"""The Settings tab."""

from __future__ import annotations

from dataclasses import dataclass

from index.document import YoujuError
from ui import render
from ui.archive import Archive
from ui.asking import MOST_PASSAGES
from ui.browser import the_part
from ui.wording import Words


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen when the server started."""

    k: int
    most: int
    model: str
    llm: str
    reranker: str
    fingerprint: str


def build_tab(archive: Archive, words: Words) -> None:
    """Lay out the tab; page.js keeps what the reader chooses."""
    the_part("settings", lambda: render.settings(words, chosen(archive)))


def chosen(archive: Archive) -> Chosen:
    """The settings in force."""
    try:
        with archive.lease() as opened:
            fingerprint = opened.index.fingerprint
    except YoujuError:
        fingerprint = ""
    return Chosen(
        k=archive.settings.k,
        most=min(30, MOST_PASSAGES),
        model=archive.model,
        llm=archive.settings.llm,
        reranker=archive.settings.reranker,
        fingerprint=fingerprint,
    )
