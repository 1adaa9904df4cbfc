"""A follow-up becomes a question that stands on its own, from the conversation alone, without a model.

Three cases: the follow-up swaps one thing for another of the same kind (`那浙江呢？`), points back
(`它`, `当时`), or leaves its topic unsaid. What stands on its own is left as it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from rag.answer import Turn
from rag.facts import Fact, dates, numbers, quoted
from rag.letters import letters, plain
from rag.question import QUESTION_WORD, Expect, understand
from rag.words import tagged

BACK = 3  # turns of the conversation that are looked at
SHORT = 5  # letters of a question that asks for a mere property
_LEAD = r"^(?:那么|那|换成|如果是|要是|至于|再问一下|再问|还有|另外|又|对了)?[，,\s]*"
_SWAP = re.compile(
    _LEAD + r"(?P<what>[^，。？?、]{1,16}?)(?:方面|这边|那边|那里|来|的话)?(?:的)?"
    r"(?:呢|又?怎样|又?怎么样|又?是谁|又?是哪位|又是什么|又?是多少|又?如何|怎么说)"
    r"[？?。]*$"
)
_THAT_ONE = re.compile(
    _LEAD + r"(?P<what>[^，。？?、]{2,12}?)的?那一?[张个份位家项次篇座条所幅](?:$|[？?]|[又也呢是][^，]*$)"
)
_PERSON = re.compile(r"他们|她们|他|她|此人|该人|这个人|那个人|这位|那位")
_THING = re.compile(
    r"它们|它|其中|其(?!他|它|实|次|余)|该|此(?!外|次|前|后)|这(?!样|么|里)[个家项份座条篇所]?|"
    r"后者|前者|那个"
)
_THEN = re.compile(r"当时|那时|此时|那次|这次|会上|同时|那天|当天|那年|当年|这里|那里|那儿|这儿")
_ADDRESSED = re.compile(r"[你您]")  # speaks to the program, not of the topic
_MARKED = re.compile(r"^(?:那|换成|如果是|要是|至于|再问|还有|对了)|呢|又")  # `今天天气怎么样` swaps nothing
_COMMON = ("n", "v", "vn", "t")
_OPENING = re.compile(r"^(?:那么|那|然后|接着|还有|另外|再|又|而|并且|以及|后来|接下来|下一|后一|前一)")
_PROVINCES = tuple(
    re.findall(
        r"黑龙江|内蒙古|..",
        "北京天津上海重庆河北山西辽宁吉林黑龙江江苏浙江安徽福建江西山东河南湖北湖南广东海南四川贵州云南陕西甘肃青海台湾"
        "内蒙古广西西藏宁夏新疆香港澳门",
    )
)
_GENERIC = frozenset(
    ("问题", "情况", "时候", "地方", "内容", "方面", "人员", "单位", "意思", "原因", "结果", "名字", "什么")
)
_AMOUNTS = frozenset(  # how much or which time, never of what
    (
        "一共",
        "总共",
        "共计",
        "合计",
        "累计",
        "头一回",
        "头一次",
        "第一次",
        "首次",
        "最多",
        "最少",
        "最后",
        "目前",
        "现在",
        "后来",
        "具体",
    )
)
_ACTOR = re.compile(
    r"(?:公司|集团|集体|政府|单位|部门|企业|银行|业主|法院|学校|医院|[局委厂队方者员户师社长])$"
)
_EXTENT = re.compile("[长宽高深厚远重大]度?")
_EXTENT_ASKED = re.compile("多[长宽高深厚远重大]")
_POINTED = re.compile(r"那一?[张个份位家项次篇座条所幅]$")
_ASKED = re.compile(
    r"(?:是)?(?:在)?(?:什么(?:时候|时间|地方)|何[时地处]|哪一?[年天月日里儿个]?(?:地方|城市)?|几[月号点])(?:的)?"
)
_BRIEF = 15  # letters of an answer that may be what the next question is about
_SUFFIX = re.compile(r"[省市区县州镇]$")
_NEXT = re.compile(r"下个月|次月|下月|第二年|下一年|次年|转年|明年|前一年|上一年|同年|同月|第二天|次日")
_YEARS = {"第二年": 1, "下一年": 1, "次年": 1, "转年": 1, "明年": 1, "前一年": -1, "上一年": -1}


def stands_alone(question: str) -> bool:
    """True when nothing in the question points back and it names what it is about."""
    if points_back(question):
        return False
    text = plain(question)
    runs = [*([marked] for marked in quoted(text)), *_runs(text)]
    return len(runs) >= 2 or any(len(run) > 2 or (len(run) > 1 and _named_in(run)) for run in runs)


Related = Callable[[str, str], bool]


def rewrite(question: str, history: Sequence[Turn], related: Related | None = None) -> str:
    """The question as it would be asked without the conversation; itself when it stands alone.

    Looks back over the last turns: a swap takes over the previous question, itself rewritten
    before; anything else gets the topic of the previous question, and what it points to.
    `related(question, topic)` is asked whether a question that names something and points to
    nothing is about the topic at all.
    """
    if not history or stands_alone(question):
        return question
    earlier = history[max(0, len(history) - BACK) : -1]
    before = plain(rewrite(history[-1].question, earlier))
    text = plain(question)
    for pattern in (_SWAP, _THAT_ONE):
        match = pattern.match(text)
        whole = pattern is _THAT_ONE
        if match and (swapped := _swapped(match.group("what"), before, text, whole=whole)):
            return swapped
    if _ADDRESSED.search(text):
        return question
    loose = not points_back(text) and not _attribute(text)
    if related is not None and loose and not related(text, subject(before)):
        return question
    # Of a question of signs alone nothing is left.
    return _carried(text, before, plain(history[-1].answer), earlier) or question


def points_back(question: str) -> bool:
    """True when something in the wording only makes sense after another question: `它`, `当时`, `那…呢`."""
    text = plain(question)
    swaps = _SWAP.match(text) and _MARKED.search(text)
    if swaps or _THAT_ONE.match(text) or _OPENING.match(text) or _NEXT.search(text):
        return True
    return any(pattern.search(text) for pattern in (_PERSON, _THING, _THEN))


def _attribute(text: str) -> bool:
    """True for a property without the thing that has it: `总投资多少`, `负责人是谁`."""
    bare = understand(text).focus.replace(" ", "")
    plain_words = all(tag in ("n", "vn", "b", "a", "q", "an") for _, tag in tagged(bare))
    return len(bare) <= SHORT and plain_words and not dates(bare)


def _swapped(what: str, before: str, text: str, *, whole: bool) -> str:
    """The previous question with the thing of the same kind replaced by `what`; empty when there is none.

    `whole` replaces all of the compound that it is a part of.
    """
    what = re.sub(r"^(?:在|对|关于|是)|的$", "", what.strip())
    if _EXTENT.fullmatch(what):
        return _EXTENT_ASKED.sub(f"多{what}", before) if _EXTENT_ASKED.search(before) else ""
    if pointed := _POINTED.search(what):
        what = what[: pointed.start()]
        if (at := before.find(pointed.group())) > 0:
            return f"{what}{before[at:]}"
    old = _counterpart(what, before)
    if not old and text.rstrip("？?。").endswith("呢") and _ACTOR.search(what):
        old = _agent(what, before)
    if old and whole:
        old = _compound(old, before)
    if not old or old == what:
        return ""
    if _SUFFIX.search(old) and not _SUFFIX.search(what) and len(old) > 2:
        old = old[:-1] if before[before.find(old) + len(old) :][:1] in ("委", "长", "政") else old
    swapped = before.replace(old, what)
    asks = understand(text).expect
    if asks is not Expect.NOTHING and asks is not understand(before).expect:
        return f"{swapped.rstrip('？?。')}，{text}"
    return swapped


def _counterpart(what: str, before: str) -> str:
    """What in the previous question is of the kind of `what`: date, place, person, or a like word."""
    if dates(what) and (found := dates(before)):
        return found[-1].text
    if _bare(what) in _PROVINCES and (same := [name for name in _PROVINCES if name in before]):
        return _nearest(before, same)
    kind = next((_kind(tag) for _, tag in reversed(tagged(what)) if _kind(tag)), "")
    same = [word for word, tag in tagged(before) if kind and _kind(tag) == kind]
    if same:
        return _nearest(before, same)
    ending = [word for word, _ in tagged(before) if len(word) > 1 and word[-1] == what[-1] and word != what]
    if ending:
        return ending[-1]
    if tagged(what)[-1][1] in _COMMON or dates(what):
        return ""  # a thing does not stand for a name
    names = [word for word, tag in tagged(before) if _kind(tag)]
    return _nearest(before, names) if names and len(what) <= 4 else ""


def _agent(what: str, before: str) -> str:
    """Who or what does it in the previous question, where `what` is a thing: the noun before its last verb.

    With what describes it: `投喂的业主担几成责任` and `物业公司呢` ask of one and of another.
    """
    asking = QUESTION_WORD.search(before)
    if asking is None or not tagged(what)[-1][1].startswith("n") or len(what) < 2:
        return ""
    words = list(tagged(before[: asking.start()]))
    if len(words) < 2 or not words[-1][1].startswith("v") or not words[-2][1].startswith("n"):
        return ""
    if words[-1][0] in ("是", "叫", "有", "为") and understand(before).expect is not Expect.PERSON:
        return ""
    first = len(words) - 2
    while first and words[first - 1][1].startswith(("n", "uj", "v", "a", "b")):
        first -= 1
    described = "".join(word for word, _ in words[first:-1])
    return described if "的" in described else words[-2][0]


def _compound(part: str, before: str) -> str:
    """The run of nouns that `part` stands in."""
    run, found = "", part
    for word, tag in (*tagged(before), ("。", "x")):
        if tag.startswith(("n", "a", "b", "j", "vn")) and tag != "ad":
            run += word
            continue
        found = run if part in run else found
        run = ""
    return found


def _bare(word: str) -> str:
    return word[:-1] if len(word) > 2 and word[-1] in "省市" else word


def _nearest(before: str, found: Sequence[str]) -> str:
    """Of several the last before the question word: `甲会上乙是谁` asks about 乙."""
    asking = QUESTION_WORD.search(before)
    limit = asking.start() if asking else len(before)
    inside = [word for word in found if before.find(word) < limit]
    return max(inside or found, key=before.find)


def _kind(tag: str) -> str:
    if tag in ("ns", "nsf", "s"):
        return "place"
    if tag.startswith("nr"):
        return "person"
    return "organisation" if tag == "nt" else ""


def _carried(question: str, before: str, answer: str, earlier: Sequence[Turn]) -> str:
    """The follow-up with what it leaves unsaid: the topic of the previous question, and what it points to."""
    topic = _shifted(subject(before), question)
    text = question
    if topic != subject(before):  # the step in time stands in the topic now
        text = re.sub(r"^(?:那么|那)", "", _NEXT.sub("", text, count=1))
        if letters(text).text in ("", "呢"):
            return _shifted(before, question)
    then = bool(_THEN.search(text))
    bare = not topics(text) and not _PERSON.search(text) and not _THING.search(text)
    parts = [_told(before, answer if then else "", topic) if then or bare else topic]
    if then and earlier:
        parts.insert(0, subject(plain(earlier[-1].question)))
    if _PERSON.search(text):
        parts.append("、".join(_named(answer, ("nr",))[:1]))
    elif _THING.search(text):
        parts.append("、".join([*quoted(answer), *_named(answer, ("nt", "nz", "ns"))][:1]))
    else:
        parts.append(_answered(before, answer, text))
    said = letters(text).text
    kept = [part for part in dict.fromkeys(parts) if part and letters(part).text not in said]
    return "，".join([*kept, text])


def subject(question: str) -> str:
    """What a question is about: its words before the first verb or question word, and the clauses before."""
    asking = QUESTION_WORD.search(question)
    head = question[: asking.start()] if asking and asking.start() > 1 else question
    told, _, clause = head.rpartition("，")
    kept = ""
    for word, tag in tagged(clause):
        if tag in ("v", "p", "d") and len(letters(kept).text) >= 4:
            break
        kept += word
    kept = re.sub(r"(?:[的是在有被由把对到了和与要]|分别|一共|总共|共|最后){1,9}$", "", kept.strip())
    whole = f"{told}，{kept}" if told and kept else told or kept
    return whole if len(letters(whole).text) > 1 else understand(question).focus.replace(" ", "")


def _told(before: str, answer: str, topic: str) -> str:
    """The previous question without its question word, or with its brief answer in that place."""
    asking = QUESTION_WORD.search(before)
    brief = _brief(answer)
    if asking and brief and understand(before).expect in (Expect.DATE, Expect.PLACE):
        word = _ASKED.search(before)
        if word:
            return f"{before[: word.start()]}{brief}{before[word.end() :]}".rstrip("？?。的")
    whole = understand(before).focus.replace(" ", "")
    return whole if letters(topic).text in letters(whole).text else topic


def _answered(before: str, answer: str, text: str) -> str:
    """What the previous answer named, where the next question may be about it: a person, or a brief thing."""
    wanted = understand(before).expect
    if wanted is Expect.PERSON and understand(text).expect is not Expect.PERSON:
        return "、".join(_named(answer, ("nr",))[:1])
    brief = _brief(answer)
    return brief if wanted is Expect.NOTHING and not numbers(brief) else ""


def _brief(answer: str) -> str:
    """An answer's first line where it is but a name or a phrase."""
    first = answer.strip().partition("\n")[0].strip("。！？ ")
    return first if 1 < len(letters(first).text) <= _BRIEF and not re.search("[，。；]", first) else ""


def _shifted(topic: str, text: str) -> str:
    """The topic at the time the follow-up means: a month or a year on from the one that was asked about."""
    match = _NEXT.search(text)
    said = [fact for fact in dates(topic) if fact.value[:1].isdigit() and fact.value[:4] != "0000"]
    if match is None or not said:
        return topic
    return topic.replace(said[0].text, _moved(said[0], match.group()))


def _moved(fact: Fact, step: str) -> str:
    year, month, _ = (int(part) for part in fact.value.split("-"))
    if step in _YEARS:
        return f"{year + _YEARS[step]}年" + ("度" if fact.text.endswith("度") else "")
    if step in ("下个月", "次月", "下月") and month:
        return f"{year + month // 12}年{month % 12 + 1}月"
    return fact.text


def _named(answer: str, kinds: tuple[str, ...]) -> list[str]:
    return [word for word, tag in tagged(answer[:120]) if tag.startswith(kinds) and len(word) > 1]


def topics(text: str) -> list[str]:
    """Names and nouns of a question: what it is about."""
    found = [word for run in _runs(text) for word in run]
    return list(dict.fromkeys([*quoted(text), *found]))


def _runs(text: str) -> list[list[str]]:
    """The same, words that stand beside each other together: they name one thing."""
    runs: list[list[str]] = [[]]
    for word, tag in tagged(understand(text).focus):
        topical = _kind(tag) or tag.startswith("n") or tag in ("t", "j", "vn", "eng", "l", "i", "x")
        known = word in _GENERIC or word in _AMOUNTS or QUESTION_WORD.search(word) or _relative(word)
        if topical and len(word) > 1 and not known:
            runs[-1].append(word)
        elif runs[-1]:
            runs.append([])
    return [run for run in runs if run]


def _relative(word: str) -> bool:
    """True for a time that is counted from another: `去年` says of what as little as `最后` does."""
    return any(fact.text == word and not fact.value[:1].isdigit() for fact in dates(word))


def _named_in(run: Sequence[str]) -> bool:
    """True when a run of words holds a name."""
    return any(_kind(tag) or tag in ("nz", "j", "t") for word in run for _, tag in tagged(word))
