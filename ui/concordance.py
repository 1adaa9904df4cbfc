"""The Concordance tab: every occurrence of a word or phrase in context, by document and date."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import gradio as gr

from index.document import Passage, YoujuError
from index.fold import fold
from index.milvus.records import RemoteRecords
from index.records import DocumentCard, Records, Where
from index.union import Shelves
from ui import asking, render
from ui.archive import Archive
from ui.browser import listed, quiet, sent, the_part
from ui.exchange import Mark, mark_of, titled
from ui.translation import told
from ui.wording import Words

LONGEST_PHRASE = 60  # characters
AROUND = 28  # characters of context on each side
Shelf = Records | RemoteRecords | Shelves
MOST_LINES = 500  # lines shown; all are counted


@dataclass(frozen=True, slots=True)
class Line:
    """One occurrence: what stands before, the words themselves, what stands after."""

    before: str
    found: str
    after: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Concordance:
    """Every occurrence of a phrase; `lines` are the first of them, `total` counts all."""

    phrase: str
    total: int
    lines: tuple[Line, ...]
    by_document: tuple[tuple[str, str, int], ...]  # document, title, occurrences
    searched: int  # passages
    bounded: bool = False  # only some archives, documents or dates were searched


@dataclass(frozen=True, slots=True)
class Concordancer:
    """The handler of the tab."""

    archive: Archive
    words: Words

    def find(self, event: gr.EventData) -> str:
        """The lines of a phrase."""
        phrase = str(sent(event, "words", "")).strip()
        where = sent(event, "where", None)
        where = where if isinstance(where, dict) else {}
        try:
            if not phrase or len(phrase) > LONGEST_PHRASE:
                return render.trouble(self.words.concordance_length.format(LONGEST_PHRASE))
            bounds = asking.check_where(
                listed(where.get("docs")), where.get("since", ""), where.get("until", "")
            )
            with self.archive.lease() as opened:
                archives = asking.check_archives(listed(where.get("archives")))
                found = concordance(opened.view(archives).passages, phrase, opened.cards, bounds)
            bounded = bool(bounds or archives)
            return render.concordance(self.words, replace(found, bounded=bounded))
        except YoujuError as error:
            return render.trouble(told(self.words.code, error))


def build_tab(archive: Archive, words: Words) -> None:
    """Lay out the tab and connect it."""
    the_part("concordance-form", render.concordance_form(words, LONGEST_PHRASE))
    lines = the_part("concordance", "")
    lines.submit(Concordancer(archive, words).find, outputs=lines, **quiet())


def concordance(
    passages: Shelf, phrase: str, cards: Mapping[str, DocumentCard], where: Where | None = None
) -> Concordance:
    """Every occurrence of a phrase in the passages, folded as for search; reprints are not merged."""
    wanted = fold(phrase)[0].strip()
    found: list[Line] = []
    counts: Counter[str] = Counter()
    titles: dict[str, str] = {}
    searched = 0
    for passage in _passages(passages, where):
        searched += 1
        if passage.title:
            titles.setdefault(passage.doc, passage.title)
        for start, end in _places(passage, wanted):
            counts[passage.doc] += 1
            if len(found) < MOST_LINES:
                found.append(_line(passage, start, end, len(found) + 1, cards))
    by_document = tuple((doc, titles.get(doc, ""), count) for doc, count in counts.most_common())
    lines = tuple(replace(line, mark=titled(line.mark, lambda doc: titles.get(doc, ""))) for line in found)
    return Concordance(phrase, counts.total(), lines, by_document, searched)


def _passages(everything: Shelf, where: Where | None) -> Iterable[Passage]:
    """Passages by date, undated ones last, in the order of the archive."""
    chosen = [everything[row] for row in everything.rows(where)] if where else list(everything)
    return sorted(chosen, key=lambda passage: passage.date or "9999")


def _places(passage: Passage, wanted: str) -> Iterator[tuple[int, int]]:
    """Where the folded phrase stands, as [start, end) of the passage's text."""
    folded, places = fold(passage.text)
    start = folded.find(wanted) if wanted else -1
    while start >= 0:
        end = start + len(wanted)
        yield places[start], places[end - 1] + 1
        start = folded.find(wanted, end)


def _line(passage: Passage, start: int, end: int, number: int, cards: Mapping[str, DocumentCard]) -> Line:
    text = passage.text
    return Line(
        before=text[max(start - AROUND, 0) : start],
        found=text[start:end],
        after=text[end : end + AROUND],
        mark=mark_of(passage, start, end, cards, number=number),
    )
