"""Settings tried, compared and swept over a small archive; the command line of `youju eval`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from eval_archive import QUESTIONS, write_archive
from hypothesis import given
from hypothesis import strategies as st

from eval import gold, runs
from eval.command import add_arguments, run
from eval.compare import as_text, compare
from eval.evaluate import Corpus, evaluate, scratch
from eval.settings import Bench, Setting, SettingError, repack
from eval.summary import as_json
from eval.sweep import sweep
from index.document import Passage, Span, YoujuError
from index.search import Index
from rag.assistant import Assistant


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_archive(tmp_path_factory.mktemp("archive") / "papers")


@pytest.fixture(scope="module")
def index(archive: Path) -> Iterator[Index]:
    with scratch([archive]) as opened:
        yield opened


def test_an_evaluation_has_every_system_type_and_half(index: Index) -> None:
    evaluation = evaluate(index, QUESTIONS, assistant=Assistant(index))
    form = as_json(evaluation)
    assert [*form["systems"]] == ["words", "vectors", "fused", "assistant"]
    assert form["systems"]["words"]["hit@10"] >= 0.8
    for name, values in form["systems"].items():
        for measure, value in values.items():
            low, high = form["intervals"][name][measure]
            assert 0 <= low <= value <= high <= 1
    assert set(form["types"]) == {item.type for item in QUESTIONS}
    assert form["types"]["off_topic"]["systems"] == {}
    assert form["splits"]["open"]["questions"] == {"all": 6, "answerable": 5}
    assert form["splits"]["closed"]["questions"] == {"all": 4, "answerable": 3}
    assert form["answers"]["holds"] == 1.0
    assert set(evaluation.in_full) == {"q8"}
    assert form["answers"]["follow_up_right_in_full"] in (0.0, 1.0)
    whole = form["systems"]["fused"]["nDCG@10"] * 8
    halves = [form["splits"][half] for half in ("open", "closed")]
    parts = sum(half["systems"]["fused"]["nDCG@10"] * half["questions"]["answerable"] for half in halves)
    assert whole == pytest.approx(parts, abs=1e-4)


def test_the_same_setting_differs_in_nothing(index: Index) -> None:
    found = compare(index, QUESTIONS, "fused", "fused")
    assert all(
        (item.mean, item.p, item.won, item.lost) == (0.0, 1.0, 0, 0) for item in found.differences.values()
    )
    assert found.changed("nDCG@10") == []


def test_a_comparison_names_the_questions_that_changed(index: Index) -> None:
    found = compare(index, QUESTIONS, "words", "vectors")
    changed = found.changed("MRR")
    for question, before, after in changed:
        assert before == found.before["MRR"][question.id] != after
    difference = found.differences["MRR"]
    assert len(changed) == difference.won + difference.lost
    assert [after - before for _, before, after in changed] == sorted(
        after - before for _, before, after in changed
    )
    text = as_text(found, "MRR")
    assert all(question.id in text for question, _, _ in changed)
    with pytest.raises(YoujuError, match="--measure must be one of"):
        as_text(found, "MMR")


def test_saved_runs_compare_as_the_systems_did(index: Index, tmp_path: Path) -> None:
    evaluation = evaluate(index, QUESTIONS)
    for saved in evaluation.runs:
        runs.save(tmp_path / f"{saved.name}.jsonl", saved)
    live = compare(index, QUESTIONS, "words", "fused")
    files = compare(index, QUESTIONS, str(tmp_path / "words.jsonl"), str(tmp_path / "fused.jsonl"))
    for measure in ("hit@1", "hit@5", "hit@10", "hit@2000c", "MRR"):
        assert files.before[measure] == pytest.approx(live.before[measure]), measure
        assert files.after[measure] == pytest.approx(live.after[measure]), measure


def test_an_index_folder_is_a_side_of_a_comparison(index: Index) -> None:
    found = compare(index, QUESTIONS, "fused", str(index.path))
    assert found.differences["nDCG@10"].mean == 0.0


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("words", "words"),
        ("fused,weight=1.5", "fused,weight=1.5"),
        ("weight=2,length=200", "fused,weight=2,length=200"),
        ("assistant,reranker=none", "assistant,reranker=none"),
        ("vectors,model=/some/folder", "vectors,model=/some/folder"),
        ("", "fused"),
    ],
)
def test_a_setting_is_read_from_its_name(text: str, name: str) -> None:
    assert Setting.parse(text).name == name
    assert Setting.parse(name) == Setting.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "fuzed",
        "words,weight=1",
        "fused,weight=heavy",
        "length=3",
        "fused,k=5",
        "assistant,length=200",
        "no.jsonl",
    ],
)
def test_what_is_no_setting_is_refused_with_what_is(text: str) -> None:
    with pytest.raises(SettingError, match=r"expected words, vectors|only fused|as it is"):
        Setting.parse(text)


def test_the_weight_in_force_gives_the_ranking_in_force(index: Index) -> None:
    from index import fuse

    bench = Bench(index, QUESTIONS)
    plain = bench.try_out(Setting()).run
    weighed = bench.try_out(Setting(weight=fuse.WEIGHT)).run
    for question in QUESTIONS:
        assert [hit.id for hit in weighed.of(question.id).ranking] == [
            hit.id for hit in plain.of(question.id).ranking
        ]


def test_without_weight_the_words_decide(index: Index) -> None:
    bench = Bench(index, QUESTIONS)
    words, weightless = bench.try_out(Setting("words")).run, bench.try_out(Setting(weight=0.0)).run
    for question in QUESTIONS:
        first = [hit.id for hit in words.of(question.id).ranking]
        assert [hit.id for hit in weightless.of(question.id).ranking][: len(first)] == first


def test_repacked_passages_keep_every_character(index: Index) -> None:
    for length in (60, 200, 1000):
        packed = repack(index.passages, length)
        assert "".join(item.text for item in packed) == "".join(item.text for item in index.passages)
        for passage in packed:
            source = index.text(passage.doc)
            shown = "".join(source[span.start : span.end] for span in passage.spans)
            assert "".join(shown.split()) == "".join(passage.text.split())
    assert len(repack(index.passages, 60)) > len(repack(index.passages, 1000))


@given(
    st.lists(st.text("甲乙丙丁。！\n", min_size=1, max_size=40), min_size=1, max_size=6), st.integers(20, 90)
)
def test_repacking_loses_nothing_of_any_text(texts: list[str], length: int) -> None:
    passages, start = [], 0
    for number, text in enumerate(texts):
        passages.append(Passage(str(number), "d", "a", text, (Span(start, start + len(text)),)))
        start += len(text)
    packed = repack(passages, length)
    assert "".join(item.text for item in packed) == "".join(texts)
    assert packed[0].spans[0].start == 0
    assert sum(len(span) for item in packed for span in item.spans) == start


def test_a_sweep_is_given_open_questions_only(index: Index) -> None:
    with pytest.raises(SettingError, match="closed questions are for reporting"):
        sweep(index, QUESTIONS)
    opened = [question for question in QUESTIONS if question.split == "open"]
    outcome = sweep(index, opened, settings=[Setting("words"), Setting(weight=1.0), Setting(length=100)])
    assert outcome.questions == 5
    assert len(outcome.points) == 4
    best = [sum(point.scores["nDCG@10"].values()) for point in outcome.points]
    assert best == sorted(best, reverse=True)
    with pytest.raises(SettingError, match="--measure"):
        sweep(index, opened, measure="nDCG", settings=[Setting("words")])


def youju(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--index", type=Path, default=Path("var/index"))
    for option in ("--model", "--reranker", "--llm"):
        parser.add_argument(option, default="")
    add_arguments(parser)
    return run(parser.parse_args(arguments))


def test_the_command_prints_json_and_nothing_else(
    index: Index, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    gold.save(tmp_path / "mine.jsonl", QUESTIONS)
    questions = ("--gold", str(tmp_path / "mine.jsonl"))
    place = ("--index", str(index.path))
    assert youju(*place, *questions, "--json", "--no-answers", "--save", str(tmp_path / "runs")) == 0
    form = json.loads(capsys.readouterr().out)
    assert form["questions"] == {"all": 10, "answerable": 8}
    assert {path.name for path in (tmp_path / "runs").iterdir()} >= {"fused.jsonl", "fused.trec"}

    assert youju("compare", "words", "fused", *place, *questions, "--json") == 0
    assert set(json.loads(capsys.readouterr().out)["measures"]) >= {"hit@10", "nDCG@10", "MRR"}

    assert (
        youju(*place, *questions, "--split", "closed", "--no-answers", "--report", str(tmp_path / "r.html"))
        == 0
    )
    printed = capsys.readouterr()
    assert "4 questions, 3 of them answerable" in printed.out
    assert "report:" in printed.err

    folder = tmp_path / "beir"
    assert youju("export", str(folder), *place, *questions) == 0
    capsys.readouterr()
    assert youju("--beir", str(folder), "--json", "--reference", "jieba-search") == 0
    form = json.loads(capsys.readouterr().out)
    assert [*form["systems"]] == ["jieba-search", "words", "vectors", "fused", "reranked"]
    assert form["systems"]["words"]["R@10"] > 0.5


def test_questions_about_other_documents_are_refused(index: Index, tmp_path: Path) -> None:
    gold.save(tmp_path / "other.jsonl", gold.load(gold.shipped())[:2])
    with pytest.raises(YoujuError, match=r"needs document .*--gold.*silver"):
        youju("--index", str(index.path), "--gold", str(tmp_path / "other.jsonl"), "--no-answers")


def test_the_corpus_is_the_whole_index(index: Index) -> None:
    corpus = Corpus.of(index)
    assert set(corpus.texts) == {"bridge.txt", "school.txt", "farm.txt", "water.txt"}
    assert len(corpus.passages) == len(index.passages)
