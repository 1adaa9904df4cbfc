"""Articles into passages: sections, whole sentences, and what is known about each."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from index import shapes
from index.dates import dateline_date
from index.document import Article, Document, Passage, Span
from index.drafts import Draft
from index.located import Located, gap, joined
from index.lost import lost_numbers
from index.passages import identity, pack
from index.pieces import Piece
from index.series import is_numbered
from index.speakers import speakers

_TEXT = ("body", "caption", "quote")  # kinds of passages in which a number may be lost
_LOST = "lost_digits"
_BRIEF = 250  # characters of the longest notice or photo story
_OPINIONS = ("社论", "短评", "编者按", "时评", "快评", "锐评", "快语", "杂谈", "漫谈", "今日谈")
_ASKS = re.compile(
    r"敬?请(?:提前|注意|广大|市民|居民|相互|及时|有关|届时|携带|绕行|予以)|咨询|特此|启事|公告|声明如下|来电"
)


@dataclass(slots=True)
class Section:
    """A heading and the paragraphs below it; `broken` holds the places of paragraphs put together again."""

    name: str = ""
    paragraphs: list[Located] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Copy:
    """What an article is made of, in reading order."""

    headlines: list[Piece]
    bylines: list[Piece]
    signatures: list[Piece]
    sections: list[Section]
    beside: list[Piece]
    rejoined: list[Span]  # the last character before each mended break
    pieces: list[Piece]
    begins: str = (
        ""  # why its beginning is not here: the jump line, or "?" for half a sentence; empty when it is
    )
    ends: str = ""  # the same for its end
    boxed: bool = False  # it stands in the middle of another article


def copy_of(draft: Draft, pieces: Sequence[Piece], pairs: dict[int, int]) -> Copy:
    """Sort a draft's pieces by what they are, halves of sentences put together."""
    rows = draft.body
    rights = set(pairs.values())
    found = Copy(
        headlines=[pieces[row] for row in draft.head if pieces[row].kind == "headline"],
        bylines=[pieces[row] for row in draft.head if pieces[row].kind == "byline"],
        signatures=[],
        sections=[Section()],
        beside=[pieces[row] for row in draft.beside],
        rejoined=[],
        pieces=[pieces[row] for row in [*draft.head, *rows, *draft.beside]],
    )
    for at, row in enumerate(rows):
        piece = pieces[row]
        left = rows[at - 1] if at else -1
        if pairs.get(left) == row:
            _rejoin(found, piece)
        elif piece.kind == "headline" and row not in pairs:
            found.sections.append(Section(piece.text, [piece.content]))
        elif piece.kind == "signature" or piece.kind == "byline":
            (found.signatures if piece.kind == "signature" else found.bylines).append(piece)
        else:
            section = found.sections[-1]
            if shapes.opens_with_dateline(piece.text) and len(section.paragraphs) > bool(section.name):
                found.sections.append(Section(section.name))  # what follows speaks from another day
            found.sections[-1].paragraphs.append(piece.content)
    body = [row for row in rows if pieces[row].kind == "body"]
    begins, ends = _begins(body, pieces, rights), _ends(body, pieces, pairs)
    return replace(found, begins=begins, ends=ends, boxed=draft.boxed)


def _begins(body: Sequence[int], pieces: Sequence[Piece], rights: set[int]) -> str:
    """Why the article's beginning is not on the page, empty when it is."""
    if not body or body[0] in rights:
        return ""
    first = pieces[body[0]]
    return first.back or ("?" if shapes.continues(first.text.strip()) else "")


def _ends(body: Sequence[int], pieces: Sequence[Piece], pairs: dict[int, int]) -> str:
    """Why the article's end is not on the page, empty when it is."""
    if not body or body[-1] in pairs:
        return ""
    last = pieces[body[-1]]
    return last.away or ("?" if last.open and not shapes.semi_ended(last.text) else "")


def _rejoin(found: Copy, piece: Piece) -> None:
    paragraphs = found.sections[-1].paragraphs
    before = paragraphs.pop()
    if not (shapes.semi_ended(before.text) and is_numbered(piece.text)):  # nothing is broken before a list
        found.rejoined.append(before.spans[-1])
    paragraphs.append(joined((before.strip(), piece.content.strip())))


def article_of(document: Document, copy: Copy) -> Article:
    """The article with its headline, byline, dateline, date and spans."""
    contents = [piece.content for piece in copy.pieces]
    spans = _closed_up(document.text, joined(contents).spans)
    first = next((part.text.strip() for section in copy.sections for part in section.paragraphs), "")
    opening = shapes.DATELINE.match(first)
    dateline = opening["wire"] if opening else next((_wire(piece) for piece in copy.signatures), "")
    byline = " ".join(piece.text.strip() for piece in copy.bylines) or _reporters(copy, first)
    return Article(
        id=identity("a", document.id, spans, "".join(content.text for content in contents[:2])),
        doc=document.id,
        title=title_of(copy.headlines),
        kind=_kind(copy, byline),
        byline=byline.strip("■□◆● "),
        dateline=dateline.strip(),
        date=dateline_date(dateline, document.source.date) or document.source.date,
        spans=spans,
        continues=copy.begins.strip("?"),
        continued=copy.ends.strip("?"),
        complete=not copy.begins and not copy.ends,
    )


def title_of(headlines: Sequence[Piece]) -> str:
    """The headline that the page marks as the largest, or all of them when none is marked."""
    levels = [piece.level for piece in headlines if piece.level]
    chosen = [piece for piece in headlines if piece.level == min(levels)] if levels else headlines
    return " ".join(dict.fromkeys(piece.text.strip() for piece in chosen))


def _wire(piece: Piece) -> str:
    match = shapes.DATELINE.match(piece.text)
    return match["wire"] if match else ""


def _reporters(copy: Copy, first: str) -> str:
    texts = [first[:120], *(piece.text for piece in copy.signatures)]
    for section in copy.sections[-1:]:
        texts += [part.text[-80:] for part in section.paragraphs[-1:]]
    for text in texts:
        match = shapes.INLINE_REPORTERS.search(text)
        if match:
            return match["names"].strip()
    return ""


def _kind(copy: Copy, byline: str) -> str:
    if "评论员" in byline or any(word in piece.text for piece in copy.headlines for word in _OPINIONS):
        return "commentary"
    text = [part for section in copy.sections for part in section.paragraphs]
    if not text:
        return copy.beside[0].kind if copy.beside and not copy.headlines else "article"
    if not copy.headlines and copy.pieces and (copy.pieces[0].back or not copy.bylines):
        return "fragment" if copy.pieces[0].back else "article"
    if sum(len(part.text) for part in text) < _BRIEF and any(
        piece.kind == "caption" for piece in copy.beside
    ):
        return "caption"
    whole = "".join(part.text for part in text)
    return "notice" if len(whole) < _BRIEF and not byline and _ASKS.search(whole) else "article"


def _closed_up(text: str, spans: Sequence[Span]) -> tuple[Span, ...]:
    """Spans joined over white space."""
    closed: list[Span] = []
    for span in spans:
        if closed and closed[-1].end <= span.start and not text[closed[-1].end : span.start].strip():
            closed[-1] = Span(closed[-1].start, span.end)
        else:
            closed.append(span)
    return tuple(closed)


def passages_of(document: Document, article: Article, copy: Copy, losing: bool) -> Iterator[Passage]:
    """The article's passages in reading order, captions and pull quotes last.

    `losing` says that wide blanks on this page are lost numbers.
    """
    for passage in _passages_of(document, article, copy):
        lost = lost_numbers(Located(passage.text, passage.spans), losing) if passage.kind in _TEXT else ()
        yield replace(passage, lost=lost, flags=(_LOST, *passage.flags)) if lost else passage


def _passages_of(document: Document, article: Article, copy: Copy) -> Iterator[Passage]:
    for kind, group in (("title", copy.headlines), ("byline", copy.bylines)):
        content = _stacked(document.text, [piece.content.strip() for piece in group])
        if content.text:
            yield _passage(document, article, content, kind)
    yield from _body(document, article, copy)
    for piece in copy.signatures:
        yield _passage(document, article, piece.content.strip(), "dateline")
    for piece in copy.beside:
        flags = ("caption",) if piece.kind == "caption" else ()
        for content in pack(document.text, [piece.content.strip()]):
            yield _passage(document, article, content, piece.kind, flags=flags)


def _body(document: Document, article: Article, copy: Copy) -> Iterator[Passage]:
    speaking = speakers([part for section in copy.sections for part in section.paragraphs])
    packed = [
        (section, content) for section in copy.sections for content in pack(document.text, section.paragraphs)
    ]
    date = article.date
    for number, (section, content) in enumerate(packed):
        flags = ["broken"] if _holds(content, copy.rejoined) else []
        if (copy.ends and number == len(packed) - 1) or (copy.begins and number == 0):
            flags.append("truncated")
        if copy.boxed:
            flags.append("unrelated")
        passage = _passage(document, article, content, "body", section.name, tuple(flags))
        date = _spoken(document, content.text) or date
        yield replace(passage, date=date, speaker=_speaker(section, content, speaking))


def _spoken(document: Document, text: str) -> str:
    """The day of a dateline that a passage opens with: what follows speaks from that day."""
    opening = shapes.DATELINE.match(text)
    return dateline_date(opening["wire"], document.source.date) if opening else ""


def _speaker(section: Section, content: Located, speaking: dict[int, str]) -> str:
    """Who speaks at the beginning of a passage, below its heading."""
    starts = [content.spans[0].start]
    if section.name and len(section.paragraphs) > 1 and section.paragraphs[0].spans[0].start == starts[0]:
        first = section.paragraphs[1]
        starts.append(first.place(len(first.text) - len(first.text.lstrip())))
    return next((speaking[start] for start in starts if start in speaking), "")


def _stacked(text: str, contents: Sequence[Located]) -> Located:
    parts: list[Located] = []
    for content in contents:
        if parts:
            parts.extend(gap(text, parts[-1].spans[-1].end, content.spans[0].start, "\n"))
        parts.append(content)
    return joined(parts)


def _holds(content: Located, places: Sequence[Span]) -> bool:
    ends = {place.end - 1 for place in places}
    return bool(ends) and any(span.start <= end < span.end for span in content.spans for end in ends)


def _passage(
    document: Document,
    article: Article,
    content: Located,
    kind: str,
    section: str = "",
    flags: tuple[str, ...] = (),
) -> Passage:
    return Passage(
        id=identity("p", document.id, content.spans, content.text),
        doc=document.id,
        article=article.id,
        text=content.text,
        spans=content.spans,
        title=article.title,
        section=section,
        kind=kind,
        date=article.date,
        flags=flags,
        page=_page(document, content.spans[0]),
    )


def _page(document: Document, span: Span) -> int:
    return next((page.number for page in document.pages if page.span.start <= span.start < page.span.end), 0)
