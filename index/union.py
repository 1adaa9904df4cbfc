"""Several indexes read as one: each document under the name of its archive, and one ranking of all.

A passage of the archive `gazette` has the document `gazette/2024-05-18.txt`. The name holds no slash, so
what stands before the first one always is the archive. Scores are made comparable before they are ranked:
what an index calls the share of a question that its words explain counts only the words it knows, so the
shares are set against the one index that knows most of the question.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from itertools import accumulate
from types import TracebackType
from typing import overload

import numpy as np

from index import fuse
from index.document import Article, Dropped, IndexMismatch, Passage, YoujuError
from index.records import DocumentCard, Where
from index.remote import Location
from index.search import Hit, Index, System, open_index

SLASH = "/"
_LEAST = 50  # candidates that words and vectors of each index bring at least


class ArchiveError(YoujuError):
    """An archive's name cannot be used, or is not known."""


class Shelves(Sequence[Passage]):
    """The passages of all members, one after the other."""

    def __init__(self, members: Mapping[str, Index]) -> None:
        self._members = members
        self._names = list(members)
        self._ends = list(accumulate(len(index.passages) for index in members.values()))

    def __len__(self) -> int:
        return self._ends[-1]

    @overload
    def __getitem__(self, row: int) -> Passage: ...
    @overload
    def __getitem__(self, row: slice) -> list[Passage]: ...
    def __getitem__(self, row: int | slice) -> Passage | list[Passage]:
        if isinstance(row, slice):
            return [self[i] for i in range(*row.indices(len(self)))]
        if not -len(self) <= row < len(self):
            raise IndexError(f"passage {row} of {len(self)}")
        row %= len(self)
        place = bisect_right(self._ends, row)
        name, before = self._names[place], self._ends[place - 1] if place else 0
        return _named(name, self._members[name].passages[row - before])

    def __iter__(self) -> Iterator[Passage]:
        for name, index in self._members.items():
            for passage in index.passages:
                yield _named(name, passage)

    def by_id(self, passage: str) -> Passage | None:
        """The passage of that id, or None."""
        name, _, rest = passage.partition(SLASH)
        found = self._members[name].passages.by_id(rest) if name in self._members else None
        return None if found is None else _named(name, found)

    def of_document(self, doc: str) -> list[Passage]:
        """All passages of a document in reading order."""
        name, _, rest = doc.partition(SLASH)
        if name not in self._members:
            return []
        return [_named(name, passage) for passage in self._members[name].passages.of_document(rest)]

    def rows(self, where: Where) -> list[int]:
        """Rows of the passages that a filter admits, ascending."""
        found: list[int] = []
        for (name, index), end in zip(self._members.items(), self._ends, strict=True):
            inside, bounds = _inside(where, name)
            if inside:
                start = end - len(index.passages)
                found += [start + row for row in index.passages.rows(bounds or Where())]
        return found


class Union:
    """Indexes of one encoder by the names of their archives; a reader's view of them together.

    Raises IndexMismatch where encoders differ, as their vectors cannot be compared.
    """

    def __init__(self, members: Mapping[str, Index]) -> None:
        if not members:
            raise ArchiveError("no archive is named; name at least one")
        self.members = dict(members)
        first = next(iter(self.members.values()))
        self.encoder = first.encoder
        for name, index in self.members.items():
            if index.encoder.fingerprint != first.encoder.fingerprint:
                raise IndexMismatch(
                    f"the archive {name} was made with another encoder than {next(iter(self.members))}; "
                    "archives asked together share one: rebuild it with "
                    f"`youju index FOLDER --index {index.path}`"
                )
        self.passages = Shelves(self.members)
        said = "\n".join(f"{name}={index.fingerprint}" for name, index in self.members.items())
        self.fingerprint = hashlib.sha256(said.encode()).hexdigest()

    def only(self, names: Collection[str]) -> Union:
        """Some of the archives, in the order of all. Raises ArchiveError for an unknown one."""
        unknown = sorted(set(names) - set(self.members))
        if unknown:
            raise ArchiveError(
                f"no archive is called {unknown[0][:80]!r}; there are {', '.join(self.members)}"
            )
        return Union({name: index for name, index in self.members.items() if name in names})

    def search(
        self, question: str, *, k: int = 10, system: System = "fused", where: Where | None = None
    ) -> list[Hit]:
        """The k best passages of all archives for a question, best first."""
        found = self._candidates(question, max(k, _LEAST), system, where)
        words = np.array([hit.words for hit in found], np.float32)
        cosines = np.array([hit.vectors for hit in found], np.float32)
        scores = {"words": words, "vectors": cosines}.get(system)
        if scores is None:
            others = np.zeros(
                int(len(found) < len(self.passages)), np.float32
            )  # passages that nothing speaks for
            ceiling = max(index.ceiling(question) for index in self.members.values())
            weight = fuse.vector_weight(np.concatenate((words, others)), ceiling)
            scores = fuse.fuse(words, cosines, weight)
        order = np.argsort(-scores, kind="stable")[:k]
        return [replace(found[place], score=float(scores[place])) for place in order]

    def _candidates(self, question: str, depth: int, system: System, where: Where | None) -> list[Hit]:
        """The best by words and by vectors of each archive; word scores as shares of one ceiling."""
        ceilings = {name: index.ceiling(question) for name, index in self.members.items()}
        highest = max(ceilings.values()) or 1.0
        found: dict[str, Hit] = {}
        for name, index in self.members.items():
            inside, bounds = _inside(where, name)
            if not inside:
                continue
            systems: tuple[System, ...] = ("words", "vectors") if system == "fused" else (system,)
            for one in systems:
                for hit in index.search(question, k=depth, system=one, where=bounds):
                    words = hit.words * ceilings[name] / highest
                    named = _named(name, hit.passage)
                    found.setdefault(named.id, Hit(named, hit.score, words, hit.vectors))
        return list(found.values())

    def documents(self) -> list[DocumentCard]:
        """Every document without its text; `archive` names where it stands."""
        return [
            replace(card, id=name + SLASH + card.id, archive=name)
            for name, index in self.members.items()
            for card in index.documents()
        ]

    def articles(self, doc: str = "") -> list[Article]:
        """Articles of one document, or of all."""
        name, _, rest = doc.partition(SLASH)
        chosen = {name: self.members[name]} if name in self.members else {} if doc else self.members
        return [
            replace(found, id=name + SLASH + found.id, doc=name + SLASH + found.doc)
            for name, index in chosen.items()
            for found in index.articles(rest)
        ]

    def text(self, doc: str) -> str:
        """The decoded original of a document. Raises KeyError for an unknown id."""
        name, _, rest = doc.partition(SLASH)
        return self.members[name].text(rest)

    def dropped(self, doc: str) -> list[Dropped]:
        """What is in no passage of a document, and why."""
        name, _, rest = doc.partition(SLASH)
        return self.members[name].dropped(rest) if name in self.members else []

    def close(self) -> None:
        """Let go of every index."""
        for index in self.members.values():
            index.close()

    def __enter__(self) -> Union:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def open_union(places: Mapping[str, Location], *, model: str = "") -> Union:
    """Open several indexes as one. Raises what `open_index` raises, and IndexMismatch."""
    with ExitStack() as opened:
        members = {
            name: opened.enter_context(open_index(place, model=model)) for name, place in places.items()
        }
        found = Union(members)
        opened.pop_all()
    return found


def _named(name: str, passage: Passage) -> Passage:
    before = name + SLASH
    return replace(
        passage, id=before + passage.id, doc=before + passage.doc, article=before + passage.article
    )


def _inside(where: Where | None, name: str) -> tuple[bool, Where | None]:
    """Whether a filter admits anything of an archive, and the filter as that archive has to apply it."""
    if where is None or not where.docs:
        return True, where
    before = name + SLASH
    docs = frozenset(doc.removeprefix(before) for doc in where.docs if doc.startswith(before))
    return bool(docs), replace(where, docs=docs)
