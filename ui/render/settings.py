"""The Settings tab: what a reader can choose, and what was chosen when the server started."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ui.render.markup import Html, el
from ui.wording import Words

if TYPE_CHECKING:
    from ui.settings import Chosen


def settings(words: Words, chosen: Chosen) -> Html:
    """Every setting with a line that says what it does."""
    return el(
        "section",
        el("h2", words.settings_here),
        _row("k", words.setting_k, words.setting_k_what, _range(chosen.k, chosen.most)),
        _plain(words, chosen),
        _row("view", words.setting_view, words.setting_view_what, _choice("view", _views(words), "original")),
        _row("theme", words.theme, words.setting_theme_what, _choice("theme", _themes(words), "")),
        _row(
            "language",
            words.language,
            words.setting_language_what,
            _choice("language", _LANGUAGES, words.code),
        ),
        el("h2", words.settings_server),
        el("dl", *_facts(words, chosen), class_="facts"),
        el("h2", words.service),
        el("p", words.service_what, class_="soft"),
        class_="settings",
    )


_LANGUAGES = (("zh", "中文"), ("en", "English"))


def _views(words: Words) -> tuple[tuple[str, str], ...]:
    return (("original", words.original), ("reading", words.reading))


def _themes(words: Words) -> tuple[tuple[str, str], ...]:
    return (("", words.theme_system), ("light", words.theme_light), ("dark", words.theme_dark))


def _row(name: str, label: str, what: str, control: Html) -> Html:
    told = el(
        "span", el("label", label, for_=f"setting-{name}"), el("span", what, class_="soft"), class_="told"
    )
    return el("div", told, control, class_="setting")


def _range(value: int, most: int) -> Html:
    box = el(
        "input",
        id="setting-k",
        type="range",
        min=3,
        max=most,
        value=value,
        data_setting="k",
    )
    return el("span", box, el("output", str(value), for_="setting-k"), class_="range")


def _plain(words: Words, chosen: Chosen) -> Html:
    if not chosen.llm:
        return Html()
    box = el("input", id="setting-plain", type="checkbox", data_setting="plain")
    return _row("plain", words.setting_plain, words.setting_plain_what, box)


def _choice(name: str, choices: tuple[tuple[str, str], ...], now: str) -> Html:
    options = [el("option", label, value=value, selected=value == now) for value, label in choices]
    return el("select", *options, id=f"setting-{name}", data_setting=name)


def _reranker(words: Words, name: str) -> str:
    """No name is the one that comes along; `none` is none."""
    return words.none if name == "none" else name or words.bundled


def _facts(words: Words, chosen: Chosen) -> list[Html]:
    facts = (
        (words.setting_model, chosen.model or words.bundled, words.setting_model_what),
        (words.setting_llm, chosen.llm or words.none, words.setting_llm_what),
        (words.setting_reranker, _reranker(words, chosen.reranker), words.setting_reranker_what),
        (words.setting_index, chosen.fingerprint or words.none, words.setting_index_what),
    )
    return [
        el("div", el("dt", name), el("dd", el("code", value), el("span", what, class_="soft")))
        for name, value, what in facts
    ]
