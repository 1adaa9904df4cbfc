"""Numbers, dates and marked terms in a text, with places and comparable values."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache


@dataclass(frozen=True, slots=True)
class Fact:
    """`text[start:end]` and what it amounts to; two facts with the same value say the same."""

    start: int
    end: int
    text: str
    value: str


_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_UNITS = {"十": 10, "百": 100, "千": 1_000}
_LARGE = {"万": 10_000, "亿": 100_000_000}
_CHINESE = "零〇一二两三四五六七八九十百千万亿"
_NUMBER = re.compile(
    rf"(?P<arabic>\d+(?:[,，]\d{{3}})*(?:[.．]\d+)?)(?P<large>[万亿千百]*)(?P<percent>[%％‰])?|(?P<part>百分之[{_CHINESE}\d.]+)|"
    rf"(?P<share>[{_CHINESE}\d]{{1,24}}分之[{_CHINESE}\d]+)|(?P<chinese>[{_CHINESE}]+(?:点[零〇一二三四五六七八九]+)?)"
)
_MEASURED = re.compile(
    r"[个家名位项次条亩岁种座所倍年天月日元吨米款件批届场期层栋套辆台艘架部篇份户口对双组支只头棵株站门类成级度号人周字页句步省市县区镇"
    r"村港余多几来半]|平方|公里|千米|公顷|分钟|小时"
)
_DATE = re.compile(
    r"(?:(?P<year>\d{4}|[零〇一二三四五六七八九]{4})\s?年(?:度)?)?"
    r"(?:(?P<month>\d{1,2}|十[一二]?|[一二三四五六七八九])\s?月(?:份)?)?"
    r"(?:(?P<day>\d{1,2}|[一二三]?十[一二三四五六七八九]?|[一二三四五六七八九])\s?[日号])?"
)
_RELATIVE = re.compile(
    r"(?:今年|去年|前年|明年|后年|本月|上月|近日|日前|昨天|昨日|今天|今日|明天|前天|上半年|下半年|年初|年底|年中|年末|"
    r"[前上第][一二三四]?季度|周[一二三四五六日]|星期[一二三四五六日天]|上午|下午|晚上|凌晨|早上|中午)"
)
_QUOTED = re.compile(r"[“‘《「『〈﹃﹁\"]([^“”‘’《》「」『』〈〉﹃﹄﹁﹂\"]{1,40})[”’》」』〉﹄﹂\"]")


@lru_cache(maxsize=8192)
def numbers(text: str) -> tuple[Fact, ...]:
    """Numbers in a text, by place; a lone Chinese numeral counts only before a measure word.

    The value is the plain number (`1.67万` is `16700`), with `%` for shares of a hundred.
    """
    found = []
    for match in _NUMBER.finditer(text):
        if match.group("chinese") and not _counts(text, match):
            continue
        value = _value(match)
        if value:
            found.append(Fact(match.start(), match.end(), match.group(), value))
    return tuple(found)


@lru_cache(maxsize=8192)
def dates(text: str) -> tuple[Fact, ...]:
    """Dates in a text, by place; the value is `YYYY-MM-DD` with `0` for what is not said.

    Relative expressions (`去年`, `上午`) keep their words as value.
    """
    found = []
    for match in _DATE.finditer(text):
        if not match.group():
            continue
        year, month, day = (_small(match.group(name)) for name in ("year", "month", "day"))
        found.append(Fact(match.start(), match.end(), match.group(), f"{year:04d}-{month:02d}-{day:02d}"))
    found += [
        Fact(match.start(), match.end(), match.group(), match.group()) for match in _RELATIVE.finditer(text)
    ]
    return tuple(sorted(found, key=lambda fact: fact.start))


def quoted(text: str) -> tuple[str, ...]:
    """Terms that stand between quotation marks or title marks."""
    return tuple(match.group(1) for match in _QUOTED.finditer(text))


def same_date(asked: str, found: str) -> bool:
    """True when what both values say about year, month and day agrees, and they share one of them."""
    if asked[:1].isdigit() != found[:1].isdigit():
        return False
    pairs = list(zip(asked.split("-"), found.split("-"), strict=False))
    both = (
        [(left, right) for left, right in pairs if int(left or 0) and int(right or 0)]
        if asked[:1].isdigit()
        else []
    )
    return asked == found or (bool(both) and all(left == right for left, right in both))


def _counts(text: str, match: re.Match[str]) -> bool:
    word = match.group()
    if len(word) > 1 and any(character in _UNITS or character in _LARGE for character in word[1:]):
        return True
    return _MEASURED.match(text, match.end()) is not None


def _value(match: re.Match[str]) -> str:
    if match.group("arabic"):
        number = float(re.sub(r"[,，]", "", match.group("arabic")).replace("．", "."))
        for character in match.group("large"):
            number *= (_LARGE | _UNITS)[character]
        return _plain(number) + ("%" if match.group("percent") else "")
    if match.group("part"):
        return _plain(chinese_number(match.group("part")[3:])) + "%"
    if match.group("share"):
        below, above = match.group("share").split("分之")
        return f"{_plain(chinese_number(above))}/{_plain(chinese_number(below))}"
    return _plain(chinese_number(match.group("chinese")))


def chinese_number(text: str) -> float:
    """Value of a Chinese or Arabic numeral such as `四千余`, `一百三十六`, `二〇二三`, `3.5`."""
    if re.fullmatch(r"\d+(?:\.\d+)?", text):
        return float(text)
    whole, _, fraction = text.partition("点")
    if whole and all(character in _DIGITS for character in whole):
        number = float("".join(str(_DIGITS[character]) for character in whole))
    else:
        number = _by_units(whole)
    if fraction:
        number += float(
            "0." + "".join(str(_DIGITS[character]) for character in fraction if character in _DIGITS)
        )
    return number


def _by_units(text: str) -> float:
    total, section, digit = 0.0, 0.0, 0.0
    for character in text:
        if character.isdigit() and character.isascii():
            digit = digit * 10 + int(character)
        elif character in _DIGITS:
            digit = _DIGITS[character]
        elif character in _UNITS:
            section += (digit or 1) * _UNITS[character]
            digit = 0
        elif character in _LARGE:
            total = (total + section + digit) * _LARGE[character]
            section = digit = 0
    return total + section + digit


def _plain(number: float) -> str:
    return f"{number:.6f}".rstrip("0").rstrip(".")


def _small(text: str | None) -> int:
    return int(chinese_number(text)) if text else 0
