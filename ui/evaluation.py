"""The Evaluation tab: what readers' judgements say, and the report of `youju eval`."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gradio as gr

from index.document import YoujuError
from index.remote import beside
from index.search import Index, System
from index.union import SLASH, Union
from ui import judgements, render, verdicts
from ui.archive import Archive, Opened
from ui.browser import quiet, sent, the_part
from ui.exchange import from_json
from ui.translation import failed
from ui.wording import Words

SYSTEMS: tuple[System, ...] = ("words", "vectors", "fused")
MEASURES = ("nDCG@10", "MRR", "R@10", "Success@10")
DEPTH = 100
MOST_QUESTIONS = 500  # judged questions that are searched again for the table
_running = threading.Lock()


@dataclass(frozen=True, slots=True)
class Score:
    """A mean with its 95 % bootstrap interval over questions."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Measured:
    """Scores by system and measure over the judged questions."""

    questions: int
    judged: int  # passages with a grade
    scores: dict[str, dict[str, Score]]
    archive: str = ""  # one of several; empty is all together


@dataclass(frozen=True, slots=True)
class Report:
    """The last report on one archive."""

    archive: str  # empty when there is one alone
    made: float  # seconds since 1970


@dataclass(frozen=True, slots=True)
class Evaluator:
    """The handlers of the Evaluation tab."""

    archive: Archive
    words: Words

    def judge(self, event: gr.EventData) -> str:
        """Keep a verdict of the reader. Nothing is said when it was kept."""
        try:
            exchange = from_json(sent(event, "exchange", None))
            verdict = judgements.judgement_of(
                exchange, str(sent(event, "passage", "")), str(sent(event, "verdict", ""))
            )
            verdicts.keep(self.archive, verdict)
        except YoujuError as error:
            return render.trouble(failed(self.words, error))
        return ""

    def show(self) -> str:
        """Judgements and what follows from them, of all archives and of each; the last reports below."""
        kept = verdicts.kept(self.archive)
        try:
            with self.archive.lease() as opened:
                measured = [*measured_all(opened, kept)]
        except YoujuError as error:
            return render.trouble(failed(self.words, error))
        return render.evaluation(self.words, judgements.tally(kept), measured, reports(self.archive))

    def run(self) -> Iterator[str]:
        """Run `youju eval` on the questions it ships with; the report is drawn when it is done."""
        if not _running.acquire(blocking=False):
            yield render.trouble(self.words.evaluating_already)
            return
        try:
            yield render.evaluating(self.words)
            notes = [*evaluate(self.archive)]
            left_out = [self.words.report_not_held.format(name) for name in _others(self.archive)]
            yield self.show() + "".join(render.note(note) for note in [*notes, *left_out])
        except YoujuError as error:
            yield render.trouble(failed(self.words, error))
        finally:
            _running.release()


def build_tab(evaluator: Evaluator, tab: Any) -> None:
    """Lay out the tab and connect it; it is drawn anew whenever a reader turns to it."""
    part = the_part("evaluation", "")
    tab.select(evaluator.show, outputs=part, **quiet(queue=False))
    part.apply(evaluator.run, outputs=part, concurrency_limit=1, **quiet())


def report_path(archive: Archive, name: str = "") -> Path:
    """Where the page keeps its report on an archive, the first when none is named. Raises ArchiveError."""
    return beside(archive.path_of(name) if name else archive.path, "-judgements") / "report.html"


def reports(archive: Archive) -> list[Report]:
    """The last report on each archive that has one."""
    paths = ((name, report_path(archive, name)) for name in archive.names or ("",))
    return [Report(name, path.stat().st_mtime) for name, path in paths if path.is_file()]


def measured_all(opened: Opened, kept: list[judgements.Judgement]) -> Iterator[Measured]:
    """What was judged in all archives together, then in each of several where something was judged."""
    if (together := measure(opened.index, kept)) is None:
        return
    yield together
    for held in opened.held:
        if held.trouble is None and (found := measure(opened.view((held.name,)), kept, held.name)):
            yield found


def measure(index: Index | Union, kept: list[judgements.Judgement], archive: str = "") -> Measured | None:
    """Every system of the index on the questions that readers judged; None when nothing was judged.

    With the name of an archive only judgements on its passages count.
    """
    from eval.measures import graded, in_order, mean
    from eval.significance import interval

    questions, qrels = judgements.qrels(kept)
    if archive:
        inside = ((id_, _inside(grades, archive)) for id_, grades in qrels.items())
        qrels = {id_: grades for id_, grades in inside if any(grades.values())}
    qrels = dict(list(qrels.items())[-MOST_QUESTIONS:])
    if not qrels:
        return None
    table: dict[str, dict[str, Score]] = {}
    for system in SYSTEMS:
        runs = {
            id_: in_order(hit.passage.id for hit in index.search(questions[id_], k=DEPTH, system=system))
            for id_ in qrels
        }
        scores = graded(qrels, runs, MEASURES)
        table[system] = {}
        for name, values in scores.items():
            found = interval([*values.values()])
            table[system][name] = Score(mean(values), found.low, found.high)
    return Measured(len(qrels), sum(len(grades) for grades in qrels.values()), table, archive)


def _inside(grades: dict[str, int], archive: str) -> dict[str, int]:
    return {id_: grade for id_, grade in grades.items() if id_.partition(SLASH)[0] == archive}


def evaluate(archive: Archive) -> list[str]:
    """The reports of `youju eval`, each written beside its index; remarks on what they were made from.

    Of several archives those are evaluated that hold what the questions ask about. Where none does, one
    report is made from the documents that come with the program, as `youju eval` makes it.
    """
    from eval.evaluate import evaluate as run
    from eval.evaluate import opened
    from eval.gold import load, shipped
    from eval.report import page
    from rag.assistant import Assistant

    notes: list[str] = []
    questions = load(shipped())
    for name in asked_about(archive) or (archive.names or ("",))[:1]:
        path = archive.path_of(name)
        with opened(path, questions, notes.append, model=archive.model) as index:
            found = run(index, questions, assistant=Assistant(index, archive.settings))
        _write(report_path(archive, name), page(found))
    return notes


def _write(path: Path, text: str) -> None:
    """The whole file or the one before."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_suffix(".part")
    part.write_text(text, encoding="utf-8")
    part.replace(path)


def asked_about(archive: Archive) -> tuple[str, ...]:
    """The archives that hold every document of the questions that come with the program."""
    from eval.gold import load, shipped

    needed = {item.doc for question in load(shipped()) for item in question.evidence}
    with archive.lease() as opened:
        cards = opened.cards
    if not archive.names:
        return ("",) if needed <= cards.keys() else ()
    return tuple(name for name in archive.names if {f"{name}{SLASH}{doc}" for doc in needed} <= cards.keys())


def _others(archive: Archive) -> tuple[str, ...]:
    """Of several archives those on which there is nothing to report."""
    held = asked_about(archive)
    return tuple(name for name in archive.names if held and name not in held)


def outbox(evaluator: Evaluator, export: Any) -> None:
    """The place where files for the reader and verdicts of the reader pass through."""
    box = the_part("outbox", "")
    box.download(export, outputs=box, **quiet(queue=False))
    box.like(evaluator.judge, outputs=box, **quiet(queue=False))
