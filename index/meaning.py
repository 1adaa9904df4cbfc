"""What the units of a page are about, as vectors of the encoder that the package ships with.

Character pairs tell that two texts name the same things, vectors that they speak of like things: two short
paragraphs of one story may share no pair at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from index.encode import Encoder, load_encoder

Vector = npt.NDArray[np.float32]

_LONGEST = 240  # characters of a unit that are looked at
_ENOUGH = 40  # characters from which a paragraph tells how alike the stories of the page are
_REMEMBERED = 2000  # texts
_AHEAD = 3  # paragraphs below a headline, or from a paragraph on, that tell what comes


@cache
def _encoder() -> Encoder:
    return load_encoder()


@cache
def _known() -> dict[str, Vector]:
    """Vectors of texts that were asked for lately: units are mostly pieces that were looked at before."""
    return {}


def vectors(texts: Sequence[str]) -> Vector:
    """Vectors of length one of what texts begin with; zero where nothing in one is known."""
    known, beginnings = _known(), [text[:_LONGEST] for text in texts]
    found = {text: known[text] for text in beginnings if text in known}  # `known` only grows
    missing = [text for text in dict.fromkeys(beginnings) if text not in found]
    found.update(zip(missing, _encoder().encode(missing), strict=True))
    if len(known) > _REMEMBERED:
        _known.cache_clear()  # others may still read the old one
    _known().update(found)
    return np.stack([found[text] for text in beginnings])


@dataclass(frozen=True, slots=True)
class Meaning:
    """Vectors of units in printed order; rows of `own` and `ahead` are sums weighed by length.

    `ahead` is of a unit and what follows to the next headline, `usual` the mean cosine of two paragraphs.
    """

    own: Vector
    ahead: Vector
    usual: float


def meaning(texts: Sequence[str], heads: Sequence[bool]) -> Meaning:
    """Vectors of a page's units, given which of them are headlines."""
    if not texts:
        empty = np.zeros((0, 0), np.float32)
        return Meaning(empty, empty, 0.0)
    units = vectors(texts)
    weights = np.array([min(len(text), _LONGEST) for text in texts], np.float32)
    own = units * np.sqrt(weights)[:, None]
    ahead = np.stack([own[at : end_of(heads, at)].sum(axis=0) for at in range(len(texts))])
    chosen = units[[len(text) >= _ENOUGH and not head for text, head in zip(texts, heads, strict=True)]]
    count = len(chosen)
    total = float(np.square(chosen.sum(axis=0)).sum()) - count
    return Meaning(own, ahead, total / (count * (count - 1)) if count > 1 else 0.5)


def end_of(heads: Sequence[bool], at: int) -> int:
    """Where the text ends that a unit begins: at most some paragraphs on, at the next headline."""
    while at < len(heads) and heads[at]:
        at += 1
    last = min(at + _AHEAD, len(heads))
    return next((row for row in range(at, last) if heads[row]), last)


def cosines(rows: Vector, others: Vector) -> npt.NDArray[np.float64]:
    """Cosine of each row (axis 0) with each of the others (axis 1); 0 where one of them is zero."""
    lengths = [np.sqrt(np.einsum("ij,ij->i", part, part)) for part in (rows, others)]
    scale = lengths[0][:, None] * lengths[1]
    found: npt.NDArray[np.float64] = np.zeros(scale.shape)
    np.divide(rows @ others.T, scale, out=found, where=scale > 0)
    return found
