"""Which headline, paragraph and half of a sentence belong to which article."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from eval.manuscript import read_manuscripts
from eval.press import print_page
from index.choices import choices
from index.clean import Indent, blocks
from index.document import Article, Document, Passage, Reading, Source, Span
from index.drafts import in_order
from index.lines import lines
from index.links import linked
from index.located import Located
from index.matching import Pair, assigned
from index.pieces import Piece
from index.segment import segment
from index.series import series
from index.shapes import greets, is_label
from index.sorting import LIKELY, Sorter, sorted_units
from index.units import Unit, units_of
from index.ways import Way
from index.weights import Network, weights, weights_of, written
from train.sorting import example, joints, pieces_of, steps

ARTICLES = read_manuscripts(Path(__file__).parents[1] / "eval" / "press_articles" / "tuning")

WELL_HEAD = "村里打了一口深井\n\n本报记者 李青山\n\n"
WELL = """青石村去年冬天打了一口深井，井深一百二十米，解决了全村三百多口人的吃水问题。打井队在山脚下试了三处，第三处才见到井水。

村主任王大有说，过去村民要到五里外的河边挑水，来回一个多小时。现在拧开龙头就有井水，老人也不用再下坡了。井水经过县里化验，水质比河水还好。

"""
PLAY_HEAD = "剧团送戏到山乡\n\n本报记者 周小舟\n\n"
PLAY = """县剧团的十二名演员昨天翻过两座大山，为偏远的石门乡送去一台折子戏。戏台就搭在小学的操场上，灯光用的是剧团的一台旧发电机。

团长赵芳表示，剧团每年下乡演出八十多场，最远的地方要走一整天。“只要戏台下有一个观众，演员们就唱。”她说。

"""


def read(text: str, source: Source | None = None) -> Reading:
    return segment(Document("页.txt", text, "0" * 64, len(text.encode()), source=source or Source()))


def bodies(reading: Reading) -> dict[str, str]:
    found = {article.title: "" for article in reading.articles}
    titles = {article.id: article.title for article in reading.articles}
    for passage in reading.passages:
        if passage.kind == "body":
            found[titles[passage.article]] += passage.text
    return found


def test_a_page_without_damage_is_left_alone() -> None:
    reading = read(WELL_HEAD + WELL + PLAY_HEAD + PLAY)
    assert [article.title for article in reading.articles] == ["村里打了一口深井", "剧团送戏到山乡"]
    assert not [passage for passage in reading.passages if passage.flags]
    starts = [passage.spans[0].start for passage in reading.passages]
    assert starts == sorted(starts)


@pytest.mark.parametrize(
    ("pairs", "expected"),
    [
        ({}, [0, 1, 2, 3]),
        ({0: 2}, [0, 2, 3, 1]),
        ({1: 0}, [1, 0, 2, 3]),
        ({3: 0}, [2, 3, 0, 1]),
        ({2: 0, 1: 3}, [2, 0, 1, 3]),
    ],
)
def test_a_half_is_read_right_after_its_other_half(pairs: dict[int, int], expected: list[int]) -> None:
    texts = (*WELL.split("\n\n")[:2], *PLAY.split("\n\n")[:2])
    named = [Piece(Located(text, (Span(0, len(text)),)), "body") for text in texts]
    assert in_order([0, 1, 2, 3], pairs, named) == expected


def _article(name: str, title: str = "", continues: str = "", continued: str = "") -> Article:
    spans = (Span(0, 1),)
    return Article(name, "页.txt", title, spans=spans, continues=continues, continued=continued)


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
        _passage("1", "a", WELL[:80]),
        _passage("2", "b", PLAY[:80]),
        _passage("3", "c", PLAY[80:]),
        _passage("4", "d", "气象台预报说，后天起气温将回升八度左右。"),
    ]
    found = {article.id: article for article in linked(articles, passages)}
    assert (found["b"].continued, found["c"].continues) == ("c", "b")
    assert (found["a"].continued, found["d"].continues) == ("下转第三版", "上接第四版")


def test_fitting_learns_the_pages_it_is_given() -> None:
    pytest.importorskip("torch")
    from train.ways import network

    pages = [
        print_page(ARTICLES, seed, damages=kinds) for seed in (1, 2) for kinds in ((), ("two_headlines",))
    ]
    named = [pieces_of(page) for page in pages]
    broken = [choices(rows) for rows in named]
    items = list(zip(named, broken, pages, strict=True))
    halves = network([joint for item in items for joint in joints(*item)])
    made = [example(*item, halves) for item in items]
    found = network([step for item in made if item is not None for step in steps(item)], epochs=300)
    right = sum(Sorter(i.pieces, i.units, found).best(4) == list(i.labels) for i in made if i is not None)
    assert right >= len(pages) - 1


def test_a_network_learns_what_no_sum_of_features_tells() -> None:
    """Which of two ways is true where one feature alone counts, and neither nor both."""
    pytest.importorskip("torch")
    from train.ways import network

    one, other = ("one", 1.0), ("other", 1.0)
    items = [([[one], [one, other]], 0), ([[other], []], 0), ([[], [one]], 1), ([[one, other], [other]], 1)]
    found = network(items * 50, epochs=500)
    alone, both, none = (float(found.worth(found.sums(part))) for part in ([one], [one, other], []))
    assert alone > max(both, none) + 1.0
    assert float(found.worth(found.sums([other]))) > max(both, none) + 1.0


def test_sums_of_features_add_up() -> None:
    network = Network(
        {"a": 0, "b": 1},
        np.array([[2.0, 1.0, -1.0], [0.5, 0.0, 3.0], [0.0, 0.0, 0.0]]),
        np.array([0.0, 1.0]),
        np.array([10.0, 1.0]),
    )
    sums = network.all_sums([[("a", 3.0), ("b", 1.0), ("not known", 9.0)], [], [("a", 1.0), ("a", 2.0)]])
    assert sums.tolist() == [[6.5, 3.0, 0.0], [0.0, 0.0, 0.0], [6.0, 3.0, -3.0]]
    assert network.worth(sums).tolist() == [37.5, 1.0, 36.0]
    assert network.all_sums([]).shape == (0, 3)
    parts = network.sums([("a", 3.0)]) + network.sums([("b", 1.0)])
    assert parts.tolist() == sums[0].tolist()
    again = weights_of({"halves": written(network), "ways": written(network)}).ways
    assert (again.places, again.rows.tolist()) == (network.places, network.rows.tolist())
    assert (again.added.tolist(), again.out.tolist()) == ([0.0, 1.0], [10.0, 1.0])


@pytest.mark.parametrize("spoiled", [{"out": [1.0]}, {"added": [1.0, 2.0, 3.0]}, {"rows": {"a": [1.0]}}])
def test_weights_of_another_shape_are_refused(spoiled: dict[str, object]) -> None:
    good = {"rows": {"a": [1.0, 2.0, 3.0]}, "added": [0.0, 0.0], "out": [1.0, 1.0]}
    weights_of({"halves": good, "ways": good})
    with pytest.raises(ValueError, match=r"length|inhomogeneous"):
        weights_of({"halves": good, "ways": good | spoiled})


def test_the_shipped_weights_know_every_kind_of_feature() -> None:
    fitted = weights()
    assert {"stay", "new", "back"} <= {name.split()[0] for name in fitted.ways.places}
    assert {name.split()[0] for name in fitted.halves.places} == {"half"}
    named = pieces_of(print_page(ARTICLES, 3, damages=("column_cut",)))
    units = units_of(named, assigned(choices(named), fitted.halves, LIKELY))
    labels = sorted_units(named, units, fitted.ways)
    assert len(labels) == len(units)
    assert list(dict.fromkeys(labels)) == sorted(set(labels))


def test_a_headline_is_seen_beside_the_others_of_its_page() -> None:
    """Section headings are like each other; a headline with a byline is not one of them."""
    texts = [
        ("村里打了一口深井", "headline"),
        ("本报记者 李青山", "byline"),
        (WELL.split("\n")[0], "body"),
        ("挑水的日子", "headline"),
        (WELL.split("\n")[2], "body"),
        ("井边的老人", "headline"),
        (PLAY.split("\n")[0], "body"),
    ]
    pieces = [Piece(Located(text, (Span(0, len(text)),)), kind) for text, kind in texts]
    units = units_of(pieces, {})
    told = [dict(unit.features) for unit in units if unit.head]
    assert [one["H alike"] for one in told] == [0.0, 0.5, 0.5]
    assert [one["H alike before"] for one in told] == [0.0, 0.0, 1.0]
    assert [one["H alike behind"] for one in told] == [0.0, 1.0, 0.0]
    assert [one["H others named"] for one in told] == [0.0, 0.5, 0.5]
    assert [one["H others longer"] for one in told] == [0.0, 0.5, 0.5]
    assert told[1]["H size"] == len("挑水的日子") / 20
    assert told[1]["H much below"] == pytest.approx(math.log10(1 + len(WELL.split("\n")[2])))
    assert not [name for unit in units if not unit.head for name, _ in unit.features if name.startswith("H ")]


@pytest.mark.parametrize(
    ("line", "only_greets"),
    [
        ("各位乡亲：", True),
        ("王大有:", True),
        ("打井队说：先试山脚。", False),
        ("一口深井", False),
        ("水，水：", False),
    ],
)
def test_a_line_that_only_says_who_is_spoken_to(line: str, *, only_greets: bool) -> None:
    assert greets(line) is only_greets


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ("一季度经济观察", True),
        ("来信照登", True),
        ("记者手记", True),
        ("村里打了一口深井", False),
        ("走访调查了三个月，他们有话说", False),
        ("老人与海的故事还在继续", False),
    ],
)
def test_a_line_that_only_names_a_column(line: str, *, label: bool) -> None:
    assert is_label(line) == label


def test_what_is_set_in_begins_a_paragraph() -> None:
    text = (
        "村里打了一口深井\n　　青石村去年冬天打了一口深井，井深一百二十米。\n　　村主任说，过去村民要到五里外\n"
        "的河边挑水。\n　　现在不用了。\n"
    )
    found = blocks(text, lines(text)[0])
    told = {block.text[:4]: block.indent for block in found}
    assert told == {
        "村里打了": Indent.FLUSH,
        "青石村去": Indent.SET_IN,
        "村主任说": Indent.SET_IN,
        "的河边挑": Indent.FLUSH,
        "现在不用": Indent.SET_IN,
    }
    flat = text.replace("　", "")
    assert {block.indent for block in blocks(flat, lines(flat)[0])} == {Indent.UNKNOWN}


def test_a_half_that_is_not_set_in_goes_on_with_one_that_is() -> None:
    """A column ends in what may be a headline; only white space tells that it is half a sentence."""
    notice = "今晚停水\n　　因管网改造，今晚八时起东街停水，请居民储水。\n"
    text = WELL_HEAD.replace("\n\n", "\n") + "".join(f"　　{part}\n" for part in WELL.strip().split("\n\n"))
    cut = "　　打井队队长带着村民看了三座\n" + notice + "水塔，又看了蓄水池。\n"
    joined = [passage.text for passage in read(text + cut).passages if "三座水塔" in passage.text]
    assert joined


def test_a_section_has_a_lower_level_than_its_article() -> None:
    first, second = WELL.strip().split("\n\n")
    text = f"# 村里打了一口深井\n{first}\n### 井水变甜了\n{second}\n# 剧团送戏到山乡\n{PLAY}"
    assert [article.title for article in read(text).articles] == ["村里打了一口深井", "剧团送戏到山乡"]


def test_what_goes_on_with_a_list_or_a_talk() -> None:
    texts = [
        "一、打井",
        "（一）测量",
        "二、送戏",
        "问：井多深？",
        "答：百米。",
        "问：水呢？",
        "十一、完",
        "（三）化验",
    ]
    assert series(texts) == [[], [], [0], [], [], [3], [], []]
    assert series(["第一，水", "第二，路", "③ 桥", "④ 船", "2.5亿元", "1. 井", "2. 戏", "二是路"]) == [
        [], [0], [], [2], [], [], [5], []
    ]  # fmt: skip


def _sorter(odds: float) -> Sorter:
    """A notice between the halves of a short piece of a sentence, which go together with these odds."""
    texts = [
        "村里打了一口深井",
        WELL.split("\n")[0],
        "村主任王大有说，过去",
        "明天夜里有大风",
        "请注意防火。",
        "要挑水。",
    ]
    kinds = ("headline", "body", "body", "headline", "body", "body")
    pieces = [
        Piece(Located(text, (Span(0, len(text)),)), kind) for text, kind in zip(texts, kinds, strict=True)
    ]
    return Sorter(pieces, units_of(pieces, {2: Pair(2, 5, odds)}), weights().ways)


def test_no_section_begins_inside_a_sentence() -> None:
    assert _sorter(2.0).apart == [False, False, False, True, False, False]
    assert not any(_sorter(-1.0).apart)


def test_a_sentence_may_be_cut_behind_a_colon() -> None:
    texts = ("打井队去年冬天在山脚下做了一件事：", "一连试了三处，到第三处才见到水。")
    found = choices([Piece(Located(text, (Span(0, len(text)),)), "body") for text in texts])
    assert ("half ends, colon", 1.0) in found.lefts[0]
    assert (0, 1) in found.pairs


def test_a_headline_is_no_other_half_of_a_sentence() -> None:
    notice = "县气象站招聘观测员\n\n县气象站日前发布公告，招聘两名观测员，报名到本月底为止。\n\n"
    text = PLAY_HEAD + PLAY.replace("走一整天。", f"走\n\n{notice}一整天。")
    reading = read(text)
    assert [article.title for article in reading.articles] == ["剧团送戏到山乡", "县气象站招聘观测员"]
    assert any("最远的地方要走一整天。" in text for text in bodies(reading).values())


@pytest.mark.parametrize("row", range(3))
def test_a_way_is_worth_what_its_choices_tell(row: int) -> None:
    """Paragraphs count what they tell of an article, headlines how likely they are to be where they are."""
    page = print_page(ARTICLES, row)
    named, fitted = pieces_of(page), weights()
    units = units_of(named, assigned(choices(named), fitted.halves, LIKELY))
    sorter = Sorter(named, units, fitted.ways)
    found = sorter.ways()
    assert len(found) > 1
    for one in found:
        way = Way()
        for number, at in enumerate(one.labels):
            open_to = [*sorter.articles(way, number), len(way.held)]
            told = {
                to: float(fitted.ways.worth(fitted.ways.sums(sorter.traced(way, number, to))))
                for to in open_to
            }
            chance = float(np.logaddexp.reduce(list(told.values()))) if units[number].head else 0.0
            way = sorter.step(way, number, at, way.score + told[at] - chance)
        assert way.labels == one.labels
        assert way.score == pytest.approx(one.score)


def _units(*kinds: str) -> tuple[list[Piece], list[Unit]]:
    texts = ["剧团送戏到山乡", "村里打了一口深井", *WELL.split()][: len(kinds)]
    located = [Located(text, (Span(0, len(text)),)) for text in texts]
    named = [Piece(content, kind) for content, kind in zip(located, kinds, strict=True)]
    return named, units_of(named, {})


def _sums(**worth: float) -> Network:
    names = [name.replace("_", " ") for name in worth]
    rows = np.array([[one] for one in (*worth.values(), 0.0)])
    return Network({name: at for at, name in enumerate(names)}, rows, np.zeros(0), np.zeros(0))


def test_a_story_may_get_its_text_late() -> None:
    """Two headlines above two stories: what that costs at first is paid when the first story's text comes."""
    named, units = _units("headline", "headline", "body", "body")
    labels = Sorter(named, units, _sums(new_HH=-12.0, back_B_to_bare=40.0)).best()
    assert labels in ([0, 1, 0, 1], [0, 1, 1, 0])


def test_a_headline_has_text_somewhere() -> None:
    """A second headline that begins an article leaves the first without text: it must be far likelier."""
    for worth, expected in ((2.0, [0, 0, 0]), (9.0, [0, 1, 1])):
        assert Sorter(*_units("headline", "headline", "body"), _sums(new_HH=worth)).best() == expected
