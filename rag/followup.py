"""A follow-up becomes a question that stands on its own, from the conversation alone, without a model.

Three cases: the follow-up swaps one thing for another of the same kind (`那浙江呢？`), points back
(`它`, `这个会`), or leaves its topic unsaid. What stands on its own is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.answer import Turn
from rag.facts import dates, quoted
from rag.letters import letters, plain
from rag.question import Expect, understand
from rag.words import tagged

_SWAP = re.compile(
    r"^(?:那么|那|换成|如果是|要是|至于|再问一下|再问|还有|另外|又)?[，,\s]*(?P<what>[^，。？?]{1,16}?)(?:方面|这边|那边|那里|的话)?"
    r"(?:呢|又怎样|又怎么样|怎么样|又是谁|又是什么|又是多少|又如何|如何|怎么说|的又是谁|的又是哪位|的是谁)[？?。]*$"
)
_POINTS = re.compile(
    r"它们|他们|她们|他|她|它|这里|那里|这儿|那儿|当时|那时|此时|后者|前者|其中|其|"
    r"[这那该此](?:一)?(?:个|次|项|家|位|条|座|份|篇|件|场|届|些|种|年|天)?(?:会议|会|人|地方|公司|项目|平台|联盟|文件|报告|论坛|活动|事|话|里)?"
)
_OPENING = re.compile(r"^(?:那么|那|然后|接着|还有|另外|再|又|而|并且|以及|后来|接下来|下一)")
_NAMES = ("nr", "ns", "nt", "nz", "nrt", "nrfg", "j", "vn")
_GENERIC = frozenset(
    [
        "问题",
        "情况",
        "时候",
        "地方",
        "内容",
        "方面",
        "人员",
        "单位",
        "意思",
        "原因",
        "结果",
        "名字",
        "叫什么",
        "什么",
    ]
)


def stands_alone(question: str) -> bool:
    """True when nothing in the question points back and it names what it is about."""
    text = plain(question)
    if _SWAP.match(text) or _OPENING.match(text):
        return False
    return (
        not _POINTS.search(re.sub(r"这是|那是|其他|其它|其中的|其实|极其|他人", "", text))
        and len(_topics(text)) >= 2
    )


def rewrite(question: str, history: Sequence[Turn]) -> str:
    """The question as it would be asked without the conversation; itself when it stands alone.

    Looks back over the last three turns: a swap takes over the previous question, itself rewritten
    before; anything else gets the topics of the previous question that it does not name itself.
    """
    if not history:
        return question
    previous = history[-1]
    before = rewrite(previous.question, history[-4:-1])
    if stands_alone(question):
        return question
    text = plain(question)
    if swap := _SWAP.match(text):
        swapped = _swapped(swap.group("what"), plain(before), text)
        if swapped:
            return swapped
    return _carried(text, plain(before), plain(previous.answer))


def _swapped(what: str, before: str, text: str) -> str:
    """The previous question with the thing of the same kind replaced by `what`."""
    what = re.sub(r"^(?:那|在|对|关于|是)|的$", "", what.strip())
    old = _counterpart(what, before)
    if not old:
        return ""
    swapped = before.replace(old, what)
    asks = understand(text).expect
    if asks is not Expect.NOTHING and asks is not understand(before).expect:
        return f"{swapped.rstrip('？?。')}，{text}"
    return swapped


def _counterpart(what: str, before: str) -> str:
    """What in the previous question is of the kind of `what`: date, place, person, or a like word."""
    if dates(what) and (found := dates(before)):
        return found[-1].text
    kind = _kind(what)
    same = [word for word, tag in tagged(before) if kind and _kind_of(tag) == kind and word != what]
    if same:
        return same[-1] if kind != "place" else _last_place(before, same)
    ending = [word for word, _ in tagged(before) if len(word) > 1 and word[-1] == what[-1] and word != what]
    if ending:
        return ending[-1]
    return ""


def _last_place(before: str, places: list[str]) -> str:
    """Of several places the one an office or a person belongs to, else the last."""
    for place in places:
        if re.search(
            re.escape(place)
            + r"[省市区县]?[^，。？]{0,4}(?:书记|省长|市长|区长|县长|主任|局长|代表|领导|是谁|的)",
            before,
        ):
            return place
    return places[-1]


def _kind(what: str) -> str:
    kinds = [_kind_of(tag) for word, tag in tagged(what) if word]
    return next((kind for kind in reversed(kinds) if kind), "")


def _kind_of(tag: str) -> str:
    if tag in ("ns", "nsf", "s"):
        return "place"
    if tag.startswith("nr"):
        return "person"
    return "organisation" if tag == "nt" else ""


def _carried(text: str, before: str, answer: str) -> str:
    """The follow-up with what it leaves unsaid: topics of the previous question and names of the answer."""
    topics = [topic for topic in _topics(before) if letters(topic).text not in letters(text).text]
    named = [name for name in _answered(answer) if name not in text and name not in before][:2]
    carried = "".join(dict.fromkeys(topics))
    if not carried and not named:
        return text
    hint = "，".join(
        part for part in (before_topic(before), "、".join(named) if _POINTS.search(text) else "") if part
    )
    return f"{hint}，{text}" if hint else text


def before_topic(before: str) -> str:
    """The previous question without its question words, as a heading for the follow-up."""
    return understand(before).focus.replace(" ", "")


def _answered(answer: str) -> list[str]:
    return [word for word, tag in tagged(answer[:120]) if tag in ("nr", "nt", "nz") and len(word) > 1]


def _topics(text: str) -> list[str]:
    """Names and nouns of a question: what it is about."""
    found = [
        word
        for word, tag in tagged(understand(text).focus)
        if (tag in _NAMES or tag.startswith("n") or tag in ("t", "eng", "l", "i", "x"))
        if len(word) > 1 and word not in _GENERIC
    ]
    return list(dict.fromkeys([*quoted(text), *found]))
