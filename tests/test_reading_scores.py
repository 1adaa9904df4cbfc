"""A perfect reading scores 1 everywhere; each fault lowers its own score by a known amount."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import isnan
from pathlib import Path

import pytest

from eval.manuscript import read_manuscripts
from eval.plain import CHUNK_SIZE, plain_reading
from eval.press import print_page
from eval.reading import COUNTS, ROWS, by_damage, gold_pages, measure, table
from eval.reading_scores import Scores, Share, document_of, score
from eval.truth import ArticleTruth, CutTruth, LostTruth, PageTruth, PartTruth, printed, read_truth
from index.document import Article, Document, Passage, Reading, Span

FOLDER = Path(__file__).parents[1] / "eval" / "press_articles"
ARTICLES = read_manuscripts(FOLDER / "tuning")


def perfect(page: PageTruth) -> Reading:
    """What a reader would make of the page if it knew everything."""
    document = document_of(page)
    articles, passages = [], []
    for number, truth in enumerate(page.articles):
        titles = [part for part in truth.parts if part.kind == "title"]
        articles.append(
            Article(
                f"a{number}",
                document.id,
                title=printed(page.text, titles[0].spans) if titles else "",
                byline=printed(page.text, truth.byline),
                dateline=printed(page.text, truth.dateline),
                spans=tuple(sorted(truth.spans())),
                kind=truth.kind,
                complete=truth.ends,
            )
        )
        body = [span for part in truth.parts if part.kind == "body" for span in part.spans]
        groups = [body, *([*part.spans] for part in truth.parts if part.kind != "body")]
        for row, spans in enumerate(group for group in groups if group):
            passages.append(passage_of(page, f"a{number}-{row}", f"a{number}", spans))
    lost = tuple(place.span for place in page.lost)
    passages[0] = replace(passages[0], lost=lost, flags=("lost_digits",) if lost else ())
    return Reading(document, tuple(articles), tuple(passages))


def passage_of(page: PageTruth, name: str, article: str, spans: Iterable[Span]) -> Passage:
    kept = tuple(spans)
    text = "".join(page.text[span.start : span.end] for span in kept)
    return Passage(name, "page.txt", article, text, kept)


@pytest.mark.parametrize("seed", range(25))
def test_a_perfect_reading_scores_one(seed: int) -> None:
    page = print_page(ARTICLES, seed)
    scores = score(perfect(page), page)
    for name, value in ROWS:
        wanted = 0 if name in COUNTS else 1
        assert isnan(value(scores)) or value(scores) == pytest.approx(wanted), name


def test_a_perfect_reading_of_a_clean_page_is_untouched() -> None:
    page = print_page(ARTICLES, 4, damages=())
    assert score(perfect(page), page).untouched == Share(1, 1)
    reading = perfect(page)
    dropped = replace(reading, passages=reading.passages[1:])
    assert score(dropped, page).untouched == Share(0, 1)


TEXT = "甲题\n甲文一句话说到这里，还有\n插入的引文\n 件没说完。\n乙题\n乙文另外一句。"


def at(quote: str) -> Span:
    start = TEXT.index(quote)
    return Span(start, start + len(quote))


def small_page() -> PageTruth:
    left, right = at("甲文一句话说到这里，还有"), at("件没说完。")
    first = ArticleTruth(
        "甲",
        "article",
        (
            PartTruth("title", (at("甲题"),)),
            PartTruth("body", (left, right)),
            PartTruth("quote", (at("插入的引文"),)),
        ),
    )
    second = ArticleTruth(
        "乙", "article", (PartTruth("title", (at("乙题"),)), PartTruth("body", (at("乙文另外一句。"),)))
    )
    gap = LostTruth(Span(right.start - 1, right.start), "3")
    return PageTruth(TEXT, (first, second), (CutTruth((left,), (right,), "inserted"),), (gap,), ("made",))


def reading_of(page: PageTruth, spans: Sequence[Sequence[Span]], articles: Sequence[Article] = ()) -> Reading:
    passages = tuple(passage_of(page, str(row), "a", group) for row, group in enumerate(spans))
    return Reading(document_of(page), tuple(articles), passages)


def article(*spans: Span, title: str = "", byline: str = "", dateline: str = "") -> Article:
    return Article("a", "page.txt", title=title, byline=byline, dateline=dateline, spans=spans)


def test_boundaries_count_what_is_off_by_more_than_five() -> None:
    page = small_page()
    whole = Span(0, len(TEXT))
    cut = at("乙题").start
    # Only printed characters of the articles count: not line breaks, not the pull quote before the last words.
    for shift, hits in ((0, 1), (6, 1), (7, 0), (-6, 1), (-13, 1), (-15, 0)):
        parts = (article(Span(0, cut + shift)), article(Span(cut + shift, len(TEXT))))
        scores = score(reading_of(page, [[whole]], parts), page)
        assert scores.boundaries_found == Share(hits, 1), shift
        assert scores.boundaries_right == Share(hits, 1), shift
    scores = score(reading_of(page, [[whole]], [article(whole)]), page)
    assert (scores.boundaries_found, scores.boundaries_right) == (Share(0, 1), Share(0, 0))
    assert scores.boundary_f1 == 0


def test_together_is_b_cubed() -> None:
    page = small_page()
    first, second = 2 + 12 + 5, 2 + 7  # printed characters without the pull quote
    scores = score(reading_of(page, [[Span(0, 3)]], [article(Span(0, len(TEXT)))]), page)
    assert scores.together_found.value == 1
    total = first + second
    assert scores.together_right.value == pytest.approx((first**2 + second**2) / total / total)


def test_a_pull_quote_may_be_an_article_of_its_own() -> None:
    page = small_page()
    quote = at("插入的引文")
    cut = at("乙题").start
    parts = (
        article(Span(0, quote.start), Span(quote.end, cut)),
        article(quote),
        article(Span(cut, len(TEXT))),
    )
    scores = score(reading_of(page, [[Span(0, 3)]], parts), page)
    assert (scores.boundaries_found, scores.boundaries_right) == (Share(1, 1), Share(1, 1))


def test_a_cut_is_joined_only_without_the_quote_between() -> None:
    page = small_page()
    left, right = at("甲文一句话说到这里，还有"), at("件没说完。")
    assert score(reading_of(page, [[left, right]]), page).joined == Share(1, 1)
    assert score(reading_of(page, [[left], [right]]), page).joined == Share(0, 1)
    assert score(reading_of(page, [[right, left]]), page).joined == Share(0, 1)
    assert score(reading_of(page, [[Span(left.start, right.end)]]), page).joined == Share(0, 1)


def test_purity_kept_and_captions() -> None:
    page = small_page()
    mixed, pure = Span(0, at("乙题").end), at("乙文另外一句。")
    scores = score(reading_of(page, [[mixed], [pure]]), page)
    assert (scores.pure, scores.captions) == (Share(1, 2), Share(0, 1))
    assert (scores.kept, scores.kept_all) == (Share(24, 24), Share(33, 33))
    scores = score(reading_of(page, [[at("插入的引文")], [pure]]), page)
    assert (scores.pure, scores.captions) == (Share(2, 2), Share(1, 1))
    assert (scores.kept, scores.kept_all) == (Share(7, 24), Share(12, 33))


def test_whole_sentences() -> None:
    page = small_page()
    left, right, other = at("甲文一句话说到这里，还有"), at("件没说完。"), at("乙文另外一句。")
    assert score(reading_of(page, [[left, right], [other]]), page).whole == Share(2, 2)
    assert score(reading_of(page, [[left], [right], [other]]), page).whole == Share(1, 2)
    assert score(reading_of(page, [[Span(left.start, other.end - 1)]]), page).whole == Share(1, 2)


def test_lost_places_found_and_right() -> None:
    page = small_page()
    reading = reading_of(page, [[Span(0, len(TEXT))]])
    near, far = page.lost[0].span, Span(0, 1)
    flagged = replace(reading.passages[0], lost=(near, far))
    scores = score(replace(reading, passages=(flagged,)), page)
    assert (scores.lost_found, scores.lost_right) == (Share(1, 1), Share(1, 2))
    scores = score(reading, page)
    assert (scores.lost_found, scores.lost_right) == (Share(0, 1), Share(0, 0))


def test_invented_digits_changed_and_doubled_characters() -> None:
    page = small_page()
    span = page.lost[0].span
    invented = Passage("p", "page.txt", "a", "3", (span,))
    wrong = Passage("q", "page.txt", "a", "丙题", (Span(0, 2),))
    again = Passage("r", "page.txt", "a", "题", (Span(1, 2),))
    scores = score(Reading(document_of(page), (), (invented, wrong, again)), page)
    assert scores.invented.hits == 1
    assert scores.changed.hits == 2
    assert scores.twice.hits == 1


def test_titles_bylines_datelines() -> None:
    text = "肩题\n主题\n副题\n本报记者 张三 李四\n本报澜州6月1日电（记者 王五） 正文。"
    spans = [Span(text.index(q), text.index(q) + len(q)) for q in ("肩题", "主题", "副题")]
    body = Span(text.index("本报澜州"), len(text))
    by, date = Span(9, 19), Span(body.start, body.start + 9)
    parts = tuple(PartTruth(k, (s,)) for k, s in zip(("kicker", "title", "subtitle"), spans, strict=True))
    truth = ArticleTruth("x", "article", (*parts, PartTruth("body", (body,))), (by,), (date,))
    page = PageTruth(text, (truth,), damages=("made",))
    whole = Span(0, len(text))

    def found(title: str, byline: str, dateline: str) -> tuple[float, float, float]:
        made = article(whole, title=title, byline=byline, dateline=dateline)
        scores = score(reading_of(page, [[whole]], [made]), page)
        return scores.titles.hits, scores.bylines.hits, scores.datelines.hits

    assert printed(text, [by]) == "本报记者张三李四"
    assert found("主题", "本报记者 张三 李四", "本报澜州6月1日电") == (1, 1, 1)
    assert found("肩题 主题 副题", "记者张三、李四", "本报澜州6月1日电") == (1, 1, 1)
    assert found("肩题", "本报记者 张三", "本报") == (0, 0, 0)
    assert found("肩题 副题", "", "") == (0, 0, 0)


def test_another_text_is_refused() -> None:
    page = small_page()
    other = replace(perfect(page), document=Document("x", "另外的文字", "", 0))
    with pytest.raises(ValueError, match="not of this page"):
        score(other, page)


def test_the_plain_way_keeps_places_and_knows_no_articles() -> None:
    page = print_page(ARTICLES, 100)
    reading = plain_reading(document_of(page))
    assert len(reading.passages) >= 2
    for passage in reading.passages:
        span = passage.spans[0]
        assert passage.text == page.text[span.start : span.end]
        assert len(passage.text) <= CHUNK_SIZE
    scores = score(reading, page)
    assert (scores.changed.hits, scores.invented.hits, scores.titles.hits) == (0, 0, 0)
    assert scores.kept.value > 0.99


def test_tables_name_every_measure() -> None:
    pages = [print_page(ARTICLES, seed) for seed in (1, 2)]
    columns = {"perfect": measure(perfect_document(pages), pages), "plain": measure(plain_reading, pages)}
    shown = table(columns)
    assert all(f"| {name} |" in shown for name, _ in ROWS)
    assert "| perfect | plain |" in shown.splitlines()[0]
    assert by_damage(ARTICLES, range(1), plain_reading)["wrapped"].kept.value == 1.0


def perfect_document(pages: Sequence[PageTruth]) -> object:
    texts = {page.text: page for page in pages}

    def read(document: Document) -> Reading:
        return replace(perfect(texts[document.text]), document=document)

    return read


def test_scores_add_up() -> None:
    one = Scores(joined=Share(1, 2), kept=Share(3, 3))
    assert (one + one).joined == Share(2, 4)
    assert (one + Scores()).kept.value == 1.0
    assert Scores().boundary_f1 == 1.0


ROOT = Path(__file__).parents[1]
GOLD = sorted((ROOT / "eval" / "gold" / "reading").glob("*.json"))


def gold_page(path: Path) -> PageTruth:
    text = (ROOT / "seeds" / f"{path.stem}.txt").read_bytes().decode("utf-8-sig")
    return read_truth(path, text)  # checks that every span begins and ends with the quoted characters


def test_every_page_has_hand_made_truth() -> None:
    assert [path.stem for path in GOLD] == sorted(path.stem for path in (ROOT / "seeds").glob("*.txt"))
    assert len(list(gold_pages(GOLD[0].parent, ROOT / "seeds"))) == 5


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.stem[:3])
def test_hand_made_truth_owns_every_character_once(path: Path) -> None:
    page = gold_page(path)
    owned = [at for a in page.articles for span in a.spans() for at in range(span.start, span.end)]
    assert len(owned) == len(set(owned))
    unowned = json.loads(path.read_text(encoding="utf-8"))["unowned"]
    named = {at for item in unowned for span in item["spans"] for at in range(*span["at"])}
    rest = "".join(char for at, char in enumerate(page.text) if at not in set(owned) | named)
    assert re.sub(r"[（(](?:上接|下转)第.版[）)]|[\s#*■]", "", rest) == ""


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.stem[:3])
def test_hand_made_cuts_are_sentences_in_two_halves(path: Path) -> None:
    page = gold_page(path)
    for cut in page.cuts:
        left, right = printed(page.text, cut.left), printed(page.text, cut.right)
        assert not re.search("[。！？]", left)
        assert re.search("[。！？]$", right)
        assert not re.search("[。！？]", right[:-1])
        owners = [a.name for a in page.articles if {*cut.left, *cut.right} & set(a.spans())]
        inside = [a for a in page.articles if all(_within(span, a) for span in (*cut.left, *cut.right))]
        assert len(inside) == 1, owners


def _within(span: Span, article: ArticleTruth) -> bool:
    return any(own.start <= span.start and span.end <= own.end for own in article.spans("body"))


@pytest.mark.parametrize("path", GOLD, ids=lambda path: path.stem[:3])
def test_hand_made_lost_places_are_all_the_gaps(path: Path) -> None:
    page = gold_page(path)
    for lost in page.lost:
        inside = page.text[lost.span.start : lost.span.end]
        assert set(inside) <= set(" .\n")
        assert " " in inside
    body = {at for a in page.articles for s in a.spans("body") for at in range(s.start, s.end)}
    blanks = {match.start() for match in re.finditer(" ", page.text)} & body
    gaps = {at for lost in page.lost for at in range(lost.span.start, lost.span.end)}
    # The other blanks stand after a dateline and between two issuing bodies.
    assert len(blanks - gaps) == {"002": 2, "003": 1}.get(path.stem[:3], 0)


def test_a_perfect_reading_of_the_five_pages_scores_one() -> None:
    pages = [gold_page(path) for path in GOLD]
    scores = measure(perfect_document(pages), pages)
    for name, value in ROWS:
        assert isnan(value(scores)) or value(scores) == pytest.approx(0 if name in COUNTS else 1), name
