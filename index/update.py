"""Folders into the index: what changed is read and embedded again, the rest is carried over."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from index import build, inventory, segments, store, tokens
from index.build import Before, Work
from index.crew import Crew
from index.document import Document, IndexDamaged, IndexMissing, ReadError, Reading, YoujuError
from index.encode import Encoder, load_encoder
from index.failpoints import reach
from index.inventory import Listed
from index.read import find, name_of, read
from index.recording import FRESH, Writer
from index.records import RECORDS, DocumentCard, Records
from index.remote import Location, Remote, beside
from index.search import searchable
from index.segment import segment
from index.workers import spread

READER = "5"  # raise it when the same file would be cut differently: documents are then read again
_MANY = 2_000_000  # bytes to read from which worker processes pay


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


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as it is to be stored: what was read, the folder it came from, and when it was added."""

    reading: Reading
    root: str
    added: str


Report = Callable[[FileVerdict | Progress], None]


def update_index(
    path: Location,
    sources: Sequence[Path],
    *,
    model: str = "",
    workers: str = "",
    report: Report | None = None,
) -> Summary:
    """Build the index at `path`, or bring it up to date with files and folders.

    A folder is synced: documents that came from it and are gone are removed; a
    file is only added or changed. Every file gets a verdict. `workers` encode
    where they are named (`index.workers`). Raises ReadError when no file could be
    indexed or a source does not exist, IndexBusy when another process writes.
    """
    if isinstance(path, Remote):
        from index.milvus.update import update_remote

        return update_remote(path, sources, model=model, workers=workers, report=report or _silent)
    files = find(sources)
    with store.writer(path), ExitStack() as stack:
        plan = _Plan(stack, path, report or _silent, _given_model(path, model), work=_work(sources, model))
        folder = beside(path, "-shards")
        plan.encoder = stack.enter_context(spread(plan.encoder, workers, model=plan.model, folder=folder))
        synced = {stored_root(source) for source in sources if source.is_dir()}
        plan.read(files)
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


def receive(
    path: Path, entries: Iterable[Entry], encoder: Encoder, *, model: str, reader: str, report: Report
) -> Summary:
    """Write documents that were read elsewhere, by `reader`, into a new index. Raises IndexBusy."""
    with store.writer(path), ExitStack() as stack:
        plan = _Plan(stack, path, report, model)
        plan.encoder, plan.reader = encoder, reader
        for entry in entries:
            plan.records.add(entry.reading, root=entry.root, added=entry.added)
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
        plan.carry_over(set(), removed=set(plan.held) - {one.doc for one in listed})
        return plan.commit(path)


@dataclass(frozen=True, slots=True)
class Job:
    """A file to be read, under the name it gets."""

    root: Path
    file: Path
    doc: str


@dataclass(frozen=True, slots=True)
class Cut:
    """What came of a file: its reading, or why there is none."""

    reading: Reading | None
    refused: str = ""


def cut(job: Job) -> Cut:
    """Read one file and cut it into passages; also in a worker process."""
    try:
        document = read(job.file, job.root)
        reading = segment(document if document.id == job.doc else _renamed(document, job.doc))
    except ReadError as error:
        return Cut(None, str(error))
    return Cut(reading) if reading.passages else Cut(None, f"{job.file.name}: holds no text")


class _Plan:
    """The next generation while it is put together, on top of the one before."""

    def __init__(
        self,
        stack: ExitStack,
        path: Path,
        report: Report,
        model: str,
        *,
        work: str = "",
        damaged: Damaged | None = None,
    ) -> None:
        self.report = report
        self.model = model
        self.encoder: Encoder = load_encoder(model)
        self.reader = READER
        self.started = time.monotonic()
        self.verdicts: list[FileVerdict] = []
        self.seen: set[str] = set()
        self.before: dict[str, DocumentCard] = {}
        self.old: Records | None = None
        self.usable: Before | None = None
        self.known: dict[bytes, int] = {}
        self.same_reader = False
        self.fingerprint = ""
        self.damaged = damaged
        self.crew = stack.enter_context(Crew())
        if damaged and damaged.records:
            base: Path | None = self._open_records(stack, damaged.records, damaged.reader)
        else:
            base = self._open_before(stack, path)
        # Work can be gone on with where all that is in it was cut by the same reader.
        going_on = f"{work} {READER} {self.fingerprint}" if work and (self.same_reader or not base) else ""
        self.staged = stack.enter_context(store.staging(path, going_on=going_on))
        end = self.usable.end if self.usable else 0
        self.records = Writer(self.staged / RECORDS, base=base, first=end)
        stack.callback(self.records.abandon)
        self.held = self.records.documents()

    def _open_before(self, stack: ExitStack, path: Path) -> Path | None:
        """Open the generation before; returns its records."""
        try:
            generation = store.open_generation(path)
        except IndexMissing:
            return None
        except IndexDamaged:
            if self.damaged:
                return None
            raise
        stack.callback(generation.close)
        if generation.fallback and not self.damaged:
            raise IndexDamaged(
                f"the newest generation of {path} is damaged, and what it added would be lost; "
                f"run `youju check --repair --index {path}` first"
            )
        manifest = generation.manifest
        base = self._open_records(stack, generation.folder / RECORDS, manifest.reader)
        same = (manifest.encoder, manifest.tokenizer) == (self.encoder.fingerprint, tokens.fingerprint())
        if self.old and manifest.schema >= store.READABLE and same:
            found = segments.load(generation.folder, manifest)
            vectors = segments.dense_of(found, manifest.dim)
            self.usable = Before(generation.folder, self.old, found, vectors, segments.listed(manifest))
        self.fingerprint = generation.fingerprint
        return base

    def _open_records(self, stack: ExitStack, file: Path, reader: str) -> Path:
        self.old = Records(file)
        stack.callback(self.old.close)
        self.before = {card.id: card for card in self.old.documents()}
        self.same_reader = reader == READER
        return file

    def holds(self, listed: Listed) -> bool:
        """Whether the records opened hold a document as it was indexed."""
        return listed.doc in self.before and self.before[listed.doc].sha256 == listed.sha256

    def restore(self, listed: Listed) -> None:
        """Take a document as it was indexed, or else as its file is now. Raises ReadError."""
        if not self.holds(listed):
            document = read(listed.file, Path(listed.root))
            self._add(segment(_renamed(document, listed.doc)), listed.root)
        elif self.same_reader:
            self._keep(listed.doc)
        else:
            self._again(self.before[listed.doc])

    def read(self, files: Sequence[tuple[Path, Path]]) -> None:
        """Take files into the new generation, or say why not; those that are in it already are not read."""
        jobs = [job for root, file in files if (job := self._job(root, file))]
        done = len(files) - len(jobs)
        size = sum(_size(job.file) for job in jobs)
        results = self.crew.map(cut, jobs, worthwhile=size >= _MANY and len(jobs) > 1)
        for job, made in zip(jobs, results, strict=True):
            if made.reading:
                self._add(made.reading, stored_root(job.root))
            else:
                self._remove(job.doc)  # what can no longer be read must not be answered from
                self._verdict(FileVerdict(job.doc, Status.REFUSED, made.refused))
            done += 1
            self.report(Progress("reading", done, len(files)))

    def _job(self, root: Path, file: Path) -> Job | None:
        doc, resolved = name_of(file, root), stored_root(root)
        if doc in self.seen or (doc in self.held and self.held[doc][1] != resolved):
            doc = f"{Path(resolved).name}/{doc}"
        held = self.held.get(doc)
        self.seen.add(doc)
        if held and self.same_reader and not file.is_symlink() and _digest(file) == held[0]:
            self._keep(doc)
            return None
        return Job(root, file, doc)

    def carry_over(self, synced: set[str], *, removed: set[str] | None = None) -> None:
        """Keep what the sources did not speak of; drop what is gone from a synced folder."""
        for doc, (_, root) in list(self.held.items()):
            if doc in self.seen:
                continue
            if doc in (removed or set()) or root in synced:
                self._remove(doc)
                self._verdict(FileVerdict(doc, Status.REMOVED))
            elif not self.same_reader:
                self._again(self.before[doc])

    def commit(self, path: Path) -> Summary:
        """Encode, index, write and make the generation current."""
        rows, olds = self._rows()
        if self.records.touched:
            segments.discard(self.staged)  # made by a killed writer from fewer documents
        self.records.close()
        reach("records written")
        count = len(rows)
        if not count and any(verdict.status is Status.REFUSED for verdict in self.verdicts):
            refused = next(verdict for verdict in self.verdicts if verdict.status is Status.REFUSED)
            raise ReadError(f"no file could be indexed; the first: {refused.message}")
        if not count and not self.before:
            raise ReadError("no file could be indexed: there is none; give a folder with txt or md files")
        fresh = Records(self.staged / RECORDS)
        try:
            cards = fresh.documents()
            inventory.write(self.staged, cards)
            work = Work(
                self.staged,
                fresh,
                rows,
                olds,
                self.usable,
                self.known,
                self.encoder,
                self.model,
                self._encoding,
            )
            embedded = build.write(work, self.crew)
        finally:
            fresh.close()
        self.report(Progress("writing", 0, 1))
        damaged = self.damaged.generation if self.damaged else ""
        store.commit(path, self.staged, self._manifest(count, len(cards)), damaged=damaged)
        self.report(Progress("writing", 1, 1))
        seconds = time.monotonic() - self.started
        return Summary(tuple(self.verdicts), len(cards), count, embedded, seconds)

    def _rows(self) -> tuple[segments.Rows, segments.Rows]:
        """Rows of all passages, and those they had in the generation before (-1: none)."""
        before = self.records.rows()
        end = self.usable.end if self.usable else 0
        olds = np.where(before < end, before, -1)
        if not segments.worn(len(before), int(before[-1]) + 1 if len(before) else 0):
            return before, olds
        store.finished(self.staged)  # whoever went on would take the new numbers for the old ones
        self.records.close_gaps()
        return np.arange(len(before)), olds

    def _keep(self, doc: str) -> None:
        self.seen.add(doc)
        card, sha256 = self.before.get(doc), self.held[doc][0]
        if card and card.sha256 == sha256:
            self._verdict(FileVerdict(doc, Status.UNCHANGED, "", card.articles, card.passages))
        else:  # read before this program was killed, and not told yet
            articles, passages = self.records.counts(doc)
            self._verdict(FileVerdict(doc, _status(card), "", articles, passages))

    def _again(self, card: DocumentCard) -> None:
        """Cut a document again from its stored text: the reader has changed, the file may be gone."""
        if self.old is None:
            raise YoujuError("there is no generation to carry over from")
        self._add(segment(self.old.reading(card.id).document), card.root)

    def _add(self, reading: Reading, root: str) -> None:
        doc = reading.document.id
        self._remove(doc)
        self.records.add(reading, root=root, added=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()))
        self.seen.add(doc)
        status = _status(self.before.get(doc))
        self._verdict(FileVerdict(doc, status, "", len(reading.articles), len(reading.passages)))

    def _remove(self, doc: str) -> None:
        if doc not in self.held:
            return
        if self.usable and self.old and doc in self.before:
            # The new version mostly repeats the old: what it repeats is not encoded again.
            passages = self.old.rows_of(doc)
            self.known |= {build.key(searchable(passage)): row for row, passage in passages.items()}
        self.records.remove(doc)
        del self.held[doc]

    def _verdict(self, verdict: FileVerdict) -> None:
        self.verdicts.append(verdict)
        self.report(verdict)

    def _encoding(self, done: int, total: int) -> None:
        self.report(Progress("encoding", done, total))

    def _manifest(self, count: int, documents: int) -> store.Manifest:
        return store.Manifest(
            schema=store.SCHEMA,
            created=time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            passages=count,
            documents=documents,
            dim=self.encoder.dim,
            model=self.model,
            encoder=self.encoder.fingerprint,
            tokenizer=tokens.fingerprint(),
            reader=self.reader,
            files=self._files(count),
        )

    def _files(self, count: int) -> tuple[store.StoredFile, ...]:
        store.finished(self.staged)
        (self.staged / FRESH).unlink(missing_ok=True)
        before = self.usable.folder if self.usable else None
        files = self.usable.files if self.usable else {}
        return store.described(self.staged, {RECORDS: count}, before, files)


def _work(sources: Sequence[Path], model: str) -> str:
    """What names an update that may be interrupted: its sources and its model."""
    named = [str(source.resolve()) for source in sources]
    return hashlib.sha256(json.dumps([named, model]).encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _status(card: DocumentCard | None) -> Status:
    return Status.CHANGED if card else Status.ADDED


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


def stored_root(folder: Path) -> str:
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


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _silent(_: FileVerdict | Progress) -> None:
    return None
