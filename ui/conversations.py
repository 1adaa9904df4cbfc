"""Conversations as files: Markdown to read and share, evidence to check later with `youju replay`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from index.document import Passage, YoujuError
from rag.answer import Answer, Citation, Claim, Verdict
from rag.export import evidence, markdown
from ui import render
from ui.archive import Archive, Opened
from ui.browser import listed, sent
from ui.exchange import Exchange, ExchangeError, Mark, from_json
from ui.translation import failed
from ui.wording import Words

MOST = 200  # exchanges of one export


@dataclass(frozen=True, slots=True)
class Exporter:
    """The handler of what a reader takes along."""

    archive: Archive
    words: Words

    def export(self, event: gr.EventData) -> str:
        """A file for the reader, as page.js downloads it."""
        try:
            exchanges = [from_json(value) for value in listed(sent(event, "exchanges", []))[:MOST]]
            if not exchanges:
                raise ExchangeError(self.words.nothing_to_export)
            with self.archive.lease() as opened:
                if sent(event, "form", "") == "evidence":
                    text = json.dumps(evidence_of(exchanges[0], opened), ensure_ascii=False, indent=2)
                    return render.file(f"youju-{exchanges[0].key}.json", "application/json", text)
                text = "\n".join(
                    markdown(answer_of(shown, opened), opened.index, self.words.code) for shown in exchanges
                )
        except YoujuError as error:
            return render.trouble(failed(self.words, error))
        return render.file(f"youju-{exchanges[-1].key}.md", "text/markdown", text)


def evidence_of(exchange: Exchange, opened: Opened) -> dict[str, Any]:
    """An exchange as exported evidence. Raises ExchangeError when what it cites is gone."""
    return evidence(answer_of(exchange, opened), opened.index)


def answer_of(exchange: Exchange, opened: Opened) -> Answer:
    """The answer that an exchange came from, its passages taken from the index. Raises ExchangeError."""
    citations = tuple(_citation(mark, opened) for mark in exchange.marks)
    refused = exchange.refused or not citations
    return Answer(
        question=exchange.question,
        text=exchange.text or exchange.reason or exchange.question,
        refused=refused,
        claims=tuple(
            Claim(sentence.text, sentence.marks, Verdict(sentence.verdict), sentence.short)
            for sentence in exchange.sentences
        ),
        citations=citations,
        reason=exchange.reason,
        notes=exchange.notes,
        readings=exchange.readings,
        incomplete=exchange.incomplete,
    )


def _citation(mark: Mark, opened: Opened) -> Citation:
    passage = opened.index.passages.by_id(mark.passage)
    start = _place(mark, passage) if passage is not None and passage.doc == mark.doc else -1
    if passage is None or start < 0:
        raise ExchangeError(f"the archive no longer holds what [{mark.number}] cites; ask again, then export")
    also: Sequence[Citation] = [_citation(other, opened) for other in mark.also]
    return Citation(mark.number, passage, start, start + len(mark.text), tuple(also))


def _place(mark: Mark, passage: Passage) -> int:
    """Where the cited text begins in the passage, at the very place cited; -1 when it is not there."""
    start = passage.text.find(mark.text) if mark.text else -1
    while start >= 0:
        spans = passage.locate(start, start + len(mark.text))
        if tuple((span.start, span.end) for span in spans) == mark.spans:
            return start
        start = passage.text.find(mark.text, start + 1)
    return -1
