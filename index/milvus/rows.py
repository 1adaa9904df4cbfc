"""Passages and documents as rows, and back. What is longer than a field goes on in `records`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from index.document import Article, Dropped, IndexDamaged, Page, Passage, Reading, Source, Span
from index.milvus.server import Row
from index.milvus.tables import NEVER, cut, filled
from index.records import DocumentCard

PASSAGE = ("row", "id", "doc", "kind", "date", "value")
PARTS = ("text", "articles", "rest")  # of a document, each in as many pieces as it needs

Vector = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Copy:
    """One stored version of a document: its card, its first row, and how many pieces each part has."""

    number: int
    card: DocumentCard
    first: int
    pieces: tuple[int, ...]  # of PARTS
    digest: str  # of passages, vectors and parts

    @property
    def rows(self) -> range:
        """Keys of its passages, in reading order."""
        return range(self.first, self.first + self.card.passages)

    @property
    def key(self) -> str:
        return f"card/{self.number}"

    def keys(self, part: str) -> list[str]:
        """Keys of the pieces of a part, in order."""
        return part_keys(self.number, part, self.pieces[PARTS.index(part)])


def part_keys(copy: int, part: str, count: int) -> list[str]:
    """Keys of the pieces of a part of a document."""
    return [f"{part}/{copy}/{piece}" for piece in range(count)]


def body_keys(row: int, count: int) -> list[str]:
    """Keys of what did not fit into a passage's own field."""
    return [f"body/{row}/{piece}" for piece in range(count)]


def passage_rows(
    row: int, copy: int, passage: Passage, dense: Vector, sparse: Mapping[int, float]
) -> tuple[Row, list[Row]]:
    """A passage as a row, and the rows of `records` that its text goes on in."""
    spans, lost = ([(span.start, span.end) for span in part] for part in (passage.spans, passage.lost))
    body = [passage.article, passage.text, spans, passage.title, passage.section, passage.speaker]
    first, *others = cut(_dump([*body, passage.flags, lost, passage.page]))
    fields = {
        "row": row,
        "died": NEVER,
        "id": passage.id,
        "doc": passage.doc,
        "kind": passage.kind,
        "date": passage.date,
        "value": f"{len(others)} {first}",
        "dense": dense,
        "sparse": sparse,
    }
    keys = body_keys(row, len(others))
    return fields, [
        filled(key, piece, copy=copy, died=NEVER) for key, piece in zip(keys, others, strict=True)
    ]


def more_of(fields: Row) -> list[str]:
    """Keys of the pieces that a passage's text goes on in."""
    return body_keys(fields["row"], int(fields["value"].partition(" ")[0]))


def passage_of(fields: Row, pieces: Mapping[str, str]) -> Passage:
    """The passage of a row, given the pieces it goes on in. Raises IndexDamaged when it cannot be read."""
    first = fields["value"].partition(" ")[2]
    try:
        body = json.loads(first + "".join(pieces[key] for key in more_of(fields)))
        article, text, spans, title, section, speaker, flags, lost, page = body
        return Passage(
            id=fields["id"],
            doc=fields["doc"],
            article=article,
            text=text,
            spans=_spans(spans),
            title=title,
            section=section,
            kind=fields["kind"],
            date=fields["date"],
            speaker=speaker,
            flags=tuple(flags),
            lost=_spans(lost),
            page=page,
        )
    except (ValueError, TypeError, KeyError) as error:
        raise IndexDamaged(
            f"passage {fields['id']} of {fields['doc']} cannot be read ({error}); run `youju check --repair`"
        ) from error


def part_texts(reading: Reading) -> tuple[str, ...]:
    """The parts of a document other than its passages, as texts, in the order of PARTS."""
    articles = [
        [*_article(article), [(span.start, span.end) for span in article.spans]]
        for article in reading.articles
    ]
    pages = [(page.number, page.span.start, page.span.end) for page in reading.document.pages]
    dropped = [(drop.span.start, drop.span.end, drop.reason) for drop in reading.dropped]
    return reading.document.text, _dump(articles), _dump([pages, dropped])


def articles_of(doc: str, text: str) -> list[Article]:
    """Articles from their part."""
    names = ("id", "title", "kind", "byline", "dateline", "date", "continues", "continued", "complete")
    return [
        Article(doc=doc, spans=_spans(spans), **dict(zip(names, fields, strict=True)))
        for *fields, spans in json.loads(text)
    ]


def rest_of(text: str) -> tuple[tuple[Page, ...], list[Dropped]]:
    """Printed pages and dropped characters from their part."""
    pages, dropped = json.loads(text)
    return (
        tuple(Page(number, Span(start, end)) for number, start, end in pages),
        [Dropped(Span(start, end), reason) for start, end, reason in dropped],
    )


def copy_row(copy: Copy, died: int = NEVER) -> Row:
    """The row of a document's card."""
    fields = asdict(copy)
    number = fields.pop("number")
    return filled(copy.key, _dump(fields), copy=number, died=died)


def copy_of(row: Row) -> Copy:
    """A document's card from its row. Raises IndexDamaged when it cannot be read."""
    try:
        fields = json.loads(row["value"])
        card = fields.pop("card")
        source = card.pop("source")
        given = tuple(source.pop("given"))
        return Copy(
            number=row["copy"],
            card=DocumentCard(**card, source=Source(**source, given=given)),
            first=fields["first"],
            pieces=tuple(fields["pieces"]),
            digest=fields["digest"],
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise IndexDamaged(f"{row['key']} cannot be read ({error}); run `youju check --repair`") from error


def digest_of(passages: Iterable[tuple[Passage, Vector]], parts: Sequence[str]) -> str:
    """Identity of a document's stored version: passages, their vectors in half precision, and other parts."""
    state = hashlib.blake2b(digest_size=16)
    for passage, vector in passages:
        state.update(_dump(asdict(passage)).encode())
        state.update(np.asarray(vector, np.float16).tobytes())
    for part in parts:
        state.update(part.encode() + b"\0")
    return state.hexdigest()


def _article(article: Article) -> list[Any]:
    fields = [article.id, article.title, article.kind, article.byline, article.dateline, article.date]
    return [*fields, article.continues, article.continued, article.complete]


def _spans(pairs: Iterable[Sequence[int]]) -> tuple[Span, ...]:
    return tuple(Span(start, end) for start, end in pairs)


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
