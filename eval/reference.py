"""Words alone with a named tokenizer: the yardsticks that every gain is counted from.

BM25 in Lucene's form (k1 1.2, b 0.75) by bm25s, over the text of a passage
without its title, no stop words. Tokenizers, all in lower case:

    jieba-search          jieba's search mode, what most Chinese full-text search does
    characters-and-pairs  letters and digits one by one and in pairs, and Latin words
                          and numbers whole
    jieba-and-pairs       both: jieba's words, and pairs of neighbouring letters
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

from eval.exchange import BEIR_MEASURES, DEPTH, Collection
from eval.measures import Scores, graded, in_order
from index import tokens

K1 = 1.2
B = 0.75
_LETTER = re.compile(r"\w")
_LATIN = re.compile(r"[a-z0-9]+")

Tokenizer = Callable[[str], list[str]]


def jieba_search(text: str) -> list[str]:
    """jieba's search mode, punctuation left out."""
    return [word for word in tokens._tokenizer().cut_for_search(text.lower()) if _LETTER.search(word)]


def characters_and_pairs(text: str) -> list[str]:
    """Letters, pairs of neighbours with what stands between them left out, Latin words and numbers."""
    text = text.lower()
    letters = _LETTER.findall(text)
    return [*letters, *_pairs("".join(letters)), *_LATIN.findall(text)]


def jieba_and_pairs(text: str) -> list[str]:
    """jieba's search mode and pairs of letters that touch."""
    pairs = (pair for pair in _pairs(text.lower()) if len(_LETTER.findall(pair)) == 2)
    return [*jieba_search(text), *pairs]


TOKENIZERS: dict[str, Tokenizer] = {
    "jieba-search": jieba_search,
    "characters-and-pairs": characters_and_pairs,
    "jieba-and-pairs": jieba_and_pairs,
}


def evaluate(collection: Collection, tokenizer: str) -> Scores:
    """Scores of BM25 with one of TOKENIZERS over a collection."""
    cut = TOKENIZERS[tokenizer]
    engine = _engine([cut(item.text) for item in collection.texts])
    ids = [item.id for item in collection.texts]
    run = {}
    for query in collection.qrels:
        rows = _search(engine, cut(collection.queries[query]), min(DEPTH, len(ids)))
        run[query] = in_order(ids[row] for row in rows)
    return graded(collection.qrels, run, BEIR_MEASURES)


def _engine(texts: Sequence[list[str]]) -> Any:
    import bm25s

    engine = bm25s.BM25(method="lucene", k1=K1, b=B)
    engine.index(list(texts), show_progress=False)
    return engine


def _search(engine: Any, query: list[str], k: int) -> list[int]:
    rows, _ = engine.retrieve([query], k=k, show_progress=False)
    return [int(row) for row in rows[0]]


def _pairs(text: str) -> list[str]:
    return [text[i : i + 2] for i in range(len(text) - 1)]
