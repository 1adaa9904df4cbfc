"""The page: Gradio blocks, and what happens when something on them is touched.

Nothing of a reader is kept on the server between two events. A conversation lives in the browser and comes
along with each question, so a restarted server and a second reader make no difference.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import gradio as gr

from index.document import YoujuError
from ui import asking, concordance, evaluation, library, render, settings
from ui.archive import Archive, Opened
from ui.browser import listed, quiet, sent, the_part, whole
from ui.conversations import Exporter
from ui.examples import SAMPLED, examples
from ui.exchange import Exchange, ExchangeError, from_json, history, mark_from_json, new_key
from ui.source import open_source
from ui.translation import failed
from ui.wording import Words

AT_ONCE = 8  # questions of the page in hand; the others wait in its queue and hold no thread
QUEUE = 200  # questions that may wait


@dataclass(frozen=True, slots=True)
class Desk:
    """What the handlers need: the archive and the reader's language."""

    archive: Archive
    words: Words

    def start(self) -> str:
        """The empty conversation: what was read, and what could be asked."""
        try:
            with self.archive.lease() as opened:
                held = opened.held
                return render.welcome(self.words, opened.counts, _examples(self.words, opened), held)
        except YoujuError:
            return render.welcome(self.words, (0, 0, 0), ())

    def restore(self, event: gr.EventData) -> tuple[str, str]:
        """A conversation that the browser kept, or the start of a new one."""
        kept = _kept(sent(event, "exchanges", None))
        if not kept:
            return "", self.start()
        return render.conversation(self.words, kept), ""

    def ask(self, event: gr.EventData) -> Iterator[str]:
        """The answer as it grows; the finished exchange comes last."""
        key = new_key()
        question = str(sent(event, "question", ""))[: asking.LONGEST_QUESTION + 1]
        try:
            wanted = _asking(event, self.words.code)
            yield render.pending(self.words, key, wanted.question)
            yield from self._pieces(wanted, key)
        except YoujuError as error:
            yield render.broken(self.words, key, question[:200], failed(self.words, error))

    def _pieces(self, wanted: asking.Asking, key: str) -> Iterator[str]:
        said = ""
        for piece in asking.stream(self.archive, wanted, key=key):
            if isinstance(piece, asking.Finished):
                yield render.exchange(self.words, piece.exchange)
            else:
                said += piece
                yield render.pending(self.words, key, wanted.question, said)

    def open(self, event: gr.EventData) -> str:
        """The original around the citation that was clicked."""
        key = str(sent(event, "key", ""))[:32]
        total = whole(sent(event, "total", 1), 1, 64)
        near = bool(sent(event, "near", False))
        steps = [whole(sent(event, name, 0), 0, 20) for name in ("before", "after")]
        try:
            mark = mark_from_json(sent(event, "mark", None))
            with self.archive.lease() as opened:
                if mark.doc not in opened.cards:
                    return render.source_gone(self.words, mark, key=key, total=total)
                opening = open_source(
                    opened.index,
                    mark.doc,
                    mark.spans,
                    article=opened.article(mark.doc, mark.article),
                    passages=opened.passages(mark.doc, mark.article),
                    before=steps[0],
                    after=steps[1],
                )
            return render.source(self.words, mark, opening, key=key, total=total, near=near)
        except YoujuError as error:
            return render.source_trouble(self.words, failed(self.words, error))


def build(archive: Archive, words: Words) -> Any:
    """The page in one language."""
    desk = Desk(archive, words)
    evaluator = evaluation.Evaluator(archive, words)
    with gr.Blocks(title=f"{words.name} · {words.tagline}", analytics_enabled=False, fill_width=True) as page:
        the_part("masthead", render.masthead(words))
        the_part("notices", render.notice())
        with gr.Tabs(elem_id="tabs"):
            with gr.Tab(words.ask_tab, id="ask", elem_id="tab-ask"):
                _ask_tab(desk)
            with gr.Tab(words.documents_tab, id="documents", elem_id="tab-documents"):
                library.build_tab(archive, words)
            with gr.Tab(words.concordance_tab, id="concordance", elem_id="tab-concordance"):
                concordance.build_tab(archive, words)
            with gr.Tab(words.evaluation_tab, id="evaluation", elem_id="tab-evaluation") as tab:
                evaluation.build_tab(evaluator, tab)
            with gr.Tab(words.settings_tab, id="settings", elem_id="tab-settings"):
                settings.build_tab(archive, words)
        panel = the_part("panel", render.source_waiting(words))
        panel.select(desk.open, outputs=panel, **quiet(queue=False))
        evaluation.outbox(evaluator, Exporter(archive, words).export)
    page.queue(max_size=QUEUE, default_concurrency_limit=AT_ONCE, api_open=False)
    return page


def _ask_tab(desk: Desk) -> None:
    """Conversations, the thread, the composer and the source beside it."""
    words = desk.words
    with gr.Row(elem_id="desk"):
        the_part("rail", render.rail(words))
        with gr.Column(elem_id="middle"):
            with gr.Column(elem_id="thread"):
                past = the_part("past", "")
                live = the_part("live", "")  # filled when the browser says which conversation is open
            composer = the_part(
                "composer", render.composer(words, asking.LONGEST_QUESTION, desk.archive.names)
            )
    past.select(desk.restore, outputs=[past, live], **quiet(queue=False))
    # Gradio's cancelling ends whatever runs of an event when it arrives, and a question asked right after it
    # may be there first: so that question comes by the other of two events.
    for name, begun, ended in (("submit", live.submit, composer.stop), ("retry", live.retry, composer.end)):
        asked = begun(desk.ask, outputs=live, concurrency_limit=AT_ONCE, concurrency_id="ask", **quiet())
        asked.then(fn=None, js=f"() => window.youju.finished({name!r})", **quiet())
        ended(fn=None, cancels=[asked], **quiet())


def _examples(words: Words, opened: Opened) -> tuple[str, ...]:
    """Questions that the archive was seen to answer; until they were tried, the first that come to mind."""
    if words.code not in opened.examples:
        return examples(words, opened.index.articles(), islice(opened.index.passages, SAMPLED))
    return opened.examples[words.code]


def _kept(values: object) -> list[Exchange]:
    """The exchanges of a browser that still read well; the others are left out."""
    found: list[Exchange] = []
    for value in listed(values):
        try:
            found.append(from_json(value))
        except ExchangeError:
            continue
    return found


def _asking(event: gr.EventData, language: str) -> asking.Asking:
    """A checked question out of what the browser sent."""
    where = sent(event, "where", None)
    where = where if isinstance(where, dict) else {}
    docs = where.get("docs", [])
    return asking.Asking(
        question=asking.check_question(sent(event, "question", "")),
        history=history(sent(event, "history", [])),
        where=asking.check_where(listed(docs), where.get("since", ""), where.get("until", "")),
        archives=asking.check_archives(listed(where.get("archives"))),
        k=asking.check_k(sent(event, "k", 0)),
        plain=sent(event, "plain", False) is True,
        undo=asking.check_undo(listed(sent(event, "undo", []))),
        language=language,
    )
