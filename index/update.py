"""Folders into the index: what changed is read and embedded again, the rest is carried over."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np

from index import dense, inventory, lexical, store, tokens
from index.document import Document, IndexDamaged, IndexMissing, ReadError, Reading, YoujuError
from index.encode import Encoder, Vectors, load_encoder
from index.failpoints import reach
from index.inventory import Listed
from index.read import find, name_of, read
from index.records import DocumentCard, Records, Writer
from index.remote import Location, Remote
from index.search import searchable
from index.segment import segment

READER = "4"  # raise it when the same file would be cut differently: documents are then read again
_BATCH = 512  # passages encoded at a time


class Status(StrEnum):
    """What became of one file."""

    ADDED = "added"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REMOVED = "removed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class FileVerdict:
    """What became of one file; `message` says why it was refused."""

    doc: str
    status: Status
    message: str = ""
    articles: int = 0
    passages: int = 0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the long work is: `done` of `total` in the stage `reading`, `encoding` or `writing`."""

    stage: str
    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Summary:
    """An update as a whole."""

    verdicts: tuple[FileVerdict, ...]
    documents: int
    passages: int
    embedded: int  # passages whose vectors were computed, the others were carried over
    seconds: float


Report = Callable[[FileVerdict | Progress], None]


def update_index(
    path: Location, sources: Sequence[Path], *, model: str = "", report: Report | None = None
) -> Summary:
    """Build the index at `path`, or bring it up to date with files and folders.

    A folder is synced: documents that came from it and are gone are removed; a
    file is only added or changed. Every file gets a verdict. Raises ReadError
    when no file could be indexed or a source does not exist, IndexBusy when
    another process writes.
    """
    if isinstance(path, Remote):
        from index.milvus.update import update_remote

        return update_remote(path, sources, model=model, report=report or _silent)
    files = find(sources)
    with store.writer(path), ExitStack() as stack:
        plan = _Plan(stack, path, report or _silent, _given_model(path, model))
        synced = {_said(source) for source in sources if source.is_dir()}
        for number, (root, file) in enumerate(files):
            plan.read(root, file)
            plan.report(Progress("reading", number + 1, len(files)))
        plan.carry_over(synced)
        return plan.commit(path)


def remove_documents(path: Location, ids: Sequence[str], *, report: Report | None = None) -> Summary:
    """Delete documents by id; they are in no answer once this returns. Raises ReadError for an unknown id."""
    if isinstance(path, Remote):
        from index.milvus.update import remove_remote

        return remove_remote(path, ids, report=report or _silent)
    with store.writer(path), ExitStack() as stack:
        plan = _Plan(stack, path, report or _silent, _given_model(path, ""))
        unknown = [doc for doc in ids if doc not in plan.before]
        if unknown:
            raise ReadError(f"not in the index: {', '.join(unknown)}; `youju documents` lists what is")
        plan.carry_over(set(), removed=set(ids))
        return plan.commit(path)


@dataclass(frozen=True, slots=True)
class Damaged:
    """A generation that is to be replaced: the reader that cut it, and its records where they are whole."""

    generation: str
    reader: str
    records: Path | None


def restore_documents(path: Path, listed: Sequence[Listed], damaged: Damaged, *, model: str) -> Summary:
    """Build again what a damaged generation held, from records that are whole, else from the files.

    Raises IndexDamaged, and changes nothing, when a document is to be had from neither.
    """
    with store.writer(path), ExitStack() as stack:
        plan = _Plan(stack, path, _silent, model, damaged=damaged)
        gone = [one.doc for one in listed if not (plan.holds(one) or one.file.is_file())]
        if gone:
            raise IndexDamaged(
                f"{len(gone)} of {len(listed)} documents of {path} are damaged and their files are gone: "
                f"{', '.join(gone[:5])}{' …' if len(gone) > 5 else ''}; put the files back and repair again, "
                f"or go on without them: `youju check --roll-back --index {path}`"
            )
        for one in listed:
            plan.restore(one)
        return plan.commit(path)


class _Plan:
    """The next generation while it is put together, on top of the one before."""

    def __init__(
        self, stack: ExitStack, path: Path, report: Report, model: str, *, damaged: Damaged | None = None
    ) -> None:
        self.report = report
        self.model = model
        self.encoder: Encoder = load_encoder(model)
        self.started = time.monotonic()
        self.verdicts: list[FileVerdict] = []
        self.seen: set[str] = set()
        self.before: dict[str, DocumentCard] = {}
        self.old: Records | None = None
        self.old_vectors: Any = None
        self.same_reader = False
        self.damaged = damaged
        if damaged and damaged.records:
            self._open_records(stack, damaged.records, damaged.reader)
        else:
            self._open_before(stack, path)
        self.staged = stack.enter_context(store.staging(path))
        self.records = Writer(self.staged / "passages.sqlite")

    def _open_before(self, stack: ExitStack, path: Path) -> None:
        try:
            generation = store.open_generation(path)
        except IndexMissing:
            return
        except IndexDamaged:
            if self.damaged:
                return
            raise
        stack.callback(generation.close)
        if generation.fallback and not self.damaged:
            raise IndexDamaged(
                f"the newest generation of {path} is damaged, and what it added would be lost; "
                f"run `youju check --repair --index {path}` first"
            )
        self._open_records(stack, generation.folder / "passages.sqlite", generation.manifest.reader)
        if generation.manifest.encoder == self.encoder.fingerprint:
            self.old_vectors = dense.load(generation.folder / "vectors.faiss")

    def _open_records(self, stack: ExitStack, file: Path, reader: str) -> None:
        self.old = Records(file)
        stack.callback(self.old.close)
        self.before = {card.id: card for card in self.old.documents()}
        self.same_reader = reader == READER

    def holds(self, listed: Listed) -> bool:
        """Whether the records opened hold a document as it was indexed."""
        return listed.doc in self.before and self.before[listed.doc].sha256 == listed.sha256

    def restore(self, listed: Listed) -> None:
        """Take a document as it was indexed, or else as its file is now. Raises ReadError."""
        if not self.holds(listed):
            document = read(listed.file, Path(listed.root))
            self._add(segment(_renamed(document, listed.doc)), listed.root, Status.CHANGED)
        elif self.same_reader:
            self._keep(self.before[listed.doc], Status.UNCHANGED)
        else:
            self._again(self.before[listed.doc])

    def read(self, root: Path, file: Path) -> None:
        """Take one file into the new generation, or say why not."""
        doc, resolved = name_of(file, root), _said(root)
        if doc in self.seen or (doc in self.before and self.before[doc].root != resolved):
            doc = f"{Path(resolved).name}/{doc}"
        card = self.before.get(doc)
        try:
            if card and self.same_reader and not file.is_symlink() and _digest(file) == card.sha256:
                self._keep(card, Status.UNCHANGED)
                return
            document = read(file, root)
            reading = segment(document if document.id == doc else _renamed(document, doc))
            if not reading.passages:
                raise ReadError(f"{file.name}: holds no text")
        except ReadError as error:
            self.seen.add(doc)  # what can no longer be read must not be answered from
            self._verdict(FileVerdict(doc, Status.REFUSED, str(error)))
            return
        self._add(reading, resolved, Status.CHANGED if card else Status.ADDED)

    def carry_over(self, synced: set[str], *, removed: set[str] | None = None) -> None:
        """Keep what the sources did not speak of; drop what is gone from a synced folder."""
        for doc, card in self.before.items():
            if doc in self.seen:
                continue
            if doc in (removed or set()) or card.root in synced:
                self._verdict(FileVerdict(doc, Status.REMOVED))
            elif self.same_reader:
                self._keep(card, None)
            else:
                self._again(card)

    def commit(self, path: Path) -> Summary:
        """Encode, index, write and make the generation current."""
        count = self.records.close()
        reach("records written")
        if not count and any(verdict.status is Status.REFUSED for verdict in self.verdicts):
            refused = next(verdict for verdict in self.verdicts if verdict.status is Status.REFUSED)
            raise ReadError(f"no file could be indexed; the first: {refused.message}")
        if not count and not self.before:
            raise ReadError("no file could be indexed: there is none; give a folder with txt or md files")
        fresh = Records(self.staged / "passages.sqlite")
        try:
            cards = fresh.documents()
            inventory.write(self.staged, cards)
            embedded = self._write(fresh, count)
        finally:
            fresh.close()
        damaged = self.damaged.generation if self.damaged else ""
        store.commit(path, self.staged, self._manifest(count, len(cards)), damaged=damaged)
        seconds = time.monotonic() - self.started
        return Summary(tuple(self.verdicts), len(cards), count, embedded, seconds)

    def _keep(self, card: DocumentCard, status: Status | None) -> None:
        if self.old is None:
            raise YoujuError("there is no generation to carry over from")
        reading = self.old.reading(card.id)
        self.records.add(reading, root=card.root, added=card.added)
        self.seen.add(card.id)
        if status:
            self._verdict(FileVerdict(card.id, status, "", card.articles, card.passages))

    def _again(self, card: DocumentCard) -> None:
        """Cut a document again from its stored text: the reader has changed, the file may be gone."""
        if self.old is None:
            raise YoujuError("there is no generation to carry over from")
        self._add(segment(self.old.reading(card.id).document), card.root, Status.CHANGED)

    def _add(self, reading: Reading, root: str, status: Status) -> None:
        self.records.add(reading, root=root, added=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        doc = reading.document.id
        self.seen.add(doc)
        self._verdict(FileVerdict(doc, status, "", len(reading.articles), len(reading.passages)))

    def _verdict(self, verdict: FileVerdict) -> None:
        self.verdicts.append(verdict)
        self.report(verdict)

    def _write(self, fresh: Records, count: int) -> int:
        """Vectors and words of all passages; returns how many vectors were computed."""
        known = self._known()
        vectors = dense.build(np.zeros((0, self.encoder.dim), np.float32))
        embedded = 0
        texts: list[str] = []
        for batch in _batches((searchable(passage) for passage in fresh), _BATCH):
            rows, computed = self._vectors(batch, known)
            vectors.add(rows)
            embedded += computed
            texts.extend(batch)
            self.report(Progress("encoding", len(texts), count))
        dense.save(vectors, self.staged / "vectors.faiss")
        reach("vectors written")
        self.report(Progress("writing", 0, 1))
        lexical.build(texts).save(self.staged)
        reach("words written")
        self.report(Progress("writing", 1, 1))
        return embedded

    def _known(self) -> dict[bytes, int]:
        """Row of the old generation by the hash of the text it embeds."""
        if self.old is None or self.old_vectors is None:
            return {}
        return {_key(searchable(passage)): row for row, passage in enumerate(self.old)}

    def _vectors(self, batch: list[str], known: dict[bytes, int]) -> tuple[Vectors, int]:
        rows = np.array([known.get(_key(text), -1) for text in batch], np.int64)
        out = np.zeros((len(batch), self.encoder.dim), np.float32)
        old, new = np.flatnonzero(rows >= 0), np.flatnonzero(rows < 0)
        if len(old):
            out[old] = dense.rows_of(self.old_vectors, rows[old])
        if len(new):
            out[new] = self.encoder.encode([batch[i] for i in new])
        return out, len(new)

    def _manifest(self, count: int, documents: int) -> store.Manifest:
        rows = {"passages.sqlite": count, "vectors.faiss": count}
        files = [store.describe(file, rows.get(file.name, 0)) for file in sorted(self.staged.iterdir())]
        return store.Manifest(
            schema=store.SCHEMA,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            passages=count,
            documents=documents,
            dim=self.encoder.dim,
            model=self.model,
            encoder=self.encoder.fingerprint,
            tokenizer=tokens.fingerprint(),
            reader=READER,
            files=tuple(files),
        )


def _given_model(path: Path, model: str) -> str:
    """The model asked for; without one, the model the index was built with."""
    if model:
        return str(Path(model).resolve()) if Path(model).is_dir() else model
    try:
        generation = store.open_generation(path)
    except (IndexMissing, IndexDamaged):
        return ""
    generation.close()
    return generation.manifest.model


def _said(folder: Path) -> str:
    """The folder's whole path as it is stored: always valid Unicode, as `name_of` is."""
    return str(folder.resolve()).encode("utf-8", "backslashreplace").decode("utf-8")


def _renamed(document: Document, doc: str) -> Document:
    from dataclasses import replace

    return replace(document, id=doc)


def _digest(file: Path) -> str:
    try:
        return store.digest(file) if file.is_file() else ""
    except OSError:
        return ""


def _key(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


def _batches(texts: Iterator[str], size: int) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        batch.append(text)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _silent(_: FileVerdict | Progress) -> None:
    return None
