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
from index.search import System
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
        """Judgements and what follows from them; the last report below."""
        kept = verdicts.kept(self.archive)
        measured = None
        try:
            with self.archive.lease() as opened:
                measured = measure(opened, kept)
        except YoujuError as error:
            return render.trouble(failed(self.words, error))
        report = report_path(self.archive)
        made = report.stat().st_mtime if report.is_file() else 0.0
        return render.evaluation(self.words, judgements.tally(kept), measured, made=made)

    def run(self) -> Iterator[str]:
        """Run `youju eval` on the questions it ships with; the report is drawn when it is done."""
        if not _running.acquire(blocking=False):
            yield render.trouble(self.words.evaluating_already)
            return
        try:
            yield render.evaluating(self.words)
            notes = evaluate(self.archive)
            yield self.show() + "".join(render.note(note) for note in notes)
        except YoujuError as error:
            yield render.trouble(failed(self.words, error))
        finally:
            _running.release()


def build_tab(evaluator: Evaluator, tab: Any) -> None:
    """Lay out the tab and connect it; it is drawn anew whenever a reader turns to it."""
    part = the_part("evaluation", "")
    tab.select(evaluator.show, outputs=part, **quiet(queue=False))
    part.apply(evaluator.run, outputs=part, concurrency_limit=1, **quiet())


def report_path(archive: Archive) -> Path:
    """Where the page keeps its report; beside the index."""
    return beside(archive.path, "-judgements") / "report.html"


def measure(opened: Opened, kept: list[judgements.Judgement]) -> Measured | None:
    """Every system of the index on the questions that readers judged; None when nothing was judged."""
    from eval.measures import graded, in_order, mean
    from eval.significance import interval

    questions, qrels = judgements.qrels(kept)
    qrels = dict(list(qrels.items())[-MOST_QUESTIONS:])
    if not qrels:
        return None
    table: dict[str, dict[str, Score]] = {}
    for system in SYSTEMS:
        runs = {
            id_: in_order(
                hit.passage.id for hit in opened.index.search(questions[id_], k=DEPTH, system=system)
            )
            for id_ in qrels
        }
        scores = graded(qrels, runs, MEASURES)
        table[system] = {}
        for name, values in scores.items():
            found = interval([*values.values()])
            table[system][name] = Score(mean(values), found.low, found.high)
    return Measured(len(qrels), sum(len(grades) for grades in qrels.values()), table)


def evaluate(archive: Archive) -> list[str]:
    """The report of `youju eval`, written beside the index; remarks on what it was made from."""
    from eval.evaluate import evaluate as run
    from eval.evaluate import opened
    from eval.gold import load, shipped
    from eval.report import page
    from rag.assistant import Assistant

    notes: list[str] = []
    questions = load(shipped())
    with opened(archive.path, questions, notes.append, model=archive.model) as index:
        found = run(index, questions, assistant=Assistant(index, archive.settings))
    path = report_path(archive)
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".part")
    beside.write_text(page(found), encoding="utf-8")
    beside.replace(path)
    return notes


def outbox(evaluator: Evaluator, export: Any) -> None:
    """The place where files for the reader and verdicts of the reader pass through."""
    box = the_part("outbox", "")
    box.download(export, outputs=box, **quiet(queue=False))
    box.like(evaluator.judge, outputs=box, **quiet(queue=False))
