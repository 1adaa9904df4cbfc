"""The network that joins halves of sentences, and what is parted by it."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from conftest import Figure

from eval.manuscript import read_manuscripts
from index.characters import characters
from index.collocations import collocations
from index.document import ModelError
from index.encode import bundled
from index.joiner import SEEN, attraction, joiner, loaded
from index.seams import parted
from index.trigrams import NOTHING

ARTICLES = read_manuscripts(Path(__file__).parents[1] / "eval" / "press_articles" / "tuning")
CUTS = 8  # of a page


def pages(seed: int) -> Iterator[tuple[list[str], list[str]]]:
    """What stands before and behind places inside the sentences of two articles, far enough from each other."""
    draw = random.Random(seed)
    for _ in range(60):
        text = "".join(article.body.replace("\n", "") for article in draw.sample(ARTICLES, 2))
        inside = [at for at in range(20, len(text) - 20) if text[at - 1 : at + 1].isalpha()]
        places: list[int] = []
        for at in draw.sample(inside, len(inside)):
            if len(places) < CUTS and all(abs(at - other) >= 20 for other in places):
                places.append(at)
        yield [text[at - 20 : at] for at in places], [text[at : at + 20] for at in places]


def test_halves_are_found_better_than_by_two_characters(figure: Figure) -> None:
    """On articles that the network was not trained on."""
    model = joiner()
    right = known = total = 0
    for ends, beginnings in pages(1):
        sides = model.ends(ends), model.beginnings(beginnings)
        told = attraction(sides[0].symbols, sides[1].symbols).sum(axis=2)
        true = np.arange(len(ends))
        right += int((model.compared(*sides).argmax(axis=1) == true).sum())
        known += int((told.argmax(axis=1) == true).sum())
        total += len(ends)
    figure(
        "other halves found among eight",
        f"{right / total:.2f}, by two characters {known / total:.2f}",
        "more than 0.65",
    )
    assert total > 400
    assert right / total > 0.65
    assert total - right < 0.75 * (total - known)


def test_a_joint_is_parted_where_both_sides_go_on_elsewhere(figure: Figure) -> None:
    parts = kept = joints = pairs = 0
    for ends, beginnings in pages(2):
        joined = {0: 1} | {end: end for end in range(2, len(ends))}  # the first is wrong
        found = parted(ends, beginnings, joined)
        parts += 0 in found or 1 in found.values()
        pairs += found.get(0) == 0
        kept += sum(end not in found for end in range(2, len(ends)))
        joints += len(ends) - 2
    figure("wrong joints parted", f"{parts} of 60; right ones kept: {kept} of {joints}", "0.4, 0.98")
    assert parts > 0.4 * 60
    assert pairs > 0.3 * 60
    assert kept > 0.98 * joints
    assert parted([], [], {}) == parted(["水"], [], {}) == {}


def test_no_texts_have_no_scores() -> None:
    model = joiner()
    assert model.odds([], ["水。"]).shape == (0, 1)
    assert np.isfinite(model.odds([""], ["", "水。"])).all()


@pytest.mark.parametrize("name", ["joiner", "collocations"])
def test_a_damaged_network_is_an_error_with_its_cure(name: str, tmp_path: Path) -> None:
    folder = shutil.copytree(bundled("joiner"), tmp_path / "copy")
    path = folder / f"{name}.safetensors"
    path.write_bytes(b"no network")
    with pytest.raises(ModelError, match=f"{name}.*install youju again"):
        loaded(folder)
    path.unlink()
    with pytest.raises(ModelError, match=f"{name}.*missing.*install youju again"):
        loaded(folder)
    other = "collocations" if name == "joiner" else "joiner"
    shutil.copy(folder / f"{other}.safetensors", path)  # a file of another kind
    with pytest.raises(ModelError, match="install youju again"):
        loaded(folder)


def test_what_is_trained_is_what_is_read(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from train.joiner import Joiner, said, save

    torch.manual_seed(1)
    network, nothing = Joiner(len(characters().ones)), len(characters().ones)
    save(network, tmp_path)
    shutil.copy(bundled("joiner") / "collocations.safetensors", tmp_path)
    network.load_state_dict({name: weight.half().float() for name, weight in network.state_dict().items()})
    model = loaded(tmp_path)
    ends, beginnings = halves_of_a_page()
    read = model.odds(ends, beginnings)

    before, behind = symbols_of(ends, beginnings)
    known = said(before[None], behind[None], model.collocations)
    given = (np.where(side == NOTHING, nothing, side) for side in (before, behind))
    with torch.no_grad():
        left, right = (network.embed(torch.from_numpy(side)) for side in given)
        sides = network.left(left)[None], network.right(right)[None]
        trained = network(*sides, torch.from_numpy(known))[0].numpy()
    assert read == pytest.approx(trained, abs=1e-3)


def test_vectors_of_words_are_read_as_they_were_trained(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from safetensors.numpy import load_file

    from train.collocations import Both, numbered, save

    torch.manual_seed(1)
    grams, size = joiner().collocations.grams, len(characters().ones)
    network = Both(size)
    save(network, grams, tmp_path)
    read = collocations(load_file(tmp_path / "collocations.safetensors"), size)
    before, behind = symbols_of(*halves_of_a_page())
    found = read.ends(before) @ read.beginnings(behind).T
    with torch.no_grad():
        asked = numbered(grams, before[None], True), numbered(grams, behind[None], False)
        trained = network(*asked)[0].numpy()
    assert np.abs(found - trained).max() < 0.03 * np.abs(trained).max()  # they are kept as bytes
    assert (np.asarray(asked[0][1]) > 0).mean() > 0.3


def halves_of_a_page() -> tuple[list[str], list[str]]:
    """Texts before and behind places, some of them short."""
    ends, beginnings = next(pages(3))
    ends[0], beginnings[0], ends[1] = ends[0][-3:], beginnings[0][:2], ""
    return ends, beginnings


def symbols_of(ends: list[str], beginnings: list[str]) -> list[npt.NDArray[np.int64]]:
    """Their symbols as the networks read them, towards the joint."""
    rows = [characters().symbols(text)[-SEEN:] for text in ends]
    others = [characters().symbols(text)[:SEEN][::-1] for text in beginnings]
    return [np.array([[NOTHING] * (SEEN - len(row)) + list(row) for row in side]) for side in (rows, others)]
