"""Numbers that the scan has lost: where an answer would have stood, nothing is made up."""

from __future__ import annotations

from collections.abc import Sequence

from index.document import Passage
from rag.choose import Scored
from rag.clauses import clause_bounds, clause_weights
from rag.evidence import Piece
from rag.facts import dates, numbers
from rag.letters import containment, letters
from rag.quantities import clashes
from rag.question import Asked, Expect
from rag.rarity import Rarity
from rag.short import Short, leading, lost_answer, short_answer

BESIDE_IT = 0.5  # of the nearness of the number given, in its sentence or in one that is LIKELY
LIKELY = 0.3  # share of the best sentence's score
NEARLY = 0.9  # of the same in a sentence hardly less likely; in one that is less so, as many times more
BESIDE = 8  # letters on each side of a number that tell what it counts
SAME = 0.5  # share of them that two printings of the same number have in common
# A number that is to stand for a lost one is asked of more of what is around it.
WIDELY = 16  # letters on each side
SAME_WIDELY = 0.4  # share of them in common
_AFTER_DATE = "年月日号"


def damaged(asked: Asked, piece: Piece, rarity: Rarity) -> tuple[int, int] | None:
    """[start, end) in the sentence of the lost number that was asked for; None when it is not lost.

    The clause nearest to the question decides: when it lost a number and holds no
    other of the kind and with the measure word asked for, the answer stood there.
    """
    if asked.expect not in (Expect.NUMBER, Expect.DATE) or not piece.lost:
        return None
    text = piece.text
    bounds = clause_bounds(text)
    weights = clause_weights(asked, text, bounds, rarity)
    options = []
    for (start, end), weight in zip(bounds, weights, strict=True):
        here = [place for place in piece.lost if start <= place[0] < end]
        intact = _intact(asked, text[start:end], bool(here))
        for place in here:
            if not intact and _fits(asked, text, place):
                options.append((weight + _unit_bonus(asked, text, place), place))
        if intact:
            options.append((weight + intact - 1, (-1, -1)))
    if not options:
        return None
    place = max(options, key=lambda option: option[0])[1]
    return None if place[0] < 0 else place


def outweighed(
    asked: Asked, ranked: Sequence[Scored], rarity: Rarity
) -> tuple[Piece, tuple[int, int]] | None:
    """A lost number that stands about as near to the question's words as the number about to be given.

    `ranked` are the sentences, that with the number first. Where the two stand in the same wording of
    different sentences, the one is the other's number printed whole, and is given. Nearly as near is enough,
    and half as near in the same sentence or a likely one: rather no number than that of something else. In
    the same sentence the number is given when its clause leads up to it with more of the question.
    None when the number given fits clearly best.
    """
    if asked.expect not in (Expect.NUMBER, Expect.DATE):
        return None
    best = ranked[0]
    given = short_answer(asked, best.piece.text, rarity, best.piece.lost)
    said = _around(best.piece.text, given.start, given.end) if given else frozenset()
    found: list[tuple[float, Piece, tuple[int, int]]] = []
    for scored in ranked:
        piece = scored.piece
        lost = lost_answer(asked, piece.text, rarity, piece.lost) if piece.lost else None
        if lost is None:
            continue
        place = (lost.start, lost.end)
        if given is None:
            if (
                piece is not best.piece
                and scored.score >= LIKELY * best.score
                and _measured(asked, piece, place)
            ):
                found.append((scored.score, piece, place))
            continue
        if piece is not best.piece and containment(_around(piece.text, *place), said) >= SAME:
            continue
        if piece is best.piece and _led(asked, piece.text, given.start, rarity) > _led(
            asked, piece.text, lost.start, rarity
        ):
            continue
        if lost.score >= _needed(scored, best) * given.score:
            found.append((lost.score, piece, place))
    if not found:
        return None
    _, piece, place = max(found, key=lambda one: one[0])
    return piece, place


def _led(asked: Asked, text: str, at: int, rarity: Rarity) -> float:
    """How much of the question stands before the number at `at`, in its clause."""
    start = max(low for low, _ in clause_bounds(text) if low <= at)
    return leading(asked, text[start:at], rarity)


def _needed(scored: Scored, best: Scored) -> float:
    """How near a lost number must be to be the one asked for, as a share of the nearness of the one given."""
    if scored.piece is best.piece:
        return BESIDE_IT
    likely = scored.score / best.score if best.score else 1.0
    return BESIDE_IT if likely >= LIKELY else NEARLY * LIKELY / max(likely, 1e-3)


def _measured(asked: Asked, piece: Piece, place: tuple[int, int]) -> bool:
    """True when a lost number is followed by what was asked for."""
    return bool(asked.unit) and asked.unit in piece.text[place[1] : place[1] + len(asked.unit) + 4]


def _around(text: str, start: int, end: int, reach: int = BESIDE) -> frozenset[str]:
    """Pairs of letters on both sides of a number."""
    before, after = letters(text[:start]).text[-reach:], letters(text[end:]).text[:reach]
    return frozenset(side[place : place + 2] for side in (before, after) for place in range(len(side) - 1))


def place_in_file(passage: Passage, piece: Piece, place: tuple[int, int]) -> int:
    """Offset in the file of a lost number of a sentence."""
    start = min(piece.start + place[0], len(passage.text) - 1)
    return passage.locate(start, start + 1)[0].start


def intact_instead(
    asked: Asked,
    broken: Scored,
    lost: tuple[int, int],
    ranked: list[Scored],
    coverage: dict[int, float],
    rarity: Rarity,
) -> Scored | None:
    """A sentence that says the same with its number whole; None when there is none.

    It must cover the question as well as the damaged one does, and its number must stand
    in the wording of the lost one, so that a number of something else is never given instead.
    """
    wanted = _around(broken.piece.text, *lost, WIDELY)
    for scored in ranked:
        if scored.piece.found.text == broken.piece.found.text or damaged(asked, scored.piece, rarity):
            continue
        if scored.score < 0.4 * broken.score or coverage[scored.row] < coverage[broken.row] - 0.02:
            continue
        given = short_answer(asked, scored.piece.text, rarity, scored.piece.lost)
        if given is None or not _intact(asked, scored.piece.text, False):
            continue
        said = _around(scored.piece.text, given.start, given.end, WIDELY)
        if containment(wanted, said) >= SAME_WIDELY and _is_twin(
            broken.piece.text, lost, scored.piece.text, given
        ):
            return scored
    return None


def _is_twin(broken: str, lost: tuple[int, int], text: str, given: Short) -> bool:
    """Whether of all numbers and dates of a text the one to be given stands most as the lost one stood."""
    near, wide = _around(broken, *lost), _around(broken, *lost, WIDELY)

    def alike(start: int, end: int) -> float:
        here, farther = _around(text, start, end), _around(text, start, end, WIDELY)
        return containment(near, here) + containment(wide, farther)

    places = {(fact.start, fact.end) for fact in (*numbers(text), *dates(text))}
    start, end = max(places, key=lambda at: alike(*at), default=(given.start, given.end))
    return start < given.end and given.start < end


def _intact(asked: Asked, text: str, broken: bool) -> float:
    """1 when a text holds a whole number of the kind asked for, 2 with the measure word, 0 when not."""
    if asked.expect is Expect.DATE:
        known = {fact.text for fact in asked.dates}
        return float(any(fact.text not in known and fact.text[-1] in _AFTER_DATE for fact in dates(text)))
    found = [
        fact
        for fact in numbers(text)
        if (not broken or fact.value not in ("0", ""))
        and not clashes(asked.kinds, text, fact.start, fact.end)
    ]
    if asked.unit:
        return 2.0 * any(asked.unit in text[fact.end : fact.end + len(asked.unit) + 3] for fact in found)
    return float(bool(found))


def _fits(asked: Asked, text: str, place: tuple[int, int]) -> bool:
    after = text[place[1] : place[1] + 6].lstrip()
    if asked.expect is Expect.DATE:
        return after[:1] in _AFTER_DATE
    if clashes(asked.kinds, text, *place):
        return False
    return not after[:1] or after[0] not in "年月日" or asked.unit in ("年", "月", "日", "天")


def _unit_bonus(asked: Asked, text: str, place: tuple[int, int]) -> float:
    return 2.0 if asked.unit and asked.unit in text[place[1] : place[1] + len(asked.unit) + 4] else 0.0
