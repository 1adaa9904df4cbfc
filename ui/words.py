"""The languages of the page, and which one a reader wants. Chinese comes first."""

from __future__ import annotations

from ui.chinese import ZH
from ui.english import EN
from ui.wording import Words

__all__ = ["EN", "LANGUAGES", "ZH", "Words", "preferred"]

LANGUAGES = {words.code: words for words in (ZH, EN)}


def preferred(accepted: str) -> Words:
    """The language that comes first in an Accept-Language header; Chinese when neither is asked for.

    Quality values as in RFC 9110, section 12.5.4. Unreadable parts are passed over.
    """
    wanted: list[tuple[float, int, str]] = []
    for place, part in enumerate(accepted[:400].split(",")):
        tag, _, parameter = part.strip().partition(";")
        quality = parameter.strip().removeprefix("q=")
        weight = float(quality) if quality.replace(".", "", 1).isdecimal() else 1.0
        wanted.append((-weight, place, tag.partition("-")[0].strip().lower()))
    for weight, _, tag in sorted(wanted):
        if tag in LANGUAGES and weight < 0:
            return LANGUAGES[tag]
    return ZH
