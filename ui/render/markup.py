"""Markup and its escaping: every character that comes from outside passes through `el` or `text`.

`el` builds an element; a plain string among its children is text and is escaped, an `Html` is kept. So a
forgotten wrapper shows markup as text and can never run it. Nothing here reads Markdown or LaTeX.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from index.invisible import HIDDEN

_UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_VOID = frozenset({"input", "br", "meta", "link", "hr"})


class Html(str):
    """Markup that is safe as it stands. Joining it with text gives text again, which is escaped."""

    __slots__ = ()


def el(name: str, /, *children: str, **attributes: str | bool | int | None) -> Html:
    """An element. `class_` is `class`, `data_key` is `data-key`; False and None leave an attribute out."""
    shown = "".join(_attribute(key, value) for key, value in attributes.items())
    if name in _VOID:
        return Html(f"<{name}{shown}>")
    return Html(f"<{name}{shown}>{join(children)}</{name}>")


def join(children: Iterable[str]) -> Html:
    """Children one after the other; text among them is escaped."""
    return Html("".join(child if isinstance(child, Html) else text(child) for child in children))


def text(value: str) -> Html:
    """Text as HTML: markup inert, invisible characters shown by their number, unprintable ones replaced."""
    escaped = html.escape(_UNPRINTABLE.sub("\ufffd", value), quote=True)
    return Html(HIDDEN.sub(_shown, escaped))


def _shown(match: re.Match[str]) -> str:
    return f'<span class="hidden-character" title="U+{ord(match[0]):04X}">·</span>'


def _attribute(key: str, value: str | bool | int | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    escaped = html.escape(_UNPRINTABLE.sub("\ufffd", str(value)), quote=True)
    # What the page sends back names a document as it is, invisible characters too; no reader sees it.
    kept = HIDDEN.sub(lambda match: f"&#x{ord(match[0]):X};" if name.startswith("data-") else "", escaped)
    return f' {name}="{kept}"'


def icon(name: str) -> Html:
    """A drawing of the style sheet; it says nothing to a screen reader."""
    return el("span", class_=f"icon icon-{name}", aria_hidden="true")


def hidden(value: str) -> Html:
    """Words for a screen reader only."""
    return el("span", value, class_="sr-only")


def action(name: str, label: str, *, symbol: str = "", shown: bool = False, **data: str | int | bool) -> Html:
    """A button that page.js hears by its `data-do`; the label is read out when it is not shown."""
    inside = (icon(symbol) if symbol else Html(), el("span", label) if shown else hidden(label))
    title = None if shown else label
    return el("button", *inside, type="button", class_=f"act act-{name}", data_do=name, title=title, **data)
