"""The archives that page, API and MCP share: the newest generation of each index, and assistants over them.

Whoever answers holds a lease; a generation that was replaced is closed when its last lease ends.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from index.copies import Copy, near_copies
from index.document import Article, IndexMismatch, Passage, StoreUnavailable, YoujuError
from index.remote import Location, Remote
from index.search import DocumentCard, Index, open_index, stamp_of
from index.union import SLASH, ArchiveError, Union
from ui.places import Place

if TYPE_CHECKING:
    from rag.assistant import Assistant, Settings

_MOST_CHOICES = 16  # choices of archives whose assistants are kept


@dataclass(frozen=True, slots=True)
class Held:
    """One archive among several as it is told to the reader; `trouble` says why it cannot be asked."""

    name: str
    documents: int = 0
    passages: int = 0
    fingerprint: str = ""
    trouble: YoujuError | None = None


class Opened:
    """One generation of everything: its index, cards by id, and assistants by their settings."""

    def __init__(
        self, index: Index | Union, stamp: object, troubles: Mapping[str, YoujuError] | None = None
    ) -> None:
        self.index = index
        self.stamp = stamp
        self.troubles = troubles or {}
        self.cards: dict[str, DocumentCard] = {card.id: card for card in index.documents()}
        self.leases = 0
        self._copies: dict[str, Copy] | None = None
        self.examples: dict[str, tuple[str, ...]] = {}  # by language, once they were tried
        self._assistants: dict[tuple[Settings, frozenset[str]], Assistant] = {}
        self._lock = threading.Lock()

    def view(self, archives: Collection[str] = ()) -> Index | Union:
        """The index, or only some of its archives. Raises ArchiveError for an unknown one."""
        if not archives:
            return self.index
        if isinstance(self.index, Union):
            return self.index.only(archives)
        raise ArchiveError("there is one archive here and it has no name; leave the choice of archives out")

    def assistant(self, settings: Settings, archives: Collection[str] = ()) -> Assistant:
        """An assistant with these settings.

        What is loaded is shared among numbers of passages, languages, and with or without a language model.
        """
        from rag.assistant import Assistant

        view = self.view(archives)
        chosen = frozenset(view.members) if isinstance(view, Union) else frozenset[str]()
        shared = replace(settings, k=0, language="", llm="")
        with self._lock:
            found = self._assistants.pop((shared, chosen), None) or Assistant(view, settings)
            if settings.llm and not found.settings.llm:  # the one that is kept opens the model, once
                found = _like(found, settings)
            self._assistants[shared, chosen] = found
            while len(self._assistants) > _MOST_CHOICES:
                del self._assistants[next(iter(self._assistants))]
        if found.settings == settings:
            return found
        return _like(found, settings)

    @property
    def copies(self) -> dict[str, Copy]:
        """Documents that say mostly what another says, by id; worked out when first asked for."""
        with self._lock:
            if self._copies is None:
                self._copies = near_copies((doc, self.index.text(doc)) for doc in self.cards)
            return self._copies

    @property
    def counts(self) -> tuple[int, int, int]:
        """Documents, articles, passages."""
        articles = sum(card.articles for card in self.cards.values())
        return len(self.cards), articles, len(self.index.passages)

    @property
    def held(self) -> tuple[Held, ...]:
        """Every archive, also those that cannot be opened; empty when there is one alone."""
        if not isinstance(self.index, Union):
            return ()
        documents = Counter(card.archive for card in self.cards.values())
        whole = [
            Held(name, documents[name], len(index.passages), index.fingerprint)
            for name, index in self.index.members.items()
        ]
        return (*whole, *(Held(name, trouble=error) for name, error in self.troubles.items()))

    def title(self, doc: str) -> str:
        """What a document is called: the title of its first article that has one."""
        return next((article.title for article in self.index.articles(doc) if article.title), "")

    def article(self, doc: str, article: str) -> Article | None:
        """An article of a document by its id."""
        return next((found for found in self.index.articles(doc) if found.id == article), None)

    def passages(self, doc: str, article: str) -> list[Passage]:
        """The passages of one article, in reading order."""
        return [found for found in self.index.passages.of_document(doc) if found.article == article]


def _like(assistant: Assistant, settings: Settings) -> Assistant:
    """The same assistant with other settings; it shares what is loaded."""
    other = copy(assistant)
    other.settings = settings
    return other


class Archive:
    """One index or several read as one, reopened when another generation is committed.

    Given a path there is one, without a name; given places, documents carry their archives' names.
    """

    def __init__(self, places: Location | Sequence[Place], settings: Settings, *, model: str = "") -> None:
        self.places = (Place("", places),) if isinstance(places, Path | Remote) else tuple(places)
        self.settings = settings
        self.model = model
        self._lock = threading.Lock()
        self._opened: Opened | None = None

    @property
    def path(self) -> Location:
        """Where the first index stands."""
        return self.places[0].path

    @property
    def names(self) -> tuple[str, ...]:
        """What the archives are called; empty when there is one alone."""
        return tuple(place.name for place in self.places) if len(self.places) > 1 else ()

    def path_of(self, name: str) -> Location:
        """Where an archive's index stands; an empty name is the only archive. Raises ArchiveError."""
        if not self.names and not name:
            return self.path
        for place in self.places:
            if name and place.name == name:
                return place.path
        known = ", ".join(self.names) or "one archive without a name"
        raise ArchiveError(f"name the archive that is meant, got {name[:80]!r}; there are {known}")

    def split(self, doc: str) -> tuple[str, str]:
        """An id's archive, empty when there is one alone, and the id inside it."""
        if not self.names:
            return "", doc
        name, _, rest = doc.partition(SLASH)
        return name, rest

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
        stamp = tuple(self._stamp(place.path) for place in self.places)
        current = self._opened
        if current is None or current.stamp != stamp:
            self._opened = self._open(stamp)
            if current is not None and not current.leases:
                current.index.close()
        if self._opened is None:
            raise YoujuError(f"the index at {self.path} could not be opened")
        return self._opened

    def _open(self, stamp: object) -> Opened:
        """Every index that opens; one that does not is told of and the others answer."""
        if not self.names:
            return Opened(open_index(self.path, model=self.model), stamp)
        members: dict[str, Index] = {}
        troubles: dict[str, YoujuError] = {}
        for place in self.places:
            try:
                index = open_index(place.path, model=self.model)
                members[place.name] = index
                Union(members)
            except IndexMismatch as error:
                troubles[place.name] = error
                if (stranger := members.pop(place.name, None)) is not None:
                    stranger.close()
            except YoujuError as error:
                troubles[place.name] = error
        if not members:
            raise next(iter(troubles.values()))
        return Opened(Union(members), stamp, troubles)

    def _stamp(self, path: Location) -> object:
        """Changes whenever a generation is committed; one of several that is gone is told of when opened."""
        try:
            return stamp_of(path)
        except StoreUnavailable:
            if not self.names:
                raise
            return None
