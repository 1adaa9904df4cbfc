"""Reports that came with a headline only, dressed as newspapers print them.

They get bylines, datelines, section headings, pictures, paragraphs of all lengths; some become short items,
pictures with a few lines below, letters, or questions and answers.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace

from eval.manuscript import Block, Manuscript

_FAMILIES = "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓冯曾程蔡彭潘袁于董余苏叶吕魏蒋田"
_GIVEN = "明华芳伟丽军静强磊洋艳勇敏杰涛超秀霞平刚文亮雨晨思远嘉航立春一凡青山小川知秋海峰玉梅国栋"
_CITIES = ("北京", "上海", "杭州", "武汉", "成都", "西安", "广州")
_REPORTER = ("本报记者", "记者", "本报首席记者", "本报通讯员", "新华社记者")
_SENTENCE = re.compile(r"[^。！？]*[。！？]+[”’」』）]*|[^。！？]+$")
_NOTES = (
    "（{names}）",
    "（{names} 整理）",
    "（作者系本报特约撰稿人）",
    "（记者 {names}）",
    "（作者单位：{city}市图书馆）",
)
_COLUMNS = (
    "记者观察",
    "一线见闻",
    "民生关注",
    "人物",
    "身边的人",
    "新闻分析",
    "热点追问",
    "今日快评",
    "经济随笔",
    "走基层",
)
_CREDITS = (
    "{name} 摄",
    "{name}摄",
    "本报记者 {name} 摄",
    "（{name} 摄）",
    "通讯员 {name} 摄",
    "新华社发（{name} 摄）",
)
_GREETINGS = ("编辑同志：", "编辑同志：", "本报编辑部：", "各位读者：")
_CLAUSE = re.compile(r"[，。；：！？“”]")


def dressed(found: Sequence[Manuscript], draw: random.Random) -> list[Manuscript]:
    """The same reports in the forms that newspapers have."""
    return [_dressed(report, draw) for report in found]


def _dressed(report: Manuscript, draw: random.Random) -> Manuscript:
    form = draw.random()
    if form < 0.08:
        return _picture(report, draw)
    if form < 0.12:
        return _letter(report, draw)
    if form < 0.16:
        return _asked(report, draw)
    return _illustrated(_sectioned(_signed(_crowned(_set(report, draw), draw), draw), draw), draw)


def _sentences(report: Manuscript) -> list[str]:
    return _SENTENCE.findall(report.body.replace("\n", ""))


def _picture(report: Manuscript, draw: random.Random) -> Manuscript:
    """A picture with a few lines below it, signed by the photographer."""
    said = "".join(_sentences(report)[: draw.choice((1, 2, 2, 3))])
    credit = draw.choice(_CREDITS).format(name=_name(draw))
    if draw.random() < 0.3:
        said = "图为" + said
    kind = "caption" if draw.random() < 0.7 else "body"
    lines = [Block(kind, f"{said}{draw.choice(('', ' '))}{credit}")]
    if draw.random() < 0.7:
        lines = [Block("body", said), Block("body", credit)]
    return replace(report, blocks=tuple(lines), kind="caption")


def _letter(report: Manuscript, draw: random.Random) -> Manuscript:
    """A letter to the paper: a greeting, some paragraphs, and who wrote it."""
    text = tuple(Block("body", part) for part in _paragraphs(report.body, draw))[: draw.randint(2, 5)]
    signature = f"{draw.choice(_CITIES)}{draw.choice(('市', ''))}读者 {_name(draw)}"
    return replace(report, blocks=(Block("body", draw.choice(_GREETINGS)), *text), signature=signature)


def _asked(report: Manuscript, draw: random.Random) -> Manuscript:
    """An interview: each paragraph is an answer to a question made of a clause of it."""
    asks, answers = draw.choice((("问：", "答："), ("记者：", f"{_name(draw)}："), ("——", "")))
    lines: list[Block] = []
    for part in _paragraphs(report.body, draw):
        question = _clause(part, 6, 18, draw)
        if question:
            lines.append(Block("body", f"{asks}{question}，是这样吗？"))
        lines.append(Block("body", (answers if question else "") + part))
    return replace(_signed(report, draw), blocks=tuple(lines))


def _illustrated(report: Manuscript, draw: random.Random) -> Manuscript:
    """With captions and pull quotes between its paragraphs or below them."""
    blocks = list(report.blocks)
    if len(blocks) < 2:
        return report
    for _ in range(draw.choice((0, 0, 0, 0, 1, 1, 2))):
        said = _clause(report.body, 6, 20, draw)
        credit = draw.choice(_CREDITS).format(name=_name(draw))
        if said:
            opening = draw.choice(("", "", "图为"))
            blocks.insert(draw.randint(1, len(blocks)), Block("caption", f"{opening}{said}。{credit}"))
    if draw.random() < 0.12:
        said = _clause(report.body, 14, 40, draw)
        if said:
            blocks.insert(draw.randint(1, len(blocks)), Block("quote", said))
    return replace(report, blocks=tuple(blocks))


def _set(report: Manuscript, draw: random.Random) -> Manuscript:
    """In paragraphs of other lengths; a third only as long as a short item."""
    blocks = list(report.blocks)
    if draw.random() < 0.6:
        blocks = [Block("body", text) for text in _paragraphs(report.body, draw)]
    if draw.random() > 0.35:
        return replace(report, blocks=tuple(blocks))
    short = tuple(blocks[: draw.choice((1, 1, 2, 3))])
    small = sum(len(block.text) for block in short) < 260 and draw.random() < 0.5
    return replace(report, blocks=short, kind="notice" if small else report.kind)


def _paragraphs(text: str, draw: random.Random) -> Iterator[str]:
    least = draw.choice((30, 60, 90, 120))
    paragraph = ""
    for sentence in _SENTENCE.findall(text.replace("\n", "")):
        paragraph += sentence
        if len(paragraph) >= least * draw.uniform(0.5, 1.5):
            yield paragraph
            paragraph = ""
    if paragraph:
        yield paragraph


def _name(draw: random.Random) -> str:
    return draw.choice(_FAMILIES) + "".join(draw.sample(_GIVEN, draw.choice((1, 2, 2))))


def _signed(report: Manuscript, draw: random.Random) -> Manuscript:
    kind, city = draw.random(), draw.choice(_CITIES)
    day = f"{draw.randint(1, 12)}月{draw.randint(1, 28)}日"
    names = " ".join(_name(draw) for _ in range(draw.choice((1, 1, 2))))
    if kind < 0.22:
        return replace(report, byline=f"{draw.choice(_REPORTER)} {names}")
    if kind < 0.3:
        one = _name(draw)
        return replace(report, byline=draw.choice((one, one, f"文/{one}", f"{one} 文/图", f"□ {one}")))
    if kind < 0.38:
        note = draw.choice(_NOTES).format(names=names, city=city)
        return replace(report, blocks=(*report.blocks, Block("body", note)))
    if kind < 0.45:
        return replace(report, dateline=f"本报{city}{day}电（记者 {names}）")
    if kind < 0.55:
        return replace(report, dateline=f"新华社{city}{day}电")
    if kind < 0.65:
        return replace(report, dateline=f"本报讯（记者 {names}）")
    if kind < 0.75:
        return replace(report, signature=f"新华社{city}{day}电")
    if kind < 0.8:
        return replace(report, signature=f"{draw.choice(_REPORTER)} {names}")
    return replace(report, byline="本报评论员", kind="commentary") if kind < 0.85 else report


def _clause(text: str, least: int, most: int, draw: random.Random) -> str:
    clauses = [clause for clause in _CLAUSE.split(text) if least <= len(clause) <= most]
    clauses = [clause for clause in clauses if not any(letter.isdigit() for letter in clause)]
    return draw.choice(clauses) if clauses else ""


def _crowned(report: Manuscript, draw: random.Random) -> Manuscript:
    """With a line above or below the headline, taken from the text."""
    text = "".join(block.text for block in report.blocks[:2])
    kicker = _clause(text, 8, 20, draw) if draw.random() < 0.25 else ""
    if not kicker and draw.random() < 0.1:
        kicker = draw.choice(_COLUMNS)
    subtitle = _clause(text, 10, 24, draw) if draw.random() < 0.25 else ""
    return replace(
        report, kicker=kicker, subtitle="——" + subtitle if subtitle and draw.random() < 0.4 else subtitle
    )


def _sectioned(report: Manuscript, draw: random.Random) -> Manuscript:
    """With section headings, each a clause of the paragraph below it."""
    if len(report.blocks) < 4 or draw.random() > 0.45:
        return report
    made: list[Block] = []
    for at, block in enumerate(report.blocks):
        heading = _clause(block.text, 5, 14, draw) if at and at % 2 and at + 1 < len(report.blocks) else ""
        made += [Block("heading", heading), block] if heading else [block]
    return replace(report, blocks=tuple(made))
