"""The Concordance tab: lines of context with the words in the middle."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from ui.exchange import Mark
from ui.render.cards import meta, title_of
from ui.render.markup import Html, el
from ui.wording import Words

if TYPE_CHECKING:
    from ui.concordance import Concordance, Line


def concordance_form(words: Words, longest: int) -> Html:
    """The box for a word or phrase."""
    box = el(
        "input",
        type="search",
        name="phrase",
        class_="filter",
        maxlength=longest,
        placeholder=words.concordance_words,
        aria_label=words.concordance_words,
        required=True,
    )
    send = el("button", words.concordance_find, type="submit", class_="primary")
    hint = el("p", words.concordance_hint, class_="soft")
    return el("form", el("div", box, send, class_="bar"), hint, class_="concordance-form")


def concordance(words: Words, found: Concordance) -> Html:
    """Counts by document, then the lines; a search of a part of the archive says so."""
    told = _told(words, found)
    if not found.total:
        return el("p", told, class_="empty", role="status")
    counts = [
        el("li", el("span", title or doc), el("span", f"{count:,}", class_="badge"))
        for doc, title, count in found.by_document[:50]
    ]
    marks = [_brief(line.mark) for line in found.lines]
    return el(
        "section",
        el("p", told, role="status", class_="total"),
        el("ul", *counts, class_="by-document"),
        el("ol", *(_line(words, line) for line in found.lines), class_="lines"),
        class_="concordance",
        data_marks=json.dumps(marks, ensure_ascii=False, separators=(",", ":")),
    )


def _told(words: Words, found: Concordance) -> str:
    """How often and where it occurs, and what of that is seen."""
    counts = (f"{found.total:,}", len(found.by_document), f"{found.searched:,}")
    said = [words.concordance_total.format(*counts) if found.total else words.concordance_none]
    if len(found.lines) < found.total:
        said.append(words.concordance_shown.format(len(found.lines)))
    if found.bounded:
        said.append(words.concordance_scope)
    return ("" if words.code == "zh" else " ").join(said)


def _line(words: Words, line: Line) -> Html:
    return el(
        "li",
        el(
            "button",
            el("span", " ".join(line.before.split()), class_="before"),
            el("mark", line.found, class_="cited"),
            el("span", " ".join(line.after.split()), class_="after"),
            el(
                "span",
                el("span", title_of(words, line.mark), class_="title"),
                " ",
                meta(words, line.mark, name=False),
                class_="whence",
            ),
            type="button",
            class_="line",
            data_do="line",
            data_key="",
            data_numbers=line.mark.number,
        ),
    )


def _brief(mark: Mark) -> dict[str, object]:
    return {name: value for name, value in asdict(mark).items() if value}
