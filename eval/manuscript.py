"""Clean articles before they are printed: the press's copy.

A copy file is UTF-8 text: header lines `name: value` (title, kicker, subtitle, byline, dateline, signature,
kind), an empty line, then one paragraph a line. `## ` begins a section heading, `! ` a photo caption, `> ` a
pull quote. `signature` is a byline or dateline printed after the last paragraph.
"""

from __future__ import annotations

import csv
import gzip
import json
import lzma
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_MARKS = {"## ": "heading", "! ": "caption", "> ": "quote"}
_PARAGRAPH = 160  # characters after which running text without line breaks begins a new paragraph
_SENTENCE = re.compile(r"[^。！？]*[。！？]+[”’」』）]*|[^。！？]+$")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph, section heading, caption or pull quote."""

    kind: str  # body, heading, caption, quote
    text: str


@dataclass(frozen=True, slots=True)
class Manuscript:
    """One clean article; every field but `name` and `blocks` may be empty."""

    name: str
    title: str
    blocks: tuple[Block, ...]
    kicker: str = ""
    subtitle: str = ""
    byline: str = ""
    dateline: str = ""
    signature: str = ""
    kind: str = "article"  # article, commentary, caption, notice

    @property
    def body(self) -> str:
        """Its paragraphs, one a line."""
        return "\n".join(block.text for block in self.blocks if block.kind == "body")


def read_manuscripts(path: Path, *, limit: int = 0) -> tuple[Manuscript, ...]:
    """Every clean article at `path`, in a stable order; at most `limit` where that is not zero.

    `path` is a folder of copy files, a BEIR folder whose queries are headlines, or a JSON-lines file of
    {title, text}, plain, .gz or .xz. Raises ValueError where there is nothing to print.
    """
    if (path / "corpus.jsonl.xz").exists():
        found = _headlined(path)
    elif path.is_dir():
        files = sorted(path.glob("*.txt"))
        found = (parse_copy(file.stem, file.read_text(encoding="utf-8")) for file in files)
    else:
        found = _lines_of(path)
    kept = []
    for manuscript in found:
        if manuscript.body and manuscript.title:
            kept.append(manuscript)
        if limit and len(kept) == limit:
            break
    if not kept:
        raise ValueError(f"{path}: no articles; expected copy, a BEIR folder, or lines of {{title, text}}")
    return tuple(kept)


def printed_alone(path: Path) -> list[Path]:
    """What is printed on pages of its own: each folder of a folder of folders, else the path itself."""
    folders = sorted(one for one in path.iterdir() if one.is_dir()) if path.is_dir() else []
    return folders or [path]


def parse_copy(name: str, text: str) -> Manuscript:
    """A copy file's text as a manuscript. Raises ValueError at an unknown header."""
    header, _, rest = text.partition("\n\n")
    fields = dict(line.split(":", 1) for line in header.splitlines() if line.strip())
    fields = {key.strip(): value.strip() for key, value in fields.items()}
    unknown = set(fields) - {"title", "kicker", "subtitle", "byline", "dateline", "signature", "kind"}
    if unknown:
        raise ValueError(f"{name}: unknown header {', '.join(sorted(unknown))}")
    blocks = tuple(_block(line.strip()) for line in rest.splitlines() if line.strip())
    return Manuscript(name, blocks=blocks, **{"title": "", **fields})


def _block(line: str) -> Block:
    for mark, kind in _MARKS.items():
        if line.startswith(mark):
            return Block(kind, line[len(mark) :].strip())
    return Block("body", line)


def _lines_of(path: Path) -> Iterator[Manuscript]:
    for number, line in enumerate(_open_lines(path)):
        item = json.loads(line)
        yield _plain(f"{path.name}-{number}", item.get("title", ""), item.get("text", ""))


def _headlined(folder: Path) -> Iterator[Manuscript]:
    queries = {item["_id"]: item["text"] for item in map(json.loads, _open_lines(folder / "queries.jsonl"))}
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as lines:
        titles = {row["corpus-id"]: queries[row["query-id"]] for row in csv.DictReader(lines, delimiter="\t")}
    for item in map(json.loads, _open_lines(folder / "corpus.jsonl.xz")):
        if item["_id"] in titles:
            yield _plain(item["_id"], titles[item["_id"]], item["text"])


def _open_lines(path: Path) -> Iterator[str]:
    with _opened(path) as lines:
        yield from (line for line in lines if line.strip())


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".xz":
        return lzma.open(path, "rt", encoding="utf-8")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8")
    return path.open(encoding="utf-8")


def _plain(name: str, title: str, text: str) -> Manuscript:
    blocks = []
    for line in text.splitlines():
        paragraph = ""
        for sentence in _SENTENCE.findall(" ".join(line.split())):
            paragraph += sentence
            if len(paragraph) >= _PARAGRAPH:
                blocks.append(Block("body", paragraph.strip()))
                paragraph = ""
        if paragraph.strip():
            blocks.append(Block("body", paragraph.strip()))
    return Manuscript(name, " ".join(title.split()), tuple(blocks))
