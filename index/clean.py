"""Lines into blocks: paragraphs, headlines and captions, each still in its printed place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import islice
from statistics import mode

from index.bylines import is_byline, is_credit
from index.characters import characters
from index.document import Span
from index.lines import Line, columns
from index.located import Located, gap, joined
from index.quotes import without_quotes
from index.seams import Group, broken
from index.shapes import continues, ended, is_caption, is_headline, is_signature, opens_with_dateline

_PAGE = 1500  # lines beyond which a file is no page, and only widths tell which lines belong together
_CREDIT = ("摄", "摄影", "供图")  # words that wrapping leaves alone on a line
_UPRIGHT = 4  # lines of one character that make a vertical caption
_UNLIKELY = -7.0  # log odds below which a full line that may be a headline does not go on with the next one
_WIDE, _NARROW = -3.0, 0.5  # log odds that a number stood in two blanks at a line's end, or in one
_ANEW = -3.0  # log odds of going on below which a line that is set in begins a paragraph
_USUAL = 0.4  # share of paragraphs of several lines from which being set in is the page's way
_SET_IN = 0.8  # share of wrapped lines from which on all text is set in, not paragraphs
_FRAMED = 0.1  # share of lines below an empty one from which paragraphs stand in frames of their own
_COMMA = 2.5  # how much lower for each comma: headlines seldom have one


class Width(StrEnum):
    """How wide a line is beside its column; the values are part of the names of the sorter's features."""

    UNKNOWN = ""
    WHOLE = "whole"
    SET_IN = "set in"  # a first line, as paragraphs begin
    SHORT = "short"  # a last line, as paragraphs end


class Indent(StrEnum):
    """Whether white space stands before a paragraph; the values are part of the names of features."""

    UNKNOWN = ""  # it stands inside a line, or paragraphs of the page are not set in
    SET_IN = "set in"
    FLUSH = "flush"  # a headline, or the rest of a paragraph that a column parted


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of a page that was printed in one go."""

    content: Located
    blanks: int = 0
    level: int = 0
    quoted: bool = False
    bullet: bool = False
    vertical: bool = False
    lines: int = 1
    first_line: Width = Width.UNKNOWN  # of several in a column
    last_line: Width = Width.UNKNOWN  # in a column
    running: bool = False  # known as half of a sentence
    indent: Indent = Indent.UNKNOWN

    @property
    def text(self) -> str:
        return self.content.text


def blocks(text: str, found: Sequence[Line], losing: bool = False) -> list[Block]:
    """Blocks of the page in printed order; wrapped lines joined, vertical captions put upright.

    Where the page is `losing` numbers, blanks at the ends of wrapped lines are kept as what is left of them.
    """
    made: list[Block] = []
    pending: list[Line] = []
    for upright, group in _runs(found):
        if upright:
            made.append(_vertical(text, group))
        else:
            pending = group
            made.extend(_horizontal(text, pending, losing))
    return made


def _runs(found: Sequence[Line]) -> Iterable[tuple[bool, list[Line]]]:
    """Runs of one-character lines that are captions, and what stands between them."""
    start = 0
    waiting: list[Line] = []
    while start < len(found):
        end = start
        while end < len(found) and len(found[end].text) == 1 and not found[end].level:
            end += 1
        if end - start >= _UPRIGHT:
            if waiting:
                yield False, waiting
                waiting = []
            yield True, list(found[start:end])
        else:
            end = max(end, start + 1)
            waiting.extend(found[start:end])
        start = end
    if waiting:
        yield False, waiting


def _vertical(text: str, group: Sequence[Line]) -> Block:
    usual = min(line.blanks for line in group[1:])
    parts: list[Located] = []
    for line in group:
        if parts and line.blanks > usual:
            parts.extend(gap(text, parts[-1].spans[-1].end, line.start, " "))
        parts.append(line.content)
    return Block(joined(parts), group[0].blanks, vertical=True, lines=len(group))


def _horizontal(text: str, found: Sequence[Line], losing: bool) -> list[Block]:
    sizes = columns(found)
    indented = _indent(found, _SET_IN if any(sizes) else 1.0)
    usual = mode(line.blanks for line in found)
    framed = not usual and sum(line.blanks > 0 for line in found) >= _FRAMED * len(found)
    groups: list[list[Line]] = []
    for at, line in enumerate(found):
        apart = line.blanks > usual  # by empty lines, as lines of a paragraph are not
        after = found[at + 1 : at + 2]
        if groups and not apart and _joins(groups[-1], line, after, sizes[at - 1], indented, framed):
            groups[-1].append(line)
        else:
            groups.append([line])
    parts = broken(without_quotes(groups)) if len(found) <= _PAGE else [Group(group) for group in groups]
    widths = iter(sizes)
    shapes = [_widths(part.lines, next(islice(widths, len(part.lines) - 1, None))) for part in parts]
    several = [first for first, _ in shapes if first]
    if several.count(Width.SET_IN) < _USUAL * len(several):
        shapes = [(Width.UNKNOWN, last) for _, last in shapes]  # paragraphs begin as they go on
    return [
        _paragraph(text, part, losing, *shape, _indent_of(text, part.lines[0], indented))
        for part, shape in zip(parts, shapes, strict=True)
    ]


def _widths(group: Sequence[Line], size: float) -> tuple[Width, Width]:
    """How wide the first and the last line are beside their column."""
    if not size:
        return Width.UNKNOWN, Width.UNKNOWN
    last = Width.WHOLE if group[-1].size >= size - 1 else Width.SHORT
    if len(group) < 2:
        return Width.UNKNOWN, last
    return Width.WHOLE if group[0].size >= size - 1 else Width.SET_IN, last


def _indent(found: Sequence[Line], most: float) -> int:
    """White space before the first line of a paragraph, 0 where paragraphs are not indented.

    Nothing is told by what stands before `most` of the lines or more.
    """
    indents = [line.indent for line in found if line.indent]
    usual = max(set(indents), key=indents.count, default=0)
    return usual if 1 <= usual <= 8 and 3 <= indents.count(usual) < most * len(found) else 0


def _indent_of(text: str, line: Line, usual: int) -> Indent:
    """Whether a line is set in as paragraphs of the page are."""
    cut_out = 0 < line.start == line.raw_start and text[line.start - 1] not in "\r\n"  # of a printed line
    if not usual or cut_out:
        return Indent.UNKNOWN
    return {0: Indent.FLUSH, usual: Indent.SET_IN}.get(line.indent, Indent.UNKNOWN)


def _joins(
    group: list[Line],
    line: Line,
    after: Sequence[Line],
    size: float,
    indented: int,
    framed: bool,
) -> bool:
    """Whether `line` goes on with the paragraph of `group`; `size` is that of its column.

    On a `framed` page empty lines stand between paragraphs.
    """
    last = group[-1]
    if line.level or line.bullet or line.quoted != last.quoted or last.level or not size:
        return False
    if line.text in _CREDIT:
        return True
    if is_byline(line.text) or any(is_credit(one.text) for one in (line, last)) or is_signature(last.text):
        return False
    begins = bool(indented) and line.indent == indented
    if begins and (ended(last.text) or last.size < size - 2 or not _loses_number(last, line)):
        return False
    if last.size < size - (3.5 if len(group) == 1 else 2) or last.size > size + 4 or line.size > size + 4:
        return False
    if len(group) == 1 and (is_byline(last.text) or opens_with_dateline(line.text)):
        return False
    if ended(last.text):
        return not _is_beside(line, after, size)
    if not framed and line.size < size - 2 and not ended(line.text) and is_headline(line.text):
        return False  # a broken paragraph and a headline; if it is one sentence, its halves will be found
    if _begins_anew(last, line, after, size):
        return False  # the same
    if continues(line.text) or len(group) > 1 or not is_headline(last.text):
        return True
    return characters().fit(last.text, line.text) > _UNLIKELY - _COMMA * last.text.count("，")


def _begins_anew(last: Line, line: Line, after: Sequence[Line], size: float) -> bool:
    """Whether a line under a broken one begins a paragraph: with a dateline, or set in and no likely end."""
    fit = characters().fit(last.text, line.text)
    if opens_with_dateline(line.text):
        return fit < 0.0
    set_in = abs(size - 2 - line.size) <= 0.5 and after and after[0].size >= size - 0.5
    return bool(set_in) and not _loses_number(last, line) and fit < _ANEW


def _loses_number(last: Line, line: Line) -> bool:
    """Whether a number may have stood at the end of one line or at the beginning of the next."""
    return last.raw_end - last.end > 1 or characters().gap(last.text, line.text) > _NARROW


def _is_beside(line: Line, after: Sequence[Line], size: float) -> bool:
    """Whether a line under a finished full line is a heading or caption of its own."""
    if is_caption(line.text):
        return True
    if not is_headline(line.text):
        return False
    if line.size < size - 2 or not after:
        return True
    return characters().fit(line.text, after[0].text) < _UNLIKELY - _COMMA * line.text.count("，")


def _paragraph(
    text: str, group: Group, losing: bool, opening: Width, closing: Width, indent: Indent
) -> Block:
    parts: list[Located] = []
    for line in group.lines:
        if parts:
            parts.extend(_joint(text, parts[-1], line, losing))
        elif _number_gone("。", line):
            parts.append(Located(" " * line.indent, (Span(line.raw_start, line.start),)))
        parts.append(line.content)
    first, last = group.lines[0], group.lines[-1]
    if last.raw_end - last.end > 1 and not ended(last.text):
        parts.append(Located(" " * (last.raw_end - last.end), (Span(last.end, last.raw_end),)))
    return Block(
        joined(parts),
        first.blanks,
        first.level,
        first.quoted,
        first.bullet,
        lines=len(group.lines),
        first_line=opening,
        last_line=closing,
        running=group.running,
        indent=indent,
    )


def _joint(text: str, before: Located, line: Line, losing: bool) -> list[Located]:
    """What stands between two lines: nothing between Han characters, a blank between Latin words.

    Blanks at the line's end or beginning stay where a number seems to have stood in them.
    """
    end = before.spans[-1].end
    if _needs_space(before.text, line.text):
        return gap(text, end, line.start, " ")
    blanks = [Span(low, high) for low, high in _blank_runs(text, end, line.start) if high > low]
    wide = sum(span.end - span.start for span in blanks) > 1
    if not blanks or (not (losing and wide) and _odds(before, line) < (_WIDE if wide else _NARROW)):
        return []
    return [Located(" " * (span.end - span.start), (span,)) for span in blanks]


def _odds(before: Located, line: Line) -> float:
    """Log odds that a number stood between two lines."""
    return characters().gap(before.text[-24:].rstrip(" ."), line.text[:24])


def _blank_runs(text: str, start: int, end: int) -> Iterable[tuple[int, int]]:
    """Runs of blanks (no line breaks) between two places, without ideographic indents."""
    at = start
    while at < end:
        if text[at] in " \t\u00a0":
            high = at
            while high < end and text[high] in " \t\u00a0":
                high += 1
            yield at, high
            at = high
        else:
            at += 1


def _number_gone(before: str, line: Line) -> bool:
    return 0 < line.indent <= 8 and characters().gap(before, line.text) > 1.5


def _needs_space(before: str, after: str) -> bool:
    return (
        before[-1] < "\u0250" and after[0] < "\u0250" and before[-1] != "-" and before[-1] not in " ,.;:!?"
    ) or (before[-1] < "\u0250" and after[0] < "\u0250" and before[-1].isalpha() and after[0].isalpha())
