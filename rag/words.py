"""Words with parts of speech, cut once per text; speakers and names found by their wording."""

from __future__ import annotations

import re
from functools import lru_cache

from index.tokens import tagged as _tagged

NAME_TAGS = ("nr", "ns", "nt", "nz", "nrt", "nrfg")
SAYING = (
    r"(?:说|表示|指出|强调|认为|提出|介绍|坦言|透露|称|谈到|提到|告诉记者|写道|回忆|"
    r"呼吁|宣布|回应)"
)
_SPEAKER = re.compile(
    rf"(?:^|[。！？；”\n])\s{{0,40}}(?P<who>[^，。！？；：“”\n]{{2,40}}?){SAYING}(?:[，：,:]|“|道|，“)|"
    rf"”\s*，?(?P<after>[^，。！？；：“”\n]{{2,40}}?){SAYING}[。，]"
)


@lru_cache(maxsize=8192)
def tagged(text: str) -> tuple[tuple[str, str], ...]:
    """Words of `text` with their tags, as index.tokens gives them."""
    return tuple(_tagged(text))


@lru_cache(maxsize=8192)
def names(text: str) -> tuple[str, ...]:
    """People, places and organisations named in a text, each once, in order."""
    return tuple(dict.fromkeys(word for word, tag in tagged(text) if tag in NAME_TAGS and len(word) > 1))


@lru_cache(maxsize=8192)
def content(text: str) -> tuple[str, ...]:
    """Nouns, verbs, adjectives, numbers, Latin words: what a sentence is about, each once, in order."""
    kept = (
        word
        for word, tag in tagged(text)
        if tag[:1] in "nvaijlszbtm" or tag in ("eng", "x") or (word.isalnum() and tag[:1] == "x")
    )
    return tuple(dict.fromkeys(word for word in kept if any(map(str.isalnum, word)) and (len(word) > 1)))


@lru_cache(maxsize=8192)
def speakers(text: str) -> tuple[tuple[int, int, str], ...]:
    """Who speaks in a text: [start, end) of the phrase beside the verb of saying, and the phrase."""
    found = []
    for match in _SPEAKER.finditer(text):
        group = "who" if match.group("who") else "after"
        found.append((match.start(group), match.end(group), match.group(group)))
    return tuple(found)
