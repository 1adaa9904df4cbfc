"""What everything found for one question is measured with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.encode import Encoder
from rag.question import Asked
from rag.rarity import Rarity
from rag.rerank import Reranker


@dataclass(frozen=True, slots=True)
class Scene:
    """A question, its vector (dim,), how rare the archive's wordings are, and who reads its sentences."""

    asked: Asked
    rarity: Rarity
    encoder: Encoder
    vector: npt.NDArray[np.float32]
    reranker: Reranker | None = None
