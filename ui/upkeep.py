"""Commands that make an index and keep it: index, remove, check, copy, doctor."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from index.document import YoujuError
from ui.options import print_json


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
        print_json(
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


def remove_command(options: argparse.Namespace) -> int:
    """Delete documents from the index."""
    from index.update import remove_documents

    summary = remove_documents(options.index, options.doc)
    print(f"removed {len(options.doc)}; {summary.documents} documents, {summary.passages} passages remain")
    return 0


def check_command(options: argparse.Namespace) -> int:
    """Verify an index file by file; --repair makes it whole again from what is provably right."""
    from index.check import check, repair, roll_back

    if options.roll_back:
        report = roll_back(options.index)
    else:
        report = repair(options.index, model=options.model) if options.repair else check(options.index)
    if options.json:
        print_json({"ok": report.ok, "generation": report.generation, "problems": list(report.problems)})
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


def _default_sources() -> Path:
    """`seeds/` of the current folder, else the pages that ship with the package."""
    import index

    here, shipped = Path("seeds"), Path(index.__file__).parent / "seeds"
    if here.is_dir():
        return here
    if shipped.is_dir():
        return shipped
    raise YoujuError("no seeds/ folder here; name what to index: youju index FOLDER")
