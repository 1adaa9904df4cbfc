"""Is an index whole? And if not, make it so again from its sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from index import store
from index.document import IndexDamaged, IndexMissing
from index.records import Records
from index.update import update_index


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What was verified; `problems` is empty when everything is as it was written."""

    generation: str
    problems: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def check(path: Path) -> CheckReport:
    """Verify every file of the newest generation. Raises IndexMissing when there is no index."""
    try:
        entries = store.read_current(path)
    except IndexDamaged as error:
        return CheckReport("", (str(error),))
    newest = entries[0]
    folder = path / newest.generation
    manifest_file = folder / "manifest.json"
    if not manifest_file.is_file():
        return CheckReport(newest.generation, (f"{manifest_file} is missing",))
    if store.digest(manifest_file) != newest.manifest_sha256:
        return CheckReport(newest.generation, (f"{manifest_file} does not match its checksum",))
    manifest = store.Manifest.parse(manifest_file.read_bytes())
    return CheckReport(newest.generation, tuple(store.verify(folder, manifest)))


def repair(path: Path, *, model: str = "") -> CheckReport:
    """Rebuild a damaged index from the folders its documents came from.

    The folders are read from whatever generation still opens. Raises
    IndexDamaged when none does: then the folders must be named to `youju index`.
    """
    report = check(path)
    if report.ok:
        return report
    try:
        generation = store.open_generation(path)
    except (IndexDamaged, IndexMissing) as error:
        raise IndexDamaged(
            f"nothing of {path} is whole, so its sources are not known; "
            f"remove it and run `youju index FOLDER --index {path}`"
        ) from error
    records = Records(generation.folder / "passages.sqlite")
    roots = sorted({Path(card.root) for card in records.documents()})
    records.close()
    generation.close()
    present = [root for root in roots if root.is_dir()]
    if not present:
        raise IndexDamaged(f"the sources {', '.join(map(str, roots))} are gone; the older generation answers")
    update_index(path, present, model=model)
    return check(path)
