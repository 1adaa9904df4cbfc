"""What a number measures: lengths are not people, and what is asked in years is not answered in acres."""

from __future__ import annotations

import re
from functools import lru_cache

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
_BETWEEN = re.compile(r"[多余几来]*(?:左右)?[万亿千百]*[多余]?")
_ASKED = (
    (re.compile(r"多少钱|几块钱|价格|票价|造价"), frozenset({"money"})),
    (re.compile(r"[费款价]用?(?:是|为|达|有|要|花了?|共)?多少"), frozenset({"money"})),
    (
        re.compile(r"(?:增长|增幅|涨幅|降幅|增速)(?:是|为|达|了)?多少|占(?:了|到)?(?:多少|几成)"),
        frozenset({"share"}),
    ),
    (re.compile(r"多大面积|面积(?:是|有|为|达)?多[少大]|占地多[少大]"), frozenset({"area"})),
    (re.compile(r"百分之几|几分之几|几成|占比|比重|百分比|多大比例|比例是"), frozenset({"share"})),
    (re.compile(r"多长时间|多久"), frozenset({"time"})),
    (re.compile(r"多长|多远"), frozenset({"length", "time"})),
    (re.compile(r"多高|多宽|多深|多厚"), frozenset({"length"})),
    (re.compile(r"多重"), frozenset({"weight"})),
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
    if kind := _of(unit):
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


@lru_cache(maxsize=4096)
def _of(after: str) -> str:
    return next((kind for kind, pattern in _KIND if pattern.match(after)), "")
