"""Whether what was said is right, cited and honest.

right       a short answer stands in the first 200 characters: each of its parts
            word for word (numbers whole: 5 is not in 15), or with all of its
            numbers and names and three quarters of its character pairs
cited       an answer has at least one citation
holds       a citation's text is what stands in the document at its spans
on evidence at least half of a citation's characters are evidence, or it holds
            half of an evidence quotation
precision   share of an answer's cited characters that are evidence
recall      share of the evidence characters that are cited: the best
            alternative of each group, the mean of groups with `all_of`, else the best
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eval.coverage import Judgement, offsets
from eval.gold import Question
from eval.runs import Cited, Response, Run
from eval.significance import auroc
from rag.facts import numbers
from rag.letters import letters, plain
from rag.words import NAME_TAGS, tagged

WINDOW = 200  # characters of an answer in which the short answer has to stand
# 1,000 is one number, 上海、江苏 are two parts
_PARTS = re.compile(r"[；;、，\n]+|(?<!\d),|,(?!\d{3}(?!\d))")
_MOST = 0.75
_SHORTEST = 6  # characters from which a part may match by its pairs


@dataclass(frozen=True, slots=True)
class AnswerScores:
    """Scores of the responses, 0 to 1; `right` and the citation scores by question id.

    `right` counts answerable questions, a refusal being wrong. The citation
    measures count answerable questions that were answered.
    """

    right: Mapping[str, float]
    cited: Mapping[str, float]
    holds: Mapping[str, float]
    on_evidence: Mapping[str, float]
    precision: Mapping[str, float]
    recall: Mapping[str, float]
    characters: tuple[int, ...]  # lengths of the answers that are not refusals


@dataclass(frozen=True, slots=True)
class RefusalScores:
    """Refusals against what is not answerable.

    `precision` is the share of refusals that were due, `recall` the share of
    unanswerable questions refused, `wrongly` the share of answerable ones
    refused; `auroc` is that of the confidence, 0.5 being chance.
    """

    precision: float
    recall: float
    wrongly: float
    auroc: float


def score(judgements: Sequence[Judgement], run: Run, texts: Mapping[str, str]) -> AnswerScores:
    """Score the responses to answerable questions against their gold answers and evidence."""
    right: dict[str, float] = {}
    tables: dict[str, dict[str, float]] = {
        name: {} for name in ("cited", "holds", "on_evidence", "precision", "recall")
    }
    lengths: list[int] = []
    for judgement in judgements:
        id_ = judgement.question.id
        response = run.of(id_).response
        right[id_] = float(response is not None and is_right(judgement.question, response))
        if response is None or response.refused:
            continue
        lengths.append(len(response.answer))
        for name, value in _citations(judgement, response, texts).items():
            tables[name][id_] = value
    return AnswerScores(right, characters=tuple(lengths), **tables)


def refusals(questions: Sequence[Question], run: Run) -> RefusalScores:
    """Precision, recall, share wrongly refused and AUROC of refusing; a missed question is no refusal."""
    due = [_refused(run, item) for item in questions if not item.answerable]
    undue = [_refused(run, item) for item in questions if item.answerable]
    refused = sum(due) + sum(undue)
    sure = {item.id: _confidence(run, item) for item in questions}
    return RefusalScores(
        precision=sum(due) / refused if refused else 0.0,
        recall=sum(due) / len(due) if due else 0.0,
        wrongly=sum(undue) / len(undue) if undue else 0.0,
        auroc=auroc(
            [value for item in questions if item.answerable and (value := sure[item.id]) is not None],
            [value for item in questions if not item.answerable and (value := sure[item.id]) is not None],
        ),
    )


def is_right(question: Question, response: Response) -> bool:
    """True when one of the right short answers stands at the beginning of the response."""
    if response.refused:
        return False
    window = response.answer[:WINDOW]
    return any(_stands(short, window) for short in question.short_answers)


def _stands(short: str, window: str) -> bool:
    parts = [part for part in _PARTS.split(short) if letters(part).text]
    said = _Said.of(window)
    return bool(parts) and all(_part_stands(part, said) for part in parts)


@dataclass(frozen=True, slots=True)
class _Said:
    """A text in letters, the same with its numbers as values, and those values."""

    letters: str
    valued: str
    values: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> _Said:
        read = plain(text)
        facts = numbers(read)
        valued, end = "", 0
        for fact in facts:
            valued += f"{letters(read[end : fact.start]).text}<{fact.value}>"
            end = fact.end
        valued += letters(read[end:]).text
        return cls(letters(text).text, valued, tuple(fact.value for fact in facts))


def _part_stands(part: str, said: _Said) -> bool:
    wanted = _Said.of(part)
    if wanted.valued in said.valued or re.search(_whole(wanted.letters), said.letters):
        return True
    if len(wanted.letters) < _SHORTEST or not set(wanted.values) <= set(said.values):
        return False
    names = [letters(word).text for word, tag in tagged(part) if tag in NAME_TAGS]
    pairs = [wanted.letters[i : i + 2] for i in range(len(wanted.letters) - 1)]
    known = sum(pair in said.letters for pair in pairs) / len(pairs)
    return all(name in said.letters for name in names) and known >= _MOST


def _whole(wanted: str) -> str:
    """A pattern for `wanted` that does not begin or end inside a number."""
    before = r"(?<![\d.])" if wanted[:1].isdigit() else ""
    after = r"(?!\.?\d)" if wanted[-1:].isdigit() else ""
    return before + re.escape(wanted) + after


def _citations(judgement: Judgement, response: Response, texts: Mapping[str, str]) -> dict[str, float]:
    marked = [(item.doc, offsets(item.spans, texts.get(item.doc, ""))) for item in response.citations]
    cited = {(doc, place) for doc, places in marked for place in places}
    evidence = {(item.doc, place) for item in judgement.evidence for place in item.offsets}
    best: dict[int, float] = {}
    for item in judgement.evidence:
        share = sum((item.doc, place) in cited for place in item.offsets) / len(item.offsets)
        best[item.group] = max(best.get(item.group, 0.0), share)
    needed = list(best.values())
    recall = sum(needed) / len(needed) if judgement.question.all_of else max(needed, default=0.0)
    on = any(on_evidence(doc, places, judgement) for doc, places in marked)
    return {
        "cited": float(bool(marked)),
        "holds": float(all(holds(item, texts) for item in response.citations)),
        "on_evidence": float(on),
        "precision": len(cited & evidence) / len(cited) if cited else 0.0,
        "recall": recall,
    }


def on_evidence(doc: str, places: frozenset[int], judgement: Judgement) -> bool:
    """At least half of the places are evidence, or half of an evidence quotation lies in them."""
    return any(
        item.doc == doc
        and (shared := len(places & item.offsets)) > 0
        and (2 * shared >= len(places) or 2 * shared >= len(item.offsets))
        for item in judgement.evidence
    )


def holds(cited: Cited, texts: Mapping[str, str]) -> bool:
    """What is cited stands in its document at its spans, white space apart."""
    text = texts.get(cited.doc)
    if text is None:
        return False
    found = "".join(text[span.start : span.end] for span in cited.spans)
    return "".join(found.split()) == "".join(cited.text.split())


def _refused(run: Run, question: Question) -> bool:
    response = run.of(question.id).response
    return response is not None and response.refused


def _confidence(run: Run, question: Question) -> float | None:
    response = run.of(question.id).response
    return None if response is None else response.confidence
