"""Several archives side by side: read as one, asked together or apart, each source under its archive's name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from serving import serving

from index.document import IndexMissing
from index.records import Where
from index.search import Index, open_index
from index.union import ArchiveError, Union, open_union
from index.update import update_index
from rag.assistant import Assistant, Settings
from rag.export import evidence, replay
from ui import asking, evaluation, intake, verdicts
from ui.archive import Archive
from ui.cli import main
from ui.exchange import from_json, to_json
from ui.judgements import judgement_of, of_archive, qrels, tally
from ui.places import Place, PlaceError, places
from ui.words import LANGUAGES

RIVER = {
    "2024-03-02_river.txt": "云溪日报\n\n云溪清淤工程开工\n\n3月1日，云溪清淤工程开工，计划清淤四十二万立方米，工期十一个月。"
    "市水利局局长方砚说，清淤之后，汛期水位可以降低三十厘米。\n",
    "2024-03-09_library.txt": "云溪日报\n\n图书馆延长开放时间\n\n3月8日起，市图书馆每天开放到晚上十点，周末不休息。\n",
}
MOUNTAIN = {
    "2024-04-11_tea.txt": "青岭周报\n\n青岭春茶上市\n\n4月10日，青岭春茶上市，今年产量九百六十吨，比去年多一成。"
    "茶农柳时雨说，雨水好，芽头壮。\n",
    "2024-03-02_river.txt": "青岭周报\n\n下游清淤开工\n\n3月1日，云溪清淤工程开工，计划清淤四十二万立方米，工期十一个月。\n",
}
QUESTION = "云溪清淤工程计划清淤多少立方米？"


def write(folder: Path, files: dict[str, str]) -> Path:
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the indexes of two archives, and one of both archives' files."""
    root = tmp_path_factory.mktemp("shelf")
    write(root / "papers" / "云溪", RIVER)
    write(root / "papers" / "青岭", MOUNTAIN)
    update_index(root / "indexes" / "云溪", [root / "papers" / "云溪"])
    update_index(root / "indexes" / "青岭", [root / "papers" / "青岭"])
    update_index(root / "whole", [root / "papers"])
    return root


@pytest.fixture(scope="module")
def both(shelf: Path) -> Iterator[Union]:
    with open_union({name: shelf / "indexes" / name for name in ("云溪", "青岭")}) as union:
        yield union


@pytest.fixture(scope="module")
def whole(shelf: Path) -> Iterator[Index]:
    with open_index(shelf / "whole") as index:
        yield index


def test_two_archives_hold_what_one_of_all_files_holds(both: Union, whole: Index) -> None:
    assert {card.id for card in both.documents()} == {card.id for card in whole.documents()}
    assert {(card.archive, card.name) for card in both.documents()} == {
        ("云溪", "2024-03-02_river.txt"),
        ("云溪", "2024-03-09_library.txt"),
        ("青岭", "2024-04-11_tea.txt"),
        ("青岭", "2024-03-02_river.txt"),
    }
    assert [passage.text for passage in both.passages] == [passage.text for passage in whole.passages]
    assert len(both.passages) == len(whole.passages)
    for row, passage in enumerate(both.passages):
        assert both.passages[row] == passage == both.passages[row - len(both.passages)]
        assert both.passages.by_id(passage.id) == passage
        assert passage in both.passages.of_document(passage.doc)
        assert "".join(both.text(passage.doc)[span.start : span.end] for span in passage.spans).split()
        assert passage.article in {article.id for article in both.articles(passage.doc)}
    assert both.passages[-2:] == list(both.passages)[-2:]
    assert both.passages.by_id("无/无") is None
    assert len({passage.id for passage in both.passages}) == len(both.passages)
    with pytest.raises(IndexError):
        both.passages[len(both.passages)]


@pytest.mark.parametrize("system", ["words", "vectors", "fused"])
@pytest.mark.parametrize("question", [QUESTION, "春茶产量有多少", "图书馆几点关门", "水位降低多少"])
def test_archives_together_rank_like_one(both: Union, whole: Index, question: str, system: str) -> None:
    ours = both.search(question, k=3, system=system)  # type: ignore[arg-type]
    theirs = whole.search(question, k=3, system=system)  # type: ignore[arg-type]
    assert {hit.passage.text for hit in ours[:1]} <= {hit.passage.text for hit in theirs[:2]}
    assert [hit.score for hit in ours] == sorted((hit.score for hit in ours), reverse=True)


def test_an_archive_that_knows_few_of_the_words_is_not_flattered(both: Union) -> None:
    """Within the other archive `图书馆` is unknown: what it calls a full match explains little of the question."""
    best = both.search("图书馆开放到几点，青岭呢", k=1, system="words")[0]
    assert best.passage.doc == "云溪/2024-03-09_library.txt"
    assert all(hit.words <= 1 for hit in both.search("青岭图书馆", k=9))


def test_filters_reach_the_right_archive(both: Union) -> None:
    docs = frozenset({"青岭/2024-03-02_river.txt"})
    assert {hit.passage.doc for hit in both.search(QUESTION, where=Where(docs=docs))} == docs
    assert {both.passages[row].doc for row in both.passages.rows(Where(docs=docs))} == docs
    assert {
        hit.passage.doc for hit in both.search(QUESTION, where=Where(docs=frozenset({"无/x.txt"})))
    } == set()
    late = both.search("春茶", where=Where(since="2024-04"))
    assert {hit.passage.doc for hit in late} == {"青岭/2024-04-11_tea.txt"}


def test_one_may_be_chosen_and_an_unknown_one_is_refused(both: Union) -> None:
    one = both.only(["青岭"])
    assert {card.archive for card in one.documents()} == {"青岭"}
    assert one.fingerprint != both.fingerprint
    with pytest.raises(ArchiveError, match="无名"):
        both.only(["无名"])
    with pytest.raises(ArchiveError):
        both.only([])


def test_the_same_news_in_two_archives_is_one_piece_of_evidence(both: Union) -> None:
    answer = Assistant(both).ask(QUESTION)
    assert "四十二万" in answer.text
    cited = {other.doc for first in answer.citations for other in (first, *first.also)}
    assert cited == {"云溪/2024-03-02_river.txt", "青岭/2024-03-02_river.txt"}
    exported = json.loads(json.dumps(evidence(answer, both)))
    assert replay(exported, both).ok
    assert not replay(exported, both.only(["云溪"])).ok


def test_names_come_from_folders_or_are_given(shelf: Path, tmp_path: Path) -> None:
    indexes = shelf / "indexes"
    assert [place.name for place in places([str(indexes)])] == ["云溪", "青岭"]
    assert places([str(indexes / "云溪")]) == (Place("", indexes / "云溪"),)
    assert [place.name for place in places([f"甲={indexes / '云溪'}", str(indexes / "青岭")])] == [
        "甲",
        "青岭",
    ]
    assert places(None) == (Place("", Path("var/index")),)
    assert places([str(tmp_path / "none")]) == (Place("", tmp_path / "none"),)
    twice = [tmp_path / "a" / "index", tmp_path / "b" / "index"]
    assert [place.name for place in places([str(path) for path in twice])] == ["a-index", "b-index"]
    with pytest.raises(PlaceError, match="甲"):
        places([f"甲={twice[0]}", f"甲={twice[1]}"])
    with pytest.raises(PlaceError):
        places([f"{'长' * 61}={twice[0]}", str(twice[1])])


def test_the_command_line_asks_several(
    shelf: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["ask", QUESTION, "--json", "--index", str(shelf / "indexes")]) == 0
    body = json.loads(capsys.readouterr().out)
    assert body["citations"][0]["doc"].partition("/")[0] in {"云溪", "青岭"}
    assert (
        main(["ask", QUESTION, "--index", str(shelf / "none"), "--index", str(shelf / "indexes" / "云溪")])
        == 2
    )
    assert "no index at" in capsys.readouterr().err


def archive_of(shelf: Path, *names: str) -> Archive:
    chosen = [Place(name, shelf / "indexes" / name) for name in names]
    return Archive(chosen, Settings())


def test_one_that_does_not_open_leaves_the_others_answering(shelf: Path) -> None:
    archive = archive_of(shelf, "云溪", "不在")
    with archive.lease() as opened:
        held = {one.name: one for one in opened.held}
        assert held["云溪"].documents == 2
        assert isinstance(held["不在"].trouble, IndexMissing)
    assert "四十二万" in asking.ask(archive, asking.Asking(QUESTION)).answer.text
    with pytest.raises(ArchiveError):
        asking.ask(archive, asking.Asking(QUESTION, archives=("不在",)))
    with pytest.raises(IndexMissing), archive_of(shelf, "不在", "也不在").lease():
        pass


def test_an_answer_names_the_archive_of_each_source(shelf: Path) -> None:
    archive = archive_of(shelf, "云溪", "青岭")
    shown = asking.ask(archive, asking.Asking("青岭春茶今年产量是多少吨？")).exchange
    assert {mark.archive for mark in shown.marks} == {"青岭"}
    assert {mark.file for mark in shown.marks} == {"2024-04-11_tea.txt"}
    assert from_json(json.loads(json.dumps(to_json(shown)))) == shown
    only = asking.Asking("青岭春茶今年产量是多少吨？", archives=("云溪",))
    other = asking.ask(archive, only)
    assert "九百六十" not in other.answer.text
    assert {ranked.passage.doc.partition("/")[0] for ranked in other.answer.ranking} <= {"云溪"}


def test_judgements_stay_with_their_archives(shelf: Path) -> None:
    archive = archive_of(shelf, "云溪", "青岭")
    shown = asking.ask(archive, asking.Asking(QUESTION), key="a1").exchange
    also = shown.marks[0].also[0]
    both = replace(shown, marks=(shown.marks[0], replace(also, number=2)))
    verdicts.keep(archive, judgement_of(both, "", "useful"))
    verdicts.keep(archive, judgement_of(both, shown.marks[0].passage, "right"))
    alone = {name: list(of_archive(shelf / "indexes" / name)) for name in ("云溪", "青岭")}
    assert [len(found) for found in alone.values()] in ([2, 1], [1, 2])
    for name, found in alone.items():
        with open_index(shelf / "indexes" / name) as index:
            assert all(index.passages.by_id(id_) for one in found for id_ in one.cited)
            assert {one.fingerprint for one in found} == {index.fingerprint}
    together = verdicts.kept(archive)
    counted = tally(together)
    assert (counted.answers, counted.useful, counted.citations, counted.right) == (1, 1, 1, 1)
    assert list(qrels(together)[1].values()) == [{shown.marks[0].passage: 2, also.passage: 1}]
    with archive.lease() as opened:
        measured = [*evaluation.measured_all(opened, together)]
    assert [(one.archive, one.questions, one.judged) for one in measured] == [
        ("", 1, 2),
        ("云溪", 1, 1),
        ("青岭", 1, 1),
    ]


def test_every_archive_has_a_report_of_its_own(shelf: Path) -> None:
    names = ("云溪", "青岭")
    archive = archive_of(shelf, *names)
    made = {name: evaluation.report_path(archive, name) for name in names}
    for name, path in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<p>report on {name}</p>", encoding="utf-8")
    assert [report.archive for report in evaluation.reports(archive)] == list(names)
    shown = evaluation.Evaluator(archive, LANGUAGES["zh"]).show()
    assert [name for name in names if f"archive={quote(name)}&amp;made=" in shown] == list(names)
    with (
        serving([Place(name, shelf / "indexes" / name) for name in names]) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        for name in names:
            assert client.get("/report", params={"archive": name}).text == f"<p>report on {name}</p>"
        assert client.get("/report", params={"archive": "无"}).status_code == 404
    for path in made.values():
        path.unlink()
    assert evaluation.reports(archive) == []


def test_the_archives_that_hold_what_is_asked_are_evaluated(shelf: Path, seeds_index_path: Path) -> None:
    places = [Place("云溪", shelf / "indexes" / "云溪"), Place("报纸", seeds_index_path)]
    both = Archive(places, Settings())
    assert evaluation.asked_about(both) == ("报纸",)
    assert evaluation.asked_about(Archive(seeds_index_path, Settings())) == ("",)
    assert evaluation.asked_about(archive_of(shelf, "云溪", "青岭")) == ()


def test_a_file_goes_into_the_archive_that_is_named(shelf: Path, tmp_path: Path) -> None:
    archive = archive_of(shelf, "云溪", "青岭")
    paper = tmp_path / "pine.txt"
    paper.write_text("青岭周报\n\n古松挂牌\n\n5月6日，青岭二百一十棵古松挂牌保护。\n", encoding="utf-8")
    with pytest.raises(ArchiveError):
        intake.take_in(archive, [("pine.txt", paper)])
    intake.take_in(archive, [("pine.txt", paper)], into="青岭")
    asked = asking.Asking("青岭有多少棵古松挂牌保护？")
    assert "二百一十" in asking.ask(archive, asked).answer.text
    intake.take_out(archive, ["青岭/pine.txt"])
    assert "二百一十" not in asking.ask(archive, asked).answer.text
    with archive.lease() as opened:
        assert "青岭/pine.txt" not in opened.cards
        assert len(opened.cards) == 4


def test_the_api_and_the_openai_door_choose_an_archive(shelf: Path) -> None:
    chosen = [Place(name, shelf / "indexes" / name) for name in ("云溪", "青岭")]
    with serving(chosen) as address, httpx.Client(base_url=address, timeout=60) as client:
        health = client.get("/api/health").json()
        assert [one["name"] for one in health["archives"]] == ["云溪", "青岭"]
        body = client.post("/api/ask", json={"question": QUESTION, "where": {"archives": ["青岭"]}}).json()
        assert {citation["archive"] for citation in body["citations"]} == {"青岭"}
        found = client.get("/api/search", params={"q": "春茶", "archive": "云溪"}).json()["passages"]
        assert all(passage["doc"].startswith("云溪/") for passage in found)
        unknown = client.post("/api/ask", json={"question": QUESTION, "where": {"archives": ["无"]}})
        assert unknown.status_code == 422
        models = [model["id"] for model in client.get("/v1/models").json()["data"]]
        assert models == ["youju", "youju/云溪", "youju/青岭"]
        asked = {"model": "youju/青岭", "messages": [{"role": "user", "content": QUESTION}]}
        said = client.post("/v1/chat/completions", json=asked).json()["choices"][0]["message"]["content"]
        assert "青岭，" in said
        assert "云溪日报" not in said
