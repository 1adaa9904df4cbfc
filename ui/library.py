"""The Documents tab: what is in the archive, what was understood of it, files in and out."""

from __future__ import annotations

import os
import queue
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from index.copies import Copy
from index.document import Article, Dropped, Passage, YoujuError
from index.records import DocumentCard
from index.verdicts import FileVerdict, Progress, Summary
from ui import intake, render
from ui.archive import Archive, Opened
from ui.browser import listed, quiet, sent, the_part
from ui.translation import failed
from ui.wording import Words

MOST_SHOWN = 200  # documents in the list; the filter finds the others
LONGEST_FILTER = 100  # characters

Step = FileVerdict | Progress | Summary | YoujuError


@dataclass(frozen=True, slots=True)
class Row:
    """A document in the list: its card and its title."""

    card: DocumentCard
    title: str


@dataclass(frozen=True, slots=True)
class Understood:
    """What was understood of one document."""

    card: DocumentCard
    articles: tuple[Article, ...]
    counts: dict[str, int]  # passages by article id
    flags: tuple[tuple[str, int], ...]
    dropped: tuple[tuple[Dropped, str], ...]  # with the characters themselves
    copy: Copy | None = None  # a document that says mostly the same


@dataclass(frozen=True, slots=True)
class Library:
    """The handlers of the Documents tab."""

    archive: Archive
    words: Words

    def show(self, event: gr.EventData) -> str:
        """The list, as far as it holds the words of the filter."""
        return self._list(str(sent(event, "filter", ""))[:LONGEST_FILTER])

    def first(self) -> str:
        """The whole list."""
        return self._list("")

    def _list(self, wanted: str) -> str:
        try:
            with self.archive.lease() as opened:
                rows, held = rows_of(opened), opened.held
        except YoujuError:
            rows, held = [], ()
        found = [row for row in rows if _holds(row, wanted)]
        shown = found[:MOST_SHOWN]
        return render.documents(self.words, shown, total=len(rows), found=len(found), held=held)

    def understood(self, event: gr.EventData) -> str:
        """Articles, dates, flags and dropped parts of one document."""
        doc = str(sent(event, "doc", ""))
        try:
            with self.archive.lease() as opened:
                if doc not in opened.cards:
                    return render.trouble(self.words.gone_document)
                return render.understood(self.words, understood_of(opened, doc))
        except YoujuError as error:
            return render.trouble(failed(self.words, error))

    def take_in(self, event: gr.EventData) -> Iterator[tuple[Any, Any]]:
        """Index what was dropped on the page; a line per file as it is read."""
        files = handed_in(sent(event, "files", []))
        into = str(sent(event, "into", ""))
        yield from self._follow(lambda report: intake.take_in(self.archive, files, into=into, report=report))
        for _, place in files:
            place.unlink(missing_ok=True)

    def take_out(self, event: gr.EventData) -> Iterator[tuple[Any, Any]]:
        """Delete documents; they are in no answer once this ends."""
        docs = [doc for doc in listed(sent(event, "docs", [])) if isinstance(doc, str)]
        yield from self._follow(lambda report: intake.take_out(self.archive, docs, report=report))

    def read_again(self) -> Iterator[tuple[Any, Any]]:
        """Bring the archive up to date with its folders."""
        yield from self._follow(lambda report: intake.read_again(self.archive, report=report))

    def _follow(self, work: Callable[[intake.Report], Summary]) -> Iterator[tuple[Any, Any]]:
        """Progress on the right-hand side while `work` runs; the new list when it is done."""
        verdicts: list[FileVerdict] = []
        progress: Progress | None = None
        for step in steps(work):
            if isinstance(step, FileVerdict):
                verdicts.append(step)
            elif isinstance(step, Progress):
                progress = step
            elif isinstance(step, Summary):
                yield self.first(), render.intake_done(self.words, step)
                return
            else:
                message = failed(self.words, step)
                yield gr.skip(), render.intake_failed(self.words, verdicts, message)
                return
            yield gr.skip(), render.intake_running(self.words, verdicts, progress)


def build_tab(archive: Archive, words: Words) -> None:
    """Lay out the tab and connect it."""
    library = Library(archive, words)
    with gr.Row(elem_id="library"):
        with gr.Column(elem_id="library-main"):
            tools = the_part("library-tools", render.library_tools(words, archive.names))
            rows = the_part("documents", "")
        side = the_part("understood", render.note(words.understood_hint))
    rows.input(library.show, outputs=rows, **quiet(queue=False))
    side.select(library.understood, outputs=side, **quiet(queue=False))
    for trigger, work in (
        (tools.upload, library.take_in),
        (rows.delete, library.take_out),
        (tools.apply, library.read_again),
    ):
        done = trigger(work, outputs=[rows, side], concurrency_id="write", concurrency_limit=1, **quiet())
        done.then(fn=None, js="() => window.youju.settled()", **quiet())


def rows_of(opened: Opened) -> list[Row]:
    """Every document with the title of its first article, newest date first, undated ones last."""
    titles: dict[str, str] = {}
    for article in opened.index.articles():
        if article.title:
            titles.setdefault(article.doc, article.title)
    rows = [Row(card, titles.get(card.id, "")) for card in opened.cards.values()]
    rows.sort(key=lambda row: row.card.id)
    return sorted(rows, key=lambda row: row.card.source.date, reverse=True)


def understood_of(opened: Opened, doc: str) -> Understood:
    """What was understood of a document."""
    passages: Sequence[Passage] = opened.index.passages.of_document(doc)
    text = opened.index.text(doc)
    flags = Counter(flag for passage in passages for flag in passage.flags)
    dropped = [(item, text[item.span.start : item.span.end]) for item in opened.index.dropped(doc)]
    return Understood(
        card=opened.cards[doc],
        articles=tuple(opened.index.articles(doc)),
        counts=dict(Counter(passage.article for passage in passages)),
        flags=tuple(flags.most_common()),
        dropped=tuple((item, said) for item, said in dropped if said.strip()),
        copy=opened.copies.get(doc),
    )


def steps(work: Callable[[intake.Report], Summary]) -> Iterator[Step]:
    """What `work` reports while it runs in a thread of its own, then its summary or its error."""
    told: queue.Queue[Step | BaseException] = queue.Queue()

    def run() -> None:
        try:
            told.put(work(told.put))
        except BaseException as error:
            told.put(error)
            raise

    threading.Thread(target=run, daemon=True).start()
    while True:
        step = told.get()
        if isinstance(step, BaseException):
            if not isinstance(step, YoujuError):
                raise step
            yield step
            return
        yield step
        if isinstance(step, Summary):
            return


def handed_in(values: object) -> list[tuple[str, Path]]:
    """(name, place) of files that the page uploaded; a place outside the upload folder is left out."""
    from gradio.utils import get_upload_folder

    folder = Path(get_upload_folder()).resolve()
    found: list[tuple[str, Path]] = []
    for value in listed(values)[: intake.MOST_FILES]:
        name, path = (value.get("name"), value.get("path")) if isinstance(value, dict) else (None, None)
        if not isinstance(name, str) or not isinstance(path, str) or "\x00" in path:
            continue
        place = Path(os.path.abspath(path))
        if place.is_relative_to(folder) and place.is_file() and not place.is_symlink():
            found.append((name, place))
    return found


def _holds(row: Row, wanted: str) -> bool:
    source = row.card.source
    said = " ".join((row.title, row.card.id, source.newspaper, source.date)).lower()
    return all(word in said for word in wanted.lower().split())
