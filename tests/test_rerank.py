"""The reranker: numpy equals sentence-transformers, order, refusal of unsafe folders."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from index.document import ModelError, Passage, Span
from index.encode import bundled
from index.search import Hit
from rag.rerank import Read, SpanReranker, load_reranker, read_hits, reorder, share

QUESTION = "图书馆晚上开到几点？"
TEXTS = (
    "市图书馆从今年五月起延长开放时间，每天晚上九点半闭馆，周末不休息。",
    "记者从水务局获悉，北岸的三个排污口已经全部封堵。" * 9,
    "雨。",
)


def hit(number: int, score: float, words: float, vectors: float) -> Hit:
    text = TEXTS[number]
    passage = Passage(str(number), "a.txt", "a", text, (Span(0, len(text)),), title="市图书馆延时")
    return Hit(passage, score, words, vectors)


def test_numpy_equals_sentence_transformers() -> None:
    import torch
    from sentence_transformers import CrossEncoder

    ours = load_reranker()
    assert isinstance(ours, SpanReranker)
    theirs = CrossEncoder(str(bundled("reranker")), local_files_only=True)
    pairs = [(QUESTION, text) for text in TEXTS]
    expected = theirs.predict(pairs, activation_fn=torch.nn.Identity())
    np.testing.assert_allclose([read.score for read in ours.read(QUESTION, TEXTS)], expected, atol=1e-3)


def test_scores_do_not_depend_on_what_else_is_read() -> None:
    ours = load_reranker()
    assert ours is not None
    together = ours.read(QUESTION, TEXTS)
    for text, read in zip(TEXTS, together, strict=True):
        assert ours.read(QUESTION, [text])[0].score == pytest.approx(read.score, abs=1e-4)
        assert len(read.starts) == len(read.ends) == len(read.places)
    assert ours.read(QUESTION, []) == []


def test_scores_alone_are_the_same_scores() -> None:
    ours = load_reranker()
    assert ours is not None
    both = zip(ours.read(QUESTION, TEXTS), ours.read(QUESTION, TEXTS, spans=False), strict=True)
    for whole, score in both:
        assert score.score == pytest.approx(whole.score, abs=1e-4)
        assert score.places == ()


def test_what_vectors_find_far_down_is_read_too() -> None:
    hits = [hit(0, 0.9, 0.9, 0.1), hit(1, 0.8, 0.8, 0.2), hit(2, 0.1, 0.0, 0.6)]
    assert set(read_hits(load_reranker(), QUESTION, hits, depth=2)) == {"0", "1"}
    assert set(read_hits(load_reranker(), QUESTION, hits, depth=2, near=1)) == {"0", "2"}


def test_places_are_those_of_the_passage_without_its_title() -> None:
    read = read_hits(load_reranker(), QUESTION, [hit(0, 1.0, 0.5, 0.5)])["0"]
    assert any(TEXTS[0][max(0, low) : high] == "闭馆" for low, high in read.places)
    assert 0.99 <= share(read, -100, len(TEXTS[0])) <= 1.01


def test_reading_moves_what_vectors_may_move_and_nothing_where_words_stand_out() -> None:
    good, bad = (
        Read(4.0, *2 * (np.zeros(0, np.float32),), ()),
        Read(-4.0, *2 * (np.zeros(0, np.float32),), ()),
    )
    close = [hit(0, 0.60, 0.3, 0.6), hit(1, 0.595, 0.3, 0.59)]
    assert [one.passage.id for one in reorder(close, {"0": bad, "1": good})] == ["1", "0"]
    clear = [hit(0, 0.6, 0.6, 0.5), hit(1, 0.59, 0.59, 0.5)]  # the score is the words' alone
    assert [one.passage.id for one in reorder(clear, {"0": bad, "1": good})] == ["0", "1"]
    unread = [*close, hit(2, 0.59, 0.3, 0.58)]
    assert reorder(unread, {"0": good, "1": bad})[0].passage.id == "0"
    assert reorder(close, {}) == close


def test_none_is_no_reranker() -> None:
    assert load_reranker("none") is None
    assert read_hits(None, QUESTION, [hit(0, 1.0, 0.5, 0.5)]) == {}


def test_a_folder_of_another_kind_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no reranker folder"):
        load_reranker(str(tmp_path / "absent"))
    unsafe = tmp_path / "unsafe"
    shutil.copytree(bundled("reranker"), unsafe)
    (unsafe / "pytorch_model.bin").write_bytes(b"x")
    with pytest.raises(ModelError, match="safetensors"):
        load_reranker(str(unsafe))
