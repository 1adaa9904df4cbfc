"""A question that asks several things, in questions that each ask one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from rag.facts import Fact, dates
from rag.letters import plain
from rag.question import Asked, Form, understand

MOST = 3
_ASKS = re.compile(
    r"谁|哪|什么|啥|多少|几(?!乎|何图|年来)|怎样|如何|为何|何时|何地|何处|多[大长高远久重快]|怎么(?!讲|说|看|样?来着)"
)
_EACH = re.compile(r"分别|各自|各(?=是|在|有|由|为|叫|占)")
_CONTRAST = re.compile(r"不同|区别|差别|差异|异同|相比|对比")
_CONTRASTED = re.compile(
    r"(?:相比|对比)?(?:有(?:何|什么|哪些|啥)|的)?(?:不同|区别|差别|差异|异同)(?:之处|的?地方|点)?"
    r"(?:是什么|在哪里?|是啥)?(?=[？?。]?$)"
)
_SPLIT = re.compile(r"[，,；;。？?！!]+")
_JOINED = re.compile(
    r"(?P<a>[^，。？?、和与跟及]{2,24}?)(?:和|与|跟|同|以及|及|、)(?P<b>[^，。？?、和与跟及]{2,24}?)"
    r"(?=都|各|分别|的|在|是|有|，|,|相比|之间|哪|谁|一共|总共|不同|区别|有何)"
)
_BARE_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?=[和与跟、两])")
_NO_SUBJECT = re.compile(
    r"又|还|再|它|他|她|其|并|后者|前者|那|这|该|分别|覆盖|要|有|到底|也|后来|调到|并且|以及"
)
_STRETCH = re.compile(r"\s{0,9}(?:到|至|—|-|~){1,4}\s{0,9}")  # between the ends of one time, not of two
_GONE = "\x00"


def subquestions(asked: Asked) -> tuple[Asked, ...]:
    """Two or three questions that together ask what `asked` does; none when it asks one thing.

    Either two clauses ask (`占地多少，何时成立？`), or two things are asked about
    together (`甲和乙分别是谁？`), or two times (`2021年和2022年……`).
    """
    text = _BARE_YEAR.sub(r"\1年", plain(asked.text))
    found = _clauses(text) or _dated_things(text) or _times(text) or _things(text)
    parts = [understand(_CONTRASTED.sub("是什么", part)) for part in found[:MOST]]
    kept = tuple(replace(part, form=Form.ANSWER, sides=None) for part in parts if part.focus)
    return kept if len(kept) > 1 else ()


def timeless(part: Asked) -> Asked:
    """A part of a question without its dates, which say where to look, not what is said there.

    Itself where nothing else would be left.
    """
    said = [fact for fact in dates(part.text) if fact.value[:1].isdigit()]
    left = re.sub(r"^[的在，、\s]+", "", _without(plain(part.text), said))
    bare = understand(left)
    return replace(bare, form=part.form, sides=None) if len(bare.focus) > 3 else part


def _clauses(text: str) -> list[str]:
    clauses = [clause.strip() for clause in _SPLIT.split(text) if clause.strip()]
    asking = [clause for clause in clauses if _ASKS.search(clause) and len(clause) > 3]
    if len(asking) < 2:
        return []
    told = [clause for clause in clauses if not _ASKS.search(clause)]
    subject = _subject(asking[0])
    parts = [[*told, asking[0]]]
    for clause in asking[1:]:
        other_time = _years(clause) or clause.startswith("后来")
        lead = [] if other_time and _years(subject) else [subject]
        parts.append([*told, *(lead if _wants_subject(clause) else []), clause])
    return ["，".join(piece for piece in part if piece) for part in parts]


def _subject(clause: str) -> str:
    """What the first question is about: all that stands before its question word."""
    match = _ASKS.search(clause)
    return clause[: match.start()].rstrip("是在有由被的") if match and match.start() > 1 else ""


def _wants_subject(clause: str) -> bool:
    return bool(_NO_SUBJECT.match(clause)) or not understand(clause).names


def _years(text: str) -> list[Fact]:
    return [fact for fact in dates(text) if fact.value[:1].isdigit() and fact.value[:4] != "0000"]


def _dated_things(text: str) -> list[str]:
    """Two things that each have their own year, joined by an `and`."""
    match = _JOINED.search(text)
    if match is None or not (_years(match.group("a")) and _years(match.group("b"))):
        return []
    named = [_without(match.group(name), _years(match.group(name))) for name in ("a", "b")]
    return _each(text, match) if min(map(len, named)) > 2 else []


def _times(text: str) -> list[str]:
    said = _years(text)
    years = list(dict.fromkeys(fact.value[:4] for fact in said))
    stretch = any(_STRETCH.fullmatch(text[one.end : two.start]) for one, two in pairwise(said))
    if len(years) != 2 or stretch:
        return []
    return [_without(text, [fact for fact in said if fact.value[:4] != year]) for year in years]


def _without(text: str, facts: Sequence[Fact]) -> str:
    for fact in sorted(facts, key=lambda fact: -fact.start):
        text = text[: fact.start] + _GONE + text[fact.end :]
    text = re.sub(rf"[和与跟、]{_GONE}|{_GONE}[和与跟、]|{_GONE}", "", text)
    return re.sub(r"分别|各自|两次|两个年度的?|先后|各(?=在)", "", text)


def _things(text: str) -> list[str]:
    match = _JOINED.search(text)
    if match is None or not (_EACH.search(text) or _CONTRAST.search(text)):
        return []
    return _each(text, match)


def _each(text: str, match: re.Match[str]) -> list[str]:
    after = re.sub(r"^都", "", _EACH.sub("", text[match.end() :], count=1))
    return [text[: match.start()] + match.group(name) + after for name in ("a", "b")]
