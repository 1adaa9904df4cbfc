"""Years: what a question means by them, and which documents speak of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from index.document import Passage
from rag.facts import chinese_number

_SHORT = re.compile(
    r"(?<![\d年近过去共满的第每长达约了零〇一二三四五六七八九十])(?P<two>[012]\d|[〇零一二][〇零一二三四五六七八九])年"
    r"(?![前后来内间多以之期])"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年|-)")


@dataclass(frozen=True, slots=True)
class Years:
    """How often each article of the archive names each year, and the years that passages are dated."""

    by_article: dict[str, Counter[str]]
    dated: frozenset[str] = frozenset()

    @classmethod
    def of(cls, passages: Iterable[Passage], published: Mapping[str, str] = MappingProxyType({})) -> Years:
        """Count the years that titles, texts and dates of passages name.

        `published` gives the date of a document, for passages that have none of their own.
        """
        counts: dict[str, Counter[str]] = {}
        dated: set[str] = set()
        for passage in passages:
            own = [date[:4]] if (date := passage.date or published.get(passage.doc, "")) else []
            named = _YEAR.findall(f"{passage.title}\n{passage.text}")
            counts.setdefault(passage.article, Counter()).update([*named, *own])
            dated.update(own)
        return cls(counts, frozenset(dated))

    def known(self, year: str) -> bool:
        """True when some article names the year."""
        return any(year in counts for counts in self.by_article.values())

    def affinity(self, article: str, since: str, until: str) -> float:
        """Share of some years among the years an article names, 0 to 1; a half when it names none.

        `since` and `until` are years, both included; an empty one is no bound.
        """
        counts = self.by_article.get(article, Counter())
        total = sum(counts.values())
        inside = sum(count for year, count in counts.items() if since <= year <= (until or "9999"))
        return (inside + 0.5) / (total + 1) if total else 0.5

    def main(self, article: str) -> str:
        """The year an article names most, the later of equals; empty when it names none."""
        counts = self.by_article.get(article, Counter())
        return max(counts, key=lambda year: (counts[year], year), default="")

    def spoken_from(self, year: str) -> bool:
        """True when some article speaks from the year: it is dated so, or names that year most."""
        return year in self.dated or any(self.main(article) == year for article in self.by_article)

    def newest(self, today: str) -> str:
        """The latest year, not after `today`, that a passage is dated; empty when none is dated."""
        return max((year for year in self.dated if year <= today[:4]), default="")


def full_years(
    text: str, years: Years, literal: Collection[str] = ()
) -> tuple[str, tuple[tuple[str, str], ...]]:
    """`22年8月` as `2022年8月` where the archive knows that year, and the changes made; none in `literal`."""
    changes: list[tuple[str, str]] = []

    def full(match: re.Match[str]) -> str:
        two = match.group("two")
        digits = "".join(one if one.isascii() else str(int(chinese_number(one))) for one in two)
        year = f"20{digits}"
        if match.group() in literal or not years.known(year):
            return match.group()
        changes.append((match.group(), f"{year}年"))
        return f"{year}年"

    return _SHORT.sub(full, text), tuple(changes)
