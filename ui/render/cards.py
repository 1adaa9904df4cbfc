"""A source in one glance: title, newspaper, date, page and quality flags."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ui.exchange import Mark
from ui.render.markup import Html, el
from ui.wording import Words, flag_words


def title_of(words: Words, mark: Mark) -> str:
    """The article's title, else the document's name."""
    return mark.title or mark.file or words.article_untitled


def cards(words: Words, key: str, marks: Iterable[Mark]) -> list[Html]:
    """The sources under an answer, one card an article; it carries the numbers of all its marks."""
    articles: dict[tuple[str, str], list[Mark]] = {}
    for mark in marks:
        articles.setdefault((mark.doc, mark.article or mark.passage), []).append(mark)
    return [_card(words, key, group, kind="cite") for group in articles.values()]


def near_cards(words: Words, key: str, marks: Iterable[Mark]) -> list[Html]:
    """Passages that were found and not cited, with their text."""
    return [_card(words, key, [mark], kind="near") for mark in marks]


def _card(words: Words, key: str, group: Sequence[Mark], *, kind: str) -> Html:
    mark = group[0]
    others = len({other.doc for each in group for other in each.also} - {mark.doc})
    extra = (el("span", f"+{others}", class_="badge", title=words.also_in),) if others else ()
    numbers = [str(each.number) for each in group]
    head = el("span", el("span", title_of(words, mark), class_="title"), *extra, class_="head")
    quote = el("span", mark.text, class_="quote") if kind == "near" else Html()
    chips = [el("span", number, class_="number", aria_hidden="true") for number in numbers]
    return el(
        "li",
        el(
            "button",
            el("span", *chips, class_="numbers"),
            el("span", head, quote, meta(words, mark), class_="body"),
            type="button",
            class_="card",
            data_do=kind,
            data_key=key,
            data_numbers=" ".join(numbers),
        ),
    )


def meta(words: Words, mark: Mark, *, name: bool = True) -> Html:
    """Newspaper, date, page and quality flags; the document's `name` when nothing is known."""
    facts = [mark.newspaper, mark.date, page_of(words, mark.page), mark.section]
    known = [el("span", fact, class_="fact") for fact in facts if fact]
    if mark.archive:
        known.insert(0, archive_tag(mark.archive))
    flags = [el("span", flag_words(words, flag), class_="flag") for flag in mark.flags]
    if not any(facts) and name and mark.title:
        known.append(el("span", mark.file, class_="fact"))
    if not known and not flags:
        return Html()
    return el("span", *known, *flags, class_="meta")


def archive_tag(name: str) -> Html:
    """Which of several archives a source is of."""
    return el("span", name, class_="archive")


def page_of(words: Words, page: str) -> str:
    """The printed page in words; empty when it is not known."""
    return words.page.format(page) if page else ""
