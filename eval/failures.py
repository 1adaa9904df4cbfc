"""The questions that went worst: what was asked, what should have been found, what was found and said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape

from eval.coverage import Judgement
from eval.evaluate import Evaluation
from eval.gold import Question
from eval.runs import Response, Result, Retrieved

SHOWN = 40
PASSAGES = 3
Both = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Failure:
    """A question and what went wrong with it, as keys of phrases; `weight` is higher the worse it was."""

    question: Question
    judgement: Judgement | None
    result: Result
    faults: tuple[str, ...]
    weight: float


def failures(evaluation: Evaluation) -> list[Failure]:
    """Questions of the open half that were missed or answered wrongly, worst first."""
    judged = {item.question.id: item for item in evaluation.judgements}
    run = evaluation.said or evaluation.runs[-1]
    found = []
    for question in evaluation.questions:
        if question.split != "open":
            continue
        result = run.of(question.id)
        faults, weight = _faults(evaluation, run.name, question, result.response)
        if faults:
            found.append(Failure(question, judged.get(question.id), result, faults, weight))
    return sorted(found, key=lambda item: (-item.weight, item.question.id))


def details(evaluation: Evaluation, both: Both) -> str:
    """The worst questions as HTML."""
    found = failures(evaluation)
    if not found:
        return f"<p>{both('none_worst')}</p>"
    shown = "\n".join(_one(item, both) for item in found[:SHOWN])
    rest = len(found) - SHOWN
    more = f'<p class="note">{both("more")} {rest} {both("more_after")}</p>' if rest > 0 else ""
    return shown + more


def _faults(
    evaluation: Evaluation, run: str, question: Question, response: Response | None
) -> tuple[tuple[str, ...], float]:
    if not question.answerable:
        answered = response is not None and not response.refused
        return (("due",), 1.5) if answered else ((), 0.0)
    faults = []
    ndcg = evaluation.scores[run]["nDCG@10"][question.id]
    if evaluation.scores[run]["hit@10"][question.id] < 1:
        faults.append("not_found")
    if response is not None and evaluation.answers is not None:
        if response.refused:
            faults.append("wrongly")
        elif evaluation.answers.right[question.id] < 1:
            faults.append("wrong")
    return tuple(faults), len(faults) + (1 - ndcg)


def _one(failure: Failure, both: Both) -> str:
    question, response = failure.question, failure.result.response
    chips = "".join(f'<em class="fault">{both(fault)}</em>' for fault in failure.faults)
    history = "".join(
        f'<p class="turn">{both("context")}　{escape(turn.question)} — {escape(turn.answer)}</p>'
        for turn in question.history
    )
    answer = " / ".join(map(escape, question.short_answers)) or both("nothing")
    parts = [
        f'<details class="failure"><summary><code>{escape(question.id)}</code>'
        f"<strong>{escape(question.question)}</strong><em>{both(question.type)}</em>{chips}</summary>",
        history,
        f"<dl><dt>{both('expected')}</dt><dd>{answer}</dd>",
    ]
    if question.evidence:
        quotes = "".join(
            f"<p><mark>{escape(item.quote)}</mark> <code>{escape(item.doc)}</code></p>"
            for item in question.evidence
        )
        parts.append(f"<dt>{both('should')}</dt><dd>{quotes}</dd>")
    passages = "".join(
        f"<p><b>{place}</b> {_marked(hit, failure.judgement)} <code>{escape(hit.doc)}</code></p>"
        for place, hit in enumerate(failure.result.ranking[:PASSAGES], start=1)
    )
    parts.append(f"<dt>{both('found')}</dt><dd>{passages or both('nobody')}</dd>")
    if response is not None:
        parts.append(f"<dt>{both('said')}</dt><dd>{escape(response.answer)}</dd>")
    return "".join([*parts, "</dl></details>"])


def _marked(passage: Retrieved, judgement: Judgement | None) -> str:
    """The text of a passage, the characters that are evidence marked."""
    wanted = {
        place
        for item in (judgement.evidence if judgement else ())
        if item.doc == passage.doc
        for place in item.offsets
    }
    places = [place for span in passage.spans for place in range(span.start, span.end)]
    out, open_ = "", False
    for character, place in zip(passage.text, places, strict=False):
        if not character.isspace() and (place in wanted) != open_:
            open_ = not open_
            out += "<mark>" if open_ else "</mark>"
        out += escape(character)
    return out + ("</mark>" if open_ else "")
