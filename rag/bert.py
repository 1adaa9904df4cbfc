"""A small BERT in numpy: texts of any lengths one behind the other, without padding.

Rows are computed together wherever a piece does not look at others, and one by one
in attention. Where only the pair's score is wanted, the last layer is computed for
the first piece of each row alone, which saves a quarter of the work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
Scores = tuple[Floats, list[Floats] | None]

_LAYER = "bert.encoder.layer.{number}"
_STEADY = np.float32(1e-12)


@dataclass(frozen=True, slots=True)
class Linear:
    """Weights (inputs, outputs) and bias (outputs,)."""

    weight: Floats
    bias: Floats

    @classmethod
    def of(cls, stored: Mapping[str, Floats], *names: str) -> Linear:
        """One product of several that read the same input, side by side."""
        weight = np.concatenate([stored[f"{name}.weight"] for name in names])
        bias = np.concatenate([stored[f"{name}.bias"] for name in names])
        return cls(np.ascontiguousarray(weight.T, np.float32), bias.astype(np.float32))

    def __call__(self, state: Floats) -> Floats:
        found: Floats = state @ self.weight
        found += self.bias
        return found


@dataclass(frozen=True, slots=True)
class Norm:
    """Layer normalisation, in place."""

    weight: Floats
    bias: Floats

    @classmethod
    def of(cls, stored: Mapping[str, Floats], name: str) -> Norm:
        return cls(stored[f"{name}.weight"].astype(np.float32), stored[f"{name}.bias"].astype(np.float32))

    def __call__(self, state: Floats) -> Floats:
        state -= state.mean(axis=1, keepdims=True)
        spread = np.einsum("ij,ij->i", state, state) / np.float32(state.shape[1])
        state *= (1 / np.sqrt(spread + _STEADY))[:, None]
        state *= self.weight
        state += self.bias
        return state


@dataclass(frozen=True, slots=True)
class Layer:
    """Attention and two products, each with its residue and normalisation."""

    query: Linear
    keys: Linear  # keys, then values
    output: Linear
    attended: Norm
    inner: Linear
    outer: Linear
    normed: Norm
    heads: int

    @classmethod
    def of(cls, stored: Mapping[str, Floats], name: str, heads: int) -> Layer:
        own = f"{name}.attention.self"
        return cls(
            Linear.of(stored, f"{own}.query"),
            Linear.of(stored, f"{own}.key", f"{own}.value"),
            Linear.of(stored, f"{name}.attention.output.dense"),
            Norm.of(stored, f"{name}.attention.output.LayerNorm"),
            Linear.of(stored, f"{name}.intermediate.dense"),
            Linear.of(stored, f"{name}.output.dense"),
            Norm.of(stored, f"{name}.output.LayerNorm"),
            heads,
        )

    def __call__(self, state: Floats, rows: Sequence[slice], asking: Sequence[slice]) -> Floats:
        """State (pieces, dim) of the rows to the state of the pieces `asking`, slices of them, one a row."""
        whole = sum(one.stop - one.start for one in asking) == len(state)
        wanted = state if whole else np.concatenate([state[one] for one in asking])
        query = self.query(wanted)
        keys = self.keys(state)
        mixed = np.empty_like(query)
        at = 0
        for row, one in zip(rows, asking, strict=True):
            here = slice(at, at + one.stop - one.start)
            self._attend(query[here], keys[row], mixed[here])
            at = here.stop
        told = self.output(mixed)
        told += wanted
        told = self.attended(told)
        inner = self.inner(told)
        np.maximum(inner, 0, out=inner)
        outer = self.outer(inner)
        outer += told
        return self.normed(outer)

    def _attend(self, query: Floats, keys: Floats, into: Floats) -> None:
        """What each piece (asking, dim) takes from a row's keys and values (pieces, 2 dim)."""
        size = query.shape[1]
        width = size // self.heads
        scale = np.float32(1 / width**0.5)
        for head in range(self.heads):
            low, high = head * width, (head + 1) * width
            score = (query[:, low:high] * scale) @ keys[:, low:high].T
            score -= score.max(axis=1, keepdims=True)
            np.exp(score, out=score)
            mixed = score @ keys[:, size + low : size + high]
            mixed /= score.sum(axis=1, keepdims=True)
            into[:, low:high] = mixed


@dataclass(frozen=True, slots=True)
class Bert:
    """The encoder, a score a row, and start and end scores a piece."""

    table: npt.NDArray[np.floating]  # (vocabulary, dim), as it is stored
    places: Floats
    sides: Floats
    first: Norm
    layers: tuple[Layer, ...]
    pooler: Linear
    classifier: Linear
    span: Linear

    @classmethod
    def of(cls, stored: Mapping[str, Floats], layers: int, heads: int) -> Bert:
        """From the tensors of a CrossEncoder and of its start and end head, by their names."""
        embeddings = "bert.embeddings"
        return cls(
            stored[f"{embeddings}.word_embeddings.weight"],
            stored[f"{embeddings}.position_embeddings.weight"].astype(np.float32),
            stored[f"{embeddings}.token_type_embeddings.weight"].astype(np.float32),
            Norm.of(stored, f"{embeddings}.LayerNorm"),
            tuple(Layer.of(stored, _LAYER.format(number=number), heads) for number in range(layers)),
            Linear.of(stored, "bert.pooler.dense"),
            Linear.of(stored, "classifier"),
            Linear.of(stored, "span"),
        )

    def forward(self, pieces: Sequence[Sequence[int]], second: int, *, spans: bool) -> Scores:
        """Scores (rows,) of rows of pieces, and for each row its start and end scores (pieces, 2).

        The second text of every row begins at piece `second`. Without `spans` there are none of these.
        """
        ends = np.cumsum([len(row) for row in pieces])
        rows = [slice(int(end) - len(row), int(end)) for end, row in zip(ends, pieces, strict=True)]
        at = np.concatenate([np.arange(len(row)) for row in pieces])
        state = self.table[np.concatenate([np.asarray(row) for row in pieces])].astype(np.float32)
        state += self.places[at]
        state += self.sides[(at >= second).astype(np.int64)]
        state = self.first(state)
        heads = [slice(row.start, row.start + 1) for row in rows]
        for layer in self.layers[:-1]:
            state = layer(state, rows, rows)
        state = self.layers[-1](state, rows, rows if spans else heads)
        opening = state[[row.start for row in rows]] if spans else state
        scores = self.classifier(np.tanh(self.pooler(opening)))[:, 0]
        if not spans:
            return scores, None
        both = self.span(state)
        return scores, [both[row] for row in rows]
