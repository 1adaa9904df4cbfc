"""What a line looks like: byline, dateline, jump line, caption, headline or running text.

Only the shape is looked at: punctuation, the set phrases of the trade, length. What an article is about never
enters here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from index.bylines import ends_with_credit, is_note
from index.characters import characters

LONGEST_TITLE = 48  # characters
_ASKED = re.compile(r"[？?！!][”’」』]?[^？?！!”’」』\s]")
_RUNNING = 24  # characters of the shortest line that is surely running text
_RUNS = re.compile(r"[，。；：、,;]")
_GREETING = re.compile(r"[^，。；：、,;:？！?!“”]{2,14}[：:]")
_TAIL = 12  # characters at the end of a text that tell whether it is finished
_SAYING = re.compile(r"(?:指出|强调|表示|认为|告诉记者|介绍|说)[，,]")
_LONG = 24  # characters beyond which a headline has one comma at most
_CLOSERS = "”’」』﹂﹄）)】》\"'"
ENDED = re.compile(rf"(?:[。！？!?]|…{{1,2}}|(?<=[\u3400-\u9fff”’）)A-Za-z%％])\.)[{_CLOSERS}]*\s*\Z")
_REMARKED = 80  # characters of the longest remark in brackets, and what is behind it
_REMARK = re.compile(r"[（(][^（()）。]{1,70}[）)]\s*\Z")
SEMI_ENDED = re.compile(rf"[；;：:][{_CLOSERS}]*\Z")
_CONTINUES = re.compile(
    r"[，。、；：！？）》」』”’…,;:!?)﹄%％]|(?:的|了|和|与|地|得|着|等)(?![\u3400-\u9fff]?[地方士时])"
)

_QUESTION = re.compile(r"(?:记者|问|答|主持人|提问|[\u3400-\u9fff]{2,4})[:：].*[？?]\Z")
_AGENCY = (
    r"(?:据)?(?:新华社|中新社|中新网|人民网|新华网|央视网|本报|本刊|本网|本台"
    r"|[\u3400-\u9fff]{2,6}(?:社|日报|晚报|时报))"
)
_WHEN = r"(?:\d{0,4}年?[ ]*\d{0,2}[ ]*月)?[ ]*\d{0,2}[ ]*日?[ ]*"
_WIRE = rf"{_AGENCY}[ \u3000]*[\u3400-\u9fff·、/／ ]{{0,14}}?{_WHEN}(?:电|专电|综合电|(?<=日)讯)"
_DATED = r"[\u3400-\u9fff]{2,14}(?:\d{4}年)?[ ]*\d{0,2}[ ]*月[ ]*\d{0,2}[ ]*日(?:专|综合)?电"
_LOCAL = (
    r"(?:本报|本刊|本网|本台)(?:[\u3400-\u9fff]{0,6})讯"
    r"|(?:本报|本刊|本网|本台)(?:综合)?消息|新华社快讯"
    r"|[\u3400-\u9fff]{2,6}(?:社|网)讯|[\u3400-\u9fff]{0,6}(?:[日晚时晨早商快导]报|青年报|都市报|客户端)讯"
)
_REPORTERS = (
    r"[ \u3000]*(?P<reporters>[（(][^（()）]{0,60}?(?:记者|通讯员|作者|见习|实习生)[^（()）]{0,60}[）)])?"
)
DATELINE = re.compile(
    rf"(?P<wire>{_WIRE}|{_DATED}|{_LOCAL})(?![\u3400-\u9fff]{{0,1}}(?:话|影|视|池|器|力|台))" + _REPORTERS
)
_RUN = re.compile(r"[\u3400-\u9fff \u3000·、/／\d]+")  # all that a dateline holds before its reporters
_WIRED = ("电", "讯", "消息")  # one of them is in every dateline
INLINE_REPORTERS = re.compile(
    r"[（(](?P<names>[^（()）]{0,12}(?:记者|通讯员|作者|见习|实习生)[^（()）]{0,60})[）)]"
)
JUMP_AWAY = re.compile(
    r"[（(【\[]?\s*(?:下转|转)\s*(?:第\s*)?[A-Za-z]?[一二三四五六七八九十\d０-９]{1,3}\s*版[^。，（(]{0,8}?[）)】\]]|(?<![\u3400-\u9fff])下转第?[一二三四五六七八九十\d０-９]{1,3}版"
)
JUMP_BACK = re.compile(
    r"[（(【\[]?\s*(?:上接|紧接|接)\s*(?:第\s*)?[A-Za-z]?[一二三四五六七八九十\d０-９]{1,3}\s*版[^。，（(]{0,8}?[）)】\]]|(?<![\u3400-\u9fff])上接第?[一二三四五六七八九十\d０-９]{1,3}版"
)
_PICTURED = re.compile(
    r"(?:图为|图①|图1|图一[:：]|上图|下图|左图|右图|图片为|题图|资料图)[\u3400-\u9fff：:，（(]|这是.{0,40}(?:拍摄|航拍|俯瞰)"
)
_FURNITURE = re.compile(
    r"(?:第?[ ]*[A-Z]?\d{1,3}[ ]*版?|[·\-—– ]*\d{1,4}[·\-—– ]*|第[一二三四五六七八九十\d]+(?:版|页)"
    r"|(?:责任编辑|责编|版式(?:设计)?|美编|校对|值班主任|编审|组版|电子邮箱|邮箱|热线|电话)"
    r"[ ]*[:：|｜／/][^。]{0,60}"
    r"|https?://\S+|www\.\S+)\Z"
)


_ISSUED = re.compile(  # who made a notice known, and when; digits may be lost
    r"[\u3400-\u9fff（）()、 \u3000]{0,40}?(?:[\d ]{4}|[〇○零一二三四五六七八九]{4})年"
    r"(?:[\d ]{1,3}|[一二三四五六七八九十]{1,3})月(?:[\d ]{1,3}|[一二三四五六七八九十]{1,3})日"
)

_SEALED = re.compile(  # the same with a blank before a day that needs no year
    r"[\u3400-\u9fff（）()、 \u3000]{4,40}[ \u3000](?:[\d ]{4}年)?[\d ]{1,3}月[\d ]{1,3}日"
)
_CONTACT = re.compile(r"[^，。；：:\d]{2,20}[:：][ ]?[\d\-—–－（）() ]{7,}")  # where to call

_LABEL = re.compile(  # as columns and series of a newspaper are called
    r"[^，。！？；：、\s]{0,6}(?:观察|聚焦|关注|视点|焦点|时评|快评|短评|锐评|漫评|评论|论坛|快语|杂谈|漫谈|今日谈|一席谈"
    r"|调查|追踪|回访|专访|访谈|对话|特写|特稿|纪实|纪事|手记|札记|随笔|来信|照登|来稿|选登|问答|信箱|连载|副刊|专栏|专版"
    r"|之窗|天地|园地|广场|书架|书评|人物|记忆|故事|风采|简讯|短讯|要闻|速览|集锦)"
)


def ended(text: str) -> bool:
    """Whether a sentence ends where the text ends, or before a remark in brackets."""
    if ENDED.search(text[-_TAIL:]):
        return True
    remark = _REMARK.search(text[-_REMARKED:])
    if remark is None:
        return False
    before = text[: len(text) - len(remark.group())]
    return not before or ENDED.search(before[-_TAIL:]) is not None


def semi_ended(text: str) -> bool:
    """Whether the text ends in a colon or semicolon, as a line before a list does."""
    return SEMI_ENDED.search(text[-_TAIL:]) is not None


def greets(text: str) -> bool:
    """Whether the line only says whom a letter or speech is for, or who speaks in what is below."""
    return _GREETING.fullmatch(text.strip()) is not None


def is_label(text: str) -> bool:
    """Whether a line only names the column or series that what is below it belongs to."""
    return _LABEL.fullmatch(text.strip()) is not None


def runs_on(text: str) -> bool:
    """Whether text that does not end a sentence is surely running text that was cut."""
    return len(text) >= _RUNNING and _RUNS.search(text) is not None and not semi_ended(text)


def continues(text: str) -> bool:
    """Whether the text begins with what only stands inside a sentence."""
    return _CONTINUES.match(text) is not None


def asks_inside(text: str) -> bool:
    """Whether a question or exclamation ends inside the text, as in running text and seldom in a headline."""
    return _ASKED.search(text) is not None


def stops(text: str) -> float:
    """Log odds that punctuation follows the text, against its standing anywhere; 0 where nothing tells."""
    model = characters()
    before = model.symbols(text[-12:])[-2:]
    if not before:
        return 0.0
    marks = [symbol for mark in "，。" for symbol in model.symbols(mark)]
    return max(model.follow(before, [mark]) - math.log(model.ones[mark] / model.total) for mark in marks)


def is_signature(text: str) -> bool:
    """What stands alone under an article: a dateline, who signs it and when, where to call, a note."""
    if is_note(text) or any(shape.fullmatch(text) for shape in (_ISSUED, _SEALED, _CONTACT)):
        return True
    match = DATELINE.match(text)
    return match is not None and match.end() == len(text) and "电" in match["wire"]


def datelines(text: str) -> Iterator[re.Match[str]]:
    """All datelines of a text, sought only where one of the words stands that they end with."""
    at = 0
    for run in _RUN.finditer(text):
        if not any(word in run.group() for word in _WIRED):
            continue
        at = max(at, run.start())
        while found := DATELINE.search(text, at, run.end()):
            whole = DATELINE.match(text, found.start()) or found  # with its reporters
            yield whole
            at = whole.end()


def opens_with_dateline(text: str) -> bool:
    return DATELINE.match(text) is not None


def is_caption(text: str) -> bool:
    """Whether the text is a photo caption: it ends with the photographer or begins as captions do."""
    return len(text) <= 220 and (ends_with_credit(text) or _PICTURED.match(text) is not None)


def is_furniture(text: str) -> bool:
    return len(text) <= 80 and _FURNITURE.match(text) is not None


def is_headline(text: str) -> bool:
    """Whether the line is short and without the punctuation of running text."""
    if len(text) > LONGEST_TITLE or semi_ended(text) or (ended(text) and text[-1] in "。."):
        return False
    if _QUESTION.match(text) or opens_with_dateline(text) or _SAYING.search(text):
        return False
    commas = text.count("，") + text.count(",")
    if commas > 3 or (commas >= 2 and len(text) > _LONG):
        return False
    if any(mark in text for mark in "。；;") or text[-1] in "，、,（(“《":
        return False
    return any(map(str.isalnum, text))
