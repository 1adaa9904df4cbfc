"""What page make-up and page scanning do to the order of a page's pieces.

Every function changes a `Forme` in place and says whether it did anything; its docstring names the real-world
process behind it. A column or page that ends inside a sentence is recorded as a cut.
"""

from __future__ import annotations

from dataclasses import replace

from eval.damage import allowed_cut
from eval.forme import Forme, Fragment, Part, Strip, layout, wrap

_SHORTEST_HALF = 6  # characters of a paragraph on either side of a cut


def cut(forme: Forme, row: int) -> bool:
    """Cut fragment `row` in two inside a sentence, at a line end where lines are wrapped."""
    places = []
    for column, strip in enumerate(forme.fragments[row].strips):
        if strip.kind == "body":
            places += [(column, at) for at in _line_ends(forme, strip) if _inside(forme, strip, at)]
    if not places:
        return False
    column, at = forme.random.choice(places)
    fragment = forme.fragments[row]
    strip = fragment.strips[column]
    left = replace(strip, glyphs=strip.glyphs[:at], joint=None)
    right = replace(strip, glyphs=strip.glyphs[at:], opens=False)
    forme.cuts.append((right.glyphs[0].part, right.glyphs[0].place))
    forme.fragments[row : row + 1] = [
        replace(fragment, strips=(*fragment.strips[:column], left)),
        replace(fragment, strips=(right, *fragment.strips[column + 1 :])),
    ]
    return True


def _line_ends(forme: Forme, strip: Strip) -> list[int]:
    if not forme.width:
        return list(range(len(strip.glyphs)))
    ends, at = [], 0
    for line in wrap(forme, strip):
        at += len(line)
        ends.append(at)
    return ends


def _inside(forme: Forme, strip: Strip, at: int) -> bool:
    if not _SHORTEST_HALF <= at <= len(strip.glyphs) - _SHORTEST_HALF:
        return False
    left, right = strip.glyphs[at - 1 : at + 1]
    marked = max((end for _, _, end in forme.parts[left.part].marked), default=0) if left.part >= 0 else 0
    return allowed_cut(left, right) and right.place >= marked + _SHORTEST_HALF


def _bodies(forme: Forme) -> list[int]:
    return [row for row, fragment in enumerate(forme.fragments) if fragment.role == "body"]


def _article_rows(forme: Forme, article: int, role: str = "body") -> list[int]:
    found = enumerate(forme.fragments)
    return [row for row, fragment in found if fragment.article == article and fragment.role == role]


def column_cut(forme: Forme) -> bool:
    """The text runs on in the next column: the frame ends in the middle of a sentence or a word."""
    done = False
    for _ in range(forme.random.randint(1, 4)):
        done |= cut(forme, forme.random.choice(_bodies(forme)))
    return done


def _joins(forme: Forme) -> list[int]:
    """Rows that continue, inside a sentence, the row before them."""
    starts = {(part, place) for part, place in forme.cuts}
    found = []
    for row in range(1, len(forme.fragments)):
        first = forme.fragments[row].strips[0].glyphs[:1] if forme.fragments[row].strips else ()
        same = forme.fragments[row - 1].article == forme.fragments[row].article
        if same and first and (first[0].part, first[0].place) in starts:
            found.append(row)
    return found


def _a_join(forme: Forme) -> int:
    """A row that continues the one before it, cut now if there is none; -1 when nothing can be cut."""
    if not _joins(forme):
        any(cut(forme, row) for row in forme.random.sample(_bodies(forme), len(_bodies(forme))))
    joins = _joins(forme)
    return forme.random.choice(joins) if joins else -1


def quote_in_cut(forme: Forme) -> bool:
    """A pull quote stands across the columns; the extractor reads it between the halves of a sentence."""
    row = _a_join(forme)
    if row < 0:
        return False
    article = forme.fragments[row].article
    own = [(at, col) for at, col, strip in forme.strips("quote") if forme.fragments[at].article == article]
    if own:
        at, column = forme.random.choice(own)
        strip = forme.fragments[at].strips[column]
        forme.put(at, column)
    else:
        sentences = [
            s
            for part in forme.parts
            if part.article == article and part.kind == "body"
            for s in part.text.split("。")
            if 12 <= len(s) <= 90
        ]
        if not sentences:
            return False
        strip = Strip("quote", forme.add(Part(article, "quote", forme.random.choice(sentences).strip("”“ "))))
    mark = layout(forme.random.choice(("■ ", "■", "")))
    inserted = replace(strip, glyphs=mark + strip.glyphs, joint=None)
    forme.fragments.insert(row, Fragment(article, "insert", (inserted,)))
    return True


def unrelated(forme: Forme) -> bool:
    """A boxed item of another story stands in the column; the extractor reads straight through it."""
    small = [number for number, (_, kind) in enumerate(forme.names) if kind in ("notice", "caption")]
    others = [row for row in _bodies(forme) if forme.fragments[row].article not in small]
    if not small or not others:
        return False
    article = small[-1]
    item = [fragment for fragment in forme.fragments if fragment.article == article]
    forme.fragments[:] = [fragment for fragment in forme.fragments if fragment.article != article]
    row = _a_join(forme)
    forme.fragments[row:row] = item
    return True


def two_headlines(forme: Forme) -> bool:
    """Two headlines stand above two bodies, and the extractor reads the top of the page first."""
    heads = [row for row, fragment in enumerate(forme.fragments) if fragment.role == "head"]
    if len(heads) < 2:
        return False
    at = forme.random.randrange(len(heads) - 1)
    moved = forme.fragments.pop(heads[at + 1])
    forme.fragments.insert(heads[at] + forme.random.randint(0, 1), moved)
    return True


def foreign_title(forme: Forme) -> bool:
    """A headline hangs over the neighbour's column, so that an article begins with another's title."""
    heads = [row for row, fragment in enumerate(forme.fragments) if fragment.role == "head"]
    if len(heads) < 2:
        return False
    host, guest = (forme.fragments[row].article for row in forme.random.sample(heads, 2))
    titles = forme.fragments[_article_rows(forme, guest, "head")[0]]
    body = [fragment for fragment in forme.fragments if fragment.article == guest and fragment is not titles]
    forme.fragments[:] = [fragment for fragment in forme.fragments if fragment.article != guest]
    row = _article_rows(forme, host, "head")[0] + forme.random.randint(0, 1)
    forme.fragments[row:row] = [titles]
    forme.fragments += body
    return True


def out_of_order(forme: Forme) -> bool:
    """Columns are read in the wrong order, so that a story's end stands before its middle."""
    row = _a_join(forme)
    if row < 0:
        return False
    article = forme.fragments[row].article
    fragments = enumerate(forme.fragments)
    others = [at for at, other in fragments if other.article != article and other.role != "head"]
    if others and forme.random.random() < 0.5:
        tail = forme.fragments.pop(row)
        at = forme.random.choice(others)
        forme.fragments.insert(at + 1 if at < row else at, tail)
        return True
    cut(forme, row)
    rows = _article_rows(forme, article)
    pieces = [forme.fragments[at] for at in rows]
    mixed = forme.random.sample(pieces, len(pieces))
    if mixed == pieces:
        mixed.reverse()
    for at, piece in zip(rows, mixed, strict=True):
        forme.fragments[at] = piece
    return True


def jump(forme: Forme) -> bool:
    """A story goes on elsewhere, and a jump line says so at both ends."""
    row = _a_join(forme)
    if row < 0:
        return False
    number = forme.random.choice("12345678")
    chinese = "一二三四五六七八"[int(number) - 1]
    away = forme.random.choice((f"（下转第{chinese}版）", f"(下转第{number}版)", f"（下转{number}版）"))
    back = forme.random.choice((f"（上接第{chinese}版）", f"(上接第{number}版)", f"（上接{number}版）"))
    tail = forme.fragments.pop(row)
    forme.fragments.insert(row, Fragment(tail.article, "insert", (Strip("jump", layout(away)),)))
    first = tail.strips[0]
    marked = replace(first, glyphs=layout(back) + first.glyphs, opens=False)
    titles = [part.text for part in forme.parts if (part.article, part.kind) == (tail.article, "title")]
    again = forme.random.random() < 0.4
    title = (Strip("title", forme.add(Part(tail.article, "title", titles[0]))),) if again and titles else ()
    forme.fragments.append(replace(tail, strips=(*title, marked, *tail.strips[1:])))
    return True


def truncated(forme: Forme) -> bool:
    """Half of the story is on a page that was not scanned; a jump line may say so."""
    row = _a_join(forme)
    if row < 0:
        return False
    article = forme.fragments[row].article
    rows = _article_rows(forme, article)
    forme.cuts[:] = [at for at in forme.cuts if at != _start_of(forme.fragments[row])]
    if forme.random.random() < 0.5:
        forme.open_end.add(article)
        forme.fragments[:] = [f for at, f in enumerate(forme.fragments) if at not in rows or at < row]
        mark = forme.random.choice(("（下转第四版）", "(下转第3版)", ""))
        if mark:
            forme.fragments.insert(row, Fragment(article, "insert", (Strip("jump", layout(mark)),)))
        return True
    forme.open_start.add(article)
    strip = forme.fragments[row].strips[0]
    mark = forme.random.choice(("（上接第一版）", "(上接第1版)", ""))
    forme.put(row, 0, replace(strip, glyphs=layout(mark) + strip.glyphs))
    forme.fragments[:] = [f for at, f in enumerate(forme.fragments) if at not in rows or at >= row]
    return True


def _start_of(fragment: Fragment) -> tuple[int, int]:
    return fragment.strips[0].glyphs[0].part, fragment.strips[0].glyphs[0].place
