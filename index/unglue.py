"""What was printed apart and came out in one line: a heading run into its paragraph, a page as one block."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from itertools import pairwise

import numpy as np

from index import shapes
from index.bylines import SURNAMES, is_byline, is_names, is_note
from index.characters import characters
from index.document import Dropped
from index.lines import Line, columns
from index.located import Located
from index.lost import loses_numbers
from index.quotes import inside
from index.trigrams import NOTHING, Placed, Reals, Symbols

_BLOCK = 600  # characters of a line that is more than a paragraph
_PARAGRAPH = 45  # characters of the shortest paragraph that a heading is looked for in
_PAGE = 100_000  # characters of a file beyond which it is no page, and glued headings are not looked for
_TITLE = (4, 42)  # characters of a glued headline, least and most
_BEYOND = 24  # characters beyond the longest headline that are looked at
_REST = 6  # characters behind a headline at least
_CLEAR, _IN_BLOCK = (
    5.0,
    7.0,
)  # log odds for "a headline ends here" at a paragraph's beginning, and inside a block
_ENDS = re.compile(
    r"(?:[。！？!?]|(?<=[\u3400-\u9fff%％）)])\.(?!\d))[”’」』）)]*(?:[（(][^（()）。！？]{2,40}[）)](?![，。；：、]))?"
)
_PERHAPS = 3.0  # log odds from which the sorter is asked whether an article begins there
_CHUNK = re.compile(r"[。；;！!，,：:、]")
_CREDITED = re.compile(
    r"(?:[。）)]|(?<=[\s\u3000]))[^。，,；;]{0,24}?[ \u3000]?摄(?:影报道)?(?![\u3400-\u9fff]{1,3}[，。])"
)
_SIGNED = re.compile(
    r"(?:本报|本刊|本网|新华社|特约)[\u3400-\u9fff]{0,4}(?:记者|评论员|通讯员)"
    r"(?:[ \u3000、]*(?:通讯员|记者|实习生)?[ \u3000]*"
    rf"[{SURNAMES}][\u3400-\u9fff]{{1,2}})*"
)
_NOTE = re.compile(r"(?<=[。！？!?”’])[（(][^（()）。！？]{2,40}[）)]")
_READER = re.compile(  # as letters are signed
    r"(?<=[。！？!?])[ \u3000]?[\u3400-\u9fff]{0,6}(?:读者|市民|网友)[ \u3000]{1,2}"
    rf"[{SURNAMES}][\u3400-\u9fff]{{1,2}}"
)
_SEALED = re.compile(  # who made a notice known, and the day
    r"(?<=[。！？：:\s])(?:[\u3400-\u9fff“”（）()]{2,24}"
    r"(?:局|队|公司|集团|委|委员会|会|部|院|校|学|厅|所|站|中心|办|处|社|政府|银行|室)[ \u3000]+){1,4}"
    r"(?:[\d ]{4}年)?[\d ]{1,3}月[\d ]{1,3}日(?![，,、；;至到—–\-~起前后晚凌上下中夜清早（(\d])"
)
_RUN_IN = re.compile(r"([^\s。，；：、]{4,20})([ \u3000]{1,4})(?=[\u3400-\u9fff“\d])")
_MARKED_IN = re.compile(  # below a mark of Markdown it may be numbered, and be two halves; text has commas
    r"((?:[^\s。，；：、]{1,3}、)?[^\s。，；：、]{2,20}(?:[ \u3000][^\s。，；：、]{2,20})?)([ \u3000]{1,4})"
    r"(?=[^\s。，；：、]{2,40}[，。：、])"
)
_NUMBER, _BLANK = (
    -2.0,
    3.0,
)  # log odds of a number in the blank at most, of a headline's end before one blank at least
_APART = re.compile(r"(?<=[。！？!?”’）)…])[ \u3000]+(?=\S)")
_SENTENCE_APART = re.compile(r"(?<=[。！？!?”’…])[ \u3000]+(?=\S)")
_GAP = re.compile(r"(?<=[^\s\d])[ \u3000](?=[^\s\d])")
_LETTERS = 4  # letters of the shortest text that is known to be set loose
_BETWEEN = re.compile(r"(?<=[^\s!-~])[ \u3000](?=\S)|(?<=\S)[ \u3000](?=[^\s!-~])")  # not Latin words
_BRACKETED = re.compile(r"[（(][^（()）]*(?:记者|通讯员|作者|实习生)[^（()）]*\Z")
_MARKED = re.compile(r"(?<![#A-Za-z\d])#{1,6}[ \u3000]+(?=\S)")  # Markdown's mark of a headline
_QUOTING = re.compile(r">[ \u3000]*(?=[^\s!-~])")  # and of a quotation
_BELOW_MARK = -3.0  # log odds for "a headline ends here" behind one
_SEVERAL = 3  # sentences with a blank behind them that show what blanks stand for
_SPACE = 4.0  # what a blank counts, where a headline may end
_FEW = 35  # characters of the shortest piece that sentences of a block make
_INSIDE = -1.5  # log odds for beginning a sentence below which text rather goes on with one
_NAME = 3.0  # log odds wanted before a name has two characters only


def unglued(lines: list[Line], size: int, dropped: list[Dropped]) -> list[Line]:
    """The lines with what was glued together taken apart; `size` is the length of the file.

    Marks of headlines found inside a line are added to what is `dropped`.
    """
    if size > _PAGE:
        return lines
    found: list[Line] = []
    for line, wrapped in zip(lines, columns(lines), strict=True):
        if len(line.text) > _BLOCK or (len(lines) == 1 and _is_page(line.text)):
            found.extend(_taken_apart(line, dropped))
        elif len(line.text) < _PARAGRAPH or (wrapped and line.size <= wrapped + 3):
            found.append(line)  # a headline, or a line of a column that goes on with the next one
        else:
            found.extend(_headed(line, dropped))
    return found


def _is_page(text: str) -> bool:
    """Whether the only line of a file is more than a paragraph: what is printed apart stands inside it."""
    return _blanks_part(text) or any(0 < place < len(text) for place in _printed_apart(text))


def _headed(line: Line, dropped: list[Dropped]) -> Iterator[Line]:
    """A paragraph with its heading above it, where one was run in and a blank is left between them.

    Without the blank nothing tells a heading from a paragraph that begins with an uncommon name.
    """
    match = (_MARKED_IN if line.level else _RUN_IN).match(line.text)
    if match is None or not shapes.is_headline(match[1]) or shapes.DATELINE.match(line.text):
        yield line
        return
    rest = line.text[match.end() : match.end() + 24]
    number = characters().gap(match[1], rest) > _NUMBER
    clear = len(match[2]) > 1 or _ends_between(match[1], rest) > _BLANK
    yield from _cut(line, [match.end()] if clear and not number else [], dropped)


def _taken_apart(line: Line, dropped: list[Dropped]) -> Iterator[Line]:
    """The pieces of a page that came out as one block."""
    text = line.text
    ornaments = {drop.span.start for drop in dropped if drop.reason == "ornament"}
    starred = {at for at, gone in _gaps(line.content) if gone in ornaments}
    places = {*_printed_apart(text), *_set_loose(line.content, starred), *starred}
    marked = [match.span() for match in _MARKED.finditer(text)]
    places.update(place for span in marked for place in span)
    places.update(place for match in _QUOTING.finditer(text) for place in match.span())
    places.update(place for quote in inside(text, frozenset(places)) for place in quote)
    if _blanks_part(text):  # a headline ends at one of them
        yield from _cut(line, _sentences_apart(text, sorted(places)), dropped)
        return
    clear = sorted({0, *places}.difference(start for start, _ in marked))
    sentences = [match.end() for match in _ENDS.finditer(text)]
    needed = dict.fromkeys(sentences, _IN_BLOCK) | dict.fromkeys(clear, _CLEAR)
    ends, maybe = _heading_ends(text, needed | {end: _BELOW_MARK for _, end in marked})
    places |= {ends[start] for start in clear if start in ends}
    for start in sentences:
        if start in ends and start not in places:
            places |= {start, ends[start]}
    places |= maybe.intersection(sentences)  # units may begin there, whatever ends behind them
    places |= {_sentence_end(text, place) for place in places if place not in ends.values()}
    yield from _cut(line, _sentences_apart(text, sorted(places)), dropped)


def _sentences_apart(text: str, places: list[int]) -> list[int]:
    """The places, and between them ends of sentences: each may be where another article begins."""
    found = list(places)
    last = 0
    for match in _ENDS.finditer(text):
        while places and places[0] <= match.end():
            last = places.pop(0)
        few = match.end() - last < _FEW or (places and places[0] - match.end() < _FEW)
        if not few or _begins_inside(text[match.end() : match.end() + 6]):
            found.append(match.end())
            last = match.end()
    return sorted(found)


def _begins_inside(text: str) -> bool:
    """Whether a text rather begins inside a sentence than as one."""
    model = characters()
    after = model.symbols(text)[:2]
    return bool(after) and model.follow(model.symbols("。"), after) - model.follow((), after) < _INSIDE


def _printed_apart(text: str) -> Iterator[int]:
    """Places where something begins or ends that is always printed on a line of its own."""
    for pattern in (shapes.JUMP_AWAY, shapes.JUMP_BACK) if "版" in text else ():
        for match in pattern.finditer(text):
            yield from match.span()
    for match in _APART.finditer(text):
        if not _dated(text[max(0, match.start() - 60) : match.start()]):
            yield match.end()
    for match in _CREDITED.finditer(text):
        yield match.end()
    for match in _SEALED.finditer(text):
        yield from match.span()
    yield from _at_blanks(text)
    for match in _NOTE.finditer(text):
        if is_note(match.group()):
            yield from match.span()
    for match in _READER.finditer(text):
        yield match.start()
        yield _name_end(text, match)
    for match in _SIGNED.finditer(text):
        if _ends_before(text, match.start()) and not text[match.end() :].lstrip().startswith("摄"):
            yield _sentence_end(text, match.start())
            yield match.start()
            yield _name_end(text, match)
    for match in shapes.datelines(text):
        if _ends_before(text, match.start()) and text[match.end() : match.end() + 1] not in ("，", ","):
            yield _sentence_end(text, match.start())
            yield match.start()


def _gaps(content: Located) -> Iterator[tuple[int, int]]:
    """Offsets at which something of the file was left out, and where that stood in the file."""
    at = 0
    for span, after in pairwise(content.spans):
        at += span.end - span.start
        if after.start > span.end:
            yield at, span.end


def _set_loose(content: Located, starred: Container[int]) -> Iterator[int]:
    """Where text begins and ends that was set loose, a blank after each letter: a headline or a byline.

    At what is `starred` not a blank but an ornament was left out.
    """
    at, begun, letters = 0, -1, 0
    for span, after in pairwise(content.spans):
        at += span.end - span.start
        if after.start - span.end != 1 or at in starred:
            begun = -1
            continue
        if begun < 0:
            begun, letters = at - 1, 1
        letters += 1
        if after.end - after.start > 1:
            if letters >= _LETTERS:
                yield from (begun, at + 1)
            begun = -1


def _blanks_part(text: str) -> bool:
    """Whether blanks stand for the ends of a block's lines."""
    return len(_SENTENCE_APART.findall(text)) >= _SEVERAL


def _at_blanks(text: str) -> Iterator[int]:
    """Where blanks stand for the ends of a block's lines, not inside bylines, datelines and numbers."""
    if not _blanks_part(text):
        return
    losing = loses_numbers(text)
    for match in (_GAP if losing else _BETWEEN).finditer(text):
        before, after = text[max(0, match.start() - 60) : match.start()], text[match.end() : match.end() + 24]
        left, right = before.split()[-1], after.split()[0]
        if len(left) == 1 or len(right) == 1 or (is_names(left) and is_names(right)):
            continue
        if left[-1] == "#" or _BRACKETED.search(before):
            continue
        number = losing and characters().gap(left, right) >= _NUMBER
        if not _dated(before) and not number and not is_byline(f"{left} {right}"):
            yield match.end()


def _dated(before: str) -> bool:
    """Whether a dateline with its reporters ends where this text ends."""
    return any(found.end() == len(before) for found in shapes.datelines(before))


def _sentence_end(text: str, at: int) -> int:
    """Where the last sentence before a byline or dateline ends: what stands between is a headline."""
    before = text[max(0, at - 80) : at]
    return at - len(before) + max((match.end() for match in _ENDS.finditer(before)), default=len(before))


def _ends_before(text: str, at: int) -> bool:
    """Whether only a headline stands between the last sentence and this place."""
    before = text[max(0, at - 80) : at]
    ends = [match.end() for match in _ENDS.finditer(before)]
    rest = before[ends[-1] :] if ends else before
    return len(rest) < 70 and not rest.endswith(("，", ",", "据", "、"))


def _name_end(text: str, match: re.Match[str]) -> int:
    """Where a byline's last name ends: after three characters, or two where the words after it ask for it."""
    end = match.end()
    last = re.search(rf"[{SURNAMES}][\u3400-\u9fff]{{2}}\Z", text[:end])
    if last is None or not re.match(r"[\u3400-\u9fff]", text[end : end + 1]):
        return end
    return end - 1 if _begins(text[end - 1 : end + 17]) > _begins(text[end : end + 18]) + _NAME else end


def _begins(text: str) -> float:
    model = characters()
    return model.follow(model.symbols("。"), model.symbols(text)[:3])


def _heading_ends(text: str, needed: Mapping[int, float]) -> tuple[dict[int, int], set[int]]:
    """Where headlines end that have text right behind them, by the places at which they begin.

    `needed` holds the places to look at, and the log odds that are wanted there. Also the places at which one
    may well begin.
    """
    firsts = {start: last for start in needed if (last := _longest(text, start)) > start + _TITLE[0]}
    if not firsts:
        return {}, set()
    starts = np.repeat(list(firsts), [last - start - _TITLE[0] for start, last in firsts.items()])
    at = np.concatenate([np.arange(start + _TITLE[0], last) for start, last in firsts.items()])
    placed = characters().placed(text)
    latin = placed.points < 128
    possible = ~(placed.blank[at - 1] | placed.inside[at] | (latin[at - 1] & latin[at]))
    starts, at = starts[possible], at[possible]
    odds = _parted(placed, starts, at) + np.where(placed.blank[at], _SPACE, 0.0)
    enough = odds > np.array([needed[start] for start in starts.tolist()])
    best = sorted(zip((-odds[enough]).tolist(), starts[enough].tolist(), at[enough].tolist(), strict=True))
    found: dict[int, int] = {}
    for _, start, end in best:
        if start not in found and shapes.is_headline(text[start:end]):
            found[start] = end
    return found, set(starts[odds > _PERHAPS].tolist())


def _longest(text: str, start: int) -> int:
    """The last place at which a headline may end that begins at `start`; `start` where none begins."""
    rest = text[start : start + _TITLE[1] + _BEYOND]
    if shapes.DATELINE.match(rest) or shapes.JUMP_BACK.match(rest):
        return start
    chunk = _CHUNK.search(rest)
    return start + min(chunk.start() if chunk else len(rest), _TITLE[1], len(rest) - _REST + 1)


def _ends_between(left: str, right: str) -> float:
    """Log odds that a sentence could end between two texts, against its going on."""
    end = np.array([len(left)])
    return float(_parted(characters().placed(left + right), np.zeros_like(end), end)[0])


def _parted(placed: Placed, starts: Symbols, at: Symbols) -> Reals:
    """Log odds that a sentence from `starts` could end at the places `at`, against its running on there."""
    many, symbols, here = characters().many, placed.symbols, placed.before[at]
    stop, comma = (np.full(len(at), characters().numbers[mark]) for mark in "。，")
    nothing = np.full(len(at), NOTHING)
    begun = here - placed.before[starts]
    last = np.where(begun > 0, symbols[here - 1], NOTHING)
    earlier = np.where(begun > 1, symbols[here - 2], NOTHING)
    seen = placed.before[np.minimum(starts + _TITLE[1] + _BEYOND, len(placed.points))]
    told = (begun > 0) & (here + 3 <= seen)
    first, second = (symbols[np.minimum(here + step, len(symbols) - 1)] for step in (0, 1))
    asked = (  # two symbols and what may follow them
        (earlier, last, stop),
        (earlier, last, comma),
        (nothing, stop, first),
        (stop, first, second),
        (earlier, last, first),
        (last, first, second),
    )
    found = many.logarithms(*np.concatenate(asked, axis=1)).reshape(len(asked), -1)
    ended, halted, begins, goes_on, runs_on, runs_further = found
    odds = np.maximum(ended, halted) + begins + goes_on - runs_on - runs_further
    return np.where(told, odds, -99.0)


def _cut(line: Line, places: list[int], dropped: list[Dropped]) -> Iterator[Line]:
    """The line cut at offsets of its text, white space left out; marks stay with the first piece."""
    edges = [0, *(place for place in places if 0 < place < len(line.text)), len(line.text)]
    if len(edges) == 2:
        yield line
        return
    marks = line.blanks, line.level, line.quoted, line.bullet
    for low, high in pairwise(edges):
        content = line.content.slice(low, high).strip()
        if not content.text:
            continue
        if (
            not content.text.strip("#") or content.text == ">"
        ):  # marks the next piece as a headline, or a quote
            dropped.extend(Dropped(span, "markup") for span in content.spans)
            marks = marks[0], content.text.count("#"), content.text == ">" or line.quoted, False
            continue
        blanks, level, quoted, bullet = marks
        start, end = content.spans[0].start, content.spans[-1].end
        level = level if shapes.is_headline(content.text) else 0
        yield Line(content, start, end, start, end, blanks, level, quoted, bullet)
        marks = 0, 0, line.quoted, False
