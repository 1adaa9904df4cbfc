"""What everything found for one question is measured with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from index.encode import Encoder
from rag.question import Asked
from rag.rarity import Rarity


@dataclass(frozen=True, slots=True)
class Scene:
    """A question, its vector (dim,), and how rare the archive's wordings are."""

    asked: Asked
    rarity: Rarity
    encoder: Encoder
    vector: npt.NDArray[np.float32]
