"""Judgements of several archives: each keeps those on its own passages, and together they are read as one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from index.union import SLASH
from ui.archive import Archive
from ui.judgements import Judgement, of_archive


def keep(archive: Archive, judgement: Judgement) -> None:
    """Append a verdict where its passages stand. Raises JudgementError, ArchiveError."""
    if not archive.names:
        of_archive(archive.path).append(judgement)
        return
    with archive.lease() as opened:
        prints = {held.name: held.fingerprint for held in opened.held}
    for name, part in _parts(judgement, archive.names[0]):
        of_archive(archive.path_of(name)).append(replace(part, fingerprint=prints.get(name, "")))


def kept(archive: Archive) -> list[Judgement]:
    """Every verdict in the order given, with ids as the archives together have them."""
    if not archive.names:
        return list(of_archive(archive.path))
    together: dict[tuple[str, str, str, str], Judgement] = {}
    for name in archive.names:
        for one in of_archive(archive.path_of(name)):
            named = _named(one, name)
            key = (named.key, named.passage, named.verdict, named.when)
            # One verdict on an answer that cites two archives is kept in both.
            if (other := together.get(key)) is not None:
                named = replace(other, cited=tuple(dict.fromkeys((*other.cited, *named.cited))))
            together[key] = named
    return sorted(together.values(), key=lambda one: one.when)


def _parts(judgement: Judgement, otherwise: str) -> Iterator[tuple[str, Judgement]]:
    """A verdict by archive; one on an answer that cites nothing goes to the archive `otherwise`."""
    ids = (judgement.passage,) if judgement.passage else judgement.cited
    for name in dict.fromkeys(id_.partition(SLASH)[0] for id_ in ids) or (otherwise,):
        before = name + SLASH
        cited = tuple(id_.removeprefix(before) for id_ in judgement.cited if id_.startswith(before))
        inside = {
            "passage": judgement.passage.removeprefix(before),
            "doc": judgement.doc.removeprefix(before),
        }
        yield name, replace(judgement, cited=cited, **inside)


def _named(judgement: Judgement, name: str) -> Judgement:
    before = name + SLASH
    cited = tuple(before + id_ for id_ in judgement.cited)
    passage = judgement.passage and before + judgement.passage
    return replace(judgement, passage=passage, doc=judgement.doc and before + judgement.doc, cited=cited)
