"""Reader, manifest, question parser and replay take anything: an error of ours or a result, never a traceback.

Each runs for a few seconds, and for YOUJU_SOAK seconds in `make soak`.
"""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from bombs import docx, pdf
from conftest import Figure
from faults import sentence, soak_seconds, tiny_model, write
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from index.child import extract
from index.current import read_current
from index.document import IndexDamaged, IndexMismatch, IndexMissing, ReadError, Span
from index.manifest import Manifest, StoredFile
from index.read import read
from index.search import Index, open_index
from index.segment import segment
from index.update import update_index
from rag.answer import Turn
from rag.export import EvidenceError, evidence, replay
from rag.followup import rewrite
from rag.parts import subquestions
from rag.question import counted_term, understand
from ui.asking import QuestionError, check_question

QUICK = 3.0  # seconds of each in the short form
BOTH = [False, pytest.param(True, marks=pytest.mark.soak)]

_SCRIPT = "谁哪里什么时候多少几个为什么怎么和与还是吗呢的了在二〇一九年百分之三十万亿公里，。？！“”《》：；、（）[]{}〔〕—…·0123456789"
chinese = st.text(st.sampled_from(_SCRIPT + "县河校长说表示据记者本报讯"), max_size=300)
anything = st.text(max_size=300)
texts = st.one_of(chinese, anything, st.lists(st.one_of(chinese, anything), max_size=6).map("\n".join))
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)


def _fuzz(
    name: str, long: bool, figure: Figure, try_one: Callable[..., None], *kinds: Any, least: int = 10
) -> None:
    """Give `try_one` examples until the time is over, at least a few, with a new seed every hundred."""
    tried = 0
    seconds = soak_seconds(QUICK) if long else QUICK
    until = time.monotonic() + seconds

    @settings(max_examples=100, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.tuples(*kinds))
    def attempt(drawn: tuple[Any, ...]) -> None:
        nonlocal tried
        if tried < least or time.monotonic() < until:
            tried += 1
            try_one(*drawn)

    while tried < least or time.monotonic() < until:
        attempt()
    figure(
        f"fuzzing of {name}", f"{tried:,} examples in {seconds:.0f} s, no traceback", "600 s, no traceback"
    )


def _struck(data: bytes, blows: list[tuple[int, bytes]]) -> bytes:
    """Some bytes replaced, cut out or put in, anywhere."""
    for place, said in blows:
        at = place % (len(data) + 1)
        data = data[:at] + said + data[at + (place >> 20) % 7 :]
    return data


blows = st.lists(st.tuples(st.integers(0, 2**40), st.binary(max_size=8)), min_size=1, max_size=8)


@pytest.mark.parametrize("long", BOTH)
def test_reader(long: bool, tmp_path: Path, figure: Figure) -> None:
    def try_one(text: str, encoding: str, strikes: list[tuple[int, bytes]], suffix: str) -> None:
        path = tmp_path / f"2024-05-21_示例报_第2版{suffix}"
        data = text.encode(encoding, "ignore")
        path.write_bytes(_struck(data, strikes) if len(strikes) > 2 else data)
        try:
            document = read(path, tmp_path)
        except ReadError:
            return
        reading = segment(document)
        for passage in reading.passages:
            assert passage.text
            cited = "".join(document.text[span.start : span.end] for span in passage.spans)
            assert "".join(cited.split()) == "".join(passage.text.split())

    encodings = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "gb18030", "big5", "utf-32"])
    _fuzz("the reader", long, figure, try_one, texts, encodings, blows, st.sampled_from([".txt", ".md"]))


@pytest.mark.parametrize("long", BOTH)
def test_parsers_in_their_own_process(long: bool, figure: Figure) -> None:
    word = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
    page = f'<w:document xmlns:w="{word}"><w:body><w:p><w:r><w:t>一句话。</w:t></w:r></w:p></w:body></w:document>'
    whole = {
        "html": "<html><head><title>标题</title></head><body><p>一句话在这里。</p></body></html>".encode(),
        "docx": docx(page.encode()),
        "pdf": pdf(b"BT /F 12 Tf (a) Tj ET", filters=b"[]"),
    }

    def try_one(kind: str, strikes: list[tuple[int, bytes]]) -> None:
        with suppress(ReadError):
            extract(kind, _struck(whole[kind], strikes))

    _fuzz("html, docx and pdf", long, figure, try_one, st.sampled_from(sorted(whole)), blows, least=3)


@pytest.mark.parametrize("long", BOTH)
def test_manifest(long: bool, tmp_path: Path, figure: Figure) -> None:
    stored = (StoredFile("passages.sqlite", 4096, "0" * 64, 3),)
    whole = Manifest(2, "2026-01-01T00:00:00Z", 3, 1, 16, "", "a" * 16, "b" * 16, "3", stored)
    fields = json.loads(whole.dump())

    def try_one(key: str, value: Any, strikes: list[tuple[int, bytes]], entries: Any) -> None:
        changed = json.dumps({**fields, key: value}).encode()
        for data in (changed, _struck(whole.dump(), strikes), json.dumps(value).encode()):
            try:
                parsed = Manifest.parse(data)
            except (IndexDamaged, IndexMismatch):
                continue
            assert Manifest.parse(parsed.dump()) == parsed
        line = json.dumps(entries).encode()
        seal = hashlib.sha256(line).hexdigest().encode() + b"\n"
        (tmp_path / "CURRENT").write_bytes(line + b"\n" + seal)
        try:
            read_current(tmp_path)
            open_index(tmp_path)
        except (IndexDamaged, IndexMissing, IndexMismatch):
            return

    keys = st.sampled_from([*fields, "other"])
    names = st.sampled_from(["gen-000001", "../gen-000001", "/etc", "", "gen-000001/.."]) | values
    entry = st.fixed_dictionaries({"generation": names, "manifest_sha256": st.text(max_size=64) | values})
    _fuzz("the manifest", long, figure, try_one, keys, values, blows, st.lists(entry, max_size=3) | values)


@pytest.mark.parametrize("long", BOTH)
def test_question_parser(long: bool, figure: Figure) -> None:
    slowest = 0.0

    def try_one(question: str, before: list[tuple[str, str]]) -> None:
        nonlocal slowest
        started = time.process_time()
        try:
            plain, accepted = check_question(question), True
        except QuestionError:
            plain, accepted = question, False
        rewritten = rewrite(plain, [Turn(asked, said) for asked, said in before])
        assert rewritten or not accepted
        for text in (question, plain, rewritten):
            asked = understand(text)
            assert subquestions(asked) is not None
            counted_term(text)
        slowest = max(slowest, time.process_time() - started)

    longer = st.tuples(texts, st.integers(1, 40)).map(lambda pair: (pair[0] * pair[1])[:2000])
    turns = st.lists(st.tuples(texts, texts), max_size=3)
    understand("先读词典的人是谁？")
    _fuzz("the question parser", long, figure, try_one, texts | longer, turns)
    figure("slowest question of those", f"{slowest:.2f} s of processor", "linear; 2,000 characters at most")


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    place, chance = tmp_path_factory.mktemp("fuzz"), random.Random(6)
    folder = write(place / "papers", {f"{number}.txt": sentence(chance, number) for number in range(3)})
    update_index(place / "index", [folder], model=str(tiny_model(place / "model")))
    return open_index(place / "index")


@pytest.mark.parametrize("long", BOTH)
def test_replay(long: bool, index: Index, figure: Figure) -> None:
    from rag.answer import Answer, Citation, Claim, Verdict

    passage = index.passages[0]
    said = Citation(1, passage, 0, 5)
    claim = Claim(passage.text[:5], (1,), Verdict.VERBATIM)
    answer = Answer("问题", passage.text[:5], False, (claim,), (said,))
    whole = json.loads(json.dumps(evidence(answer, index)))
    assert replay(whole, index).ok
    assert said.spans == (Span(said.spans[0].start, said.spans[0].start + 5),)

    def try_one(key: str, inner: str, value: Any, spans: Any) -> None:
        quotation = {**whole["quotations"][0], inner: value}
        for told in (
            {**whole, key: value},
            {**whole, "quotations": [quotation]},
            {**whole, "quotations": [{**whole["quotations"][0], "spans": spans}]},
            value,
        ):
            with suppress(EvidenceError):
                assert replay(told, index).lines

    keys = st.sampled_from([*whole, "other"])
    inner = st.sampled_from([*whole["quotations"][0], "other"])
    places = st.lists(st.lists(st.integers() | st.floats() | st.text(max_size=4), max_size=3), max_size=3)
    _fuzz("replay", long, figure, try_one, keys, inner, values, places | values)
