"""What a person sees on a page: articles, speakers, days, lost numbers, broken sentences."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from index.bylines import is_byline, is_credit, is_guest, is_names
from index.dates import dateline_date, mentions
from index.document import Document, Passage, Reading, Source
from index.segment import segment
from index.shapes import (
    DATELINE,
    datelines,
    is_caption,
    is_headline,
    is_signature,
    opens_with_dateline,
)

WELL = """村里打了一口深井

本报记者 李青山

青石村去年冬天打了一口深井，井深一百二十米，解决了全村三百多口人的吃水问题。打井队在山脚下试了三处，第三处才见到水。

村主任王大有说，过去村民要到五里外的河边挑水，来回一个多小时。现在拧开龙头就有水，老人也不用再下坡了。井水经过县里化验，水质比河水还好。
"""
PLAY = """剧团送戏到山乡

本报记者 周小舟

县剧团的十二名演员昨天翻过两座大山，为偏远的石门乡送去一台折子戏。戏台就搭在小学的操场上，灯光用的是一台旧发电机。

团长赵芳表示，剧团每年下乡演出八十多场，最远的地方要走一整天。“只要台下有一个观众，我们就唱。”她说。
"""


def read(text: str, source: Source | None = None) -> Reading:
    document = Document(id="页.txt", text=text, sha256="0" * 64, size=len(text))
    return segment(replace(document, source=source) if source else document)


def body(reading: Reading) -> list[Passage]:
    return [passage for passage in reading.passages if passage.kind == "body"]


def test_two_articles_of_a_page_are_told_apart() -> None:
    reading = read(WELL + "\n" + PLAY)
    assert [article.title for article in reading.articles] == ["村里打了一口深井", "剧团送戏到山乡"]
    assert [article.byline for article in reading.articles] == ["本报记者 李青山", "本报记者 周小舟"]
    assert all(article.complete for article in reading.articles)


def test_a_cut_sentence_is_joined_over_a_pull_quote() -> None:
    text = WELL.replace("第三处才见到水。", "第三处才见\n\n■ 只要台下有一个观众我们就唱\n\n到水。")
    reading = read(text)
    joined = [passage for passage in body(reading) if "第三处才见到水。" in passage.text]
    assert len(joined) == 1
    assert "broken" in joined[0].flags
    assert [passage.text for passage in reading.passages if passage.kind == "quote"] == [
        "只要台下有一个观众我们就唱"
    ]


def test_a_lost_number_is_flagged_and_not_filled_in() -> None:
    text = WELL.replace("一百二十米", "   米").replace("三百多口", "   多口").replace("五里", "  里")
    reading = read(text)
    places = [text[span.start : span.end] for passage in reading.passages for span in passage.lost]
    assert len(places) == 3
    assert all(place.isspace() for place in places)
    assert not any(character.isdigit() for passage in reading.passages for character in passage.text)


@pytest.mark.parametrize(
    "text", ["张三 李四 王五 出席会议。", "今天 天气 很好，我们 去 爬山。", "县里修路， 村里架桥。"]
)
def test_a_blank_between_words_is_no_lost_number(text: str) -> None:
    assert not any(passage.lost for passage in read(text).passages)


def test_a_single_blank_is_a_lost_number_where_the_page_is_losing_numbers() -> None:
    text = WELL.replace("一百二十米", "   米").replace("三百多口", "   多口").replace("五里", "  里")
    here = "井边的猫抓了人，王大有先后打了疫苗"
    text += f"\n{here} 针，村里人都来看望，井边热闹得像过年一样。\n"
    places = [span for passage in read(text).passages for span in passage.lost]
    assert any(span.start == text.index(here) + len(here) for span in places)
    alone = f"村里打了一口深井\n\n{here} 针，村里人都来看望，井边热闹得像过年一样。\n"
    assert not any(passage.lost for passage in read(alone).passages)


def test_an_upright_caption_is_laid_down() -> None:
    reading = read(WELL + "\n" + "\n".join("山村新井出水") + "\n")
    captions = [passage for passage in reading.passages if passage.kind == "caption"]
    assert [passage.text for passage in captions] == ["山村新井出水"]
    assert captions[0].flags == ("caption",)


def test_an_unfinished_article_says_where_it_goes_on() -> None:
    (article,) = read(WELL.rstrip()[:-12] + "\n（下转第三版）\n").articles
    assert not article.complete
    assert article.continued == "下转第三版"


def test_the_speaker_stays_in_force() -> None:
    text = (
        "县长陈默在会上指出，公路要修到每一个村。要先修最难走的路段。要把桥梁一起考虑进去。要让村民参加监督。"
        "要在雨季到来以前完工。要算好每一笔账，把钱用在刀刃上。要注意保护沿线的古树和水源。要听取老人们的意见，他们最了解山里的情况。"
        "要把养护的责任落实到人。要及时公布工程的进度，让大家心里有数。会后，大家到工地上看了施工情况。"
    )
    speakers = [passage.speaker for passage in body(read(f"修路会议召开\n\n{text * 2}"))]
    assert len(speakers) > 1
    assert set(speakers) == {"县长陈默"}


def test_the_day_is_resolved_against_the_page() -> None:
    text = "新华社青石5月3日电（记者 李青山）" + WELL.split("\n\n")[2] + "\n"
    (article,) = read(f"村里打了一口深井\n\n{text}", Source(date="2021-05-04", given=("date",))).articles
    assert (article.dateline, article.byline, article.date) == (
        "新华社青石5月3日电",
        "记者 李青山",
        "2021-05-03",
    )
    assert dateline_date("新华社青石12月31日电", "2021-01-01") == "2020-12-31"
    assert dateline_date("新华社青石5月3日电", "") == ""
    found = [mention.date for mention in mentions("今年修路，昨天完工，去年3月开工", "2021-05-03")]
    assert found == ["2021", "2021-05-02", "2020-03"]
    open_ones = mentions("今年修路，昨天完工，2020年3月开工", "")
    assert [mention.date for mention in open_ones] == ["", "", "2020-03"]
    assert [mention.date for mention in mentions("昨天完工", "2021-05")] == [""]


@pytest.mark.parametrize(
    "shape",
    [is_byline, is_credit, is_guest, is_names, is_caption, is_headline, is_signature, opens_with_dateline],
    ids=["byline", "credit", "guest", "names", "caption", "headline", "signature", "dateline"],
)
@pytest.mark.parametrize("piece", ["本报记者", "记者 王", "王小 ", "本报", "摄", "（", "1月", "日报", " "])
def test_no_line_takes_long(shape: object, piece: str) -> None:
    began = time.thread_time()
    shape(piece * 400 + "!")  # type: ignore[operator]
    shape((piece * 400)[:59] + "!")  # type: ignore[operator]
    assert time.thread_time() - began < 0.5


def test_the_same_text_keeps_its_names() -> None:
    assert [passage.id for passage in read(WELL).passages] == [passage.id for passage in read(WELL).passages]


@pytest.mark.parametrize(
    "text",
    [
        "水利工程开工。新华社青石5月3日电（记者 李青山）打井队进村。据石门日报讯 戏台搭好。本报综合消息",
        "新华社青石5月3日电话会议，本报讯本报讯（通讯员 周小舟）。青石晚报客户端讯",
        "没有电头，只有电影和消息",
        "",
    ],
)
def test_datelines_are_all_that_stand_in_a_text(text: str) -> None:
    shown = [(match.span(), match["wire"], match["reporters"]) for match in DATELINE.finditer(text)]
    assert [(match.span(), match["wire"], match["reporters"]) for match in datelines(text)] == shown


def test_blanks_of_a_block_part_its_lines_also_before_a_number() -> None:
    story = "".join(WELL.split("\n\n")[2:]).replace("\n", "")
    text = " ".join(["山村打出深井", "3月5日，" + story, story, story, story, story])
    reading = read(text)
    assert [passage.text for passage in reading.passages][:1] == ["山村打出深井"]
    assert reading.passages[1].text.startswith("3月5日")
    assert "".join(p.text for p in reading.passages).replace("\n", "") == text.replace(" ", "")


def test_marks_of_headlines_inside_a_block_part_it() -> None:
    well, play = ("".join(story.split("\n\n")[2:]).replace("\n", "") for story in (WELL, PLAY))
    wire = "**山城社石门4月3日电**（记者 周小舟 赵芳） "
    text = f"# 村里打了一口深井 ## ——记青石村的打井队 本报记者 李青山 {well * 3} # 剧团送戏到山乡 {wire}{play * 3}"
    reading = read(text)
    assert [article.title for article in reading.articles] == ["村里打了一口深井", "剧团送戏到山乡"]
    assert [article.byline for article in reading.articles] == ["本报记者 李青山", "记者 周小舟 赵芳"]
    assert not any("#" in passage.text for passage in reading.passages)
    marks = [drop for drop in reading.dropped if text[drop.span.start : drop.span.end].strip() in ("#", "##")]
    assert [drop.reason for drop in marks] == ["markup"] * 3
    kept = {
        at for passage in reading.passages for span in passage.spans for at in range(span.start, span.end)
    }
    lost = (
        set(range(len(text))) - kept - {at for d in reading.dropped for at in range(d.span.start, d.span.end)}
    )
    assert not "".join(text[at] for at in lost).strip()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("本报讯 记者 王小明 通讯员 李丽", True),
        ("《山水》杂志记者 周小舟", True),
        ("本报讯 昨天夜里有雨", False),
        ("本报讯", False),
        ("本报讯 记者昨天从县城", False),
    ],
)
def test_a_byline_says_who_writes(line: str, *, named: bool) -> None:
    assert is_byline(line) is named


@pytest.mark.parametrize(
    ("line", "guest"),
    [
        ("县林业站站长 周小舟", True),
        ("县水利局　李 青 山", True),
        ("新农村 新气象", False),
        ("村里的井 王大有挖", False),
        ("井水清清 流进千家万户", False),
    ],
)
def test_a_guest_is_named_with_a_post(line: str, *, guest: bool) -> None:
    assert is_guest(line) is guest


def test_a_guest_below_a_headline_is_the_byline() -> None:
    reading = read(WELL.replace("本报记者 李青山", "县水利站站长 李青山") + "\n" + PLAY)
    assert reading.articles[0].byline == "县水利站站长 李青山"
    assert reading.articles[0].title == "村里打了一口深井"


@pytest.mark.parametrize(
    ("line", "signs"),
    [
        ("青石镇人民政府　2023年4月1日", True),
        ("二〇二三年四月一日", True),
        ("县供水站     年  月 日", True),
        ("2023年4月1日起停水", False),
        ("村里打井的那一年", False),
    ],
)
def test_a_notice_is_signed_with_its_day(line: str, *, signs: bool) -> None:
    assert is_signature(line) is signs
