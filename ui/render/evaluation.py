"""The Evaluation tab: counts of judgements, the table they make, and the report below."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from ui.judgements import Tally
from ui.render.markup import Html, action, el, join
from ui.wording import Words

if TYPE_CHECKING:
    from ui.evaluation import Measured, Score

REPORT = "/report"


def evaluation(words: Words, counts: Tally, measured: Measured | None, *, made: float) -> Html:
    """Judgements, what they make of each system, and the report of `youju eval`; `made` is its time."""
    return el(
        "section",
        el("h2", words.judged),
        _counts(words, counts) if counts.answers or counts.citations or counts.missing else Html(),
        _table(words, measured) if measured else Html(),
        Html() if measured else el("p", words.judged_none, class_="soft"),
        el("h2", words.report),
        _report(words, made),
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
    table = el("table", el("caption", told), el("thead", head), el("tbody", *rows))
    return join((table, el("p", words.judged_note, class_="soft")))


def _cell(score: Score) -> Html:
    between = el("span", f"[{score.low:.2f}, {score.high:.2f}]", class_="interval")
    return el("td", f"{score.value:.3f} ", between, class_="number")


def _report(words: Words, made: float) -> Html:
    run = action("evaluate", words.report_run, symbol="retry", shown=True)
    what = el("p", words.report_what, class_="soft")
    if not made:
        return join((el("p", words.report_none, class_="soft"), what, run))
    when = datetime.fromtimestamp(made).astimezone().strftime("%Y-%m-%d %H:%M")
    link = el("a", words.report_open, href=REPORT, target="_blank", rel="noopener")
    told = el("p", words.report_made.format(when) + " · ", link, class_="soft")
    frame = el("iframe", src=f"{REPORT}?{int(made)}", title=words.report, class_="report", loading="lazy")
    return join((told, el("div", run, what, class_="bar"), frame))
