"""The source panel: the original around a citation, with the cited characters highlighted."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ui.exchange import Mark
from ui.render.cards import meta, title_of
from ui.render.frame import trouble
from ui.render.markup import Html, action, el, hidden, join, text
from ui.source import Opening, Paragraph, Piece
from ui.wording import Words

_BLANK = " \t\r\u3000"
_GAP = re.compile(rf"\n(?:[{_BLANK}]*\n)+")


def source(words: Words, mark: Mark, opening: Opening, *, key: str, total: int, near: bool = False) -> Html:
    """The original around a citation, the cited characters highlighted."""
    return el(
        "section",
        _source_head(words, mark, opening, total=total),
        _also(words, mark),
        el(
            "div",
            _tabs(words) if opening.paragraphs else Html(),
            _original(words, opening),
            _reading(opening),
            class_="pages",
            tabindex="0",
            role="group",
            aria_label=words.source,
        ),
        _judge(words, mark, key, near=near),
        class_="source",
        aria_label=words.source,
        data_key=key,
        data_total=total,
    )


def source_gone(words: Words, mark: Mark, *, key: str, total: int) -> Html:
    """A citation of a document that is not in the archive any more."""
    opening = Opening(mark.doc, 0, 0, 0, (), (), title=mark.title, found=False)
    note = el("p", words.gone, class_="trouble")
    quote = el("div", note, el("blockquote", el("mark", mark.text, class_="cited")), class_="pages")
    head = _source_head(words, mark, opening, total=total)
    return el(
        "section", head, quote, class_="source", data_key=key, data_number=mark.number, data_total=total
    )


def source_waiting(words: Words) -> Html:
    """What the panel holds until the original comes; it can be closed as any other."""
    dots = el("p", el("span", words.thinking), el("i"), el("i"), el("i"), class_="thinking", role="status")
    return _bare(words, dots)


def source_trouble(words: Words, message: str) -> Html:
    """Why the original cannot be shown now."""
    return _bare(words, trouble(message))


def _bare(words: Words, said: Html) -> Html:
    bar = el("div", el("span", class_="space"), _close(words), class_="bar")
    head = el("header", bar, el("h2", words.source, tabindex="-1"))
    return el("section", head, el("div", said, class_="pages"), class_="source", aria_label=words.source)


def _close(words: Words) -> Html:
    return action("close", words.close, symbol="close", aria_keyshortcuts="Escape")


def _source_head(words: Words, mark: Mark, opening: Opening, *, total: int) -> Html:
    byline = (el("p", opening.byline, class_="byline"),) if opening.byline else ()
    return el(
        "header",
        el(
            "div",
            el("span", f"{mark.number} / {total}", class_="count"),
            action("previous", words.previous, symbol="previous", aria_keyshortcuts="["),
            action("next", words.following, symbol="next", aria_keyshortcuts="]"),
            el("span", class_="space"),
            action("copy-quote", words.copy_quote, symbol="copy"),
            _close(words),
            class_="bar",
        ),
        el("h2", opening.title or title_of(words, mark), tabindex="-1"),
        *byline,
        meta(words, mark, name=False),
        el("p", mark.file, class_="file") if mark.title or opening.title else Html(),
    )


def _also(words: Words, mark: Mark) -> Html:
    if not mark.also:
        return Html()
    links = [
        el(
            "button",
            " · ".join(part for part in _whence(words, other) if part),
            type="button",
            class_="also",
            data_do="also",
            data_place=place,
        )
        for place, other in enumerate(mark.also)
    ]
    return el("div", el("span", words.also_in, class_="eyebrow"), *links, class_="family")


def _whence(words: Words, mark: Mark) -> tuple[str, ...]:
    return mark.archive, mark.newspaper, mark.date, title_of(words, mark)


def _tabs(words: Words) -> Html:
    names = (("original", words.original), ("reading", words.reading))
    return el(
        "div", *(action("view", label, shown=True, data_view=name) for name, label in names), class_="views"
    )


def _original(words: Words, opening: Opening) -> Html:
    more_before = action("earlier", words.earlier_text, shown=True) if opening.start else Html()
    more_after = action("later", words.later_text, shown=True) if opening.end < opening.length else Html()
    body = el("div", *(_piece(words, piece) for piece in opening.pieces), class_="facsimile", lang="zh")
    return el("div", more_before, body, more_after, class_="view view-original")


def _reading(opening: Opening) -> Html:
    section = ""
    blocks: list[Html] = []
    for paragraph in opening.paragraphs:
        if paragraph.section != section and paragraph.section:
            blocks.append(el("h3", paragraph.section))
        section = paragraph.section
        blocks.append(_paragraph(paragraph))
    return el("div", *blocks, class_="view view-reading", lang="zh")


def _paragraph(paragraph: Paragraph) -> Html:
    pieces = (
        el("mark", piece.text, class_="cited") if piece.kind == "cited" else text(piece.text)
        for piece in paragraph.pieces
    )
    return el("p", *pieces, class_=f"passage passage-{paragraph.kind}")


def _piece(words: Words, piece: Piece) -> Html:
    """One run of the file's characters. Several empty lines are drawn as a gap, not as emptiness."""
    if piece.kind == "lost":
        shown = piece.text.strip() or "\u2003"
        return el("span", shown, hidden(words.lost_number), class_="lost", title=words.lost_number)
    body = join(_lines(piece.text))
    if piece.kind == "cited":
        return el("mark", body, class_="cited")
    if piece.kind == "dropped":
        return el("span", body, class_="dropped", title=words.dropped.format(piece.reason))
    return body


def _lines(value: str) -> Iterable[Html]:
    parts = _GAP.split(value)
    for part in parts[:-1]:
        yield text(part.rstrip(_BLANK))
        yield el("span", class_="gap")
    yield text(parts[-1])


def _judge(words: Words, mark: Mark, key: str, *, near: bool) -> Html:
    """Right or wrong for what was cited; for what was not, whether it should have been."""
    if not key or not mark.passage:
        return Html()
    cited = (("right", words.right, "up"), ("wrong", words.wrong, "down"))
    buttons = (
        action(
            name,
            label,
            symbol=symbol,
            shown=True,
            data_key=key,
            data_passage=mark.passage,
            aria_pressed="false",
        )
        for name, label, symbol in ((("missing", words.should_cite, "up"),) if near else cited)
    )
    return el("footer", *buttons, class_="judge")
