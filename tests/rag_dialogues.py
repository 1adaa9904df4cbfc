"""Conversations on the articles of the newspaper press: follow-ups, the same asked in full, and their answers."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from eval.manuscript import Manuscript, read_manuscripts
from rag.answer import Turn

ARTICLES = Path(__file__).resolve().parents[1] / "eval" / "press_articles" / "tuning"
DIALOGUES = Path(__file__).with_suffix(".jsonl")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """What was said before, a follow-up, the same question asked in full, and what answers it."""

    history: tuple[Turn, ...]
    question: str
    standalone: str
    answer: str


def dialogues() -> list[Dialogue]:
    """All conversations, in the order of their file."""
    found = []
    for line in DIALOGUES.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        history = tuple(Turn(turn["q"], turn["a"]) for turn in row["history"])
        found.append(Dialogue(history, row["question"], row["standalone"], row["answer"]))
    return found


def plain_articles() -> dict[str, str]:
    """The articles as plain texts, by file name."""
    return {f"{article.name}.txt": _plain(article) for article in read_manuscripts(ARTICLES)}


def _plain(article: Manuscript) -> str:
    head = [article.kicker, article.title, article.subtitle, article.byline, article.dateline]
    return "\n".join([line for line in head if line] + [block.text for block in article.blocks])
