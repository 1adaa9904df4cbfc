"""The conversation: questions, answers with numbered marks, calm refusals."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ui.exchange import Exchange, Mark, Sentence, to_json
from ui.render.cards import archive_tag, cards, near_cards, title_of
from ui.render.markup import Html, action, el, hidden, join, text
from ui.translation import archive_trouble
from ui.wording import Words, verdict_words

if TYPE_CHECKING:
    from ui.archive import Held


def welcome(
    words: Words, counts: tuple[int, int, int], questions: Sequence[str], held: Sequence[Held] = ()
) -> Html:
    """What an empty conversation shows: what was read, and questions made from it."""
    if not counts[0]:
        return el(
            "section",
            el("h1", words.nothing_indexed),
            el("p", words.nothing_indexed_more),
            class_="welcome",
        )
    numbers = [f"{count:,}" for count in counts]
    buttons = [
        el("li", el("button", question, type="button", class_="example", data_do="example"))
        for question in questions
    ]
    return el(
        "section",
        el("h1", words.hello),
        el("p", words.hello_more.format(*numbers)),
        _held(words, held) if held else Html(),
        el("h2", words.examples, class_="eyebrow") if buttons else Html(),
        el("ul", *buttons, class_="examples") if buttons else Html(),
        class_="welcome",
    )


def _held(words: Words, held: Sequence[Held]) -> Html:
    """Several archives by name, and how many documents each holds; one that cannot be opened says so."""
    items = [
        el(
            "li",
            archive_tag(one.name),
            el("span", archive_trouble(words, one.name, one.trouble), class_="trouble")
            if one.trouble
            else el("span", f"{words.documents_tab} {one.documents:,}", class_="fact"),
        )
        for one in held
    ]
    return el("ul", *items, class_="archives", aria_label=words.archives)


def pending(words: Words, key: str, question: str, so_far: str = "") -> Html:
    """A question that is being answered, with as much of the answer as there is."""
    body = (
        el("p", so_far, el("span", class_="caret", aria_hidden="true"), class_="prose streaming")
        if so_far
        else el("p", el("span", words.thinking), el("i"), el("i"), el("i"), class_="thinking", role="status")
    )
    again = action("retry", words.retry, symbol="retry", shown=True)
    change = action("edit", words.edit, symbol="edit", shown=True)
    return _unfinished("turn pending", words, key, question, body, el("div", again, change, class_="actions"))


def broken(words: Words, key: str, question: str, message: str) -> Html:
    """A question that could not be answered, and why."""
    body = el("p", message, class_="trouble", role="alert")
    again = el("div", action("retry", words.retry, symbol="retry", shown=True), class_="actions")
    return _unfinished("turn", words, key, question, body, again)


def _unfinished(kind: str, words: Words, key: str, question: str, *body: Html) -> Html:
    """A turn that is not kept; it remembers its question so that it can be asked again."""
    return el(
        "article",
        _question(words, question),
        *body,
        class_=kind,
        id=f"turn-{key}",
        data_key=key,
        data_question=question,
    )


def exchange(words: Words, shown: Exchange) -> Html:
    """A finished question and answer; the exchange itself travels along for the browser to keep."""
    answer = _refusal(words, shown) if shown.refused else _answer(words, shown)
    return el(
        "article",
        _question(words, shown.question),
        _understood(words, shown),
        answer,
        _notes(words, shown),
        _actions(words, shown),
        class_="turn refused" if shown.refused else "turn",
        id=f"turn-{shown.key}",
        data_key=shown.key,
        data_exchange=json.dumps(to_json(shown), ensure_ascii=False, separators=(",", ":")),
    )


def conversation(words: Words, exchanges: Sequence[Exchange]) -> Html:
    """All exchanges of a conversation that the browser kept."""
    return join(exchange(words, shown) for shown in exchanges)


def _question(words: Words, question: str) -> Html:
    return el("h2", hidden(words.you), el("span", question), class_="question")


def _understood(words: Words, shown: Exchange) -> Html:
    """How the question was read; each reading can be taken back, and one taken back made again."""
    made = [_reading(words, "undo", reading.text, reading.key) for reading in shown.readings]
    undone = [
        _reading(words, "redo", words.undone.format(key.partition(":")[2] or key), key)
        for key in shown.undone
    ]
    if not made and not undone:
        return Html()
    return el("ul", *made, *undone, class_="readings", aria_label=words.understood)


def _reading(words: Words, name: str, told: str, key: str) -> Html:
    label = words.undo if name == "undo" else words.redo
    button = action(name, f"{label}：{told}" if words.code == "zh" else f"{label}: {told}", data_reading=key)
    return el("li", el("span", told), button, class_=f"reading {name}")


def _answer(words: Words, shown: Exchange) -> Html:
    marks = {mark.number: mark for mark in shown.marks}
    paragraphs: list[list[Html]] = [[]]
    for sentence in shown.sentences:
        if sentence.breaks:
            paragraphs.append([])
        paragraphs[-1].append(_sentence(words, shown.key, sentence, marks))
    if not shown.sentences:
        paragraphs = [[text(shown.text)]]
    body = el("div", hidden(words.answer), *(el("p", *items) for items in paragraphs), class_="prose")
    cut = el("p", words.incomplete, class_="trouble") if shown.incomplete else Html()
    sources = el("ol", *cards(words, shown.key, shown.marks), class_="sources", aria_label=words.sources)
    return join((body, cut, sources, _others(words, shown)))


def _others(words: Words, shown: Exchange) -> Html:
    """What else was found, folded away: a reader may say that one of it should have been cited."""
    if not shown.nearest:
        return Html()
    summary = el("summary", words.more_passages.format(len(shown.nearest)))
    items = el("ol", *near_cards(words, shown.key, shown.nearest), class_="sources nearest")
    return el("details", summary, items, class_="others")


def _sentence(words: Words, key: str, sentence: Sentence, marks: dict[int, Mark]) -> Html:
    doubt = verdict_words(words, sentence.verdict)
    inner = _with_short(sentence)
    claim = el("span", inner, class_=f"claim verdict-{sentence.verdict}", title=doubt or None)
    said = hidden(words.aside.format(doubt)) if doubt else Html()
    buttons = [_cite(words, key, marks[number]) for number in sentence.marks if number in marks]
    return join((claim, said, *buttons))


def _with_short(sentence: Sentence) -> Html:
    """The sentence with its short answer strong."""
    if sentence.short is None:
        return text(sentence.text)
    start, end = sentence.short
    body = sentence.text
    return join((body[:start], el("strong", body[start:end]), body[end:]))


def _cite(words: Words, key: str, mark: Mark) -> Html:
    label = f"{words.citation.format(mark.number)}：{title_of(words, mark)}"
    return el(
        "button",
        str(mark.number),
        type="button",
        class_="cite",
        data_do="cite",
        data_key=key,
        data_numbers=mark.number,
        aria_label=label,
        title=title_of(words, mark),
    )


def _refusal(words: Words, shown: Exchange) -> Html:
    """A calm no: why, what was searched, and the nearest passages to judge by oneself."""
    if shown.talk:
        return el("div", hidden(words.answer), el("p", shown.text), class_="prose")
    near = near_cards(words, shown.key, shown.nearest)
    nearest = (el("h4", words.nearest, class_="eyebrow"), el("ol", *near, class_="sources nearest"))
    return join(
        (
            el(
                "div",
                el("h3", words.refused),
                el("p", shown.text),
                class_="refusal",
                role="status",
            ),
            *(nearest if near else ()),
        )
    )


def _notes(words: Words, shown: Exchange) -> Html:
    if not shown.notes:
        return Html()
    items = el("ul", *(el("li", note) for note in shown.notes))
    label = words.notes.format(len(shown.notes))
    return el("details", el("summary", label), items, class_="notes", open=len(shown.notes) == 1)


def _actions(words: Words, shown: Exchange) -> Html:
    key = shown.key
    judge = (
        action("useful", words.useful, symbol="up", data_key=key, aria_pressed="false"),
        action("useless", words.not_useful, symbol="down", data_key=key, aria_pressed="false"),
    )
    took = el("span", words.took.format(f"{shown.seconds:.1f}"), class_="took") if shown.seconds else Html()
    return el(
        "div",
        action("copy", words.copy, symbol="copy", data_key=key),
        action("retry", words.retry, symbol="retry", data_key=key),
        action("edit", words.edit, symbol="edit", data_key=key),
        *judge,
        action("evidence", words.export_evidence, symbol="export", data_key=key),
        took,
        class_="actions",
    )
