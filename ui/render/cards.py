"""A source in one glance: title, newspaper, date, page and quality flags."""

from __future__ import annotations

from ui.exchange import Mark
from ui.render.markup import Html, el
from ui.words import Words, flag_words


def title_of(words: Words, mark: Mark) -> str:
    """The article's title, else the document's name."""
    return mark.title or mark.doc or words.article_untitled


def card(words: Words, key: str, mark: Mark, *, near: bool = False) -> Html:
    """One source under an answer."""
    others = len({other.doc for other in mark.also} - {mark.doc})
    extra = (el("span", f"+{others}", class_="badge", title=words.also_in),) if others else ()
    head = el("span", el("span", title_of(words, mark), class_="title"), *extra, class_="head")
    quote = el("span", mark.text, class_="quote") if near else Html()
    return el(
        "li",
        el(
            "button",
            el("span", str(mark.number), class_="number", aria_hidden="true"),
            el("span", head, quote, meta(words, mark), class_="body"),
            type="button",
            class_="card",
            data_do="near" if near else "cite",
            data_key=key,
            data_number=mark.number,
        ),
    )


def meta(words: Words, mark: Mark, *, name: bool = True) -> Html:
    """Newspaper, date, page and quality flags; the document's `name` when nothing is known."""
    facts = [mark.newspaper, mark.date, page_of(words, mark.page), mark.section]
    known = [el("span", fact, class_="fact") for fact in facts if fact]
    flags = [el("span", flag_words(words, flag), class_="flag") for flag in mark.flags]
    if not known and name and mark.title:
        known = [el("span", mark.doc, class_="fact")]
    if not known and not flags:
        return Html()
    return el("span", *known, *flags, class_="meta")


def page_of(words: Words, page: str) -> str:
    return words.page.format(page) if page else ""
