"""An answer on the terminal, and as a file of evidence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from index.document import YoujuError

if TYPE_CHECKING:
    from rag.answer import Answer
    from rag.export import Originals


def answer_lines(answer: Answer) -> Iterator[str]:
    """How the question was read, the sentences with their marks, remarks, and the places cited."""
    for reading in answer.readings:
        yield f"({reading.text}  --undo {reading.key!r})"
    if answer.refused:
        yield answer.text
    for claim in () if answer.refused else answer.claims:
        yield claim.text + "".join(f"[{number}]" for number in claim.citations)
    for note in answer.notes:
        yield f"({note})"
    if answer.citations:
        yield ""
    for citation in answer.citations:
        places = ", ".join(f"{span.start}-{span.end}" for span in citation.spans)
        title = f" 《{citation.passage.title}》" if citation.passage.title else ""
        yield f"[{citation.number}] {citation.doc}{title} {places}"


def export(answer: Answer, index: Originals, target: Path) -> None:
    """Write an answer with its quotations and references, as Markdown or as JSON for `youju replay`."""
    from rag.export import evidence, markdown

    if target.suffix not in (".json", ".md"):
        raise YoujuError(f"--evidence {target}: expected a name that ends in .json or .md")
    whole = json.dumps(evidence(answer, index), ensure_ascii=False, indent=1) + "\n"
    text = whole if target.suffix == ".json" else markdown(answer, index)
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as error:
        raise YoujuError(f"--evidence {target}: {error}") from error
