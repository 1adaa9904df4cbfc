"""Document → Reading: its articles, their passages, and what was left out."""

from __future__ import annotations

from index.articles import by_rules
from index.clean import blocks
from index.compose import article_of, copy_of, passages_of
from index.document import Article, Document, Passage, Reading
from index.drafts import by_weights
from index.lines import lines
from index.links import linked
from index.lost import loses_numbers
from index.pieces import ONE_PAGE, pieces
from index.unglue import unglued


def segment(document: Document) -> Reading:
    """What a person would make of the page; every character is in one passage or dropped with a reason."""
    found, dropped = lines(document.text)
    found = unglued(found, len(document.text), dropped)
    losing = loses_numbers(document.text)
    named, jumps = pieces(blocks(document.text, found, losing))
    if not named:
        return Reading(document, (), (), tuple(sorted([*dropped, *jumps], key=lambda drop: drop.span)))
    drafts, pairs = (by_weights if len(named) <= ONE_PAGE else by_rules)(named)
    made: list[Article] = []
    cut: list[Passage] = []
    for draft in drafts:
        copy = copy_of(draft, named, pairs)
        article = article_of(document, copy)
        made.append(article)
        cut.extend(passages_of(document, article, copy, losing))
    left_out = sorted([*dropped, *jumps], key=lambda drop: drop.span)
    return Reading(document, tuple(linked(made, cut)), tuple(cut), tuple(left_out))
