"""Make the tokenizer of encoder and reranker: words and single characters, cut by a unigram model.

    python -m train.vocabulary --out var/train [--pieces 34000]

Pieces are the words that jieba's dictionary finds most often in prose and questions, and every character seen
often enough. A unigram model over them cuts like jieba does, but lives whole inside tokenizer.json: NFKC, lower
case, traditional to simplified characters (a compiled character map made from OpenCC's table), punctuation
removed, digits one by one. Words outside the vocabulary fall into shorter words and characters.
"""

from __future__ import annotations

import argparse
import collections
import math
import multiprocessing
import re
import tempfile
import unicodedata
from pathlib import Path

from train.prepare import read

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--pieces", type=int, default=34000)
parser.add_argument("--name", default="tokenizer.json")

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
RUN = re.compile(r"[^\W\d_]+")


def character_map() -> dict[str, str]:
    """Traditional to simplified, one character to one character."""
    from opencc import OpenCC

    convert = OpenCC("t2s").convert
    table = {}
    for low, high in ((0x3400, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF)):
        for point in range(low, high + 1):
            new = convert(chr(point))
            if new != chr(point) and len(new) == 1 and unicodedata.normalize("NFKC", new) == new:
                table[chr(point)] = new
    return table


def compiled(table: dict[str, str]) -> bytes:
    """The table as SentencePiece's compiled character map (a double-array trie)."""
    import sentencepiece

    with tempfile.TemporaryDirectory() as folder:
        rules = Path(folder, "rules.tsv")
        rules.write_text("".join(f"{ord(a):X}\t{ord(b):X}\n" for a, b in sorted(table.items())))
        text = Path(folder, "text.txt")
        text.write_text("一二三四五\n" * 20, encoding="utf-8")
        sentencepiece.SentencePieceTrainer.train(
            input=str(text), model_prefix=f"{folder}/m", vocab_size=9, normalization_rule_tsv=str(rules),
            hard_vocab_limit=False, minloglevel=2,
        )  # fmt: skip
        model = Path(folder, "m.model").read_bytes()
        return blob(model)


def blob(model: bytes) -> bytes:
    """The compiled map out of a SentencePiece model: ModelProto field 3 (normalizer), inside it field 2."""

    def fields(data: bytes):
        at = 0
        while at < len(data):
            key, at = varint(data, at)
            kind = key & 7
            if kind == 2:
                size, at = varint(data, at)
                yield key >> 3, data[at : at + size]
                at += size
            elif kind == 0:
                _, at = varint(data, at)
            else:
                at += 4 if kind == 5 else 8

    normalizer = next(value for number, value in fields(model) if number == 3)
    return next(value for number, value in fields(normalizer) if number == 2)


def varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def count(texts: list[str]) -> collections.Counter[str]:
    """How often jieba's dictionary cuts each word out of the texts (worker process)."""
    import jieba

    jieba.setLogLevel(40)
    found: collections.Counter[str] = collections.Counter()
    for text in texts:
        for run in RUN.findall(text):
            found.update(jieba.cut(run, HMM=False))
    return found


def main() -> None:
    settings = parser.parse_args()
    table = character_map()
    translate = str.maketrans(table)

    def normal(text: str) -> str:
        return unicodedata.normalize("NFKC", text).lower().translate(translate)

    # Half of the prose is enough to rank words; questions count more, since they are short and what is asked.
    prose = [
        p for i, p in enumerate(read(settings.out / "passages.jsonl")) if i % 2 or p["source"] == "zhwiki"
    ]
    texts = [normal(p["text"]) for p in prose if p["source"] != "lctt"]
    texts += [normal(p["text"]) for p in prose if p["source"] == "lctt"][::3]
    pairs = read(settings.out / "pairs.jsonl")
    texts += [normal(p["query"]) for p in pairs] * 4 + [normal(p["positive"]) for p in pairs[::2]]
    with multiprocessing.Pool(2) as pool:
        words: collections.Counter[str] = collections.Counter()
        for part in pool.imap_unordered(count, [texts[i::16] for i in range(16)]):
            words.update(part)
    letters: collections.Counter[str] = collections.Counter()
    for word, number in words.items():
        for letter in word:
            letters[letter] += number
    print("words", len(words), "characters", len(letters), flush=True)

    pieces = {letter: words.get(letter, 0) for letter, number in letters.items() if number >= 8}
    for digit in "0123456789":
        pieces[digit] = 1000
    for word, number in words.most_common():
        if len(pieces) >= settings.pieces - len(SPECIAL):
            break
        if 1 < len(word) <= 8:
            pieces.setdefault(word, number)
    total = sum(pieces.values())
    # A character that is never a word of its own still needs a small probability; it must cost more than a word.
    scored = [(piece, math.log(max(number, 0.5) / total)) for piece, number in pieces.items()]
    scored.sort(key=lambda item: (-item[1], item[0]))

    from tokenizers import AddedToken, Regex, Tokenizer, models, normalizers, pre_tokenizers

    tokenizer = Tokenizer(models.Unigram([(s, 0.0) for s in SPECIAL] + scored, unk_id=1, byte_fallback=False))
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFKC(), normalizers.Lowercase(), normalizers.Precompiled(compiled(table))]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(r"[^\p{L}\p{N}]+"), "removed"),
        pre_tokenizers.Split(Regex(r"\p{N}"), "isolated"),
    ])  # fmt: skip
    tokenizer.add_special_tokens([AddedToken(s, special=True) for s in SPECIAL])
    tokenizer.save(str(settings.out / settings.name), pretty=False)
    wrong = [c for c in table if tokenizer.normalizer.normalize_str(f"我{c}你") != f"我{normal(c)}你"]
    sample = "二○二三年，國務院發展研究中心調查：Ｇ60高速APP醫療費用有１２項？"
    print("pieces", tokenizer.get_vocab_size(), "mapped", len(table), "wrong", len(wrong), wrong[:10])
    print(tokenizer.encode(sample).tokens)
    counted = [len(tokenizer.encode(t).ids) / max(1, len(t)) for t in texts[:300]]
    print("tokens per character", sum(counted) / len(counted))


if __name__ == "__main__":
    main()
