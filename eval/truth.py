"""What a printed page really holds: the truth that a reading is scored against.

Offsets are characters of the decoded page, as in `index.document`. Truth comes from the press, which knows
where it put every character, or from a JSON file written by hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from index.document import Span

HEADLINE = frozenset({"kicker", "title", "subtitle"})
BESIDE = frozenset({"caption", "quote", "table"})  # printed with an article, but apart from its text


@dataclass(frozen=True, slots=True)
class PartTruth:
    """One part of an article as it stands on the page.

    `kind` is kicker, title, subtitle, byline, signature, heading, body, caption, quote or table. `spans` are
    in reading order and hold, white space apart, only the part's own characters: no mark of the press.
    """

    kind: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class ArticleTruth:
    """One article: its parts in reading order.

    `byline` and `dateline` may lie inside the first or last body part (`本报讯（记者 …）`): they are the
    printed characters, wherever they stand.
    """

    name: str
    kind: str
    parts: tuple[PartTruth, ...]
    byline: tuple[Span, ...] = ()
    dateline: tuple[Span, ...] = ()
    begins: bool = True  # false when its beginning is not on this page
    ends: bool = True  # false when its end is not on this page

    def spans(self, *kinds: str) -> tuple[Span, ...]:
        """Spans of the parts of these kinds, in reading order; of all parts when none is named."""
        return tuple(span for part in self.parts if not kinds or part.kind in kinds for span in part.spans)


@dataclass(frozen=True, slots=True)
class CutTruth:
    """A sentence in two halves that belong together; `kind` tells what stands between them.

    inserted: a pull quote or a caption. column: nothing but white space. far: other text. reversed: the
    second half is printed before the first.
    """

    left: tuple[Span, ...]
    right: tuple[Span, ...]
    kind: str


@dataclass(frozen=True, slots=True)
class LostTruth:
    """A place where a number is gone: from the first to the last character of what is left of it."""

    span: Span
    digits: str = ""  # what stood there; empty when nobody knows


@dataclass(frozen=True, slots=True)
class PageTruth:
    """A page, what it holds and what was done to it."""

    text: str
    articles: tuple[ArticleTruth, ...]
    cuts: tuple[CutTruth, ...] = ()
    lost: tuple[LostTruth, ...] = ()
    damages: tuple[str, ...] = ()


def printed(text: str, spans: Iterable[Span]) -> str:
    """The characters of the spans, without white space."""
    return "".join("".join(text[span.start : span.end].split()) for span in spans)


def offsets(text: str, spans: Iterable[Span]) -> Iterator[int]:
    """Places of the printed characters of the spans."""
    for span in spans:
        for offset in range(span.start, span.end):
            if not text[offset].isspace():
                yield offset


def write_truth(truth: PageTruth, path: Path) -> None:
    """Write everything but the text as JSON; spans carry their first and last characters, for people."""

    def spans(items: Iterable[Span]) -> list[dict[str, object]]:
        return [_shown(truth.text, span) for span in items]

    data = {
        "articles": [
            {
                "name": article.name,
                "kind": article.kind,
                "begins": article.begins,
                "ends": article.ends,
                "byline": spans(article.byline),
                "dateline": spans(article.dateline),
                "parts": [{"kind": part.kind, "spans": spans(part.spans)} for part in article.parts],
            }
            for article in truth.articles
        ],
        "cuts": [
            {"kind": cut.kind, "left": spans(cut.left), "right": spans(cut.right)} for cut in truth.cuts
        ],
        "lost": [{"at": [lost.span.start, lost.span.end], "digits": lost.digits} for lost in truth.lost],
        "damages": list(truth.damages),
    }
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def read_truth(path: Path, text: str) -> PageTruth:
    """Read what `write_truth` or a person wrote, and check every quoted character against the page.

    Raises ValueError when a span's `first` or `last` characters do not stand there.
    """
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))

    def spans(items: list[dict[str, Any]]) -> tuple[Span, ...]:
        return tuple(_checked(text, item, path.name) for item in items)

    articles = tuple(
        ArticleTruth(
            name=item["name"],
            kind=item["kind"],
            parts=tuple(PartTruth(part["kind"], spans(part["spans"])) for part in item["parts"]),
            byline=spans(item.get("byline", [])),
            dateline=spans(item.get("dateline", [])),
            begins=item.get("begins", True),
            ends=item.get("ends", True),
        )
        for item in data["articles"]
    )
    cuts = tuple(CutTruth(spans(cut["left"]), spans(cut["right"]), cut["kind"]) for cut in data["cuts"])
    lost = tuple(LostTruth(Span(*item["at"]), item.get("digits", "")) for item in data["lost"])
    return PageTruth(text, articles, cuts, lost, tuple(data.get("damages", ())))


def _shown(text: str, span: Span) -> dict[str, object]:
    inside = text[span.start : span.end]
    return {"at": [span.start, span.end], "first": inside[:8], "last": inside[-8:]}


def _checked(text: str, item: dict[str, Any], name: str) -> Span:
    span = Span(*item["at"])
    inside = text[span.start : span.end]
    if not (inside.startswith(item["first"]) and inside.endswith(item["last"])) or span.end > len(text):
        held = f"{inside[:12]!r}…{inside[-12:]!r}"
        raise ValueError(f"{name}: [{span.start}, {span.end}) holds {held}, not {item}")
    return span
