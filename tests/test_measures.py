"""Measures against numbers worked out by hand, and against ir_measures on random runs."""

from __future__ import annotations

import math

import ir_measures
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ir_measures import RR, P, R, Success, nDCG

from eval.coverage import NOWHERE, grades, judge, offsets, within
from eval.gold import Evidence, GoldError, Question
from eval.measures import MAIN, MeasureError, Scores, graded, in_order, mean, qrels_of
from eval.measures import of_run as of_run_with
from eval.runs import Result, Retrieved, Run
from eval.significance import auroc, interval, paired
from index.document import Span

TEXT = "零一二三四五六七八九甲乙丙丁戊己庚辛壬癸" + "空" * 3000
TEXTS = {"a": TEXT, "b": "抄本：甲乙丙丁戊己庚辛壬癸"}


def passage(id_: str, start: int, end: int, doc: str = "a") -> Retrieved:
    return Retrieved(id_, doc, (Span(start, end),), 0.0)


def question(*evidence: Evidence, all_of: bool = False, id_: str = "q") -> Question:
    return Question(id_, "fact", "问？", evidence, all_of=all_of, answer="甲")


def of_run(judgements, run: Run, pool) -> Scores:  # type: ignore[no-untyped-def]
    return of_run_with(judgements, run, qrels_of(judgements, pool))


def judged(*evidence: Evidence, all_of: bool = False):  # type: ignore[no-untyped-def]
    return judge([question(*evidence, all_of=all_of)], TEXTS)[0]


DIGITS = Evidence("a", "零一二三四五六七八九")
STEMS = Evidence("a", "甲乙丙丁戊己庚辛壬癸", 2)


def test_a_quotation_is_found_at_eighty_per_cent() -> None:
    judgement = judged(DIGITS)
    assert judgement.hit([passage("p", 0, 8)])
    assert not judgement.hit([passage("p", 0, 7)])
    assert not judgement.hit([passage("p", 0, 8, doc="b")])


def test_passages_add_up_and_overlap_counts_once() -> None:
    judgement = judged(DIGITS)
    assert judgement.hit([passage("p", 0, 4), passage("q", 4, 8)])
    assert not judgement.hit([passage("p", 0, 5), passage("q", 1, 6), passage("r", 0, 7)])


def test_a_passage_of_several_spans_is_judged_by_all_of_them() -> None:
    split = Retrieved("p", "a", (Span(0, 4), Span(6, 10)), 0.0)
    assert judged(DIGITS).hit([split])


def test_any_group_is_enough_unless_all_are_needed() -> None:
    only_first = [passage("p", 0, 10)]
    assert judged(DIGITS, STEMS).hit(only_first)
    both = judged(DIGITS, STEMS, all_of=True)
    assert not both.hit(only_first)
    assert both.share(only_first) == 0.5
    assert both.hit([*only_first, passage("q", 10, 20)])


def test_alternatives_of_a_group_are_worth_the_same() -> None:
    other = Evidence("b", "甲乙丙丁戊己庚辛壬癸", 2)
    both = judged(DIGITS, STEMS, other, all_of=True)
    assert both.hit([passage("p", 0, 10), passage("q", 3, 13, doc="b")])


def test_white_space_inside_a_quotation_does_not_count() -> None:
    texts = {"a": "零一\n\n\n\n\n\n二三"}
    judgement = judge([question(Evidence("a", "零一二三"))], texts)[0]
    assert judgement.hit([Retrieved("p", "a", (Span(0, 2), Span(8, 10)), 0.0)])
    assert offsets([Span(0, 10)], texts["a"]) == {0, 1, 8, 9}


def test_evidence_that_is_not_there_is_an_error() -> None:
    with pytest.raises(GoldError, match="needs document 'z'"):
        judged(Evidence("z", "零一"))
    with pytest.raises(GoldError, match="does not hold"):
        judged(Evidence("a", "子丑"))


def test_grades_are_two_for_the_whole_and_one_for_a_third() -> None:
    passages = [passage("whole", 0, 8), passage("part", 0, 4), passage("bit", 0, 3), passage("no", 20, 30)]
    assert grades(judged(DIGITS), passages) == {"whole": 2, "part": 1}
    assert grades(judged(DIGITS), [passage("no", 20, 30)]) == {NOWHERE: 2}


def test_the_budget_cuts_the_passage_that_crosses_it() -> None:
    ranking = [passage("p", 20, 1020), passage("q", 1020, 2010), passage("r", 0, 20)]
    cut = within(ranking, 2000)
    assert [item.length for item in cut] == [1000, 990, 10]
    assert cut[2].spans == (Span(0, 10),)
    assert within(ranking, 1000) == ranking[:1]


def test_returning_the_whole_document_wins_nothing() -> None:
    texts = {"a": "首" * 2500 + "甲乙丙丁"}
    judgement = judge([question(Evidence("a", "甲乙丙丁"))], texts)[0]
    whole = Run("whole", {"q": Result((Retrieved("all", "a", (Span(0, 2504),), 1.0),))})
    scores = of_run([judgement], whole, whole.of("q").ranking)
    assert scores["hit@1"] == {"q": 1.0}
    assert scores["hit@2000c"] == {"q": 0.0}


def test_a_run_scored_by_hand() -> None:
    pool = [passage("whole", 0, 8), passage("part", 0, 4), passage("no", 100, 120)]
    judgement = judged(DIGITS)
    run = Run("r", {"q": Result((pool[2], pool[1], pool[0]))})
    scores = of_run([judgement], run, pool)
    assert set(scores) == set(MAIN)
    gained = 1 / math.log2(3) + 2 / math.log2(4)
    ideal = 2 / math.log2(2) + 1 / math.log2(3)
    assert scores["nDCG@10"]["q"] == pytest.approx(gained / ideal)
    assert scores["MRR"]["q"] == pytest.approx(0.5)
    assert scores["R@10"]["q"] == 1.0
    assert scores["P@5"]["q"] == pytest.approx(2 / 5)
    assert scores["Success@10"]["q"] == 1.0
    assert (scores["hit@1"]["q"], scores["hit@5"]["q"], scores["hit@10"]["q"]) == (0.0, 1.0, 1.0)


def test_a_missed_question_scores_zero_and_stays_in_the_mean() -> None:
    questions = [question(DIGITS, id_="here"), question(DIGITS, id_="missed")]
    judgements = judge(questions, TEXTS)
    pool = [passage("p", 0, 10)]
    scores = of_run(judgements, Run("r", {"here": Result(tuple(pool))}), pool)
    for measure in MAIN:
        assert scores[measure]["missed"] == 0.0
        assert set(scores[measure]) == {"here", "missed"}
    assert mean(scores["hit@1"]) == 0.5


def test_evidence_that_no_passage_holds_scores_zero_not_nothing() -> None:
    pool = [passage("p", 100, 200)]
    scores = of_run([judged(DIGITS)], Run("r", {"q": Result(tuple(pool))}), pool)
    assert all(values == {"q": 0.0} for values in scores.values())


def test_equal_scores_keep_the_order_of_the_ranking() -> None:
    pool = [passage("b", 0, 10), passage("a", 100, 110)]
    judgement = judged(DIGITS)
    for order, expected in ((pool, 1.0), (pool[::-1], 0.5)):
        scores = of_run([judgement], Run("r", {"q": Result(tuple(order))}), pool)
        assert scores["MRR"]["q"] == expected


def test_an_unknown_measure_is_named() -> None:
    with pytest.raises(MeasureError, match="unknown measure 'nDGC@10'"):
        graded({"q": {"a": 1}}, {"q": {"a": 1.0}}, ["nDGC@10"])


ids = st.text("abcdefgh", min_size=1, max_size=2)
rankings = st.dictionaries(st.sampled_from("qrstu"), st.lists(ids, unique=True, max_size=12), max_size=5)
judgement_sets = st.dictionaries(
    st.sampled_from("qrstuv"), st.dictionaries(ids, st.integers(0, 3), min_size=1, max_size=6), min_size=1
)


@settings(max_examples=100, deadline=None)
@given(judgement_sets, rankings)
def test_measures_agree_with_ir_measures(
    qrels: dict[str, dict[str, int]], ranked: dict[str, list[str]]
) -> None:
    run = {query: in_order(found) for query, found in ranked.items()}
    ours = graded(qrels, run)
    wanted = {"nDCG@10": nDCG @ 10, "MRR": RR, "R@10": R @ 10, "R@100": R @ 100, "P@5": P @ 5}
    wanted |= {"Success@10": Success @ 10}
    rows = [
        ir_measures.ScoredDoc(query, doc, score)
        for query, found in run.items()
        for doc, score in found.items()
    ]
    judged_rows = [
        ir_measures.Qrel(query, doc, grade) for query, found in qrels.items() for doc, grade in found.items()
    ]
    theirs = ir_measures.calc_aggregate(list(wanted.values()), judged_rows, rows)
    for name, measure in wanted.items():
        assert mean(ours[name]) == pytest.approx(theirs[measure], abs=1e-9), name


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(ids, st.integers(0, 3), min_size=1, max_size=8), st.lists(ids, unique=True, max_size=15)
)
def test_ndcg_agrees_with_its_definition(grades_: dict[str, int], found: list[str]) -> None:
    def gain(values: list[int]) -> float:
        return sum(value / math.log2(place + 2) for place, value in enumerate(values[:10]))

    ideal = gain(sorted(grades_.values(), reverse=True))
    expected = gain([grades_.get(id_, 0) for id_ in found]) / ideal if ideal else 0.0
    assert graded({"q": grades_}, {"q": in_order(found)})["nDCG@10"]["q"] == pytest.approx(expected)


# --- how sure a number is ----------------------------------------------------


def test_the_interval_of_a_constant_is_the_constant() -> None:
    assert interval([0.5] * 20).low == interval([0.5] * 20).high == 0.5
    assert interval([]).high == 0.0


def test_the_interval_of_a_proportion_is_near_the_normal_one() -> None:
    found = interval([1.0] * 60 + [0.0] * 40)
    half = 1.96 * math.sqrt(0.6 * 0.4 / 100)
    assert found.low == pytest.approx(0.6 - half, abs=0.015)
    assert found.high == pytest.approx(0.6 + half, abs=0.015)


def test_the_randomisation_test_by_hand() -> None:
    a = dict.fromkeys("abcdefg", 0.0)
    b = dict.fromkeys("abcde", 1.0) | dict.fromkeys("fg", 0.0)
    found = paired(a, b)
    # five differences of one sign: 2 of 32 sign assignments are as extreme
    assert found.p == pytest.approx(2 / 32)
    assert (found.won, found.lost, found.n) == (5, 0, 7)
    assert found.mean == pytest.approx(5 / 7)
    assert paired(a, a).p == 1.0


def test_random_assignments_come_near_the_exact_test() -> None:
    a = {str(i): 0.0 for i in range(20)}
    b = {str(i): 1.0 if i < 15 else -1.0 for i in range(20)}
    # 10 = 15 - 5: the chance that 20 fair coins show at most 5, or at least 15
    exact = 2 * sum(math.comb(20, i) for i in range(6)) / 2**20
    assert paired(a, b).p == pytest.approx(exact, abs=0.01)


def test_a_question_that_one_run_missed_counts_against_it() -> None:
    found = paired({"a": 1.0, "b": 1.0}, {"a": 1.0})
    assert (found.mean, found.lost, found.n) == (-0.5, 1, 2)


def test_auroc_by_hand() -> None:
    assert auroc([3, 4], [1, 2]) == 1.0
    assert auroc([1, 2], [3, 4]) == 0.0
    assert auroc([1, 3], [1, 2]) == pytest.approx((0.5 + 0 + 1 + 1) / 4)
    assert auroc([], [1]) == 0.5
