"""Who is speaking: an attribution stays in force until another one, or until the narrative resumes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.bylines import SURNAMES, is_names
from index.located import Located
from index.sentences import sentences

_SAYS = (
    r"(?:指出|强调|表示|认为|介绍说|介绍|坦言|要求|透露|谈到|回忆说|回忆|写道|建议|呼吁|告诉记者|对记者说|告诉笔者|感慨|直言"
    r"|解释说|解释|补充说|总结说|笑着说|说道|说)"
)
_MANNER = (
    r"(?:(?:还|也|则|又|均|都|再次|最后|随后|同时|进一步|明确|一致|纷纷|特别|着重|反复|多次|深刻|曾|日前|近日|昨天|今天|当天"
    r"|在[^，。：；“”在]{1,24}?(?:中|上|时|后)|对此|如此|这样|笑着|高兴地|激动地|自豪地"
    r"|向(?:记者|大家|媒体|笔者|与会者)[^，。：；“”]{0,4}?)){0,4}"
)
_WHO = r"(?P<who>[\u3400-\u9fffA-Za-z·（）()、]{1,40}?)"
_BEFORE = re.compile(rf"[“\"]?(?:[^，。：；“”]{{0,20}}[，,])?{_WHO}{_MANNER}{_SAYS}[，,：:“]")
_AFTER = re.compile(rf"[”\"』」][，,]?{_WHO}{_MANNER}{_SAYS}(?P<stop>[，,：:。！]|\Z)")
_ANY = re.compile(_SAYS)
_PRONOUN = re.compile(r"(?:他|她|他们|她们|该负责人|这位负责人|其)\Z")
_ROLE = (
    r"书记|主任|局长|董事长|院长|教授|经理|负责人|所长|部长|市长|省长|县长|镇长|村长|区长|主席|总裁|馆长|厅长|司长|校长|院士"
    r"|研究员|医生|律师|老师|法官|检察官|警官|站长|队长|队员|教练|工程师|村民|居民|市民|专家|学者"
    r"|代表|委员|发言人|人士|同志|先生|女士|总理"
)
_BODY = (
    r"会议|通知|意见|文件|报告|公告|海关|公司|集团|[部局委办院厅社]|政府|协会|法院|检察院"
    r"|联盟|银行|机构|者|人"
)
_PLAUSIBLE = re.compile(
    rf"(?:.*(?:{_ROLE})[\u3400-\u9fff·]{{0,6}}|.*(?:{_BODY})|.*[{SURNAMES}][\u3400-\u9fff]{{1,2}}|[^、]{{2,4}})\Z"
)
_NOT_WHO = re.compile(
    r"(?:[这那不据来如所没]|也就是|就是|可以|应该|有人|常言|俗话|换句话|或者|比如|例如|总的来|正如|没有|大家常|严格"
    r"|[之的了对从在为把将以使让].*|.*[的了和地是得]|.*(?:提出|新|战略))\Z"
)
_NARRATES = re.compile(
    r"(?:据了解|据悉|据介绍|记者(?:了解到|获悉|看到|在)|会后|会前|会上，|座谈会上|当天|当日|近日|日前|目前，|截至|\d{1,2}月|\d{4}年|此前|随后|出席|参加)"
)
_GOES_ON = re.compile(
    r"[“\"]|要|必须|应|同时|此外|另外|第[一二三四五六七八九十]|[一二三四五六七八九十]是|首先|其次|再次|最后|一方面|我们|我"
)
_NAMED = re.compile(r"(?:^|[，。、；：“”])(?P<name>[\u3400-\u9fff]{2,4}?)(?:在|发表|主持|出席|来到|同|向|作)")
_LEADS = re.compile(
    r"^(?:而|但|对于|针对|听取[^，]*后，|目前|如今|据|正如|和|与|同时|接下来|下一步|今年|去年)"
)
_QUIET = 2  # paragraphs without an attribution after which nobody speaks any more


@dataclass(slots=True)
class _State:
    speaker: str = ""
    last: str = ""  # the last one who was named
    quiet: int = 0
    quoted: bool = False  # a quotation is open


def speakers(paragraphs: Sequence[Located]) -> dict[int, str]:
    """Who is speaking in each sentence, by the place in the file where it begins.

    Sentences of the narrative are left out. A quotation followed by its speaker (`“……。”某某说`) is his from
    its first sentence on; a pronoun is the last one named.
    """
    state = _State()
    found: dict[int, str] = {}
    for paragraph in paragraphs:
        text = paragraph.text
        if not state.speaker and not _ANY.search(text):
            name = _subject(text)
            state.last = name or state.last
            continue
        if state.speaker and not _GOES_ON.match(text.strip()):
            state.speaker = ""
        _paragraph(paragraph, state, found)
    return found


def _paragraph(paragraph: Located, state: _State, found: dict[int, str]) -> None:
    text = paragraph.text
    opened: list[int] = []  # places of sentences of a quotation whose speaker is not named yet
    for span in sentences(text):
        sentence = text[span.start : span.end]
        place = paragraph.place(span.start)
        named = _attribution(sentence, state)
        after = _AFTER.search(sentence)
        if named and not (after and sentence[0] in '“"'):
            state.speaker = state.last = named
        elif after and (who := _who(after["who"], state)):
            found.update(dict.fromkeys([*opened, place], who))
            state.last = who
            state.speaker = who if after["stop"] in "，,：:" and after["stop"] else ""
            opened = []
            continue
        elif _NARRATES.match(sentence):
            state.speaker = ""
        else:
            state.last = _subject(sentence) or state.last
        if state.speaker:
            found[place] = state.speaker
        elif sentence[0] in '“"' or opened:
            opened.append(place)
        if "”" in sentence and not sentence.rstrip().endswith("”"):
            opened = []


def _attribution(sentence: str, state: _State) -> str:
    match = _BEFORE.match(sentence)
    return _who(match["who"], state) if match else ""


def _who(text: str, state: _State) -> str:
    who = _LEADS.sub("", text).strip("、（）() ")
    if _PRONOUN.match(who):
        return state.last
    who = who.rsplit("的", 1)[-1] if not who.endswith("的") else who
    return who if 2 <= len(who) <= 40 and not _NOT_WHO.match(who) and _PLAUSIBLE.match(who) else ""


def _subject(sentence: str) -> str:
    """Somebody whom the sentence tells of, for a pronoun that follows."""
    names = [match["name"] for match in _NAMED.finditer(sentence)]
    return next((name for name in reversed(names) if _is_name(name)), "")


def _is_name(text: str) -> bool:
    return 2 <= len(text) <= 3 and is_names(text)
