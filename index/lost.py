"""Places where a number is gone and only its blanks, or its point, are left. Nothing is ever filled in."""

from __future__ import annotations

import re

from index.characters import characters
from index.document import Span
from index.located import Located

_BLANKS = re.compile(r"[ \t\u00a0]+(?:[.,][ \t\u00a0]+)*(?:\.(?=[\u3400-\u9fff%％]))?")
_POINT = re.compile(r"[ \t\u00a0]\.(?=[ \t\u00a0\u3400-\u9fff%％])|[ \t\u00a0],[ \t\u00a0]{3}")
_HAN = re.compile(r"[\u3400-\u9fff]")
_MARK = "，。、；：！？,;:!?“”‘’「」《》（）()…"
_MANY, _ONE, _AFTER_MARK = (
    -3.0,
    0.5,
    2.0,
)  # log odds wanted for two blanks, for one, for one beside punctuation
_LOSING = (-99.0, -5.0, -3.0)  # the same on a page that certainly lost numbers
_CLEAR = -1.0  # log odds of a gap that speaks for such a page
_WIDE = re.compile(r"(?<=[\u3400-\u9fff，。、；：])[ \u00a0]{2,}(?=[\u3400-\u9fff])")
_SAMPLE = 200  # gaps of a page that are looked at
_UNITS = "年月日时分秒点个"


def loses_numbers(text: str) -> bool:
    """Whether wide blanks in this file mostly stand where a number belongs: then every one of them counts."""
    odds = []
    for match in _WIDE.finditer(text):
        left, right = text[: match.start()][-12:], text[match.end() : match.end() + 12]
        odds.append(characters().gap(left, right))
        if len(odds) == _SAMPLE:
            break
    return len(odds) > 1 and sum(odd > _CLEAR for odd in odds) >= 0.4 * len(odds)


def lost_numbers(content: Located, losing: bool = False) -> tuple[Span, ...]:
    """Places in the file where a number is gone: first to last character of what is left of it.

    Blanks count where the characters around them ask for a number: blanks between words, after punctuation
    or between letters that are set loose do not. On a page that is `losing` numbers wide blanks need no more.
    """
    text = content.text
    if " " not in text and "\u00a0" not in text and "\t" not in text:
        return ()
    places = []
    for match in _BLANKS.finditer(text):
        if _asks_for_number(text, match.start(), match.end(), losing):
            spans = content.slice(match.start(), match.end()).spans
            places.append(Span(spans[0].start, spans[-1].end))
    return tuple(place for place in places if place.end - place.start <= 40)


def _asks_for_number(text: str, start: int, end: int, losing: bool) -> bool:
    left, right = text[max(0, start - 24) : start], text[end : end + 24]
    if not _beside_han(left, right):
        return False
    if _POINT.search(text[start : end + 1]):
        return True
    if not right.strip() or right.lstrip().startswith("摄") or _loose(text, start, end):
        return False
    many, one, beside_mark = _LOSING if losing else (_MANY, _ONE, _AFTER_MARK)
    odds = characters().gap(left[-12:] or "。", right[:12])
    if end - start > 1:
        return odds > many
    return odds > (beside_mark if left[-1:] in _MARK or right[:1] in _MARK else one)


def _beside_han(left: str, right: str) -> bool:
    before, after = left[-1:], right[:1]
    return bool(_HAN.match(after) or after in "%％℃°" or _HAN.match(before)) and not (
        (before.isascii() and before.isalnum()) and not _HAN.match(after)
    )


def _loose(text: str, start: int, end: int) -> bool:
    """Whether letters stand loose here: single characters between blanks, on both sides."""
    near = text[max(0, start - 6) : end + 6]
    singles = [letter for letter in re.findall(r"(?<!\S)\S(?!\S)", near) if letter not in _UNITS]
    return len(singles) >= 3
