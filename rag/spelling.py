"""Pinyin in a question and characters mistaken for others of the same sound, found by what the archive says.

Nothing is corrected that the archive itself writes or a dictionary has, and nothing that would not make the
question much likelier; every correction is shown to the reader.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from index.characters import characters
from index.document import Passage
from index.tokens import in_dictionary, words
from rag.letters import letters

MOST = 200_000  # characters of the archive whose sound is worked out; of more, every n-th passage
_HAN = re.compile(r"[\u4e00-\u9fff]+")
_LATIN = re.compile(r"(?<![A-Za-z0-9])[a-zü]{2,}(?:[ '’][a-zü]{1,}){0,5}(?![A-Za-z0-9])")
_FUZZY = (("zh", "z"), ("ch", "c"), ("sh", "s"), ("ang", "an"), ("eng", "en"), ("ing", "in"))
_LONGEST = 6  # syllables
_SLIP = 6.0  # natural logarithm: a slip in four hundred words, so the right one must be as much likelier
COMPOUND = 3  # times that two neighbouring words must stand together to count as one
_FUNCTION = frozenset(
    "的了在是有个各几和与就都要会能上下里中不也这那哪什么怎为对把被从到去说过吗呢吧着得地一二三四五六七八九十两多少大小年月日"
    "谁啥既向给让使叫很最更还又再才只其他它她我你们"
)


@dataclass(frozen=True, slots=True)
class Spelled:
    """A question as it is searched, and what was read differently from how it was typed."""

    text: str
    changes: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Sounds:
    """The archive's words and frequent compounds by their sound, toneless and with near sounds made one."""

    words: dict[tuple[str, ...], Counter[str]]
    known: frozenset[str]  # the same words
    pairs: frozenset[str]  # all pairs of letters the archive writes

    @classmethod
    def of(cls, passages: Sequence[Passage]) -> Sounds:
        """Work out the sound of (a sample of) the archive's words."""
        from pypinyin import lazy_pinyin

        size = sum(len(passages[row].text) for row in range(0, len(passages), 50)) * 50
        step = max(1, size // MOST)
        counts: Counter[str] = Counter()
        pairs: set[str] = set()
        for row in range(0, len(passages), step):
            text = f"{passages[row].title}\n{passages[row].text}"
            counts.update(_terms(text))
            pairs.update(letters(text).pairs())
        heard: dict[tuple[str, ...], Counter[str]] = {}
        for word, count in counts.items():
            bare = word.removeprefix("+")
            if len(bare) <= _LONGEST and (bare == word or count >= COMPOUND):
                sounds = tuple(_fuzzy(one) for one in lazy_pinyin(bare))
                heard.setdefault(sounds, Counter())[bare] += count
        known = frozenset(word for alike in heard.values() for word in alike)
        return cls(heard, known, frozenset(pairs))

    def heard(self, syllables: Sequence[str]) -> Counter[str]:
        """Words of the archive that sound so, with how often they occur."""
        return self.words.get(tuple(_fuzzy(one) for one in syllables), Counter())


def spelled(question: str, sounds: Sounds, literal: Collection[str] = ()) -> Spelled:
    """The question with pinyin read as Chinese, and wrong characters of the right sound righted.

    What stands in `literal` is left as it was typed.
    """
    changes: list[tuple[str, str]] = []
    text = _LATIN.sub(lambda match: _from_pinyin(match.group(), sounds, changes, literal), question)
    for wrong, right in _mistakes(text, sounds):
        if wrong in literal:
            continue
        text = text.replace(wrong, right)
        changes.append((wrong, right))
    return Spelled(text, tuple(changes))


def _from_pinyin(typed: str, sounds: Sounds, changes: list[tuple[str, str]], literal: Collection[str]) -> str:
    """The words of the archive that a run of Latin letters spells, longest first; what is none stays."""
    parts = re.split(r"[ '’]", typed)
    for count in range(len(parts), 0, -1):
        best: Counter[str] = Counter()
        for syllables in _syllables("".join(parts[:count])):
            if 2 <= len(syllables) <= _LONGEST:
                best.update(sounds.heard(syllables))
        head = " ".join(parts[:count])
        if best and head not in literal:
            word = best.most_common(1)[0][0]
            changes.append((head, word))
            rest = " ".join(parts[count:])
            return word + (_from_pinyin(rest, sounds, changes, literal) if rest else "")
    return typed


def _mistakes(text: str, sounds: Sounds) -> Iterator[tuple[str, str]]:
    """Stretches of the question the archive never writes, with its word of the same sound."""
    from pypinyin import lazy_pinyin

    for run in _HAN.findall(text):
        heard = lazy_pinyin(run)
        if len(heard) != len(run):
            continue
        edges = _edges(run, sounds)
        done = 0
        for start in range(len(run) - 1):
            if start < done or run[start : start + 2] in sounds.pairs:
                continue
            found = _same_sound(run, heard, start, edges, sounds)
            if found is not None:
                yield found
                done = start + 2


def _same_sound(
    run: str, heard: Sequence[str], start: int, edges: frozenset[int], sounds: Sounds
) -> tuple[str, str] | None:
    """What is meant by the unknown pair at `start`: the longest stretch around it that the archive has."""
    for size in (4, 3, 2):
        for low in range(max(0, start + 2 - size), min(start, len(run) - size) + 1):
            typed = run[low : low + size]
            if low not in edges or low + size not in edges or _plain_words(typed):
                continue
            for word, _ in sounds.heard(heard[low : low + size]).most_common(3):
                wrong = [one for one, other in zip(typed, word, strict=True) if one != other]
                if not 0 < len(wrong) <= size // 2 or any(one in _FUNCTION for one in wrong):
                    continue
                if _gain(run[:low], typed, word, run[low + size :]) > _SLIP:
                    return typed, word
    return None


def _gain(before: str, typed: str, word: str, after: str) -> float:
    """By how many natural logarithms a question is likelier with `word` than as typed (the noisy channel
    of Kernighan, Church and Gale, 1990)."""
    model = characters()
    left = model.symbols(before[-2:] or "。")
    right = model.symbols(after[:2])
    return model.follow(left, model.symbols(word) + right) - model.follow(left, model.symbols(typed) + right)


def _plain_words(typed: str) -> bool:
    """True for what is no mistake by itself: a word in common use."""
    return len(typed) == 2 and (typed in _phrases() or in_dictionary(typed))


def _edges(run: str, sounds: Sounds) -> frozenset[int]:
    """Where words begin and end in a stretch of characters; an unknown word may be cut anywhere."""
    ends, place = {0}, 0
    for word in words(run):
        if word not in _phrases() and word not in sounds.known:
            ends.update(range(place, place + len(word)))
        place += len(word)
        ends.add(place)
    return frozenset(ends)


def _terms(text: str) -> Iterator[str]:
    """Words of two characters and more, and neighbours of up to four characters together."""
    for run in _HAN.findall(letters(text).text):
        cut = words(run)
        yield from (word for word in cut if len(word) > 1)
        yield from ("+" + one + other for one, other in pairwise(cut) if 2 < len(one + other) <= 4)


def _syllables(typed: str) -> list[list[str]]:
    """All ways to cut letters into pinyin syllables; none when it is no pinyin."""
    found: list[list[str]] = []

    def cut(rest: str, so_far: list[str]) -> None:
        if len(found) >= 8:
            return
        if not rest:
            found.append(so_far)
            return
        for size in range(min(6, len(rest)), 0, -1):
            if rest[:size] in _known():
                cut(rest[size:], [*so_far, rest[:size]])

    cut(typed.lower().replace("ü", "v"), [])
    return found


@cache
def _known() -> frozenset[str]:
    """Every toneless syllable of Mandarin."""
    from pypinyin import lazy_pinyin
    from pypinyin.pinyin_dict import pinyin_dict

    common = "".join(chr(code) for code in pinyin_dict if 0x4E00 <= code <= 0x9FFF)
    return frozenset(
        one for one in lazy_pinyin(list(common)) if one.isascii() and one.isalpha() and len(one) > 1
    ) | {
        "a",
        "e",
    }


@cache
def _phrases() -> frozenset[str]:
    """Words in common use: what is one of them is not taken for a mistake."""
    from pypinyin.phrases_dict import phrases_dict

    return frozenset(phrases_dict)


def _fuzzy(syllable: str) -> str:
    """A syllable with the endings and initials that many confuse made one."""
    for full, short in _FUZZY:
        if full[0] in "zcs" and syllable.startswith(full):
            syllable = short + syllable[len(full) :]
        elif full[0] not in "zcs" and syllable.endswith(full):
            syllable = syllable[: -len(full)] + short
    return syllable
