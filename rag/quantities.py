"""What a number measures: lengths are not people, and what is asked in years is not answered in acres."""

from __future__ import annotations

import re
from functools import lru_cache

from index.tokens import in_dictionary

_KINDS = {
    "area": r"平方(?:公里|千米|米|厘米)|公顷|亩|平米|顷",
    "volume": r"立方米|立方|升",
    "share": r"个?百分点|[%％‰]|成(?![立为员本果就都])",
    "length": r"公里|千米|厘米|毫米|米|里(?!程|面)|海里",
    "weight": r"吨|公斤|千克|克(?!服)|斤",
    "money": r"(?:万|亿|美|欧|日|港|人民)?元|块钱|美金",
    "time": r"年|个?(?:月|小时|钟头|星期|礼拜|季度|世纪)|天|日|分钟|秒|周|刻钟",
    "age": r"岁|周岁",
    "people": r"人次?|名|位",
    "order": r"号|届",
    "speed": r"公里每小时|千米每小时|节",
}
_KIND = tuple((kind, re.compile(pattern)) for kind, pattern in _KINDS.items())
_TIME = re.compile(_KINDS["time"])
_BETWEEN = re.compile(r"[多余几来]*(?:左右)?[万亿千百]*[多余]?")
NUMERAL = r"[零〇一二两三四五六七八九十百千万亿半多几数\d]"
# By what a text shows that it measures something of a kind at all; wide, since what finds nothing refuses.
_MEASURES = {
    "share": re.compile(r"[%％‰成半倍零全]|分之|百分|比例"),
    "time": re.compile(
        rf"{NUMERAL}\s?(?:[个多余来年月日天时分秒周刻季代夜晚载届]|小时|世纪)|终身|长期|永久|无期|周年|全年|即时|当[日天场]|"
        r"立即|随时|昼夜|一直|\d[:：]\d|每个?(?:[年月日天周]|星期|季度)"
    ),
    "area": re.compile(r"亩|平方|公顷|平米|顷|㎡"),
    "length": re.compile(r"公里|[米里丈尺厘毫层]|km|KM"),
    "weight": re.compile(r"[吨斤克]|kg|KG"),
    "volume": re.compile(r"立方|[升方]"),
    "speed": re.compile(r"公里|千米|km|KM|马赫|[节米倍]"),
    "age": re.compile(r"[岁龄后]|周年|\d{4}年|出生|生于"),
    "people": re.compile(
        rf"{NUMERAL}\s?[余多几]?[万亿千百]?[余多]?\s?[人名位户例死伤个员口对支家童生师]|{NUMERAL}[余多]?[群村居市]|无人|人[数口]|全体|所有|全部|"
        r"[双单]人|独|[%％‰成]|分之"
    ),
    "money": re.compile(r"[元角块币镑价钱亿万￥$¥]|分钱|免费|美金|英镑|便士|美分|免收|不收|卢布"),
}
_PERSONS = ("人", "名", "位", "人次")
_TO = r"(?:目标|总额)?(?:是|为|有|要|达到?了?|共|花了?)?"  # between what is measured and how much it is
_ASKED = (
    (re.compile(r"多少钱|几块钱|价格|票价|造价"), frozenset({"money"})),
    (re.compile(rf"[费款价]用?{_TO}多少"), frozenset({"money"})),
    (
        re.compile(
            rf"(?:[金债]|利润|净利|投资|产值|资产|收入|营收|成本|预算|薪酬|工资|市值|票房|补贴|补助|[总易售交发]额){_TO}"
            r"(?:多少(?:[万亿钱元]|(?=[？?，。]|$))|几个?[万亿])"
        ),
        frozenset({"money"}),
    ),
    (
        re.compile(r"(?:增长|增幅|涨幅|降幅|增速)(?:是|为|达|了)?多少|占(?:了|到)?(?:多少|几成)"),
        frozenset({"share"}),
    ),
    (re.compile(rf"多大面积|面积{_TO}多[少大]|占地多[少大]"), frozenset({"area"})),
    (re.compile(rf"(?:全长|总长|长度|里程|距离|高度|海拔){_TO}(?:多[少长高远]|几)"), frozenset({"length"})),
    (re.compile(rf"(?:时速|速度){_TO}(?:多[少快高]|几)"), frozenset({"speed", "length"})),
    (re.compile(rf"(?:工期|任期|期限|有效期|时长|寿命|刑期){_TO}(?:多[少长]|几)"), frozenset({"time"})),
    (re.compile(rf"年[龄纪]{_TO}多[少大]"), frozenset({"age"})),
    (
        re.compile(
            r"百分之几|几分之几|几成|占比|比重|百分比|多大比例|比例(?:是|为|有|达|占)?多[少大高]|"
            r"比例是|率(?:目标)?(?:值)?(?:是|为|有|达到?|要到)?(?:多少(?!人|家|个|户|次)|多高|几(?!个|家|次))"
        ),
        frozenset({"share"}),
    ),
    (re.compile(r"多长(?:时间|日子)|多久"), frozenset({"time"})),
    (re.compile(r"多长|多远"), frozenset({"length", "time"})),
    (re.compile(r"多高|多宽|多深|多厚"), frozenset({"length"})),
    (re.compile(r"(?<![判罚处刑])多重"), frozenset({"weight"})),
    (re.compile(r"几岁|多大年[纪龄]|多少岁"), frozenset({"age"})),
)
_COUNTED = frozenset({"", "people"})  # things one by one, persons among them
_CLASSIFIER = re.compile(
    r"[个家名位项次条座种款件批场栋套辆台艘架部篇份户双组支只头棵株站门类句省市县区镇村港回遍趟间针枚张幅根颗册把]|人次?"
)
_FRACTION = re.compile(r"百分之|分之")
_LATIN_UNIT = re.compile(
    r"(?:[kcmd]?m|km/h|[km]?g|t|[km]?W|kWh|mL|ml|L|[KMGT]B|s|h|[KkMG]?Hz|ha)(?:[²³2-3])?(?![A-Za-z0-9])"
)


def kinds_asked(question: str, unit: str) -> frozenset[str]:
    """The kinds of measure that may answer a question for a number; empty when any may.

    `unit` is the measure word of the question, which decides where there is one; a
    noun decides nothing: `多少土地` may be answered in acres.
    """
    if _CLASSIFIER.fullmatch(unit):
        return _COUNTED
    # Nouns may begin like a time: `天然气`, `年轻人`; `人口` and `岁数` measure what they begin with.
    if (kind := _of(unit)) and (kind != "time" or _TIME.fullmatch(unit) or not in_dictionary(unit)):
        return frozenset({kind})
    return next((kinds for pattern, kinds in _ASKED if pattern.search(question)), frozenset())


def kind_of(text: str, start: int, end: int) -> str:
    """What the number at [start, end) of a text measures; empty for counted things.

    The place of a lost number is as good as a number: white space after it is passed over.
    """
    if _FRACTION.search(text[start:end]) or text[end - 1 : end] in ("%", "％", "‰"):
        return "share"
    after = text[end : end + 12].lstrip()
    between = _BETWEEN.match(after)
    return _of(after[between.end() if between else 0 :][:6])


def clashes(kinds: frozenset[str], text: str, start: int, end: int) -> bool:
    """True when the number at [start, end) measures something else than what is asked for."""
    return bool(kinds) and kind_of(text, start, end) not in kinds


def part_of_a_name(text: str, start: int, end: int) -> bool:
    """True when the number at [start, end) belongs to a name: `5G`, `C919`, `GB-2312`.

    With a unit of measure it is none.
    """
    before, after = text[max(0, start - 2) : start], text[end : end + 8]
    if re.search(r"[A-Za-z]-?$", before):
        return True
    return bool(re.match(r"-?[A-Za-z]", after)) and not _LATIN_UNIT.match(after)


def carries(unit: str, kinds: frozenset[str], question: str, text: str, start: int, end: int) -> bool:
    """True when the number at [start, end) of a text stands with the measure word or noun that was asked for.

    With the word itself, with another measure of the same kind (`千米` for `公里`, `名` for `人`), or
    before a word of the question (`多少个国家`: `32国`). Any number does where no measure word is asked for,
    and where it is a noun, which decides nothing: `多少土地` may be answered in acres.
    """
    if not unit or not kinds or unit in text[start : end + len(unit) + 2]:
        return True
    kind = kind_of(text, start, end)
    if kind:
        return kind in kinds
    after = text[end : end + 12].lstrip("多余几来万亿千百 \n")
    noun = re.match(r"[\u4e00-\u9fff]", after)
    return noun is not None and (
        noun.group() in question or bool(_CLASSIFIER.match(after) and _CLASSIFIER.fullmatch(unit))
    )


def measured_in(text: str, kinds: frozenset[str], unit: str) -> bool:
    """False when a text measures nothing of the one kind asked for: no area, no share, nobody counted.

    True where several kinds may answer, or any.
    """
    wanted = frozenset({"people"}) if unit in _PERSONS else kinds
    shown = _MEASURES.get(next(iter(wanted))) if len(wanted) == 1 else None
    return shown is None or bool(shown.search(text))


@lru_cache(maxsize=4096)
def _of(after: str) -> str:
    return next((kind for kind, pattern in _KIND if pattern.match(after)), "")
