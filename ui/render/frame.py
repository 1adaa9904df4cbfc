"""What stands around the conversation: masthead, list of conversations, composer."""

from __future__ import annotations

from collections.abc import Sequence

from ui.render.markup import Html, action, el, hidden, icon
from ui.words import LANGUAGES, Words


def masthead(words: Words) -> Html:
    """Name, language and appearance. The first link jumps to the question box."""
    other = next(found for found in LANGUAGES.values() if found.code != words.code)
    label = "中文" if other.code == "zh" else "English"
    return el(
        "header",
        el("a", words.skip, href="#question", class_="skip"),
        el(
            "a",
            el("span", "据", class_="seal", aria_hidden="true"),
            el("span", words.name, class_="name"),
            el("span", words.tagline, class_="tagline"),
            href="./",
            class_="brand",
        ),
        el("span", class_="space"),
        action("menu", words.menu, symbol="menu"),
        action("theme", words.theme, symbol="theme"),
        el("a", label, href=f"/{other.code}/", class_="language", lang=other.code, hreflang=other.code),
        class_="masthead",
    )


def rail(words: Words) -> Html:
    """The reader's conversations; page.js fills the list from the browser's own storage."""
    item = el(
        "li",
        el("button", type="button", class_="conversation", data_do="open-conversation"),
        action("rename", words.rename, symbol="edit"),
        action("forget", words.delete, symbol="delete"),
    )
    return el(
        "nav",
        el(
            "button",
            icon("new"),
            el("span", words.new_conversation),
            type="button",
            class_="new",
            data_do="new",
        ),
        el("h2", words.conversations, class_="eyebrow"),
        el("ul", class_="conversations"),
        el("p", words.no_conversations, class_="empty"),
        el("template", item),
        el("p", words.kept_here, class_="kept"),
        aria_label=words.conversations,
        data_rename=words.rename_prompt,
        data_forget=words.delete_conversation,
    )


def composer(words: Words, longest: int, archives: Sequence[str] = ()) -> Html:
    """The question box with send and stop."""
    box = el(
        "textarea",
        id="question",
        name="question",
        rows=1,
        maxlength=longest,
        placeholder=words.placeholder,
        aria_label=words.placeholder,
        aria_describedby="composer-hint",
        autocomplete="off",
        enterkeyhint="send",
    )
    return el(
        "form",
        _scope(words, archives),
        el("div", box, _send(words), class_="box"),
        el("p", words.composer_hint, id="composer-hint", class_="hint"),
        el("div", class_="announce sr-only", role="status", aria_live="polite"),
        class_="composer",
        data_stopped=words.stopped,
        data_broke=words.broke,
        data_copied=words.copied,
        data_thanks=words.thanks,
    )


def _scope(words: Words, archives: Sequence[str]) -> Html:
    """Which archives, documents and dates are asked; dates are folded away until they are wanted."""
    toggle = el(
        "button",
        icon("scope"),
        el("span", words.scope),
        type="button",
        class_="act act-scope",
        data_do="scope",
        aria_expanded="false",
        aria_controls="scope-form",
    )
    dates = [
        el(
            "label",
            el("span", label),
            el(
                "input",
                type="text",
                data_do=name,
                placeholder=words.date_hint,
                maxlength=10,
                inputmode="numeric",
            ),
        )
        for name, label in (("since", words.scope_since), ("until", words.scope_until))
    ]
    form = el("div", *dates, el("p", words.scope_hint, class_="soft"), id="scope-form", hidden=True)
    export = action("markdown", words.export_markdown, symbol="export")
    chosen = _archives(words, archives) if archives else Html()
    bar = el("div", toggle, chosen, el("span", class_="chips"), export, class_="bar")
    return el("div", bar, form, class_="scope")


def _archives(words: Words, names: Sequence[str]) -> Html:
    """A switch for each of several archives; page.js presses those that are asked."""
    switches = [
        el(
            "button",
            name,
            type="button",
            class_="switch",
            data_do="archive",
            data_name=name,
            aria_pressed="true",
        )
        for name in names
    ]
    return el("span", *switches, class_="switches", role="group", aria_label=words.archives)


def file(name: str, kind: str, content: str) -> Html:
    """A file for the reader; page.js saves it."""
    return el("pre", content, hidden=True, data_name=name, data_type=kind)


def notice() -> Html:
    """The place of short notices."""
    return el("div", id="notice", role="status", aria_live="polite")


def _send(words: Words) -> Html:
    return el(
        "span",
        action("stop", words.stop, symbol="stop"),
        el("button", icon("send"), hidden(words.ask), type="submit", class_="act act-send", title=words.ask),
        class_="send",
    )


def trouble(message: str) -> Html:
    """Something that went wrong, in one line."""
    return el("p", message, class_="trouble", role="alert")
