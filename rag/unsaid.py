"""Whether somebody whose words are asked for says anything in a passage, or is only named there."""

from __future__ import annotations

import re

from rag.question import Asked
from rag.words import SAYING, speakers, tagged

_TELLS = rf"(?:{SAYING}|谈及|要求|建议|希望|讲到|讲道|告诉)"
_TALKS = "(?:发言|致辞|讲话)"  # what was said follows, or nothing is known of it
_SPEAKS = rf"(?:{_TELLS}|{_TALKS})"
_SAID = re.compile(
    r"^(?P<who>[^，。？?在于就对]{2,16}?)(?:[在于就对][^，。？?]{1,30}?)?是?(?:"
    rf"(?:怎么|如何|怎样)(?:{_SPEAKS}|讲|谈|看)|"
    rf"(?:{_SPEAKS}|讲(?![解授座课堂])|谈|提|汇报|报告)[了过的]?是?[^，。？?]{{0,10}}?(?:什么|啥|哪|几|怎)|"
    r"(?:发言|讲话|致辞|报告)的?(?:主要|核心)?(?:内容|要点|观点))"
)
_NOT_IN_NAMES = frozenset("自总某厅局部委院团队会校记师法庭员关")


def silent(asked: Asked, speaker: str, whole: str) -> str:
    """The person whose words are asked for, where a passage gives none of them; else empty.

    `speaker` is who speaks in the passage from before.
    """
    match = None if asked.speaker else _SAID.search(asked.text)
    name = _person(match["who"], whole) if match else ""
    if not name:
        return ""
    # One of a list of those present has not spoken: `甲、乙出席，丙指出`.
    until = r"(?:[^，。；！？“”\n]{0,16}?|(?!\s?[、和与及等])[^。；！？“”\n]{0,60}?)"
    told = rf"{_TELLS}(?![。；、\n]|了?[\u4e00-\u9fff]{{0,2}}(?:意见|建议|要求)[。；、建要])"
    spoken = rf"{re.escape(name)}{until}(?:{told}|{_TALKS}[^。；\s]{{0,8}}?{told})"
    phrases = " ".join(phrase for _, _, phrase in speakers(whole)) + speaker
    return "" if name in phrases or re.search(spoken, whole) else name


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
