"""Encoding in other processes: the same vectors, shards that outlive a kill, workers that fail."""

from __future__ import annotations

import multiprocessing
import os
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from faults import sentence, tiny_model, write

from index import failpoints
from index.encode import load_encoder
from index.search import open_index
from index.update import update_index
from index.workers import LocalPool, Spread, WorkerError, encode_shard, spread
from ui.cli import main

_spawned = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tiny_model(tmp_path_factory.mktemp("tiny") / "model"))


@pytest.fixture(scope="module")
def pool(model: str) -> Iterator[LocalPool]:
    opened = LocalPool(2, model, load_encoder(model).fingerprint)
    yield opened
    opened.close()


def _texts(count: int) -> list[str]:
    chance = random.Random(2)
    return [sentence(chance, number) for number in range(count)]


def test_vectors_are_those_of_the_encoder(model: str, pool: LocalPool, tmp_path: Path) -> None:
    encoder = load_encoder(model)
    spreading = Spread(encoder, pool, tmp_path / "shards", shard=16)
    texts = [*_texts(50), "", "……"]
    np.testing.assert_array_equal(spreading.encode(texts), encoder.encode(texts))
    assert (spreading.computed, spreading.reused) == (4, 0)
    again = Spread(encoder, pool, tmp_path / "shards", shard=16)
    kept = again.encode([*texts[:48], "别的"])
    assert (again.computed, again.reused) == (1, 3)
    np.testing.assert_array_equal(kept[:48].astype(np.float16), encoder.encode(texts[:48]).astype(np.float16))


def test_a_checkpoint_that_is_not_whole_is_made_again(model: str, pool: LocalPool, tmp_path: Path) -> None:
    encoder, texts = load_encoder(model), _texts(40)
    Spread(encoder, pool, tmp_path, shard=16).encode(texts)
    files = sorted(tmp_path.rglob("*.shard"))
    data = bytearray(files[0].read_bytes())
    data[40] ^= 1
    files[0].write_bytes(data)
    files[1].write_bytes(files[1].read_bytes()[:-2])
    again = Spread(encoder, pool, tmp_path, shard=16)
    found = again.encode(texts)
    assert (again.computed, again.reused) == (2, 1)
    np.testing.assert_array_equal(found.astype(np.float16), encoder.encode(texts).astype(np.float16))


def _index_killed(index: str, folder: str, model: str) -> None:
    """A build that ends as by `kill -9` when its third shard is kept."""
    from index import workers

    workers.Spread.__init__.__kwdefaults__["shard"] = 16
    with failpoints.armed("shard kept@3"):
        update_index(Path(index), [Path(folder)], model=model, workers="2")


def test_a_killed_build_goes_on_where_it_was(
    model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = random.Random(4)
    folder = write(tmp_path / "papers", {f"{n}.txt": sentence(chance, n) for n in range(80)})
    index, shards = tmp_path / "index", tmp_path / "index-shards"
    killed = _spawned.Process(target=_index_killed, args=(str(index), str(folder), model))
    killed.start()
    killed.join(120)
    assert killed.exitcode == -signal.SIGKILL
    assert len(list(shards.rglob("*.shard"))) == 3
    monkeypatch.setitem(Spread.__init__.__kwdefaults__, "shard", 16)
    made: list[Spread] = []
    whole = Spread.encode

    def noted(self: Spread, texts: list[str]) -> np.ndarray:
        made.append(self)
        return whole(self, texts)

    monkeypatch.setattr(Spread, "encode", noted)
    update_index(index, [folder], model=model, workers="2")
    assert (made[0].computed, made[0].reused) == (2, 3)
    assert not shards.exists()  # nothing is left once the index is committed
    update_index(tmp_path / "plain", [folder], model=model)
    with open_index(index) as spread_out, open_index(tmp_path / "plain") as plain:
        for question in ("巡查记录", "第12次"):
            found, wanted = (
                [(hit.passage.id, hit.score) for hit in one.search(question)] for one in (spread_out, plain)
            )
            assert found == wanted


def test_the_command(tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(tmp_path / "papers", {"a.txt": _texts(1)[0], "b.txt": _texts(2)[1]})
    arguments = ["index", str(folder), "--index", str(tmp_path / "index"), "--model", model, "--workers"]
    assert main([*arguments, "2"]) == 0
    assert "2 newly embedded" in capsys.readouterr().out
    for wrong in ("0", "many", "1000"):
        assert main([*arguments, wrong]) == 2
        assert "--workers" in capsys.readouterr().err


def test_a_worker_that_ends_is_told_of_and_its_finished_shards_stay(model: str, tmp_path: Path) -> None:
    encoder, texts = load_encoder(model), _texts(64)
    pool = LocalPool(1, model, encoder.fingerprint)
    try:
        Spread(encoder, pool, tmp_path, shard=16).encode(texts[:32])
        for process in list(pool._executor._processes.values()):
            os.kill(process.pid, signal.SIGKILL)
        with pytest.raises(WorkerError, match="run the same command again"):
            Spread(encoder, pool, tmp_path / "none", shard=16).encode(texts)
    finally:
        pool.close()
    assert len(list(tmp_path.rglob("*.shard"))) >= 2


def test_a_worker_with_another_model_is_refused(model: str) -> None:
    with pytest.raises(WorkerError, match="same version and model"):
        encode_shard(model, "0" * 16, ["字"])


def test_no_cluster_is_told_with_the_command(model: str, tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="ray is not installed")
    with (
        pytest.raises(WorkerError, match="ray start"),
        spread(load_encoder(model), "ray://127.0.0.1:1", model=model, folder=tmp_path),
    ):
        pass
