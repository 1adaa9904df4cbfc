"""Fifty citations read by hand, against what is computed of them.

    python -m eval.audit --index var/index

`eval/audit.jsonl` holds the first fifty citations of answers to open questions, in
the order of the gold files, as they were given on the day of the audit. `supports`
is the reader's word on whether the cited words answer the question, in whole or in
part, or name who spoke them; `claim` is the sentence they were cited for. Computed
are the verdict on the claim, whether the words stand at their place in the file,
and whether they lie on the evidence of the gold question, as in `eval.answers`.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from eval.answers import holds, on_evidence
from eval.coverage import Judgement, judge, offsets
from eval.gold import load, shipped
from eval.runs import Cited
from index.document import Span, YoujuError
from rag.answer import Verdict
from rag.verdict import Support
from rag.verdict import judge as verdict_on

FILE = Path(__file__).parent / "audit.jsonl"


@dataclass(frozen=True, slots=True)
class Audited:
    """A citation with the reader's judgement."""

    question: str
    cited: Cited
    claim: str
    supports: bool
    note: str = ""


@dataclass(frozen=True, slots=True)
class Agreement:
    """Citations read, shares of them from 0 to 1, and Cohen's kappa of reader and computer.

    `supports` is the reader's share, `on_evidence` the computed one, `agree` where
    both say the same; `verbatim` and `holds` are computed.
    """

    count: int
    supports: float
    on_evidence: float
    agree: float
    kappa: float
    verbatim: float
    holds: float
    differ: tuple[Audited, ...]


def audited(path: Path = FILE) -> tuple[Audited, ...]:
    """The citations that were read. Raises YoujuError for a file that is not such a list."""
    try:
        rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        return tuple(
            Audited(
                row["question"],
                Cited(row["doc"], tuple(Span(*span) for span in row["spans"]), row["text"]),
                row["claim"],
                row["supports"] is True,
                row["note"],
            )
            for row in rows
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise YoujuError(f"{path}: not a list of audited citations ({error!r})") from error


def agreement(
    read: Sequence[Audited], judgements: Iterable[Judgement], texts: Mapping[str, str]
) -> Agreement:
    """What is computed of the citations beside what was read."""
    judged = {item.question.id: item for item in judgements}
    computed = [
        on_evidence(
            one.cited.doc, offsets(one.cited.spans, texts.get(one.cited.doc, "")), judged[one.question]
        )
        for one in read
    ]
    count = len(read)
    agree = sum(one.supports is found for one, found in zip(read, computed, strict=True)) / count
    hand, machine = sum(one.supports for one in read) / count, sum(computed) / count
    chance = hand * machine + (1 - hand) * (1 - machine)
    verdicts = [verdict_on(one.claim, [Support(one.cited.text)]) for one in read]
    return Agreement(
        count=count,
        supports=hand,
        on_evidence=machine,
        agree=agree,
        kappa=(agree - chance) / (1 - chance) if chance < 1 else 1.0,
        verbatim=sum(verdict is Verdict.VERBATIM for verdict in verdicts) / count,
        holds=sum(holds(one.cited, texts) for one in read) / count,
        differ=tuple(one for one, found in zip(read, computed, strict=True) if one.supports is not found),
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the agreement, and the citations on which reader and computer differ."""
    from index.search import open_index

    parser = argparse.ArgumentParser(prog="python -m eval.audit", description=__doc__)
    parser.add_argument("--index", type=Path, default=Path("var/index"), help="index of the gold documents")
    options = parser.parse_args(arguments)
    read = audited()
    with open_index(options.index) as index:
        texts = {card.id: index.text(card.id) for card in index.documents()}
    wanted = {one.question for one in read}
    found = agreement(read, judge([item for item in load(shipped()) if item.id in wanted], texts), texts)
    print(
        f"{found.count} citations: {found.supports:.2f} support by hand, {found.on_evidence:.2f} lie on the "
        f"evidence; reader and computer agree on {found.agree:.2f}, kappa {found.kappa:.2f}; "
        f"verbatim {found.verbatim:.2f}, at their place in the file {found.holds:.2f}"
    )
    for one in found.differ:
        print(f"  {one.question} by hand {one.supports}: {one.cited.text[:60]!r} {one.note}")


if __name__ == "__main__":
    main()
