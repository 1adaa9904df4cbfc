"""Files that readers hand in: kept in a folder beside the index, indexed, and deleted again.

The folder stands beside the index and not inside it, as every file of an index is covered by its checksums.
"""

from __future__ import annotations

import re
import shutil
import unicodedata
from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from index.document import ReadError, YoujuError
from index.invisible import HIDDEN
from index.remote import Location, beside
from index.update import remove_documents, update_index
from index.verdicts import FileVerdict, Progress, Status, Summary
from ui.archive import Archive

MOST_FILES = 500  # of one delivery
LONGEST_NAME = 200  # bytes, the suffix included; file systems take 255
_UNFIT = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|\ud800-\udfff]+')

Report = Callable[[FileVerdict | Progress], None]


class TooManyError(YoujuError):
    """More files at once than are taken."""


def folder_of(path: Location) -> Path:
    """Where files handed in to the archive of an index are kept, on the machine that serves the page."""
    return beside(path, "-files")


def take_in(
    archive: Archive, files: Sequence[tuple[str, Path]], *, into: str = "", report: Report | None = None
) -> Summary:
    """Keep and index files, given as (name, where it lies now); `into` names one of several archives.

    A file of the same name that was there before is replaced. What cannot be indexed is not kept.
    Raises YoujuError.
    """
    if len(files) > MOST_FILES:
        raise TooManyError(f"at most {MOST_FILES} files at once, got {len(files)}")
    path = archive.path_of(into)
    folder = folder_of(path)
    folder.mkdir(parents=True, exist_ok=True)
    names = safe_names([name for name, _ in files])
    kept = [_keep(folder, name, place) for name, (_, place) in zip(names, files, strict=True)]
    try:
        summary = update_index(path, kept, model=archive.model, report=report)
    except YoujuError:
        _forget(kept)
        raise
    _forget([folder / verdict.doc for verdict in summary.verdicts if verdict.status is Status.REFUSED])
    return summary


def take_out(archive: Archive, docs: Sequence[str], *, report: Report | None = None) -> Summary:
    """Delete documents; handed-in files are deleted with them. Raises ReadError for an unknown id."""
    with archive.lease() as opened:
        roots = {doc: opened.cards[doc].root for doc in docs if doc in opened.cards}
    summaries = []
    for name in dict.fromkeys(archive.split(doc)[0] for doc in docs):
        path = archive.path_of(name)
        inside = {archive.split(doc)[1]: roots.get(doc, "") for doc in docs if archive.split(doc)[0] == name}
        summaries.append(remove_documents(path, list(inside), report=report))
        folder = folder_of(path)
        _forget([folder / doc for doc, root in inside.items() if Path(root) == folder])
    return together(summaries)


def read_again(archive: Archive, *, report: Report | None = None) -> Summary:
    """Bring the index up to date with the folders its documents came from. Raises YoujuError."""
    with archive.lease() as opened:
        roots = sorted({(card.archive, card.root) for card in opened.cards.values()})
    sources: dict[str, list[Path]] = {}
    for name, root in roots:
        if Path(root).is_dir():
            sources.setdefault(name, []).append(Path(root))
    if not sources:
        raise ReadError("none of the folders these documents came from is there any more")
    return together(
        [
            update_index(archive.path_of(name), folders, model=archive.model, report=report)
            for name, folders in sources.items()
        ]
    )


def together(summaries: Sequence[Summary]) -> Summary:
    """What became of several archives, one after the other, as one."""
    if len(summaries) == 1:
        return summaries[0]
    return Summary(
        verdicts=tuple(verdict for summary in summaries for verdict in summary.verdicts),
        documents=sum(summary.documents for summary in summaries),
        passages=sum(summary.passages for summary in summaries),
        embedded=sum(summary.embedded for summary in summaries),
        seconds=sum(summary.seconds for summary in summaries),
    )


def safe_name(name: str) -> str:
    """A file name without path, control characters or marks that any file system refuses."""
    last = unicodedata.normalize("NFC", name).replace("\\", "/").rsplit("/", 1)[-1]
    plain = _UNFIT.sub("_", HIDDEN.sub("_", last)).strip(". ")
    stem, dot, suffix = plain.rpartition(".")
    if not dot:
        stem, suffix = plain, ""
    suffix = dot + _cut(suffix, 10)
    return f"{_cut(stem, LONGEST_NAME - len(suffix.encode())) or 'file'}{suffix}"


def _cut(text: str, most: int) -> str:
    """As much of the text's beginning as fits into `most` bytes."""
    return text.encode()[:most].decode(errors="ignore")


def safe_names(names: Sequence[str]) -> list[str]:
    """Safe names for the files of one delivery, no two alike: `a.txt`, `a (2).txt`."""
    given: list[str] = []
    for name in map(safe_name, names):
        path, number = PurePath(name), 2
        while name in given:
            name = f"{path.stem} ({number}){path.suffix}"
            number += 1
        given.append(name)
    return given


def _keep(folder: Path, name: str, place: Path) -> Path:
    target = folder / name
    beside = target.with_name(f".{target.name}.part")
    shutil.copyfile(place, beside)
    beside.replace(target)
    return target


def _forget(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
