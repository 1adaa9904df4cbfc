"""Search folding: one form for everything that should match, each character knowing its place.

Only the search sees folded text; what is shown and cited is never repaired.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache

from index.invisible import UNSEEN

_RADICALS = dict(
    zip(
        "⺁⺅⺆⺈⺊⺌⺍⺗⺝⺟⺠⺡⺢⺥⺧⺨⺩⺫⺬⺭⺮⺯⺲⺴⺵⺶⺹⺼⺽⺿⻀⻁⻂⻃⻄⻅⻆⻈⻉⻊⻋⻌⻍⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻟⻠⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳",
        "厂亻冂⺈卜小小心月母民氵水爫牛犭王罒示礻竹糸罓罒羊羊老月臼艹艹虎衤覀西见角讠贝足车辶辶辶邑钅长镸长门阜阝雨青韦页风飞食饣饣马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龟亀龟",
        strict=True,
    )
)
_QUOTES = dict.fromkeys("“”„‟「」『』﹁﹂﹃﹄〝〞〟«»", '"') | dict.fromkeys("‘’‚‛′`´", "'")
_STOPS = {"。": ".", "、": ",", "〈": "<", "〉": ">", "《": "<", "》": ">", "【": "[", "】": "]"}
_DASHES = dict.fromkeys("‐‑‒–—―─━﹘", "-") | dict.fromkeys("·•‧・∙⋅", "·")
_TABLE = _RADICALS | _QUOTES | _STOPS | _DASHES
_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_GAP = re.compile(rf"(?<=[{_HAN}])[^\S\n]+(?=[{_HAN}])")
_IS_HAN = re.compile(rf"[{_HAN}]")
_PLAIN = re.compile(r"[\x20-\x7e\n]*\Z")


def fold(text: str) -> tuple[str, tuple[int, ...]]:
    """Text in its search form, and for each of its characters the place in `text` it came from.

    NFKC a character at a time, lower case, radicals to characters, punctuation to ASCII, traditional
    to simplified (OpenCC), zero-width and bidirectional controls gone, spaces between Han characters
    gone, other white space to one space. The two results are equally long.
    """
    letters: list[str] = []
    places: list[int] = []
    gaps = {place for match in _GAP.finditer(text) for place in range(*match.span())}
    for place, original in enumerate(text):
        if place in gaps:
            continue
        for letter in character(original):
            if letter == " " and letters and letters[-1] == " ":
                continue
            letters.append(letter)
            places.append(place)
    return simplified("".join(letters)), tuple(places)


@lru_cache(maxsize=65536)
def character(character: str) -> str:
    """What one character becomes on its own: one letter mostly, none, or several."""
    if character.isspace():
        return " "
    if unicodedata.category(character) in {"Cf", "Cc", "Cs"} or UNSEEN.match(character):
        return ""
    folded = unicodedata.normalize("NFKC", _TABLE.get(character, character)).lower()
    return "".join(" " if part.isspace() else _TABLE.get(part, part) for part in folded)


def is_han(character: str) -> bool:
    """Whether spaces between this character and another such one are no spaces between words."""
    return bool(_IS_HAN.match(character))


def simplified(text: str) -> str:
    """Traditional characters to simplified ones; the length stays."""
    if _PLAIN.match(text):
        return text
    found = converted(text)
    if len(found) == len(text):
        return found
    return "".join(_one_simplified(character) for character in text)


@lru_cache(maxsize=65536)
def _one_simplified(character: str) -> str:
    found = converted(character)
    return found if len(found) == 1 else character


def converted(text: str) -> str:
    """What OpenCC makes of a text; seldom, it is longer or shorter."""
    return str(_converter().convert(text))


@cache
def _converter():  # type: ignore[no-untyped-def]
    import opencc

    return opencc.OpenCC("t2s")
