"""What a question asks for that a sentence, with all that stands around it, does not hold.

A sentence about a thing is soon taken for one that says when it was founded or what it costs, one year's
meeting for the next, and somebody who was there for somebody who spoke. These checks are few and literal,
silent where in doubt, and each says plainly what is missing.
`train/threshold.py` counts how often each speaks against questions with and without an answer.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from rag.evidence import Piece
from rag.facts import Fact, dates
from rag.letters import letters
from rag.quantities import NUMERAL, measured_in
from rag.question import Asked, Expect
from rag.words import NAME_TAGS, SAYING, speakers, tagged

_YEAR_ASKED = re.compile(r"哪一?年|何年|什么年份|几几年")
_YEAR = re.compile(
    r"\d{4}\s?年|[零〇一二三四五六七八九]{4}年|[去今前明当同次本]年|第[一二三四五六七八九十]年|"
    r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)|年代|年前|世纪|朝|元年|年初|年底|年间|周年"
)
_DAY_ASKED = re.compile(r"哪一?[天日]|几号(?![人线楼院库馆机])|几月几[日号]|什么日子|何日")
_DAY = re.compile(
    r"[\d一二三四五六七八九十]\s?[日号天]|[今昨明前后当次即翌每][日天晚]|周[一二三四五六日末]|[上本下]周|星期|初[一二三四五六七八九十]|节|底|"
    r"日期|日起|生日|之日|此日|工作日|清明|中秋|除夕"
)
_MONTH_ASKED = re.compile(r"哪一?个?月|几月|何月")
_MONTH = re.compile(
    r"[\d一二三四五六七八九十]\s?[月日]|[本上下当次]月|月份|[春夏秋冬季]|年[初中底末]|月[初中底末]"
)
_LOCATED_ASKED = re.compile(
    r"(?:位于|坐落|落户|地处|总部|(?:设|建|举行|召开|成立|揭牌|举办|开幕|定)[在于到])[在于]?哪|"
    r"在哪[^，。？?]{0,6}?(?:召开|举行|举办|成立|揭牌|开幕|办公|设立)"
)
_LOCATION = re.compile(r"[在于驻到至赴抵往从址]|位于|设[于立有]|落户|落地|坐落|地点|来到|走进|\d号")
_TIME = re.compile(r"\d{1,2}[:：]\d\d|[春夏秋冬]|周末|期间|[节前后时早晚]|之际")
_NUMERAL = re.compile(r"[零〇一二两三四五六七八九十百千万亿半双数几多少免无没全均每首单\d０-９]|所有")


@dataclass(frozen=True, slots=True)
class _Kind:
    """A kind of answer: the key where it is missing, how it is asked for, and how it is recognized."""

    missing: str
    asking: re.Pattern[str]
    answer: re.Pattern[str]


_KINDS = (
    _Kind(
        "no_money",
        re.compile(
            r"(?:票价|门票|售价|房价|价格|月薪|年薪|工资)[^，。？?跌降涨升]{0,4}(?:多少|几|多高)|多少[万亿]{0,2}(?:钱|元)|"
            r"几(?:块钱|毛钱|元)|(?:收费|罚款?)多少"
        ),
        re.compile(r"元|角|分钱|块|免费|美金|英镑|便士|美分|[￥$¥]|免收|不收|卢布|镑|钱|倍|百分之|[亿%％]"),
    ),
    _Kind(
        "no_telephone",
        re.compile(
            r"(?:电话|热线|联系方式|手机号)码?(?:号码)?(?:是|有|为)?(?:多少|什么|几|哪)|(?:什么|哪个|啥)(?:电话|热线)"
        ),
        re.compile(r"\d{5,}|\d{3,4}[-－—]\d{3,}|(?<!\d)1[12]\d{1,3}(?!\d)"),
    ),
    _Kind(
        "no_address",
        re.compile(r"(?:地址|网址|邮箱|门牌号)(?:是|在|为)?(?:哪|什么|啥|多少)|(?:什么|哪个)(?:地址|网址)"),
        re.compile(r"[a-zA-Z]{2,}\.[a-zA-Z]|www|@|[路街巷道弄村镇]|\d+号|位于|坐落|地处"),
    ),
)
_RANK_ASKED = re.compile(r"(?:排|列|居|位列|排在|排名)第几|排名(?:是|为)?多少|第几[位名](?!教|员)")
_RANK = re.compile(
    r"第[一二三四五六七八九十\d]|[首冠亚末]|季军|[一二三]等|[\d一二三四五六七八九十][强位名]|前[\d一二三四五六七八九十]"
)
_CLOCK_ASKED = re.compile(r"几点(?!建议|意见|要求|措施|做法|经验|内容|启示)")
_CLOCK = re.compile(rf"{NUMERAL}\s?[时点]|\d[:：]\d|[早中晚]上|凌晨|[上下中]午|傍晚|全天|小时|夜")
_OFFICE = (
    r"书记|[省市县区州镇乡村院校局厅处司部科会行馆站队台社厂店所]长|主任|主席|总理|总裁|总经理|董事长|理事长|秘书长|"
    r"教练|主编|总统|首相|大使|负责人"
)
_OFFICE_ASKED = re.compile(rf"(?P<office>{_OFFICE})(?:是|叫|为|由)(?:谁|哪[一个位]|什么|啥)")
_MOMENT = re.compile(r"今天|明天|后天|今晚|明早|现在|此刻|这会儿")
_PASSING = re.compile(r"天气|气温|下雨|下雪|几点|星期几|周几|几号|股价|汇率|油价|金价|堵车|限行|路况")
_WEATHER = re.compile(r"天气(?:怎么?样|如何|好|预报|什么样|咋样)")
_NAMES_ASKED = re.compile(
    r"(?:具体|分别|都|各)(?:叫|是哪|有哪)|(?<![黑白])名单(?:是|有|上)|哪些名字|"
    r"哪(?:些|[几两三四五六七八九十\d]+个?)(?:城市|省份?|国家|地区|区县|县区|区|县|市|乡?镇)|分别在哪"
)
_BRACKETS = re.compile(r"[“《‘「『]([^”》’」』]{1,40})[”》’」』]")
_TELLS = rf"(?:{SAYING}|谈及|要求|建议|希望|讲到|讲道|告诉)"
_TALKS = "(?:发言|致辞|讲话)"  # what was said follows, or nothing is known of it
_SPEAKS = rf"(?:{_TELLS}|{_TALKS})"
_SAID = re.compile(
    r"^(?P<who>[^，。？?在于就对]{2,16}?)(?:[在于就对][^，。？?]{1,30}?)?是?(?:"
    rf"(?:怎么|如何|怎样)(?:{_SPEAKS}|讲|谈|看)|"
    rf"(?:{_SPEAKS}|讲(?![解授座课堂])|谈|提|汇报|报告)[了过的]?是?[^，。？?]{{0,10}}?(?:什么|啥|哪|几|怎)|"
    r"(?:发言|讲话|致辞|报告)的?(?:主要|核心)?(?:内容|要点|观点))"
)
OTHER_YEAR = "other_year"
ALIKE = 6  # letters after a year that make a thing the same
_NOT_IN_NAMES = frozenset("自总某厅局部委院团队会校记师法庭员")
_STEPS = {"今年": 0, "本年": 0, "去年": -1, "前年": -2}
_RELATIVE = re.compile(r"[今本去当同近前][\d一二三四五六七八九十]?年")


@dataclass(frozen=True, slots=True)
class Gap:
    """`key` names what is missing, a wording of rag.wording; `said` is what the question says of it."""

    key: str
    said: str = ""


def gap(asked: Asked, piece: Piece, pieces: Collection[Piece], *, after: Gap | None = None) -> Gap | None:
    """The first thing asked for that a sentence lacks; None when nothing is plainly missing.

    `pieces` are all candidates, the sentence and its neighbours among them; `after` is what the likeliest
    sentence lacks. Where a number is lost none is missing: `rag.lost` settles it.
    """
    passage = piece.passage
    beside = [
        other for other in pieces if other.passage.id == passage.id and abs(other.number - piece.number) <= 1
    ]
    around = "\n".join([passage.title, *(other.text for other in beside)])
    whole = "\n".join([passage.title, passage.section, passage.speaker, passage.text])
    absent = (
        _names(asked, piece)
        or _speech(asked, passage.speaker, whole)
        or _year(asked, piece, pieces, unsaid=after is not None and after.key == OTHER_YEAR)
        or _office(asked, whole)
        or _place(asked, piece.text)
    )
    if absent or any(one.lost for one in beside):
        return absent
    absent = _kind(asked, whole) or _date(asked, around) or _number(asked, around) or _passing(asked, around)
    return absent or (
        None if passage.lost else _rank(asked, whole) or _clock(asked, whole) or _measure(asked, whole)
    )


def _kind(asked: Asked, whole: str) -> Gap | None:
    for kind in _KINDS:
        if kind.asking.search(asked.text) and not kind.answer.search(whole):
            return Gap(kind.missing)
    return None


def _date(asked: Asked, around: str) -> Gap | None:
    if _YEAR_ASKED.search(asked.text):
        return None if _YEAR.search(around) else Gap("no_year")
    if asked.expect is not Expect.DATE:
        return None
    for asking, answer in ((_DAY_ASKED, _DAY), (_MONTH_ASKED, _MONTH)):
        if asking.search(asked.text):
            return None if answer.search(around) else Gap("no_date")
    timed = dates(around) or any(tag == "t" for _, tag in tagged(around))
    return None if timed or _TIME.search(around) else Gap("no_date")


def _number(asked: Asked, around: str) -> Gap | None:
    counted = asked.expect is Expect.NUMBER and re.search(r"多少|几", asked.text)
    return None if not counted or _NUMERAL.search(around) else Gap("no_number")


def _rank(asked: Asked, whole: str) -> Gap | None:
    wanted = _RANK_ASKED.search(asked.text)
    return Gap("no_rank") if wanted and not _RANK.search(whole) else None


def _clock(asked: Asked, whole: str) -> Gap | None:
    hour = asked.expect is Expect.DATE and _CLOCK_ASKED.search(asked.text)
    return Gap("no_date") if hour and not _CLOCK.search(whole) else None


def _measure(asked: Asked, whole: str) -> Gap | None:
    """A number of one kind is asked for, and the passage has none: no acres, no share, no hours."""
    wanted = asked.expect is Expect.NUMBER
    return None if not wanted or measured_in(whole, asked.kinds, asked.unit) else Gap("no_number")


def _place(asked: Asked, text: str) -> Gap | None:
    """Where something is or takes place is asked for, and the sentence tells of no place at all."""
    wanted = asked.expect is Expect.PLACE and _LOCATED_ASKED.search(asked.text)
    return Gap("no_place") if wanted and not _LOCATION.search(text) else None


def _office(asked: Asked, whole: str) -> Gap | None:
    """Who holds an office is asked for, of which the passage does not speak, or names nobody."""
    match = _OFFICE_ASKED.search(asked.text) if asked.expect is Expect.PERSON else None
    if match is None:
        return None
    known = letters(asked.text).text
    people = (word for word, tag in tagged(whole) if tag.startswith("nr") and len(word) > 1)
    deputies = "副" in asked.text  # otherwise one of them does not hold the office
    office = re.search(("(?<!总)" if deputies else "(?<![副总])") + match["office"], whole)
    held = office and any(letters(word).text not in known for word in people)
    return None if held or re.search(r"[A-Z][a-z]{2}|·", whole) else Gap("no_office", match["office"])


def _passing(asked: Asked, around: str) -> Gap | None:
    """The weather, the hour, a price of today are asked for, of which the sentence says nothing."""
    wanted = _PASSING.search(asked.text)
    if (
        wanted
        and (_MOMENT.search(asked.text) or _WEATHER.search(asked.text))
        and wanted.group() not in around
    ):
        return Gap("no_today", wanted.group())
    return None


def _names(asked: Asked, piece: Piece) -> Gap | None:
    """The names of several are asked for, and the sentence neither lists anything nor has two of its own."""
    if not _NAMES_ASKED.search(asked.text) or "、" in piece.text:
        return None
    known = letters(asked.text).text
    found = [word for word, tag in tagged(piece.text) if tag in (*NAME_TAGS, "eng") and len(word) > 1]
    new = {one for one in [*found, *_BRACKETS.findall(piece.text)] if letters(one).text not in known}
    return None if len(new) > 1 else Gap("no_names")


def _speech(asked: Asked, speaker: str, whole: str) -> Gap | None:
    """What a person said is asked for, who is named in the question and does not speak in the passage."""
    match = None if asked.speaker else _SAID.search(asked.text)
    if match is None:
        return None
    name = _person(match["who"], whole)
    if not name:
        return None
    # One of a list of those present has not spoken: `甲、乙出席，丙指出`.
    until = r"(?:[^，。；！？“”\n]{0,16}?|(?!\s?[、和与及等])[^。；！？“”\n]{0,60}?)"
    told = rf"{_TELLS}(?![。；、\n]|了?[\u4e00-\u9fff]{{0,2}}(?:意见|建议|要求)[。；、建要])"
    spoken = rf"{re.escape(name)}{until}(?:{told}|{_TALKS}[^。；\s]{{0,8}}?{told})"
    phrases = " ".join(phrase for _, _, phrase in speakers(whole)) + speaker
    return None if name in phrases or re.search(spoken, whole) else Gap("no_speech", name)


def _person(who: str, whole: str) -> str:
    """The name at the end of a phrase (`市长某某`); empty for no person's, and for a place."""
    words = tagged(who)
    first = max((place for place, (_, tag) in enumerate(words) if tag.startswith("nr")), default=len(words))
    name = "".join(word for word, _ in words[first:])  # a name may be cut in two
    given = len(name) <= 3 and len(words[first][0]) == 1 if name else False  # a surname and what follows it
    others = [word for word, tag in words[first:] if len(word) > 1 and not tag.startswith("nr")]
    if (others and not given) or not 2 <= len(name) <= 4 or name[0] == "老" or name[-1] in _NOT_IN_NAMES:
        return ""
    return "" if re.search(rf"{re.escape(name)}[省市区县]", whole) else name


def _year(asked: Asked, piece: Piece, pieces: Collection[Piece], *, unsaid: bool) -> Gap | None:
    """The question names a year, the sentence another, and what was found of its article never that year.

    With `unsaid` a sentence without a year lacks it as well: the likeliest one is of another year.
    """
    said = [fact for fact in asked.dates if fact.value[:1].isdigit() and fact.value[:4] != "0000"]
    here = {fact.value[:4] for fact in dates(piece.text) if fact.value[:1].isdigit()} - {"0000"}
    relative = {_resolved(match, piece.passage.date) for match in _RELATIVE.finditer(piece.text)}
    if said and _same_of_another(asked, said, piece.text):
        return Gap(OTHER_YEAR, said[0].text)
    if not said or "" in relative or not (here or unsaid):
        return None
    article = {one.passage for one in pieces if one.passage.article == piece.passage.article}
    found = "\n".join(
        [f"{one.title}\n{one.section}\n{one.date}\n{one.text}" for one in article] + [*relative]
    )
    return None if any(fact.value[:4] in found for fact in said) else Gap(OTHER_YEAR, said[0].text)


def _same_of_another(asked: Asked, said: Collection[Fact], text: str) -> bool:
    """True where a sentence names what is asked about with another year, as `2023年度大会`."""
    plain = letters(text).text
    for fact in said:
        rest = letters(asked.text[fact.start :]).text[4 : 4 + ALIKE]
        years = set(re.findall(rf"(\d{{4}}){re.escape(rest)}", plain)) if len(rest) == ALIKE else set()
        if years and fact.value[:4] not in years:
            return True
    return False


def _resolved(match: re.Match[str], date: str) -> str:
    """The year that `今年` or `去年` means in a text of a date; empty where that is not known."""
    step = _STEPS.get(match.group())
    return str(int(date[:4]) + step) if step is not None and date[:4].isdigit() else ""
