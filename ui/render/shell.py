"""Gradio's page dressed as ours: nothing from outside, our style and script, one nonce on every script."""

from __future__ import annotations

import hashlib
import re
from functools import cache
from importlib.resources import files

from ui.render.markup import Html, el, join
from ui.words import LANGUAGES, Words

_META = re.compile(r'<meta\s+(?:property|name)="(?:og|twitter):[^>]*?/>', re.DOTALL)
_MANIFEST = re.compile(r'<link rel="manifest"[^>]*>')
_SCRIPT = re.compile(r"<script\b")
_RESIZER = re.compile(r"<script>\s*\(\(\) => \{\s*const root.*?</script>", re.DOTALL)
_EARLY = (
    "(()=>{let t='';try{t=JSON.parse(localStorage.getItem('youju.settings')||'{}').theme||''}catch{}"
    "document.documentElement.dataset.theme="
    "t||(matchMedia('(prefers-color-scheme: dark)').matches?'dark':'light')})()"
)


def dress(page: str, language: str, nonce: str) -> str:
    """The page of Gradio's template in a language, without its outside references."""
    words = LANGUAGES[language]
    page = _RESIZER.sub("", _MANIFEST.sub("", _META.sub("", page)))
    page = page.replace('lang="en"', f'lang="{"zh-CN" if language == "zh" else "en"}"', 1)
    page = page.replace('<meta charset="utf-8" />', f'<meta charset="utf-8" />{_head()}', 1)
    first = el(
        "div",
        el("span", "据", class_="seal", aria_hidden="true"),
        el("span", words.name),
        id="first-paint",
        aria_hidden="true",
    )
    page = page.replace("<gradio-app", f"{first}<gradio-app", 1)
    return _SCRIPT.sub(f'<script nonce="{nonce}"', page)


def login(words: Words, *, named: bool, failed: bool) -> str:
    """The login page: a name where there are names, and a secret. It runs no script."""
    name = _field("name", words.login_name, "text", "username") if named else Html()
    body = el(
        "main",
        el("span", "据", class_="seal", aria_hidden="true"),
        el("h1", words.name),
        el("p", words.login_failed, class_="trouble", role="alert") if failed else Html(),
        el(
            "form",
            name,
            _field("secret", words.login_word, "password", "current-password"),
            el("button", words.login, type="submit"),
            method="post",
            action="/login",
        ),
        class_="login",
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("title", words.name),
        el("link", rel="stylesheet", href=_versioned("style.css")),
        el("link", rel="icon", type="image/svg+xml", href=_versioned("icon.svg")),
    )
    return "<!doctype html>" + el("html", head, el("body", body), lang=words.code)


def _field(name: str, label: str, kind: str, fill: str) -> Html:
    box = el("input", id=name, name=name, type=kind, autocomplete=fill, required=True)
    return join((el("label", label, for_=name), box))


def _head() -> Html:
    """Our part of the head; it stands before Gradio's, so that our script is ready first."""
    return Html(
        "".join(
            (
                f"<script>{_EARLY}</script>",
                el("link", rel="stylesheet", href=_versioned("style.css")),
                el("script", type="module", src=_versioned("page.js")),
                el("link", rel="icon", type="image/svg+xml", href=_versioned("icon.svg")),
                el("meta", name="color-scheme", content="light dark"),
            )
        )
    )


@cache
def _versioned(name: str) -> str:
    """The address of a file of ours, which changes when the file does."""
    digest = hashlib.sha256((files("ui") / "web" / name).read_bytes()).hexdigest()
    return f"/web/{name}?v={digest[:12]}"
