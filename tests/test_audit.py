"""Fifty citations read by hand agree with what is computed of them."""

from __future__ import annotations

from pathlib import Path

from eval.audit import agreement, audited
from eval.coverage import judge
from eval.gold import load, shipped
from index.decode import decode

SEEDS = Path(__file__).resolve().parents[1] / "seeds"


def test_reader_and_computer_agree_on_the_citations() -> None:
    read = audited()
    texts = {path.name: decode(path.read_bytes())[0] for path in SEEDS.glob("*.txt")}
    wanted = {one.question for one in read}
    found = agreement(read, judge([item for item in load(shipped()) if item.id in wanted], texts), texts)
    assert found.count == 50
    assert found.holds == 1.0
    assert found.verbatim == 1.0
    assert found.agree >= 0.8
    assert found.kappa >= 0.6
    assert len(found.differ) == round((1 - found.agree) * found.count)
    open_ids = {item.id for item in load(shipped()) if item.split == "open"}
    assert wanted <= open_ids
