"""The command line is a contract: exit statuses, one line of complaint, JSON and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ui import journal
from ui.cli import main

Run = Callable[..., tuple[int, str, str]]
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    def call(*arguments: object) -> tuple[int, str, str]:
        try:
            status = main([str(argument) for argument in arguments])
        except SystemExit as leaving:
            status = int(leaving.code or 0)
        out, err = capsys.readouterr()
        return status, out, err

    yield call
    journal.start("")  # a log to a standard error that ends with the test


def test_index_documents_remove(run: Run, tmp_path: Path) -> None:
    folder, index = tmp_path / "papers", tmp_path / "index"
    folder.mkdir()
    (folder / "one.txt").write_text("只有一句话的档案也能用。", encoding="utf-8")
    (folder / "empty.txt").write_text("")
    status, out, err = run("index", folder, "--index", index)
    assert status == 0
    assert "1 documents" in out
    assert re.search(r"refused\s+empty\.txt: .*empty", err)
    status, out, _ = run("documents", "--json", "--index", index)
    assert status == 0
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["one.txt"]
    assert run("remove", "one.txt", "--index", index)[0] == 0
    assert run("documents", "--json", "--index", index)[1] == ""


def test_every_passage_gives_its_characters(run: Run, seeds: Path, seeds_index_path: Path) -> None:
    status, out, _ = run("passages", "--json", "--index", seeds_index_path)
    assert status == 0
    articles = {
        json.loads(line)["id"]
        for line in run("articles", "--json", "--index", seeds_index_path)[1].splitlines()
    }
    taken: dict[str, set[int]] = {}
    for line in out.splitlines():
        passage = json.loads(line)
        assert {
            "id",
            "doc",
            "article",
            "section",
            "kind",
            "date",
            "speaker",
            "text",
            "spans",
            "flags",
        } <= passage.keys()
        assert passage["article"] in articles
        text = (seeds / passage["doc"]).read_bytes().decode("utf-8-sig")
        located = "".join(text[start:end] for start, end in passage["spans"])
        assert "".join(located.split()) == "".join(passage["text"].split())
        places = {place for start, end in passage["spans"] for place in range(start, end)}
        assert not places & taken.setdefault(passage["doc"], set())
        taken[passage["doc"]] |= places
    assert len(taken) == 5


def test_ask_json_has_the_keys_of_the_contract(run: Run, seeds: Path, seeds_index_path: Path) -> None:
    status, out, _ = run("ask", "长三角港口集装箱吞吐量占全国多少？", "--json", "--index", seeds_index_path)
    assert status == 0
    answer = json.loads(out)
    assert {"id", "answer", "refused", "citations", "passages"} <= answer.keys()
    assert not answer["refused"]
    assert "38%" in answer["answer"]
    for citation in answer["citations"]:
        text = (seeds / citation["doc"]).read_bytes().decode("utf-8-sig")
        located = "".join(text[start:end] for start, end in citation["spans"])
        assert "".join(located.split()) == "".join(citation["text"].split())
    scores = [passage["score"] for passage in answer["passages"]]
    assert scores == sorted(scores, reverse=True)
    assert len(scores) == 10


def test_ask_in_words(run: Run, seeds_index_path: Path) -> None:
    status, out, _ = run("ask", "长三角港口集装箱吞吐量占全国多少？", "--index", seeds_index_path)
    assert status == 0
    assert "[1]" in out
    assert "002_6ab91b46e2dce4c7.txt" in out


def test_batch(run: Run, tmp_path: Path, seeds_index_path: Path) -> None:
    questions, answers = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    lines = [
        {"id": "a", "question": "谁主持召开了座谈会？", "history": [], "unknown key": 1},
        {"id": "b", "question": "火星上有几座火山喷发过？"},
        {"id": "c", "question": "那浙江呢？", "history": [{"q": "江苏省委书记是谁？", "a": "信长星"}]},
    ]
    questions.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), encoding="utf-8")
    assert run("batch", questions, answers, "--k", 3, "--index", seeds_index_path)[0] == 0
    read = [json.loads(line) for line in answers.read_text(encoding="utf-8").splitlines()]
    assert [answer["id"] for answer in read] == ["a", "b", "c"]
    assert all(len(answer["passages"]) == 3 for answer in read)
    assert read[1]["refused"]
    assert read[1]["answer"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["ask", "x", "--index", "{tmp}/none"], "youju index"),
        (["documents", "--index", "{tmp}/none"], "no index"),
        (["check", "--index", "{tmp}/none"], "no index"),
        (["index", "{tmp}/nowhere", "--index", "{tmp}/i"], "no such file"),
        (["index", "{tmp}/broken.jsonl", "--index", "{tmp}/i"], "no file could be indexed"),
        (["batch", "{tmp}/broken.jsonl", "{tmp}/out", "--index", "{tmp}/none"], "line 1"),
        (["ask", "x", "--model", "{tmp}/nowhere", "--index", "{seeds}"], "no model folder"),
        (["ask", "x", "--reranker", "{tmp}/nowhere", "--index", "{seeds}"], "no reranker folder"),
        (["remove", "nothing.txt", "--index", "{copy}"], "not in the index"),
        (["chat", "--host", "0.0.0.0", "--index", "{seeds}"], "YOUJU_TOKEN"),
        (["unknown"], "invalid choice"),
        ([], "required"),
        (["ask"], "required"),
        (["ask", "x", "--k", "0"], "at least 1"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_clear_line(
    run: Run,
    arguments: list[str],
    says: str,
    tmp_path: Path,
    seeds_index_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import shutil

    monkeypatch.delenv("YOUJU_TOKEN", raising=False)
    (tmp_path / "broken.jsonl").write_text("not json")
    if any("{copy}" in argument for argument in arguments):
        shutil.copytree(seeds_index_path, tmp_path / "copy")
    places = {"tmp": tmp_path, "seeds": seeds_index_path, "copy": tmp_path / "copy"}
    status, out, err = run(*(argument.format(**places) for argument in arguments))
    assert status == 2
    assert out == ""
    assert says in err
    assert "Traceback" not in err
    assert sum(bool(re.match(r"youju\b", line)) for line in err.splitlines()) == 1


def test_check_and_doctor(run: Run, seeds_index_path: Path) -> None:
    status, out, _ = run("check", "--json", "--index", seeds_index_path)
    assert (status, json.loads(out)["ok"]) == (0, True)
    status, out, _ = run("doctor", "--index", seeds_index_path)
    assert status == 0
    assert "bundled encoder" in out


def test_every_command_is_documented(run: Run) -> None:
    _, out, _ = run("--help")
    commands = set(re.findall(r"^    (\w+)  ", out, re.MULTILINE))
    assert {"index", "ask", "batch", "eval", "chat", "check", "replay"} <= commands
    for name in ("README.md", "README.zh.md"):
        documented = set(re.findall(r"youju (\w+)", (ROOT / name).read_text(encoding="utf-8")))
        assert commands <= documented, name


def test_asking_imports_no_torch(seeds_index_path: Path) -> None:
    code = (
        "import sys; from ui.cli import main; "
        f"main(['ask', '谁主持召开了座谈会？', '--index', {str(seeds_index_path)!r}]); "
        "sys.exit('torch' in sys.modules or 'gradio' in sys.modules or 'langchain' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, cwd=ROOT)
    assert done.returncode == 0, done.stderr
