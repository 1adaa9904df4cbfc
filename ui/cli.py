"""The command line: `youju COMMAND`.

Exit status 0 on success, 2 on wrong usage or bad input with one clear line on
standard error. With --json, standard output holds JSON and nothing else.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from index.document import YoujuError
from ui.places import DEFAULT_INDEX

if TYPE_CHECKING:
    from index.remote import Location
    from index.search import Index
    from index.union import Union
    from rag.assistant import Assistant


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    options = _parser().parse_args(arguments)
    command: Callable[[argparse.Namespace], int] = options.command
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


def index_command(options: argparse.Namespace) -> int:
    """Build or update an index, with a verdict per file."""
    from index.update import update_index
    from ui.progress import Reporter

    sources = options.path or [_default_sources()]
    with Reporter(sys.stderr, quiet=options.json) as reporter:
        summary = update_index(
            options.index, sources, model=options.model, workers=options.workers, report=reporter
        )
    if options.json:
        _print_json(
            {
                "files": [
                    {
                        "doc": verdict.doc,
                        "status": verdict.status.value,
                        "message": verdict.message,
                        "articles": verdict.articles,
                        "passages": verdict.passages,
                    }
                    for verdict in summary.verdicts
                ],
                "documents": summary.documents,
                "passages": summary.passages,
                "embedded": summary.embedded,
                "seconds": round(summary.seconds, 3),
            }
        )
    else:
        print(
            f"{summary.documents} documents, {summary.passages} passages "
            f"({summary.embedded} newly embedded) in {summary.seconds:.1f} s → {options.index}"
        )
    return 0


def documents_command(options: argparse.Namespace) -> int:
    """List what is indexed."""
    from index.copies import near_copies

    with _open(options) as index:
        cards = index.documents()
        copies = near_copies((card.id, index.text(card.id)) for card in cards)
        for card in cards:
            copy = copies.get(card.id)
            source = card.source
            if options.json:
                _print_json(
                    {
                        "id": card.id,
                        "sha256": card.sha256,
                        "bytes": card.size,
                        "encoding": card.encoding,
                        "media": card.media,
                        "newspaper": source.newspaper,
                        "date": source.date,
                        "page": source.page,
                        "given": source.given,
                        "added": card.added,
                        "characters": card.characters,
                        "articles": card.articles,
                        "passages": card.passages,
                        "dropped": card.dropped,
                        "copy_of": copy.of if copy else "",
                        "copied": round(copy.share, 3) if copy else 0.0,
                    }
                )
            else:
                about = " ".join(part for part in (source.newspaper, source.date, source.page) if part)
                about += f"  near copy of {copy.of}" if copy else ""
                print(
                    f"{card.id}  {card.sha256[:12]}  {card.articles} articles  {card.passages} passages  "
                    f"{card.characters} characters  {about}".rstrip()
                )
    return 0


def remove_command(options: argparse.Namespace) -> int:
    """Delete documents from the index."""
    from index.update import remove_documents

    summary = remove_documents(options.index, options.doc)
    print(f"removed {len(options.doc)}; {summary.documents} documents, {summary.passages} passages remain")
    return 0


def ask_command(options: argparse.Namespace) -> int:
    """Answer one question with citations."""
    from ui import journal
    from ui.saying import answer_lines, export

    journal.start(options.log, text=options.log_text)
    with _open_all(options) as index, journal.question(options.question, door="ask") as line:
        line.index, line.llm = index.fingerprint, options.llm
        line.answer = answer = _assistant(index, options).ask(options.question, undo=options.undo)
        if options.evidence is not None:
            export(answer, index, options.evidence)
        if options.json:
            from rag.export import answer_json

            _print_json(answer_json(answer, id=""))
        else:
            print("\n".join(answer_lines(answer)))
    return 0


def batch_command(options: argparse.Namespace) -> int:
    """Answer a file of questions, each written as soon as it is answered."""
    from rag.export import answer_json
    from ui import journal

    journal.start(options.log, text=options.log_text)
    questions = list(_questions(options.input))
    with _open(options) as index, options.output.open("w", encoding="utf-8") as out:
        assistant = _assistant(index, options)
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


def passages_command(options: argparse.Namespace) -> int:
    """Print every passage."""
    with _open(options) as index:
        for passage in index.passages:
            if options.json:
                _print_json(
                    {
                        "id": passage.id,
                        "doc": passage.doc,
                        "article": passage.article,
                        "section": passage.section,
                        "kind": passage.kind,
                        "date": passage.date,
                        "speaker": passage.speaker,
                        "text": passage.text,
                        "spans": [[span.start, span.end] for span in passage.spans],
                        "flags": list(passage.flags),
                        "lost": [[span.start, span.end] for span in passage.lost],
                        "page": passage.page,
                    }
                )
            else:
                start, end = passage.spans[0].start, passage.spans[-1].end
                flags = f" [{', '.join(passage.flags)}]" if passage.flags else ""
                print(f"{passage.doc}:{start}-{end} {passage.kind}{flags}\n{passage.text}\n")
    return 0


def articles_command(options: argparse.Namespace) -> int:
    """Print every article."""
    with _open(options) as index:
        for article in index.articles():
            if options.json:
                _print_json(
                    {
                        "id": article.id,
                        "doc": article.doc,
                        "title": article.title,
                        "kind": article.kind,
                        "byline": article.byline,
                        "dateline": article.dateline,
                        "date": article.date,
                        "spans": [[span.start, span.end] for span in article.spans],
                        "continues": article.continues,
                        "continued": article.continued,
                        "complete": article.complete,
                    }
                )
            else:
                about = " · ".join(part for part in (article.kind, article.byline, article.date) if part)
                print(f"{article.doc}  {article.title or '(no title)'}  {about}")
    return 0


def check_command(options: argparse.Namespace) -> int:
    """Verify an index file by file; --repair makes it whole again from what is provably right."""
    from index.check import check, repair, roll_back

    if options.roll_back:
        report = roll_back(options.index)
    else:
        report = repair(options.index, model=options.model) if options.repair else check(options.index)
    if options.json:
        _print_json({"ok": report.ok, "generation": report.generation, "problems": list(report.problems)})
    else:
        for problem in report.problems:
            print(problem)
        state = "older" if report.outdated else "damaged"
        fix = f"{state}; run `youju check --repair --index {options.index}`"
        print(f"{options.index}: {'whole' if report.ok else fix}")
    return 0 if report.ok else 2


def copy_command(options: argparse.Namespace) -> int:
    """Copy an archive to another folder or server, without reading its files again; the source stays."""
    from index.transfer import copy_index
    from ui.progress import Reporter

    with Reporter(sys.stderr) as reporter:
        summary = copy_index(options.source, options.target, report=reporter)
    print(
        f"{summary.documents} documents, {summary.passages} passages copied in {summary.seconds:.1f} s "
        f"→ {options.target}"
    )
    return 0


def doctor_command(options: argparse.Namespace) -> int:
    """Check machine and set-up, and say what to do."""
    from ui.doctor import examine

    findings = examine(options.index)
    for finding in findings:
        print(
            f"{'ok  ' if finding.ok else 'FIX '} {finding.what}" + (f": {finding.fix}" if finding.fix else "")
        )
    return 0 if all(finding.ok for finding in findings) else 2


def chat_command(options: argparse.Namespace) -> int:
    """Serve the page, the HTTP API and MCP."""
    from ui import journal
    from ui.places import places
    from ui.server import serve

    journal.start(options.log, text=options.log_text)
    serve(
        places(options.places),
        _settings(options),
        model=options.model,
        host=options.host,
        port=options.port,
        password_file=options.password_file,
    )
    return 0


def mcp_command(options: argparse.Namespace) -> int:
    """Serve MCP over standard input and output."""
    from ui import journal
    from ui.mcp import serve_stdio
    from ui.places import places

    journal.start(options.log, text=options.log_text)
    serve_stdio(places(options.places), _settings(options), model=options.model)
    return 0


def replay_command(options: argparse.Namespace) -> int:
    """Check an exported answer against an index."""
    from rag.export import replay

    with _open_all(options) as index:
        report = replay(_read_json(options.evidence), index)
    for line in report.lines:
        print(line)
    return 0 if report.ok else 2


def eval_command(options: argparse.Namespace) -> int:
    """Measure retrieval and answers."""
    from eval.command import run

    return run(options)


def _parser() -> argparse.ArgumentParser:
    from eval.command import add_arguments

    parser = argparse.ArgumentParser(prog="youju", description="Cited answers over Chinese documents.")
    parser.add_argument("--version", action="version", version=f"youju {_version()}")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)

    def add(
        name: str, run: Callable[[argparse.Namespace], int], help_: str, *, several: bool = False
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_, description=run.__doc__)
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
                type=_place,
                default=DEFAULT_INDEX,
                metavar="DIR",
                help="folder, or milvus://HOST:PORT/NAME; default: %(default)s",
            )
        command.add_argument("--model", default="", help="encoder: folder or sentence-transformers name")
        command.add_argument(
            "--reranker", default="", help="CrossEncoder folder or name, none for no reranking"
        )
        command.add_argument("--llm", default="", metavar="PROVIDER:MODEL", help="rephrase with a chat model")
        if name in ("ask", "batch", "chat", "mcp"):
            log = "-" if name in ("chat", "mcp") else ""
            where = "one line of JSON per question goes there; - is standard error, '' nowhere"
            command.add_argument("--log", default=log, metavar="FILE", help=where)
            command.add_argument("--log-text", action="store_true", help="with question and answer in it")
        return command

    command = add("index", index_command, "build or update an index")
    command.add_argument("path", nargs="*", type=Path, help="files and folders; default: seeds/")
    command.add_argument(
        "--workers", default="", metavar="N", help="encode in N processes, or on a cluster: ray://HOST:PORT"
    )
    command.add_argument("--json", action="store_true")
    command = add("documents", documents_command, "list what is indexed")
    command.add_argument("--json", action="store_true")
    command = add("remove", remove_command, "delete documents")
    command.add_argument("doc", nargs="+")
    command = add("ask", ask_command, "answer one question", several=True)
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
    command.add_argument(
        "--k", type=_positive, default=10, help="length of the ranking (default: %(default)s)"
    )
    command = add("batch", batch_command, "answer a file of questions")
    command.add_argument("input", type=Path, metavar="IN.jsonl")
    command.add_argument("output", type=Path, metavar="OUT.jsonl")
    command.add_argument(
        "--k", type=_positive, default=10, help="length of the ranking (default: %(default)s)"
    )
    for name, run in (("passages", passages_command), ("articles", articles_command)):
        command = add(name, run, f"print every {name[:-1]}")
        command.add_argument("--json", action="store_true")
    command = add("eval", eval_command, "measure retrieval and answers")
    add_arguments(command)
    command = add("check", check_command, "verify an index")
    mend = command.add_mutually_exclusive_group()
    mend.add_argument("--repair", action="store_true", help="rebuild what is damaged; upgrade an older index")
    mend.add_argument("--roll-back", action="store_true", help="forget a damaged newest generation")
    command.add_argument("--json", action="store_true")
    command = commands.add_parser("copy", help="copy an archive", description=copy_command.__doc__)
    command.set_defaults(command=copy_command)
    command.add_argument("source", type=_place, metavar="FROM", help="folder or milvus://HOST:PORT/NAME")
    command.add_argument("target", type=_place, metavar="TO", help="where there is no index yet")
    add("doctor", doctor_command, "check machine and set-up")
    command = add("replay", replay_command, "check an exported answer against an index", several=True)
    command.add_argument("evidence", type=Path, metavar="EVIDENCE.json")
    command = add("chat", chat_command, "serve the page, the HTTP API and MCP", several=True)
    command.add_argument("--host", default="127.0.0.1")
    command.add_argument("--port", type=int, default=7860)
    command.add_argument("--password-file", type=Path, help="needed on hosts other than loopback")
    add("mcp", mcp_command, "serve MCP over standard input and output", several=True)
    return parser


def _settings(options: argparse.Namespace) -> Any:
    from rag.assistant import Settings

    language = getattr(options, "language", "zh")
    return Settings(
        k=getattr(options, "k", 10), llm=options.llm, reranker=options.reranker, language=language
    )


def _assistant(index: Index | Union, options: argparse.Namespace) -> Assistant:
    from rag.assistant import Assistant

    return Assistant(index, _settings(options))


def _open(options: argparse.Namespace) -> Index:
    from index.search import open_index

    return open_index(options.index, model=options.model)


def _open_all(options: argparse.Namespace) -> Index | Union:
    """The index that is named, or several as one."""
    from index.search import open_index
    from index.union import open_union
    from ui.places import places

    chosen = places(options.places)
    if len(chosen) == 1:
        return open_index(chosen[0].path, model=options.model)
    return open_union({place.name: place.path for place in chosen}, model=options.model)


def _default_sources() -> Path:
    """`seeds/` of the current folder, else the pages that ship with the package."""
    import index

    here, shipped = Path("seeds"), Path(index.__file__).parent / "seeds"
    if here.is_dir():
        return here
    if shipped.is_dir():
        return shipped
    raise YoujuError("no seeds/ folder here; name what to index: youju index FOLDER")


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


def _print_json(value: Any) -> None:
    print(json.dumps(value, ensure_ascii=False))


def _complain(message: str) -> None:
    print(f"youju: {' '.join(message.split())}", file=sys.stderr)


def _place(text: str) -> Location:
    from index.remote import AddressError, location

    try:
        return location(text)
    except AddressError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be at least 1, got {text}")
    return number


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("youju")
    except PackageNotFoundError:
        return "(not installed)"
