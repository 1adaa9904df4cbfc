"""Unfinished articles tied to what goes on with them, and the day that a passage speaks from."""

from __future__ import annotations

from index.document import Article, Document, Passage, Source, Span
from index.links import linked
from index.segment import segment

WELL = "青石村去年冬天打了一口深井，井深一百二十米，解决了全村三百多口人的吃水问题。井水经过县里化验，水质比河水还好。"
PLAY = (
    "县剧团的十二名演员昨天翻过两座大山，为偏远的石门乡送去一台折子戏。戏台就搭在小学的操场上。",
    "团长赵芳表示，剧团每年下乡演出八十多场，只要戏台下有一个观众，演员们就为他唱折子戏。",
)


def _article(name: str, title: str = "", continues: str = "", continued: str = "") -> Article:
    return Article(name, "页.txt", title, spans=(Span(0, 1),), continues=continues, continued=continued)


def _passage(name: str, article: str, text: str) -> Passage:
    return Passage(name, "页.txt", article, text, (Span(0, len(text)),))


def test_unfinished_articles_name_what_goes_on_with_them() -> None:
    articles = [
        _article("a", "村里打了一口深井", continued="下转第三版"),
        _article("b", "剧团送戏到山乡", continued="下转第二版"),
        _article("c", continues="上接第一版"),
        _article("d", continues="上接第四版"),
    ]
    passages = [
        _passage("1", "a", WELL),
        _passage("2", "b", PLAY[0]),
        _passage("3", "c", PLAY[1]),
        _passage("4", "d", "气象台预报说，后天起气温将回升八度左右。"),
    ]
    found = {article.id: article for article in linked(articles, passages)}
    assert (found["b"].continued, found["c"].continues) == ("c", "b")
    assert (found["a"].continued, found["d"].continues) == ("下转第三版", "上接第四版")


def test_the_same_headline_ties_more_than_the_same_words() -> None:
    articles = [
        _article("a", "村里打了一口深井", continued="下转第三版"),
        _article("b", "剧团送戏到山乡", continued="下转第三版"),
        _article("c", "村里打了一口深井", continues="上接第一版"),
    ]
    passages = [_passage("1", "a", WELL), _passage("2", "b", PLAY[0]), _passage("3", "c", PLAY[1])]
    found = {article.id: article for article in linked(articles, passages)}
    assert found["a"].continued == "c"
    assert found["b"].continued == "下转第三版"


def test_a_passage_speaks_from_the_dateline_it_stands_under() -> None:
    reports = [
        f"本报青石5月{day}日电 " + "今天村民又去看了那口井，井水经过县里化验，水质比河水还好。" * 8
        for day in (3, 7)
    ]
    text = "村里打了一口深井\n\n本报记者 李青山\n\n" + "\n\n".join(reports) + "\n"
    document = Document("页.txt", text, "0" * 64, len(text.encode()), source=Source(date="2021-05-08"))
    dates = [passage.date for passage in segment(document).passages if passage.kind == "body"]
    assert dates[0] == "2021-05-03"
    assert dates[-1] == "2021-05-07"
    assert dates == sorted(dates)
    bare = [passage.date for passage in segment(Document("页.txt", text, "0" * 64, 1)).passages]
    assert set(bare) == {""}
