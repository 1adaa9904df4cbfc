"""Which passages a language model is shown: the best, but not all from one mouth."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from index.document import Passage
from rag.letters import containment, letters, shingles

MOST = 8  # passages a language model sees
OF_ONE = 4  # of one document, while there are others
ALIKE = 0.9  # share of four-letter shingles from which a passage says nothing that another did not


def shown(ranking: Sequence[Passage], *, most: int = MOST, of_one: int = OF_ONE) -> list[Passage]:
    """The first `most` of a ranking, best first.

    Passages of a document beyond `of_one`, and near copies of better ones, come when nothing else is left.
    """
    chosen: list[Passage] = []
    spare: list[Passage] = []
    said: list[frozenset[str]] = []
    counts: Counter[str] = Counter()
    for passage in ranking:
        mine = shingles(letters(passage.text).text)
        copy = any(max(containment(mine, other), containment(other, mine)) >= ALIKE for other in said)
        if copy or counts[passage.doc] >= of_one:
            spare.append(passage)
            continue
        chosen.append(passage)
        said.append(mine)
        counts[passage.doc] += 1
    kept = {passage.id for passage in (*chosen, *spare[: max(most - len(chosen), 0)])}
    return [passage for passage in ranking if passage.id in kept][:most]
