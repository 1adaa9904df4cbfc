"""What a reading says of each article: its title, byline, dateline, kind and end.

The article of the reading that shares the most characters with the true one answers for it.
"""

from __future__ import annotations

import re
import unicodedata

from eval.truth import HEADLINE, ArticleTruth, PageTruth, offsets, printed
from index.document import Article, Reading


def _fold(text: str) -> str:
    """Letters and digits only, in their usual width: marks, blanks and turned brackets do not count."""
    return re.sub(r"[\W_]", "", unicodedata.normalize("NFKC", text))


def _closest(reading: Reading, truth: PageTruth, article: ArticleTruth) -> Article | None:
    """The article of the reading that shares the most characters with this one."""
    own = set(offsets(truth.text, article.spans()))
    shared = [(sum(at in own for at in offsets(truth.text, a.spans)), a) for a in reading.articles]
    best = max(shared, key=lambda item: item[0], default=(0, None))
    return best[1] if best[0] else None


def titled(truth: PageTruth) -> list[ArticleTruth]:
    """Articles whose title is on the page."""
    return [article for article in truth.articles if article.spans("title")]


def title_found(reading: Reading, truth: PageTruth, article: ArticleTruth) -> bool:
    """Whether the title is the printed one, with or without the kicker and subtitle beside it."""
    match = _closest(reading, truth, article)
    lines = [part for part in article.parts if part.kind in HEADLINE]
    main = next(row for row, part in enumerate(lines) if part.kind == "title")
    texts = [_fold(printed(truth.text, part.spans)) for part in lines]
    allowed = {"".join(texts[a:b]) for a in range(main + 1) for b in range(main + 1, len(texts) + 1)}
    return match is not None and _fold(match.title) in allowed


_ROLES = re.compile("本报|新华社|特约|首席|记者|通讯员|评论员|作者|摄影|报道|采写|集体|文图|图文")


def byline_found(reading: Reading, truth: PageTruth, article: ArticleTruth) -> bool:
    """Whether the byline names the same people, or is the same where it names none."""
    match = _closest(reading, truth, article)
    true = _fold(printed(truth.text, article.byline))
    given = _fold(match.byline) if match else ""
    names = _ROLES.sub("", true)
    return _ROLES.sub("", given) == names and bool(given) if names else given == true


def dateline_found(reading: Reading, truth: PageTruth, article: ArticleTruth) -> bool:
    """Whether the dateline is the printed one, with or without the reporters in brackets."""
    match = _closest(reading, truth, article)
    true, given = _fold(printed(truth.text, article.dateline)), _fold(match.dateline) if match else ""
    byline = _fold(printed(truth.text, article.byline))
    return given in (true, true + byline)


def kind_right(reading: Reading, truth: PageTruth, article: ArticleTruth) -> bool:
    """Whether the kind is right; a notice may pass for an article, and half an article for a fragment."""
    match = _closest(reading, truth, article)
    allowed = {article.kind, "article", "notice"} if article.kind in ("article", "notice") else {article.kind}
    if not (article.begins and article.ends):
        allowed.add("fragment")
    return match is not None and match.kind in allowed


def complete_right(reading: Reading, truth: PageTruth, article: ArticleTruth) -> bool:
    """Whether the reading knows if the article ends on the page."""
    match = _closest(reading, truth, article)
    return match is not None and match.complete == article.ends
