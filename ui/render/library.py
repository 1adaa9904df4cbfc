"""The Documents tab: the list, what was understood of one document, and how an intake goes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from index.document import Article, Dropped
from index.read import LARGEST, MEDIA
from index.records import DocumentCard
from index.verdicts import FileVerdict, Progress, Status, Summary
from ui.render.cards import archive_tag, page_of
from ui.render.frame import trouble
from ui.render.markup import Html, action, el, hidden, icon, join, text
from ui.translation import archive_trouble, reason_words, told_message
from ui.wording import Words, flag_words, kind_words, stage_words, status_words

if TYPE_CHECKING:
    from ui.archive import Held
    from ui.library import Row, Understood

LONGEST_DROPPED = 200  # characters shown of one part that was left out
MOST_DROPPED = 100
MOST_VERDICTS = 300


def library_tools(words: Words, archives: Sequence[str] = ()) -> Html:
    """Drop zone, filter, and what can be done with all documents."""
    first: dict[str, str] = {}
    for suffix, media in MEDIA.items():  # one suffix a kind says enough
        first.setdefault(media, suffix.lstrip("."))
    known = words.comma.join(first.values())
    drop = el(
        "label",
        el("input", type="file", multiple=True, class_="sr-only", data_do="pick"),
        icon("export"),
        el("strong", words.drop_here),
        el("span", words.drop_what.format(known, LARGEST // 2**20)),
        class_="dropzone",
        data_uploading=words.uploading,
    )
    find = el(
        "input",
        type="search",
        class_="filter",
        placeholder=words.filter,
        aria_label=words.filter,
        maxlength=100,
        data_do="filter",
    )
    again = action("reread", words.reread, symbol="retry", shown=True, data_confirm=words.reread_confirm)
    only = action("ask-selected", words.ask_selected, shown=True, hidden=True)
    into = _into(words, archives) if archives else Html()
    return el("section", drop, el("div", find, into, only, again, class_="bar"), class_="library-tools")


def _into(words: Words, archives: Sequence[str]) -> Html:
    """Which of several archives takes what is handed in."""
    options = [el("option", name, value=name) for name in archives]
    return el("label", el("span", words.archive_into), el("select", *options, data_do="into"), class_="into")


def documents(
    words: Words, rows: Sequence[Row], *, total: int, found: int, held: Sequence[Held] = ()
) -> Html:
    """The list of documents; archives that cannot be opened are told of above it."""
    damaged = [trouble(archive_trouble(words, one.name, one.trouble)) for one in held if one.trouble]
    if not total:
        return join((*damaged, el("p", words.nothing_indexed, class_="empty")))
    papers, dates = any(map(_paper(words), rows)), any(row.card.source.date for row in rows)
    heads = [  # a column that says nothing takes no room
        el("th", words.title, scope="col"),
        el("th", words.newspaper, scope="col") if papers else Html(),
        el("th", words.date, scope="col", class_="number") if dates else Html(),
        *(el("th", name, scope="col", class_="number") for name in (words.articles, words.passages)),
    ]
    counted = words.listed.format(len(rows), total) if found != len(rows) or found != total else ""
    table = el(
        "table",
        el("caption", words.documents_tab, class_="sr-only"),
        el("thead", el("tr", _unseen(words.choose), *heads, _unseen(words.delete))),
        el("tbody", *(_row(words, row, papers=papers, dates=dates) for row in rows)),
    )
    return join((*damaged, table, el("p", counted, class_="counted") if counted else Html()))


def _unseen(label: str) -> Html:
    return el("th", hidden(label), scope="col")


def _paper(words: Words) -> Callable[[Row], str]:
    """What a row says of newspaper and page."""

    def said(row: Row) -> str:
        source = row.card.source
        return " ".join(part for part in (source.newspaper, page_of(words, source.page)) if part)

    return said


def _row(words: Words, row: Row, *, papers: bool, dates: bool) -> Html:
    card = row.card
    title = row.title or card.name
    choose = f"{words.choose}：{title}"
    tick = el(
        "input", type="checkbox", data_do="choose", data_doc=card.id, data_title=title, aria_label=choose
    )
    name = el("button", title, type="button", class_="document", data_do="understood", data_doc=card.id)
    where = el("span", *_where(card), class_="file") if row.title or card.archive else Html()
    delete = action(
        "delete-document",
        words.delete,
        symbol="delete",
        data_doc=card.id,
        data_confirm=words.delete_document.format(title),
    )
    return el(
        "tr",
        el("td", tick),
        el("th", name, where, scope="row"),
        el("td", _paper(words)(row)) if papers else Html(),
        el("td", card.source.date, class_="number") if dates else Html(),
        el("td", f"{card.articles:,}", class_="number"),
        el("td", f"{card.passages:,}", class_="number"),
        el("td", delete),
    )


def _where(card: DocumentCard) -> list[Html]:
    """The archive, where there are several, and the file."""
    return [*([archive_tag(card.archive), text(" ")] if card.archive else []), text(card.name)]


def understood(words: Words, shown: Understood) -> Html:
    """What was understood of one document: so that a reader sees what the answers rest on."""
    card = shown.card
    share = card.dropped / card.characters if card.characters else 0.0
    facts = (
        (words.newspaper, card.source.newspaper),
        (words.date, card.source.date),
        (words.page_name, page_of(words, card.source.page)),
        (words.encoding, card.encoding),
        (words.size, f"{card.characters:,} {words.characters}"),
        (words.left_out, f"{share:.1%}"),
        (words.added, card.added.replace("T", " ").removesuffix("Z")),
        ("SHA-256", card.sha256[:16] + "…"),
        (words.copy_of, f"{shown.copy.of} ({shown.copy.share:.0%})" if shown.copy else ""),
    )
    known = [join((el("dt", name), el("dd", value))) for name, value in facts if value]
    flags = [el("span", f"{flag_words(words, flag)} {count}", class_="flag") for flag, count in shown.flags]
    articles = [_article(words, article, shown.counts.get(article.id, 0)) for article in shown.articles]
    return el(
        "section",
        el("h2", shown.articles[0].title if shown.articles and shown.articles[0].title else card.name),
        el("p", *_where(card), class_="file"),
        el("dl", *known),
        el("p", *flags, class_="meta") if flags else Html(),
        el("h3", f"{words.articles} {len(articles)}"),
        el("ol", *articles, class_="articles"),
        _left_out(words, shown.dropped),
        class_="understood",
        tabindex="-1",
        data_doc=card.id,
    )


def _article(words: Words, article: Article, passages: int) -> Html:
    told = (kind_words(words, article.kind), article.byline, article.dateline, article.date)
    facts = [el("span", " ".join(fact.split()), class_="fact") for fact in told if fact]
    facts.append(el("span", words.passages_of.format(passages), class_="fact"))
    if article.continues:
        facts.append(el("span", words.continues, class_="flag"))
    if not article.complete:
        facts.append(el("span", words.flag_truncated, class_="flag"))
    return el("li", el("strong", article.title or words.article_untitled), el("span", *facts, class_="meta"))


def _left_out(words: Words, dropped: Sequence[tuple[Dropped, str]]) -> Html:
    if not dropped:
        return Html()
    items = []
    for item, said in dropped[:MOST_DROPPED]:
        short = " ".join(said.split())
        cut = short[:LONGEST_DROPPED] + ("…" if len(short) > LONGEST_DROPPED else "")
        items.append(el("li", el("q", cut), el("span", reason_words(words.code, item.reason), class_="fact")))
    summary = el("summary", f"{words.left_out} {len(dropped)}")
    return el("details", summary, el("ul", *items), class_="left-out")


# -- an intake as it goes -----------------------------------------------------------------------------


def intake_running(words: Words, verdicts: Sequence[FileVerdict], progress: Progress | None) -> Html:
    """How far it is, and a line for each file that is done."""
    bar = Html()
    if progress is not None:
        label = f"{stage_words(words, progress.stage)} {progress.done:,} / {progress.total:,}"
        bar = join((el("p", label), _bar(progress)))
    return el(
        "section",
        el("h2", words.reading_files),
        bar,
        _verdicts(words, verdicts),
        class_="intake",
        role="status",
    )


def intake_done(words: Words, summary: Summary) -> Html:
    """What became of every file, and the archive afterwards."""
    told = words.intake_done.format(
        f"{summary.documents:,}", f"{summary.passages:,}", f"{summary.seconds:.1f}"
    )
    changed = [verdict for verdict in summary.verdicts if verdict.status is not Status.UNCHANGED]
    return el(
        "section",
        el("h2", words.done),
        el("p", told),
        _verdicts(words, changed),
        class_="intake",
        role="status",
    )


def intake_failed(words: Words, verdicts: Sequence[FileVerdict], message: str) -> Html:
    """Why nothing was changed."""
    return _intake(trouble(message), _verdicts(words, verdicts))


def _intake(*children: Html) -> Html:
    return el("section", *children, class_="intake", role="status")


def _bar(progress: Progress) -> Html:
    return el("progress", value=progress.done, max=max(progress.total, 1))


def _verdicts(words: Words, verdicts: Sequence[FileVerdict]) -> Html:
    shown = list(verdicts)[-MOST_VERDICTS:][::-1]
    return el("ul", *(_verdict(words, verdict) for verdict in shown), class_="verdicts")


def _verdict(words: Words, verdict: FileVerdict) -> Html:
    counts = (
        words.counts_of.format(verdict.articles, verdict.passages)
        if verdict.passages
        else told_message(words.code, verdict.message)
    )
    status = el(
        "span", status_words(words, verdict.status.value), class_=f"status status-{verdict.status.value}"
    )
    return el("li", status, el("span", verdict.doc, class_="file"), el("span", counts, class_="fact"))
