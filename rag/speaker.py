"""Who speaks in a sentence: the phrase that introduces the speaker, wherever it stands in the article."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from index.document import Passage
from rag.evidence import Piece, pieces_of
from rag.words import names, speakers

BACK = 3  # passages of the article that are looked through before the sentence's own
_TAIL = re.compile(r"(?:(?:在|就|对|向|接受)[^，。]{1,24}|[也还又则曾都]|近日|随后|最后)$")
_BODY = re.compile(
    r"(?:会议|委员会|部门|海关|检察院|检察室|法院|公司|集团|中心|办公室|管委会|负责人|发言人|专家|[局委办厅部院])$"
)
_PRONOUN = re.compile(r"(?:他|她|他们|她们|大家|我们|我|记者|会议|有人)$")


@dataclass(frozen=True, slots=True)
class Speaker:
    """[start, end) of the introducing phrase in `piece.passage.text`, verb of saying included."""

    piece: Piece
    start: int
    end: int
    name_start: int
    name_end: int


def speaker_of(piece: Piece, at: int, pieces: Sequence[Piece], before: Sequence[Passage]) -> Speaker | None:
    """The speaker in force at `at` of the sentence's text.

    In order: named before that place in the sentence; named right after a closed
    quotation; named in the sentence at all; named last before it in its passage,
    then in the passages `before` (nearest first).
    """
    inside = _phrases(piece)
    earlier = [one for one in inside if one.start - piece.start <= at]
    if earlier:
        return earlier[-1]
    following = next((one for one in pieces if one.number == piece.number + 1), None)
    if following is not None and piece.text.rstrip()[-1:] in '”’」』"':
        after = _phrases(following)
        if after and after[0].start == following.start:
            return after[0]
    if inside:
        return inside[0]
    for other in sorted((one for one in pieces if one.number < piece.number), key=lambda one: -one.number):
        if found := _phrases(other):
            return found[-1]
    for passage in before[:BACK]:
        for other in reversed(pieces_of(passage)):
            if found := _phrases(other):
                return found[-1]
    return None


def _phrases(piece: Piece) -> list[Speaker]:
    found = []
    for start, end, phrase in speakers(piece.text):
        named = _TAIL.sub("", _TAIL.sub("", phrase))
        if _PRONOUN.search(named) or not (names(named) or _BODY.search(named)):
            continue
        verb = re.match(r"[^，。：“,.:;\"]{1,4}", piece.text[end:])
        close = end + (verb.end() if verb else 0)
        found.append(
            Speaker(
                piece,
                piece.start + start,
                piece.start + close,
                piece.start + start,
                piece.start + start + len(named),
            )
        )
    return found
