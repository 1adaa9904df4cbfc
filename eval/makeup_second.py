"""Other page make-up than the first press's: furniture, advertisements and wrongly read lines in the text.

Every function changes a `Forme` in place and says whether it did anything; its docstring names the real-world
process behind it. Sentences that it breaks up are recorded as cuts.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from eval.forme import Forme, Fragment, Glyph, Part, Strip, layout, wrap

NEEDS_LINES = frozenset(
    {"careless_lines", "page_break", "watermark", "repeated_line", "rows_across", "line_numbers"}
)
_MASTHEADS = ("澜州日报", "云岭晚报", "望川晨报", "LANJIANG DAILY")
_SECTIONS = ("要闻", "民生", "综合", "经济", "文化周刊", "副刊")
_NAMES = ("尹山", "方格", "木子", "柳行", "江帆", "白羽", "顾盼", "程墨")
_WATERMARKS = ("仅供内部参考", "数字报样张", "资料室藏", "请勿翻印")
ADVERTISEMENTS = (
    "旺铺招租 滨江东路88号临街两层，面积210平方米，价格面议。电话：13X-2290-7716",
    "遗失声明 望川市好又来便利店遗失公章一枚，编号3601，声明作废。",
    "减资公告 澜州飞帆贸易有限公司经股东会决议，注册资本由500万元减至100万元，请债权人45日内申报债权。",
    "搬迁启事 云岭牙科即日起迁至槐安街19号二楼，老地方的老朋友，新地方照样等你。",
    "征订 2025年度本报征订工作已经开始，全年定价396元，各地邮局均可办理。",
)
_TABLE_HEADS = ("指标 上年 今年 增减", "品种\t产量\t单价", "站点 首班 末班 间隔")
_TABLE_ROWS = ("甲类", "乙类", "丙类", "东线", "西线", "合计")


def set_in_lines(forme: Forme, *, always: bool) -> None:
    """Set most pages in narrow lines, each a strip of its own, so that damage can fall between lines."""
    if not always and forme.random.random() < 0.3:
        return
    forme.width = forme.random.randint(14, 36)
    for row, fragment in enumerate(forme.fragments):
        if fragment.role == "body":
            strips = [line for strip in fragment.strips for line in _lines(forme, strip)]
            forme.fragments[row] = replace(fragment, strips=tuple(strips))
    forme.width = 0


def _lines(forme: Forme, strip: Strip) -> list[Strip]:
    if strip.kind != "body":
        return [strip]
    lines = wrap(forme, strip)
    return [
        replace(strip, glyphs=line, opens=strip.opens and not at, joint="\n" if at + 1 < len(lines) else None)
        for at, line in enumerate(lines)
    ]


def _breaks(forme: Forme) -> list[tuple[int, int]]:
    """Fragment and strip of every line that goes on inside the sentence of the line before it."""
    found = []
    for row, fragment in enumerate(forme.fragments):
        for column in range(1, len(fragment.strips)):
            if _goes_on(fragment.strips[column - 1], fragment.strips[column]):
                found.append((row, column))
    return found


def _goes_on(left: Strip, right: Strip) -> bool:
    if not left.glyphs or not right.glyphs or right.opens or left.kind != right.kind or left.kind != "body":
        return False
    one, other = left.glyphs[-1], right.glyphs[0]
    return one.part == other.part >= 0 and other.place == one.place + 1 and one.char not in "。！？”’）.!?"


def _record(forme: Forme, glyph: Glyph) -> None:
    """A cut before this glyph, once for each sentence."""
    text = forme.parts[glyph.part].text
    before = len(re.findall("[。！？]", text[: glyph.place]))
    for part, place in forme.cuts:
        if part == glyph.part and len(re.findall("[。！？]", text[:place])) == before:
            return
    forme.cuts.append((glyph.part, glyph.place))


def _insert(forme: Forme, at: tuple[int, int], *strips: Strip) -> None:
    row, column = at
    fragment = forme.fragments[row]
    kept = fragment.strips[:column] + strips + fragment.strips[column:]
    forme.fragments[row] = replace(fragment, strips=kept)


def _insert_in_breaks(forme: Forme, count: int, lines: Sequence[str]) -> bool:
    """Put lines of furniture between the halves of so many sentences."""
    breaks = _breaks(forme)
    for at in sorted(forme.random.sample(breaks, min(count, len(breaks))), reverse=True):
        _record(forme, forme.fragments[at[0]].strips[at[1]].glyphs[0])
        _insert(forme, at, *(Strip("mark", layout(line), joint="\n") for line in lines))
    return bool(breaks)


def byline_in_body(forme: Forme) -> bool:
    """The byline stands in a box beside the text and is read after the first paragraph."""
    done = False
    for row, column, strip in reversed(list(forme.strips("byline"))):
        after = row + 1
        if after < len(forme.fragments) and forme.fragments[after].article == forme.fragments[row].article:
            starts = [at for at, other in enumerate(forme.fragments[after].strips) if other.opens and at]
            if starts:
                forme.put(row, column)
                _insert(forme, (after, starts[0]), strip)
                done = True
    return done


def advertisements(forme: Forme) -> bool:
    """Small advertisements fill the foot of a column, and the text goes on after them."""
    for text in forme.random.sample(ADVERTISEMENTS, forme.random.randint(1, 2)):
        article = len(forme.names)
        forme.names.append((f"advertisement {article}", "notice"))
        strip = Strip("body", forme.add(Part(article, "body", text)), joint="\n")
        breaks = _breaks(forme)
        if breaks and forme.random.random() < 0.5:
            row, column = forme.random.choice(breaks)
            _record(forme, forme.fragments[row].strips[column].glyphs[0])
            _insert(forme, (row, column), strip)
        else:
            heads = [at for at, fragment in enumerate(forme.fragments) if fragment.role == "head"]
            at = forme.random.choice([*heads, len(forme.fragments)])
            forme.fragments.insert(at, Fragment(article, "insert", (replace(strip, joint=None),)))
    return True


def flat_table(forme: Forme) -> bool:
    """A table beside the text comes out as lines of cells."""
    starts = [(row, column) for row, column, strip in forme.strips("body") if strip.opens and column]
    if not starts:
        return False
    row, column = forme.random.choice(starts)
    head = forme.random.choice(_TABLE_HEADS)
    blank = "\t" if "\t" in head else " "
    lines = [head]
    for name in forme.random.sample(_TABLE_ROWS, forme.random.randint(3, 5)):
        cells = [str(forme.random.randint(3, 9999)) for _ in head.split()[1:]]
        lines.append(blank.join([name, *cells]))
    article = forme.fragments[row].article
    strips = [Strip("table", forme.add(Part(article, "table", line)), joint="\n") for line in lines]
    _insert(forme, (row, column), *strips)
    return True


def careless_lines(forme: Forme) -> bool:
    """Line recognition cuts at the frame's edge: numbers fall apart, and commas begin lines."""
    width = forme.random.randint(12, 30)
    done = False
    for row, fragment in enumerate(forme.fragments):
        if fragment.role != "body":
            continue
        strips: list[Strip] = []
        for strip in fragment.strips:
            previous = strips[-1] if strips else None
            if previous is not None and strip.kind == "body" == previous.kind and not strip.opens:
                strips[-1] = replace(previous, glyphs=previous.glyphs + strip.glyphs, joint=strip.joint)
                done = True
            else:
                strips.append(strip)
        forme.fragments[row] = replace(
            fragment, strips=tuple(s for old in strips for s in _chopped(old, width))
        )
    return done


def _chopped(strip: Strip, width: int) -> list[Strip]:
    if strip.kind != "body":
        return [strip]
    starts = range(0, len(strip.glyphs), width)
    return [
        replace(
            strip,
            glyphs=strip.glyphs[at : at + width],
            opens=strip.opens and not at,
            joint="\n" if at + width < len(strip.glyphs) else strip.joint,
        )
        for at in starts
    ]


def drop_cap(forme: Forme) -> bool:
    """A large initial is recognised as a line of its own, sometimes before the byline."""
    done = False
    for row in range(len(forme.fragments) - 1, 0, -1):
        fragment = forme.fragments[row]
        opening = fragment.strips[0] if fragment.role == "body" and fragment.strips else None
        if opening is None or opening.kind != "body" or len(opening.glyphs) < 4 or not opening.opens:
            continue
        part = forme.parts[opening.glyphs[0].part]
        if part.marked or opening.glyphs[0].lost >= 0 or not "\u4e00" <= opening.glyphs[0].char <= "\u9fff":
            continue
        initial = Strip("body", opening.glyphs[:1], joint=forme.random.choice(("\n", "\n\n")))
        forme.put(row, 0, initial, replace(opening, glyphs=opening.glyphs[1:], opens=False))
        second = next(glyph for glyph in opening.glyphs[1:] if glyph.part >= 0)  # a blank may stand before it
        forme.cuts.append((second.part, second.place))
        done = True
    return done


def _dated(forme: Forme) -> str:
    month, day = forme.random.randint(1, 12), forme.random.randint(1, 28)
    weekday = forme.random.choice("一二三四五六日")
    return f"{forme.random.randint(2019, 2024)}年{month}月{day}日 星期{weekday}"


def page_break(forme: Forme) -> bool:
    """A story runs over a page of the file; foot and head of the pages stand in the middle of a sentence."""
    number = forme.random.randint(2, 15)
    head = f"{forme.random.choice(_MASTHEADS)} {_dated(forme)} {forme.random.choice(_SECTIONS)}"
    lines = [f"— {number} —", "\f" + head] if forme.random.random() < 0.5 else [str(number), head]
    return _insert_in_breaks(forme, forme.random.randint(1, 2), lines)


def watermark(forme: Forme) -> bool:
    """A stamp across the page is recognised as a line wherever it crosses the text."""
    return _insert_in_breaks(forme, forme.random.randint(2, 4), [forme.random.choice(_WATERMARKS)])


def repeated_line(forme: Forme) -> bool:
    """Strips of a scan overlap, and the last line of one is recognised again at the top of the next."""
    breaks = _breaks(forme)
    for row, column in sorted(forme.random.sample(breaks, min(3, len(breaks))), reverse=True):
        strips = forme.fragments[row].strips
        _record(forme, strips[column].glyphs[0])
        again = layout("".join(glyph.char for glyph in strips[column - 1].glyphs))
        _insert(forme, (row, column), Strip("mark", again, joint="\n"))
    return bool(breaks)


def rows_across(forme: Forme) -> bool:
    """Two columns are read row by row, each row as one line or as two."""
    runs = []
    for row, fragment in enumerate(forme.fragments):
        for column in range(len(fragment.strips) - 7):
            if all(s.kind == "body" for s in fragment.strips[column : column + 8]):
                runs.append((row, column))
    if not runs:
        return False
    row, column = forme.random.choice(runs)
    strips = forme.fragments[row].strips
    half = forme.random.randint(4, 8)
    while column + 2 * half > len(strips) or any(
        s.kind != "body" for s in strips[column : column + 2 * half]
    ):
        half -= 1
    block = strips[column : column + 2 * half]
    for left, right in pairwise(block):
        if _goes_on(left, right):
            _record(forme, right.glyphs[0])
    gap = forme.random.choice(("    ", "\t", "\n"))
    mixed: list[Strip] = []
    for one, other in zip(block[:half], block[half:], strict=True):
        mixed += [replace(one, joint=gap), replace(other, joint="\n")]
    kept = (*strips[:column], *mixed, *strips[column + 2 * half :])
    forme.fragments[row] = replace(forme.fragments[row], strips=kept)
    return True


def furniture(forme: Forme) -> bool:
    """The head and the foot of the page are recognised with it: masthead, date, section, editors."""
    number = forme.random.randint(1, 16)
    section = forme.random.choice(_SECTIONS)
    head = [forme.random.choice(_MASTHEADS), _dated(forme), f"第{number}版 {section}"]
    names = forme.random.sample(_NAMES, 3)
    foot = [f"责任编辑：{names[0]} 版式设计：{names[1]} 校对：{names[2]}", f"· {number} ·"]
    if forme.random.random() < 0.5:
        head = [" ".join(head)]
        foot = [f"责编/{names[0]} 美编/{names[1]} 电话：0799-{forme.random.randint(1000000, 9999999)}"]
    top = tuple(Strip("mark", layout(line), joint="\n") for line in head)
    bottom = tuple(Strip("mark", layout(line), joint="\n") for line in foot)
    forme.fragments.insert(0, Fragment(-1, "insert", top))
    forme.fragments.append(Fragment(-1, "insert", bottom))
    return True


def line_numbers(forme: Forme) -> bool:
    """Numbered lines of a galley or a transcript: the numbers stand at the head of the lines."""
    every = forme.random.choice((1, 1, 5))
    blank = forme.random.choice((" ", "  ", "\t"))
    for row, column in forme.random.sample(_breaks(forme), min(6, len(_breaks(forme)))):
        _record(forme, forme.fragments[row].strips[column].glyphs[0])
    for count, (row, column, strip) in enumerate(list(forme.strips()), start=1):
        number = f"{count}{blank}" if count % every == 0 else ""
        forme.put(row, column, replace(strip, glyphs=layout(number) + strip.glyphs))
    return True
