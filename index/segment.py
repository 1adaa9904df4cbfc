"""Document → Reading: its articles, their passages, and what was left out."""

from __future__ import annotations

from index.clean import paragraphs
from index.document import Article, Document, Passage, Reading, Span
from index.located import Located, joined
from index.passages import identity, pack

_TITLE = 40  # characters of the longest title


def segment(document: Document) -> Reading:
    """What a person would make of the page; every character is in one passage or dropped with a reason."""
    found, dropped = paragraphs(document.text)
    if not found:
        return Reading(document, (), (), tuple(dropped))
    heads = found[:1] if len(found) > 1 and _is_title(found[0].text) else []
    body = found[len(heads) :]
    spans = joined(found).spans
    article = Article(
        id=identity("a", document.id, spans),
        doc=document.id,
        title=heads[0].text if heads else "",
        spans=spans,
    )
    passages = [_passage(document, article, part, "title") for part in heads]
    passages += [_passage(document, article, part, "body") for part in pack(document.text, body)]
    return Reading(document, (article,), tuple(passages), tuple(sorted(dropped, key=lambda drop: drop.span)))


def _passage(document: Document, article: Article, part: Located, kind: str) -> Passage:
    return Passage(
        id=identity("p", document.id, part.spans, part.text),
        doc=document.id,
        article=article.id,
        text=part.text,
        spans=part.spans,
        title=article.title,
        kind=kind,
        page=_page(document, part.spans[0]),
    )


def _page(document: Document, span: Span) -> int:
    return next((page.number for page in document.pages if page.span.start <= span.start < page.span.end), 0)


def _is_title(text: str) -> bool:
    return len(text) <= _TITLE and text[-1] not in "。！？；，,.!?;：:"
