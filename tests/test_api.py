"""The HTTP API and the OpenAI-compatible door, over a real server on loopback."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from serving import HOSTILE, Served, serving, write_archive

from ui.auth import AuthError, Gate, gate, read_passwords

QUESTION = "澄江大桥全长多少公里？"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder, index = write_archive(tmp_path_factory.mktemp("api"))
    with serving(index) as address:
        yield Served(address, folder, index)


@pytest.fixture
def client(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.address, timeout=60) as opened:
        yield opened


def problem_of(response: httpx.Response, status: int) -> dict[str, object]:
    """The problem details of a refusal; fails when it is something else."""
    assert response.status_code == status
    assert response.headers["content-type"].startswith("application/problem+json")
    body: dict[str, object] = response.json()
    assert {"type", "title", "status"} <= set(body)
    assert body["status"] == status
    return body


def test_an_answer_cites_the_characters_of_the_file(client: httpx.Client, served: Served) -> None:
    body = client.post("/api/ask", json={"question": QUESTION, "id": "q1"}).json()
    assert body["id"] == "q1"
    assert not body["refused"]
    assert "2.8公里" in body["answer"]
    for citation in body["citations"]:
        text = (served.folder / citation["doc"]).read_text(encoding="utf-8")
        cited = "".join(text[start:end] for start, end in citation["spans"])
        assert "".join(cited.split()) == "".join(citation["text"].split())
    numbers = {citation["number"] for citation in body["citations"]}
    assert {number for sentence in body["sentences"] for number in sentence["citations"]} <= numbers
    assert len(body["passages"]) > 1


def test_a_refusal_keeps_its_ranking(client: httpx.Client) -> None:
    body = client.post("/api/ask", json={"question": "火星上的第一座核电站由谁设计？"}).json()
    assert body["refused"]
    assert body["answer"]
    assert body["citations"] == []
    assert body["passages"]


def test_a_stream_gives_text_and_then_the_answer(client: httpx.Client) -> None:
    headers = {"accept": "text/event-stream"}
    with client.stream("POST", "/api/ask", json={"question": QUESTION}, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        events = [block.split("\n") for block in "".join(response.iter_text()).strip().split("\n\n")]
    names = [lines[0].removeprefix("event: ") for lines in events]
    assert names[-1] == "answer"
    assert set(names[:-1]) == {"text"}
    said = "".join(json.loads(lines[1].removeprefix("data: "))["text"] for lines in events[:-1])
    assert json.loads(events[-1][1].removeprefix("data: "))["answer"] == said


def test_a_question_may_be_bound_to_documents(client: httpx.Client) -> None:
    where = {"docs": ["2024-05-20_library.txt"]}
    body = client.post("/api/ask", json={"question": QUESTION, "where": where}).json()
    assert {passage["doc"] for passage in body["passages"]} <= {"2024-05-20_library.txt"}
    assert "2.8公里" not in body["answer"]


def test_search_documents_articles_and_evidence_agree(client: httpx.Client, served: Served) -> None:
    found = client.get("/api/search", params={"q": "大桥通车", "k": 3}).json()["passages"]
    assert 1 <= len(found) <= 3
    assert found[0]["doc"] == "2024-05-18_bridge.txt"
    documents = {document["id"] for document in client.get("/api/documents").json()}
    assert documents == {"2024-05-18_bridge.txt", "2024-05-20_library.txt", HOSTILE}
    articles = client.get("/api/articles", params={"doc": found[0]["doc"]}).json()
    assert found[0]["article"] in {article["id"] for article in articles}
    start, end = found[0]["spans"][0]
    place = {"doc": found[0]["doc"], "start": start, "end": end}
    evidence = client.get("/api/evidence", params=place).json()
    text = (served.folder / found[0]["doc"]).read_text(encoding="utf-8")
    assert evidence["quotation"] == text[start:end]
    assert evidence["article"] == found[0]["article"]
    assert evidence["fingerprint"] == client.get("/api/health").json()["fingerprint"]


def test_a_document_comes_and_goes(client: httpx.Client, served: Served) -> None:
    paper = "云溪日报\n\n植物园引进新品种\n\n6月3日，植物园引进二十七株珙桐，园长叶临溪说，最早三年后开花。\n"
    added = client.post("/api/documents", files=[("files", ("../../珙桐.txt", paper.encode(), "text/plain"))])
    assert added.status_code == 201
    verdicts = {file["doc"]: file["status"] for file in added.json()["files"]}
    assert verdicts["珙桐.txt"] == "added"
    kept = served.index.with_name("index-files") / "珙桐.txt"
    assert kept.read_text(encoding="utf-8") == paper
    asked = {"question": "植物园引进了多少株珙桐？"}
    assert "二十七株" in client.post("/api/ask", json=asked).json()["answer"]
    assert client.delete("/api/documents/珙桐.txt").status_code == 200
    assert not kept.exists()
    after = client.post("/api/ask", json=asked).json()
    assert "二十七株" not in after["answer"]
    assert "珙桐.txt" not in {passage["doc"] for passage in after["passages"]}
    problem_of(client.delete("/api/documents/珙桐.txt"), 404)


def test_what_cannot_be_read_is_told_and_not_kept(client: httpx.Client, served: Served) -> None:
    response = client.post("/api/documents", files=[("files", ("picture.exe", b"MZ\x00\x01", "text/plain"))])
    refused = {file["doc"]: file for file in response.json()["files"]}["picture.exe"]
    assert refused["status"] == "refused"
    assert refused["message"]
    assert not (served.index.with_name("index-files") / "picture.exe").exists()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({}, 422),
        ({"question": ""}, 422),
        ({"question": "\u200b\u200b"}, 422),
        ({"question": "长" * 2001}, 422),
        ({"question": QUESTION, "k": 0.5}, 422),
        ({"question": QUESTION, "where": {"since": "yesterday"}}, 422),
        ({"question": QUESTION, "unknown": 1}, 422),
        ({"question": [QUESTION]}, 422),
    ],
)
def test_a_bad_question_is_a_problem(client: httpx.Client, body: dict[str, object], status: int) -> None:
    problem_of(client.post("/api/ask", json=body), status)


def test_bad_places_are_problems(client: httpx.Client) -> None:
    problem_of(client.get("/api/evidence", params={"doc": "../etc/passwd", "start": 0, "end": 3}), 404)
    problem_of(
        client.get("/api/evidence", params={"doc": "2024-05-20_library.txt", "start": 9, "end": 3}), 422
    )
    problem_of(client.get("/api/articles", params={"doc": "none.txt"}), 404)
    problem_of(client.get("/api/nothing"), 404)
    problem_of(client.put("/api/ask"), 405)
    problem_of(client.post("/api/ask", content=b"{", headers={"content-type": "application/json"}), 422)


def test_the_description_has_every_route_and_an_example(client: httpx.Client) -> None:
    described = client.get("/api/openapi.json").json()
    expected = {"ask", "search", "documents", "articles", "evidence", "health"}
    assert {f"/api/{name}" for name in expected} <= set(described["paths"])
    assert described["components"]["schemas"]["Question"]["examples"][0]["question"]


# -- the OpenAI-compatible door -------------------------------------------------------------------------


def test_the_openai_client_gets_a_cited_answer(served: Served) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{served.address}/v1", api_key="none")
    assert [model.id for model in client.models.list()] == ["youju"]
    messages = [{"role": "system", "content": "Answer in English."}, {"role": "user", "content": QUESTION}]
    completion = client.chat.completions.create(model="youju", messages=messages)
    content = completion.choices[0].message.content
    assert "2.8公里" in content
    assert "[1]" in content
    assert completion.model_extra["youju"]["citations"][0]["doc"] == "2024-05-18_bridge.txt"


def test_the_openai_client_reads_the_stream(served: Served) -> None:
    openai = pytest.importorskip("openai")
    client = openai.OpenAI(base_url=f"{served.address}/v1", api_key="none")
    messages = [{"role": "user", "content": QUESTION}]
    whole = client.chat.completions.create(model="youju", messages=messages).choices[0].message.content
    chunks = list(client.chat.completions.create(model="youju", messages=messages, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole
    assert chunks[-1].choices[0].finish_reason == "stop"
    with pytest.raises(openai.UnprocessableEntityError):
        client.chat.completions.create(model="youju", messages=[{"role": "assistant", "content": "x"}])


# -- who may enter ----------------------------------------------------------------------------------------


def test_another_host_needs_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("YOUJU_TOKEN", raising=False)
    with pytest.raises(AuthError, match="YOUJU_TOKEN"):
        gate("0.0.0.0")
    assert not gate("127.0.0.1").closed
    assert not gate("localhost").closed
    assert not gate("::1").closed
    monkeypatch.setenv("YOUJU_TOKEN", "short")
    with pytest.raises(AuthError, match="at least 8"):
        gate("0.0.0.0")
    names = tmp_path / "names"
    names.write_text("# readers\nlin:correct horse\n\n", encoding="utf-8")
    assert read_passwords(names) == {"lin": "correct horse"}
    names.write_text("lin\n", encoding="utf-8")
    with pytest.raises(AuthError, match="line 1"):
        read_passwords(names)


def test_one_gate_for_page_api_and_tools(served: Served) -> None:
    closed = Gate("127.0.0.1", "a-long-token", {"lin": "correct horse"})
    with serving(served.index, gate=closed) as address, httpx.Client(base_url=address, timeout=60) as client:
        doors = [
            "/zh/",
            "/api/documents",
            "/v1/models",
            "/zh/gradio_api/info",
            "/zh/config",
            "/api/openapi.json",
        ]
        for door in doors:
            assert client.get(door).status_code == 401, door
        assert client.post("/mcp", json={}).status_code == 401
        assert client.get("/api/health").json()["fingerprint"] == ""
        assert client.get("/zh/", headers={"accept": "text/html"}).headers["location"] == "/login"
        bearer = {"authorization": "Bearer a-long-token"}
        assert client.get("/api/documents", headers=bearer).status_code == 200
        assert client.get("/api/documents", auth=("lin", "correct horse")).status_code == 200
        assert client.get("/api/documents", auth=("lin", "wrong horse")).status_code == 401
        assert client.get("/api/documents", headers={"cookie": "youju_session=a.b"}).status_code == 401
        assert "correct" not in client.get("/login").text
        assert client.post("/login", data={"name": "lin", "secret": "no"}).status_code == 401
        entered = client.post("/login", data={"name": "lin", "secret": "correct horse"})
        assert entered.status_code == 303
        cookie = entered.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert client.get("/zh/").status_code == 200


def test_strange_hosts_and_origins_are_refused(client: httpx.Client, served: Served) -> None:
    problem_of(client.get("/api/documents", headers={"host": "evil.example"}), 421)
    problem_of(
        client.post("/api/ask", json={"question": QUESTION}, headers={"origin": "http://evil.example"}), 403
    )
    problem_of(client.get("/api/documents", headers={"sec-fetch-site": "cross-site"}), 403)
    same = {"origin": served.address}
    assert client.post("/api/ask", json={"question": QUESTION}, headers=same).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/zh/gradio_api/file=/etc/passwd",
        "/zh/gradio_api/file=http://example.com/",
        "/zh/gradio_api/file/etc/passwd",
        "/en/gradio_api/file=../../pyproject.toml",
        "/zh/gradio_api/proxy=http://example.com/",
        "/zh/assets/../../../etc/passwd",
        "/zh/assets/%2e%2e/%2e%2e/index.html",
        "/zh/static/..%2f..%2findex.html",
        "/zh/monitoring/summary",
        "/zh/gradio_api/vibe-code",
        "/zh/gradio_api/deep_link",
        "/zh/gradio_api/runs",
        "/zh/svelte/index.js",
        "/zh/custom_component/x/client/component/index.js",
    ],
)
def test_gradios_other_routes_are_closed(served: Served, path: str) -> None:
    import http.client

    host = served.address.removeprefix("http://")
    connection = http.client.HTTPConnection(host, timeout=30)
    connection.request("GET", path)  # as written, without a client's own tidying
    assert connection.getresponse().status in {403, 404}
    connection.close()


def test_every_answer_carries_the_policy(client: httpx.Client) -> None:
    for path in ("/zh/", "/api/health", "/web/page.js", "/api/nothing"):
        headers = client.get(path).headers
        assert "default-src 'none'" in headers["content-security-policy"], path
        assert "http" not in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
    first, second = (client.get("/zh/").headers["content-security-policy"] for _ in range(2))
    assert first != second


def test_a_body_too_large_is_refused(client: httpx.Client) -> None:
    problem_of(client.post("/api/ask", content=b"x" * (9 * 1024 * 1024)), 413)

    def endless() -> Iterator[bytes]:
        for _ in range(40):
            yield b"x" * (256 * 1024)

    try:
        status = client.post(
            "/api/ask", content=endless(), headers={"content-type": "application/json"}
        ).status_code
    except httpx.HTTPError:
        status = 413  # the connection was closed on us
    assert 400 <= status < 500


def test_the_page_names_nothing_outside(client: httpx.Client) -> None:
    page = client.get("/zh/").text
    for word in ("googleapis", "gstatic", "cdnjs", "raw.githubusercontent", "og:image", "manifest.json"):
        assert word not in page
