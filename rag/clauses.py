"""The clauses of a sentence, and those of them that answer.

A newspaper's sentence may run over two hundred characters; what is quoted of it is a stretch of clauses.
Where a reranker is there it reads the stretches, as it was trained on texts that short; else the nearest
clause is widened. `python -m train.quotes` counts on held-out questions how often either holds the answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from rag.letters import letters
from rag.question import Asked
from rag.rarity import Rarity
from rag.rerank import Reranker
from rag.scene import Scene
from rag.short import Short

LONG = 100  # characters a quote of several clauses has at most; a shorter sentence is quoted whole
BRIEF = 60  # characters of the shorter stretches that are read
LEAST = 24  # characters a quote has at least, where its sentence has as many and no short answer is in it
KEEP = 0.5  # a further clause must be this near to the question, as a share of the nearest
NEAR = 0.5  # what nearness to the question counts beside the log odds of a stretch
HOLDING = 1.0  # what the short answer adds to a stretch that holds it
_MARKED = re.compile(r"“[^“”]{1,24}”|《[^《》]{1,40}》|（[^（）]{1,24}）")
_CLAUSE_END = re.compile(r"[，；：,;:](?![\d])|——")


def clauses(scene: Scene, text: str, short: Short | None) -> tuple[int, int]:
    """[start, end) of the clauses of a sentence that hold the answer, without a comma at the end.

    A sentence of at most LONG characters without a short answer is quoted whole.
    """
    bounds = clause_bounds(text)
    if len(bounds) == 1 or (short is None and len(text) <= LONG):
        return 0, len(text)
    weights = _nearness(scene, text, bounds)
    if scene.reranker is None:
        low, high = _widened(bounds, weights, short)
    else:
        low, high = _read(scene.asked, scene.reranker, text, bounds, weights, short)
    start = bounds[low][0]
    return start, start + len(text[start : bounds[high][1]].rstrip("，；：、,;: —"))


def _read(
    asked: Asked,
    reranker: Reranker,
    text: str,
    bounds: Sequence[tuple[int, int]],
    weights: Sequence[float],
    short: Short | None,
) -> tuple[int, int]:
    """First and last clause of the stretch that answers best as it is read by itself, near the question.

    One of fewer than LEAST characters says something where it holds the short answer, else it is a scrap.
    """

    def holds(low: int, high: int) -> bool:
        return short is not None and bounds[low][0] <= short.start and short.end <= bounds[high][1]

    every = _stretches(bounds)
    stretches = [
        one for one in every if holds(*one) or bounds[one[1]][1] - bounds[one[0]][0] >= LEAST
    ] or every
    texts = [text[bounds[low][0] : bounds[high][1]] for low, high in stretches]
    reads = reranker.read(asked.text, texts, spans=False)

    def worth(number: int) -> float:
        low, high = stretches[number]
        return reads[number].score + NEAR * sum(weights[low : high + 1]) + HOLDING * holds(low, high)

    return stretches[max(range(len(stretches)), key=worth)]


def _stretches(bounds: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """From each clause on: itself, and as many as BRIEF and LONG characters hold."""
    found: list[tuple[int, int]] = []
    for low, (start, _) in enumerate(bounds):
        for room in (0, BRIEF, LONG):
            ends = [high for high in range(low, len(bounds)) if bounds[high][1] - start <= room]
            found.append((low, ends[-1] if ends else low))
    return list(dict.fromkeys(found))


def _widened(
    bounds: Sequence[tuple[int, int]], weights: Sequence[float], short: Short | None
) -> tuple[int, int]:
    """First and last clause, from the nearest one to that with the short answer, and neighbours near the
    question too, the nearer side first, up to LONG characters.
    """
    middle = max(range(len(bounds)), key=lambda number: weights[number])
    low = high = middle
    if short is not None:
        holder = next(number for number, (_, end) in enumerate(bounds) if short.start < end)
        reach = (min(middle, holder), max(middle, holder))
        near = bounds[reach[1]][1] - bounds[reach[0]][0] <= LONG
        low, high = reach if near else (holder, holder)
    enough = LEAST if short is not None else LONG - 10
    while (number := _wider(bounds, weights, low, high, enough)) is not None:
        low, high = min(low, number), max(high, number)
    return low, high


def _wider(
    bounds: Sequence[tuple[int, int]], weights: Sequence[float], low: int, high: int, enough: int
) -> int | None:
    """The neighbour to take in, None when the quote is long enough or would become too long."""
    options = [
        (weights[number], number)
        for number in (low - 1, high + 1)
        if 0 <= number < len(bounds)
        if bounds[max(high, number)][1] - bounds[min(low, number)][0] <= LONG
    ]
    size = bounds[high][1] - bounds[low][0]
    worth = KEEP * max(weights[low : high + 1])
    if not options or (size >= enough and max(options)[0] < worth):
        return None
    return max(options)[1]


def _nearness(scene: Scene, text: str, bounds: Sequence[tuple[int, int]]) -> list[float]:
    """For each clause its share of the question's letter pairs, and its cosine with the question."""
    shared = clause_weights(scene.asked, text, bounds, scene.rarity)
    pairs = letters(scene.asked.focus).pairs()
    total = sum(scene.rarity.weight(pair) for pair in set(pairs)) or 1.0
    cosines = scene.encoder.encode([text[start:end] for start, end in bounds]) @ scene.vector
    return [one / total + max(0.0, float(cosine)) for one, cosine in zip(shared, cosines, strict=True)]


def clause_weights(asked: Asked, text: str, bounds: Sequence[tuple[int, int]], rarity: Rarity) -> list[float]:
    """For each clause the weight of the letter pairs it shares with the question."""
    wanted = set(letters(asked.focus).pairs())
    return [
        sum(rarity.weight(pair) for pair in wanted & set(letters(text[start:end]).pairs()))
        for start, end in bounds
    ]


def clause_bounds(text: str) -> list[tuple[int, int]]:
    """[start, end) of the clauses of a sentence; they tile it. What is quoted in a few words is not cut."""
    marked = [match.span() for match in _MARKED.finditer(text)]
    ends = [match.end() for match in _CLAUSE_END.finditer(text)]
    ends = [end for end in ends if end < len(text) and not any(low < end < high for low, high in marked)]
    ends.append(len(text))
    return list(zip([0, *ends[:-1]], ends, strict=True))
