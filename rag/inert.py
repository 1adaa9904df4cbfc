"""What a document could use to reach out of an answer: addresses, images, markup, look-alikes of citations.

An answer quotes documents and repeats what a model wrote; both are somebody else's words. Wherever it is
shown, the program that shows it may read Markdown or turn addresses into links. So an answer has none of
them; the citation beside it still opens the original with every character in its place.
"""

from __future__ import annotations

import re

ADDRESS = "〔网址〕"  # stands where an address was

_ADDRESS = re.compile(
    r"(?:[a-z][a-z0-9+.\-]{1,15}://?|(?<![0-9a-z:/])//(?=[a-z0-9])|www\.|(?:javascript|vbscript|data|mailto):)"
    r"[!-;=?-~]{1,2000}",
    re.IGNORECASE,
)
_LINK = re.compile(
    r"(?P<open>!?\[)[^\[\]\n]{0,200}(?P<rest>\]\((?=[^()\n]{0,500}[/:#])[^()\n\u2e80-\uffff]{1,500}\))"
)
_TAG = re.compile(r"</?[a-z!?][^<>\n]{0,500}>", re.IGNORECASE)
_LOOK_ALIKE = re.compile(
    r"[\[【［〔](?P<inner>\s?\^?[0-9０-９]{1,3}(?:\s?[,，、;；\-–~]\s?[0-9０-９]{1,3}){0,9}\s?)[\]】］〕]"
)
_PLAIN = str.maketrans("[]［］【】〔〕", "()（）（）（）")


def outward(text: str) -> list[tuple[int, int, str]]:
    """Stretches [start, end) that point outside, with what stands for them; in order, without overlap."""
    found = [(*match.span(), ADDRESS) for match in _ADDRESS.finditer(text)]
    found += [(*match.span(), "") for match in _TAG.finditer(text)]
    for match in _LINK.finditer(text):
        found += [(*match.span("open"), ""), (*match.span("rest"), ADDRESS)]
    merged: list[tuple[int, int, str]] = []
    for start, end, sign in sorted(found):
        if merged and start < merged[-1][1]:
            before = merged[-1]
            merged[-1] = (before[0], max(end, before[1]), before[2] or sign)
        else:
            merged.append((start, end, sign))
    return merged


def inert(text: str) -> str:
    """The text with nothing in it that points outside; its words stay."""
    said, place = "", 0
    for start, end, sign in outward(text):
        said += text[place:start] + sign
        place = end
    return said + text[place:]


def unmarked(text: str) -> str:
    """The text with `[1]` and `【1】` in round brackets: none passes for a citation. As long as before."""
    return _LOOK_ALIKE.sub(lambda match: match.group().translate(_PLAIN), text)
