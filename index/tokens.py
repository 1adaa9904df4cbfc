"""The one tokenizer for index and query, and the only file that imports jieba.

`terms` cuts for search: every Han character and every pair of neighbours,
Latin words and numbers whole. Measured against jieba's search mode and their
union, characters with pairs rank best where people's words differ from the
text's and where the text is damaged (`benchmarks/words.py` prints the table).
jieba cuts words and parts of speech for whoever needs real words: answers,
example questions, cloze questions.
"""

from __future__ import annotations

import hashlib
import re
from functools import cache
from typing import Any

from index.fold import fold

TERMS_VERSION = "characters-pairs-1"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{HAN}]+|[a-z]+|\d+(?:\.\d+)?|[^\W\d_]+")
_IS_HAN = re.compile(rf"[{HAN}]")


def terms(text: str) -> list[str]:
    """Index terms of a passage or a question, in order, repeated as they occur."""
    folded, _ = fold(text)
    found: list[str] = []
    for match in _RUN.finditer(folded):
        run = match.group()
        if _IS_HAN.match(run):
            found.extend(run)
            found.extend(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found.append(run)
    return found


def fingerprint() -> str:
    """Identity of the tokenizer: changes whenever `terms` may cut a text differently."""
    probe = "第１次「聯席會議」於2023年11月30日舉行，G60科创走廊 Wi-Fi 22.1万亿"
    cut = "\x00".join([TERMS_VERSION, *terms(probe)])
    return hashlib.sha256(cut.encode()).hexdigest()[:16]


def words(text: str) -> list[str]:
    """Words of a text by jieba, in order, punctuation and white space included."""
    return list(_tokenizer().cut(text))


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
