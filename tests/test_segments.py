"""Segments: what was added, changed and removed bit by bit scores as if it had been built at once."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from faults import sentence, tiny_model, write
from hypothesis import given, settings
from hypothesis import strategies as st

from index import carry, dense, lexical, postings, segments, stamps, store
from index.current import read_current
from index.encode import unit
from index.fold import character, fold
from index.foldmany import fold_many
from index.lexical import Lexical
from index.manifest import verify
from index.records import Records
from index.search import Index, open_index
from index.segments import Range
from index.termkeys import key_of, keys_of
from index.tokens import terms
from index.update import remove_documents, update_index

QUESTIONS = ["巡查员在本上签名", "河道 巡查", "第3次记录", "图书馆有多少册书", ""]
AWKWARD = st.text(st.sampled_from("长江東 发　\n​ａ1.２é粒α㎡①½-「」。·\ud800𠀀〇Ⅳﷺ"), max_size=30)


@given(st.lists(AWKWARD | st.text(max_size=20), max_size=6))
def test_many_texts_are_folded_and_cut_as_one_by_one(texts: list[str]) -> None:
    assert fold_many(texts) == [fold(text)[0] for text in texts]
    keys, places = keys_of(texts)
    for place, text in enumerate(texts):
        assert sorted(keys[places == place].tolist()) == sorted(map(key_of, terms(text)))


def test_what_a_character_becomes_is_not_changed_again() -> None:
    for point in [*range(0x3100), *range(0xF900, 0xFFFF)]:
        assert all(character(letter) == letter for letter in character(chr(point)))


def _parts(texts: Sequence[str], cuts: Sequence[int]) -> list[postings.Block]:
    bounds = [0, *sorted(cuts), len(texts)]
    return [postings.count(texts[start:end]) for start, end in itertools.pairwise(bounds) if end > start]


def _texts(seed: int, count: int) -> list[str]:
    chance = random.Random(seed)
    return [sentence(chance, number) for number in range(count)]


@settings(deadline=None, max_examples=30)
@given(st.integers(0, 10**6), st.integers(1, 60), st.lists(st.integers(0, 60), max_size=4), st.floats(0, 0.9))
def test_scores_of_parts_with_deletions_equal_a_full_rebuild(
    seed: int, count: int, cuts: list[int], gone: float
) -> None:
    texts = _texts(seed, count)
    chance = np.random.default_rng(seed)
    alive = np.flatnonzero(chance.random(count) >= gone)
    blocks = _parts(texts, [min(cut, count) for cut in cuts])
    firsts = np.cumsum([0, *(block.size for block in blocks)])[:-1].tolist()
    gones = [
        segments.deletions(
            segments.Segment(first, block, None), alive, lambda rows: [texts[row] for row in rows]
        )
        for first, block in zip(firsts, blocks, strict=True)
    ]
    patched = Lexical(blocks, deleted=gones, firsts=firsts)
    rebuilt = lexical.build([texts[row] for row in alive])
    assert patched.rows == rebuilt.rows == len(alive)
    for question in [*QUESTIONS, texts[0]]:
        np.testing.assert_allclose(
            patched.scores(question)[alive], rebuilt.scores(question), rtol=1e-6, atol=1e-6
        )
        assert patched.ceiling(question) == pytest.approx(rebuilt.ceiling(question), rel=1e-9)
        _same_best(patched, rebuilt, alive, question)
        looked_up = Lexical(blocks, deleted=gones, firsts=firsts, large=0)
        np.testing.assert_array_equal(looked_up.scores(question), patched.scores(question))
        _same_best(looked_up, rebuilt, alive, question)


def _same_best(patched: Lexical, rebuilt: Lexical, alive: npt.NDArray[np.int64], question: str) -> None:
    everything = patched.scores(question)
    for k in (1, 5, 100):
        rows, scores = patched.asked(question).best(k)
        others, expected = rebuilt.asked(question).best(k)
        np.testing.assert_array_equal(rows, alive[others])
        np.testing.assert_allclose(scores, expected, rtol=1e-6)
        assert (np.sort(everything)[::-1][: len(rows)] == scores).all()
        np.testing.assert_array_equal(patched.asked(question).scores_of(rows[::-1]), scores[::-1])


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(0, 40))
def test_merged_blocks_hold_what_they_held(seed: int, count: int, cut: int) -> None:
    texts = _texts(seed, count)
    blocks = _parts(texts, [min(cut, count)])
    kept = np.random.default_rng(seed).random(count) < 0.7
    places = np.where(kept, np.cumsum(kept) - 1, -1)
    starts = np.cumsum([0, *(block.size for block in blocks)])
    moved = [places[start:end] for start, end in itertools.pairwise(starts)]
    merged = postings.merge(blocks, moved, int(kept.sum()))
    whole = postings.count([text for text, keep in zip(texts, kept, strict=True) if keep])
    for name in ("keys", "starts", "rows", "counts", "lengths"):
        np.testing.assert_array_equal(getattr(merged, name), getattr(whole, name))


def test_a_filter_of_few_rows_scores_as_a_filter_of_many() -> None:
    texts = _texts(5, 3000)
    words = lexical.build(texts)
    everything = words.scores(texts[7])
    for share in (0.01, 0.9):
        allowed = np.random.default_rng(1).random(3000) < share
        rows, scores = words.asked(texts[7]).best(20, allowed)
        assert allowed[rows].all()
        np.testing.assert_allclose(scores, np.sort(everything[allowed])[::-1][:20], rtol=1e-6)


@given(st.lists(st.tuples(st.integers(1, 70_000), st.integers(0, 70_000)), max_size=12))
def test_ranges_tile_the_rows_and_few_are_left(steps: list[tuple[int, int]]) -> None:
    ranges: list[Range] = []
    end = 0
    for new, gone in steps:
        if ranges and gone < ranges[0].alive:
            ranges[0] = Range(ranges[0].first, ranges[0].end, ranges[0].alive - gone)
        made = segments.arrange(ranges, end, end + new)
        end += new
        assert made[-1].end == end
        assert all(one.end == other.first for one, other in itertools.pairwise(made))
        assert all(one.end - one.first <= postings.MOST for one in made)
        ranges = [
            Range(one.first, one.end, one.end - one.first if one.alive < 0 else one.alive) for one in made
        ]
    assert len(ranges) <= 2 * (end // postings.MOST + 1) + 17


def _clustered(chance: np.random.Generator, count: int) -> tuple[dense.Vectors, dense.Vectors]:
    """Unit vectors around some centres, and others near to some of them."""
    centres = chance.standard_normal((60, 32))
    vectors = centres[chance.integers(0, 60, count)] + chance.standard_normal((count, 32))
    near = vectors[:: count // 200] + 0.2 * chance.standard_normal((200, 32))
    return unit(vectors.astype("f4")), unit(near.astype("f4"))


def test_codes_find_what_exact_search_finds(tmp_path: Path) -> None:
    vectors, queries = _clustered(np.random.default_rng(2), 40_000)
    exact = dense.build(vectors)
    engines = [
        dense.load(dense.save(dense.coded(vectors[first : first + 20_000]), tmp_path / str(first)))
        for first in (0, 20_000)
    ]
    coded = dense.Dense([dense.Part(one, 20_000 * place) for place, one in enumerate(engines)], 32)
    assert exact.exact
    assert not coded.exact
    found, truth = (np.array([one.search(query, 10)[1] for query in queries]) for one in (coded, exact))
    assert dense.recall(found, truth) >= 0.97
    # The codes alone do not: what they find has to be compared.
    alone = engines[0].base_index.search(queries, 10)[1]
    nearest = np.sort(queries @ vectors[:20_000].T)[:, -10:]
    assert dense.recall(np.einsum("qd,qkd->qk", queries, vectors[alone]), nearest[:, ::-1]) < 0.97
    rows = np.arange(0, 40_000, 777)
    np.testing.assert_array_equal(coded.rows_of(rows), exact.rows_of(rows))
    allowed = np.random.default_rng(3).random(40_000) < 0.01  # a filter makes it exact
    np.testing.assert_array_equal(
        coded.search(queries[0], 10, allowed)[0], exact.search(queries[0], 10, allowed)[0]
    )


def test_codes_find_what_is_left_where_most_of_the_nearest_are_gone() -> None:
    vectors, queries = _clustered(np.random.default_rng(4), 20_000)
    query = queries[0]
    alive = np.ones(20_000, np.bool_)
    alive[np.argsort(-vectors @ query)[:1000]] = False
    exact, coded = (
        dense.Dense([dense.Part(engine, 0, alive)], 32)
        for engine in (dense.flat(vectors), dense.coded(vectors))
    )
    np.testing.assert_array_equal(coded.search(query, 10)[0], exact.search(query, 10)[0])
    other = coded.search(queries[100], 50)[0]
    assert len(other) == 50
    assert alive[other].all()


def test_lists_of_an_earlier_version_are_searched_whole(tmp_path: Path) -> None:
    import faiss

    vectors, queries = _clustered(np.random.default_rng(5), 5_000)
    centres = faiss.IndexFlatIP(32)
    kind = faiss.ScalarQuantizer.QT_fp16
    lists = faiss.IndexIVFScalarQuantizer(centres, 32, 20, kind, faiss.METRIC_INNER_PRODUCT, False)
    lists.train(vectors)
    lists.add(vectors)
    lists.nprobe = 2
    old = dense.Dense([dense.Part(dense.load(dense.save(lists, tmp_path / "lists")), 0)], 32)
    exact = dense.build(vectors)
    for query in queries[:20]:
        np.testing.assert_allclose(old.search(query, 10)[1], exact.search(query, 10)[1], atol=1e-5)
    np.testing.assert_array_equal(old.rows_of(np.arange(50)), exact.rows_of(np.arange(50)))


@pytest.fixture
def model(tmp_path: Path) -> str:
    return str(tiny_model(tmp_path / "model"))


def _answers(index: Index) -> list[tuple[str, float, float]]:
    return [
        (hit.passage.id, hit.words, hit.vectors)
        for question in QUESTIONS[:3]
        for hit in sorted(index.search(question, k=8), key=lambda hit: (-hit.words, hit.passage.id))
    ]


def test_an_archive_that_outgrows_exact_search_gets_codes(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dense, "EXACT", 60)
    monkeypatch.setattr(dense, "LEAST", 16)
    monkeypatch.setattr(segments, "_SMALL", 0)  # carry the first segment over although it is small
    monkeypatch.setattr(segments, "_AT_ONCE", 0)
    chance = random.Random(5)
    folder = write(tmp_path / "papers", {f"{n:02}.txt": sentence(chance, n) for n in range(40)})
    update_index(tmp_path / "index", [folder], model=model)
    few = _coded(tmp_path / "index")
    write(folder, {f"{n:02}.txt": sentence(chance, n) for n in range(40, 75)})
    update_index(tmp_path / "index", [folder], model=model)
    assert few == [False]
    assert len(_coded(tmp_path / "index")) > 1
    assert all(_coded(tmp_path / "index"))
    with open_index(tmp_path / "index") as index:
        assert len(index.search(QUESTIONS[0], k=8, system="vectors")) == 8


def _coded(index: Path) -> list[bool]:
    """Whether the segments of the newest generation have codes."""
    newest = max(index.glob("gen-*"))
    return [dense.is_coded(dense.load(file)) for file in sorted(newest.glob("vectors-*"))]


def test_an_index_that_grew_answers_as_one_built_at_once(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(segments, "_SMALL", 0)  # keep gaps although the archive is small
    chance = random.Random(4)
    folder = write(tmp_path / "papers", {f"{n:02}.txt": sentence(chance, n) for n in range(20)})
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    update_index(grown, [folder], model=model)
    gaps = 0
    for step in range(8):
        write(
            folder, {f"{30 + step}.txt": sentence(chance, 30 + step), "03.txt": sentence(chance, 50 + step)}
        )
        (folder / f"{10 + step}.txt").unlink()
        update_index(grown, [folder], model=model)
        with open_index(grown, model=model) as index:
            gaps += len(index.passages) != index.passages.numbers()[-1] + 1
            assert [passage.id for passage in index.passages] == [
                index.passages[place].id for place in range(len(index.passages))
            ]
            assert len(set(index.counts())) == 1
    remove_documents(grown, ["03.txt"])
    (folder / "03.txt").unlink()
    update_index(fresh, [folder], model=model)
    with open_index(grown, model=model) as one, open_index(fresh, model=model) as other:
        assert gaps
        grew, built = _answers(one), _answers(other)
        assert [line[0] for line in grew] == [line[0] for line in built]
        np.testing.assert_allclose([line[1:] for line in grew], [line[1:] for line in built], atol=1e-6)


@pytest.mark.parametrize("changed", [["a"], ["b"], ["c"], ["b", "c"], ["a", "b", "c"]])
def test_rows_numbered_anew_are_not_taken_for_those_before(
    changed: list[str], tmp_path: Path, model: str
) -> None:
    chance = random.Random(2)
    folder = write(tmp_path / "papers", {f"{name}.txt": sentence(chance, 1) for name in "abc"})
    grown, fresh = tmp_path / "grown", tmp_path / "fresh"
    update_index(grown, [folder], model=model)
    texts = {f"{name}.txt": sentence(chance, 2) for name in changed}
    update_index(grown, [write(folder, texts)], model=model)
    update_index(fresh, [folder], model=model)
    with open_index(grown, model=model) as one, open_index(fresh, model=model) as other:
        for text in texts.values():
            assert one.search(text, k=1, system="words")[0].passage.text == text
            for system in ("words", "vectors"):
                grew, built = (
                    {h.passage.id: h.score for h in index.search(text, system=system)}
                    for index in (one, other)
                )
                assert grew == pytest.approx(built, abs=1e-6)


def test_an_update_keeps_what_it_does_not_change(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(carry, "LINKED", 0)
    chance = random.Random(4)
    folder = write(tmp_path / "papers", {f"{n:02}.txt": sentence(chance, n) for n in range(20)})
    index = tmp_path / "index"
    update_index(index, [folder], model=model)
    before = index / read_current(index)[0].generation / segments.words_name(0)
    write(folder, {"90.txt": sentence(chance, 90)})
    update_index(index, [folder], model=model)
    after = index / read_current(index)[0].generation
    assert (after / segments.words_name(0)).samefile(before)
    assert (after / segments.words_name(20)).is_file()
    assert not verify(after, store.open_generation(index).manifest)


def test_finished_documents_are_not_read_again_after_a_kill(tmp_path: Path, model: str) -> None:
    from faults import Writer as Killed

    chance = random.Random(4)
    folder = write(tmp_path / "papers", {f"{n:02}.txt": sentence(chance, n) for n in range(6)})
    index = tmp_path / "index"
    killed = Killed(index, folder, model=model, plan="records written")
    killed.begin()
    assert killed.wait() == ""
    (staged,) = index.glob("*.tmp")
    held = Records(staged / "passages.sqlite")
    added = {card.id: card.added for card in held.documents()}
    held.close()
    assert len(added) == 6
    (folder / "02.txt").unlink()
    write(folder, {"01.txt": sentence(chance, 77)})
    summary = update_index(index, [folder], model=model)
    assert {verdict.doc: verdict.status.value for verdict in summary.verdicts} == {
        "00.txt": "added", "01.txt": "added", "02.txt": "removed", "03.txt": "added", "04.txt": "added", "05.txt": "added",
    }  # fmt: skip
    with open_index(index, model=model) as opened:
        assert [card.id for card in opened.documents()] == ["00.txt", "01.txt", "03.txt", "04.txt", "05.txt"]
        assert len(set(opened.counts())) == 1
    assert not list(index.glob("*.tmp"))


def test_the_work_of_other_sources_is_not_gone_on_with(tmp_path: Path, model: str) -> None:
    from faults import Writer as Killed

    index = tmp_path / "index"
    one = write(tmp_path / "one", {"1.txt": "甲地修了一座桥。"})
    other = write(tmp_path / "other", {"2.txt": "乙地种了三千棵树。"})
    killed = Killed(index, one, model=model, plan="records written")
    killed.begin()
    assert killed.wait() == ""
    summary = update_index(index, [other], model=model)
    assert [verdict.doc for verdict in summary.verdicts] == ["2.txt"]
    assert not list(index.glob("*.tmp"))


def test_a_large_file_is_verified_once_and_again_when_it_was_touched(
    tmp_path: Path, model: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stamps, "LARGE", 0)
    folder = write(tmp_path / "papers", {"1.txt": "甲地修了一座桥。"})
    index = tmp_path / "index"
    update_index(index, [folder], model=model)
    hashed: list[str] = []
    from index import manifest

    plain = manifest.digest

    def digest(path: Path) -> str:
        hashed.append(path.name)
        return plain(path)

    monkeypatch.setattr(manifest, "digest", digest)
    open_index(index, model=model).close()
    assert "passages.sqlite" not in hashed
    file = index / read_current(index)[0].generation / "passages.sqlite"
    times = file.stat()
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    import os

    os.utime(file, ns=(times.st_atime_ns, times.st_mtime_ns))  # its time of change cannot be set back
    with pytest.raises(store.IndexDamaged):
        open_index(index, model=model)
    assert "passages.sqlite" in hashed


def test_stamps_that_are_damaged_count_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stamps, "LARGE", 0)
    file = tmp_path / "file"
    file.write_bytes(b"content")
    held = stamps.Stamps(tmp_path)
    held.note(file, "aa")
    held.save()
    assert stamps.Stamps(tmp_path).holds(file, "aa")
    assert not stamps.Stamps(tmp_path).holds(file, "bb")
    data = bytearray((tmp_path / stamps.NAME).read_bytes())
    data[5] ^= 1
    (tmp_path / stamps.NAME).write_bytes(data)
    assert not stamps.Stamps(tmp_path).holds(file, "aa")
