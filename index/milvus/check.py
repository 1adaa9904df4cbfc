"""Is an index on a server as it was written, document by document? And if not, make it so again."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
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
    for copy in records.copies():
        content += int(copy.digest, 16)
        try:
            yield from _problems_of(server, head, records, copy, seen)
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
    server: Server, head: Head, records: RemoteRecords, copy: Copy, seen: Counter[str]
) -> Iterator[tuple[str, str]]:
    doc = copy.card.id
    reading = records.reading_of(copy)
    vectors = records.vectors_of(copy.rows)
    if digest_of(zip(reading.passages, vectors, strict=True), part_texts(reading)) != copy.digest:
        yield f"{doc} does not match its checksum", doc
        return
    tables = head.tables(server.remote.name)
    stored = {row["row"]: row["sparse"] for row in server.get(tables.passages, copy.rows, ("row", "sparse"))}
    for row, passage in zip(copy.rows, reading.passages, strict=True):
        counts = Counter(terms(searchable(passage)))
        seen.update(counts.keys())
        known = read_terms(server, tables, counts)
        if not _same(stored[row], counts, known, head.average):
            yield f"{doc}: the words of passage {passage.id} are not those of its text", doc
            return


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
