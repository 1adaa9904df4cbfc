"""An answer as it leaves the program: JSON for `ask` and `batch`, and evidence that can be checked later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from index.document import Article, Span, YoujuError
from index.records import DocumentCard
from rag.answer import Answer, Citation
from rag.references import reference
from rag.wording import say

FORMAT = "youju-evidence-1"


class EvidenceError(YoujuError):
    """A file is no evidence of ours, or its values are of the wrong kind."""


class Originals(Protocol):
    """What export and replay need of an index."""

    @property
    def fingerprint(self) -> str: ...

    def documents(self) -> list[DocumentCard]: ...

    def articles(self, doc: str = "") -> list[Article]: ...

    def text(self, doc: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Replay:
    """What checking an exported answer found: one line a check; `ok` when every quotation still stands."""

    ok: bool
    lines: tuple[str, ...]


def answer_json(answer: Answer, id: str = "") -> dict[str, Any]:
    """The answer for `ask --json` and `batch`; offsets count characters of the decoded file."""
    return {
        "id": id,
        "answer": answer.text,
        "refused": answer.refused,
        "citations": [_citation(citation) for citation in answer.citations],
        "passages": [
            {
                "id": ranked.passage.id,
                "doc": ranked.passage.doc,
                "article": ranked.passage.article,
                "spans": _spans(ranked.passage.spans),
                "text": ranked.passage.text,
                "score": float(ranked.score),
            }
            for ranked in answer.ranking
        ],
        "claims": [
            {
                "text": claim.text,
                "citations": list(claim.citations),
                "verdict": str(claim.verdict),
                "short": claim.text[slice(*claim.short)] if claim.short else "",
            }
            for claim in answer.claims
        ],
        "question": answer.question,
        "reason": answer.reason,
        "notes": list(answer.notes),
        "understood": list(answer.understood),
        "readings": readings_json(answer),
        "confidence": round(float(answer.confidence), 4),
        "incomplete": answer.incomplete,
    }


def readings_json(answer: Answer) -> list[dict[str, Any]]:
    """How the question was read; `key` is what `undo` takes."""
    return [
        {
            "key": reading.key,
            "aspect": str(reading.aspect),
            "said": reading.said,
            "meant": reading.meant,
            "text": reading.text,
            "only": reading.only,
        }
        for reading in answer.readings
    ]


def evidence(answer: Answer, index: Originals, *, model: str = "") -> dict[str, Any]:
    """Question, answer, quotations with offsets and hashes, references, fingerprints: enough to replay it."""
    cards = {card.id: card for card in index.documents()}
    quoted = [citation for first in answer.citations for citation in (first, *first.also)]
    return {
        "format": FORMAT,
        "question": answer.question,
        "answer": answer.text,
        "refused": answer.refused,
        "reason": answer.reason,
        "understood": list(answer.understood),
        "readings": readings_json(answer),
        "notes": list(answer.notes),
        "claims": answer_json(answer)["claims"],
        "quotations": [_quotation(citation, cards, index) for citation in quoted],
        "index": index.fingerprint,
        "model": model,
        "searched": {"documents": len(cards), "passages": sum(card.passages for card in cards.values())},
    }


def markdown(answer: Answer, index: Originals, language: str = "zh") -> str:
    """The answer with its quotations and GB/T 7714 references, for people; document text is escaped."""
    cards = {card.id: card for card in index.documents()}
    lines = [f"## {_escaped(answer.question)}", ""]
    for claim in answer.claims:
        marks = "".join(f"[{number}]" for number in claim.citations)
        said = _escaped(claim.text) if claim.citations else f"~~{_escaped(claim.text)}~~"
        lines.append(said + marks + say(language, "verdict", verdict=say(language, claim.verdict)))
    if not answer.claims:
        lines.append(_escaped(answer.text))
    lines += ["", *(f"> {_escaped(note)}" for note in answer.notes)]
    if answer.citations:
        lines += ["", f"### {say(language, 'references')}", ""]
    for citation in answer.citations:
        for each in (citation, *citation.also):
            named = reference(_article(each, index), cards[each.doc])
            places = say(language, "listing").join(f"{span.start}–{span.end}" for span in each.spans)
            place = say(language, "place_in", doc=_escaped(each.doc), places=places)
            lines.append(f"[{citation.number}] {_escaped(named)} {place}")
            lines.append(f"“{_escaped(_one_line(each.text))}”")
            lines.append("")
    lines.append(say(language, "fingerprint", fingerprint=index.fingerprint))
    return "\n".join(lines) + "\n"


def replay(evidence: Mapping[str, Any], index: Originals) -> Replay:
    """Check every quotation of exported evidence against an index.

    A quotation stands when the document is there and holds the quoted characters
    at the recorded offsets, white space apart. Raises EvidenceError for anything
    that is not exported evidence.
    """
    if not isinstance(evidence, Mapping) or evidence.get("format") != FORMAT:
        raise EvidenceError(f"expected evidence with format {FORMAT!r}; export an answer again")
    cards = {card.id: card for card in index.documents()}
    found = [_check(quotation, cards, index) for quotation in _quotations(evidence)]
    same = evidence.get("index") == index.fingerprint
    head = f"index {index.fingerprint}: " + ("the same" if same else f"another than {evidence.get('index')}")
    standing = sum(ok for ok, _ in found)
    lines = (head, *(line for _, line in found), f"{standing} of {len(found)} quotations stand")
    return Replay(standing == len(found), lines)


def _citation(citation: Citation) -> dict[str, Any]:
    shown = {
        "number": citation.number,
        "doc": citation.doc,
        "spans": _spans(citation.spans),
        "text": citation.text,
        "passage": citation.passage.id,
        "article": citation.passage.article,
    }
    return {**shown, "also": [_citation(other) for other in citation.also]} if citation.also else shown


def _quotation(citation: Citation, cards: Mapping[str, DocumentCard], index: Originals) -> dict[str, Any]:
    card = cards[citation.doc]
    return {
        **_citation(citation),
        "sha256": card.sha256,
        "reference": reference(_article(citation, index), card),
    }


def _article(citation: Citation, index: Originals) -> Article:
    articles = index.articles(citation.doc)
    found = (article for article in articles if article.id == citation.passage.article)
    return next(found, Article(citation.passage.article, citation.doc, citation.passage.title))


def _quotations(evidence: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    quotations = evidence.get("quotations")
    if not isinstance(quotations, list) or not all(isinstance(one, Mapping) for one in quotations):
        raise EvidenceError("expected a list of quotations in the evidence; export the answer again")
    return quotations


def _check(
    quotation: Mapping[str, Any], cards: Mapping[str, DocumentCard], index: Originals
) -> tuple[bool, str]:
    doc, text, spans = str(quotation.get("doc")), str(quotation.get("text")), _read_spans(quotation)
    name = f"[{quotation.get('number')}] {doc}"
    if doc not in cards:
        return False, f"{name}: not in this index"
    original = index.text(doc)
    there = "".join(original[span.start : span.end] for span in spans)
    changed = "" if quotation.get("sha256") == cards[doc].sha256 else " (the file has changed since)"
    if _bare(there) == _bare(text) and _bare(text):
        return True, f"{name}: stands{changed}"
    return False, f"{name}: does not stand{changed}; there is {_one_line(there)[:40]!r}"


def _read_spans(quotation: Mapping[str, Any]) -> list[Span]:
    spans = quotation.get("spans")
    try:
        return [Span(int(start), int(end)) for start, end in spans or ()]
    except (TypeError, ValueError, OverflowError) as error:
        raise EvidenceError(f"spans are lists of two offsets, got {spans!r}") from error


def _spans(spans: Sequence[Span]) -> list[list[int]]:
    return [[span.start, span.end] for span in spans]


def _bare(text: str) -> str:
    return "".join(text.split())


def _one_line(text: str) -> str:
    return text.replace("\r", "").replace("\n", "")


def _escaped(text: str) -> str:
    out = _one_line(text)
    for character in "\\`*_{}[]<>#|~!":
        out = out.replace(character, "\\" + character)
    return out
