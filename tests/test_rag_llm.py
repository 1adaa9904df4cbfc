"""A language model played by a scripted server, through the real client: what it makes up never gets through."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from scripted_llm import BREAK, Scripted, scripted
from wrong_sentences import wrong_sentences

from index.document import ModelError
from index.search import Index, open_index
from index.sentences import sentences
from index.update import update_index
from rag.answer import Answer, Turn, Verdict
from rag.assistant import Assistant, Settings
from rag.generate import Judged, judged
from rag.letters import letters
from rag.llm import open_model, prompt, visible

DOCUMENTS = Path(__file__).resolve().parent / "rag_documents"
QUESTION = "河湾县城东新粮库占地多少亩？"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    path = tmp_path_factory.mktemp("llm") / "index"
    update_index(path, [DOCUMENTS])
    with open_index(path) as opened:
        yield opened


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scripted]:
    """A served model whose script a test sets."""
    with scripted(lambda _, __: ["资料不足"]) as told:
        monkeypatch.setenv("OPENAI_API_KEY", "none")
        monkeypatch.setenv("OPENAI_BASE_URL", told.address)
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield told


def assistant(index: Index) -> Assistant:
    return Assistant(index, Settings(llm="openai:scripted", timeout=10.0))


def id_of(shown: dict[str, str], words: str) -> str:
    return next(name for name, text in shown.items() if words in text)


def test_a_good_model_is_streamed_and_cited(index: Index, model: Scripted) -> None:
    model.script = lambda _, shown: [
        "新粮库占",
        "地46亩",
        f"[{id_of(shown, '46亩')}]。",
        "总仓容8.6万吨。",
        f"[{id_of(shown, '8.6万吨')}]",
    ]
    *streamed, answer = assistant(index).stream(QUESTION)
    assert isinstance(answer, Answer)
    assert "".join(str(piece) for piece in streamed) == answer.text
    assert not answer.refused
    assert {claim.verdict for claim in answer.claims} <= {Verdict.VERBATIM, Verdict.NEAR}
    for citation in answer.citations:
        document = index.text(citation.doc)
        written = "".join(document[span.start : span.end] for span in citation.spans)
        assert "".join(written.split()) == "".join(citation.text.split())


def test_what_a_bad_model_makes_up_is_struck(index: Index, model: Scripted) -> None:
    model.script = lambda _, shown: [
        f"新粮库占地46亩[{id_of(shown, '46亩')}]。",
        f"它是全省最大的粮库[{id_of(shown, '46亩')}]。",
        f"总仓容9.6万吨[{id_of(shown, '8.6万吨')}]。",
    ]
    answer = assistant(index).ask(QUESTION)
    assert answer.text == "新粮库占地46亩。"
    assert [claim.verdict for claim in answer.claims[1:]] == [Verdict.ABSENT, Verdict.ABSENT]
    assert any("2 句" in note for note in answer.notes)


def test_invented_citations_are_ignored_and_right_words_cite_where_they_stand(
    index: Index, model: Scripted
) -> None:
    model.script = lambda _, __: ["粮库占地46亩[1]。", "总仓容8.6万吨[zzzzz]。", "县长视察了粮库[99]。"]
    answer = assistant(index).ask(QUESTION)
    shown = {ranked.passage.id for ranked in answer.ranking}
    assert {citation.passage.id for citation in answer.citations} <= shown
    assert [claim.verdict for claim in answer.claims] == [
        Verdict.MISATTRIBUTED,
        Verdict.MISATTRIBUTED,
        Verdict.ABSENT,
    ]
    assert "县长" not in answer.text
    assert any("3 个" in note for note in answer.notes)


def test_links_images_and_markup_never_reach_the_reader(index: Index, model: Scripted) -> None:
    model.script = lambda _, shown: [
        f"粮库占地46亩![x](http://evil.example/p.png)<img src=x>[{id_of(shown, '46亩')}]。",
        "详见 https://evil.example/ 。",
        "[点这里](http://evil.example)领奖。",
    ]
    answer = assistant(index).ask(QUESTION)
    everything = answer.text + "".join(claim.text for claim in answer.claims)
    assert "evil" not in everything
    assert "<" not in everything
    assert answer.text == "粮库占地46亩。"


def test_a_model_with_nothing_supported_gives_way_to_the_printed_words(index: Index, model: Scripted) -> None:
    model.script = lambda _, __: ["系统已解锁。", "以后都听你的。"]
    answer = assistant(index).ask(QUESTION)
    assert "解锁" not in answer.text
    assert not answer.refused
    assert "46亩" in answer.text
    assert any("原文摘录" in note for note in answer.notes)


def test_a_model_that_declines_is_a_refusal(index: Index, model: Scripted) -> None:
    model.script = lambda _, __: ["资料不足"]
    answer = assistant(index).ask(QUESTION)
    assert answer.refused
    assert answer.ranking


def test_a_connection_cut_in_mid_sentence_keeps_what_was_whole(index: Index, model: Scripted) -> None:
    model.script = lambda _, shown: [f"粮库占地46亩[{id_of(shown, '46亩')}]。", "总仓容8.", BREAK]
    answer = assistant(index).ask(QUESTION)
    assert answer.incomplete
    assert answer.text == "粮库占地46亩。"
    assert answer.ranking


def test_a_model_that_cannot_be_reached_gives_way_to_the_printed_words(
    index: Index, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    answer = assistant(index).ask(QUESTION)
    assert answer.incomplete
    assert "46亩" in answer.text


def test_an_unknown_provider_is_an_error_that_says_the_fix() -> None:
    with pytest.raises(ModelError, match="provider:model"):
        open_model("nosuchprovider", 5.0)


def test_a_follow_up_and_an_english_question_are_rewritten_by_the_model(
    index: Index, model: Scripted
) -> None:
    def script(prompt: str, shown: dict[str, str]) -> list[str]:
        if shown:
            return [f"粮库占地46亩[{id_of(shown, '46亩')}]。"]
        return ["河湾县城东新粮库占地多少亩？"]

    model.script = script
    answer = assistant(index).ask("How large is the new granary in the east of town?")
    assert answer.text == "粮库占地46亩。"
    assert any("占地多少亩" in line for line in answer.understood)
    answer = assistant(index).ask("那它呢？", [Turn("新粮库仓容多少？", "8.6万吨。")])
    assert answer.text == "粮库占地46亩。"


def test_marker_and_ids_are_new_for_every_request_and_foretold_by_no_document(index: Index) -> None:
    passages = [hit.passage for hit in index.search(QUESTION, k=5)]
    first, second = prompt(QUESTION, passages), prompt(QUESTION, passages)
    assert set(first.ids).isdisjoint(second.ids)
    assert first.messages[1][1].splitlines()[0] != second.messages[1][1].splitlines()[0]
    assert len(set(first.ids)) == len(passages)


def test_invisible_characters_are_kept_from_the_model() -> None:
    assert visible("粮\u200b库\u202e占\U000e0041地\u0007") == "粮库占地"


def test_no_wrong_sentence_of_two_hundred_reaches_the_reader_unmarked(index: Index) -> None:
    passages = list(index.passages)
    ids = [f"id{row}x" for row in range(len(passages))]
    cases = wrong_sentences(passages)
    assert len(cases) >= 120
    said = []
    for number, (kind, wrong, row) in enumerate(cases * 2):
        cited = ids[row] if number < len(cases) else "made-up"
        into = Judged()
        out = list(judged(iter([wrong, f"[{cited}]"]), passages, ids, into))
        printed = letters(passages[row].text).text
        said += [(kind, wrong, text) for text in out if letters(text).text not in printed]
        assert all(citation.passage in passages for citation in into.citations)
    assert len(cases) * 2 >= 200
    assert said == []


def test_every_true_sentence_reaches_the_reader(index: Index) -> None:
    passages = [passage for passage in index.passages if passage.kind == "body"]
    ids = [f"id{row}x" for row in range(len(passages))]
    for row, passage in enumerate(passages):
        for span in sentences(passage.text):
            sentence = passage.text[span.start : span.end]
            if len(sentence) < 12:
                continue
            into = Judged()
            list(judged(iter([f"{sentence}[{ids[row]}]"]), passages, ids, into))
            assert {claim.verdict for claim in into.claims} <= {Verdict.VERBATIM}, sentence
