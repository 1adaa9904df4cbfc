"""What a question restricts itself to: time, person, place, document, kind of article.

A document named is a filter; the rest is preferred, never required, because
documents seldom say everything about themselves.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from index.document import Article, Passage
from index.records import DocumentCard, Where
from index.search import Hit
from rag.letters import letters
from rag.moment import Period
from rag.question import Asked
from rag.readings import Aspect, Reading, undone
from rag.when import Years
from rag.wording import say
from rag.words import tagged

PREFERRED = 0.15  # by how much a passage that is preferred gains on the others
COMMON = 0.25  # a place in a larger share of the passages tells nothing apart
_TITLED = re.compile(r"[《〈]([^《》〈〉]{2,60})[》〉]")
_FILE = re.compile(r"(?<![\w.\-/])[\w.\-/]{1,200}\.(?:txt|md|html?|docx|pdf|png|jpe?g|tiff?)(?![\w.])", re.I)
_NO_NAME = re.compile(r".|.[省市区县镇村]|[一二三四五六七八九十两几各].*")  # 城市, 三省: places, but no names
_KINDS = (
    ("commentary", re.compile(r"评论员|社论|评论文章|时评|本报评论|这篇评论|篇评论")),
    (
        "caption",
        re.compile(
            r"图片说明|图说|新闻图片|(?:这|那|哪|一)张(?:新闻)?(?:照片|图片)|(?:照片|图片)(?:里|中|上)"
        ),
    ),
    ("notice", re.compile(r"公告|启事|通告")),
)


@dataclass(frozen=True, slots=True)
class Scope:
    """What one question restricts itself to; `readings` tell it, and each can be undone."""

    docs: frozenset[str] = frozenset()
    preferred_docs: frozenset[str] = frozenset()
    periods: tuple[Period, ...] = ()
    people: tuple[str, ...] = ()
    places: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    readings: tuple[Reading, ...] = ()

    def where(self, given: Where | None) -> Where | None:
        """The filter for a search: what was given from outside, and the documents named."""
        if not self.docs:
            return given
        if given is None:
            return Where(docs=self.docs)
        return replace(given, docs=self.docs & given.docs if given.docs else self.docs)

    def timely(self, passage: Passage, years: Years) -> float:
        """How much a passage speaks of the times asked about, 0 to 1; 1 when none is."""
        return max((period.fit(passage, years) for period in self.periods), default=1.0)

    def gain(self, passage: Passage, years: Years, kind: str) -> float:
        """The factor on a passage's score: 1 when nothing is preferred, up to 1 + PREFERRED a reading."""
        factor = 1.0
        if self.periods:
            factor += PREFERRED * (self.timely(passage, years) - 0.5)
        for wanted, met in (
            (self.people, any(name in passage.speaker for name in self.people)),
            (self.places, any(_names_place(passage, name) for name in self.places)),
            (self.preferred_docs, passage.doc in self.preferred_docs),
            (self.kinds, kind in self.kinds or passage.kind in self.kinds),
        ):
            factor += PREFERRED if wanted and met else 0.0
        return factor


@dataclass(frozen=True, slots=True)
class Holdings:
    """What an archive says of itself: its documents, articles and speakers, and where places are named."""

    cards: tuple[DocumentCard, ...]
    articles: dict[str, Article]
    speakers: frozenset[str]
    passages: int

    @classmethod
    def of(
        cls, cards: Sequence[DocumentCard], articles: Sequence[Article], passages: Sequence[Passage]
    ) -> Holdings:
        speakers = frozenset(passage.speaker for passage in passages if passage.speaker)
        return cls(tuple(cards), {article.id: article for article in articles}, speakers, len(passages))

    def kind(self, passage: Passage) -> str:
        """Kind of the article of a passage."""
        article = self.articles.get(passage.article)
        return article.kind if article else ""


def scope_of(
    asked: Asked,
    holdings: Holdings,
    periods: Sequence[Period],
    *,
    frequency: dict[str, float],
    undo: Collection[str] = (),
    language: str = "zh",
) -> Scope:
    """Read the restrictions of a question, without those that were undone.

    `frequency` gives the share of the archive's passages that name each place of
    the question. What is not in the archive at all restricts nothing.
    """
    whole = Scope()
    for part in (
        _times(periods, language),
        _documents(asked.text, holdings, language),
        _people(asked, holdings, language),
        _places(asked, frequency, language),
        _kinds(asked.text, holdings, language),
    ):
        for reading, scope in part:
            if not undone(undo, reading.aspect, reading.said):
                whole = _joined(whole, scope, reading)
    return whole


def prefer(hits: Sequence[Hit], scope: Scope, years: Years, holdings: Holdings) -> list[Hit]:
    """Hits with what is preferred moved up; their order and scores when nothing is."""
    if not scope.readings:
        return list(hits)
    moved = [
        replace(hit, score=hit.score * scope.gain(hit.passage, years, holdings.kind(hit.passage)))
        for hit in hits
    ]
    return sorted(moved, key=lambda hit: -hit.score)


def several_times(scopes: Sequence[Scope]) -> bool:
    """True when every one of some questions asks of its own time."""
    times = {scope.periods for scope in scopes}
    return len(scopes) > 1 and () not in times and len(times) == len(scopes)


def places_of(asked: Asked) -> tuple[str, ...]:
    """Places named in a question; of `湖州` and `湖州市` the longer."""
    found = {word for word, tag in tagged(asked.text) if tag == "ns" and not _NO_NAME.fullmatch(word)}
    return tuple(sorted(one for one in found if not any(one != other and one in other for other in found)))


def _joined(whole: Scope, part: Scope, reading: Reading) -> Scope:
    return Scope(
        whole.docs | part.docs,
        whole.preferred_docs | part.preferred_docs,
        whole.periods + part.periods,
        whole.people + part.people,
        whole.places + part.places,
        whole.kinds + part.kinds,
        (*whole.readings, reading),
    )


def _times(periods: Sequence[Period], language: str) -> Iterator[tuple[Reading, Scope]]:
    for period in periods:
        meant = _span(period, language)
        text = say(language, "time", said=period.said, meant=meant)
        yield Reading(Aspect.TIME, period.said, meant, text), Scope(periods=(period,))


def _span(period: Period, language: str) -> str:
    if period.since == period.until:
        return period.since
    key = "within" if period.since and period.until else "after" if period.since else "before"
    return say(language, key, since=period.since, until=period.until)


def _documents(text: str, holdings: Holdings, language: str) -> Iterator[tuple[Reading, Scope]]:
    """A newspaper or file that is named is a filter; the title of an article is a preference."""
    for card in holdings.cards:
        name = card.id.rsplit("/", 1)[-1]
        if any(found in (card.id, name) for found in _FILE.findall(text)):
            yield _document(name, frozenset({card.id}), language, only=True)
    papers = {card.source.newspaper for card in holdings.cards if len(card.source.newspaper) > 2}
    for paper in sorted(paper for paper in papers if letters(paper).text in letters(text).text):
        docs = frozenset(card.id for card in holdings.cards if card.source.newspaper == paper)
        yield _document(paper, docs, language, only=True)
    for title in _TITLED.findall(text):
        named = letters(title).text
        docs = frozenset(
            article.doc
            for article in holdings.articles.values()
            if named and named in letters(article.title).text
        )
        if docs:
            yield _document(title, docs, language, only=False)


def _document(said: str, docs: frozenset[str], language: str, *, only: bool) -> tuple[Reading, Scope]:
    text = say(language, "document" if only else "document_preferred", meant=f"《{said}》")
    scope = Scope(docs=docs) if only else Scope(preferred_docs=docs)
    return Reading(Aspect.DOCUMENT, said, "、".join(sorted(docs)), text, only=only), scope


def _people(asked: Asked, holdings: Holdings, language: str) -> Iterator[tuple[Reading, Scope]]:
    if not asked.said:
        return
    people = [word for word, tag in tagged(asked.said) if tag.startswith("nr") and len(word) > 1]
    for name in dict.fromkeys(people):
        if any(name in speaker for speaker in holdings.speakers):
            yield (
                Reading(Aspect.PERSON, name, name, say(language, "person", meant=name)),
                Scope(people=(name,)),
            )


def _places(asked: Asked, frequency: dict[str, float], language: str) -> Iterator[tuple[Reading, Scope]]:
    for name in places_of(asked):
        if 0 < frequency.get(name, 0.0) <= COMMON:
            yield Reading(Aspect.PLACE, name, name, say(language, "place", meant=name)), Scope(places=(name,))


def _kinds(text: str, holdings: Holdings, language: str) -> Iterator[tuple[Reading, Scope]]:
    known = {article.kind for article in holdings.articles.values()}
    for kind, pattern in _KINDS:
        match = pattern.search(text)
        if match and kind in known:
            meant = say(language, kind)
            yield (
                Reading(Aspect.KIND, match.group(), meant, say(language, "kind", meant=meant)),
                Scope(kinds=(kind,)),
            )


def _names_place(passage: Passage, name: str) -> bool:
    return name in passage.title or name in passage.section or name in passage.text
