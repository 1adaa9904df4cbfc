"""Other damage to characters and headlines than the first press's.

Every function changes a `Forme` in place and says whether it did anything; its docstring names the real-world
process behind it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from eval.forme import Forme, Glyph, Strip

_NUMBER = re.compile(r"(?<![A-Za-z\d.])\d[\d,.]*(?![A-Za-z\d])")
_WIDE = {code: code + 0xFEE0 for code in (*range(0x30, 0x3A), *range(0x41, 0x5B), *range(0x61, 0x7B), 0x25)}
_SIMPLE = (
    "国学会说来时们个这为对发东车长门开关问间见现观觉认识话语读书写听讲谈记议论试验经济业务员"
    "产质量单价费钱银铁钟头页题类级组织结构线红绿纸级纪约练习乡农场树叶药节艺苏蓝蓄闻闭阅"
    "难电灯热无灾炉点烟焰爱声处备复够夺奋妇妈孙宁宝实审宽对导寻将尔属岁岛币师带帮库应庙张弹归"
    "录态怀总恋恶惊惯战户扑执扩扫扬换据择损旧显晓暂术机杀杂权条极枪栏样桥检楼欢残毕气汇汉沟泪"
)
_FULL = (
    "國學會說來時們個這為對發東車長門開關問間見現觀覺認識話語讀書寫聽講談記議論試驗經濟業務員"
    "產質量單價費錢銀鐵鐘頭頁題類級組織結構線紅綠紙級紀約練習鄉農場樹葉藥節藝蘇藍蓄聞閉閱"
    "難電燈熱無災爐點煙焰愛聲處備復夠奪奮婦媽孫寧寶實審寬對導尋將爾屬歲島幣師帶幫庫應廟張彈歸"
    "錄態懷總戀惡驚慣戰戶撲執擴掃揚換據擇損舊顯曉暫術機殺雜權條極槍欄樣橋檢樓歡殘畢氣匯漢溝淚"
)
TRADITIONAL = dict(zip(_SIMPLE, _FULL, strict=True))


def broken_headline(forme: Forme) -> bool:
    """A long headline is set in two lines, and each becomes a line of the text."""
    done = False
    for row, column, strip in list(forme.strips("title")):
        if len(strip.glyphs) >= 8:
            at = len(strip.glyphs) // 2 + forme.random.randint(-2, 2)
            first, rest = replace(strip, glyphs=strip.glyphs[:at], joint="\n"), strip.glyphs[at:]
            forme.put(row, column, first, replace(strip, glyphs=rest))
            done = True
    return done


def kicker_below(forme: Forme) -> bool:
    """The large headline is read first, the small lines above it afterwards."""
    done = False
    for row, fragment in enumerate(forme.fragments):
        kinds = [strip.kind for strip in fragment.strips]
        if fragment.role == "head" and "kicker" in kinds:
            small = [strip for strip in fragment.strips if strip.kind == "kicker"]
            others = [strip for strip in fragment.strips if strip.kind != "kicker"]
            at = max(place for place, strip in enumerate(others) if strip.kind == "title") + 1
            forme.fragments[row] = replace(fragment, strips=(*others[:at], *small, *others[at:]))
            done = True
    return done


def traditional(forme: Forme) -> bool:
    """A paper that sets names, headlines or whole stories in traditional characters."""
    table = str.maketrans(TRADITIONAL)
    articles = {fragment.article for fragment in forme.fragments}
    host = forme.random.choice(sorted(articles))
    for row, column, strip in list(forme.strips()):
        if forme.fragments[row].article == host or strip.kind == "title":
            glyphs = tuple(replace(glyph, char=glyph.char.translate(table)) for glyph in strip.glyphs)
            forme.put(row, column, replace(strip, glyphs=glyphs))
    return True


def full_width(forme: Forme) -> bool:
    """An old typesetting system knows digits and letters only as wide as a Chinese character."""
    for row, column, strip in list(forme.strips()):
        glyphs = tuple(replace(glyph, char=glyph.char.translate(_WIDE)) for glyph in strip.glyphs)
        forme.put(row, column, replace(strip, glyphs=glyphs))
    return True


def lost_closed_up(forme: Forme) -> bool:
    """Digits are lost and the blanks closed up (`年月日`); what follows the number marks the place."""
    articles = sorted({forme.fragments[row].article for row, _, _ in forme.strips("body")})
    host = forme.random.choice(articles)
    before = len(forme.lost)
    for row, column, strip in list(forme.strips("body")):
        if forme.fragments[row].article == host:
            forme.put(row, column, replace(strip, glyphs=_closed_up(forme, strip)))
    return len(forme.lost) > before


def _closed_up(forme: Forme, strip: Strip) -> tuple[Glyph, ...]:
    glyphs: list[Glyph | None] = list(strip.glyphs)
    for match in _NUMBER.finditer("".join(glyph.char for glyph in strip.glyphs)):
        number = match.group().rstrip(",.")
        start, end = match.start(), match.start() + len(number)
        points = [at for at in range(start, end) if not number[at - start].isdigit()]
        unit = (
            points or [at for at in (end, start - 1) if 0 <= at < len(glyphs) and glyphs[at] is not None][:1]
        )
        if not unit:
            continue
        forme.lost.append(number)
        for at in range(start, end):
            if at not in points:
                glyphs[at] = None
        for at in unit:
            kept = glyphs[at]
            if kept is not None:
                glyphs[at] = replace(kept, lost=len(forme.lost) - 1)
    return tuple(glyph for glyph in glyphs if glyph is not None)


def scattered_blanks(forme: Forme) -> bool:
    """Recognition sees gaps between some characters that are not there."""
    share = forme.random.choice((0.01, 0.03, 0.06))
    for row, column, strip in list(forme.strips("body", "title", "caption")):
        glyphs: list[Glyph] = []
        for glyph in strip.glyphs:
            if glyphs and glyph.lost < 0 and glyphs[-1].lost < 0 and forme.random.random() < share:
                glyphs.append(Glyph(" "))
            glyphs.append(glyph)
        forme.put(row, column, replace(strip, glyphs=tuple(glyphs)))
    return True


def glued_caption(forme: Forme) -> bool:
    """A caption and its credit share the text frame of the paragraph above or below."""
    done = False
    for row, column, strip in reversed(list(forme.strips("caption"))):
        strips = forme.fragments[row].strips
        if column and forme.random.random() < 0.7:
            forme.put(row, column - 1, replace(strips[column - 1], joint=forme.random.choice(("", " "))))
            done = True
        elif column + 1 < len(strips):
            forme.put(row, column, replace(strip, joint=""))
            done = True
    return done


def carriage_returns(forme: Forme) -> bool:
    """A file from Windows."""
    forme.newline = "\r\n"
    return True
