"""Paragraphs that go on with a list or a talk: numbered items, and those that open with who speaks."""

from __future__ import annotations

import re
from collections.abc import Sequence

_DIGITS = "一二三四五六七八九十"
_COUNTED = re.compile(
    rf"(?P<mark>第)?(?P<number>[{_DIGITS}]{{1,3}})(?P<end>[、，,]|是|(?<=第.)[条款章])"
    rf"|(?P<opening>[（(])(?P<inside>[{_DIGITS}]{{1,3}}|\d{{1,2}})[）)]"
    r"|(?P<plain>\d{1,2})(?:、|[.．](?!\d))"
    r"|(?P<circled>[①-⑳])"
)
_VOICE = re.compile(r"(?P<who>[\u3400-\u9fff]{1,6}(?:[ \u3000][\u3400-\u9fff]{2,3})?)[：:](?=\S)")


def series(texts: Sequence[str]) -> list[list[int]]:
    """For each text the earlier ones that it may go on with: the number before its own, or the same voice."""
    seen: dict[str, list[int]] = {}
    found: list[list[int]] = []
    for row, text in enumerate(texts):
        own, before = _place(text)
        found.append(list(seen.get(before, ())) if before else [])
        if own:
            seen.setdefault(own, []).append(row)
    return found


def is_numbered(text: str) -> bool:
    """Whether the text begins with its number in a list."""
    return _COUNTED.match(text) is not None


def _place(text: str) -> tuple[str, str]:
    """What a text is in its series, and what it goes on with; empty where it is in none."""
    counted = _COUNTED.match(text)
    if counted:
        number = _number(counted)
        kind = f"{counted['mark'] or counted['opening'] or ''}{counted.lastgroup}"
        return f"{kind} {number}", f"{kind} {number - 1}" if number > 1 else ""
    voice = _VOICE.match(text)
    return (voice["who"], voice["who"]) if voice else ("", "")


def _number(counted: re.Match[str]) -> int:
    if counted["circled"]:
        return ord(counted["circled"]) - ord("①") + 1
    text = counted["number"] or counted["inside"] or counted["plain"]
    if text.isascii():
        return int(text)
    tens, ten, ones = text.rpartition("十")
    return (_DIGITS.find(tens) + 1 or 1) * 10 * bool(ten) + (_DIGITS.find(ones) + 1 if ones else 0)
