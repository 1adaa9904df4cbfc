"""The archive that page, API and MCP share: the newest generation of the index and its assistant.

Whoever answers holds a lease; a generation that was replaced is closed when its last lease ends.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.document import Article, Passage, YoujuError
from index.search import DocumentCard, Index, open_index

if TYPE_CHECKING:
    from rag.assistant import Assistant, Settings


class Opened:
    """One generation: its index, cards by id, and assistants by their settings."""

    def __init__(self, index: Index, stamp: tuple[int, int]) -> None:
        self.index = index
        self.stamp = stamp
        self.cards: dict[str, DocumentCard] = {card.id: card for card in index.documents()}
        self.leases = 0
        self.examples: dict[str, tuple[str, ...]] = {}  # by language, once they were tried
        self._assistants: dict[Settings, Assistant] = {}
        self._lock = threading.Lock()

    def assistant(self, settings: Settings) -> Assistant:
        """An assistant with these settings; what is loaded is shared."""
        from rag.assistant import Assistant

        shared = replace(settings, k=0, language="")
        with self._lock:
            if shared not in self._assistants:
                self._assistants[shared] = Assistant(self.index, settings)
            found = self._assistants[shared]
        if found.settings == settings:
            return found
        other = copy(found)
        other.settings = settings
        return other

    @property
    def counts(self) -> tuple[int, int, int]:
        """Documents, articles, passages."""
        articles = sum(card.articles for card in self.cards.values())
        return len(self.cards), articles, len(self.index.passages)

    def article(self, doc: str, article: str) -> Article | None:
        """An article of a document by its id."""
        return next((found for found in self.index.articles(doc) if found.id == article), None)

    def passages(self, doc: str, article: str) -> list[Passage]:
        """The passages of one article, in reading order."""
        return [found for found in self.index.passages.of_document(doc) if found.article == article]


class Archive:
    """The index at a path, reopened when another generation is committed."""

    def __init__(self, path: Path, settings: Settings, *, model: str = "") -> None:
        self.path = path
        self.settings = settings
        self.model = model
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    @contextmanager
    def lease(self) -> Iterator[Opened]:
        """The newest generation, kept open inside. Raises IndexMissing and its kin."""
        with self._lock:
            opened = self._newest()
            opened.leases += 1
        try:
            yield opened
        finally:
            with self._lock:
                opened.leases -= 1
                if opened is not self._opened and not opened.leases:
                    opened.index.close()

    def warm(self) -> None:
        """Load what the first question would have to wait for."""
        with self.lease() as opened:
            opened.assistant(self.settings).warm()

    def trouble(self) -> str:
        """Why the archive cannot be opened; empty when it can."""
        try:
            with self.lease():
                return ""
        except YoujuError as error:
            return str(error)

    def _newest(self) -> Opened:
        stamp = self._stamp()
        current = self._opened
        if current is None or current.stamp != stamp:
            self._opened = Opened(open_index(self.path, model=self.model), stamp)
            if current is not None and not current.leases:
                current.index.close()
        if self._opened is None:
            raise YoujuError(f"the index at {self.path} could not be opened")
        return self._opened

    def _stamp(self) -> tuple[int, int]:
        """Changes whenever a generation is committed; zeros when there is none."""
        try:
            found = (self.path / "CURRENT").stat()
        except OSError:
            return 0, 0
        return found.st_mtime_ns, found.st_ino
