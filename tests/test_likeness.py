"""How alike units and articles are, and remarks that end an article."""

from __future__ import annotations

import numpy as np
import pytest

from index.bylines import is_note
from index.document import Document
from index.likeness import Topics
from index.meaning import cosines, meaning, vectors
from index.segment import segment
from index.units import Unit

WELL = (
    "青石村去年冬天打了一口深井，井深一百二十米，解决了三百多口人的吃水问题。",
    "过去村民要到五里外的河边挑水，来回一个多小时，现在拧开龙头就有井水。",
)
PLAY = (
    "县剧团的十二名演员昨天翻过两座大山，为偏远的石门乡送去一台折子戏。",
    "团长说，剧团每年下乡演出八十多场，最远的地方要走一整天，戏台下总是坐满了人。",
)


def topics(*texts: str) -> Topics:
    from index.cohesion import bag

    return Topics([Unit([row], False, bag=bag(text), text=text) for row, text in enumerate(texts)])


def test_a_paragraph_is_liker_to_its_own_article() -> None:
    found = topics(WELL[0], PLAY[0], WELL[1], PLAY[1])
    for number, own, other in ((2, 0, 1), (3, 1, 0)):
        table = found.table(number, [found.alone(own), found.alone(other)])
        row = list(found.names("stay B", number)).index("stay B near, brief low")
        assert table[0, row] > table[1, row]
        assert table.shape == (2, len(found.names("stay B", number)))


def test_an_article_speaks_of_all_its_units() -> None:
    found = topics(*WELL, *PLAY)
    grown = found.grown(found.alone(0), 1)
    assert grown.size == found.sizes[0] + found.sizes[1]
    assert (grown.pairs >= found.alone(0).pairs).all()
    assert np.allclose(grown.whole, found.alone(0).whole + found.alone(1).whole)


def test_vectors_are_the_same_alone_and_together() -> None:
    together = vectors([*WELL, *PLAY])
    assert all(
        np.array_equal(vectors([text])[0], row) for text, row in zip((*WELL, *PLAY), together, strict=True)
    )
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)


def test_what_a_headline_begins_ends_at_the_next_one() -> None:
    found = meaning(["打井", *WELL, "下乡", *PLAY], [True, False, False, True, False, False])
    assert np.allclose(found.ahead[0], found.own[:3].sum(axis=0))
    assert np.allclose(found.ahead[5], found.own[5])
    assert meaning([], []).own.shape == (0, 0)


def test_cosines_of_nothing_are_zero() -> None:
    rows = np.array([[3.0, 4.0], [0.0, 0.0]], np.float32)
    assert np.allclose(cosines(rows, rows), [[1.0, 0.0], [0.0, 0.0]])


@pytest.mark.parametrize(
    "line",
    [
        "（作者系青石县图书馆馆员）",
        "（记者 李青山 整理）",
        "（李青山）",
        "(本报记者供稿)",
        "（完）",
        "（据青石晚报）",
    ],
)
def test_a_remark_in_brackets_names_who_wrote_it(line: str) -> None:
    assert is_note(line)


@pytest.mark.parametrize(
    "line",
    ["（以下简称《办法》）", "（一）总则", "（下转第三版）", "（见图）", "作者系馆员", "（他说：“好。”）"],
)
def test_other_lines_in_brackets_are_text(line: str) -> None:
    assert not is_note(line)


def test_a_remark_ends_the_article_above_it() -> None:
    text = "\n\n".join(["灶台", "周南", WELL[1], "（作者系青石县图书馆馆员）", "剧团下乡", *PLAY]) + "\n"
    reading = segment(Document("页.txt", text, "0" * 64, len(text.encode())))
    assert [article.title for article in reading.articles] == ["灶台", "剧团下乡"]
    first = next(article for article in reading.articles if article.title == "灶台")
    assert text.index("（作者系") in {at for span in first.spans for at in range(span.start, span.end)}
