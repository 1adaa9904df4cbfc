"""Files and folders into an index on a server. What is unchanged there is not touched.

What was read is first put into a file of this machine; the server is written to once all is known.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from index.cutting import READER, stored_root
from index.document import Document, IndexDamaged, ReadError, Reading
from index.encode import load_encoder
from index.manifest import digest
from index.milvus.generation import Builder, Job, Made, Session, writing
from index.milvus.heads import Head
from index.milvus.records import RemoteRecords
from index.milvus.rows import Copy
from index.read import find, name_of, read
from index.recording import Writer
from index.records import Records
from index.remote import Remote, beside
from index.search import searchable
from index.segment import segment
from index.tokens import terms
from index.update import Entry
from index.verdicts import FileVerdict, Progress, Report, Status, Summary
from index.workers import spread


def update_remote(
    remote: Remote,
    sources: Sequence[Path],
    *,
    report: Report,
    model: str = "",
    workers: str = "",
    distrusted: frozenset[str] | None = None,
) -> Summary:
    """As `index.update.update_index`.

    Given `distrusted`, every row is written anew, and these documents are read again from their files.
    Raises IndexDamaged when one of them is in none of the sources.
    """
    files = find(sources)
    with writing(remote) as session, ExitStack() as stack:
        plan = _Plan(session, stack, report, model, distrusted, workers)
        synced = {stored_root(source) for source in sources if source.is_dir()}
        for number, (root, file) in enumerate(files):
            plan.read(root, file)
            report(Progress("reading", number + 1, len(files)))
        plan.carry_over(synced)
        return plan.commit()


def remove_remote(remote: Remote, ids: Sequence[str], *, report: Report) -> Summary:
    """As `index.update.remove_documents`."""
    with writing(remote) as session, ExitStack() as stack:
        plan = _Plan(session, stack, report, "", None)
        unknown = [doc for doc in ids if doc not in plan.before]
        if unknown:
            raise ReadError(f"not in the index: {', '.join(unknown)}; `youju documents` lists what is")
        plan.carry_over(set(), removed=set(ids))
        return plan.commit()


class _Plan:
    """The next generation while it is put together, on top of the one before."""

    def __init__(
        self,
        session: Session,
        stack: ExitStack,
        report: Report,
        model: str,
        distrusted: frozenset[str] | None,
        workers: str = "",
    ) -> None:
        self.session = session
        self.report = report
        self.started = time.monotonic()
        self.distrusted = distrusted
        head = session.head
        self.model = _named(model) or (head.model if head else "")
        encoder = stack.enter_context(
            spread(
                load_encoder(self.model),
                workers,
                model=self.model,
                folder=beside(session.remote, "-shards"),
            )
        )
        made = Made(encoder, self.model, READER)
        self.builder = Builder(session, made, lambda *step: report(Progress(*step)))
        self.before: dict[str, Copy] = (
            {copy.card.id: copy for copy in session.old.copies()} if session.old else {}
        )
        self.same_reader = head is not None and head.reader == READER
        self.verdicts: list[FileVerdict] = []
        self.seen: set[str] = set()
        self.kept: dict[str, Copy] = {}
        self.folder = Path(stack.enter_context(TemporaryDirectory(prefix="youju-")))
        self.staging = Writer(self.folder / "passages.sqlite")
        self.staged: dict[str, tuple[str, str]] = {}  # documents read: root, and when they were added
        self.length = 0  # terms of staged passages

    def read(self, root: Path, file: Path) -> None:
        """Take one file into the new generation, or say why not."""
        doc, resolved = name_of(file, root), stored_root(root)
        if doc in self.seen or (doc in self.before and self.before[doc].card.root != resolved):
            doc = f"{Path(resolved).name}/{doc}"
        copy = self.before.get(doc)
        try:
            if copy and self._unchanged(copy, file):
                self._keep(copy, Status.UNCHANGED)
                return
            document = read(file, root)
            reading = segment(document if document.id == doc else _renamed(document, doc))
            if not reading.passages:
                raise ReadError(f"{file.name}: holds no text")
        except ReadError as error:
            self.seen.add(doc)  # what can no longer be read must not be answered from
            self._verdict(FileVerdict(doc, Status.REFUSED, str(error)))
            return
        self._stage(reading, resolved, Status.CHANGED if copy else Status.ADDED)

    def carry_over(self, synced: set[str], *, removed: set[str] | None = None) -> None:
        """Keep what the sources did not speak of; drop what is gone from a synced folder."""
        for doc, copy in self.before.items():
            if doc in self.seen:
                continue
            if self.distrusted and doc in self.distrusted:
                raise IndexDamaged(
                    f"{doc} is damaged and its file is gone from {copy.card.root}; put it back and repair "
                    f"again, or `youju remove {doc} --index {self.session.remote}`"
                )
            if doc in (removed or set()) or copy.card.root in synced:
                self._verdict(FileVerdict(doc, Status.REMOVED))
            elif self.same_reader:
                self._keep(copy, None)
            else:
                # The reader has changed and the file may be gone: cut the stored text again.
                self._stage(segment(self._old().reading_of(copy).document), copy.card.root, Status.CHANGED)

    def commit(self) -> Summary:
        """Encode, write and make the generation current."""
        count = self.staging.close()
        passages = count + sum(copy.card.passages for copy in self.kept.values())
        self._refuse_nothing(passages)
        gone = [copy for doc, copy in self.before.items() if doc not in self.kept]
        anew = self.distrusted is not None or not self.builder.same_rows
        head = self.session.head
        if head and not count and not gone and not anew:
            return self._summary(head, 0)
        fresh = Records(self.folder / "passages.sqlite")
        try:
            jobs = [self._staged_job(fresh, doc) for doc in self.staged]
            made = None
            if not anew:
                made = self.builder.extended(jobs, gone, length=self.length, passages=count)
            if made is None:
                made = self._rewritten(jobs, gone, passages)
            self.session.commit(made[0])
        finally:
            fresh.close()
        return self._summary(*made)

    def _rewritten(self, staged: Sequence[Job], gone: Sequence[Copy], passages: int) -> tuple[Head, int]:
        jobs = sorted([*self._kept_jobs(), *staged], key=lambda job: job.doc)
        known = self.builder.known(
            [copy for copy in gone if not self.distrusted or copy.card.id not in self.distrusted]
        )
        length = self.length + sum(
            len(terms(searchable(passage)))
            for copy in self.kept.values()
            for passage in self._old().by_keys(copy.rows)
        )
        return self.builder.rewritten(jobs, known, length=length, passages=passages)

    def _kept_jobs(self) -> Iterator[Job]:
        for copy in self.kept.values():
            yield kept_job(self._old(), copy, vectors=self.builder.same_vectors)

    def _staged_job(self, fresh: Records, doc: str) -> Job:
        return Job(doc, lambda: Entry(fresh.reading(doc), *self.staged[doc]))

    def _old(self) -> RemoteRecords:
        if self.session.old is None:
            raise IndexDamaged(f"{self.session.remote} has no generation to carry over from")
        return self.session.old

    def _unchanged(self, copy: Copy, file: Path) -> bool:
        distrusted = self.distrusted is not None and copy.card.id in self.distrusted
        if not self.same_reader or distrusted or file.is_symlink():
            return False
        try:
            return file.is_file() and digest(file) == copy.card.sha256
        except OSError:
            return False

    def _refuse_nothing(self, passages: int) -> None:
        refused = [verdict for verdict in self.verdicts if verdict.status is Status.REFUSED]
        if not passages and refused:
            raise ReadError(f"no file could be indexed; the first: {refused[0].message}")
        if not passages and not self.before:
            raise ReadError("no file could be indexed: there is none; give a folder with txt or md files")

    def _keep(self, copy: Copy, status: Status | None) -> None:
        card = copy.card
        self.seen.add(card.id)
        self.kept[card.id] = copy
        if status:
            self._verdict(FileVerdict(card.id, status, "", card.articles, card.passages))

    def _stage(self, reading: Reading, root: str, status: Status) -> None:
        doc, added = reading.document.id, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        self.staging.add(reading, root=root, added=added)
        self.staged[doc] = (root, added)
        self.length += sum(len(terms(searchable(passage))) for passage in reading.passages)
        self.seen.add(doc)
        self._verdict(FileVerdict(doc, status, "", len(reading.articles), len(reading.passages)))

    def _verdict(self, verdict: FileVerdict) -> None:
        self.verdicts.append(verdict)
        self.report(verdict)

    def _summary(self, head: Head, embedded: int) -> Summary:
        seconds = time.monotonic() - self.started
        return Summary(tuple(self.verdicts), head.documents, head.passages, embedded, seconds)


def kept_job(old: RemoteRecords, copy: Copy, *, vectors: bool) -> Job:
    """A stored document as one to be stored, with its vectors where they still hold."""
    return Job(
        copy.card.id,
        lambda: Entry(old.reading_of(copy), copy.card.root, copy.card.added),
        (lambda: old.vectors_of(copy.rows)) if vectors else None,
    )


def _named(model: str) -> str:
    return str(Path(model).resolve()) if model and Path(model).is_dir() else model


def _renamed(document: Document, doc: str) -> Document:
    return replace(document, id=doc)
