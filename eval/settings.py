"""A way of searching that can be named on the command line, tried, and compared with another.

words · vectors · fused · assistant     the systems
fused,weight=70                         what the cosine counts for, in units of BM25
fused,clear=0.1                         lead of the best passage by words that silences vectors
fused,length=200                        passages of about that many characters
assistant,reranker=FOLDER
model=FOLDER                            another encoder, over the passages of the index
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from eval.evaluate import ASSISTANT, DEPTH, SEARCHES, ask, standing
from eval.gold import Question
from eval.runs import Result, Retrieved, Run, retrieved
from index import dense, lexical
from index.document import Passage, Span, YoujuError
from index.search import Index, MemoryIndex, Ranker, System, searchable
from index.sentences import sentences

if TYPE_CHECKING:
    from rag.assistant import Settings

SHORTEST, LONGEST = 20, 5_000


class SettingError(YoujuError):
    """A setting is not one; the message lists what is."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One way of searching. Empty, zero and None mean as the index and the program have it."""

    system: str = "fused"
    weight: float | None = None
    clear: float | None = None
    length: int = 0  # characters of a passage
    reranker: str = ""
    model: str = ""

    @property
    def name(self) -> str:
        """As it is written on the command line."""
        parts = [
            self.system,
            "" if self.weight is None else f"weight={self.weight:g}",
            "" if self.clear is None else f"clear={self.clear:g}",
            f"length={self.length}" if self.length else "",
            f"reranker={self.reranker}" if self.reranker else "",
            f"model={self.model}" if self.model else "",
        ]
        return ",".join(part for part in parts if part)

    @classmethod
    def parse(cls, text: str) -> Setting:
        """The setting written `system,key=value,…`. Raises SettingError."""
        setting = cls()
        for part in filter(None, text.split(",")):
            key, equals, value = part.partition("=")
            if not equals and key in (*SEARCHES, ASSISTANT):
                setting = replace(setting, system=key)
            elif equals and value and key == "reranker":
                setting = replace(setting, reranker=value)
            elif equals and value and key == "model":
                setting = replace(setting, model=value)
            elif equals and key == "weight":
                setting = replace(setting, weight=_number(part, value))
            elif equals and key == "clear" and _number(part, value) > 0:
                setting = replace(setting, clear=_number(part, value))
            elif equals and key == "length" and SHORTEST <= _number(part, value) <= LONGEST:
                setting = replace(setting, length=int(_number(part, value)))
            else:
                raise _unknown(part)
        if (setting.weight, setting.clear) != (None, None) and setting.system != "fused":
            raise SettingError(f"{text!r}: only fused has a weight")
        if setting.system == ASSISTANT and (setting.length or setting.model):
            raise SettingError(
                f"{text!r}: the assistant answers from the index as it is; compare fused instead"
            )
        return setting


@dataclass(frozen=True, slots=True)
class Tried:
    """A run with all passages that it could have retrieved."""

    run: Run
    pool: tuple[Retrieved, ...]


class Bench:
    """Tries settings on the same questions and documents; what they share is done once."""

    def __init__(self, index: Index, questions: Sequence[Question], settings: Settings | None = None) -> None:
        self._index = index
        self._questions = questions
        self._settings = settings
        self._texts = standing(questions)
        self._searched: dict[tuple[int, str], tuple[list[Passage], Ranker]] = {}

    def try_out(self, setting: Setting) -> Tried:
        """The run of a setting."""
        if setting.system == ASSISTANT:
            return Tried(self._asked(setting), _pool(self._index.passages))
        passages, ranker = self._ranker(setting)
        searched = MemoryIndex(passages, ranker)
        systems: dict[str, System] = {str(system): system for system in SEARCHES}
        results = {}
        for id_, text in self._texts.items():
            started = time.perf_counter()
            hits = searched.search(text, k=DEPTH, system=systems[setting.system])
            seconds = time.perf_counter() - started
            ranking = tuple(retrieved(hit.passage, hit.score) for hit in hits)
            results[id_] = Result(ranking, seconds=seconds)
        return Tried(Run(setting.name, results), _pool(passages))

    def _ranker(self, setting: Setting) -> tuple[list[Passage], Ranker]:
        key = (setting.length, setting.model)
        if key not in self._searched:
            passages = [*self._index.passages]
            if setting.length:
                passages = repack(passages, setting.length)
            self._searched[key] = passages, _built(self._index, passages, setting.model)
        passages, ranker = self._searched[key]
        weight = ranker.weight if setting.weight is None else setting.weight
        clear = ranker.clear if setting.clear is None else setting.clear
        return passages, replace(ranker, weight=weight, clear=clear)

    def _asked(self, setting: Setting) -> Run:
        from rag.assistant import Assistant, Settings

        settings = self._settings or Settings()
        if setting.reranker:
            settings = replace(settings, reranker=setting.reranker)
        return ask(Assistant(self._index, settings), self._questions, name=setting.name)


def repack(passages: Iterable[Passage], length: int) -> list[Passage]:
    """The same sentences in passages of about `length` characters, neighbours of a section together.

    A passage closes once it is that long; none is longer than twice that,
    unless a single sentence is. Nothing is lost: every character of a sentence
    stays in exactly one passage.
    """
    packed: list[Passage] = []
    for _, run in groupby(passages, key=lambda item: (item.doc, item.article, item.section, item.kind)):
        packed += _packed([*run], length)
    return packed


def _packed(passages: Sequence[Passage], length: int) -> Iterator[Passage]:
    kept: list[Passage] = []
    size = 0
    for piece in (piece for passage in passages for piece in _sentences(passage)):
        if kept and size + len(piece.text) > 2 * length:
            yield _joined(kept)
            kept, size = [], 0
        kept.append(piece)
        size += len(piece.text)
        if size >= length:
            yield _joined(kept)
            kept, size = [], 0
    if kept:
        yield _joined(kept)


def _sentences(passage: Passage) -> Iterator[Passage]:
    """A passage cut before each of its sentences; the white space between goes with the sentence before."""
    starts = [0, *(span.start for span in sentences(passage.text)[1:])]
    for start, end in zip(starts, [*starts[1:], len(passage.text)], strict=True):
        yield replace(passage, text=passage.text[start:end], spans=passage.locate(start, end))


def _joined(pieces: Sequence[Passage]) -> Passage:
    spans = tuple(span for piece in pieces for span in piece.spans)
    text = "".join(piece.text for piece in pieces)
    return replace(pieces[0], id=_identity(pieces[0].doc, spans), text=text, spans=spans)


def _identity(doc: str, spans: Sequence[Span]) -> str:
    return f"{doc}:{','.join(f'{span.start}-{span.end}' for span in spans)}"


def _built(index: Index, passages: Sequence[Passage], model: str) -> Ranker:
    from index.encode import load_encoder

    encoder = load_encoder(model) if model else index.encoder
    texts = [searchable(passage) for passage in passages]
    return Ranker(lexical.build(texts), dense.build(encoder.encode(texts)), encoder)


def _pool(passages: Iterable[Passage]) -> tuple[Retrieved, ...]:
    return tuple(retrieved(passage, 0.0) for passage in passages)


def _number(part: str, value: str) -> float:
    try:
        return float(value)
    except ValueError as error:
        raise _unknown(part) from error


def _unknown(part: str) -> SettingError:
    return SettingError(
        f"unknown setting {part!r}; expected {', '.join((*SEARCHES, ASSISTANT))}, and after commas "
        f"weight=NUMBER, clear=NUMBER, length={SHORTEST}–{LONGEST}, reranker=FOLDER or model=FOLDER"
    )
