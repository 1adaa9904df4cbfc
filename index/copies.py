"""Near copies: documents that say mostly the same sentences.

Wire copy is printed by many papers, and whoever wants a claim believed plants it many times. Both are told,
so that ten copies do not pass for ten witnesses.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

SHARE = 0.5  # of the sentences of the shorter document
SHORTEST = 8  # letters of a sentence that counts; shorter ones are often alike by chance
COMMON = 50  # documents after which a sentence is a phrase of the trade and tells nothing
_ENDS = re.compile(r"[。！？!?；;\n]+")
_NOT_LETTERS = re.compile(r"[\W_]+")


@dataclass(frozen=True, slots=True)
class Copy:
    """The document that another is a near copy of, and the share of sentences they have in common, 0 to 1."""

    of: str
    share: float


def near_copies(texts: Iterable[tuple[str, str]]) -> dict[str, Copy]:
    """For every document that has a near copy, by id, its nearest; texts come as (id, text).

    The share is of the document with fewer sentences. Linear in the length of all texts.
    """
    sizes: dict[str, int] = {}
    holders: dict[int, list[str]] = defaultdict(list)
    for doc, text in texts:
        found = {hash(letters) for letters in _sentences(text)}
        sizes[doc] = len(found)
        for sentence in found:
            holders[sentence].append(doc)
    shared: dict[str, Counter[str]] = defaultdict(Counter)
    for docs in holders.values():
        if len(docs) > COMMON:
            docs = docs[:COMMON]
        for doc in docs if len(docs) > 1 else ():
            shared[doc].update(other for other in docs if other != doc)
    nearest: dict[str, Copy] = {}
    for doc, others in shared.items():
        other, count = max(others.items(), key=lambda one: (one[1] / min(sizes[doc], sizes[one[0]]), one[0]))
        share = count / min(sizes[doc], sizes[other])
        if share >= SHARE and count > 1:
            nearest[doc] = Copy(other, share)
    return nearest


def _sentences(text: str) -> Iterable[str]:
    letters = (_NOT_LETTERS.sub("", part) for part in _ENDS.split(text))
    return (part for part in letters if len(part) >= SHORTEST)
