"""Encoding on a Ray cluster of two nodes: the same vectors, and a node that is lost in the middle."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from faults import sentence, tiny_model, write

from index.encode import load_encoder
from index.search import open_index
from index.update import update_index
from index.workers import RayPool, Spread

pytest.importorskip("ray", reason="ray is not installed")
pytestmark = pytest.mark.soak
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Two nodes of one processor each, on this machine."""
    from ray.cluster_utils import Cluster

    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    memory = {"num_cpus": 1, "object_store_memory": 80 * 1024 * 1024}
    started = Cluster(initialize_head=True, head_node_args={**memory, "include_dashboard": False})
    try:
        started.add_node(**memory)
        started.wait_for_nodes()
        monkeypatch.setenv("RAY_ADDRESS", started.address)
        yield started
    finally:
        started.shutdown()


def test_two_nodes(cluster: Any, tmp_path: Path) -> None:
    model = str(tiny_model(tmp_path / "model"))
    encoder = load_encoder(model)
    texts = [sentence(random.Random(number), number) for number in range(200)]
    pool = RayPool("ray://auto", model, encoder.fingerprint)
    try:
        assert pool.size == 2
        spreading = Spread(encoder, pool, tmp_path / "shards", shard=16)
        np.testing.assert_array_equal(spreading.encode(texts[:100]), encoder.encode(texts[:100]))
        lost = cluster.worker_nodes
        cluster.remove_node(next(iter(lost)), allow_graceful=False)
        found, wanted = spreading.encode(texts), encoder.encode(texts)
        np.testing.assert_array_equal(found.astype(np.float16), wanted.astype(np.float16))
        assert spreading.reused > 0
    finally:
        pool.close()


def test_an_index_made_on_a_cluster_equals_one_made_here(cluster: Any, tmp_path: Path) -> None:
    model = str(tiny_model(tmp_path / "model"))
    folder = write(tmp_path / "papers", {f"{n}.txt": sentence(random.Random(n), n) for n in range(30)})
    update_index(tmp_path / "far", [folder], model=model, workers="ray://auto")
    update_index(tmp_path / "near", [folder], model=model)
    with open_index(tmp_path / "far") as far, open_index(tmp_path / "near") as near:
        found, wanted = ([(hit.passage.id, hit.score) for hit in one.search("巡查")] for one in (far, near))
        assert found == wanted
