"""Places in a text, and whether one is of the level that a question asks for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from rag.words import tagged

_TAGS = ("ns", "nt", "nsf", "s")
_LIKE_A_PERSON = ("nr", "nz")
_ASKED = re.compile(r"(?:哪|什么|啥|何)(?:一|几)?[个座]?(省|城市|市|县|区(?![域间])|镇|乡|村|街道|国家?)")
_SUFFIX = {"城市": "市", "国家": "国"}
_SUFFIXES = ("省", "市", "区", "县", "镇", "乡", "村", "街道", "国", "州")
_PRINTED = ("区", "县", "镇", "乡", "村", "街道")  # names of such places are printed with it


def places(text: str) -> Iterator[tuple[int, int]]:
    """[start, end) of each place with its suffix (`龙桥` `镇`); districts that read like people, too."""
    words = tagged(text)
    at = 0
    for (word, tag), (after, _) in pairwise([*words, ("", "")]):
        end = at + len(word)
        named = len(word) > 1 and (tag in _TAGS or tag in _LIKE_A_PERSON)
        if named and after in _SUFFIXES:
            yield at, end + len(after)
        elif named and (tag in _TAGS or (len(word) == 3 and word.endswith(_PRINTED))):
            yield at, end
        at = end


def level(question: str, place: str) -> float:
    """Factor, about 1, on how well a place answers: asked for `哪个区` a district does, a region hardly.

    1 where no level is asked for, and for a city or province printed without its suffix.
    """
    wanted = _ASKED.search(question)
    if wanted is None:
        return 1.0
    suffix = _SUFFIX.get(wanted.group(1), wanted.group(1))
    if suffix in place[1:]:
        return 3.0
    return 0.3 if place.endswith(_SUFFIXES) or suffix in _PRINTED else 1.0
