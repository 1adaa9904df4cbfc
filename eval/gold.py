"""Gold questions: what people ask, and the verbatim words of the documents that answer.

One question a line, JSON:

    {"id", "type", "question", "history": [{"q", "a"}], "evidence": [{"doc", "quote", "group"}],
     "all_of", "answer", "answers", "answerable", "split": "open" | "closed", "standalone"}

Evidence of one group are alternatives. With `all_of` every group is needed,
otherwise any one suffices. Quotations are found in the file with white space
removed on both sides, so that line breaks inside them may be left out.
The closed half is for reporting: nothing is tuned on it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from index.document import Span, YoujuError
from rag.answer import Turn

TYPES = (
    "fact",
    "reworded",
    "who_said",
    "multi",
    "compare",
    "robust",
    "follow_up",
    "lost",
    "unanswerable",
    "off_topic",
    "injection",
)
SPLITS = ("open", "closed")


class GoldError(YoujuError):
    """A gold file is not what it should be; the message names file, line and fix."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of one document that answer a question, or one part of it."""

    doc: str
    quote: str
    group: int = 1


@dataclass(frozen=True, slots=True)
class Question:
    """A question with all that is needed to judge what was found and what was said.

    `answers` are further right short answers beside `answer`; `standalone` is a
    follow-up asked in full. A question that is not answerable has no evidence
    and should be refused.
    """

    id: str
    type: str
    question: str
    evidence: tuple[Evidence, ...] = ()
    all_of: bool = False
    answer: str = ""
    answers: tuple[str, ...] = ()
    answerable: bool = True
    split: str = "open"
    history: tuple[Turn, ...] = ()
    standalone: str = ""

    def __post_init__(self) -> None:
        if not self.id or not self.question.strip():
            raise ValueError("a question needs an id and a text")
        if self.split not in SPLITS:
            raise ValueError(f"split must be open or closed, got {self.split!r}")
        if self.answerable != bool(self.evidence):
            raise ValueError("an answerable question has evidence, another has none")

    @property
    def groups(self) -> tuple[tuple[int, ...], ...]:
        """Places in `evidence` of the alternatives, one tuple a group, in order of group."""
        numbers = sorted({item.group for item in self.evidence})
        return tuple(
            tuple(place for place, item in enumerate(self.evidence) if item.group == number)
            for number in numbers
        )

    @property
    def short_answers(self) -> tuple[str, ...]:
        return tuple(text for text in (self.answer, *self.answers) if text)


def shipped() -> tuple[Path, ...]:
    """The gold files that come with the program, in order of name."""
    return tuple(sorted((Path(__file__).parent / "gold").glob("*.jsonl")))


def load(paths: Iterable[Path]) -> tuple[Question, ...]:
    """Questions of some files, in order.

    Raises GoldError for a missing or empty file, a line that is not a question,
    and an id that comes twice.
    """
    questions: list[Question] = []
    seen: dict[str, Path] = {}
    for path in paths:
        for question in _read(path):
            if question.id in seen:
                raise GoldError(
                    f"{path}: id {question.id!r} also stands in {seen[question.id]}; ids must differ"
                )
            seen[question.id] = path
            questions.append(question)
    if not questions:
        raise GoldError("no gold questions; give files with --gold, one JSON question a line")
    return tuple(questions)


def save(path: Path, questions: Iterable[Question]) -> None:
    """Write questions as `load` reads them."""
    lines = [json.dumps(as_json(question), ensure_ascii=False) for question in questions]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(line + "\n" for line in lines), encoding="utf-8")


def locate(text: str, quote: str) -> tuple[Span, ...]:
    """Every place of a quotation in a text, white space removed on both sides; empty when there is none.

    A place runs from the first to the last character, white space between them included.
    """
    places = [place for place, character in enumerate(text) if not character.isspace()]
    tight = "".join(text[place] for place in places)
    wanted = "".join(quote.split())
    found: list[Span] = []
    start = tight.find(wanted) if wanted else -1
    while start >= 0:
        found.append(Span(places[start], places[start + len(wanted) - 1] + 1))
        start = tight.find(wanted, start + 1)
    return tuple(found)


def faults(questions: Sequence[Question], texts: Mapping[str, str]) -> list[str]:
    """What is wrong with the evidence, measured against the documents; empty when nothing is."""
    wrong = []
    for question in questions:
        for item in question.evidence:
            if item.doc not in texts:
                wrong.append(f"{question.id}: no document {item.doc}")
                continue
            times = len(locate(texts[item.doc], item.quote))
            if times != 1:
                wrong.append(
                    f"{question.id}: quotation found {times} times in {item.doc}: {item.quote[:40]!r}"
                )
    return wrong


def as_json(question: Question) -> dict[str, object]:
    """The JSON form of a question."""
    form: dict[str, object] = {
        "id": question.id,
        "type": question.type,
        "question": question.question,
        "history": [{"q": turn.question, "a": turn.answer} for turn in question.history],
        "evidence": [
            {"doc": item.doc, "quote": item.quote, "group": item.group} for item in question.evidence
        ],
        "all_of": question.all_of,
        "answer": question.answer,
        "answers": list(question.answers),
        "answerable": question.answerable,
        "split": question.split,
    }
    return form | ({"standalone": question.standalone} if question.standalone else {})


def _read(path: Path) -> list[Question]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise GoldError(f"{path}: cannot read gold questions: {error}") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            found.append(_question(json.loads(line)))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            what = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            raise GoldError(f"{path}:{number}: not a gold question: {what}") from error
    return found


def _question(form: Mapping[str, object]) -> Question:
    history = form.get("history") or []
    evidence = form.get("evidence") or []
    answers = form.get("answers") or []
    if not isinstance(history, list) or not isinstance(evidence, list) or not isinstance(answers, list):
        raise ValueError("history, evidence and answers must be lists")
    return Question(
        id=_text(form, "id"),
        type=_text(form, "type", "fact"),
        question=_text(form, "question"),
        history=tuple(Turn(str(turn["q"]), str(turn["a"])) for turn in history),
        evidence=tuple(
            Evidence(_text(item, "doc"), _text(item, "quote"), int(item.get("group", 1))) for item in evidence
        ),
        all_of=form.get("all_of", False) is True,
        answer=_text(form, "answer", ""),
        answers=tuple(str(text) for text in answers),
        answerable=form.get("answerable", bool(evidence)) is True,
        split=_text(form, "split", "open"),
        standalone=_text(form, "standalone", ""),
    )


def _text(form: Mapping[str, object], key: str, default: str | None = None) -> str:
    value = form.get(key, default) if default is not None else form[key]
    if not isinstance(value, str):
        raise ValueError(f"{key} must be a text, got {value!r}")
    return value
