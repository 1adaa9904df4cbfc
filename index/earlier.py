"""The generation that an update goes on from, where there is one, and what of it can be carried over."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from index import segments, store, tokens
from index.build import Before
from index.document import IndexDamaged, IndexMissing
from index.encode import Encoder
from index.manifest import READABLE
from index.records import RECORDS, DocumentCard, Records


@dataclass(frozen=True, slots=True)
class Damaged:
    """A generation that is to be replaced: the reader that cut it, and its records where they are whole."""

    generation: str
    reader: str
    records: Path | None


@dataclass(frozen=True, slots=True)
class Earlier:
    """Records of a generation with all its documents, and the rest of it where it can be carried over.

    `base` is the file of the records, `reader` the version of what cut them.
    """

    base: Path | None = None
    records: Records | None = None
    cards: Sequence[DocumentCard] = ()
    reader: str = ""
    usable: Before | None = None  # made with the same tokenizer and encoder
    fingerprint: str = ""


def earlier(stack: ExitStack, path: Path, encoder: Encoder, damaged: Damaged | None) -> Earlier:
    """Open the generation before, until the stack is closed; an empty one where none is there.

    Raises IndexDamaged, but where a damaged one is to be replaced.
    """
    if damaged and damaged.records:
        records = _opened(stack, damaged.records)
        return Earlier(damaged.records, records, records.documents(), damaged.reader)
    try:
        generation = store.open_generation(path)
    except IndexMissing:
        return Earlier()
    except IndexDamaged:
        if damaged:
            return Earlier()
        raise
    stack.callback(generation.close)
    if generation.fallback and not damaged:
        raise IndexDamaged(
            f"the newest generation of {path} is damaged, and what it added would be lost; "
            f"run `youju check --repair --index {path}` first"
        )
    base, manifest = generation.folder / RECORDS, generation.manifest
    records, usable = _opened(stack, base), None
    same = (manifest.encoder, manifest.tokenizer) == (encoder.fingerprint, tokens.fingerprint())
    if manifest.schema >= READABLE and same:
        found = segments.load(generation.folder, manifest)
        vectors = segments.dense_of(found, manifest.dim)
        usable = Before(generation.folder, records, found, vectors, segments.listed(manifest))
    return Earlier(base, records, records.documents(), manifest.reader, usable, generation.fingerprint)


def _opened(stack: ExitStack, file: Path) -> Records:
    records = Records(file)
    stack.callback(records.close)
    return records
