"""Every route of page, API and MCP, listed by the application itself, so that a new one is covered when it comes.

Each is asked without a secret, under a strange host and from a strange origin; and each is fed with paths that
lead out of the archive and addresses that lead out of the machine, in its path, its query, its body and its file
names. The interpreter itself reports every file that is opened and every connection that is made meanwhile.
"""

from __future__ import annotations

import http.client
import json
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import httpx
import pytest
from conftest import Figure
from serving import running, write_archive
from starlette.routing import BaseRoute, Mount, Route, Router

from rag.assistant import Settings
from ui.archive import Archive
from ui.auth import Gate
from ui.intake import LONGEST_NAME, safe_name
from ui.limits import STANDARD
from ui.server import make_app, private_folder

TOKEN = "a-token-of-this-test"
SECRET = "the-characters-of-a-file-outside-the-archive"
BEARER = {"authorization": f"Bearer {TOKEN}"}
OPEN_TO_ALL = ("/login", "/web/", "/api/health")
SLOW = ("/api/ask", "/v1/chat/completions")


@dataclass(slots=True)
class Watch:
    """What the interpreter reported while it was on: files of the secret, connections to elsewhere."""

    secret: str = ""
    port: int = 0
    on: bool = False
    opened: list[str] = field(default_factory=list)
    connected: list[str] = field(default_factory=list)

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open" and isinstance(args[0], str | bytes):
            path = args[0] if isinstance(args[0], str) else args[0].decode(errors="replace")
            if self.secret in path or path.startswith(("/etc/passwd", "/proc/self/environ")):
                self.opened.append(path)
        elif event == "socket.connect" and isinstance(args[1], tuple) and args[1][1] != self.port:
            self.connected.append(str(args[1]))
        elif event == "socket.getaddrinfo" and args[0] not in ("127.0.0.1", "localhost", None):
            self.connected.append(str(args[0]))


WATCH = Watch()
sys.addaudithook(WATCH)


@dataclass(frozen=True, slots=True)
class House:
    """The server, its routes, a file outside its folders, and a listener that nobody should talk to."""

    address: str
    app: Any
    routes: tuple[tuple[str, str, BaseRoute], ...]  # method, path, route
    outside: Path
    trap: int

    @property
    def payloads(self) -> tuple[str, ...]:
        """Ways out of the archive, then ways out of the machine."""
        name, trap = self.outside.name, f"127.0.0.1:{self.trap}"
        return (
            str(self.outside),
            f"../{name}",
            f"../../../../../../../../{self.outside}",
            f"..\\..\\{name}",
            f"%2e%2e%2f%2e%2e%2f{name}",
            f"%252e%252e%252f{name}",
            f"....//....//{name}",
            f"file://{self.outside}",
            "/proc/self/environ",
            f"{name}\x00.txt",
            f"http://{trap}/x.txt",
            f"//{trap}/x.txt",
            f"http://[::ffff:127.0.0.1]:{self.trap}/",
            "http://169.254.169.254/latest/meta-data/",
            f"gopher://{trap}/_x",
        )


def walk(routes: list[BaseRoute], prefix: str = "") -> Iterator[tuple[str, str, BaseRoute]]:
    """(method, path, route) of an application and of everything mounted on it."""
    for route in routes:
        if isinstance(included := getattr(route, "original_router", None), Router):  # as FastAPI keeps it
            above = str(getattr(route.include_context, "prefix", ""))  # type: ignore[attr-defined]
            yield from walk(list(included.routes), prefix + above)
        elif isinstance(route, Mount):
            inner = route.app
            while not hasattr(inner, "routes") and hasattr(inner, "app"):
                inner = inner.app
            inside = list(getattr(inner, "routes", []))
            yield from walk(inside, prefix + route.path)
            if not inside:
                yield "GET", f"{prefix}{route.path}/{{path:path}}", route
        elif isinstance(route, Route):
            for method in sorted((route.methods or {"GET"}) - {"HEAD"}):
                yield method, prefix + route.path, route


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    place = tmp_path_factory.mktemp("routes")
    _, index = write_archive(place)
    outside = place / "outside-the-archive.txt"
    outside.write_text(SECRET, encoding="utf-8")
    app = make_app(Archive(index, Settings()), Gate("127.0.0.1", TOKEN), limits=STANDARD)
    with socket.create_server(("127.0.0.1", 0)) as trap, running(app) as address:
        WATCH.secret, WATCH.port = outside.name, int(urlsplit(address).port or 0)
        httpx.post(f"{address}/api/ask", json={"question": "大桥"}, headers=BEARER, timeout=300)  # warm
        yield House(address, app, tuple(walk(list(app.routes))), outside, trap.getsockname()[1])


@contextmanager
def watched(house: House) -> Iterator[None]:
    """Fails when the file outside was opened or a connection was made meanwhile."""
    WATCH.opened.clear()
    WATCH.connected.clear()
    WATCH.on = True
    try:
        yield
    finally:
        WATCH.on = False
    assert WATCH.opened == []
    assert WATCH.connected == []


def send(
    house: House, method: str, target: str, body: bytes = b"", headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """A request whose target goes out as it is written; status and the answer, of a stream its beginning."""
    connection = http.client.HTTPConnection(str(urlsplit(house.address).netloc), timeout=120)
    connection.request(method, target, body or None, headers or {})
    response = connection.getresponse()
    if "event-stream" in response.headers.get("content-type", "") and connection.sock is not None:
        connection.sock.settimeout(0.2)  # a stream that has nothing to say stays open
    try:
        text = response.read1(20_000).decode(errors="replace")
    except TimeoutError:
        text = ""
    connection.close()
    return response.status, text


def concrete(path: str, payload: str) -> str:
    """A route's path with a payload in the place of every parameter."""
    pieces = []
    rest = path
    while "{" in rest:
        before, _, rest = rest.partition("{")
        _, _, rest = rest.partition("}")
        pieces += [before, payload]
    return "".join([*pieces, rest])


def test_every_route_asks_for_the_secret(house: House, figure: Figure) -> None:
    entered = []
    for method, path, _ in house.routes:
        status, _ = send(house, method, concrete(path, "x"), headers={"accept": "application/json"})
        if status != 401:
            entered.append((method, path))
    strangers = [path for _, path in entered if not path.startswith(OPEN_TO_ALL)]
    figure(
        "one gate for page, API and MCP",
        f"{len(house.routes) - len(entered)} of {len(house.routes)} routes need the secret, {len(strangers)} others",
        "all but login, its style and the health check",
    )
    assert strangers == []
    assert len(house.routes) > 60
    assert {"/api/ask", "/v1/models", "/mcp", "/zh/gradio_api/queue/join"} <= {
        path for _, path, _ in house.routes
    }


def test_every_route_looks_at_host_and_origin(house: House) -> None:
    for method, path, _ in house.routes:
        target = concrete(path, "x")
        assert send(house, method, target, headers={**BEARER, "host": "evil.example"})[0] == 421, path
        assert send(house, method, target, headers={**BEARER, "origin": "http://evil.example"})[0] == 403, (
            path
        )
        assert send(house, method, target, headers={**BEARER, "origin": "null"})[0] == 403, path


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
def test_no_path_leads_out_and_no_address_is_fetched(house: House, figure: Figure, every: int) -> None:
    asked, bad = 0, []
    with watched(house):
        for place, (method, path, route) in enumerate(house.routes):
            if path.startswith("/en/"):
                continue  # the same blocks as /zh/, as the next line checks
            for payload in house.payloads[place % every :: 4 * every if path in SLOW else every]:
                for target in targets(path, route, payload):
                    status, text = send(
                        house, method, target, headers={**BEARER, "accept": "application/json"}
                    )
                    asked += 1
                    if status >= 500 or SECRET in text or "root:x:0" in text:
                        bad.append((method, target, status))
    of = {
        language: {path[4:] for _, path, _ in house.routes if path.startswith(f"/{language}/")}
        for language in ("zh", "en")
    }
    assert of["zh"] == of["en"]
    figure(
        "traversal and SSRF in paths and queries",
        f"{asked} requests, {len(bad)} bad",
        "0 bad, no file, no connection",
    )
    assert bad == [], bad[:20]


def targets(path: str, route: BaseRoute, payload: str) -> Iterator[str]:
    """The payload in the path, raw and quoted, and in every query parameter that the route declares."""
    quoted = quote(payload, safe="")
    if "{" in path:
        yield concrete(path, quoted)
        if payload.isprintable() and " " not in payload:
            yield concrete(path, payload)
    declared = [found.alias for found in getattr(getattr(route, "dependant", None), "query_params", [])]
    names = (
        [*declared, "url", "path", "file"] if "GET" in (getattr(route, "methods", None) or ()) else declared
    )
    if names:
        yield concrete(path, "x") + "?" + "&".join(f"{name}={quoted}" for name in names)


def filled(schema: dict[str, Any], payload: str, whole: dict[str, Any]) -> Any:
    """A value for a JSON schema with the payload in the place of every text."""
    if "$ref" in schema:
        found: Any = whole
        for part in schema["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return filled(found, payload, whole)
    for name in ("anyOf", "oneOf", "allOf"):
        if name in schema:
            return filled(schema[name][0], payload, whole)
    if "enum" in schema:
        return schema["enum"][0]
    kind = schema.get("type")
    if kind == "object":
        return {name: filled(inner, payload, whole) for name, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [filled(schema.get("items", {}), payload, whole)]
    if kind in ("integer", "number"):
        return schema.get("default", schema.get("minimum", 1)) or 1
    if kind == "boolean":
        return False
    return payload if "pattern" not in schema else ""


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
def test_no_body_leads_out(house: House, figure: Figure, every: int) -> None:
    described = house.app.openapi()
    asked, bad = 0, []
    with watched(house), httpx.Client(base_url=house.address, headers=BEARER, timeout=120) as client:
        for path, methods in described["paths"].items():
            for method, operation in methods.items():
                content = operation.get("requestBody", {}).get("content", {}).get("application/json")
                for payload in house.payloads[:: 3 * every if path in SLOW else every] if content else ():
                    body = filled(content["schema"], payload, described)
                    response = client.request(method, path, json=body)
                    asked += 1
                    if response.status_code >= 500 or SECRET in response.text:
                        bad.append((method, path, payload, response.status_code))
        for payload in house.payloads[1::every]:
            for name, arguments in tools(client, payload):
                call = {
                    "jsonrpc": "2.0",
                    "id": 1,
                    "method": "tools/call",
                    "params": {"name": name, "arguments": arguments},
                }
                response = client.post("/mcp", json=call, headers=MCP)
                asked += 1
                if response.status_code >= 500 or SECRET in response.text:
                    bad.append(("mcp", name, payload, response.status_code))
    figure("traversal and SSRF in bodies of API and MCP", f"{asked} requests, {len(bad)} bad", "0 bad")
    assert asked > 10
    assert bad == [], bad[:20]


MCP = {"accept": "application/json, text/event-stream"}


def tools(client: httpx.Client, payload: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every tool with the payload in every text of its arguments; `ask` only with some, as it takes long."""
    listed = client.post("/mcp", json={"jsonrpc": "2.0", "id": 1, "method": "tools/list"}, headers=MCP)
    text = listed.text
    found = json.loads(text[text.index("{") :].split("\n")[0])
    assert len(found["result"]["tools"]) >= 3
    for tool in found["result"]["tools"]:
        if tool["name"] != "ask" or payload.endswith("/x.txt"):
            yield tool["name"], filled(tool["inputSchema"], payload, tool["inputSchema"])


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.soak)])
def test_no_event_of_the_page_leads_out(house: House, figure: Figure, every: int) -> None:
    """Every function of the page, fed with file objects as Gradio's own client sends them."""
    asked, joined, bad = 0, 0, []
    with watched(house), httpx.Client(base_url=house.address, headers=BEARER, timeout=120) as client:
        config = client.get("/zh/config").json()
        report = next(
            item["id"] for item in config["components"] if item["props"].get("elem_id") == "evaluation"
        )
        # `youju eval` is run by an event that takes nothing from the browser, and takes a minute.
        functions = [one for one in config["dependencies"] if [report, "apply"] not in one["targets"]]
        assert len(functions) == len(config["dependencies"]) - 1
        for function in functions:
            for payload in house.payloads[:: 2 * every]:
                file = {
                    "path": payload,
                    "url": payload,
                    "orig_name": payload,
                    "meta": {"_type": "gradio.FileData"},
                }
                event = {
                    "files": [{"name": payload, "path": payload}],
                    "docs": [payload],
                    "doc": payload,
                    "key": payload,
                }
                event |= {
                    "mark": {"doc": payload, "number": 1, "spans": [[0, 9]]},
                    "phrase": payload,
                    "into": payload,
                }
                body = {
                    "data": [file],
                    "event_data": event,
                    "fn_index": function["id"],
                    "session_hash": "abc",
                    "trigger_id": 1,
                }
                for path in ("/zh/gradio_api/run/predict", "/zh/gradio_api/queue/join"):
                    response = client.post(path, json=body)
                    asked += 1
                    joined += path.endswith("join") and response.status_code == 200
                    if SECRET in response.text or (response.status_code >= 500 and path.endswith("join")):
                        bad.append((function["id"], payload, response.status_code))
        drain(client, joined)
    figure("traversal and SSRF in events of the page", f"{asked} requests, {len(bad)} bad", "0 bad")
    assert bad == [], bad[:20]


def drain(client: httpx.Client, events: int) -> None:
    """Read the queue's answers, so that what was joined has run while the watch was on."""
    done = 0
    with client.stream("GET", "/zh/gradio_api/queue/data", params={"session_hash": "abc"}) as stream:
        for line in stream.iter_lines():
            assert SECRET not in line
            done += '"process_completed"' in line
            if done >= events or "close_stream" in line:
                return


NAMES = (
    "../../up.txt",
    "..\\..\\up.txt",
    "/etc/cron.d/up.txt",
    "a\x00b.txt",
    "....txt",
    "..",
    "",
    ".hidden.txt",
    "长" * 200 + ".txt",
    "é" * 300 + ".txt",
    "\U0001f600" * 100 + ".txt",
    "a" * 300,
    "x." + "y" * 300,
    "con\u202etxt.exe.txt",
    "a\nb\r.txt",
    "%2e%2e%2fup.txt",
    "-rf.txt",
    "\udcff.txt",
)


def test_names_of_files_are_made_safe() -> None:
    for name in NAMES:
        safe = safe_name(name)
        assert safe
        assert "/" not in safe
        assert safe.isprintable()
        assert not safe.startswith(".")
        assert len(safe.encode()) <= LONGEST_NAME


def _all_files(house: House) -> set[Path]:
    """What stands around the archive, outside its index and what belongs beside that."""
    place = house.outside.parent
    return {path for path in place.rglob("*") if not path.relative_to(place).parts[0].startswith("index")}


def test_files_are_kept_in_their_folder_under_safe_names(house: House, figure: Figure) -> None:
    folder = house.outside.with_name("index-files")
    before = _all_files(house)
    paper = "云溪日报\n\n植物园引进新品种\n\n6月3日，植物园引进二十七株珙桐，最早三年后开花。\n"
    names = [name for name in NAMES if name.isprintable() and name]
    with httpx.Client(base_url=house.address, headers=BEARER, timeout=300) as client:
        files = [
            ("files", (name, f"{number} {paper}".encode(), "text/plain")) for number, name in enumerate(names)
        ]
        response = client.post("/api/documents", files=files)
        assert response.status_code == 201, response.text
        verdicts = response.json()["files"]
        kept = [verdict for verdict in verdicts if verdict["status"] == "added"]
        texts = [name for name in names if name.lower().endswith(".txt")]
        assert len(kept) >= len(texts) - 1  # two of the same name are two files
        assert {path.name for path in folder.iterdir()} == {verdict["doc"] for verdict in kept}
        uploaded = client.post("/zh/gradio_api/upload", files=[("files", (name, b"x")) for name in names])
        assert uploaded.status_code in (200, 400)
        for path in uploaded.json() if uploaded.status_code == 200 else ():
            assert Path(path).resolve().is_relative_to(private_folder())
    after = _all_files(house)
    assert {path for path in after - before if not path.is_relative_to(folder)} == set()
    assert private_folder().stat().st_mode & 0o077 == 0
    figure(
        "names of uploads", f"{len(kept)} of {len(names)} kept under safe names", "none outside its folder"
    )


def test_nothing_of_a_secret_is_told_or_logged(
    house: House, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = []
    for headers in (
        BEARER,
        {"authorization": "Bearer wrong-secret-words"},
        {"cookie": "youju_session=wrong-secret-words.x"},
    ):
        for path in ("/api/documents", "/api/nothing", "/zh/config", "/api/health", "/mcp"):
            status, text = send(house, "GET", path, headers=headers)
            said.append(text)
            assert status < 500
    body = json.dumps({"question": "私密的问题私密的问题", "id": "x"}).encode()
    send(house, "POST", "/api/ask", body, {**BEARER, "content-type": "application/json"})
    form = {"content-type": "application/x-www-form-urlencoded"}
    said.append(send(house, "POST", "/login", b"secret=wrong-secret-words", form)[1])
    printed = "".join(capfd.readouterr())
    for secret in (TOKEN, "wrong-secret-words", "私密的问题"):
        assert secret not in printed
        assert not any(secret in text for text in said)


def test_nothing_is_shared_with_gradio_or_others(house: House) -> None:
    config = httpx.get(f"{house.address}/zh/config", headers=BEARER).json()
    assert config.get("analytics_enabled") is False
    assert not config.get("is_space")
    blocks = [route.app for route in house.app.routes if isinstance(route, Mount) and route.path == "/zh"]
    inner = blocks[0]
    while not hasattr(inner, "get_blocks"):
        inner = inner.app
    assert list(inner.get_blocks().allowed_paths) == []
    assert not inner.get_blocks().share
    assert Path(inner.uploaded_file_dir).resolve() == private_folder()


def test_answers_have_random_names() -> None:
    from ui.exchange import new_key

    keys = {new_key() for _ in range(1_000)}
    assert len(keys) == 1_000
    assert {len(key) for key in keys} == {12}
    assert len({Gate("127.0.0.1").key for _ in range(10)}) == 10
