"""What a line looks like: byline, dateline, jump line, caption, headline or running text.

Only the shape is looked at: punctuation, the set phrases of the trade, length. What an article is about never
enters here.
"""

from __future__ import annotations

import re

LONGEST_TITLE = 48  # characters
_TAIL = 12  # characters at the end of a text that tell whether it is finished
_CREDIT_MARKS = ("摄", "图", "绘", "片", "发", "制")
_SAYING = re.compile(r"(?:指出|强调|表示|认为|告诉记者|介绍|说)[，,]")
_LONG = 24  # characters beyond which a headline has one comma at most
_CLOSERS = "”’」』﹂﹄）)】》\"'"
ENDED = re.compile(rf"(?:[。！？!?]|…{{1,2}}|(?<=[\u3400-\u9fff”’）)A-Za-z%％])\.)[{_CLOSERS}]*\s*\Z")
SEMI_ENDED = re.compile(rf"[；;：:][{_CLOSERS}]*\Z")
_CONTINUES = re.compile(
    r"[，。、；：！？）》」』”’…,;:!?)﹄%％]|(?:的|了|和|与|地|得|着|等)(?![\u3400-\u9fff]?[地方士时])"
)

SURNAMES = (
    "王李张刘陈杨黄赵周吴徐孙朱马胡郭林何高梁郑罗宋谢唐韩曹许邓萧冯曾程蔡彭潘袁于董余苏叶吕魏蒋田杜丁沈姜范江傅钟卢汪戴崔任陆廖姚"
    "方金邱夏谭韦贾邹石熊孟秦阎薛侯雷白龙段郝孔邵史毛常万顾赖武康贺严尹钱施牛洪龚汤陶黎温莫易樊乔文安殷颜庄章鲁倪庞邢俞翟蓝聂齐"
    "向申葛柴伍覃骆关焦柳欧祝纪尚毕耿芦左季管符辛苗詹曲靳祁路涂兰甘裴梅童翁霍游阮尤岳柯牟滕谷舒卜成饶宁凌盛查单冉鲍华包屈房喻解"
    "蒲卫简时连车项闵邬吉党阳司费蒙席晏隋古强穆姬宫景米麦谈柏瞿艾沙鄢桂窦郁缪畅巩卓褚栾戚全娄甄郎池丛边岑农苟迟保商臧佘卞虞刁冷"
    "劳祖惠晋应匡仇宗宣邸闻操闫肖付代"
)
_NAME = r"[\u3400-\u9fff]{1,4}(?:[ \u3000]?·[ \u3000]?[\u3400-\u9fff]{1,6})?"
_GAP = r"[ \u3000、，,/／]*"
_WHO = (
    r"(?:特约|首席|见习|实习|全媒体|融媒体|本报|本刊|本网|本台|驻\S{2,5}|[\u3400-\u9fff]{2,8}(?:社|日报|晚报|时报|早报|晨报|报|网|台))*"
    r"(?:记者|评论员|通讯员|特派员|观察员|撰稿人|编辑|作者|实习生|摄影师)"
)
_CREDITED = r"(?:集体)?(?:采写|报道|摄影报道|综合报道|整理|编译|撰文)?"
_PEOPLE = rf"{_NAME}(?:[ \u3000、，,/／]+{_NAME}){{0,9}}"
_BYLINE = re.compile(
    r"[■□◆●]?[ ]*(?:(?:文|图|图文|文图|撰文|摄影|作者|编译|记者)[ \u3000]*[／/:：|｜][ \u3000]*"
    rf"{_PEOPLE}"
    rf"|(?:{_WHO}{_GAP}(?:{_PEOPLE}|[\u3400-\u9fff]{{4,9}})?[ \u3000]*{_CREDITED}{_GAP}){{1,6}})\Z"
)
_WORDS = re.compile(r"[的了是在有为什么怎吗呢不]|[^ \u3000]{16}")
_NAMES = re.compile(
    rf"[{SURNAMES}][\u3400-\u9fff]{{1,2}}(?:[ \u3000、]+[{SURNAMES}][\u3400-\u9fff]{{1,2}}){{0,7}}\Z"
    r"|[\u3400-\u9fff]{2,3}\Z"
)
_QUESTION = re.compile(r"(?:记者|问|答|主持人|提问|[\u3400-\u9fff]{2,4})[:：].*[？?]\Z")
_AGENCY = (
    r"(?:据)?(?:新华社|中新社|中新网|人民网|新华网|央视网|本报|本刊|本网|本台"
    r"|[\u3400-\u9fff]{2,6}(?:社|日报|晚报|时报))"
)
_WHEN = r"(?:\d{0,4}年?[ ]*\d{0,2}[ ]*月)?[ ]*\d{0,2}[ ]*日?[ ]*"
_WIRE = rf"{_AGENCY}[ \u3000]*[\u3400-\u9fff·、/／ ]{{0,14}}?{_WHEN}(?:电|专电|综合电)"
_DATED = r"[\u3400-\u9fff]{2,14}(?:\d{4}年)?\d{1,2}月\d{1,2}日(?:专|综合)?电"
_LOCAL = (
    r"(?:本报|本刊|本网|本台)(?:[\u3400-\u9fff]{0,6})讯"
    r"|[\u3400-\u9fff]{2,6}(?:日报|晚报|时报|晨报|早报|社|网)讯"
)
_REPORTERS = (
    r"[ \u3000]*(?P<reporters>[（(][^（()）]{0,60}?(?:记者|通讯员|作者|见习|实习生)[^（()）]{0,60}[）)])?"
)
DATELINE = re.compile(
    rf"(?P<wire>{_WIRE}|{_DATED}|{_LOCAL})(?![\u3400-\u9fff]{{0,1}}(?:话|影|视|池|器|力|台))" + _REPORTERS
)
INLINE_REPORTERS = re.compile(
    r"[（(](?P<names>[^（()）]{0,12}(?:记者|通讯员|作者|见习|实习生)[^（()）]{0,60})[）)]"
)
JUMP_AWAY = re.compile(
    r"[（(【\[]?\s*(?:下转|转)\s*(?:第\s*)?[A-Za-z]?[一二三四五六七八九十\d０-９]{1,3}\s*版[^。，（(]{0,8}?[）)】\]]|(?<![\u3400-\u9fff])下转第?[一二三四五六七八九十\d０-９]{1,3}版"
)
JUMP_BACK = re.compile(
    r"[（(【\[]?\s*(?:上接|紧接|接)\s*(?:第\s*)?[A-Za-z]?[一二三四五六七八九十\d０-９]{1,3}\s*版[^。，（(]{0,8}?[）)】\]]|(?<![\u3400-\u9fff])上接第?[一二三四五六七八九十\d０-９]{1,3}版"
)
CREDIT = re.compile(
    rf"(?:{_WHO}{_GAP})?(?:{_NAME}{_GAP}){{1,4}}(?:摄|摄影|/摄|／摄|供图|制图|绘)[）)]?[。.]?\Z"
    r"|[（(](?:资料图片?|图片|图|照片|新华社发|[^（()）]{1,12}(?:供图|摄|发|制图))[）)][。.]?\Z"
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


def ended(text: str) -> bool:
    """Whether a sentence ends where the text ends."""
    return ENDED.search(text[-_TAIL:]) is not None


def semi_ended(text: str) -> bool:
    """Whether the text ends in a colon or semicolon, as a line before a list does."""
    return SEMI_ENDED.search(text[-_TAIL:]) is not None


def continues(text: str) -> bool:
    """Whether the text begins with what only stands inside a sentence."""
    return _CONTINUES.match(text) is not None


def is_byline(text: str) -> bool:
    """Whether the line names who wrote the article, and says so."""
    return len(text) <= 60 and _BYLINE.match(text) is not None and _WORDS.search(text) is None


def is_names(text: str) -> bool:
    """Whether the line may be names alone; where it stands must tell."""
    return len(text) <= 40 and _NAMES.match(text) is not None


def is_signature(text: str) -> bool:
    """A dateline that stands alone, as printed under an article."""
    match = DATELINE.match(text)
    return match is not None and match.end() == len(text) and "电" in match["wire"]


def opens_with_dateline(text: str) -> bool:
    return DATELINE.match(text) is not None


def is_caption(text: str) -> bool:
    """Whether the text is a photo caption: it ends with the photographer or begins as captions do."""
    if len(text) > 220:
        return False
    end = text[-60:]
    if any(mark in end for mark in _CREDIT_MARKS) and CREDIT.search(end) is not None:
        return True
    return _PICTURED.match(text) is not None


def is_credit(text: str) -> bool:
    """Only the photographer's name."""
    return len(text) <= 40 and any(mark in text for mark in _CREDIT_MARKS) and CREDIT.match(text) is not None


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
