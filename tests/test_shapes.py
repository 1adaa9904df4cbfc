"""What lines look like: bylines, signatures, ends of texts, letters set loose, blocks and ornaments."""

from __future__ import annotations

import pytest

from index import bylines, shapes
from index.clean import blocks
from index.lines import lines
from index.pieces import Piece, pieces
from index.unglue import unglued


def read(text: str) -> list[Piece]:
    return pieces(blocks(text, unglued(lines(text)[0], len(text), [])))[0]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("本报记者 宋有禾 通讯员 李在田", True),  # words of running text that are letters of names
        ("本报记者   纪 南 星   通 讯 员   查 济 川", True),  # set loose, wider between words
        ("本报记者 在现场", False),
        ("记者 昨日获悉", False),
        ("通讯员　为 民 服 务　有 感", False),
    ],
)
def test_a_byline_is_known_by_its_names(line: str, *, named: bool) -> None:
    assert bylines.is_byline(line) is named


@pytest.mark.parametrize(
    ("line", "signed"),
    [
        ("县公安局交警大队　县公交集团　8月19日", True),
        ("县水务局 2026年3月4日", True),
        ("热线电话：0587-96120", True),
        ("比分：3比2", False),
        ("大会定于8月19日", False),
    ],
)
def test_who_signs_and_where_to_call_is_a_signature(line: str, *, signed: bool) -> None:
    assert shapes.is_signature(line) is signed


@pytest.mark.parametrize(
    ("text", "ended"),
    [
        ("展览免费，不用预约。（A11版）", True),
        ("（《慢一点呼吸》，春醒书局，定价46元）", True),
        ("会议由副市长（兼", False),
        ("出席会议的有市长（张三）", False),
    ],
)
def test_a_remark_in_brackets_ends_no_sentence_itself(text: str, *, ended: bool) -> None:
    assert shapes.ended(text) is ended


def test_letters_set_loose_part_a_block() -> None:
    """Blanks between letters say where a headline begins and ends, whatever is glued to it."""
    before = "会议表决通过了节水条例，决定明年三月起施行，并听取了环境状况的报告。" * 10
    after = "因桥面铺装大修，自八月起该桥双向禁止机动车通行，行人由东侧便桥通过。" * 10
    found = [piece.text for piece in read(before + "关 于 东 桥 封 闭 施 工 的 通 告" + after)]
    assert "关于东桥封闭施工的通告" in found
    assert found[-1].endswith("便桥通过。")


def test_lost_numbers_are_not_letters_set_loose() -> None:
    (line,) = lines("全市共有 人报名，第 、 、 次抽签分别在 月 日和 月 日举行。")[0]
    assert "第 、 、 次" in line.text
    (line,) = lines("全市共有 人报名，第 、 次 、 号 、 组分别在 月 日举行。")[0]
    assert "第 、 次 、 号" in line.text


def test_a_short_page_as_one_block_is_parted_at_its_blanks() -> None:
    text = "县里修了新桥 大桥昨天通车，两岸村民赶来看。 桥长一百二十米，修了两年。 剧团送戏到山乡 演员们翻过两座山。 戏演到天黑。"
    found = read(text)
    assert [piece.text for piece in found if piece.kind == "headline"] == ["县里修了新桥", "剧团送戏到山乡"]


def test_an_ornament_makes_no_quote_of_half_a_sentence() -> None:
    text = "■ 去年十一月，李女士五岁的儿子在小区花园里被\n\n县里修了新桥\n\n大桥昨天通车，两岸的村民都赶来看热闹。"
    assert read(text)[0].kind == "body"
