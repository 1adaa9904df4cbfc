"""How well a claim is supported by what it cites: computed from the characters, no model asked.

A claim passes only when its wording is found in the source in its order, and every number, date,
quoted term and proper name of it stands there exactly, in the same order, with the same negations.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise

from rag.answer import Verdict
from rag.facts import dates, numbers, quoted
from rag.letters import Letters, letters, occurrences
from rag.words import NAME_TAGS, tagged

NEAR = 0.72  # share of a claim's letters that must stand in the source, in order, in runs of two or more
LEAST_CLAUSE = 4  # letters; shorter clauses are judged with their neighbour
ADDED = 0.15  # share of a claim's letters that may be content of its own
REACH = 4  # letters before a stretch in which a negation belongs to it
SWAPPED = 6  # letters up to which what stands between two matches was replaced, not left out
_NEGATIONS = "不没未无非否莫勿禁"
_LIGHT = frozenset(
    "的地得了是在为有和与及并也还都就而将把被由于到向从对以等其这那该此个会要说道表示指出称认为介绍则即已"
)
_CLAUSES = re.compile(r"[，；：。！？,;:!?\n]+")
_NOBODY = (
    "他",
    "她",
    "他们",
    "她们",
    "会议",
    "记者",
    "报道",
    "文章",
    "资料",
    "原文",
    "文件",
    "报纸",
    "本报",
    "大家",
)
_SAYS = re.compile(
    r"(?P<who>[^，。；：“”\"]{2,30}?)(?:在[^，。；：]{0,20})?(?:说|表示|指出|强调|认为|提出|介绍|称|坦言|透露)"
)


@dataclass(frozen=True, slots=True)
class Support:
    """One cited text, and who speaks in it (empty when nobody is quoted)."""

    text: str
    speaker: str = ""


def judge(claim: str, cited: Sequence[Support], others: Sequence[Support] = ()) -> Verdict:
    """Verdict on `claim` from the texts it cites and, for misattribution, the other texts retrieved."""
    said = letters(claim)
    if not said.text:
        return Verdict.ABSENT
    best = _best(claim, said, cited)
    if best is not None:
        return best
    if len(cited) > 1 and _stitched(claim, [support.text for support in cited]):
        return Verdict.STITCHED
    if _best(claim, said, others) is not None or _wrong_speaker(claim, said, cited):
        return Verdict.MISATTRIBUTED
    return Verdict.ABSENT


def near(claim: str, source: str) -> bool:
    """True when `claim` keeps to the wording of `source` and all its exact parts stand there.

    Words may be left out and light words put in; a content word in the place of
    another (`城东` for `城西`) is never near.
    """
    said, found = letters(claim), letters(source)
    blocks = _blocks(said.text, found.text)
    if (
        not blocks
        or sum(size for _, _, size in blocks) < NEAR * len(said.text)
        or _replaced(said.text, found, source, blocks)
    ):
        return False
    return _exact(claim, source) and _same_negations(said, found, source, blocks)


def _replaced(said: str, found: Letters, source: str, blocks: list[tuple[int, int, int]]) -> bool:
    """Content of the claim stands where the source has other content, or too much of it stands nowhere."""
    gaps = [
        (said[left[0] + left[2] : right[0]], found.text[left[1] + left[2] : right[1]])
        for left, right in pairwise(blocks)
    ]
    first, last = blocks[0], blocks[-1]
    before, after = _rest_of_clause(found, source, first[1], last[1] + last[2])
    gaps += [(said[: first[0]], before), (said[last[0] + last[2] :], after)]
    contents = [(_content(here), _content(there)) for here, there in gaps]
    if any(here and there and len(there) <= SWAPPED for here, there in contents):
        return True
    return sum(len(here) for here, _ in contents) > ADDED * len(said)


def _rest_of_clause(found: Letters, source: str, start: int, end: int) -> tuple[str, str]:
    """Letters of the source before `start` and after `end` that belong to the same clauses."""
    before = _CLAUSES.split(source[: found.places[start]])[-1]
    after = _CLAUSES.split(source[found.places[end - 1] + 1 :])[0]
    return letters(before).text, letters(after).text


def _content(text: str) -> str:
    return "".join(character for character in text if character not in _LIGHT)


def matched(claim: str, source: str) -> tuple[int, int] | None:
    """[start, end) of the stretch of `source` that a claim follows; None when it shares no two letters."""
    said, found = letters(claim), letters(source)
    whole = found.text.find(said.text)
    if said.text and whole >= 0:
        return found.outer(whole, whole + len(said.text))
    blocks = _blocks(said.text, found.text)
    if not blocks:
        return None
    longest = max(blocks, key=lambda block: block[2])
    reach = 2 * len(said.text)
    close = [block for block in blocks if block[2] > 2 and abs(block[1] - longest[1]) <= reach] or [longest]
    return found.outer(close[0][1], close[-1][1] + close[-1][2])


def _best(claim: str, said: Letters, supports: Sequence[Support]) -> Verdict | None:
    supports = [support for support in supports if not _contradicts_speaker(claim, support)]
    if any(_verbatim(said, support.text) for support in supports):
        return Verdict.VERBATIM
    if any(near(claim, _with_speaker(support)) for support in supports):
        return Verdict.NEAR
    return None


def _verbatim(said: Letters, source: str) -> bool:
    """The claim's letters stand in the source as they are, no number cut in two and no negation cut off."""
    found = letters(source)
    for place in occurrences(said.text, found.text):
        end = place + len(said.text)
        split_before = place > 0 and found.text[place - 1].isdigit() and said.text[0].isdigit()
        split_after = end < len(found.text) and found.text[end].isdigit() and said.text[-1].isdigit()
        if not (split_before or split_after or _cut_off(found, source, place)):
            return True
    return False


def _stitched(claim: str, sources: Sequence[str]) -> bool:
    """Every clause of the claim stands in one of the sources, and no single source holds them all."""
    clauses = _joined([clause for clause in _CLAUSES.split(claim) if letters(clause).text])
    return bool(clauses) and all(any(near(clause, source) for source in sources) for clause in clauses)


def _joined(clauses: list[str]) -> list[str]:
    out: list[str] = []
    for clause in clauses:
        if out and len(letters(out[-1]).text) < LEAST_CLAUSE:
            out[-1] += "，" + clause
        else:
            out.append(clause)
    return out


def _blocks(said: str, found: str) -> list[tuple[int, int, int]]:
    matcher = SequenceMatcher(None, said, found, autojunk=False)
    blocks = [(block.a, block.b, block.size) for block in matcher.get_matching_blocks()]
    return [block for block in blocks if block[2] >= min(2, len(said))]


def _exact(claim: str, source: str) -> bool:
    """Numbers, dates, quoted terms and names of the claim stand in the source, in the same order."""
    if not _in_order([fact.value for fact in numbers(claim)], [fact.value for fact in numbers(source)]):
        return False
    if not _in_order(_dates(claim), _dates(source)):
        return False
    whole = letters(source).text
    places = [whole.find(letters(name).text) for name in _names(claim)]
    return all(place >= 0 for place in places) and _ordered(claim, source)


def _ordered(claim: str, source: str) -> bool:
    """Names that stand once in claim and source keep their order, so that `A helps B` is not `B helps A`."""
    said, whole = letters(claim).text, letters(source).text
    once = [letters(name).text for name in _names(claim)]
    once = [name for name in once if said.count(name) == 1 and whole.count(name) == 1]
    return sorted(once, key=said.find) == sorted(once, key=whole.find)


def _names(text: str) -> list[str]:
    found = list(quoted(text)) + [word for word, tag in tagged(text) if tag in NAME_TAGS and len(word) > 1]
    return [name for name in dict.fromkeys(found) if letters(name).text]


def _dates(text: str) -> list[str]:
    return [fact.value for fact in dates(text)]


def _in_order(wanted: list[str], present: list[str]) -> bool:
    rest = iter(present)
    return all(any(one == other for other in rest) for one in wanted)


def _same_negations(said: Letters, found: Letters, source: str, blocks: list[tuple[int, int, int]]) -> bool:
    """No negation was put in or left out in the stretch of the source that the claim follows."""
    start, end = blocks[0][1], blocks[-1][1] + blocks[-1][2]
    gaps = [found.text[left[1] + left[2] : right[1]] for left, right in pairwise(blocks)]
    if any(len(gap) <= SWAPPED and _denials(gap) for gap in gaps) or _cut_off(found, source, start):
        return False
    skipped = sum(_denials(gap) for gap in gaps)
    return _denials(said.text) == _denials(found.text[start:end]) - skipped


def _cut_off(found: Letters, source: str, start: int) -> bool:
    """A negation stands right before the stretch in its clause: without it the sense is turned round."""
    before = source[: found.places[start]]
    clause = _CLAUSES.split(before)[-1]
    return bool(_denials(clause[-REACH:]))


def _denials(text: str) -> int:
    return sum(character in _NEGATIONS for character in text)


def _with_speaker(support: Support) -> str:
    return f"{support.speaker}：{support.text}" if support.speaker else support.text


def _contradicts_speaker(claim: str, support: Support) -> bool:
    """The claim puts the words in somebody's mouth whose name is neither in the text nor its speaker."""
    said = _SAYS.match(claim)
    who = letters(said.group("who")).text if said else ""
    if len(who) < 2 or who.endswith(_NOBODY):
        return False
    known = letters(f"{support.speaker} {support.text}").text
    return who[-2:] not in known


def _wrong_speaker(claim: str, said: Letters, cited: Sequence[Support]) -> bool:
    match = _SAYS.match(claim)
    if match is None:
        return False
    rest = claim[match.end() :].lstrip('，：,:“" ')
    return bool(letters(rest).text) and any(
        letters(rest).text in letters(support.text).text or near(rest, support.text)
        for support in cited
        if _contradicts_speaker(claim, support)
    )
