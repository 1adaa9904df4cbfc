"""Where paragraphs, frames and pieces of a block begin and end: empty lines, indents, jump lines, seals, ornaments."""

from __future__ import annotations

from index.choices import choices
from index.clean import blocks
from index.lines import lines
from index.pieces import Piece, pieces
from index.unglue import unglued

STORY = (
    "县里把三十二个旧站台都换了新座椅，每个站台还装上了顶棚，下雨天等车的人不必再打伞。",
    "站务员说，最早的一班车清晨五点四十分发出，冬天这个时候天还没有亮，站台上已经有人在等。",
)


def page(text: str) -> list[Piece]:
    found, dropped = lines(text)
    return pieces(blocks(text, unglued(found, len(text), dropped)))[0]


def texts(text: str) -> list[str]:
    return [piece.text for piece in page(text)]


def wrapped(text: str, width: int = 20) -> str:
    return "\n".join(text[at : at + width] for at in range(0, len(text), width))


def test_a_jump_line_alone_tells_what_is_below_it() -> None:
    found = page(f"{STORY[0]}\n\n（上接第一版）\n\n不算远的路，走了整整两个小时。\n\n{STORY[1]}")
    assert [(piece.text[:4], piece.back) for piece in found] == [
        ("县里把三", ""),
        ("不算远的", "上接第一版"),
        ("站务员说", ""),
    ]


def test_a_jump_line_in_a_block_tells_what_is_behind_it() -> None:
    found = page(f"{STORY[0]}站长每天要走（下转5版）{STORY[1]}（上接第二版）两个小时的路。{STORY[0]}")
    assert [piece.text for piece in found if piece.back] == ["两个小时的路。"]
    assert [piece.text[-6:] for piece in found if piece.away] == ["站长每天要走"]


def test_a_short_page_on_one_line_is_taken_apart() -> None:
    text = f"站台换新座椅{STORY[0]}本报讯 近日，县交通局公布了下半年的检修计划。"
    assert any(piece.text.startswith("本报讯") for piece in page(text))
    assert texts(STORY[0] + STORY[1]) == [STORY[0] + STORY[1]]  # nothing is printed apart inside a paragraph


def test_empty_lines_part_frames_where_lines_of_a_paragraph_have_none() -> None:
    left, right = (
        wrapped("村里的老人记得，那一年的水一直漫到祠堂的第三级台阶，后来人们就把家搬到了坡上，"),
        wrapped("今年的汛期比往年早了十天，县里提前把沙袋和水泵送到了各村，值班的人日夜都在堤上守着水位。"),
    )
    assert len(texts(f"{left[:41]}\n\n{right}\n\n{wrapped(STORY[0])}\n\n{wrapped(STORY[1])}")) == 4


def test_a_line_that_is_set_in_begins_a_paragraph() -> None:
    paragraphs = [
        *STORY,
        "村口的那条路修了又坏，坏了又修，到了去年秋天，县里才下决心把路基整个翻了一遍再铺上沥青。",
    ]
    shown = "\n\n".join(wrapped("  " + one, 22).replace("\n", "\n\n") for one in paragraphs)
    cut = wrapped("  老站长退休那天，把一串钥匙交给了徒弟，又把每一把开哪一扇门都给他仔细说了两遍，说到", 22)
    found = texts(f"{cut.replace(chr(10), chr(10) * 2)}\n\n{shown}")
    assert [text.strip()[:4] for text in found] == ["老站长退", "县里把三", "站务员说", "村口的那"]


def test_who_seals_a_notice_ends_it_in_a_block() -> None:
    text = (
        f"{STORY[0]}{STORY[1]}请广大市民提前安排出行，由此带来不便，敬请谅解。"
        f"青石市公安局交通警察支队　青石市公交集团　8月19日是桥让路，还是路让桥，争论了整整八个月。{STORY[1]}"
        + "".join(STORY)
        * 5
    )
    assert "是桥让路，还是路让桥，争论了整整八个月。" in "|".join(texts(text))
    assert all("8月19日是桥" not in piece for piece in texts(text))


def test_a_signature_on_its_line_does_not_go_on() -> None:
    sealed = "青石市公安局交通警察支队　青石市公交集团　8月19日"
    rest = wrapped(
        "高性能薄膜的核心原料和成膜工艺掌握在少数国外企业手中，我国每年的进口量超过六十万平方米。", 25
    )
    notice = wrapped("请广大市民提前安排出行路线，服从现场民警指挥，由此给大家带来的不便敬请谅解。", 25)
    shown = "\n".join([notice, sealed, rest]).replace("\n", "\n\n")
    assert sealed in texts(shown)


def test_punctuation_does_not_end_letters_set_loose() -> None:
    loose = " ".join("镜头老老实实架在站台对面，像另一个等车的人。")
    found, _ = lines(f"这样的题材最容易拍成催泪弹。{loose}演老魏的是话剧演员。")
    assert (
        found[0].text
        == "这样的题材最容易拍成催泪弹。镜头老老实实架在站台对面，像另一个等车的人。演老魏的是话剧演员。"
    )


def test_an_ornament_in_a_block_is_no_blank_between_loose_letters() -> None:
    loose = " ".join("本轮寒潮影响趋于结束")
    text = f"{''.join(STORY) * 7}他没有台词，戏全在手上：擦信（下转5版）■{loose}据新华通讯社报道，中央气象台解除预警。"
    found = page(text)
    assert not {"（", "）", "（下转5版"}.intersection(piece.text for piece in found)
    assert [piece.text[-3:] for piece in found if piece.away] == ["：擦信"]


def test_an_ornament_in_a_block_begins_a_piece() -> None:
    text = f"{''.join(STORY) * 7}消防员背起她就往下冲■三楼住着一位老人，腿脚不便。"
    assert any(piece.text.startswith("三楼住着") for piece in page(text))


def test_a_paragraph_below_a_marked_heading_on_its_line_is_text() -> None:
    rest = "据记者了解，全省正在酝酿三项调整：一是设立容量补偿，二是降低门槛，三是放宽限价。"
    found = page(f"{STORY[0]}\n\n### 五、下一步怎么走   {rest}\n\n{STORY[1]}")
    assert [(piece.kind, piece.level) for piece in found] == [
        ("body", 0),
        ("headline", 3),
        ("body", 0),
        ("body", 0),
    ]
    long = (
        "关于进一步加强全省农村公路养护管理工作、推动农村公路高质量发展的若干意见（征求意见稿）公开征求意见"
    )
    assert next((piece.kind, piece.level) for piece in page(f"## {long}\n\n{STORY[1]}")) == ("headline", 2)


def test_halves_that_name_each_other_are_tied_on_a_long_page() -> None:
    items = "".join(f"第{at}小组来到村口，把修路的石料卸在老槐树下面的空地上，又" for at in range(60))
    paragraphs = [items[at : at + 31] for at in range(0, 60 * 31, 31)]
    text = "\n\n".join(
        [
            STORY[0] + "老站长每天要走",
            "（下转5版）",
            *paragraphs,
            "（上接第二版）",
            "两个小时的路。" + STORY[1],
        ]
    )
    found = page(text)
    left = next(row for row, piece in enumerate(found) if piece.away)
    right = next(row for row, piece in enumerate(found) if piece.back)
    assert (left, right) in choices(found).pairs
