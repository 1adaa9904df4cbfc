"""A language model's reply becomes claims: each sentence judged against the passages before it is said.

Nothing reaches the reader unjudged: the reply is held back until a sentence is
complete; a sentence that no passage carries is struck, an id that was not given
out is ignored, and a number must stand in its source.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from index.document import Passage
from index.sentences import sentences
from rag.answer import Citation, Claim, Verdict
from rag.inert import ADDRESS, inert
from rag.letters import letters
from rag.llm import GenerationError
from rag.verdict import Support, judge, matched

MOST = 12  # sentences of a reply that are read
LONGEST = 1_000  # characters after which a sentence that does not end is taken as it is
_MARK = re.compile(r"[\[【［〔]\s*(?P<ids>[^\[\]【】［］〔〕\n]{1,60}?)\s*[\]】］〕]")
_ID = re.compile(r"[A-Za-z0-9_-]{1,12}")
_DONE = re.compile(
    r"(?:(?:[。！？?；;]|!(?!\[))+[”’」』）)]*|\n+)\s*(?:[\[【［〔][^\[\]【】［］〔〕\n]{1,60}[\]】］〕]\s*)*"
)
_QUOTES = "”’」』"
_SPOKEN = re.compile(
    r"[^，。！？“”\n]{1,30}(?:说|表示|介绍|指出|强调|道)[。！]\s*(?:[\[【［〔][^\[\]【】［］〔〕\n]{1,60}[\]】］〕]\s*)*"
)
_MARKUP = re.compile(
    r"!?\[[^\[\]\n]{0,200}\]\([^()\n]{0,500}\)|<[^<>\n]{1,200}>|^[#>*\-•\s]{1,200}|[*_`]{1,3}", re.M
)
_OPENED = re.compile(r"!?\[[^\[\]\n]{0,200}\]\([^()\n]{0,500}\Z")  # a link that a sentence end cut in two


@dataclass(slots=True)
class Judged:
    """What a reply amounts to so far."""

    claims: list[Claim] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    invented: int = 0  # ids that were not given out

    @property
    def kept(self) -> list[Claim]:
        """Claims that may be said: those that cite something; not the absent, nor words in a wrong mouth."""
        return [claim for claim in self.claims if claim.citations]


def judged(
    reply: Iterator[str], passages: Sequence[Passage], ids: Sequence[str], into: Judged
) -> Iterator[str]:
    """Read a reply and yield the sentences that hold, as soon as each is complete.

    `into` is filled on the way, so that what came before a failure is kept. A
    GenerationError of the reply passes through.
    """
    held = ""
    try:
        for piece in reply:
            held += piece
            while (end := _complete(held)) and len(into.claims) < MOST:
                yield from _take(held[:end], passages, ids, into)
                held = held[end:]
            if len(into.claims) >= MOST:
                return
    except GenerationError:
        if match := _DONE.match(held, _last_stop(held)):  # its end was said, only nothing after it
            yield from _take(held[: match.end()], passages, ids, into)
        raise
    yield from _take(held, passages, ids, into)


def _last_stop(held: str) -> int:
    """Where the end of the last sentence begins; the length of a text without one."""
    return max((match.start() for match in _DONE.finditer(held)), default=len(held))


def _complete(held: str) -> int:
    """Where the first sentence with its marks ends; 0 while it may still go on."""
    match = _DONE.search(held)
    if match is None and len(held) > LONGEST:
        return len(held)
    if match is None or match.end() == len(held) or held[match.end()] in "[【［〔”’」』）)":
        return 0
    if held[match.end() - 1] in _QUOTES:
        return _with_speaker(held, match.end())
    return match.end()


def _with_speaker(held: str, end: int) -> int:
    """The end of a quotation, or of who is said to have spoken it; 0 while that may still come."""
    if match := _SPOKEN.match(held, end):
        return match.end() if match.end() < len(held) else 0
    return end if re.search(r"[。！？\n]", held[end:]) or len(held) - end > 40 else 0


def _take(raw: str, passages: Sequence[Passage], ids: Sequence[str], into: Judged) -> Iterator[str]:
    known = dict(zip(ids, passages, strict=True))
    raw = _OPENED.sub("", inert(_MARKUP.sub("", raw)).replace(ADDRESS, ""))
    named = [
        name.strip()
        for match in _MARK.finditer(raw)
        for name in re.split(r"[,，、;；\s]+", match.group("ids"))
    ]
    cited = list(dict.fromkeys(name for name in named if name in known))
    strange = [name for name in named if name not in known and _ID.fullmatch(name)]
    into.invented += len(strange)
    text = _strip_marks(raw, known).strip()
    if not letters(text).text:
        return
    claim = _claim(text, [known[name] for name in cited], passages, into, named=bool(cited or strange))
    into.claims.append(claim)
    if claim.citations:
        yield claim.text


def _strip_marks(raw: str, known: dict[str, Passage]) -> str:
    """The sentence without citation marks; brackets that hold Chinese words are part of the text."""

    def kept(match: re.Match[str]) -> str:
        inner = match.group("ids")
        return match.group() if re.search(r"[\u4e00-\u9fff]", inner) and inner not in known else ""

    return _MARK.sub(kept, raw)


def _claim(
    text: str, cited: Sequence[Passage], passages: Sequence[Passage], into: Judged, *, named: bool
) -> Claim:
    """The sentence with its verdict and the citations that carry it.

    Right words under a wrong or invented id are misattributed, and cite where
    they stand; without any id they simply cite where they stand. Right words in
    a wrong mouth cite nothing: they are struck.
    """
    others = [passage for passage in passages if passage not in cited]
    verdict = judge(text, _supports(cited), _supports(others))
    sources = list(cited)
    if verdict is Verdict.MISATTRIBUTED:
        found = [passage for passage in others if judge(text, _supports([passage])) in _GOOD]
        sources = found[:1]
        verdict = verdict if named or not found else judge(text, _supports(sources))
    if verdict is Verdict.ABSENT or not sources:
        return Claim(text, (), verdict)
    numbers = [number for passage in sources if (number := _cite(text, passage, into))]
    return Claim(text, tuple(dict.fromkeys(numbers)), verdict) if numbers else Claim(text, (), Verdict.ABSENT)


_GOOD = (Verdict.VERBATIM, Verdict.NEAR)


def _supports(passages: Sequence[Passage]) -> list[Support]:
    return [Support(passage.text, passage.speaker) for passage in passages]


def _cite(text: str, passage: Passage, into: Judged) -> int:
    """Number of the citation of the sentences of a passage that a claim follows; 0 when it follows none."""
    place = matched(text, passage.text)
    if place is None:
        return 0
    spans = [span for span in sentences(passage.text) if span.start < place[1] and place[0] < span.end]
    start, end = spans[0].start, spans[-1].end
    for citation in into.citations:
        if citation.passage.id == passage.id and (citation.start, citation.end) == (start, end):
            return citation.number
    into.citations.append(Citation(len(into.citations) + 1, passage, start, end))
    return len(into.citations)
