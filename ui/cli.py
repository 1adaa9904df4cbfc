"""The command line: `youju COMMAND`.

Exit status 0 on success, 2 on wrong usage or bad input with one clear line on
standard error. With --json, standard output holds JSON and nothing else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from index.document import YoujuError
from ui.doors import chat_command, mcp_command
from ui.listing import articles_command, documents_command, passages_command
from ui.options import place, positive
from ui.places import DEFAULT_INDEX
from ui.questions import ask_command, batch_command, eval_command, replay_command
from ui.upkeep import check_command, copy_command, doctor_command, index_command, remove_command

Parser = argparse.ArgumentParser
Command = Callable[[argparse.Namespace], int]
Commands = Any  # argparse keeps the type of its group of commands to itself


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    command: Command = options.command
    try:
        return command(options)
    except YoujuError as error:
        _complain(str(error))
        return 2
    except BrokenPipeError:
        # The reader (head, less) has gone; nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        _complain("stopped")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="youju", description="Cited answers over Chinese documents.")
    parser.add_argument("--version", action="version", version=f"youju {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for add_some in (_add_documents, _add_questions, _add_reports, _add_upkeep, _add_doors):
        add_some(commands)
    return parser


def _add(commands: Commands, name: str, run: Command, help_: str, *, several: bool = False) -> Parser:
    """A command with the options that all have; `several` may read many archives."""
    command: Parser = commands.add_parser(name, help=help_, description=run.__doc__)
    command.set_defaults(command=run)
    if several:
        command.add_argument(
            "--index",
            action="append",
            dest="places",
            metavar="[NAME=]DIR",
            help=f"an index (folder or milvus://HOST:PORT/NAME), or a folder of several; may be repeated "
            f"(default: {DEFAULT_INDEX})",
        )
    else:
        command.add_argument(
            "--index",
            type=place,
            default=DEFAULT_INDEX,
            metavar="DIR",
            help="folder, or milvus://HOST:PORT/NAME; default: %(default)s",
        )
    command.add_argument("--model", default="", help="encoder: folder or sentence-transformers name")
    command.add_argument("--reranker", default="", help="CrossEncoder folder or name, none for no reranking")
    command.add_argument("--llm", default="", metavar="PROVIDER:MODEL", help="rephrase with a chat model")
    if name in ("ask", "batch", "chat", "mcp"):
        log = "-" if name in ("chat", "mcp") else ""
        where = "one line of JSON per question goes there; - is standard error, '' nowhere"
        command.add_argument("--log", default=log, metavar="FILE", help=where)
        command.add_argument("--log-text", action="store_true", help="with question and answer in it")
    return command


def _add_documents(commands: Commands) -> None:
    command = _add(commands, "index", index_command, "build or update an index")
    command.add_argument("path", nargs="*", type=Path, help="files and folders; default: seeds/")
    command.add_argument(
        "--workers", default="", metavar="N", help="encode in N processes, or on a cluster: ray://HOST:PORT"
    )
    command.add_argument("--json", action="store_true")
    command = _add(commands, "documents", documents_command, "list what is indexed")
    command.add_argument("--json", action="store_true")
    command = _add(commands, "remove", remove_command, "delete documents")
    command.add_argument("doc", nargs="+")


def _add_questions(commands: Commands) -> None:
    length = "length of the ranking (default: %(default)s)"
    command = _add(commands, "ask", ask_command, "answer one question", several=True)
    command.add_argument("question")
    command.add_argument("--json", action="store_true")
    command.add_argument(
        "--undo",
        action="append",
        default=[],
        metavar="READING",
        help="do not read the question so: a key as shown, an aspect such as time, or all; may be repeated",
    )
    command.add_argument("--language", choices=("zh", "en"), default="zh", help="of the program's own words")
    command.add_argument("--evidence", type=Path, metavar="FILE", help="also export it: .json, or .md")
    command.add_argument("--k", type=positive, default=10, help=length)
    command = _add(commands, "batch", batch_command, "answer a file of questions")
    command.add_argument("input", type=Path, metavar="IN.jsonl")
    command.add_argument("output", type=Path, metavar="OUT.jsonl")
    command.add_argument("--k", type=positive, default=10, help=length)


def _add_reports(commands: Commands) -> None:
    from eval.command import add_arguments

    for name, run in (("passages", passages_command), ("articles", articles_command)):
        command = _add(commands, name, run, f"print every {name[:-1]}")
        command.add_argument("--json", action="store_true")
    add_arguments(_add(commands, "eval", eval_command, "measure retrieval and answers"))


def _add_upkeep(commands: Commands) -> None:
    command = _add(commands, "check", check_command, "verify an index")
    mend = command.add_mutually_exclusive_group()
    mend.add_argument("--repair", action="store_true", help="rebuild what is damaged; upgrade an older index")
    mend.add_argument("--roll-back", action="store_true", help="forget a damaged newest generation")
    command.add_argument("--json", action="store_true")
    command = commands.add_parser("copy", help="copy an archive", description=copy_command.__doc__)
    command.set_defaults(command=copy_command)
    command.add_argument("source", type=place, metavar="FROM", help="folder or milvus://HOST:PORT/NAME")
    command.add_argument("target", type=place, metavar="TO", help="where there is no index yet")
    _add(commands, "doctor", doctor_command, "check machine and set-up")
    about = "check an exported answer against an index"
    command = _add(commands, "replay", replay_command, about, several=True)
    command.add_argument("evidence", type=Path, metavar="EVIDENCE.json")


def _add_doors(commands: Commands) -> None:
    command = _add(commands, "chat", chat_command, "serve the page, the HTTP API and MCP", several=True)
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=7860)
    command.add_argument("--password-file", type=Path, help="needed on hosts other than loopback")
    _add(commands, "mcp", mcp_command, "serve MCP over standard input and output", several=True)


def _complain(message: str) -> None:
    print(f"youju: {' '.join(message.split())}", file=sys.stderr)


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("youju")
    except PackageNotFoundError:
        return "(not installed)"
