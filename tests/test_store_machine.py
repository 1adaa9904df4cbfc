"""Add, change, delete, crash, reopen in any order: the index always equals a dictionary."""

from __future__ import annotations

import random
import shutil
import tempfile
from pathlib import Path

import pytest
from conftest import Figure
from faults import Writer, holds, leftovers, sentence, tiny_model, write
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from milvus_serving import Milvus

from index.check import check
from index.document import IndexUnwritable
from index.failpoints import PLACES, REMOTE_PLACES, armed
from index.remote import Location
from index.search import Index, open_index
from index.update import remove_documents, update_index

NAMES = st.sampled_from([f"{name}.txt" for name in "abcdef"])


class Store(RuleBasedStateMachine):
    """The index beside `texts`, which says what it must hold; `wanted` is the folder it is made from."""

    steps = 0
    places = PLACES

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp(prefix="youju-machine-"))
        self.folder = self.place / "papers"
        self.index = self._new_index()
        self.model = str(tiny_model(self.place / "model", dim=8))
        self.chance = random.Random(0)
        self.count = 0
        self.wanted: dict[str, str] = {}
        self.texts: dict[str, str] = {}
        self.reader: Index | None = None
        self.reader_texts: dict[str, str] = {}
        self._write("a.txt")
        self._update()

    def _new_index(self) -> Location:
        return self.place / "index"

    def _write(self, name: str) -> None:
        self.count += 1
        self.wanted[name] = sentence(self.chance, self.count)
        write(self.folder, {name: self.wanted[name]})

    def _update(self) -> None:
        update_index(self.index, [self.folder], model=self.model)
        self.texts = dict(self.wanted)

    @rule(name=NAMES)
    def add_or_change(self, name: str) -> None:
        self._write(name)
        self._update()

    @rule(name=NAMES)
    def write_without_indexing(self, name: str) -> None:
        self._write(name)

    @precondition(lambda self: len(self.wanted) > 1)
    @rule(data=st.data())
    def delete_file(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.wanted)))
        (self.folder / name).unlink()
        del self.wanted[name]
        self._update()

    @precondition(lambda self: self.texts)
    @rule(data=st.data())
    def remove(self, data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(self.texts)))
        remove_documents(self.index, [name])
        del self.texts[name]

    @rule(name=NAMES, data=st.data())
    def crash(self, name: str, data: st.DataObject) -> None:
        place = data.draw(st.sampled_from(self.places))
        self._write(name)
        writer = Writer(self.index, self.folder, model=self.model, plan=place)
        writer.begin()
        writer.wait()
        self._settle()

    @precondition(lambda self: self.places is PLACES)  # a server's disk is the server's
    @rule(name=NAMES, error=st.sampled_from(["ENOSPC", "EIO"]), step=st.integers(1, 30))
    def fail(self, name: str, error: str, step: int) -> None:
        self._write(name)
        try:
            with armed(f"{error}@{step}"):
                update_index(self.index, [self.folder], model=self.model)
        except IndexUnwritable:
            self._settle()
        else:
            self.texts = dict(self.wanted)

    def _settle(self) -> None:
        """After a fault the index is as before or as wanted, nothing in between."""
        found = holds(self.index)
        assert found in (self.texts, self.wanted)
        self.texts = found

    @rule()
    def reopen(self) -> None:
        if self.reader:
            self.reader.close()
        self.reader, self.reader_texts = open_index(self.index), dict(self.texts)

    @invariant()
    def the_index_equals_the_dictionary(self) -> None:
        Store.steps += 1
        assert holds(self.index) == self.texts
        assert check(self.index).ok

    @invariant()
    def what_is_deleted_is_not_found_and_what_is_there_is(self) -> None:
        with open_index(self.index) as opened:
            for name, text in self.texts.items():
                assert opened.search(text, k=1, system="words")[0].passage.doc == name
            for hit in opened.search("巡查记录", k=50):
                assert hit.passage.text in self.texts[hit.passage.doc]

    @invariant()
    def a_reader_keeps_what_it_opened(self) -> None:
        if self.reader:
            found = {card.id: self.reader.text(card.id) for card in self.reader.documents()}
            assert found == self.reader_texts

    def teardown(self) -> None:
        if self.reader:
            self.reader.close()
        update_index(self.index, [self.folder], model=self.model)
        if isinstance(self.index, Path):
            assert not leftovers(self.index)
        shutil.rmtree(self.place)


def _machine(milvus_server: Milvus) -> type[Store]:
    """The same machine over indexes on a server; its writer ends at other places."""

    class Remote(Store):
        places = REMOTE_PLACES

        def _new_index(self) -> Location:
            return milvus_server.index()

    return Remote


@pytest.mark.parametrize(
    ("kind", "runs", "steps"),
    [
        ("folder", 2, 8),
        pytest.param("folder", 120, 40, marks=pytest.mark.soak),
        pytest.param("milvus", 3, 8, marks=pytest.mark.soak),
    ],
)
def test_the_store_equals_a_dictionary(
    kind: str, runs: int, steps: int, figure: Figure, request: pytest.FixtureRequest
) -> None:
    machine = _machine(request.getfixturevalue("milvus_server")) if kind == "milvus" else Store
    Store.steps = 0
    bounds = settings(
        max_examples=runs,
        stateful_step_count=steps,
        deadline=None,
        database=None,
        derandomize=runs < 10,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(machine, settings=bounds)
    figure(
        f"add, change, delete, crash, fail, reopen ({kind})",
        f"{Store.steps} states, each equal to a dictionary",
        "equal",
    )
