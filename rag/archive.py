"""What the online half needs of an index; `index.search.Index` is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from index.document import Article, Passage
from index.encode import Encoder
from index.records import DocumentCard, Where
from index.search import Hit, System


class Archive(Protocol):
    """A pinned snapshot of documents that can be searched."""

    fingerprint: str
    encoder: Encoder

    @property
    def passages(self) -> Sequence[Passage]: ...

    def search(
        self, question: str, *, k: int = 10, system: System = "fused", where: Where | None = None
    ) -> list[Hit]: ...

    def documents(self) -> list[DocumentCard]: ...

    def articles(self, doc: str = "") -> list[Article]: ...

    def text(self, doc: str) -> str: ...
