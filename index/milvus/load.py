"""Rows of documents into an epoch: passages with both vectors, originals, articles and word counts."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace

from index import dense
from index.encode import Vectors
from index.milvus.heads import Head
from index.milvus.rows import PARTS, Copy, copy_row, digest_of, part_keys, part_texts, passage_rows
from index.milvus.server import Row, Server
from index.milvus.tables import NEVER, Tables, cut, filled
from index.milvus.words import Vocabulary, weights
from index.records import DocumentCard
from index.search import searchable
from index.tokens import terms
from index.update import Entry

_MODULUS = 1 << 128  # of the sum of digests
_TOGETHER = 1_000  # passages written at a time


@dataclass(slots=True)
class Total:
    """What a generation holds, added up document by document."""

    documents: int = 0
    passages: int = 0
    length: int = 0
    content: int = 0

    def add(self, copy: Copy, length: int, *, times: int = 1) -> None:
        """Count a document, or count it out with `times` -1; `length` is its number of terms."""
        self.documents += times
        self.passages += times * copy.card.passages
        self.length += times * length
        self.content = (self.content + times * int(copy.digest, 16)) % _MODULUS


class Loader:
    """Writes documents after the last of a generation; nothing is seen of them before a head says so.

    `average` is the mean number of terms of a passage that the weights are made for.
    """

    def __init__(
        self, server: Server, tables: Tables, head: Head | None, vocabulary: Vocabulary, average: float
    ) -> None:
        self._server = server
        self._tables = tables
        self._vocabulary = vocabulary
        self._average = average
        self.next_row = head.next_row if head else 0
        self.next_copy = head.next_copy if head else 0
        self._passages: list[Row] = []
        self._records: list[Row] = []

    def add(self, entry: Entry, vectors: Vectors) -> tuple[Copy, int]:
        """Write a document, given a vector for each passage; returns its card and its number of terms."""
        reading = entry.reading
        counted = [Counter(terms(searchable(passage))) for passage in reading.passages]
        self._vocabulary.learn(term for counts in counted for term in counts)
        kept = dense.halved(vectors)
        number, first = self.next_copy, self.next_row
        for place, (passage, counts) in enumerate(zip(reading.passages, counted, strict=True)):
            sparse = weights(self._vocabulary.add(counts), counts.total(), self._average)
            fields, more = passage_rows(first + place, number, passage, kept[place], sparse)
            self._passages.append(fields)
            self._records.extend(more)
        parts = part_texts(reading)
        pieces = [cut(part) for part in parts]
        for name, cuts in zip(PARTS, pieces, strict=True):
            keys = part_keys(number, name, len(cuts))
            self._records.extend(
                filled(key, piece, copy=number, died=NEVER) for key, piece in zip(keys, cuts, strict=True)
            )
        copy = Copy(
            number=number,
            card=_card(entry),
            first=first,
            pieces=tuple(map(len, pieces)),
            digest=digest_of(zip(reading.passages, kept, strict=True), parts),
        )
        self._records.append(copy_row(copy))
        self.next_copy += 1
        self.next_row += len(reading.passages)
        if len(self._passages) >= _TOGETHER or len(self._records) >= _TOGETHER:
            self.flush()
        return copy, sum(counts.total() for counts in counted)

    def flush(self) -> None:
        """Send what was collected."""
        self._server.insert(self._tables.passages, self._passages)
        self._server.insert(self._tables.records, self._records)
        self._passages, self._records = [], []


def _card(entry: Entry) -> DocumentCard:
    document = entry.reading.document
    return DocumentCard(
        id=document.id,
        root=entry.root,
        sha256=document.sha256,
        size=document.size,
        encoding=document.encoding,
        media=document.media,
        source=replace(document.source),
        added=entry.added,
        characters=len(document.text),
        articles=len(entry.reading.articles),
        passages=len(entry.reading.passages),
        dropped=sum(len(drop.span) for drop in entry.reading.dropped),
    )
