"""Commands that answer and measure: ask, batch, replay, eval."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from index.document import YoujuError
from ui.options import assistant_of, open_all, open_one, print_json


def ask_command(options: argparse.Namespace) -> int:
    """Answer one question with citations."""
    from ui import journal
    from ui.saying import answer_lines, export

    journal.start(options.log, text=options.log_text)
    with open_all(options) as index, journal.question(options.question, door="ask") as line:
        line.index, line.llm = index.fingerprint, options.llm
        line.answer = answer = assistant_of(index, options).ask(options.question, undo=options.undo)
        if options.evidence is not None:
            export(answer, index, options.evidence)
        if options.json:
            from rag.export import answer_json

            print_json(answer_json(answer, id=""))
        else:
            print("\n".join(answer_lines(answer)))
    return 0


def batch_command(options: argparse.Namespace) -> int:
    """Answer a file of questions, each written as soon as it is answered."""
    from rag.export import answer_json
    from ui import journal

    journal.start(options.log, text=options.log_text)
    questions = list(_questions(options.input))
    with open_one(options) as index, options.output.open("w", encoding="utf-8") as out:
        assistant = assistant_of(index, options)
        for number, (id_, question, history) in enumerate(questions, 1):
            with journal.question(question, door="batch", key=str(number)) as line:
                line.index, line.llm = index.fingerprint, options.llm
                line.answer = answer = assistant.ask(question, history)
            out.write(json.dumps(answer_json(answer, id=id_), ensure_ascii=False) + "\n")
            out.flush()
            if sys.stderr.isatty():
                print(f"\r{number} of {len(questions)} questions", end="", file=sys.stderr)
    if sys.stderr.isatty():
        print(file=sys.stderr)
    return 0


def replay_command(options: argparse.Namespace) -> int:
    """Check an exported answer against an index."""
    from rag.export import replay

    with open_all(options) as index:
        report = replay(_read_json(options.evidence), index)
    for line in report.lines:
        print(line)
    return 0 if report.ok else 2


def eval_command(options: argparse.Namespace) -> int:
    """Measure retrieval and answers."""
    from eval.command import run

    return run(options)


def _questions(path: Path) -> Iterator[tuple[str, str, list[Any]]]:
    from rag.answer import Turn

    for number, line in enumerate(_lines(path), 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
            history = [Turn(turn["q"], turn["a"]) for turn in entry.get("history") or []]
            id_, question = str(entry.get("id", number)), str(entry["question"])
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise YoujuError(
                f'{path}, line {number}: expected {{"id", "question", "history"}}, got {line.strip()[:60]!r} '
                f"({type(error).__name__})"
            ) from error
        yield id_, question, history


def _lines(path: Path) -> Iterable[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise YoujuError(f"{path}: {error}") from error


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise YoujuError(f"{path}: {error}") from error
