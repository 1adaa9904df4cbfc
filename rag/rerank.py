"""Question and passage read together: how well the passage answers, and where.

The bundled reranker is a small BERT with one score a pair and a start and an end
score a piece. It runs here with numpy and the `tokenizers` library alone; its
scores equal sentence-transformers' CrossEncoder to 1e-3 (tested). Any other
CrossEncoder goes through sentence-transformers, and gives scores without places.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.document import ModelError, Passage
from index.encode import bundled, check_files, fingerprint_of
from index.search import Hit, searchable
from rag.bert import Bert

Floats = npt.NDArray[np.float32]

DEPTH = 20  # passages that are read
NEAR = 8  # of them that are read for their vectors alone, where an answer is looked for
WEIGHT = 0.08  # what a log odds counts beside a cosine; fitted by benchmarks/reranking.py
ASKED = 48  # pieces of a question that are read
_SPAN = "span.safetensors"  # the start/end head, beside the CrossEncoder's own weights
_BATCH = 10  # rows that are computed together
_THREADS = 2
_NOTHING: Floats = np.zeros(0, np.float32)


@dataclass(frozen=True, slots=True)
class Read:
    """What reading a passage with a question gave.

    `score` is a log odds that the passage answers; `starts` and `ends` are scores
    (pieces,) of an answer beginning or ending there, `places` the pieces' [start, end)
    in the passage. Empty where the model has no such head.
    """

    score: float
    starts: Floats
    ends: Floats
    places: tuple[tuple[int, int], ...]


class Reranker(Protocol):
    """Scores passages for a question."""

    @property
    def name(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...

    def read(self, question: str, texts: Sequence[str], *, spans: bool = True) -> list[Read]:
        """One Read a text, in their order; without `spans` only their scores are wanted."""


class Searched(Protocol):
    """What has passages to be read: an index, or one in memory."""

    def search(self, question: str, *, k: int = 10) -> list[Hit]: ...


def load_reranker(name: str = "") -> Reranker | None:
    """The bundled reranker for an empty name, that of a folder or of a model name; None for `none`.

    Raises ModelError when the folder is absent, holds anything that could run code, or is no CrossEncoder.
    """
    if name == "none":
        return None
    folder = Path(name) if name else bundled("reranker")
    if folder.is_dir():
        check_files(folder)
        if (folder / _SPAN).is_file():
            return SpanReranker.load(folder)
        return CrossReranker.load(str(folder), fingerprint_of(folder))
    if name.startswith((".", "/", "~")) or name.count("/") > 1 or not name:
        raise ModelError(f"no reranker folder at {folder}; give a CrossEncoder folder or model name, or none")
    return CrossReranker.load(name, name)


@dataclass(frozen=True, slots=True)
class SpanReranker:
    """BERT with a pair score and a start/end head, in numpy."""

    name: str
    fingerprint: str
    bert: Bert
    length: int
    tokenizer: Any

    @classmethod
    def load(cls, folder: Path) -> SpanReranker:
        """Open a CrossEncoder folder of a BERT with relu, with span.safetensors beside it."""
        from safetensors.numpy import load_file
        from threadpoolctl import threadpool_limits
        from tokenizers import Tokenizer

        # Matrices this small are no quicker on two threads, which wait for each other in a busy loop:
        # beside other work that made a question twenty times slower. Batches run in parallel instead.
        threadpool_limits(1, user_api="blas")
        config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        if config.get("model_type") != "bert" or config.get("hidden_act") != "relu":
            raise ModelError(
                f"{folder}: {_SPAN} needs a BERT with relu; take the file away to use scores only"
            )
        stored = {**load_file(folder / "model.safetensors"), **load_file(folder / _SPAN)}
        tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        tokenizer.no_padding()
        tokenizer.no_truncation()
        return cls(
            folder.name,
            fingerprint_of(folder),
            Bert.of(stored, int(config["num_hidden_layers"]), int(config["num_attention_heads"])),
            int(config.get("youju_length", config["max_position_embeddings"])),
            tokenizer,
        )

    def read(self, question: str, texts: Sequence[str], *, spans: bool = True) -> list[Read]:
        asked = self.tokenizer.encode(question, add_special_tokens=False).ids[:ASKED]
        begin, end = (self.tokenizer.token_to_id(mark) for mark in ("[CLS]", "[SEP]"))
        found = self.tokenizer.encode_batch(list(texts), add_special_tokens=False)
        room = self.length - len(asked) - 3
        rows = [[begin, *asked, end, *one.ids[:room], end] for one in found]
        first = len(asked) + 2
        parts = [range(at, min(at + _BATCH, len(rows))) for at in range(0, len(rows), _BATCH)]
        reads: list[Read] = []
        with ThreadPoolExecutor(_THREADS) as pool:  # numpy lets go of the interpreter in its matrix products
            outcomes = pool.map(
                lambda part: self.bert.forward([rows[row] for row in part], first, spans=spans), parts
            )
            for part, (scores, both) in zip(parts, outcomes, strict=True):
                for row, score in zip(part, scores, strict=True):
                    if both is None:
                        reads.append(Read(float(score), _NOTHING, _NOTHING, ()))
                        continue
                    inside = both[row - part.start][first : len(rows[row]) - 1]
                    places = tuple(found[row].offsets[: len(inside)])
                    reads.append(Read(float(score), inside[:, 0], inside[:, 1], places))
        return reads


def reorder(hits: Sequence[Hit], reads: Mapping[str, Read], weight: float = WEIGHT) -> list[Hit]:
    """Hits with a passage's log odds counted beside its cosine, best first.

    Where words have found a passage the cosine is silent (`index.fuse`), and so is
    this: what a cosine counts is found again from the hits. A passage that was not
    read counts as the worst of those that were.
    """
    if not reads:
        return list(hits)
    counts = cosine_counts(hits)
    worst = min(read.score for read in reads.values())
    odds = [reads[hit.passage.id].score if hit.passage.id in reads else worst for hit in hits]
    again = [
        replace(hit, score=hit.score + counts * weight * odd) for hit, odd in zip(hits, odds, strict=True)
    ]
    return sorted(again, key=lambda hit: -hit.score)


def cosine_counts(hits: Sequence[Hit]) -> float:
    """What a cosine counts in the fused scores of some hits, found again from them; never below 0."""
    return next(
        (max(0.0, (hit.score - hit.words) / hit.vectors) for hit in hits if abs(hit.vectors) > 0.01), 0.0
    )


def read_hits(
    reranker: Reranker | None, question: str, hits: Sequence[Hit], depth: int = DEPTH, near: int = 0
) -> dict[str, Read]:
    """`depth` hits read with the question, by passage id; empty without a reranker.

    The first of them, and of the others the `near` with the highest cosine: what says
    it in other words stands far down where words decide. A text that is printed twice is read once.
    """
    if not reranker or not hits:
        return {}
    rest = sorted(hits[depth - near :], key=lambda hit: -hit.vectors)
    chosen = [*hits[: depth - near], *rest[:near]]
    texts = list(dict.fromkeys(searchable(hit.passage) for hit in chosen))
    found = dict(zip(texts, reranker.read(question, texts), strict=True))
    return {hit.passage.id: _shifted(found[searchable(hit.passage)], hit.passage) for hit in chosen}


def search(index: Searched, reranker: Reranker | None, question: str, *, k: int) -> list[Hit]:
    """The k best passages by words and vectors, the first of them read again; best first."""
    hits = index.search(question, k=max(k, DEPTH))
    return reorder(hits, read_hits(reranker, question, hits))[:k]


def _shifted(read: Read, passage: Passage) -> Read:
    """Places in the passage's own text, without the title that was read before it."""
    before = len(searchable(passage)) - len(passage.text)
    return replace(read, places=tuple((low - before, high - before) for low, high in read.places))


def share(read: Read, start: int, end: int) -> float:
    """How likely the answer begins in [start, end) of the passage's text, if the passage holds it, 0 to 1."""
    if not len(read.starts):
        return 0.0
    chances = np.exp(read.starts - read.starts.max())
    inside = np.array([start <= low < end for low, _ in read.places])
    return float(chances[inside].sum() / chances.sum())


def chance(read: Read | None) -> float:
    """The log odds as a chance, 0 to 1; 0 for a passage that was not read."""
    return 0.0 if read is None else float(1 / (1 + np.exp(-np.clip(read.score, -30, 30))))


@dataclass(frozen=True, slots=True)
class CrossReranker:
    """Any other CrossEncoder, through sentence-transformers itself."""

    name: str
    fingerprint: str
    model: Any

    @classmethod
    def load(cls, name: str, fingerprint: str) -> CrossReranker:
        from sentence_transformers import CrossEncoder

        try:
            model = CrossEncoder(
                name, trust_remote_code=False, local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError) as error:
            raise ModelError(
                f"cannot load reranker {name!r}: {error}; give a CrossEncoder folder on this machine, fetch "
                f"it first where there is a network (`hf download {name}`), or give none"
            ) from error
        return cls(Path(name).name, fingerprint, model)

    def read(self, question: str, texts: Sequence[str], *, spans: bool = True) -> list[Read]:
        import torch

        if not texts:
            return []
        pairs = [(question, text) for text in texts]
        found = self.model.predict(pairs, activation_fn=torch.nn.Identity(), show_progress_bar=False)
        return [Read(float(score), _NOTHING, _NOTHING, ()) for score in np.asarray(found).reshape(len(texts))]
