"""The Evaluation tab: counts of judgements, the table they make, and the report below."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from ui.judgements import Tally
from ui.render.markup import Html, action, el, join
from ui.wording import Words

if TYPE_CHECKING:
    from ui.evaluation import Measured, Report, Score

REPORT = "/report"


def evaluation(words: Words, counts: Tally, measured: Sequence[Measured], reports: Sequence[Report]) -> Html:
    """Judgements, what they make of each system in all archives and in each, and `youju eval`'s reports."""
    return el(
        "section",
        el("h2", words.judged),
        _counts(words, counts) if counts.answers or counts.citations or counts.missing else Html(),
        *(_table(words, each) for each in measured),
        el("p", words.judged_note, class_="soft") if measured else Html(),
        Html() if measured else el("p", words.judged_none, class_="soft"),
        el("h2", words.report),
        _reports(words, reports),
        class_="evaluation",
    )


def evaluating(words: Words) -> Html:
    """While the report is made."""
    return el(
        "section",
        el("p", words.evaluating, class_="thinking", role="status"),
        el("progress"),
        class_="evaluation",
    )


def note(value: str) -> Html:
    """A remark under the report."""
    return el("p", value, class_="soft")


def _counts(words: Words, counts: Tally) -> Html:
    facts = (
        (words.judged_answers, counts.answers),
        (words.judged_useful, counts.useful),
        (words.judged_citations, counts.citations),
        (words.judged_right, counts.right),
        (words.judged_missing, counts.missing),
    )
    items = [el("div", el("dt", name), el("dd", f"{count:,}")) for name, count in facts]
    return el("dl", *items, class_="counts")


def _table(words: Words, measured: Measured) -> Html:
    names = {"words": words.system_words, "vectors": words.system_vectors, "fused": words.system_fused}
    measures = list(next(iter(measured.scores.values())))
    head = el("tr", el("th", words.system, scope="col"), *(el("th", name, scope="col") for name in measures))
    rows = [
        el("tr", el("th", names[system], scope="row"), *(_cell(scores[name]) for name in measures))
        for system, scores in measured.scores.items()
    ]
    told = words.judged_table.format(measured.questions, measured.judged)
    caption = el("caption", _archive(measured.archive), told)
    return el("table", caption, el("thead", head), el("tbody", *rows))


def _archive(name: str) -> Html:
    return join((el("span", name, class_="archive"), " ")) if name else Html()


def _cell(score: Score) -> Html:
    between = el("span", f"[{score.low:.2f}, {score.high:.2f}]", class_="interval")
    return el("td", f"{score.value:.3f} ", between, class_="number")


def _reports(words: Words, reports: Sequence[Report]) -> Html:
    """What the report is, and the last one on each archive; of several the first stands open."""
    run = action("evaluate", words.report_run, symbol="retry", shown=True)
    what = el("div", run, el("p", words.report_what, class_="soft"), class_="bar")
    if not reports:
        return join((el("p", words.report_none, class_="soft"), what))
    if len(reports) == 1:
        return join((el("p", *_made(words, reports[0]), class_="soft"), what, _frame(words, reports[0])))
    folded = (
        el("details", el("summary", *_made(words, each)), _frame(words, each), open=place == 0)
        for place, each in enumerate(reports)
    )
    return join((what, *folded))


def _made(words: Words, report: Report) -> tuple[str, ...]:
    when = datetime.fromtimestamp(report.made).astimezone().strftime("%Y-%m-%d %H:%M")
    link = el("a", words.report_open, href=_address(report), target="_blank", rel="noopener")
    return _archive(report.archive), words.report_made.format(when) + " · ", link


def _frame(words: Words, report: Report) -> Html:
    return el("iframe", src=_address(report), title=words.report, class_="report", loading="lazy")


def _address(report: Report) -> str:
    """With its time, so that a newer report is loaded anew."""
    named = {"archive": report.archive} if report.archive else {}
    return f"{REPORT}?{urlencode({**named, 'made': int(report.made)})}"
