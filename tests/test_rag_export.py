"""What leaves the program: JSON, evidence that can be checked again, LangChain components."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from langchain_core.output_parsers import StrOutputParser
from langchain_core.runnables import RunnableLambda

from index.document import Article, Source
from index.records import DocumentCard
from index.search import Index, open_index
from index.update import update_index
from rag.assistant import Assistant
from rag.export import EvidenceError, answer_json, evidence, markdown, replay
from rag.langchain import YoujuChain, YoujuRetriever
from rag.references import reference

DOCUMENTS = Path(__file__).resolve().parent / "rag_documents"
QUESTION = "河湾县城东新粮库占地多少亩？"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    path = tmp_path_factory.mktemp("export") / "index"
    update_index(path, [DOCUMENTS])
    with open_index(path) as opened:
        yield opened


def test_the_json_of_an_answer_keeps_the_contract(index: Index) -> None:
    shown = json.loads(json.dumps(answer_json(Assistant(index).ask(QUESTION), "q1"), ensure_ascii=False))
    assert shown["id"] == "q1"
    assert shown["refused"] is False
    for citation in shown["citations"]:
        text = "".join(index.text(citation["doc"])[start:end] for start, end in citation["spans"])
        assert "".join(text.split()) == "".join(citation["text"].split())
    assert {"id", "doc", "article", "spans", "text", "score"} <= shown["passages"][0].keys()
    scores = [passage["score"] for passage in shown["passages"]]
    assert len(scores) <= 10


def test_a_refusal_keeps_its_ranking(index: Index) -> None:
    shown = answer_json(Assistant(index).ask("红烧排骨怎么做才嫩？"), "q2")
    assert shown["refused"]
    assert shown["citations"] == []
    assert shown["passages"]
    assert shown["answer"]


def test_evidence_stands_when_replayed_on_the_same_index(index: Index) -> None:
    exported = json.loads(json.dumps(evidence(Assistant(index).ask(QUESTION), index)))
    report = replay(exported, index)
    assert report.ok
    assert exported["quotations"]
    assert all(quotation["reference"] for quotation in exported["quotations"])


def test_evidence_falls_when_a_document_was_changed(index: Index, tmp_path: Path) -> None:
    exported = json.loads(json.dumps(evidence(Assistant(index).ask(QUESTION), index)))
    changed = tmp_path / "papers"
    shutil.copytree(DOCUMENTS, changed)
    for path in changed.glob("*granary*"):
        path.write_text(path.read_text(encoding="utf-8").replace("46亩", "64亩"), encoding="utf-8")
    update_index(tmp_path / "index", [changed])
    with open_index(tmp_path / "index") as other:
        report = replay(exported, other)
    assert not report.ok
    assert any("does not stand" in line for line in report.lines)


@pytest.mark.parametrize(
    "wrong", [{}, {"format": "other"}, {"format": "youju-evidence-1", "quotations": 3}, []]
)
def test_what_is_no_evidence_is_an_error(index: Index, wrong: object) -> None:
    with pytest.raises(EvidenceError):
        replay(wrong, index)  # type: ignore[arg-type]


def test_markdown_shows_quotations_with_references(index: Index) -> None:
    text = markdown(Assistant(index).ask(QUESTION), index)
    assert "46亩" in text
    assert "参考文献" in text
    assert index.fingerprint in text


def test_references_follow_the_standard() -> None:
    card = DocumentCard(
        id="a.txt", root="", sha256="", size=0, encoding="utf-8", media="text",
        source=Source(newspaper="河湾日报", date="2023-05-21", page="2"), added="",
        characters=0, articles=1, passages=1, dropped=0,
    )  # fmt: skip
    article = Article(id="a", doc="a.txt", title="新粮库建成投用", byline="本报记者 王小山 李大河")
    assert reference(article, card) == "王小山, 李大河. 新粮库建成投用[N]. 河湾日报, 2023-05-21(2)."


def test_the_retriever_is_a_langchain_retriever(index: Index) -> None:
    documents = YoujuRetriever(index=index, k=3).invoke(QUESTION)
    assert len(documents) == 3
    first = documents[0]
    text = "".join(index.text(first.metadata["doc"])[start:end] for start, end in first.metadata["spans"])
    assert "".join(text.split()) == "".join(first.page_content.split())
    assert "46亩" in first.page_content


def test_the_chain_composes_and_streams(index: Index) -> None:
    chain = YoujuChain(index)
    shout = chain | StrOutputParser() | RunnableLambda(lambda text: f"答：{text}")
    assert "46亩" in shout.invoke(QUESTION)
    message = chain.invoke({"question": "它有几座平房仓？", "history": [{"q": QUESTION, "a": "46亩"}]})
    assert "12座" in str(message.content)
    assert message.response_metadata["youju"]["citations"]
    pieces = list(chain.stream(QUESTION))
    assert "46亩" in "".join(str(piece.content) for piece in pieces)
    assert pieces[-1].response_metadata["youju"]["refused"] is False
    with pytest.raises(ValueError, match="question"):
        chain.invoke({"text": "x"})
