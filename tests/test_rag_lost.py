"""No number is ever given from a place where it was lost: printed pages with known losses, each loss asked for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rag_dialogues import dialogues, plain_articles

from eval.manuscript import read_manuscripts
from eval.press import print_page
from eval.truth import LostTruth, PageTruth
from index.document import Passage
from index.search import Index, open_index
from index.update import update_index
from rag.answer import Answer
from rag.assistant import Assistant
from rag.letters import letters
from rag.question import Expect, understand

ARTICLES = Path(__file__).resolve().parents[1] / "eval" / "press_articles" / "tuning"
_ENDS = "。！？；，\n"
_SHORTEST = 12  # characters of a question that tells what it asks for


def printed(place: Path, seeds: range) -> dict[str, PageTruth]:
    articles = read_manuscripts(ARTICLES)
    pages = {}
    for seed in seeds:
        page = print_page(articles, seed, damages=("lost_digits",))
        (place / f"p{seed}.txt").write_text(page.text, encoding="utf-8", newline="")
        pages[f"p{seed}.txt"] = page
    return pages


def question_for(page: PageTruth, lost: LostTruth) -> str:
    """The clause of a lost number with `多少` in its place; other lost numbers of it left out."""
    start = max(page.text.rfind(mark, 0, lost.span.start) for mark in _ENDS) + 1
    found = [place for mark in _ENDS if (place := page.text.find(mark, lost.span.end)) >= 0]
    end, clause, place = min(found, default=len(page.text)), "", start
    for other in page.lost:
        if start <= other.span.start and other.span.end <= end:
            clause += page.text[place : other.span.start] + ("多少" if other is lost else "")
            place = other.span.end
    return (clause + page.text[place:end]).strip() + "？"


def known_lost(index: Index, doc: str, lost: LostTruth) -> bool:
    """Whether the index knows that a number is gone there."""
    return any(
        gap.start <= lost.span.end and lost.span.start <= gap.end
        for passage in index.passages.of_document(doc)
        for gap in passage.lost
    )


def inside(passage: Passage, place: int) -> bool:
    return any(gap.start <= place < gap.end for gap in passage.lost)


def check(answer: Answer, lost: LostTruth, question: str) -> str:
    """What became of a question for a lost number: `refused`, `elsewhere` or `no number`; fails on any other."""
    if answer.refused:
        assert answer.reason in ("lost", "weak", "nothing"), question
        if answer.reason == "lost":
            assert "□" in answer.text, question
            assert ".txt" in answer.text, question
        return "refused"
    for claim in answer.claims:
        if claim.short is not None:
            assert "□" not in claim.text[slice(*claim.short)], question
    if not any(claim.short for claim in answer.claims):
        return "no number"
    # another page printed it whole: then it is that number which stands in the answer, and where it is cited
    assert letters(lost.digits).text in letters(answer.text).text, f"{question} → {answer.text}"
    for citation in answer.citations:
        assert not all(inside(citation.passage, span.start) for span in citation.spans), question
    return "elsewhere"


def ask_for_every_loss(place: Path, seeds: range) -> dict[str, int]:
    pages = printed(place, seeds)
    update_index(place / "index", [place])
    counts = {"refused": 0, "elsewhere": 0, "no number": 0, "asked": 0}
    with open_index(place / "index") as index:
        assistant = Assistant(index)
        for doc, page in pages.items():
            for lost in page.lost:
                question = question_for(page, lost)
                wants = understand(question).expect
                if len(question) < _SHORTEST or wants not in (Expect.NUMBER, Expect.DATE):
                    continue
                if known_lost(index, doc, lost):
                    counts["asked"] += 1
                    counts[check(assistant.ask(question), lost, question)] += 1
    return counts


GAPS = ("  ", "   ", " ")  # what a scan leaves of a whole number


def reworded() -> list[tuple[str, str, int, str]]:
    """Questions in other words than the article's, each with the file, place and digits of its answer."""
    texts = plain_articles()
    found = []
    for one in dialogues():
        digits = re.search(r"\d[\d.]*", one.answer)
        if digits is None or understand(one.standalone).expect not in (Expect.NUMBER, Expect.DATE):
            continue
        pattern = rf"(?<![\d.]){re.escape(digits.group())}(?![\d.])"
        inside = [name for name, text in texts.items() if one.answer in text]
        whole = len(inside) == 1 and texts[inside[0]].count(one.answer) == 1
        places = [
            (name, match.start())
            for name, text in texts.items()
            for match in re.finditer(pattern, text)
            if not whole or text[match.start() :].startswith(one.answer[digits.start() :])
        ]
        if len(places) == 1:
            found.append((one.standalone, *places[0], digits.group()))
    return found


def damaged_articles(gap: str) -> tuple[dict[str, str], dict[str, int]]:
    """The articles without the numbers that are asked for, and by question where its number was."""
    texts, at_of = plain_articles(), {}
    file_of = {question: name for question, name, _, _ in reworded()}
    for question, name, at, digits in sorted(reworded(), key=lambda one: -one[2]):
        left = " . " if "." in digits else gap
        texts[name] = texts[name][:at] + left + texts[name][at + len(digits) :]
        shift = len(left) - len(digits)
        at_of = {q: place + shift * (file_of[q] == name) for q, place in at_of.items()} | {question: at}
    return texts, at_of


def ask_in_other_words(place: Path, gap: str, *, copies: bool) -> dict[str, int]:
    """What becomes of the questions when their numbers are lost; with `copies` the whole articles are there too."""
    (place / "articles").mkdir(parents=True)
    texts, at_of = damaged_articles(gap)
    if copies:
        texts |= {f"whole_{name}": text for name, text in plain_articles().items()}
    for name, text in texts.items():
        (place / "articles" / name).write_text(text, encoding="utf-8")
    update_index(place / "index", [place / "articles"])
    counts = {"asked": 0, "refused": 0, "no number": 0, "right": 0, "other": 0}
    with open_index(place / "index") as index:
        assistant = Assistant(index)
        for question, name, _, digits in reworded():
            places = [gap for passage in index.passages.of_document(name) for gap in passage.lost]
            if not any(one.start - 1 <= at_of[question] <= one.end for one in places):
                continue  # the index does not know that anything is gone there
            answer = assistant.ask(question)
            shorts = [claim.text[slice(*claim.short)] for claim in answer.claims if claim.short]
            right = bool(shorts) and letters(digits).text in letters(shorts[0]).text
            kind = (
                "refused" if answer.refused else "no number" if not shorts else "right" if right else "other"
            )
            counts["asked"] += 1
            counts[kind] += 1
            if kind == "other":
                print(question, digits, shorts)
    return counts


def test_no_other_number_is_given_for_one_that_is_lost_however_it_is_asked(tmp_path: Path) -> None:
    counts = ask_in_other_words(tmp_path, GAPS[0], copies=False)
    assert counts["asked"] >= 25
    assert counts["other"] == counts["right"] == 0
    assert counts["refused"] >= 0.8 * counts["asked"]


@pytest.mark.soak
@pytest.mark.parametrize("gap", GAPS)
def test_the_same_with_other_gaps_and_with_whole_copies(tmp_path: Path, gap: str) -> None:
    alone = ask_in_other_words(tmp_path / "alone", gap, copies=False)
    assert alone["other"] == alone["right"] == 0
    counts = ask_in_other_words(tmp_path / "copies", gap, copies=True)
    print(alone, counts)
    assert counts["other"] <= 0.1 * counts["asked"]


def test_no_number_is_given_from_a_place_where_it_was_lost(tmp_path: Path) -> None:
    counts = ask_for_every_loss(tmp_path, range(3))
    assert counts["asked"] >= 15
    assert counts["refused"] >= 0.5 * counts["asked"]


@pytest.mark.soak
def test_no_number_is_given_from_any_of_many_lost_places(tmp_path: Path) -> None:
    counts = ask_for_every_loss(tmp_path, range(100, 160))
    print(counts)
    assert counts["asked"] >= 300
