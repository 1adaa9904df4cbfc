"""Text to measure with: the files of a folder, and as many varied copies of them as a size needs.

A varied copy holds the same sentences in other company: those of twenty files
are shuffled and put together to files again. So words are as frequent and as
long as in real text, no passage stands there twice, and vectors lie in as many
directions as texts about mixed matters do.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Iterator, Sequence
from itertools import count
from pathlib import Path

from index.document import Article, Document, Passage, Reading, Span
from index.update import Entry

CHARACTERS = 150  # of a passage, about
_MIXED = 20  # files whose sentences are shuffled together
_PARAGRAPH = 4  # sentences
_SENTENCE = re.compile(r"[^。！？\n]*[。！？]+|[^。！？\n]+")


def take(folder: Path, target: Path, size: int) -> int:
    """Write text files that give about `size` passages into a new folder; returns how many files.

    Raises ValueError where the folder holds no text.
    """
    target.mkdir(parents=True)
    files = sorted(folder.rglob("*.txt"))
    if not any(file.stat().st_size for file in files):
        raise ValueError(f"{folder} holds no text files; name a folder with some")
    random.Random(0).shuffle(files)  # a small archive is about as many matters as a large one
    characters = taken = 0
    for number, text in enumerate(_texts(files)):
        if characters > size * CHARACTERS:
            break
        (target / f"{number:07d}.txt").write_text(text, encoding="utf-8")
        characters += len(text)
        taken += 1
    return taken


def ready(folder: Path) -> Iterator[Entry]:
    """The files of a folder cut into passages of equal length, without reading them as newspapers.

    For sizes at which reading, which takes the same time for each file, would only be waited for.
    """
    for file in sorted(folder.glob("*.txt")):
        text, doc = _read(file), file.name
        spans = [Span(start, min(start + CHARACTERS, len(text))) for start in range(0, len(text), CHARACTERS)]
        passages = tuple(
            Passage(f"p{doc}{span.start}", doc, f"a{doc}", text[span.start : span.end], (span,))
            for span in spans
        )
        data = text.encode()
        document = Document(doc, text, hashlib.sha256(data).hexdigest(), len(data))
        article = Article(f"a{doc}", doc, spans=(Span(0, len(text)),))
        reading = Reading(document, (article,), passages)
        yield Entry(reading, str(folder.resolve()), "2000-01-01T00:00:00Z")


def _texts(files: Sequence[Path]) -> Iterator[str]:
    """The texts of the files, then varied copies without end."""
    for file in files:
        yield _read(file)
    for turn in count(1):
        chance = random.Random(turn)
        order = chance.sample(files, len(files))
        for start in range(0, len(order), _MIXED):
            yield from _mixed([_read(file) for file in order[start : start + _MIXED]], chance)


def _mixed(texts: Sequence[str], chance: random.Random) -> Iterator[str]:
    sentences = [sentence.strip() for text in texts for sentence in _SENTENCE.findall(text)]
    sentences = [sentence for sentence in sentences if sentence]
    chance.shuffle(sentences)
    share = max(1, -(-len(sentences) // len(texts)))
    for start in range(0, len(sentences), share):
        some = sentences[start : start + share]
        yield "\n\n".join("".join(some[at : at + _PARAGRAPH]) for at in range(0, len(some), _PARAGRAPH))


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8", errors="replace")
