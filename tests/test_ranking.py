"""Words, vectors and their fusion: conservation, order, and agreement with outside implementations."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import dense, fuse, lexical, postings
from index.document import ModelError
from index.encode import bundled, check_folder, load_encoder, unit
from index.search import memory_index
from index.termkeys import key_of, keys_of
from index.tokens import fingerprint, tagged, terms, words

TEXTS = [
    "河道管理处清理了北岸的排污口。",
    "小学新建的图书馆开放了，藏书三万册。",
    "菜市场搬迁，摊位增加到120个。",
    "……",
]


def test_terms_are_words_and_the_pairs_that_touch() -> None:
    assert terms("上海G60，走廊") == ["上", "海", "g", "60", "走", "廊", "上海", "海g", "g60", "走廊"]
    assert terms("22.1万亿") == ["22.1", "万", "亿", "22.1万", "万亿"]
    assert "二〇" in terms("二〇二三年")


def test_terms_as_numbers_are_the_same_terms() -> None:
    texts = ["2023年11月29日，G60走廊", "二〇二三年 22.1万亿 wi-fi кино中x3", "", "中\n国々3.a"]
    keys, text_of = keys_of(texts)
    for number, text in enumerate(texts):
        assert Counter(keys[text_of == number].tolist()) == Counter(key_of(term) for term in terms(text))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("長江經濟帶", "长江经济带"),
        ("Ｇ６０", "G60"),
        ("科 技 创 新", "科技创新"),
        ("Wi-Fi", "WI－FI"),
        ("一体​化", "一体化"),
    ],
)
def test_what_differs_only_in_form_has_the_same_terms(one: str, other: str) -> None:
    assert terms(one) == terms(other)


@given(st.text())
def test_any_text_can_be_cut(text: str) -> None:
    assert all(term and not term.isspace() for term in terms(text))


def test_fingerprint_is_stable_within_a_version() -> None:
    assert fingerprint() == fingerprint()
    assert len(fingerprint()) == 16


def test_words_lose_nothing() -> None:
    assert "".join(words(TEXTS[1])) == TEXTS[1]
    assert ("图书馆", "n") in tagged(TEXTS[1])


def _bm25(question: str, texts: list[str]) -> list[float]:
    """BM25 in Lucene's form, written down from the formula."""
    bags = [Counter(terms(text)) for text in texts]
    mean = sum(bag.total() for bag in bags) / len(bags)
    scores = []
    for bag in bags:
        score = 0.0
        for term in terms(question):
            holding = sum(term in other for other in bags)
            if not holding or term not in bag:
                continue
            rarity = math.log(1 + (len(bags) - holding + 0.5) / (holding + 0.5))
            length = lexical.K1 * (1 - lexical.B + lexical.B * bag.total() / mean)
            score += rarity * bag[term] / (bag[term] + length)
        scores.append(score)
    return scores


@pytest.mark.parametrize("question", ["图书馆有多少册书", "北岸 排污口", "完全无关 xyz", "", "120"])
def test_word_scores_are_those_of_the_formula(question: str, tmp_path: Path) -> None:
    built = lexical.build(TEXTS)
    np.testing.assert_allclose(built.scores(question), _bm25(question, TEXTS), atol=1e-5)
    (block,) = built.blocks
    block.save(tmp_path / "words.safetensors")
    loaded = lexical.Lexical([postings.load(tmp_path / "words.safetensors")])
    np.testing.assert_array_equal(loaded.scores(question), built.scores(question))


def test_texts_without_a_term(tmp_path: Path) -> None:
    (block,) = lexical.build(["……", "。"]).blocks
    block.save(tmp_path / "words.safetensors")
    loaded = lexical.Lexical([postings.load(tmp_path / "words.safetensors")])
    assert loaded.scores("图书馆").tolist() == [0, 0]
    assert len(loaded.asked("图书馆").best(5)[0]) == 0
    assert lexical.build([]).scores("图书馆").tolist() == []


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 60), st.integers(1, 20), st.integers(0, 2**32 - 1), st.booleans())
def test_vector_search_equals_numpy(count: int, k: int, seed: int, filtered: bool) -> None:
    chance = np.random.default_rng(seed)
    vectors = unit(chance.standard_normal((count, 16)).astype(np.float32))
    query = unit(chance.standard_normal((1, 16)).astype(np.float32))[0]
    allowed = chance.random(count) < 0.5 if filtered else None
    rows, scores = dense.build(vectors).search(query, k, allowed)
    exact = vectors @ query
    admitted = np.flatnonzero(allowed) if allowed is not None else np.arange(count)
    assert len(rows) == min(k, len(admitted))
    assert set(rows) <= set(admitted.tolist())
    assert all(scores[i] >= scores[i + 1] for i in range(len(scores) - 1))
    np.testing.assert_allclose(scores, exact[rows], atol=2e-3)
    best = np.sort(exact[admitted])[::-1][: len(rows)]
    np.testing.assert_allclose(scores, best, atol=2e-3)


@given(st.lists(st.tuples(st.floats(0, 50, width=32), st.floats(-1, 1, width=32)), min_size=1, max_size=30))
def test_fusion_never_prefers_what_is_worse_in_both(pairs: list[tuple[float, float]]) -> None:
    words, cosines = (np.array(column, np.float32) for column in zip(*pairs, strict=True))
    scaled = fuse.scale(words, 50.0)
    assert 0 <= scaled.min() <= scaled.max() <= 1
    fused = fuse.fuse(scaled, cosines, fuse.vector_weight(scaled, 50.0))
    for i in range(len(pairs)):
        for j in range(len(pairs)):
            if scaled[i] <= scaled[j] and cosines[i] <= cosines[j]:
                assert fused[i] <= fused[j]


@pytest.mark.parametrize("question", ["图书馆有多少册书", "北岸 排污口", "图书馆图书馆图书馆", "xyz", ""])
def test_no_passage_exceeds_the_ceiling(question: str) -> None:
    built = lexical.build(TEXTS)
    assert built.scores(question).max() <= built.ceiling(question) + 1e-5


def test_a_passage_that_stands_out_silences_the_vectors() -> None:
    alike, clear = np.full(9, 0.3, np.float32), np.array([0.5, *[0.1] * 8], np.float32)
    assert fuse.lead(alike) == 0
    assert fuse.lead(clear) == pytest.approx(0.4)
    assert fuse.lead(np.zeros(0, np.float32)) == 0
    full = fuse.WEIGHT / 20 * (1 - 0.3 * 20 / fuse.ENOUGH)
    assert fuse.vector_weight(alike, 20.0) == pytest.approx(full)
    assert fuse.vector_weight(clear, 20.0) == 0.0
    half = np.array([0.3 + fuse.CLEAR / 2, *[0.3] * 8], np.float32)
    assert 0 < fuse.vector_weight(half, 20.0) < full


def test_a_question_whose_words_are_found_silences_the_vectors() -> None:
    alike = np.full(9, 0.5, np.float32)
    assert fuse.vector_weight(alike, 2 * fuse.ENOUGH) == 0.0 < fuse.vector_weight(alike, fuse.ENOUGH)
    assert fuse.vector_weight(np.zeros(0, np.float32), 0.0) == 1.0


def test_memory_index_ranks_by_each_system() -> None:
    index = memory_index([(str(i), "", text) for i, text in enumerate(TEXTS)])
    for system in ("words", "vectors", "fused"):
        hits = index.search("图书馆藏书多少册", system=system)  # type: ignore[arg-type]
        assert hits[0].passage.id == "1"
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    assert index.search("", k=3) == []


def test_the_bundled_encoder_equals_sentence_transformers() -> None:
    from sentence_transformers import SentenceTransformer

    texts = [*TEXTS[:3], "長三角Ｇ６０", "mixed 中文 and English 2023", "一" * 3000]
    ours = load_encoder().encode(texts)
    theirs = SentenceTransformer(str(bundled("encoder")), device="cpu").encode(texts, convert_to_numpy=True)
    assert ours.dtype == np.float32
    assert not load_encoder().encode(["", "……"]).any()  # without a piece: a zero row, not NaN
    np.testing.assert_allclose(ours, theirs, atol=1e-3)


def test_the_bundled_encoder_stays_small() -> None:
    assert sum(path.stat().st_size for path in bundled("encoder").rglob("*")) <= 20e6


@pytest.mark.parametrize("name", ["modeling.py", "pytorch_model.bin", "weights.pkl", "model.pt"])
def test_a_model_folder_with_anything_but_data_is_refused(name: str, tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text("[]")
    (tmp_path / name).write_bytes(b"x")
    with pytest.raises(ModelError, match=name):
        check_folder(tmp_path)


def test_an_unknown_module_is_refused(tmp_path: Path) -> None:
    (tmp_path / "modules.json").write_text('[{"idx": 0, "name": "0", "path": "", "type": "evil.Loader"}]')
    with pytest.raises(ModelError, match=r"evil\.Loader"):
        load_encoder(str(tmp_path))


def test_a_model_that_is_not_there_says_so() -> None:
    with pytest.raises(ModelError, match="no model folder"):
        load_encoder("/nowhere/model")
