"""Is an index on a server as it was written, document by document? And if not, make it so again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from index.document import IndexDamaged
from index.milvus.heads import Head, heads
from index.milvus.records import RemoteRecords
from index.milvus.rows import Copy, digest_of, part_texts
from index.milvus.server import Server, batches
from index.milvus.update import update_remote
from index.milvus.words import Term, read_terms, weights
from index.remote import Remote
from index.search import searchable
from index.tokens import terms

_DOCUMENTS = 64  # verified at a time
_TOGETHER = 5_000  # terms looked up at a time
_CLOSE = 1e-5  # of weights, which are stored in single precision


def check_remote(remote: Remote) -> tuple[str, tuple[str, ...]]:
    """The generation's name and what is wrong with it, one line each. Raises IndexMissing."""
    server = Server(remote)
    try:
        head = heads(server, remote)[0]
        name = f"generation {head.generation}"
        try:
            return name, tuple(line for line, _ in _problems(server, remote, head))
        except IndexDamaged as error:
            return name, (str(error),)
    finally:
        server.close()


def repair_remote(remote: Remote, *, model: str = "") -> tuple[str, tuple[str, ...]]:
    """Write every row anew: whole documents from what is stored, damaged ones from their files.

    Raises IndexDamaged, and changes nothing, when a damaged document's file is gone or cards are missing.
    """
    server = Server(remote)
    try:
        head = heads(server, remote)[0]
        damaged = {doc for _, doc in _problems(server, remote, head) if doc}
        copies = RemoteRecords(server, remote.name, head).copies()
    finally:
        server.close()
    roots = {Path(copy.card.root) for copy in copies if copy.card.id in damaged}
    present = sorted(root for root in roots if root.is_dir())
    update_remote(remote, present, model=model, report=lambda _: None, distrusted=frozenset(damaged))
    return check_remote(remote)


def _problems(server: Server, remote: Remote, head: Head) -> Iterator[tuple[str, str]]:
    """What is wrong, and with which document; empty where it is none in particular."""
    records = RemoteRecords(server, remote.name, head)
    seen = Counter[str]()
    content = 0
    for some in batches(records.copies(), _DOCUMENTS):
        content += sum(int(copy.digest, 16) for copy in some)
        try:
            yield from _problems_of(server, head, records, some, seen)
        except IndexDamaged:
            # One of them cannot be read: which?
            for copy in some:
                try:
                    yield from _problems_of(server, head, records, [copy], seen)
                except IndexDamaged as error:
                    yield f"{copy.card.id}: {error}", copy.card.id
    if content % (1 << 128) != int(head.content, 16):
        yield f"the documents of {remote} are not those that were committed", ""
    rows = server.count(head.tables(remote.name).passages, head.alive)
    if rows != head.passages:
        yield f"{remote} holds {rows} passages, expected {head.passages}", ""
    wrong = _wrong_counts(server, head, remote.name, seen)
    if wrong:
        yield f"the counts of {wrong} terms are not those of the passages", ""


def _problems_of(
    server: Server, head: Head, records: RemoteRecords, copies: Sequence[Copy], seen: Counter[str]
) -> Iterator[tuple[str, str]]:
    """What is wrong with some documents; counts their terms. Raises IndexDamaged when one is not whole."""
    readings = records.readings_of(copies)
    rows = [row for copy in copies for row in copy.rows]
    vectors = dict(zip(rows, records.vectors_of(rows), strict=True))
    tables = head.tables(server.remote.name)
    stored = {row["row"]: row["sparse"] for row in server.get(tables.passages, rows, ("row", "sparse"))}
    counted = {
        row: Counter(terms(searchable(passage)))
        for copy, reading in zip(copies, readings, strict=True)
        for row, passage in zip(copy.rows, reading.passages, strict=True)
    }
    known = read_terms(server, tables, {term for counts in counted.values() for term in counts})
    for copy, reading in zip(copies, readings, strict=True):
        doc = copy.card.id
        seen.update(term for row in copy.rows for term in counted[row])
        made = digest_of(
            ((passage, vectors[row]) for row, passage in zip(copy.rows, reading.passages, strict=True)),
            part_texts(reading),
        )
        if made != copy.digest:
            yield f"{doc} does not match its checksum", doc
        elif not all(_same(stored[row], counted[row], known, head.average) for row in copy.rows):
            yield f"{doc}: the words of a passage are not those of its text", doc


def _same(
    stored: Mapping[int, float], counts: Counter[str], known: Mapping[str, Term], average: float
) -> bool:
    if not counts.keys() <= known.keys():
        return False
    expected = weights({known[term].dim: count for term, count in counts.items()}, counts.total(), average)
    return stored.keys() == expected.keys() and all(
        math.isclose(stored[dim], weight, abs_tol=_CLOSE) for dim, weight in expected.items()
    )


def _wrong_counts(server: Server, head: Head, name: str, seen: Counter[str]) -> int:
    wrong = 0
    for some in batches(seen, _TOGETHER):
        known = read_terms(server, head.tables(name), some)
        wrong += sum(term not in known or known[term].at(head.generation) != seen[term] for term in some)
    return wrong
