"""The one tokenizer for index and query, and the only file that imports jieba.

`terms` cuts for search: every Han character, Latin word and number, and every
pair of those that touch (`29日`, `g60`): a number says little, with its unit it
says much. Measured against jieba's search mode and their
union, characters with pairs rank best where people's words differ from the
text's and where the text is damaged (`benchmarks/words.py` prints the table).
jieba cuts words and parts of speech for whoever needs real words: answers,
example questions, cloze questions.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from itertools import pairwise
from typing import Any

from index.fold import fold

TERMS_VERSION = "words-neighbours-2"
# The zero 〇 stands among symbols, and is written like any other numeral: 二〇二三年.
HAN = "\u3007\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
WORD = rf"[{HAN}]|[a-z]+|\d+(?:\.\d+)?|[^\W\d_{HAN}]+"
_WORD = re.compile(WORD)


def terms(text: str) -> list[str]:
    """Index terms of a passage or a question, repeated as they occur: words, then pairs that touch."""
    folded, _ = fold(text)
    found = list(_WORD.finditer(folded))
    pairs = [a.group() + b.group() for a, b in pairwise(found) if a.end() == b.start()]
    return [match.group() for match in found] + pairs


def fingerprint() -> str:
    """Identity of the tokenizer: changes whenever `terms` may cut a text differently."""
    probe = "第１次「聯席會議」於2023年11月30日舉行，G60科创走廊 Wi-Fi 22.1万亿"
    cut = "\x00".join([TERMS_VERSION, *terms(probe)])
    return hashlib.sha256(cut.encode()).hexdigest()[:16]


def words(text: str) -> list[str]:
    """Words of a text by jieba, in order, punctuation and white space included."""
    return list(_tokenizer().cut(text))


def in_dictionary(word: str) -> bool:
    """True for a word of jieba's dictionary."""
    return bool(_tokenizer().FREQ.get(word))  # beginnings of words stand there too, with 0


def tagged(text: str) -> list[tuple[str, str]]:
    """Words with part of speech: n noun, nr person, ns place, nt organisation, t time, m number, v verb …"""
    return [(pair.word, pair.flag) for pair in _tagger().cut(text)]


@cache
def _tokenizer() -> Any:
    # jieba's own initialize() reads a marshal file from the shared temporary
    # folder, which any user of the machine could have put there. Building the
    # dictionary from its text takes under a second and trusts nobody.
    import jieba

    tokenizer = jieba.Tokenizer()
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return tokenizer


@cache
def _tagger() -> Any:
    import jieba.posseg

    return jieba.posseg.POSTokenizer(_tokenizer())
