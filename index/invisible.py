"""Characters that nobody sees: dropped for search and for models, shown by their number to readers.

Zero-width characters, controls of direction, tags and fillers can hide words from a reader that a model would
read, or break a word that a reader would find. Variation selectors choose a glyph; they are left alone on the
screen, and dropped like the others elsewhere.
"""

from __future__ import annotations

import re

_HIDDEN = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufeff\uffa0\ufff0-\ufffb\U000e0000-\U000e007f"
)
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
HIDDEN = re.compile(f"[{_HIDDEN}]")
UNSEEN = re.compile(f"[{_HIDDEN}{_SELECTORS}]")
