"""An archive from one store to the other: documents, passages and vectors are copied, not made anew."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np

from index import update
from index.document import IndexMissing, YoujuError
from index.encode import Vectors
from index.remote import Location, Remote
from index.search import Index, open_index, searchable
from index.update import Entry
from index.verdicts import Report, Summary


class NotEmptyError(YoujuError):
    """There is an index already where one was to be copied to."""


def copy_index(source: Location, target: Location, *, report: Report) -> Summary:
    """Copy the current generation of an index to a place where there is none; the source stays.

    Documents come in the order of their first passages, so that equal scores are ranked alike. Raises
    NotEmptyError, and what opening the source and writing the target raise.
    """
    if str(source) == str(target):
        raise NotEmptyError(f"{target} cannot be copied onto itself; name another place")
    with open_index(source) as index:
        _refuse_filled(target)
        if isinstance(target, Remote):
            from index.milvus.receive import receive

            return receive(target, index, report=report)
        cards = {card.id: card for card in index.documents()}
        entries = (
            Entry(index.passages.reading(doc), cards[doc].root, cards[doc].added)
            for doc, _ in index.passages.places()
        )
        return update.receive(
            target, entries, Carried(index), model=index.model, reader=index.reader, report=report
        )


class Carried:
    """Stands for the encoder of an index that is copied: it knows the stored vectors by their texts."""

    def __init__(self, index: Index) -> None:
        self.name = index.encoder.name
        self.dim = index.encoder.dim
        self.fingerprint = index.encoder.fingerprint
        self._index = index
        self._rows: dict[bytes, int] = {}
        for doc, rows in index.passages.places():
            for row, passage in zip(rows, index.passages.of_document(doc), strict=True):
                self._rows[_key(searchable(passage))] = row

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Stored vectors, float32 (len(texts), dim); of texts that are no passage, computed ones."""
        rows = [self._rows.get(_key(text), -1) for text in texts]
        out = np.zeros((len(texts), self.dim), np.float32)
        stored = [place for place, row in enumerate(rows) if row >= 0]
        if stored:
            out[stored] = self._index.vectors([rows[place] for place in stored])
        others = [place for place, row in enumerate(rows) if row < 0]
        if others:
            out[others] = self._index.encoder.encode([texts[place] for place in others])
        return out


def _refuse_filled(target: Location) -> None:
    try:
        open_index(target).close()
    except IndexMissing:
        return
    raise NotEmptyError(f"there is an index at {target} already; name a place where there is none")


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
