"""Articles that go on in another file: the pages of one newspaper and day, tied together by their jump lines.

A file knows only itself, so this is worked out over an archive whenever it is asked for: files come and go.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from index.cohesion import bag, cohesion
from index.document import Article, Source, Span

_REFERENCE = re.compile(r"([A-Za-z]?)(\d{1,3}|[一二三四五六七八九十]{1,3})版?\Z")
_NUMERALS = {numeral: number for number, numeral in enumerate("一二三四五六七八九", 1)}
_TOGETHER = 0.03  # cohesion from which two halves speak of the same things
_WIDE = str.maketrans("０１２３４５６７８９", "0123456789")


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where an article comes from and goes on: ids of articles of other files, empty where there is none.

    `missing` says, for each printed reference that leads nowhere, what would be needed.
    """

    before: str = ""
    after: str = ""
    missing: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Loose:
    """An article with a jump line: the page it stands on and the page it names."""

    article: Article
    source: Source
    page: str
    named: str


def continuations(
    articles: Sequence[Article], sources: dict[str, Source], text_of: Callable[[Article], str]
) -> dict[str, Continuation]:
    """By article id, for every article whose other half is not in its own file.

    `sources` holds newspaper, date and page of each document. Two halves belong together when the paper and
    the day are the same, each names the other's page, and they have the same headline, are the only two that
    do, or speak of the same things.
    """
    ids = {article.id for article in articles}
    away = [
        _loose(a, a.continued, sources[a.doc]) for a in articles if a.continued and a.continued not in ids
    ]
    back = [
        _loose(a, a.continues, sources[a.doc]) for a in articles if a.continues and a.continues not in ids
    ]
    pairs = _paired(away, back, text_of)
    lefts = {right: left for left, right in pairs.items()}
    found: dict[str, Continuation] = {}
    for one in (*away, *back):
        name = one.article.id
        notes = []
        for reference, other in ((one.article.continued, pairs), (one.article.continues, lefts)):
            if reference and reference not in ids and name not in other:
                notes.append(_missing(one.source, page_of(reference), sources.values()))
        found[name] = Continuation(lefts.get(name, ""), pairs.get(name, ""), tuple(notes))
    return found


def printed(text: str, spans: Iterable[Span]) -> str:
    """The characters of a file that the spans hold."""
    return "".join(text[span.start : span.end] for span in spans)


def page_of(text: str) -> str:
    """The page that `第三版`, `下转3版` or `A03` names, as in `3` or `A3`; empty when it names none."""
    match = _REFERENCE.search("".join(text.split()).translate(_WIDE))
    if match is None:
        return ""
    number = int(match[2]) if match[2].isdigit() else _counted(match[2])
    return f"{match[1].upper()}{number}"


def _counted(numeral: str) -> int:
    """The value of a Chinese numeral below a hundred."""
    tens, ten, ones = numeral.partition("十")
    if not ten:
        return _NUMERALS.get(numeral, 0)
    return 10 * _NUMERALS.get(tens, 1) + _NUMERALS.get(ones, 0)


def _loose(article: Article, reference: str, source: Source) -> _Loose:
    return _Loose(article, source, page_of(source.page), page_of(reference))


def _paired(
    away: Iterable[_Loose], back: Iterable[_Loose], text_of: Callable[[Article], str]
) -> dict[str, str]:
    """Ids of second halves by those of first halves."""
    waiting: dict[tuple[str, str, str], list[_Loose]] = defaultdict(list)
    for right in back:
        waiting[right.source.newspaper, right.source.date, right.page].append(right)
    likely: list[tuple[float, str, str]] = []
    for left in away:
        if not (left.source.newspaper and left.source.date and left.named):
            continue
        there = waiting[left.source.newspaper, left.source.date, left.named]
        suited = [
            one for one in there if one.article.doc != left.article.doc and one.named in ("", left.page)
        ]
        for right in suited:
            close = (
                1.0
                if _same_title(left, right)
                else cohesion(*(bag(text_of(x.article)) for x in (left, right)))
            )
            if close >= _TOGETHER or len(suited) == 1:
                likely.append((-close, left.article.id, right.article.id))
    pairs: dict[str, str] = {}
    for _, first, second in sorted(likely):
        if first not in pairs and second not in pairs.values():
            pairs[first] = second
    return pairs


def _same_title(left: _Loose, right: _Loose) -> bool:
    return bool(left.article.title) and left.article.title == right.article.title


def _missing(source: Source, page: str, known: Iterable[Source]) -> str:
    """What is needed to follow a printed reference."""
    unknown = [name for name in ("newspaper", "date") if not getattr(source, name)]
    if unknown:
        return f"{' and '.join(unknown)} of this file are not known; give them in metadata.csv"
    if not page:
        return "the jump line names no page"
    paper = f"{source.newspaper} of {source.date}"
    pages = {
        page_of(one.page) for one in known if (one.newspaper, one.date) == (source.newspaper, source.date)
    }
    if page not in pages:
        return f"page {page} of {paper} is not in this archive"
    return f"no article on page {page} of {paper} fits"
