"""Commands that print what an index holds: documents, passages, articles."""

from __future__ import annotations

import argparse

from ui.options import open_one, print_json


def documents_command(options: argparse.Namespace) -> int:
    """List what is indexed."""
    from index.copies import near_copies

    with open_one(options) as index:
        cards = index.documents()
        copies = near_copies((card.id, index.text(card.id)) for card in cards)
        for card in cards:
            copy = copies.get(card.id)
            source = card.source
            if options.json:
                print_json(
                    {
                        "id": card.id,
                        "sha256": card.sha256,
                        "bytes": card.size,
                        "encoding": card.encoding,
                        "media": card.media,
                        "newspaper": source.newspaper,
                        "date": source.date,
                        "page": source.page,
                        "given": source.given,
                        "added": card.added,
                        "characters": card.characters,
                        "articles": card.articles,
                        "passages": card.passages,
                        "dropped": card.dropped,
                        "copy_of": copy.of if copy else "",
                        "copied": round(copy.share, 3) if copy else 0.0,
                    }
                )
            else:
                about = " ".join(part for part in (source.newspaper, source.date, source.page) if part)
                about += f"  near copy of {copy.of}" if copy else ""
                print(
                    f"{card.id}  {card.sha256[:12]}  {card.articles} articles  {card.passages} passages  "
                    f"{card.characters} characters  {about}".rstrip()
                )
    return 0


def passages_command(options: argparse.Namespace) -> int:
    """Print every passage."""
    from index.dates import spoken_of

    with open_one(options) as index:
        for passage in index.passages:
            if options.json:
                print_json(
                    {
                        "id": passage.id,
                        "doc": passage.doc,
                        "article": passage.article,
                        "section": passage.section,
                        "kind": passage.kind,
                        "date": passage.date,
                        "dates": [
                            {"text": passage.text[one.span.start : one.span.end], "date": one.date}
                            for one in spoken_of(passage)
                        ],
                        "speaker": passage.speaker,
                        "text": passage.text,
                        "spans": [[span.start, span.end] for span in passage.spans],
                        "flags": list(passage.flags),
                        "lost": [[span.start, span.end] for span in passage.lost],
                        "page": passage.page,
                    }
                )
            else:
                start, end = passage.spans[0].start, passage.spans[-1].end
                flags = f" [{', '.join(passage.flags)}]" if passage.flags else ""
                print(f"{passage.doc}:{start}-{end} {passage.kind}{flags}\n{passage.text}\n")
    return 0


def articles_command(options: argparse.Namespace) -> int:
    """Print every article."""
    from index.continuations import Continuation, continuations, printed

    with open_one(options) as index:
        articles = index.articles()
        sources = {card.id: card.source for card in index.documents()}
        elsewhere = continuations(articles, sources, lambda one: printed(index.text(one.doc), one.spans))
        for article in articles:
            beyond = elsewhere.get(article.id, Continuation())
            if options.json:
                print_json(
                    {
                        "id": article.id,
                        "doc": article.doc,
                        "title": article.title,
                        "kind": article.kind,
                        "byline": article.byline,
                        "dateline": article.dateline,
                        "date": article.date,
                        "spans": [[span.start, span.end] for span in article.spans],
                        "continues": beyond.before or article.continues,
                        "continued": beyond.after or article.continued,
                        "missing": list(beyond.missing),
                        "complete": article.complete,
                    }
                )
            else:
                about = " · ".join(part for part in (article.kind, article.byline, article.date) if part)
                print(f"{article.doc}  {article.title or '(no title)'}  {about}")
    return 0
