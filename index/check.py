"""Is an index whole? And if not, make it so again from what is provably right."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from index import inventory, store
from index.current import read_current
from index.document import IndexDamaged, IndexMissing
from index.earlier import Damaged
from index.inventory import Listed
from index.layers import is_layer
from index.manifest import READABLE, SCHEMA, Manifest, digest, verify, whole_files
from index.records import RECORDS, Records
from index.remote import AddressError, Location, Remote
from index.update import restore_documents, update_index


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was verified; `problems` is empty when everything is as it was written."""

    generation: str
    problems: tuple[str, ...]
    outdated: bool = False  # whole, but of an older schema

    @property
    def ok(self) -> bool:
        return not self.problems


def check(path: Location) -> CheckReport:
    """Verify every file of the newest generation, or every row of an index on a server.

    Raises IndexMissing when there is no index, IndexMismatch when a newer program wrote it.
    """
    if isinstance(path, Remote):
        from index.milvus.check import check_remote

        return CheckReport(*check_remote(path))
    try:
        entries = read_current(path)
    except IndexDamaged as error:
        return CheckReport("", (str(error),))
    except IndexMissing:
        if any(path.glob("gen-??????")):
            return CheckReport("", (f"{path / 'CURRENT'} is missing",))
        raise
    newest = entries[0]
    folder = path / newest.generation
    manifest_file = folder / "manifest.json"
    if not manifest_file.is_file():
        return CheckReport(newest.generation, (f"{manifest_file} is missing",))
    if digest(manifest_file) != newest.manifest_sha256:
        return CheckReport(newest.generation, (f"{manifest_file} does not match its checksum",))
    manifest = Manifest.parse(manifest_file.read_bytes())
    problems = verify(folder, manifest)
    if not problems and manifest.schema < READABLE:
        older = f"{path} has schema {manifest.schema}, this program reads {SCHEMA}"
        return CheckReport(newest.generation, (older,), outdated=True)
    return CheckReport(newest.generation, tuple(problems))


def repair(path: Location, *, model: str = "") -> CheckReport:
    """Make an index whole again, or bring one of an older schema up to date; never by guessing.

    A lost CURRENT is written anew for a generation that is provably whole. Of
    a damaged generation, each document is taken from its records where those
    are whole, from the generation before where the same version stands there,
    else from its file. Raises IndexDamaged, and changes nothing, when it is not
    known which documents there were, or one of them is nowhere to be had.
    """
    report = check(path)
    if report.ok:
        return report
    if isinstance(path, Remote):
        from index.milvus.check import repair_remote

        return CheckReport(*repair_remote(path, model=model))
    if not report.generation:
        with store.writer(path):
            if not check(path).generation:  # the writer's lock takes up a missing CURRENT by itself
                store.adopt(path)
    elif report.outdated:
        update_index(path, [], model=model)
    else:
        _rebuild(path, path / report.generation, model)
    return check(path)


def roll_back(path: Location) -> CheckReport:
    """Forget a damaged newest generation and go on from the one before. Raises IndexDamaged."""
    if isinstance(path, Remote):
        raise AddressError("a server keeps no older copy of damaged rows; use `youju check --repair`")
    if not check(path).ok:
        with store.writer(path):
            store.roll_back(path)
    return check(path)


def _rebuild(path: Path, folder: Path, model: str) -> None:
    manifest = _manifest(folder)
    whole = whole_files(folder, manifest) if manifest else frozenset()
    layers = {file.name for file in manifest.files if is_layer(file.name)} if manifest else set()
    records = folder / RECORDS if layers and layers <= whole else None
    listed = _listed(folder, whole, records)
    if manifest is None or listed is None:
        raise IndexDamaged(
            f"which documents {folder} held is not known any more; restore a backup, or go on from the "
            f"generation before it: `youju check --roll-back --index {path}`, and index the folders again"
        )
    damaged = Damaged(folder.name, manifest.reader, records)
    restore_documents(path, listed, damaged, model=model or manifest.model)


def _manifest(folder: Path) -> Manifest | None:
    """The manifest of a damaged generation, where that itself is whole."""
    try:
        data = (folder / "manifest.json").read_bytes()
    except OSError:
        return None
    named = {entry.generation: entry.manifest_sha256 for entry in read_current(folder.parent)}
    same = digest(folder / "manifest.json") == named.get(folder.name)
    return Manifest.parse(data) if same else None


def _listed(folder: Path, whole: frozenset[str], records: Path | None) -> list[Listed] | None:
    """What the generation held; None when neither inventory nor records are whole."""
    if inventory.NAME in whole:
        return inventory.load(folder)
    if records is None:
        return None
    opened = Records(records)
    try:
        return [Listed(card.id, card.root, card.sha256) for card in opened.documents()]
    finally:
        opened.close()
