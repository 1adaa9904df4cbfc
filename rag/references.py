"""References in the form of GB/T 7714-2015: author. title[N]. newspaper, date(page)."""

from __future__ import annotations

import re

from index.document import Article
from index.records import DocumentCard

_ROLES = re.compile(
    r"本报记者|新华社记者|记者|本报讯|本报|新华社|通讯员|摄影|报道|采写|集体|摄|文|图|[/／:：()（）■◆●]"
)


def reference(article: Article, card: DocumentCard) -> str:
    """The reference of one article; what the document does not tell is left out.

    A newspaper article is [N]; a document without a newspaper's name is [Z], as
    other sources are, and is named by its file.
    """
    source = card.source
    date = article.date or source.date
    author = _authors(article.byline)
    title = _one_line(article.title) or card.id
    head = f"{author}. {title}" if author else title
    if not source.newspaper:
        return f"{head}[Z]. {date}." if date else f"{head}[Z]."
    page = f"({source.page})" if source.page else ""
    when = f", {date}{page}" if date else page
    return f"{head}[N]. {source.newspaper}{when}."


def _authors(byline: str) -> str:
    """Names of a byline, at most three before `等`, as the standard wants."""
    names = [name for name in re.split(r"[\s、，,]+", _ROLES.sub(" ", byline)) if 1 < len(name) < 16]
    names = list(dict.fromkeys(names))
    return ", ".join(names[:3]) + (", 等" if len(names) > 3 else "")


def _one_line(text: str) -> str:
    return " ".join(text.split())
