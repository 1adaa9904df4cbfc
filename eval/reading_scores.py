"""Scores of one reading against what the page really holds.

Everything is a count of hits out of a total, so that scores of pages add up before any division.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields

from eval.reading_heads import (
    byline_found,
    complete_right,
    dateline_found,
    kind_right,
    title_found,
    titled,
)
from eval.truth import BESIDE, ArticleTruth, CutTruth, PageTruth, offsets, printed
from index.document import Document, Passage, Reading, Span

_ORNAMENTS = "■□◆◇●▲△▼"
TOLERANCE = 5  # characters by which an article boundary may be off
_STOP = re.compile(r"(?:[。！？!?]+|(?<=[\u4e00-\u9fff])\.)[”’」』）)]*")
NEARBY = 1  # characters by which a lost-number flag may miss the place


@dataclass(frozen=True, slots=True)
class Share:
    """How many of how many."""

    hits: float = 0
    total: float = 0

    def __add__(self, other: Share) -> Share:
        return Share(self.hits + other.hits, self.total + other.total)

    @property
    def value(self) -> float:
        """From 0 to 1; 1 when there was nothing to find."""
        return self.hits / self.total if self.total else 1.0


@dataclass(frozen=True, slots=True)
class Scores:
    """What was counted on one page, or on many when added up.

    invented, changed and twice are counts out of all characters of passages: 0 is right.
    """

    boundaries_found: Share = Share()  # true article boundaries that were found, within TOLERANCE
    boundaries_right: Share = Share()  # boundaries drawn that are true
    together_right: Share = Share()  # B-cubed precision over characters: company that belongs together
    together_found: Share = Share()  # B-cubed recall: characters of one article kept together
    pure: Share = Share()  # passages whose characters come from one article only
    joined: Share = Share()  # cut sentences whose halves follow each other in one passage
    whole: Share = Share()  # sentences of bodies that stand whole in one passage
    kept: Share = Share()  # printed characters of bodies and headings that are in a passage
    kept_all: Share = Share()  # the same for every part
    lost_found: Share = Share()  # lost-number places that are flagged
    lost_right: Share = Share()  # flags at a lost-number place
    titles: Share = Share()
    bylines: Share = Share()
    datelines: Share = Share()
    kinds: Share = Share()  # articles told from commentaries and pictures; notices count as articles
    complete: Share = Share()  # articles that begin here and are rightly said to end here or not
    captions: Share = Share()  # captions, pull quotes and tables in no passage with other text
    furniture: Share = (
        Share()
    )  # letters and digits of no article that are in no passage with an article's text
    invented: Share = Share()  # digits of passages that do not stand in the file at their place
    changed: Share = Share()  # characters of passages that do not
    twice: Share = Share()  # printed characters in more than one passage
    untouched: Share = Share()  # undamaged pages on which nothing was moved, dropped or flagged

    def __add__(self, other: Scores) -> Scores:
        return Scores(*(getattr(self, item.name) + getattr(other, item.name) for item in fields(self)))

    @property
    def boundary_f1(self) -> float:
        """Harmonic mean of boundaries found and boundaries right."""
        return _harmonic(self.boundaries_found.value, self.boundaries_right.value)

    @property
    def together_f1(self) -> float:
        """B-cubed F1 (Bagga and Baldwin 1998) over printed characters."""
        return _harmonic(self.together_right.value, self.together_found.value)


def _harmonic(one: float, other: float) -> float:
    return 2 * one * other / (one + other) if one + other else 0.0


def document_of(truth: PageTruth, name: str = "page.txt") -> Document:
    """The page as the document a file with this text would be."""
    data = truth.text.encode()
    return Document(name, truth.text, hashlib.sha256(data).hexdigest(), len(data))


def score(reading: Reading, truth: PageTruth) -> Scores:
    """Count everything on one page. Raises ValueError when the reading is of another text."""
    if reading.document.text != truth.text:
        raise ValueError(f"the reading of {reading.document.id} is not of this page's text")
    found, right, together_right, together_found = _articles(reading, truth)
    lost_found, lost_right = _lost(reading, truth)
    invented, changed, twice, covered = _characters(reading, truth)
    result = Scores(
        boundaries_found=found,
        boundaries_right=right,
        together_right=together_right,
        together_found=together_found,
        pure=_purity(reading, truth),
        joined=_share(_is_joined(reading.passages, cut, truth.text) for cut in truth.cuts),
        whole=_whole(reading, truth),
        kept=_kept(truth, covered, ("body", "heading")),
        kept_all=_kept(truth, covered, ()),
        lost_found=lost_found,
        lost_right=lost_right,
        titles=_share(title_found(reading, truth, article) for article in titled(truth)),
        bylines=_share(byline_found(reading, truth, a) for a in truth.articles if a.byline),
        datelines=_share(dateline_found(reading, truth, a) for a in truth.articles if a.dateline),
        kinds=_share(kind_right(reading, truth, article) for article in truth.articles),
        complete=_share(complete_right(reading, truth, a) for a in truth.articles if a.begins),
        captions=_share(_apart(reading, truth)),
        furniture=_furniture(reading, truth),
        invented=invented,
        changed=changed,
        twice=twice,
    )
    if truth.damages:
        return result
    return result + Scores(untouched=_share([_is_untouched(result, reading)]))


def _share(verdicts: Iterable[bool]) -> Share:
    counted = list(verdicts)
    return Share(sum(counted), len(counted))


def _labels(truth: PageTruth, *, beside: bool) -> dict[int, int]:
    """Article number of each printed character; captions and pull quotes only where `beside` is true."""
    return {
        offset: number
        for number, article in enumerate(truth.articles)
        for part in article.parts
        if beside or part.kind not in BESIDE
        for offset in offsets(truth.text, part.spans)
    }


def _articles(reading: Reading, truth: PageTruth) -> tuple[Share, Share, Share, Share]:
    """Boundaries found and right, company right and found.

    Both look at the printed characters of titles, bylines and bodies in page order. A character in no article
    is taken for the one before it: leaving it out is counted elsewhere.
    """
    label = _labels(truth, beside=False)
    places = sorted(label)
    given = {
        offset: row
        for row, article in reversed(list(enumerate(reading.articles)))
        for offset in offsets(truth.text, article.spans)
    }
    ours, current = [], -1
    for offset in places:
        current = given.get(offset, current)
        ours.append(current)
    theirs = [label[offset] for offset in places]
    true, drawn = _changes(theirs), _changes(ours)
    matched = _matched(true, drawn)
    pairs = Counter(zip(theirs, ours, strict=True))
    sizes_true, sizes_ours = Counter(theirs), Counter(ours)
    right = sum(count * count / sizes_ours[key] for (_, key), count in pairs.items())
    found = sum(count * count / sizes_true[key] for (key, _), count in pairs.items())
    total = len(places)
    return Share(matched, len(true)), Share(matched, len(drawn)), Share(right, total), Share(found, total)


def _changes(labels: Sequence[int]) -> list[int]:
    return [at for at in range(1, len(labels)) if labels[at] != labels[at - 1]]


def _matched(true: Sequence[int], drawn: Sequence[int]) -> int:
    """Pairs of a true and a drawn boundary at most TOLERANCE apart, each used once."""
    matched, row = 0, 0
    for at in true:
        while row < len(drawn) and drawn[row] < at - TOLERANCE:
            row += 1
        if row < len(drawn) and drawn[row] <= at + TOLERANCE:
            matched, row = matched + 1, row + 1
    return matched


def _purity(reading: Reading, truth: PageTruth) -> Share:
    label = _labels(truth, beside=True)
    owners = [{label[at] for at in offsets(truth.text, p.spans) if at in label} for p in reading.passages]
    return _share(len(owner) == 1 for owner in owners if owner)


def _is_joined(passages: Sequence[Passage], cut: CutTruth, text: str) -> bool:
    """Whether one passage holds the whole sentence with nothing printed between the halves.

    A line that is printed twice may be taken from either place: so characters are compared, and the greater
    part of them must come from the sentence itself. An ornament before it is no part of a sentence.
    """
    sentence = printed(text, (*cut.left, *cut.right)).lstrip(_ORNAMENTS)
    own = set(offsets(text, (*cut.left, *cut.right)))
    for passage in passages:
        places = list(offsets(text, passage.spans))
        at = "".join(text[place] for place in places).find(sentence)
        if at >= 0 and len(own.intersection(places[at : at + len(sentence)])) * 2 > len(own):
            return True
    return False


def _whole(reading: Reading, truth: PageTruth) -> Share:
    where: dict[int, set[int]] = {}
    for row, passage in enumerate(reading.passages):
        for at in offsets(truth.text, passage.spans):
            where.setdefault(at, set()).add(row)
    sentences = (s for article in truth.articles for s in _sentences(truth.text, article))
    return _share(bool(set.intersection(*(where.get(at, set()) for at in s))) for s in sentences)


def _sentences(text: str, article: ArticleTruth) -> Iterator[list[int]]:
    """Places of the printed characters of each sentence of the body, cut ones rejoined."""
    for part in article.parts:
        if part.kind == "body":
            places = list(offsets(text, part.spans))
            line = "".join(text[at] for at in places)
            ends = [match.end() for match in _STOP.finditer(line)]
            for start, end in zip([0, *ends], [*ends, len(line)], strict=True):
                if start < end:
                    yield places[start:end]


def _kept(truth: PageTruth, covered: Counter[int], kinds: tuple[str, ...]) -> Share:
    return _share(
        at in covered for article in truth.articles for at in offsets(truth.text, article.spans(*kinds))
    )


def _lost(reading: Reading, truth: PageTruth) -> tuple[Share, Share]:
    flags = {span for passage in reading.passages for span in passage.lost}
    places = [lost.span for lost in truth.lost]
    found = _share(any(_touch(place, flag) for flag in flags) for place in places)
    return found, _share(any(_touch(place, flag) for place in places) for flag in flags)


def _touch(one: Span, other: Span) -> bool:
    return one.start <= other.end + NEARBY and other.start <= one.end + NEARBY


def _characters(reading: Reading, truth: PageTruth) -> tuple[Share, Share, Share, Counter[int]]:
    """Invented digits, changed characters, characters in two passages; how often each place is covered."""
    covered: Counter[int] = Counter()
    invented = changed = total = digits = 0
    for passage in reading.passages:
        places = [at for span in passage.spans for at in range(span.start, span.end)]
        for at, char in zip(places, passage.text, strict=True):
            if char.isspace() and truth.text[at].isspace():
                continue
            covered[at] += 1
            total += 1
            digits += char.isdigit()
            changed += char != truth.text[at]
            invented += char.isdigit() and char != truth.text[at]
    twice = sum(1 for count in covered.values() if count > 1)
    return Share(invented, digits), Share(changed, total), Share(twice, len(covered)), covered


def _apart(reading: Reading, truth: PageTruth) -> Iterator[bool]:
    label = _labels(truth, beside=False)
    where = {at: row for row, p in enumerate(reading.passages) for at in offsets(truth.text, p.spans)}
    mixed = {row for at, row in where.items() if at in label}
    for article in truth.articles:
        for part in article.parts:
            if part.kind in BESIDE:
                rows = {where[at] for at in offsets(truth.text, part.spans) if at in where}
                yield bool(rows) and not rows & mixed


def _furniture(reading: Reading, truth: PageTruth) -> Share:
    owned = _labels(truth, beside=True)
    loose = {at for at, char in enumerate(truth.text) if char.isalnum() and at not in owned}
    mixed: set[int] = set()
    for passage in reading.passages:
        places = set(offsets(truth.text, passage.spans))
        if places & owned.keys():
            mixed |= places & loose
    return Share(len(loose) - len(mixed), len(loose))


def _is_untouched(result: Scores, reading: Reading) -> bool:
    flagged = any({"lost_digits", "broken", "truncated"} & set(p.flags) or p.lost for p in reading.passages)
    whole = result.kept_all.value == result.boundary_f1 == result.pure.value == 1.0
    return whole and not flagged and not result.changed.hits and not result.twice.hits
