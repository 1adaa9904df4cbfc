"""Blocks named by what they are: headline, byline, body, caption, pull quote, jump line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from index import bylines, shapes
from index.clean import Block, Indent, Width
from index.document import Dropped
from index.located import Located
from index.quotes import Said, repeated

ONE_PAGE = 300  # pieces beyond which a file is more than a page: neither its words nor its topics are asked
INSERTS = frozenset({"caption", "quote", "furniture"})  # kinds that interrupt running text
_LETTERS = re.compile(r"[\W_]+")
_QUOTED = 12  # letters of the shortest pull quote that is known by its repeating the text
_HEADING = 16  # letters of a section heading, which may repeat the text as well
_SUBTITLE = 120  # characters of the longest subtitle
_NEAR = 40  # pieces before and after it that it may repeat
_BRACKETS = re.compile(r"[（）()【】\[\]\s]+")


@dataclass(frozen=True, slots=True)
class Piece:
    """A block and its part in the page.

    `kind` is headline, byline, signature, body, caption, quote or furniture. `back` and `away` are the page
    references of jump lines that stood at its beginning and end.
    """

    content: Located
    kind: str
    level: int = 0
    back: str = ""
    away: str = ""
    first_line: Width = Width.UNKNOWN  # as in `index.clean`
    last_line: Width = Width.UNKNOWN
    indent: Indent = Indent.UNKNOWN

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def open(self) -> bool:
        """Whether it ends inside a sentence."""
        return not shapes.ended(self.text)


@dataclass(frozen=True, slots=True)
class _Letters:
    """What a piece says but for its marks, and whether it ends inside a sentence."""

    text: str
    open: bool


def pieces(blocks: Sequence[Block]) -> tuple[list[Piece], list[Dropped]]:
    """The pieces of a page in printed order, and the jump lines taken out of them."""
    dropped: list[Dropped] = []
    found: list[Piece] = []
    ornate: list[int] = []  # pieces that only an ornament marks as quotes
    back = ""  # the page reference of a jump line above, which may stand alone
    for block in blocks:
        first = len(found)
        back = _add(found, block, dropped, back)
        ornate += [row for row in range(first, len(found)) if block.bullet and not block.quoted]
    quotes = _quotes(found) if len(found) <= ONE_PAGE else frozenset()
    for row in ornate:
        if row not in quotes and _is_unfinished(found, row):
            found[row] = replace(found[row], kind="body")
    letters = [
        _LETTERS.sub("", piece.text) if piece.kind in ("body", "headline") and at not in quotes else ""
        for at, piece in enumerate(found)
    ]
    whole = [_Letters(text, piece.open) for text, piece in zip(letters, found, strict=True)]
    return [
        replace(piece, kind="quote") if at in quotes else _renamed(found, at, whole)
        for at, piece in enumerate(found)
    ], dropped


def _add(found: list[Piece], block: Block, dropped: list[Dropped], back: str) -> str:
    """Add the pieces of a block, the first below a jump line if `back`; the reference that is left over."""
    parts = list(_jumps(block.content))
    for at, (content, jump) in enumerate(parts):
        if not jump:
            first = block.first_line if not at else Width.UNKNOWN
            last = block.last_line if at == len(parts) - 1 else Width.UNKNOWN
            kind = _kind(block, content.text.strip())
            level = 0 if kind == "body" else block.level
            indent = block.indent if not at else Indent.UNKNOWN
            found.append(Piece(content, kind, level, back, "", first, last, indent))
            back = ""
            continue
        dropped.extend(Dropped(span, "jump line") for span in content.spans)
        reference = _BRACKETS.sub("", content.text)
        if jump == "back":
            back = reference or "?"
        elif found:
            kind = "body" if found[-1].kind == "quote" else found[-1].kind  # no quote goes on elsewhere
            found[-1] = replace(found[-1], kind=kind, away=reference or "?")
    return back


def _jumps(content: Located) -> Iterator[tuple[Located, str]]:
    """The content cut at its jump lines: (piece, "" or back or away)."""
    text = content.text
    start = 0
    if "版" in text:
        matches = [(match, "back") for match in shapes.JUMP_BACK.finditer(text)]
        matches += [(match, "away") for match in shapes.JUMP_AWAY.finditer(text)]
        for match, jump in sorted(matches, key=lambda item: item[0].start()):
            if match.start() < start:
                continue
            before = content.slice(start, match.start()).strip()
            if before.text:
                yield before, ""
            yield content.slice(match.start(), match.end()).strip(), jump
            start = match.end()
    rest = content.slice(start, len(text)) if start else content
    if rest.text.strip():
        yield (rest.strip() if start else rest), ""


def _kind(block: Block, text: str) -> str:
    if block.vertical or shapes.is_caption(text):
        return "caption"
    if shapes.is_signature(text):
        return "signature"
    if bylines.is_byline(text):
        return "byline"
    if shapes.is_furniture(text):
        return "furniture"
    marked = block.quoted or (block.bullet and len(text) >= _QUOTED and not shapes.ended(text))
    if marked and len(text) <= 200 and not shapes.opens_with_dateline(text):
        return "quote"
    if _is_marked(block, text) or (block.lines == 1 and not block.running and shapes.is_headline(text)):
        return "headline"
    return "body"


def _is_marked(block: Block, text: str) -> bool:
    """Whether Markdown marks a headline, not a paragraph into which one was run."""
    return bool(block.level) and ("。" not in text or len(text) <= shapes.LONGEST_TITLE)


def _quotes(found: Sequence[Piece]) -> frozenset[int]:
    """Pieces that stand inside a sentence, or were a wrapped line, and only repeat a sentence of the page."""
    rows = [
        row
        for row, piece in enumerate(found)
        if piece.kind in ("body", "headline", "quote") and not piece.level
    ]
    said = []
    for at, row in enumerate(rows):
        piece, before = found[row], found[rows[at - 1]] if at else None
        inside = before is not None and before.kind == "body" and before.open
        fewest = 1 if inside else 2 if piece.open else 0
        said.append(Said(piece.text, fewest, piece.kind == "headline", piece.kind == "quote"))
    quotes = repeated(said)
    return frozenset(rows[at] for quote in quotes for at in quote)


def _is_unfinished(found: Sequence[Piece], row: int) -> bool:
    """Whether a line with an ornament is half a sentence: it ends where none does and stands inside none."""
    piece, before = found[row], found[row - 1] if row else None
    inside = before is not None and before.kind == "body" and before.open
    return piece.kind == "quote" and not inside and shapes.stops(piece.text) < 0.0


def _renamed(found: Sequence[Piece], at: int, letters: Sequence[_Letters]) -> Piece:
    """The piece named anew by what stands around it."""
    piece = found[at]
    if (
        piece.kind == "signature"
        and at
        and found[at - 1].kind == "headline"
        and bylines.is_note(piece.text.strip())
    ):
        return replace(piece, kind="byline")
    if piece.kind not in ("body", "headline") or piece.level or not at:
        return piece
    after = found[at + 1] if at + 1 < len(found) else None
    before = found[at - 1].kind
    if before == "headline" and _is_under_headline(piece, after):
        return replace(piece, kind="byline" if piece.kind == "headline" else "headline")
    if piece.kind == "body" and _is_captioned(found, at):
        return replace(piece, kind="caption")
    if _is_repeated(found, at, letters):
        return replace(piece, kind="quote")
    return piece


def _is_under_headline(piece: Piece, after: Piece | None) -> bool:
    """Names between a headline and its text, or a long subtitle above a byline or dateline."""
    if after is None:
        return False
    if piece.kind == "headline":
        named = after.kind == "body" and bylines.is_names(piece.text)
        return named or (after.kind in ("body", "headline") and bylines.is_guest(piece.text))
    above = after.kind == "byline" or (after.kind == "body" and shapes.opens_with_dateline(after.text))
    return above and piece.open and len(piece.text) <= _SUBTITLE and "。" not in piece.text


def _is_captioned(found: Sequence[Piece], at: int) -> bool:
    """Whether a paragraph under a headline is a caption: the photographer's name follows, then the text."""
    if at + 2 >= len(found) or found[at - 1].kind not in ("headline", "caption"):
        return False
    credit, after = found[at + 1], found[at + 2].kind
    return len(found[at].text) <= 150 and bylines.is_credit(credit.text) and after == "byline"


def _is_repeated(found: Sequence[Piece], at: int, letters: Sequence[_Letters]) -> bool:
    """Whether the piece only repeats what the text says: a pull quote."""
    piece, own = found[at], letters[at].text
    if not _QUOTED <= len(own) <= 200:
        return False
    before = found[at - 1].kind
    after = found[at + 1].kind if at + 1 < len(found) else ""
    if piece.kind == "headline" and after == "body" and len(own) <= _HEADING and "，" not in piece.text:
        return False
    # A title repeats the text below it, a pull quote mostly what was printed before.
    title = after in ("headline", "byline") or (piece.kind == "headline" and before == "headline")
    near = range(max(0, at - _NEAR), min(len(found), at + 1 if title else at + _NEAR))
    whole = [letters[row].text for row in near if row != at and not letters[row].open]
    around = letters[at - 1].text + (letters[at + 1].text if at + 1 < len(found) else "")
    return any(own in other for other in [*whole, around])
