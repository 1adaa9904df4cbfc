"""BEIR folders, TREC runs and qrels: in, out, and back; the reference tokenizers."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import ir_measures
import pytest
from hypothesis import given
from hypothesis import strategies as st

from eval import reference
from eval.exchange import (
    Collection,
    ExchangeError,
    Text,
    evaluate,
    load_beir,
    load_qrels,
    load_run,
    save_beir,
    save_qrels,
    save_run,
)
from eval.measures import graded, mean

BEIR_DATA = os.environ.get("YOUJU_DATA", "")

SMALL = Collection(
    "small",
    (
        Text("p1", "", "清河大桥全长一千二百米，昨日通车。"),
        Text("p2", "雪梨", "今年雪梨总产量六万吨，出口八百吨。"),
        Text("p3", "", "县里为三所乡村小学建起图书室。"),
    ),
    {"q1": "大桥有多长", "q2": "雪梨出口多少吨", "q3": "图书室给谁建的", "unjudged": "没有判定"},
    {"q1": {"p1": 1}, "q2": {"p2": 2, "p3": 0}, "q3": {"p3": 1}},
)


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_a_beir_folder_comes_back_as_it_was(tmp_path: Path, suffix: str) -> None:
    save_beir(tmp_path / "small", SMALL, suffix=suffix)
    assert load_beir(tmp_path / "small") == SMALL


def test_packed_and_plain_files_may_stand_side_by_side(tmp_path: Path) -> None:
    save_beir(tmp_path / "small", SMALL, suffix=".xz")
    (tmp_path / "small" / "queries.jsonl.xz").unlink()
    (tmp_path / "small" / "queries.jsonl").write_text(
        '{"_id": "q1", "text": "大桥有多长", "metadata": {}}\n{"_id": "q2", "text": "a"}\n{"_id": "q3", "text": "b"}\n',
        encoding="utf-8",
    )
    assert load_beir(tmp_path / "small").queries["q1"] == "大桥有多长"


@pytest.mark.parametrize(
    ("file", "content", "says"),
    [
        ("corpus.jsonl", None, r"corpus\.jsonl is missing"),
        ("corpus.jsonl", '{"_id": "p1", "text": "甲"}\nnot json\n', r"corpus\.jsonl:2: not JSON"),
        ("queries.jsonl", '{"_id": "q1"}\n', r"queries\.jsonl:1: text is missing"),
        ("qrels/test.tsv", "query-id\tcorpus-id\tscore\nq1\tp1\n", r"test\.tsv:2: expected a judgement"),
        ("qrels/test.tsv", "q1\tp1\tgood\n", r"expected a number, got 'good'"),
        ("qrels/test.tsv", "q9\tp1\t1\n", "queries.jsonl lacks: q9"),
        ("corpus.jsonl", b"\xff\xfe\xff", "cannot be read"),
    ],
)
def test_a_wrong_folder_is_refused_with_the_place(
    tmp_path: Path, file: str, content: str | bytes | None, says: str
) -> None:
    save_beir(tmp_path, SMALL)
    path = tmp_path / file
    if content is None:
        path.unlink()
    elif isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ExchangeError, match=says):
        load_beir(tmp_path)


ids = st.text("abcdef0123", min_size=1, max_size=4)
scores = st.floats(-1e6, 1e6, allow_nan=False)
saved_runs = st.dictionaries(
    ids, st.dictionaries(ids, scores, min_size=1, max_size=6), min_size=1, max_size=5
)
saved_qrels = st.dictionaries(
    ids, st.dictionaries(ids, st.integers(0, 3), min_size=1, max_size=6), min_size=1, max_size=5
)


@given(saved_runs)
def test_a_trec_run_comes_back_as_it_was(run: dict[str, dict[str, float]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "run"
        save_run(path, run, tag="youju")
        assert load_run(path) == run
        theirs = [*ir_measures.read_trec_run(str(path))]
    assert {(row.query_id, row.doc_id, row.score) for row in theirs} == {
        (query, doc, score) for query, found in run.items() for doc, score in found.items()
    }


@given(saved_qrels)
def test_trec_judgements_come_back_as_they_were(qrels: dict[str, dict[str, int]]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "qrels"
        save_qrels(path, qrels)
        assert load_qrels(path) == qrels
        theirs = [*ir_measures.read_trec_qrels(str(path))]
    assert {(row.query_id, row.doc_id, row.relevance) for row in theirs} == {
        (query, doc, grade) for query, found in qrels.items() for doc, grade in found.items()
    }


def test_an_id_with_white_space_stays_one_field(tmp_path: Path) -> None:
    save_run(tmp_path / "run", {"q 1": {"a b.txt": 1.0}}, tag="my run")
    assert load_run(tmp_path / "run") == {"q_1": {"a_b.txt": 1.0}}


@pytest.mark.parametrize("line", ["q Q0 d 1 0.5", "q Q0 d 1 high tag"])
def test_a_wrong_run_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "run").write_text(f"q Q0 d 1 0.5 tag\n{line}\n", encoding="utf-8")
    with pytest.raises(ExchangeError, match=r"run:2: expected a"):
        load_run(tmp_path / "run")


def test_a_collection_is_searched_as_it_is() -> None:
    found = evaluate(SMALL)
    assert set(found) == {"words", "vectors", "fused", "reranked"}
    assert set(evaluate(SMALL, reranker="none")) == {"words", "vectors", "fused"}
    for values in found.values():
        assert set(values["nDCG@10"]) == {"q1", "q2", "q3"}
    assert mean(found["words"]["nDCG@10"]) == 1.0


def test_reference_tokenizers_cut_as_described() -> None:
    assert reference.characters_and_pairs("A1梨，甜") == ["a", "1", "梨", "甜", "a1", "1梨", "梨甜", "a1"]
    assert "中华" in reference.jieba_search("中华人民共和国，")
    assert "，" not in reference.jieba_search("好，好")
    pairs = reference.jieba_and_pairs("雪梨。甜")
    assert "雪梨" in pairs
    assert "梨甜" not in pairs


def test_the_reference_ranks_by_bm25() -> None:
    for name in reference.TOKENIZERS:
        assert mean(reference.evaluate(SMALL, name)["MRR"]) == 1.0


FIGURES = {
    "statute_lay": {
        "jieba-search": (0.500, 0.832),
        "characters-and-pairs": (0.533, 0.858),
        "jieba-and-pairs": (0.512, 0.840),
    },
    "news_everyday": {
        "jieba-search": (0.388, 0.675),
        "characters-and-pairs": (0.524, 0.811),
        "jieba-and-pairs": (0.435, 0.710),
    },
}


@pytest.mark.skipif(not BEIR_DATA, reason="YOUJU_DATA does not name a folder with eval/statute_lay")
@pytest.mark.parametrize("tokenizer", sorted(reference.TOKENIZERS))
@pytest.mark.parametrize("name", sorted(FIGURES))
def test_the_reference_reproduces_published_figures(name: str, tokenizer: str) -> None:
    collection = load_beir(Path(BEIR_DATA) / "eval" / name)
    found = reference.evaluate(collection, tokenizer)
    ndcg, recall = FIGURES[name][tokenizer]
    assert mean(found["nDCG@10"]) == pytest.approx(ndcg, abs=0.005)
    assert mean(found["R@100"]) == pytest.approx(recall, abs=0.005)


def test_measures_of_a_saved_run_are_those_of_the_run(tmp_path: Path) -> None:
    run = {"q1": {"p1": 0.5, "p2": 0.4}, "q2": {"p3": 1.0, "p2": 0.9}}
    save_run(tmp_path / "run", run, tag="t")
    save_qrels(tmp_path / "qrels", SMALL.qrels)
    again = graded(load_qrels(tmp_path / "qrels"), load_run(tmp_path / "run"))
    assert again == graded(SMALL.qrels, run)
    assert again["MRR"] == {"q1": 1.0, "q2": 0.5, "q3": 0.0}
