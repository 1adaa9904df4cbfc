"""Where sentences end."""

from __future__ import annotations

import re
from functools import lru_cache

from index.document import Span

_CLOSING = "”’」』﹂﹄）)】》〉\"'"
_END = re.compile(
    rf"(?:[。！？!?]+|…{{2,}}(?![，、；：,;:”’」』)）])|(?<=[\u3400-\u9fff])\.(?![\d.])|(?<=[A-Za-z\d)])\.(?=\s+[A-Z“\"]))"
    rf"[{_CLOSING}]*|\n"
)
_ATTRIBUTION = re.compile(
    r"[^，。！？；“”\n]{1,40}(?:说|表示|指出|强调|介绍|道|告诉记者|坦言|认为)[。！]\s*\Z"
)


@lru_cache(maxsize=256)  # paragraphs are asked for twice, for their passages and for who speaks
def sentences(text: str) -> tuple[Span, ...]:
    """Spans of the sentences of `text`, in order, without the white space around them.

    They tile the text apart from white space. A line break always ends a sentence. What follows a closed
    quotation only to say who spoke (`……。”某某说。`) belongs to the quotation.
    """
    found: list[Span] = []
    start = 0
    for match in _END.finditer(text):
        _add(found, text, start, match.end())
        start = match.end()
    _add(found, text, start, len(text))
    return tuple(found)


def _add(found: list[Span], text: str, start: int, end: int) -> None:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if start == end:
        return
    if found and _attributes(text, found[-1], start, end):
        found[-1] = Span(found[-1].start, end)
        return
    found.append(Span(start, end))


def _attributes(text: str, before: Span, start: int, end: int) -> bool:
    if end - start > 48 or text[before.end - 1] not in '”」』"' or "\n" in text[before.end : start]:
        return False
    return _ATTRIBUTION.match(text[start:end]) is not None
