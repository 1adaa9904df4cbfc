"""Years: what a question means by them, and which documents speak of them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from index.document import Passage
from rag.facts import chinese_number, dates

_SHORT = re.compile(
    r"(?<![\d年近过去共满的第每长达约了零〇一二三四五六七八九十])(?P<two>[012]\d|[〇零一二][〇零一二三四五六七八九])年"
    r"(?![前后来内间多以之期])"
)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?=年|-)")


@dataclass(frozen=True, slots=True)
class Years:
    """How often each article of the archive names each year."""

    by_article: dict[str, Counter[str]]

    @classmethod
    def of(cls, passages: Iterable[Passage]) -> Years:
        """Count the years that titles, texts and dates of passages name."""
        counts: dict[str, Counter[str]] = {}
        for passage in passages:
            found = _YEAR.findall(f"{passage.title}\n{passage.text}") + [passage.date[:4]] * bool(
                passage.date
            )
            counts.setdefault(passage.article, Counter()).update(found)
        return cls(counts)

    def known(self, year: str) -> bool:
        """True when some article names the year."""
        return any(year in counts for counts in self.by_article.values())

    def affinity(self, article: str, year: str) -> float:
        """Share of a year among the years an article names, 0 to 1; a half when it names none."""
        counts = self.by_article.get(article, Counter())
        total = sum(counts.values())
        return (counts[year] + 0.5) / (total + 1) if total else 0.5


def full_years(text: str, years: Years) -> tuple[str, tuple[tuple[str, str], ...]]:
    """`22年8月` as `2022年8月` where the archive knows that year, and the changes made."""
    changes: list[tuple[str, str]] = []

    def full(match: re.Match[str]) -> str:
        two = match.group("two")
        digits = "".join(one if one.isascii() else str(int(chinese_number(one))) for one in two)
        year = f"20{digits}"
        if not years.known(year):
            return match.group()
        changes.append((match.group(), f"{year}年"))
        return f"{year}年"

    return _SHORT.sub(full, text), tuple(changes)


def years_of(text: str) -> Sequence[str]:
    """Years a question names, in order, each once."""
    said = (fact.value[:4] for fact in dates(text) if fact.value[:1].isdigit())
    return tuple(dict.fromkeys(year for year in said if year != "0000"))
