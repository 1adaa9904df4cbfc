"""Folders into the index: what changed is read and embedded again, the rest is carried over."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from index import store
from index.cutting import stored_root
from index.document import IndexDamaged, IndexMissing, ReadError, Reading
from index.earlier import Damaged
from index.encode import Encoder
from index.inventory import Listed
from index.plan import Plan
from index.read import find
from index.remote import Location, Remote, beside
from index.verdicts import Report, Summary, silent
from index.workers import spread


@dataclass(frozen=True, slots=True)
class Entry:
    """A document as it is to be stored: what was read, the folder it came from, and when it was added."""

    reading: Reading
    root: str
    added: str


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

        return update_remote(path, sources, model=model, workers=workers, report=report or silent)
    files = find(sources)
    with store.writer(path), ExitStack() as stack:
        plan = Plan(stack, path, report or silent, _given_model(path, model), work=_work(sources, model))
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

        return remove_remote(path, ids, report=report or silent)
    with store.writer(path), ExitStack() as stack:
        plan = Plan(stack, path, report or silent, _given_model(path, ""))
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
        plan = Plan(stack, path, report, model)
        plan.encoder, plan.reader = encoder, reader
        for entry in entries:
            plan.records.add(entry.reading, root=entry.root, added=entry.added)
        return plan.commit(path)


def restore_documents(path: Path, listed: Sequence[Listed], damaged: Damaged, *, model: str) -> Summary:
    """Build again what a damaged generation held, from records that are whole, else from the files.

    Raises IndexDamaged, and changes nothing, when a document is to be had from neither.
    """
    with store.writer(path), ExitStack() as stack:
        plan = Plan(stack, path, silent, model, damaged=damaged)
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


def _work(sources: Sequence[Path], model: str) -> str:
    """What names an update that may be interrupted: its sources and its model."""
    named = [str(source.resolve()) for source in sources]
    return hashlib.sha256(json.dumps([named, model]).encode("utf-8", "surrogatepass")).hexdigest()[:16]


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
