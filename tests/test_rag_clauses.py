"""What is quoted of a long sentence."""

from __future__ import annotations

import pytest

from index.document import Passage, Span
from index.encode import load_encoder
from rag.clauses import LONG, clause_bounds, clauses
from rag.question import understand
from rag.rarity import Rarity
from rag.rerank import load_reranker
from rag.scene import Scene
from rag.short import short_answer

SENTENCE = (
    "镇长介绍，去年以来全镇投入资金翻修了沿河的旧码头，给渔民更换了救生衣和铁锚，修通了通往三个自然村的水泥路，"
    "还请农技站的技术员下塘教大家防治鱼病，组织养殖户到外县参观学习，明年镇里打算把废弃的砖瓦厂改建成游泳馆，"
    "并为六十岁以上的老人办理免费乘船证。"
)


def scene(question: str, *, reads: bool) -> Scene:
    passage = Passage("p", "p.txt", "p", SENTENCE, (Span(0, len(SENTENCE)),))
    encoder = load_encoder("")
    reranker = load_reranker("" if reads else "none")
    return Scene(understand(question), Rarity.of([passage]), encoder, encoder.encode([question])[0], reranker)


@pytest.mark.parametrize("reads", [True, False])
@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("废弃的砖瓦厂要改建成什么？", "游泳馆"),
        ("给渔民换了什么？", "救生衣和铁锚"),
        ("多大年纪的老人可以免费坐船？", "六十岁以上"),
    ],
)
def test_the_clauses_that_answer_are_quoted(question: str, wanted: str, *, reads: bool) -> None:
    here = scene(question, reads=reads)
    low, high = clauses(here, SENTENCE, short_answer(here.asked, SENTENCE, here.rarity))
    assert wanted in SENTENCE[low:high]
    assert high - low <= LONG
    assert low in {start for start, _ in clause_bounds(SENTENCE)}


def test_a_sentence_of_ordinary_length_is_quoted_whole() -> None:
    text = "镇里打算把废弃的砖瓦厂改建成游泳馆，并为老人办理免费乘船证。"
    assert clauses(scene("砖瓦厂要改成什么？", reads=True), text, None) == (0, len(text))
