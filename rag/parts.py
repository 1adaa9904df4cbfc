"""A question that asks several things, in questions that each ask one."""

from __future__ import annotations

import re
from dataclasses import replace

from rag.facts import dates
from rag.letters import plain
from rag.question import Asked, Form, understand

MOST = 3
_ASKS = re.compile(
    r"谁|哪|什么|啥|多少|几(?!乎|何图)|怎么|怎样|如何|为何|何时|何地|何处|吗|呢|多[大长高远久重快]|是否|有没有|能不能"
)
_EACH = re.compile(r"分别|各自|各(?=是|在|有|由|为|叫|占)")
_SPLIT = re.compile(r"[，,；;。？?！!]+")
_JOINED = re.compile(
    r"(?P<a>[^，。？?、和与跟及]{2,24}?)(?:和|与|跟|同|以及|及|、)(?P<b>[^，。？?、和与跟及]{2,24}?)"
    r"(?=都|各|分别|的|在|是|有|，|,|相比|之间|哪|谁|一共|总共|不同|区别|有何)"
)


def subquestions(asked: Asked) -> tuple[Asked, ...]:
    """Two or three questions that together ask what `asked` does; none when it asks one thing.

    Either two clauses ask (`占地多少，何时成立？`), or two things are asked about
    together (`甲和乙分别是谁？`), or at two times (`2021年和2022年……`).
    """
    text = plain(asked.text)
    found = _clauses(text) or _times(text) or _things(text, asked)
    parts = [understand(part) for part in found[:MOST]]
    kept = tuple(replace(part, form=Form.ANSWER, sides=None) for part in parts if part.focus)
    return kept if len(kept) > 1 else ()


def _clauses(text: str) -> list[str]:
    clauses = [clause.strip() for clause in _SPLIT.split(text) if clause.strip()]
    asking = [clause for clause in clauses if _ASKS.search(clause)]
    asking = [clause for clause in asking if len(clause) > 3]
    if len(asking) < 2:
        return []
    told = "，".join(clause for clause in clauses if clause not in asking)
    subject = _subject(asking[0])
    parts = [asking[0]] + [
        clause if _has_subject(clause) else f"{subject}，{clause}" for clause in asking[1:]
    ]
    return [f"{told}，{part}" if told else part for part in parts]


def _subject(clause: str) -> str:
    """What the first question is about: all that stands before its question word."""
    match = _ASKS.search(clause)
    return clause[: match.start()].rstrip("是在有由被的") if match and match.start() > 1 else ""


def _has_subject(clause: str) -> bool:
    return (
        not re.match(r"(?:又|还|再|它|他|她|其|并|后者|前者|那|这|该|分别|覆盖|要|有|到底|也)", clause)
        and len(understand(clause).names) > 0
    )


def _times(text: str) -> list[str]:
    said = [fact for fact in dates(text) if fact.value[:4].isdigit() and fact.value[:4] != "0000"]
    if len({fact.value[:4] for fact in said}) != 2:
        return []
    return [
        _without(text, [other for other in said if other.value[:4] != year])
        for year in dict.fromkeys(fact.value[:4] for fact in said)
    ]


def _without(text: str, facts: list) -> str:  # type: ignore[type-arg]
    for fact in sorted(facts, key=lambda fact: -fact.start):
        text = text[: fact.start] + text[fact.end :]
    return re.sub(r"(?<=[，。])[和与跟]|^[和与跟]|[和与跟](?=的|两)|分别|各自|两次|先后", "", text)


def _things(text: str, asked: Asked) -> list[str]:
    if not (_EACH.search(text) or asked.form is Form.COMPARE):
        return []
    match = _JOINED.search(text)
    if match is None:
        return []
    before, after = text[: match.start()], _EACH.sub("", text[match.end() :], count=1)
    after = re.sub(r"^都", "", after)
    return [before + match.group(name) + after for name in ("a", "b")]
