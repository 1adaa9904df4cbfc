"""Unfinished articles of a file and those that go on with them, tied together by their ids."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from index.cohesion import Bag, bag, cohesion
from index.document import Article, Passage

_TOGETHER = 0.03  # cohesion from which text under a jump line goes on with text above one


def linked(articles: Sequence[Article], passages: Sequence[Passage]) -> list[Article]:
    """The articles, those that go on elsewhere and those that come from there tied together.

    Where two have the same headline or speak of the same things, each names the other by id instead of by the
    printed page.
    """
    away = [article for article in articles if article.continued]
    back = [article for article in articles if article.continues]
    if not away or not back:
        return list(articles)
    about = {article.id: _about(article, passages) for article in (*away, *back)}
    likely = sorted(
        (
            (_close(left, right, about), left.id, right.id)
            for left in away
            for right in back
            if left is not right
        ),
        key=lambda item: (-item[0], item[1], item[2]),
    )
    after: dict[str, str] = {}
    before: dict[str, str] = {}
    for close, left, right in likely:
        if close >= _TOGETHER and left not in after and right not in before:
            after[left], before[right] = right, left
    return [
        replace(
            article,
            continued=after.get(article.id, article.continued),
            continues=before.get(article.id, article.continues),
        )
        for article in articles
    ]


def _about(article: Article, passages: Sequence[Passage]) -> Bag:
    return bag("\n".join(passage.text for passage in passages if passage.article == article.id))


def _close(left: Article, right: Article, about: dict[str, Bag]) -> float:
    same = bool(left.title) and left.title == right.title
    return 1.0 if same else cohesion(about[left.id], about[right.id])
