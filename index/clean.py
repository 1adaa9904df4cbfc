"""Newspaper repair: from the lines of a page to paragraphs, losing and inventing nothing."""

from __future__ import annotations

import re

from index.document import Dropped, Span
from index.lines import Line, column, lines, width
from index.located import Located, gap, joined

_ENDED = re.compile(r"[。！？!?…；;：:.][”’」』)）】\"']*$")
_MARKUP = re.compile(r"^(#{1,6}\s+|>\s+|[-*+]\s+)|\*\*|__")


def paragraphs(text: str) -> tuple[list[Located], list[Dropped]]:
    """Paragraphs of `text` with hard-wrapped lines joined, and the marks left out."""
    found = lines(text)
    wrapped = column(found)
    groups: list[list[Line]] = []
    for line in found:
        if groups and _continues(groups[-1][-1], line, wrapped):
            groups[-1].append(line)
        else:
            groups.append([line])
    dropped: list[Dropped] = []
    cleaned = [_paragraph(text, group, dropped) for group in groups]
    return [paragraph for paragraph in cleaned if paragraph.text], dropped


def _continues(line: Line, following: Line, wrapped: float) -> bool:
    if not wrapped or following.text.startswith("#"):
        return False
    full = width(line.text) >= wrapped - 2
    return full and (not _ENDED.search(line.text) or width(line.text) >= wrapped)


def _paragraph(text: str, group: list[Line], dropped: list[Dropped]) -> Located:
    parts: list[Located] = []
    for line in group:
        if parts and _needs_space(parts[-1].text, line.text):
            parts.extend(gap(text, parts[-1].spans[-1].end, line.start, " "))
        parts.extend(_without_marks(line, dropped))
    return joined(parts).strip()


def _without_marks(line: Line, dropped: list[Dropped]) -> list[Located]:
    whole = line.located
    parts: list[Located] = []
    start = 0
    for match in _MARKUP.finditer(line.text):
        dropped.append(Dropped(Span(line.start + match.start(), line.start + match.end()), "markup"))
        parts.append(whole.slice(start, match.start()))
        start = match.end()
    parts.append(whole.slice(start, len(line.text)))
    return [part for part in parts if part.text]


def _needs_space(before: str, after: str) -> bool:
    return bool(before and after) and before[-1] < "\u0250" and after[0] < "\u0250" and before[-1] != "-"
