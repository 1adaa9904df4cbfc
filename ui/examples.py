"""Example questions made from the titles and sections of the index that is open."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import TYPE_CHECKING

from index.document import Article, Passage
from ui.wording import Words

if TYPE_CHECKING:
    from rag.assistant import Assistant
    from ui.archive import Opened

WANTED = 4
SAMPLED = 400  # passages looked at
SHORTEST, LONGEST = 6, 26  # characters of a title that reads well inside a question
_ENDS = re.compile(r"[\s“”「」，。：；、,.:;!！?？…—－\-]+")
_INNER = str.maketrans("“”「」", "‘’‘’")  # quotation marks inside quotation marks
_PARTNERS = {"“": "”", "”": "“", "「": "」", "」": "「"}
_QUESTION = re.compile(r"[?？]$")


def examples(
    words: Words, articles: Sequence[Article], passages: Iterable[Passage], *, wanted: int = WANTED
) -> tuple[str, ...]:
    """Questions about what is there, one per article first, then per section, in the archive's order."""
    titles = _usable(article.title for article in articles if article.kind in {"article", "commentary"})
    sections = _usable(passage.section for passage in passages)
    speakers = _usable((passage.speaker for passage in passages), shortest=2, longest=12)
    made: list[str] = [words.example_title.format(title) for title in titles[: wanted // 2 or 1]]
    made += [words.example_speaker.format(speaker) for speaker in speakers[:1]]
    made += [words.example_section.format(section) for section in sections]
    made += [words.example_title.format(title) for title in titles[wanted // 2 :]]
    return tuple(dict.fromkeys(made))[:wanted]


def tried(words: Words, opened: Opened, assistant: Assistant) -> tuple[str, ...]:
    """Examples that this archive does answer: one that is refused would be a poor welcome."""
    passages = islice(opened.index.passages, SAMPLED)
    candidates = examples(words, opened.index.articles(), passages, wanted=3 * WANTED)
    answered = (question for question in candidates if not assistant.ask(question).refused)
    return tuple(islice(answered, WANTED))


def _usable(values: Iterable[str], *, shortest: int = SHORTEST, longest: int = LONGEST) -> list[str]:
    """Different values that are neither too short nor too long, without marks at their ends."""
    found: dict[str, None] = {}
    for value in values:
        plain = _tidy(value)
        if shortest <= len(plain) <= longest and not _QUESTION.search(plain):
            found.setdefault(plain)
    return list(found)


def _tidy(value: str) -> str:
    flat = " ".join(value.split())
    while flat and _loose(flat[0], flat):
        flat = flat[1:]
    while flat and _loose(flat[-1], flat):
        flat = flat[:-1]
    return flat.translate(_INNER)


def _loose(end: str, flat: str) -> bool:
    """Whether the mark at an end can go; a quotation mark only alone, or with its partner around it all."""
    partner = _PARTNERS.get(end, "")
    embraced = flat.count(partner) == 1 and {flat[0], flat[-1]} == {end, partner}
    return bool(_ENDS.fullmatch(end)) and (not partner or partner not in flat or embraced)
