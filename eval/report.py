"""One HTML file that tells how good retrieval and answers are; opens offline, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from eval import charts, failures
from eval.evaluate import DEPTH, Evaluation
from eval.gold import SPLITS
from eval.measures import mean
from eval.phrases import pair
from eval.significance import interval
from eval.summary import answers_json, in_split, of_type

_MEASURES = ("hit@1", "hit@5", "hit@10", "hit@2000c", "nDCG@10", "MRR", "R@10")
_SAID = ("right", "cited", "holds", "on_evidence", "precision", "recall")
_REFUSED = ("refusal_precision", "refusal_recall", "wrongly_refused", "auroc")
_GROUPS = 6  # of each half in the plot of reliability
_BINS = 10


def write(path: Path, evaluation: Evaluation, *, command: str = "youju eval") -> None:
    """Write the report, making its folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(page(evaluation, command=command), encoding="utf-8")


def page(evaluation: Evaluation, *, command: str = "youju eval") -> str:
    """The report as HTML: no script but the language switch, no font, picture or link from elsewhere."""
    template = (Path(__file__).parent / "report.html").read_text(encoding="utf-8")
    parts = {
        "title": both("title"),
        "about": _about(evaluation),
        "cards": _cards(evaluation),
        "body": "\n".join(_sections(evaluation)),
        "command": escape(command),
        "footer": both("footer"),
    }
    for name, text in parts.items():
        template = template.replace(f"<!--{name}-->", text)
    return template


def both(key: str) -> str:
    """A phrase in both languages, of which the page shows one."""
    chinese, english = pair(key)
    if chinese == english:
        return escape(chinese)
    spans = (("zh", chinese), ("en", english))
    return "".join(f'<span class="{name}" lang="{name}">{escape(text)}</span>' for name, text in spans)


def _about(evaluation: Evaluation) -> str:
    made = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    corpus = evaluation.corpus
    parts = [
        f"{len(evaluation.questions)} {both('questions')}",
        f"{len(evaluation.judgements)} {both('answerable')}",
        f"{len(corpus.texts)} {both('documents')}",
        f"{len(corpus.passages)} {both('passages')}",
        f"{both('made')} {made}",
    ]
    if corpus.fingerprint:
        parts.append(f"{both('index')} <code>{escape(corpus.fingerprint[:12])}</code>")
    return " · ".join(parts)


def _cards(evaluation: Evaluation) -> str:
    name = "assistant" if "assistant" in evaluation.scores else [*evaluation.scores][-1]
    scores = evaluation.scores[name]
    cards = [(f"hit@10 · {both(name)}", mean(scores["hit@10"]), [*scores["hit@10"].values()])]
    cards.append((f"nDCG@10 · {both(name)}", mean(scores["nDCG@10"]), [*scores["nDCG@10"].values()]))
    if evaluation.answers is not None and evaluation.refusals is not None:
        right = [*evaluation.answers.right.values()]
        holds = [*evaluation.answers.holds.values()]
        cards.append((both("right"), sum(right) / max(len(right), 1), right))
        cards.append((f"{both('holds')}", sum(holds) / max(len(holds), 1), holds))
        cards.append((both("refusal_recall"), evaluation.refusals.recall, []))
    return "\n".join(_card(label, value, values) for label, value, values in cards)


def _card(label: str, value: float, values: Sequence[float]) -> str:
    spread = interval(values) if values else None
    below = f"<small>{spread.low:.3f} – {spread.high:.3f}</small>" if spread else "<small>&nbsp;</small>"
    return f'<div class="card"><h3>{label}</h3><b>{value:.3f}</b>{below}</div>'


def _sections(evaluation: Evaluation) -> Iterator[str]:
    yield _section("headline", _headline(evaluation) + _halves(evaluation))
    yield '<div class="two">'
    yield _section("depth", charts.depth(_curves(evaluation), _label) + _legend([*evaluation.scores]))
    yield _section("latency", charts.latency(_times(evaluation), _label))
    if evaluation.answers is not None and any(not item.answerable for item in evaluation.questions):
        yield _section("refusal", charts.refusal(*_refusal_points(evaluation), _label))
        yield _section("reliability", charts.reliability(_reliability(evaluation), _label))
        yield _section("trust", charts.trust(_trust_bins(evaluation), _label))
    yield "</div>"
    yield _section("types", _types(evaluation))
    if evaluation.answers is not None:
        yield _section("answers", _answers(evaluation))
    yield _section("worst", failures.details(evaluation, both))


def _section(name: str, inside: str) -> str:
    note = f'<p class="note">{both(f"{name}_note")}</p>'
    return f'<section id="{name}"><h2>{both(name)}</h2>{note}{inside}</section>'


def _headline(evaluation: Evaluation) -> str:
    head = [both("system"), *_MEASURES]
    rows = []
    for name, scores in evaluation.scores.items():
        cells = []
        for measure in _MEASURES:
            spread = interval([*scores[measure].values()])
            small = f"<small>{spread.low:.2f}–{spread.high:.2f}</small>"
            cells.append(f'<td class="n">{mean(scores[measure]):.3f}{small}</td>')
        rows.append(f'<th scope="row"><i class="dot {name}"></i>{both(name)}</th>{"".join(cells)}')
    return _table(head, rows)


def _halves(evaluation: Evaluation) -> str:
    parts = {split: evaluation.part(in_split(split)) for split in SPLITS}
    if not all(part.judgements for part in parts.values()):
        return ""
    measures = ("hit@10", "nDCG@10")
    head = [both("system"), *(f"{measure} · {both(split)}" for measure in measures for split in SPLITS)]
    rows = []
    for name in evaluation.scores:
        cells = [
            f'<td class="n">{mean(parts[split].scores[name][measure]):.3f}</td>'
            for measure in measures
            for split in SPLITS
        ]
        rows.append(f'<th scope="row"><i class="dot {name}"></i>{both(name)}</th>{"".join(cells)}')
    return f'<p class="note">{both("half_note")}</p>{_table(head, rows)}'


def _types(evaluation: Evaluation) -> str:
    head = [both("type"), "n", *(both(name) for name in evaluation.scores)]
    if evaluation.answers is not None:
        head += [both("right"), both("refused")]
    rows = []
    for kind in dict.fromkeys(item.type for item in evaluation.questions):
        part = evaluation.part(of_type(kind))
        cells = [f'<td class="n">{len(part.questions)}</td>']
        for name in evaluation.scores:
            cells.append(_heat(mean(part.scores[name]["hit@10"]) if part.judgements else None))
        if part.answers is not None:
            cells.append(_heat(mean(part.answers.right) if part.judgements else None))
            cells.append(_heat(_refused(part), good=not part.judgements))
        name = "headline_type" if kind == "headline" else kind
        rows.append(f'<th scope="row">{both(name)}</th>{"".join(cells)}')
    return _table(head, rows)


def _heat(value: float | None, *, good: bool = True) -> str:
    if value is None:
        return '<td class="n none">–</td>'
    strength = round(100 * (value if good else 1 - value))
    return f'<td class="n heat" style="--share:{strength}%">{value:.2f}</td>'


def _answers(evaluation: Evaluation) -> str:
    names = (*_SAID, *_REFUSED, "median_characters")
    rows = []
    parts = {"all": evaluation} | {split: evaluation.part(in_split(split)) for split in SPLITS}
    for label, part in parts.items():
        if not part.questions:
            continue
        values = answers_json(part)
        cells = [f'<td class="n">{values[name]:.3f}</td>' for name in names[:-1]]
        cells.append(f'<td class="n">{values["median_characters"]:.0f}</td>')
        rows.append(f'<th scope="row">{both(label)}</th>{"".join(cells)}')
    return _table(["", *(both(name) for name in names)], rows)


def _table(head: Sequence[str], rows: Sequence[str]) -> str:
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    body = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="scroll"><table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>'


def _legend(names: Sequence[str]) -> str:
    return (
        '<p class="legend">' + "".join(f'<i class="dot {name}"></i>{both(name)}' for name in names) + "</p>"
    )


def _curves(evaluation: Evaluation) -> dict[str, list[float]]:
    curves = {}
    for run in evaluation.runs:
        first = [item.first_hit(run.of(item.question.id).ranking) for item in evaluation.judgements]
        longest = max((len(result.ranking) for result in run.results.values()), default=1)
        curves[run.name] = [
            sum(0 < place <= k for place in first) / max(len(first), 1)
            for k in range(1, min(longest, DEPTH) + 1)
        ]
    return curves


def _times(evaluation: Evaluation) -> dict[str, list[float]]:
    return {
        run.name: [max(result.seconds * 1000, 0.001) for result in run.results.values()]
        for run in evaluation.runs
    }


def _refused(part: Evaluation) -> float:
    said = part.said
    if said is None:
        return 0.0
    responses = [said.of(item.id).response for item in part.questions]
    return sum(item is not None and item.refused for item in responses) / max(len(responses), 1)


def _refusal_points(evaluation: Evaluation) -> tuple[list[tuple[float, float]], tuple[float, float]]:
    said = evaluation.said
    sure = [
        (response.confidence or 0.0, item.answerable)
        for item in evaluation.questions
        if said is not None and (response := said.of(item.id).response) is not None
    ]
    undue = max(sum(answerable for _, answerable in sure), 1)
    due = max(sum(not answerable for _, answerable in sure), 1)
    points = [(0.0, 0.0)]
    for threshold in sorted({value for value, _ in sure}):
        points.append(
            (
                sum(answerable for value, answerable in sure if value <= threshold) / undue,
                sum(not answerable for value, answerable in sure if value <= threshold) / due,
            )
        )
    refusals = evaluation.refusals
    return points, (refusals.wrongly, refusals.recall) if refusals is not None else (0.0, 0.0)


def _trust_bins(evaluation: Evaluation) -> list[tuple[float, float, int]]:
    said, scores = evaluation.said, evaluation.answers
    if said is None or scores is None:
        return []
    pairs = [
        (response.confidence, scores.right.get(item.id, 0.0))
        for item in evaluation.questions
        if (response := said.of(item.id).response) is not None
        and response.confidence is not None
        and not response.refused
    ]
    return _binned(pairs, _BINS)


def _reliability(evaluation: Evaluation) -> dict[str, list[tuple[float, float, int]]]:
    """For each half of the questions: chances said and the share that can be answered, in groups."""
    halves: dict[str, list[tuple[float, float]]] = {}
    for item in evaluation.questions:
        response = evaluation.said.of(item.id).response if evaluation.said is not None else None
        if response is not None and response.confidence is not None:
            halves.setdefault(item.split, []).append((response.confidence, float(item.answerable)))
    return {split: _binned(pairs, _GROUPS) for split, pairs in sorted(halves.items(), reverse=True)}


def _binned(pairs: Sequence[tuple[float, float]], bins: int) -> list[tuple[float, float, int]]:
    """Means of x and y, and the size, of groups of equal size in order of x."""
    ordered = sorted(pairs)
    size = max(1, -(-len(ordered) // bins))
    groups = [ordered[start : start + size] for start in range(0, len(ordered), size)]
    return [
        (sum(x for x, _ in group) / len(group), sum(y for _, y in group) / len(group), len(group))
        for group in groups
    ]


def _label(key: str) -> str:
    chinese, english = pair(key)
    return f'<tspan class="zh">{escape(chinese)}</tspan><tspan class="en">{escape(english)}</tspan>'
