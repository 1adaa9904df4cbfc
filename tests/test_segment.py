"""A page into passages: nothing lost, nothing twice, everything locatable."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from conftest import Figure
from hypothesis import given, settings
from hypothesis import strategies as st

from index.document import Document, Reading, Span
from index.located import Located
from index.passages import pack
from index.read import find, read
from index.segment import segment

SEEDS = find([Path(__file__).parent.parent / "seeds"])
_PIECES = st.sampled_from(
    [
        *"山水长江记者，。！？“”《》、：；■# *_\n\r\t ­\u200b\u200f\u202e\x07\x0b\x1f 0123abc.-()（）",
        *["\n\n", "\r\n", "\n# ", "本报讯 ", "新华社北京5月3日电 ", "（上接第一版）"],
        *["昨天，县长表示，要把路修好。", "全国 . 倍"],
    ]
)
ANY_TEXT = st.one_of(
    st.text(min_size=1, max_size=400), st.lists(_PIECES, min_size=1, max_size=200).map("".join)
)


def document(text: str) -> Document:
    return Document(id="甲.txt", text=text, sha256="0" * 64, size=len(text))


def check_conservation(reading: Reading) -> None:
    text = reading.document.text
    seen = [0] * len(text)
    for passage in reading.passages:
        original = "".join(text[span.start : span.end] for span in passage.spans)
        assert len(original) == len(passage.text)
        for shown, stood in zip(passage.text, original, strict=True):
            assert shown == stood or (shown.isspace() and stood.isspace())
        for span in passage.spans:
            for place in range(span.start, span.end):
                seen[place] += 1
    for drop in reading.dropped:
        assert drop.reason
        for place in range(drop.span.start, drop.span.end):
            seen[place] += 1
    wrong = [
        place for place, count in enumerate(seen) if count != 1 and not (text[place].isspace() and count == 0)
    ]
    assert not wrong, f"characters {wrong[:5]} are in {[seen[place] for place in wrong[:5]]} places"
    assert len({passage.id for passage in reading.passages}) == len(reading.passages)
    assert {passage.article for passage in reading.passages} <= {article.id for article in reading.articles}


@pytest.mark.parametrize(("root", "path"), SEEDS, ids=[path.name for _, path in SEEDS])
def test_the_five_pages_are_conserved(root: Path, path: Path) -> None:
    reading = segment(read(path, root))
    check_conservation(reading)
    assert segment(read(path, root)) == reading


@settings(max_examples=300, deadline=None)
@given(ANY_TEXT)
def test_any_text_is_conserved(text: str) -> None:
    check_conservation(segment(document(text)))


def test_one_sentence_is_an_archive() -> None:
    reading = segment(document("县里修好了公路。"))
    assert [passage.text for passage in reading.passages] == ["县里修好了公路。"]


def test_wrapped_lines_are_joined_without_a_space() -> None:
    text = "春天里县里修好了通往山村的公路，村民说以后卖茶叶方便多了，这条路一共修了三年，今年终于通到了每一户人家的门口，大家都很高兴，也都盼着明年再修一座桥。"
    wrapped = "\n\n".join(text[start : start + 14] for start in range(0, len(text), 14))
    (passage,) = segment(document(wrapped)).passages
    assert passage.text == text


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5)), max_size=6),
    st.lists(st.integers(0, 30), max_size=5),
)
def test_tiles_are_the_slices_between_their_ends(steps: list[tuple[int, int]], ends: list[int]) -> None:
    spans: list[Span] = []
    at = 0
    for gap, length in steps:
        spans.append(Span(at + gap, at + gap + length))
        at += gap + length
    size = sum(length for _, length in steps)
    whole = Located("".join(chr(0x4E00 + number) for number in range(size)), tuple(spans))
    ends = [*sorted(min(end, size) for end in ends), size]
    starts = [0, *ends[:-1]]
    assert list(whole.tiles(ends)) == [
        whole.slice(start, end) for start, end in zip(starts, ends, strict=True)
    ]


@pytest.mark.parametrize("width", [0, 23])
def test_a_paragraph_takes_time_in_proportion_to_its_length(width: int, figure: Figure) -> None:
    """One endless line, and a paragraph of thousands of lines; processor time, the best of three."""

    def seconds(sentences: int) -> float:
        text = "".join(f"第{number}次巡查，巡查员走完全程，在本上签了名。" for number in range(sentences))
        step = width or len(text)
        spans = tuple(Span(at, min(at + step, len(text))) for at in range(0, len(text), step))
        times = []
        for _ in range(3):
            started = time.process_time()
            assert len(pack(text, [Located(text, spans)])) > sentences / 12
            times.append(time.process_time() - started)
        return min(times)

    small, large = seconds(1_000), seconds(8_000)
    told = "lines of 23 characters" if width else "one line"
    figure(f"8 times the text in {told}", f"{large / small:.1f} times as long ({large:.2f} s)", "8, never 64")
    assert large < 24 * small
