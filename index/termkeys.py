"""Terms as 64-bit numbers, for many texts at once: what `tokens.terms` finds, without a string for each.

A Han character is its code point, a pair of them two code points of 21 bits,
so that both are exact; any other word is a hash of 63 bits under the highest
bit. Among a million different words two share a hash with a chance of one in
ten million, and would then be counted as one word.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from functools import cache, lru_cache

import numpy as np
import numpy.typing as npt

from index.foldmany import fold_many
from index.tokens import HAN, WORD

Keys = npt.NDArray[np.uint64]

_POINT = 21  # bits of a code point
_WORD = 1 << 63
_ONE_OR_TWO = re.compile(rf"[{HAN}]{{1,2}}\Z")
_WORDS = re.compile(WORD)
_UNKNOWN, _OTHER, _HAN, _LETTER = range(4)


def key_of(term: str) -> int:
    """The number of one term of `tokens.terms`."""
    if not _ONE_OR_TWO.match(term):
        return _word(term)
    return ord(term) if len(term) == 1 else ord(term[0]) << _POINT | ord(term[1])


def keys_of(texts: Sequence[str]) -> tuple[Keys, npt.NDArray[np.int64]]:
    """Numbers of all terms of some texts, and for each the text (its place in `texts`) that it stands in.

    Both arrays are (terms,), in no promised order.
    """
    parts = fold_many(texts)
    joined = "\n".join(parts)
    letters = np.frombuffer(joined.encode("utf-32-le"), np.uint32)
    kinds = _kinds(letters)
    places, words = _words(joined, np.flatnonzero(kinds == _LETTER).tolist(), kinds)
    one = np.flatnonzero(kinds == _HAN)
    two = one[:-1][np.diff(one) == 1]
    first = letters[two].astype(np.uint64) << np.uint64(_POINT)
    pairs = first | letters[two + 1].astype(np.uint64)
    keys = np.concatenate([letters[one].astype(np.uint64), pairs, np.array(words, np.uint64)])
    text_of = np.repeat(np.arange(len(parts)), [len(part) + 1 for part in parts])
    return keys, text_of[np.concatenate([one, two, np.array(places, np.int64)])]


def _words(joined: str, starts: list[int], kinds: npt.NDArray[np.uint8]) -> tuple[list[int], list[int]]:
    """Places and numbers of words that are no Han character, and of their pairs with what they touch."""
    places, words = list[int](), list[int]()
    done = 0
    for start in starts:
        match = _WORDS.match(joined, start) if start >= done else None
        if not match:
            continue
        word, end = match.group(), match.end()
        places.append(start)
        words.append(_word(word))
        if start and kinds[start - 1] == _HAN:
            places.append(start)
            words.append(_word(joined[start - 1] + word))
        following = _WORDS.match(joined, end)
        if following:
            places.append(start)
            words.append(_word(word + following.group()))
        done = end
    return places, words


def _kinds(letters: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    table = _table()
    kinds = table[letters]
    if not kinds.all():
        for point in np.unique(letters[kinds == _UNKNOWN]).tolist():
            letter = chr(point)
            han = _ONE_OR_TWO.match(letter)
            table[point] = _HAN if han else _LETTER if letter.isalnum() else _OTHER
        kinds = table[letters]
    return kinds


@cache
def _table() -> npt.NDArray[np.uint8]:
    """What each code point is, filled as they are met."""
    return np.zeros(0x110000, np.uint8)


@lru_cache(maxsize=1 << 18)
def _word(term: str) -> int:
    digest = hashlib.blake2b(term.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") | _WORD
