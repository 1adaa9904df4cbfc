"""The next generation while it is put together, on top of the one before."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import numpy as np

from index import build, inventory, segments, store, tokens
from index.build import Work
from index.crew import Crew
from index.cutting import READER, Job, cut, renamed, stored_root
from index.document import ReadError, Reading, YoujuError
from index.earlier import Damaged, earlier
from index.encode import Encoder, load_encoder
from index.failpoints import reach
from index.inventory import Listed
from index.manifest import SCHEMA, Manifest, StoredFile, described, digest
from index.read import name_of, read
from index.recording import FRESH, Writer
from index.records import RECORDS, DocumentCard, Records
from index.search import searchable
from index.segment import segment
from index.sources import Sources
from index.staging import finished, staging
from index.verdicts import FileVerdict, Progress, Report, Status, Summary

_MANY = 2_000_000  # bytes to read from which worker processes pay


class Plan:
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
        self.sources = Sources(path)
        self.known: dict[bytes, int] = {}
        self.damaged = damaged
        self.crew = stack.enter_context(Crew())
        found = earlier(stack, path, self.encoder, damaged)
        self.before: dict[str, DocumentCard] = {card.id: card for card in found.cards}
        self.old, self.usable = found.records, found.usable
        self.same_reader = found.reader == READER
        # Work can be gone on with where all that is in it was cut by the same reader.
        same = self.same_reader or found.base is None
        going_on = f"{work} {READER} {found.fingerprint}" if work and same else ""
        self.staged = stack.enter_context(staging(path, going_on=going_on))
        end = self.usable.end if self.usable else 0
        self.records = Writer(self.staged / RECORDS, base=found.base, first=end)
        stack.callback(self.records.abandon)
        self.held = self.records.documents()

    def holds(self, listed: Listed) -> bool:
        """Whether the records opened hold a document as it was indexed."""
        return listed.doc in self.before and self.before[listed.doc].sha256 == listed.sha256

    def restore(self, listed: Listed) -> None:
        """Take a document as it was indexed, or else as its file is now. Raises ReadError."""
        if not self.holds(listed):
            document = read(listed.file, Path(listed.root))
            self._add(segment(renamed(document, listed.doc)), listed.root)
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
                self.sources.note(job.file, made.reading.document.sha256)
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
        known = self.sources.known(file)
        if held and self.same_reader and not file.is_symlink() and (known or self._digest(file)) == held[0]:
            self._keep(doc)
            return None
        return Job(root, file, doc)

    def _digest(self, file: Path) -> str:
        try:
            found = digest(file) if file.is_file() else ""
        except OSError:
            return ""
        self.sources.note(file, found)
        return found

    def carry_over(self, synced: set[str], *, removed: set[str] | None = None) -> None:
        """Keep what the sources did not speak of; drop what is gone from a synced folder."""
        for doc, (_, root) in list(self.held.items()):
            if doc in self.seen:
                continue
            if doc in (removed or set()) or root in synced:
                self._remove(doc)
                self.sources.forget(Path(root) / doc)
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
        self.sources.save()
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
        finished(self.staged)  # whoever went on would take the new numbers for the old ones
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

    def _manifest(self, count: int, documents: int) -> Manifest:
        return Manifest(
            schema=SCHEMA,
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

    def _files(self, count: int) -> tuple[StoredFile, ...]:
        finished(self.staged)
        (self.staged / FRESH).unlink(missing_ok=True)
        before = self.usable.folder if self.usable else None
        files = self.usable.files if self.usable else {}
        return described(self.staged, {RECORDS: count}, before, files)


def _status(card: DocumentCard | None) -> Status:
    return Status.CHANGED if card else Status.ADDED


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
