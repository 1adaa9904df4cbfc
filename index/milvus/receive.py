"""An archive that is copied to a server."""

from __future__ import annotations

import time

from index.milvus.generation import Builder, Job, Made, writing
from index.records import DocumentCard
from index.remote import Remote
from index.search import Index, searchable
from index.tokens import terms
from index.update import Entry
from index.verdicts import Progress, Report, Summary


def receive(remote: Remote, index: Index, *, report: Report) -> Summary:
    """Write every document of an index, with its vectors, as the next generation of another."""
    started = time.monotonic()
    length = 0
    for done, passage in enumerate(index.passages, 1):
        length += len(terms(searchable(passage)))
        if done % 1_000 == 0:
            report(Progress("reading", done, len(index.passages)))
    cards = {card.id: card for card in index.documents()}
    with writing(remote) as session:
        made = Made(index.encoder, index.model, index.reader)
        builder = Builder(session, made, lambda *step: report(Progress(*step)))
        jobs = (_job(index, cards[doc], rows) for doc, rows in index.passages.places())
        head, embedded = builder.rewritten(jobs, {}, length=length, passages=len(index.passages))
        session.commit(head)
    return Summary((), head.documents, head.passages, embedded, time.monotonic() - started)


def _job(index: Index, card: DocumentCard, rows: list[int]) -> Job:
    return Job(
        card.id,
        lambda: Entry(index.passages.reading(card.id), card.root, card.added),
        lambda: index.vectors(rows),
    )
