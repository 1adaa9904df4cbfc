"""What a question asks for, read from its wording alone: kind of answer, names, numbers, time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from index.tokens import in_dictionary, tagged
from rag.facts import Fact, dates, numbers, quoted
from rag.letters import plain as in_plain
from rag.quantities import kinds_asked


class Expect(StrEnum):
    """The kind of short answer a question wants; NOTHING when a sentence is the answer."""

    PERSON = "person"
    DATE = "date"
    PLACE = "place"
    NUMBER = "number"
    NOTHING = "nothing"


class Form(StrEnum):
    """What has to be done to answer."""

    ANSWER = "answer"
    GREETING = "greeting"
    COMPARE = "compare"
    COUNT = "count"  # every occurrence, counted
    FOREIGN = "foreign"  # not Chinese
    EMPTY = "empty"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, understood.

    `focus` is the folded question without its question words and courtesies;
    `names` are people, places, organisations and quoted terms in it; `unit` is
    the measure word asked for (`多少公里` asks for `公里`), `kinds` what a number
    may measure to be an answer (`rag.quantities`), any where there are none.
    """

    text: str
    form: Form
    expect: Expect
    focus: str
    unit: str = ""
    kinds: frozenset[str] = frozenset()
    names: tuple[str, ...] = ()
    numbers: tuple[Fact, ...] = ()
    dates: tuple[Fact, ...] = ()
    words: tuple[str, ...] = ()
    beside: tuple[float, ...] = ()  # how near each word stands to the question word, 0 to 1
    speaker: bool = False  # asks who said something
    said: str = ""  # asks what this person said
    several: bool = False  # wants a list
    sides: tuple[str, str] | None = None  # the two things a comparison sets against each other


LONGEST = 2_000  # characters of a question that are read; more is cut

_COURTESY = re.compile(
    r"^(?:请问一下|请问|麻烦问一下|麻烦问下|想问一下|想问问|想问|问一下|我想知道|想知道|请告诉我|告诉我|"
    r"请你|帮我查一下|帮我查查|帮我查|查一下|查查|劳驾|你知道|另外|顺便|那么|那个|那|对了)+[,，:：、\s]*"
)
_WHO = re.compile(r"谁|哪位|哪一位|何人|什么人|啥人|哪个人|哪几位|哪些人|哪些领导|哪位领导|哪名")
_WHEN = re.compile(
    r"什么时候|什么时间|啥时候|啥时间|何时|几时|哪天|哪一天|哪年|哪一年|哪个月|哪月|几月|几号|几点|什么日子|哪一日|哪日|何年|何月|"
    r"何日|哪个季度|什么年份|时间是"
)
_WHERE = re.compile(
    r"哪里|哪儿|[在去到从]哪(?!一?[年月日天届次期批张本部篇款级几些]|一?条(?![路街]))|"
    r"何处|何地|什么地方|啥地方|啥地儿|哪个地方|哪一?[个座](?:市|省|县|区|城|镇|村|国|州|港|岛|"
    r"地区|街道)|位于何|地点是"
)
_MEASURE = (
    r"个(?:小时|钟头|月(?!亮)|星期|礼拜|季度|世纪)|平方公里|平方千米|平方米|立方米|公里|千米|万元|亿元|百分点|个百分点|人次|分钟|小时|[个家名位项次条亩岁种座所倍年天月日元吨米"
    r"款件批届场期层栋套辆台艘架部篇份户口对双组支只头棵株站门类成级度号人公顷周吨字页句步点样国省市县区镇村港回遍趟间针枚张幅根颗册"
    r"把]|分(?!之)"
)
# Stretches of time that are counted with 个, and how newspapers put them.
_STRETCHES = {
    "小时": "小时",
    "钟头": "小时",
    "月": "月",
    "星期": "周",
    "礼拜": "周",
    "季度": "季度",
    "世纪": "世纪",
}
_MANY = re.compile(
    rf"多少(?:[万亿千百]+)?(?P<a>{_MEASURE})?|第?几(?P<b>{_MEASURE})|百分之几|几分之几|几成|多大(?:面积|规模|比例)?|多长|多高|多宽|多深|多厚|多远|多久|多重|"
    rf"多快|占比|比重|比例是|有多(?!少)|好多(?P<c>{_MEASURE})|若干"
)
_ASKING = re.compile(
    rf"请问|到底|究竟|是不是|有没有|能不能|会不会|什么时候|什么时间|什么地方|什么人|什么样|什么|啥时候|啥样|啥|为何|为什么|怎么样|怎样|怎么|"
    rf"如何|哪一天|哪一年|哪些|哪个|哪里|哪儿|哪位|哪家|哪几|哪年|哪天|哪|谁|何时|何处|何人|何地|多少|几时|第?几(?:{_MEASURE})|多大|多长|"
    r"多高|多宽|多深|多厚|多远|多久|多重|多快|百分之几|几分之几|吗|呢|吧|呀|啊|么|了|的|是|有|叫"
)
_SEVERAL = re.compile(
    r"哪些|哪几|分别|各是|有什么|包括什么|都有|列出|列举|几个方面|几方面|哪四|哪三|哪两|哪五|四个什么"
)
_SAYING = (
    r"(?:说|表示|指出|强调|认为|提出|讲|提到|谈到|谈起|介绍|透露|称|要求|坦言|回答|回应|呼吁|建议|形容|比作|寄语|"
    r"承诺)"
)
_WORDS_OF = r"(?:话|原话|观点|说法|表态|看法|评价|判断|比喻|主张|口号)"
_WHO_SAID = re.compile(
    rf"(?:谁|哪[位名个][^，。？?]{{0,8}}?|何人)[^，。？?]{{0,8}}?{_SAYING}|"
    rf"{_SAYING}[^，。？?]{{0,30}}的(?:人)?是谁|(?:谁|哪[位名个][^，。？?]{{0,8}})的{_WORDS_OF}|出自(?:谁|哪)"
)
_SAID = re.compile(
    rf"^(?P<who>[^，。？?]{{2,16}}?)(?:[在于][^，。？?]{{1,30}}?)?(?:是)?(?:怎么|如何|怎样|又)?(?:都)?{_SAYING}(?:了|过|的)?(?:些)?(?:什么|啥|哪些|怎)?"
)
_COMPARE = re.compile(
    r"不同|区别|差别|差异|异同|相比|对比|比较|哪个更|谁更|变化|一样吗|一致吗|有何不同|分别|各自|多还是|早还是|还是"
)
_PAIR = re.compile(
    r"(?P<a>[^，。？?、]{2,24}?)(?:和|与|跟|同|及|以及|、|还是)(?P<b>[^，。？?、]{2,24}?)(?=(?:的|在|各|分别|有|相比|哪|谁|之间|都|对|，|？|\?|$|不同|区别|比))"
)
_COUNT = re.compile(
    r"(?:一共|总共|共|全部|所有|合计|累计)?(?:被)?(?:提到|提及|出现|说到|谈到|写到)(?:了|过)?(?:多少|几)(?:次|回|遍|处)|"
    r"(?:哪些|多少|几)(?:篇|个|份|处)?(?:文章|文件|报道|文档|地方|段落|稿件|处)(?:里|中|都|曾)?(?:提到|提及|出现|说到|谈到|写到|讲到|有)|"
    r"(?:所有|全部|每一?处)(?:提到|提及|出现|说到|谈到)|(?:提到|提及|出现|说到|谈到).{1,30}(?:的地方|的文章|的段落)(?:有哪些|都?有|一共|全部)"
)
_GREETING = re.compile(
    r"^(?:你好|您好|你们好|大家好|哈[喽罗啰]|嗨|喂|hi|hello|hey|早上好|早安|早|上午好|中午好|下午好|晚上好|晚安|谢谢|多谢|谢啦|谢了|"
    r"感谢|辛苦了|辛苦啦|再见|拜拜|bye|好的|好吧|好|嗯+|哦+|ok|okay|收到|明白|知道了|了解|不错|真棒|厉害|哈{1,9}|呵{1,9}|在吗|在不在|有人吗|"
    r"你是谁|你叫什么|你叫什么名字|你能做什么|你会什么|你会做什么|你可以做什么|怎么用|帮助|help|test|测试|thanks|thankyou|goodmorning)"
    r"(?:你|您|啊|呀|了|啦|哦|吗|的|哈|呢|们|们好|帮忙|你的帮助|老师|小助手|助手|机器人)*$"
)
QUESTION_WORD = re.compile(
    r"谁|哪[位些个里儿家几年天座]?|什么|啥|多[少大长高宽深厚远久重快]|几|怎么?样?|如何|为何|何[时地处人]|百分之几|吗|呢"
)
_NAME_TAGS = ("nr", "ns", "nt", "nz", "nrt", "nrfg")


def understand(text: str) -> Asked:
    """Read one question that stands on its own (follow-ups are rewritten before)."""
    plain = in_plain(text[:LONGEST])
    if not _said_anything(plain):
        return Asked(text, Form.EMPTY, Expect.NOTHING, "")
    if _is_greeting(plain):
        return Asked(text, Form.GREETING, Expect.NOTHING, "")
    if _is_foreign(plain):
        return Asked(text, Form.FOREIGN, Expect.NOTHING, "")
    bare = _COURTESY.sub("", plain) or plain
    expect, unit = _expect(bare)
    sides = _sides(bare)
    form = Form.COUNT if _COUNT.search(bare) else Form.COMPARE if sides else Form.ANSWER
    said = _SAID.match(bare)
    words = _words(bare)
    return Asked(
        text=text,
        form=form,
        expect=expect,
        focus=focus(bare),
        unit=unit,
        kinds=kinds_asked(bare, unit) if expect is Expect.NUMBER else frozenset(),
        names=_names(bare),
        numbers=numbers(bare),
        dates=dates(bare),
        words=words,
        beside=_beside(bare, words),
        speaker=bool(_WHO_SAID.search(bare)),
        said=said.group("who") if said and not _WHO.search(said.group("who")) else "",
        several=bool(_SEVERAL.search(bare)),
        sides=sides,
    )


def focus(text: str) -> str:
    """The question without the words that only ask; never empty when the question is not."""
    left = re.sub(r"[\s，。？！、；：,.?!;:~…—\-]+", " ", _ASKING.sub(" ", text)).strip()
    return left or text


def counted_term(text: str) -> str:
    """The term whose occurrences a COUNT question wants, empty when none can be told."""
    plain = _COURTESY.sub("", in_plain(text))
    marked = quoted(plain)
    if marked:
        return marked[0]
    rest = _COUNT.sub("|", plain)
    rest = re.sub(
        r"一共|总共|全部|所有|合计|累计|这些|这几|五|份|篇|个|文件|文档|文章|报道|资料|档案|材料|里面|里|中|都|了|过|的|地方|"
        r"哪些|多少|几|次|处|有|在|被|吗|呢|请|列出|列举|[？?。，,！!]",
        "|",
        rest,
    )
    pieces = [piece.strip() for piece in rest.split("|") if len(piece.strip()) > 1]
    return max(pieces, key=len, default="")


def _said_anything(plain: str) -> bool:
    return any(character.isalnum() for character in plain)


def _is_greeting(plain: str) -> bool:
    squeezed = "".join(character for character in plain if character.isalnum())
    parts = [part for part in re.split(r"[^\w]+", plain.replace(" ", "")) if part]
    return bool(_GREETING.match(squeezed)) or (bool(parts) and all(_GREETING.match(part) for part in parts))


def _is_foreign(plain: str) -> bool:
    chinese = sum("\u4e00" <= character <= "\u9fff" for character in plain)
    words = re.findall(r"[A-Za-zÀ-ɏ\u0400-\u04ff\u3040-\u30ff\uac00-\ud7af]+", plain)
    if chinese >= 4 or not words:
        return False
    return len(words) >= 3 and len(words) > chinese and looks_english(words)


def looks_english(words: list[str]) -> bool:
    """True when a run of Latin words is not pinyin: some word is no sequence of pinyin syllables."""
    return any(not _PINYIN.fullmatch(word.lower()) for word in words)


_PINYIN = re.compile(
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?(?:iang|iong|uang|ueng|ang|eng|ing|ong|ian|iao|uai|uan|ai|an|ao|ei|en|er|ia|ie|in|iu|"
    r"ou|ua|ue|ui|un|uo|[aeiouv]))+"
)


def _expect(bare: str) -> tuple[Expect, str]:
    """Earliest question word decides; `第几` and `几月` are settled by the longer pattern."""
    found: list[tuple[int, Expect, str]] = []
    for pattern, expect in ((_WHEN, Expect.DATE), (_WHERE, Expect.PLACE), (_WHO, Expect.PERSON)):
        if match := pattern.search(bare):
            found.append((match.start(), expect, ""))
    if (match := _MANY.search(bare)) and not _some(bare, match):
        found.append((match.start(), Expect.NUMBER, _measure(bare, match)))
    if not found:
        return Expect.NOTHING, ""
    _, expect, unit = min(found, key=lambda one: one[0])
    return expect, unit


def _some(bare: str, match: re.Match[str]) -> bool:
    """True where `几个` is not asked for but means some: another question word comes after it."""
    return (
        match.group().startswith("几")
        and re.search(r"什么|怎么|怎样|如何|为何|哪|谁|啥", bare[match.end() :]) is not None
    )


def _measure(bare: str, match: re.Match[str]) -> str:
    """The measure word asked for, or the noun where there is none: `多少成员` does not ask in tenths."""
    unit = next((group for group in match.groups() if group), "")
    if not unit:
        return _unit(bare[match.end() :])
    if unit[1:] in _STRETCHES:
        return _STRETCHES[unit[1:]]
    rest = bare[match.end() - len(unit) :]
    if rest.startswith("个人"):
        return "人"
    word, tag = tagged(rest[:8])[0]
    longer = len(word) > len(unit) and tag.startswith("n") and in_dictionary(word)
    return _unit(rest) if longer else unit


def _unit(rest: str) -> str:
    """The noun counted when no measure word stands between: `多少人`, `多少标准箱`."""
    noun = ""
    for word, tag in tagged(rest[:8]):
        if word in ("万", "亿", "千", "百") and not noun:
            continue
        if not tag.startswith(("n", "q")) or len(noun + word) > 4:
            break
        noun += word
    return {"钱": "元"}.get(noun, noun)


def _names(bare: str) -> tuple[str, ...]:
    found = list(quoted(bare))
    found += [word for word, tag in tagged(bare) if tag in _NAME_TAGS and len(word) > 1]
    return tuple(dict.fromkeys(found))


def _words(bare: str) -> tuple[str, ...]:
    kept = [
        word
        for word, tag in tagged(_ASKING.sub("，", bare))
        if tag[:1] in "nvaijlsztmbg" or tag.startswith("x") or tag == "eng"
        if len(word) > 1 or tag[:1] in "nm"
        if any(character.isalnum() for character in word)
    ]
    return tuple(dict.fromkeys(kept))


def _beside(bare: str, words: tuple[str, ...]) -> tuple[float, ...]:
    """For each word how near it stands to a question word: 1 beside it, a half at four letters."""
    asking = [match.span() for match in QUESTION_WORD.finditer(bare)]
    if not asking:
        return (1.0,) * len(words)
    found = []
    for word in words:
        start = max(bare.find(word), 0)
        gap = min(max(start - end, low - start - len(word), 0) for low, end in asking)
        found.append(0.5 ** (gap / 4))
    return tuple(found)


def _sides(bare: str) -> tuple[str, str] | None:
    if not _COMPARE.search(bare):
        return None
    match = _PAIR.search(bare)
    if match is None:
        return None
    return match.group("a").strip(), match.group("b").strip()
