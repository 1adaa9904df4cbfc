"""What only an index on a server has: claims, epochs, fields of limited length, damage of single rows, tokens."""

from __future__ import annotations

import base64
import json
import random
import signal
import threading
from collections.abc import Iterator
from concurrent import futures
from dataclasses import replace
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from faults import Writer, files, holds, sentence, tiny_model, write
from hypothesis import given, settings
from hypothesis import strategies as st
from milvus_serving import Milvus
from pymilvus import MilvusClient

from index.check import check, repair
from index.document import IndexBusy, IndexDamaged, IndexMismatch, Passage, Span, StoreUnavailable
from index.failpoints import REMOTE_PLACES
from index.milvus import lease
from index.milvus.generation import writing
from index.milvus.heads import Head, heads
from index.milvus.rows import more_of, passage_of, passage_rows
from index.milvus.server import TOKEN, Server
from index.milvus.tables import NEVER, WIDTH, cut, epochs
from index.milvus.words import DRIFT
from index.remote import AddressError, Remote, location
from index.search import Where, open_index
from index.update import remove_documents, update_index

COMMITTED = {"head inserted", "server tidied"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("tiny") / "model"))


@pytest.fixture
def remote(milvus_server: Milvus) -> Remote:
    return milvus_server.index()


@pytest.fixture
def server(remote: Remote) -> Iterator[Server]:
    opened = Server(remote)
    yield opened
    opened.close()


@pytest.fixture
def client(remote: Remote) -> Iterator[Any]:
    opened = MilvusClient(uri=remote.uri)
    yield opened
    opened.close()


def _line(number: int) -> str:
    """A sentence of always the same length, so that a change of documents does not move the mean."""
    return (
        f"第{number:05d}次巡查记录：{''.join(random.Random(number).choices('河渠闸站坝堤泵井桥渡', k=20))}。"
    )


def _papers(folder: Path, count: int) -> Path:
    return write(folder, {f"{number}.txt": _line(number) for number in range(count)})


def _head(server: Server, remote: Remote) -> Head:
    return heads(server, remote)[0]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("var/index", Path("var/index")),
        ("milvus://host/name", Remote("host", 19530, "name")),
        ("milvus://10.0.0.7:1234/a_1?vectors=HNSW", Remote("10.0.0.7", 1234, "a_1", vectors="HNSW")),
        ("milvus+tls://host:443/name", Remote("host", 443, "name", encrypted=True)),
        ("milvus://[::1]:19530/name", Remote("::1", 19530, "name")),
    ],
)
def test_addresses(text: str, meant: object) -> None:
    found = location(text)
    assert found == meant
    if isinstance(found, Remote) and not found.vectors:
        assert location(str(found)) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("http://host/name", "not known"),
        ("milvus://host/", "letters, digits"),
        ("milvus://host/a-b", "letters, digits"),
        ("milvus://host/a/b", "letters, digits"),
        ("milvus:///name", "letters, digits"),
        ("milvus://host:x/name", "cannot be read"),
        ("milvus://root:secret@host/name", TOKEN),
        ("milvus://host/name?vectors=MAGIC", "only option"),
        ("milvus://host/name?speed=1", "only option"),
    ],
)
def test_addresses_that_are_refused(text: str, says: str) -> None:
    with pytest.raises(AddressError, match=says) as refused:
        location(text)
    assert "secret" not in str(refused.value)


def test_killed_at_every_place(remote: Remote, tmp_path: Path, model: str) -> None:
    folder = _papers(tmp_path / "papers", 12)
    update_index(remote, [folder], model=model)
    for number, place in enumerate(REMOTE_PLACES, 12):
        before = files(folder)
        write(folder, {f"{number}.txt": _line(number), "0.txt": _line(10_000 + number)})
        (folder / f"{number - 11}.txt").unlink()
        after = files(folder)
        writer = Writer(remote, folder, model=model, plan=place)  # type: ignore[arg-type]
        writer.begin()
        assert writer.wait() == "", place
        assert writer.process.exitcode == -signal.SIGKILL, place
        assert holds(remote) == (after if place in COMMITTED else before), place  # type: ignore[arg-type]
        assert check(remote).ok, place
        update_index(remote, [folder], model=model)
        assert holds(remote) == after, place  # type: ignore[arg-type]
        assert check(remote).ok, place


def test_an_update_that_changes_little_stays_in_its_epoch(
    remote: Remote, server: Server, milvus_server: Milvus, tmp_path: Path, model: str
) -> None:
    folder = _papers(tmp_path / "papers", 20)
    update_index(remote, [folder], model=model)
    first = _head(server, remote)
    write(folder, {"7.txt": _line(700), "x.txt": "另" + _line(800)})
    (folder / "9.txt").unlink()
    update_index(remote, [folder], model=model)
    second = _head(server, remote)
    assert (second.epoch, second.generation) == (first.epoch, first.generation + 1)
    assert abs(second.length / second.passages / second.average - 1) <= DRIFT
    fresh = milvus_server.index()
    update_index(fresh, [folder], model=model)
    with open_index(remote) as updated, open_index(fresh) as anew:
        for question in ("巡查记录", "第00012次", "河渠 闸站"):
            old = {hit.passage.id: hit.words for hit in updated.search(question, k=70, system="words")}
            new = {hit.passage.id: hit.words for hit in anew.search(question, k=70, system="words")}
            assert old.keys() == new.keys()
            # Weights are for a mean that has moved by at most DRIFT; scores follow by less.
            np.testing.assert_allclose([old[one] for one in new], list(new.values()), rtol=DRIFT)
    write(folder, {"long.txt": "。".join(sentence(random.Random(3), number) for number in range(40))})
    update_index(remote, [folder], model=model)
    assert _head(server, remote).epoch > first.epoch
    assert check(remote).ok


def test_what_no_reader_can_see_any_more_is_deleted(
    remote: Remote, server: Server, tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.milvus.tidy.GRACE", 0.0)
    folder = _papers(tmp_path / "papers", 20)
    update_index(remote, [folder], model=model)
    for number in range(5):
        write(folder, {"7.txt": _line(700 + number)})
        update_index(remote, [folder], model=model)
    newest = _head(server, remote)
    assert [head.generation for head in heads(server, remote)] == [6, 5]
    tables = newest.tables(remote.name)
    assert epochs(server, remote.name) == {newest.epoch}
    assert (
        server.count(tables.passages, "row >= 0") == newest.passages + 1
    )  # and what the one before still sees
    cards = server.query(tables.records, 'key like "card/%"', ["key"])
    assert len(cards) == newest.documents + 1


def _delete_passage(client: Any, tables: Any) -> None:
    client.delete(tables.passages, filter="row == 2")


def _change_text(client: Any, tables: Any) -> None:
    row = client.get(tables.records, ids=["text/2/0"])[0]
    client.upsert(tables.records, [{**row, "value": row["value"].replace("巡", "寻")}])


def _change_passage(client: Any, tables: Any) -> None:
    row = client.get(tables.passages, ids=[2])[0]
    client.upsert(tables.passages, [{**row, "value": row["value"].replace("巡", "寻")}])


def _change_vector(client: Any, tables: Any) -> None:
    row = client.get(tables.passages, ids=[2])[0]
    client.upsert(tables.passages, [{**row, "dense": [-one for one in row["dense"]]}])


def _change_words(client: Any, tables: Any) -> None:
    row = client.get(tables.passages, ids=[2])[0]
    client.upsert(
        tables.passages, [{**row, "sparse": {dim: 1.5 * one for dim, one in row["sparse"].items()}}]
    )


def _change_counts(client: Any, tables: Any) -> None:
    row = client.get(tables.records, ids=["term/巡"])[0]
    dim, count, since, before = json.loads(row["value"])
    client.upsert(tables.records, [{**row, "value": json.dumps([dim, count - 1, since, before])}])


@pytest.mark.parametrize(
    "damage",
    [_delete_passage, _change_text, _change_passage, _change_vector, _change_words, _change_counts],
)
def test_damage_is_found_and_repaired(
    damage: Any, remote: Remote, server: Server, client: Any, tmp_path: Path, model: str
) -> None:
    folder = _papers(tmp_path / "papers", 5)
    update_index(remote, [folder], model=model)
    damage(client, _head(server, remote).tables(remote.name))
    report = check(remote)
    assert len(report.problems) >= 1
    assert repair(remote).ok
    assert holds(remote) == files(folder)  # type: ignore[arg-type]


def test_a_damaged_document_whose_file_is_gone_is_not_guessed(
    remote: Remote, server: Server, client: Any, tmp_path: Path, model: str
) -> None:
    folder = _papers(tmp_path / "papers", 5)
    update_index(remote, [folder], model=model)
    _delete_passage(client, _head(server, remote).tables(remote.name))
    (folder / "2.txt").unlink()
    with pytest.raises(IndexDamaged, match=r"2\.txt is damaged and its file is gone"):
        repair(remote)
    assert not check(remote).ok


def test_a_damaged_head_is_noticed(remote: Remote, client: Any, tmp_path: Path, model: str) -> None:
    update_index(remote, [_papers(tmp_path / "papers", 2)], model=model)
    row = client.get(f"{remote.name}_state", ids=["head/000000000001"])[0]
    client.upsert(
        f"{remote.name}_state", [{**row, "value": row["value"].replace('"passages": 2', '"passages": 3')}]
    )
    with pytest.raises(IndexDamaged, match="checksum"):
        open_index(remote)


def test_another_model_is_refused_with_the_command(remote: Remote, tmp_path: Path, model: str) -> None:
    folder = _papers(tmp_path / "papers", 3)
    update_index(remote, [folder], model=model)
    other = str(tiny_model(tmp_path / "other", seed=1, dim=8))
    with pytest.raises(IndexMismatch, match="youju index FOLDER --index milvus://"):
        open_index(remote, model=other)
    assert update_index(remote, [folder], model=other).embedded == 3
    assert holds(remote) == files(folder)  # type: ignore[arg-type]


def test_names_of_documents_cannot_break_out_of_a_condition(
    remote: Remote, tmp_path: Path, model: str
) -> None:
    names = ['a" or row >= 0 or doc == "b.txt', "back\\slash.txt", "it's.txt", "line\nbreak.txt", "plain.txt"]
    names = [name if name.endswith(".txt") else name + ".txt" for name in names]
    folder = write(tmp_path / "papers", {name: sentence(random.Random(n), n) for n, name in enumerate(names)})
    update_index(remote, [folder], model=model)
    with open_index(remote) as index:
        assert {card.id for card in index.documents()} == set(names)
        for name in names:
            hits = index.search("巡查记录", where=Where(docs=frozenset({name})))
            assert [hit.passage.doc for hit in hits] == [name]
            assert [
                index.passages[row].doc for row in index.passages.rows(Where(docs=frozenset({name})))
            ] == [name]
        assert index.passages.by_id('x" or row >= 0 or id == "') is None


def test_dates_bound_as_far_as_they_are_given(milvus_server: Milvus, tmp_path: Path, model: str) -> None:
    place, folder = milvus_server.index(), tmp_path / "papers"
    dates = ["2022-12-31", "2023-01-01", "2023-05-09", "2023-12-31", "2024-01-01"]
    write(
        folder, {f"{date}.txt": f"{date}\n\n" + sentence(random.Random(1), n) for n, date in enumerate(dates)}
    )
    update_index(place, [folder], model=model)
    update_index(tmp_path / "index", [folder], model=model)
    with open_index(place) as ours, open_index(tmp_path / "index") as embedded:
        for since, until in [
            ("2023", "2023"),
            ("2023-05", ""),
            ("", "2023-05"),
            ("2023-01-02", "2023-12-31"),
            ("3", ""),
        ]:
            where = Where(since=since, until=until)
            assert ours.passages.rows(where) == embedded.passages.rows(where)


def test_an_original_longer_than_a_field(remote: Remote, tmp_path: Path, model: str) -> None:
    chance = random.Random(9)
    text = "".join(sentence(chance, number) for number in range(2_500))
    assert len(text.encode()) > 3 * WIDTH
    update_index(remote, [write(tmp_path / "papers", {"long.txt": text, "short.txt": "短。"})], model=model)
    with open_index(remote) as index:
        assert index.text("long.txt") == text
        assert "".join(passage.text for passage in index.passages.of_document("long.txt")) == text


@settings(deadline=None, max_examples=60)
@given(st.text(st.characters(codec="utf-8"), max_size=400), st.integers(0, 4))
def test_any_passage_survives_its_row(text: str, doublings: int) -> None:
    said = text * 7**doublings
    passage = Passage("p1", 'd"\\.txt', "a1", said, (Span(0, len(said)),), title=text, flags=("broken",))
    fields, more = passage_rows(4, 2, passage, np.zeros(2, np.float32), {0: 1.0})
    assert all(len(row["value"].encode()) <= 65_535 for row in (fields, *more))
    assert all((row["copy"], row["died"]) == (2, NEVER) for row in more)
    assert [row["key"] for row in more] == more_of(fields)
    assert passage_of(fields, {row["key"]: row["value"] for row in more}) == passage
    assert "".join(cut(said)) == said


def test_an_approximate_vector_index(remote: Remote, tmp_path: Path, model: str) -> None:
    folder = _papers(tmp_path / "papers", 30)
    place = replace(remote, vectors="HNSW")
    update_index(place, [folder], model=model)
    update_index(remote, [folder], model=model)  # the address may be given without the option afterwards
    update_index(tmp_path / "index", [folder], model=model)
    with open_index(remote) as ours, open_index(tmp_path / "index") as exact:
        assert heads(Server(remote), remote)[0].vectors == "HNSW"
        for question in ("河渠闸站", "第00007次巡查"):
            found, wanted = (index.search(question, k=5, system="vectors") for index in (ours, exact))
            assert [hit.passage.id for hit in found] == [hit.passage.id for hit in wanted]


def test_a_claim_that_is_not_renewed_is_dead_and_stops_its_writer(
    remote: Remote, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lease, "_DEAD", 0.0)
    with writing(remote) as first, writing(remote), pytest.raises(IndexBusy, match="too long"):
        first.lease.check()


def test_two_that_claim_at_once_are_never_both_let_in(remote: Remote, milvus_server: Milvus) -> None:
    with writing(remote):
        pass
    inside = threading.Semaphore(1)
    entered: list[bool] = []

    def enter() -> None:
        try:
            with writing(remote):
                entered.append(inside.acquire(blocking=False))
                threading.Event().wait(0.05)
                inside.release()
        except IndexBusy:
            pass

    threads = [threading.Thread(target=enter) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert entered
    assert all(entered)


def test_removed_and_added_again_is_not_embedded_when_its_row_is_there(
    remote: Remote, tmp_path: Path, model: str
) -> None:
    folder = _papers(tmp_path / "papers", 4)
    update_index(remote, [folder], model=model)
    (folder / "1.txt").rename(folder / "renamed.txt")
    assert update_index(remote, [folder], model=model).embedded == 0
    remove_documents(remote, ["renamed.txt"])
    assert "renamed.txt" not in holds(remote)  # type: ignore[arg-type]


class _Listener(grpc.GenericRpcHandler):
    """Notes who calls, and knows no method."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str]] = []

    def service(self, details: grpc.HandlerCallDetails) -> None:
        self.heard += [(key, str(value)) for key, value in details.invocation_metadata]


def test_the_token_is_sent_and_never_told(monkeypatch: pytest.MonkeyPatch) -> None:
    listener = _Listener()
    listening = grpc.server(futures.ThreadPoolExecutor(2), handlers=[listener])
    port = listening.add_insecure_port("127.0.0.1:0")
    listening.start()
    monkeypatch.setenv(TOKEN, "reader:geheim")
    try:
        with pytest.raises(StoreUnavailable) as refused:
            open_index(Remote("127.0.0.1", port, "name"))
    finally:
        listening.stop(0)
    assert ("authorization", base64.b64encode(b"reader:geheim").decode()) in listener.heard
    assert "geheim" not in str(refused.value)
    assert TOKEN in str(refused.value)


def test_a_server_that_is_not_there_is_told_at_once() -> None:
    with pytest.raises(StoreUnavailable, match=r"milvus://127\.0\.0\.1:1/name does not answer"):
        open_index(Remote("127.0.0.1", 1, "name"))
