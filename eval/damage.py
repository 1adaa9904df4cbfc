"""What scanning and typesetting do to the characters of a page.

Every function changes a `Forme` in place and says whether it did anything; its docstring names the real-world
process behind it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from eval.forme import CLOSING, OPENING, Forme, Fragment, Glyph, Strip, layout

_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d[\d,.]*(?![A-Za-z\d])")
_HALF = str.maketrans("，：；（）！？", ",:;()!?")
_UPRIGHT = str.maketrans("“”‘’（）《》", "﹃﹄﹁﹂︵︶︽︾")


def lost_digits(forme: Forme) -> bool:
    """Digits set in a special font have no character mapping in the PDF: blanks remain, and the points."""
    articles = sorted({forme.fragments[row].article for row, _, _ in forme.strips("body")})
    chosen = {article for article in articles if forme.random.random() < 0.7} or {
        forme.random.choice(articles)
    }
    share = forme.random.choice((1.0, 1.0, 0.6))
    before = len(forme.lost)
    for row, column, strip in list(forme.strips("body", "heading", "caption")):
        if forme.fragments[row].article in chosen:
            forme.put(row, column, replace(strip, glyphs=_without_numbers(forme, strip, share)))
    return len(forme.lost) > before


def _without_numbers(forme: Forme, strip: Strip, share: float) -> tuple[Glyph, ...]:
    text = "".join(glyph.char for glyph in strip.glyphs)
    glyphs: list[Glyph] = []
    done = 0
    for match in _NUMBER.finditer(text):
        number = match.group().rstrip(",.")
        if forme.random.random() > share:
            continue
        start, end = match.start(), match.start() + len(number)
        row = len(forme.lost)
        forme.lost.append(number)
        glyphs += strip.glyphs[done:start]
        if forme.random.random() < 0.2:
            glyphs.append(Glyph(" ", lost=row))
        for glyph in strip.glyphs[start:end]:
            glyphs.append(Glyph(" ", lost=row) if glyph.char.isdigit() else replace(glyph, lost=row))
        done = end
    return (*glyphs, *strip.glyphs[done:])


def half_width(forme: Forme) -> bool:
    """The typesetting system stores western punctuation and widens it on the page only."""
    stops = forme.random.random() < 0.15
    table = _HALF | str.maketrans("。", ".") if stops else _HALF
    changed = False
    for row, column, strip in list(forme.strips()):
        glyphs = tuple(replace(glyph, char=glyph.char.translate(table)) for glyph in strip.glyphs)
        changed |= glyphs != strip.glyphs
        forme.put(row, column, replace(strip, glyphs=glyphs))
    return changed


def spaced_letters(forme: Forme) -> bool:
    """Headlines and bylines are set loose to fill the measure; the extractor writes the gaps as blanks."""
    loosened = ("kicker", "title", "subtitle", "byline", "heading")
    kinds = [kind for kind in loosened if forme.random.random() < 0.6]
    blank = forme.random.choice((" ", " ", "　"))
    changed = False
    body = forme.random.random() < 0.4
    for row, column, strip in list(forme.strips(*kinds, *(["body"] if body else []))):
        loose = strip.kind != "body" or (len(strip.glyphs) < 400 and forme.random.random() < 0.25)
        if not (kinds or body) or not loose or any(glyph.lost >= 0 for glyph in strip.glyphs):
            continue
        glyphs: list[Glyph] = []
        for glyph in strip.glyphs:
            glyphs += [glyph] if not glyphs else [Glyph(blank), glyph]
        changed |= len(glyphs) > len(strip.glyphs)
        forme.put(row, column, replace(strip, glyphs=tuple(glyphs)))
    return changed


def markdown(forme: Forme) -> bool:
    """A layout model that writes Markdown marks headlines, headings and bold openings."""
    level = "#" * forme.random.choice((1, 2))
    prefix = {"title": f"{level} ", "subtitle": f"{level}# ", "heading": "### ", "quote": "> "}
    for row, column, strip in list(forme.strips()):
        glyphs = layout(prefix.get(strip.kind, "")) + strip.glyphs
        ends = [end for kind, _, end in _marked(forme, strip) if kind == "dateline"]
        if ends and strip.kind == "body":
            split = next((at for at, glyph in enumerate(glyphs) if glyph.place >= ends[0]), len(glyphs))
            glyphs = layout("**") + glyphs[:split] + layout("**") + glyphs[split:]
        forme.put(row, column, replace(strip, glyphs=glyphs))
    return True


def _marked(forme: Forme, strip: Strip) -> tuple[tuple[str, int, int], ...]:
    parts = [glyph.part for glyph in strip.glyphs if glyph.part >= 0]
    return forme.parts[parts[0]].marked if parts and strip.opens else ()


def stray_mark(forme: Forme) -> bool:
    """Ornaments and bullets of the page come out as black squares, alone or stuck to the text."""
    mark = forme.random.choice("■■■□●")
    places = forme.strips("byline", "body", "quote", "caption")
    before = [place for place in places if forme.random.random() < 0.15]
    for row, column, strip in before[:4]:
        marked = layout(mark + forme.random.choice(("", " "))) + strip.glyphs
        forme.put(row, column, replace(strip, glyphs=marked))
    alone = Fragment(-1, "insert", (Strip("mark", layout(mark)),))
    for _ in range(forme.random.randint(1, 2)):
        forme.fragments.insert(forme.random.randint(0, len(forme.fragments)), alone)
    return True


def glued_heading(forme: Forme) -> bool:
    """A heading run in at the head of a column shares its text frame with the paragraph below."""
    joint = forme.random.choice(("", "", " ", "\n" if forme.paragraph_break != "\n" else ""))
    found = list(forme.strips("heading"))
    for row, column, strip in found:
        if column + 1 < len(forme.fragments[row].strips):
            forme.put(row, column, replace(strip, joint=joint))
    return bool(found)


def wrapped(forme: Forme) -> bool:
    """The extractor keeps the line ends of a narrow column."""
    forme.width = forme.random.randint(15, 40)
    return True


def blank_lines(forme: Forme) -> bool:
    """Each printed line is a text frame of its own, and frames are parted by an empty line."""
    forme.width = forme.width or forme.random.randint(15, 40)
    forme.line_break = forme.paragraph_break = "\n\n"
    return True


def one_block(forme: Forme) -> bool:
    """A copy through a text field, or a naive extractor, drops every line end."""
    forme.width = 0
    forme.block = forme.random.choice(("", " "))
    return True


def vertical_caption(forme: Forme) -> bool:
    """A caption set in a vertical frame comes out one character a line, with its brackets turned."""
    found = list(forme.strips("caption"))
    if not found:
        return False
    row, column, strip = forme.random.choice(found)
    glyphs = tuple(replace(glyph, char=glyph.char.translate(_UPRIGHT)) for glyph in strip.glyphs)
    fragment = forme.fragments[row]
    forme.put(row, column)
    upright = Fragment(fragment.article, "insert", (Strip("caption", glyphs, vertical=True),))
    heads = [at + 1 for at, other in enumerate(forme.fragments) if other.role == "head"]
    forme.fragments.insert(forme.random.choice([*heads, 0, len(forme.fragments)]), upright)
    return True


def allowed_cut(left: Glyph, right: Glyph) -> bool:
    """Whether print may break between two characters: inside a sentence, not inside a number or a word."""
    inside = left.char not in OPENING + "。！？.!?”’）" and right.char not in CLOSING + OPENING
    latin = (left.char + right.char).isascii() and (left.char + right.char).isalnum()
    whole = left.part == right.part >= 0 and left.lost < 0 and right.lost < 0
    return inside and whole and not latin
