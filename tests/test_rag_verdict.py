"""Verdicts: what passes for supported, and what must not."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rag.answer import Verdict
from rag.letters import letters
from rag.verdict import Support, judge, matched

GRANARY = "5月20日，河湾县城东新粮库正式建成投用。粮库占地46亩，总仓容8.6万吨，可供全县居民食用七个月。"
FERRY = "渡口管理站站长韩秋生说，夜航停了整整三年，今年更换了两艘新能源渡船，每艘可载客120人、汽车18辆。"
MARKET = "不得以改造为由强制清退原有摊主。确需调整摊位的，应当提前三十日告知。"


def verdict(claim: str, *cited: str, others: tuple[str, ...] = ()) -> Verdict:
    return judge(claim, [Support(text) for text in cited], [Support(text) for text in others])


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("粮库占地46亩，总仓容8.6万吨", GRANARY),
        ("粮库占地４６亩,总仓容8.6万吨。", GRANARY),
        ("糧庫佔地46畝", "糧庫佔地46畝，"),
        ("夜航停了整整三年", FERRY),
    ],
)
def test_the_same_characters_are_verbatim(claim: str, source: str) -> None:
    assert verdict(claim, source) is Verdict.VERBATIM


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("新粮库占地46亩，总仓容为8.6万吨", GRANARY),
        ("韩秋生说，今年更换了两艘渡船，每艘可载客120人", FERRY),
        ("确需调整摊位的应提前三十日告知", MARKET),
    ],
)
def test_the_same_wording_with_small_changes_is_near(claim: str, source: str) -> None:
    assert verdict(claim, source) is Verdict.NEAR


@pytest.mark.parametrize(
    ("claim", "source"),
    [
        ("粮库占地64亩，总仓容8.6万吨", GRANARY),
        ("粮库占地46亩，总仓容8.6吨", GRANARY),
        ("5月21日，河湾县城东新粮库正式建成投用", GRANARY),
        ("5月20日，河湾县城西新粮库正式建成投用", GRANARY),
        ("夜航停了整整四年", FERRY),
        ("每艘可载客18人、汽车120辆", FERRY),
        ("可以以改造为由强制清退原有摊主", MARKET),
        ("得以改造为由强制清退原有摊主", MARKET),
        ("粮库是全省最大的粮库", GRANARY),
        ("", GRANARY),
        ("好的，没问题。", GRANARY),
    ],
)
def test_a_changed_number_date_name_or_negation_is_absent(claim: str, source: str) -> None:
    assert verdict(claim, source) is Verdict.ABSENT


def test_clauses_from_two_sources_are_stitched() -> None:
    assert verdict("粮库占地46亩，夜航停了整整三年", GRANARY, FERRY) is Verdict.STITCHED


def test_a_number_of_one_source_cannot_lend_itself_to_another() -> None:
    assert verdict("粮库占地120亩，夜航停了整整三年", GRANARY, FERRY) is Verdict.ABSENT


def test_right_words_under_a_wrong_source_are_misattributed() -> None:
    assert verdict("粮库占地46亩", FERRY, others=(GRANARY,)) is Verdict.MISATTRIBUTED


def test_right_words_in_a_wrong_mouth_are_misattributed() -> None:
    claim = "，夜航停了整整三年，今年更换了两艘新能源渡船"
    assert verdict("周守成表示" + claim, FERRY) is Verdict.MISATTRIBUTED
    assert verdict("渡口管理站站长韩春生说" + claim, FERRY) is Verdict.MISATTRIBUTED


def test_the_speaker_in_force_supports_an_attribution() -> None:
    said = Support("夜航停了整整三年，今年更换了两艘新能源渡船", speaker="渡口管理站站长韩秋生")
    assert judge("韩秋生说，夜航停了整整三年，今年更换了两艘新能源渡船", [said]) in (
        Verdict.NEAR,
        Verdict.VERBATIM,
    )


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_stretch_of_a_source_is_verbatim_and_found_where_it_stands(data: st.DataObject) -> None:
    source = GRANARY + FERRY + MARKET
    start = data.draw(st.integers(0, len(source) - 12))
    end = data.draw(st.integers(start + 10, min(len(source), start + 80)))
    claim = source[start:end]
    found = matched(claim, source)
    assert found is not None
    assert letters(source[slice(*found)]).text == letters(claim).text


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_changed_digit_survives(data: st.DataObject) -> None:
    places = [place for place, character in enumerate(GRANARY) if character.isdigit() and character.isascii()]
    place = data.draw(st.sampled_from(places))
    other = data.draw(st.sampled_from([digit for digit in "0123456789" if digit != GRANARY[place]]))
    changed = GRANARY[:place] + other + GRANARY[place + 1 :]
    for sentence in (part for part in changed.split("。") if part):
        if sentence not in GRANARY:
            assert verdict(sentence, GRANARY) is Verdict.ABSENT
