"""HTML: whatever the characters, they come out as text; what is shown is what was meant."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.document import Article, Passage, Source, Span
from rag.answer import Answer, Citation, Claim, Ranked, Verdict
from rag.readings import Aspect, Reading
from ui import render
from ui.examples import examples
from ui.exchange import Exchange, ExchangeError, Mark, from_answer, from_json, history, to_json
from ui.render.markup import Html, el, join, text
from ui.source import open_source
from ui.words import EN, LANGUAGES, ZH, preferred

PAYLOADS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '"><svg onload=alert(1)>',
    "' onmouseover='alert(1)",
    "javascript:alert(1)",
    "<a href='javascript:alert(1)'>x</a>",
    "![x](http://evil.example/x.png)",
    "[x](http://evil.example/)",
    "$$\\href{javascript:alert(1)}{x}$$",
    "<iframe srcdoc='<script>alert(1)</script>'>",
    "</span></article><script>alert(1)</script>",
    "<!--", "]]>", "&lt;script&gt;", "\u202ecod.exe\u202c", "a\u200bb", "\ud800", "\x00\x1b[31m",
    "<style>*{background:url(http://evil.example)}</style>", "<base href=http://evil.example>",
    "<button data-do=cite data-key=0 data-numbers=1>1</button>", "[1]【1】", "{{value}}${value}",
)  # fmt: skip
ALLOWED = frozenset(
    [
        "article",
        "section",
        "div",
        "span",
        "p",
        "h1",
        "h2",
        "h3",
        "h4",
        "ol",
        "ul",
        "li",
        "button",
        "q",
        "strong",
        "mark",
        "details",
        "summary",
        "blockquote",
        "header",
        "footer",
        "dl",
        "dt",
        "dd",
    ]
)


class Reader(HTMLParser):
    """Collects tags, attributes and text as a browser would."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.said: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.said.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment came out: {data!r}")

    @classmethod
    def of(cls, markup: str) -> Reader:
        reader = cls()
        reader.feed(markup)
        reader.close()
        return reader


def harmless(markup: str) -> Reader:
    """Fails when anything but our own elements and attributes came out."""
    found = Reader.of(markup)
    assert set(found.tags) <= ALLOWED
    for name, value in found.attributes:
        assert not name.startswith("on")
        assert name not in {"style", "srcdoc", "formaction"}
        assert name not in {"href", "src"} or value.startswith(("#", "/", "./"))
    return found


def passage(words: str, *, id: str = "d#1", doc: str = "d.txt", title: str = "") -> Passage:
    return Passage(id=id, doc=doc, article="d#a", text=words, spans=(Span(0, len(words)),), title=title)


def answered(words: str, question: str) -> Exchange:
    """An exchange whose every text is `words`."""
    found = passage(words, title=words, doc=words)
    answer = Answer(
        question=question,
        text=words,
        refused=False,
        claims=(Claim(words, (1,), Verdict.NEAR, (0, min(3, len(words)))),),
        citations=(Citation(1, replace(found, section=words, speaker=words, flags=(words,)), 0, len(words)),),
        ranking=(Ranked(found, 1.0), Ranked(passage(words, id="d#2"), 0.5)),
        notes=(words,),
        readings=(Reading(Aspect.TIME, words, words, words),),
    )
    return from_answer(answer, {}, key="abc123", fingerprint="f", asked="2024-05-18T09:00:00+08:00")


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("words", LANGUAGES.values(), ids=LANGUAGES)
def test_no_text_becomes_markup(payload: str, words: object) -> None:
    shown = answered(payload, payload)
    assert isinstance(words, type(ZH))
    for markup in (
        render.exchange(words, shown),
        render.exchange(words, replace(shown, refused=True, reason="weak")),
        render.pending(words, "abc", payload, payload),
        render.broken(words, "abc", payload, payload),
        render.source_gone(words, shown.marks[0], key="abc", total=1),
        render.trouble(payload),
        render.welcome(words, (1, 1, 1), (payload,)),
    ):
        harmless(markup)


@given(st.text(max_size=300))
def test_escaped_text_reads_as_it_was(value: str) -> None:
    said = "".join(Reader.of(el("p", value)).said)
    invisible = re.compile(
        "[\u00ad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\U000e0000-\U000e007f]"
    )
    unprintable = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
    expected = invisible.sub("·", unprintable.sub("\ufffd", value))
    assert said.replace("\r\n", "\n").replace("\r", "\n") == expected.replace("\r\n", "\n").replace(
        "\r", "\n"
    )


@given(st.text(max_size=80), st.text(max_size=80))
def test_attributes_cannot_be_left(value: str, other: str) -> None:
    found = Reader.of(el("span", "x", title=value, data_key=other))
    assert found.tags == ["span"]
    assert {name for name, _ in found.attributes} == {"title", "data-key"}


def test_joining_markup_with_text_gives_text() -> None:
    mixed = el("b", "x") + "<i>"
    assert not isinstance(mixed, Html)
    assert join((mixed,)) == text("<b>x</b><i>")


def test_a_mark_cannot_be_forged_by_text() -> None:
    shown = answered("[1]【1】(1)", "q")
    buttons = re.findall(r'<button[^>]*class="cite"[^>]*>', render.exchange(ZH, shown))
    assert len(buttons) == 1
    assert all('data-key="abc123"' in button for button in buttons)


def test_an_exchange_survives_the_browser() -> None:
    shown = answered("澄江大桥通车。", "何时通车？")
    assert from_json(json.loads(json.dumps(to_json(shown)))) == shown
    assert history([to_json(shown)] * 9)[0].question == "何时通车？"
    assert len(history([to_json(shown)] * 9)) == 6


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
        lambda inner: (
            st.lists(inner, max_size=4)
            | st.dictionaries(
                st.sampled_from(["key", "question", "marks", "sentences", "seconds", "spans"]), inner
            )
        ),
        max_leaves=12,
    )
)
def test_anything_else_from_a_browser_is_refused(value: object) -> None:
    try:
        found = from_json(value)
    except ExchangeError:
        return
    harmless(render.exchange(ZH, found))


def test_the_cited_characters_are_the_ones_highlighted() -> None:
    original = "标题\n\n第一段。\n\n大桥全长2.8公里，\n双向六车道。\n\n末段。\n"
    start = original.index("大桥")
    end = original.index("车道。") + 3
    body = original[start:end]
    found = Passage(id="p", doc="d", article="a", text=body, spans=(Span(start, end),))
    article = Article(id="a", doc="d", spans=(Span(0, len(original)),))
    opening = open_source(Shelf(original), "d", [(start, end)], article=article, passages=[found])
    assert "".join(piece.text for piece in opening.pieces) == original[opening.start : opening.end]
    cited = [piece.text for piece in opening.pieces if piece.kind == "cited"]
    assert "".join(cited) == body
    markup = render.source(ZH, mark(body, start, end), opening, key="k", total=1)
    highlighted = re.findall(r'<mark class="cited">(.*?)</mark>', markup, re.DOTALL)
    assert "".join(highlighted[:1]) == body
    assert Source() == Source()


@given(st.text(alphabet="甲乙丙\n ", min_size=1, max_size=200), st.data())
def test_every_window_conserves_the_file(original: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(original)))
    end = data.draw(st.integers(start, len(original)))
    opening = open_source(Shelf(original), "d", [(start, end)])
    assert "".join(piece.text for piece in opening.pieces) == original[opening.start : opening.end]
    cited = "".join(piece.text for piece in opening.pieces if piece.kind == "cited")
    assert "".join(cited.split()) == "".join(original[start:end].split())


class Shelf:
    """One document to open."""

    def __init__(self, original: str) -> None:
        self.original = original

    def text(self, doc: str) -> str:
        return self.original

    def dropped(self, doc: str) -> tuple[()]:
        return ()


def mark(body: str, start: int, end: int) -> Mark:
    return Mark(number=1, doc="d", spans=((start, end),), text=body, passage="p", article="a")


def test_examples_come_from_the_archive_alone() -> None:
    articles = [
        Article(id="1", doc="d", title="澄江大桥通车　两岸车程缩短"),
        Article(id="2", doc="d", title="桥"),
    ]
    found = examples(ZH, articles, [replace(passage("x"), section="居民盼望已久的变化")])
    assert found == ("关于“澄江大桥通车 两岸车程缩短”，文中怎么说？", "“居民盼望已久的变化”讲了什么？")
    assert examples(EN, [], []) == ()


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("文化馆开办“夜间讲堂”", "文化馆开办‘夜间讲堂’"),
        ("“夜间讲堂”今晚开讲", "‘夜间讲堂’今晚开讲"),
        ("“文化馆今晚开讲”", "文化馆今晚开讲"),
        ("“晨读”之后是“夜读”", "‘晨读’之后是‘夜读’"),
        ("文化馆今晚开讲”——", "文化馆今晚开讲"),
    ],
)
def test_quotation_marks_in_examples_are_in_pairs(title: str, shown: str) -> None:
    assert examples(ZH, [Article(id="1", doc="d", title=title)], []) == (f"关于“{shown}”，文中怎么说？",)


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("", "zh"),
        ("en-GB,en;q=0.9", "en"),
        ("de,en;q=0.5,zh;q=0.9", "zh"),
        ("fr", "zh"),
        ("en;q=0", "zh"),
        ("zh-TW", "zh"),
        (";;q=x,,en", "en"),
    ],
)
def test_the_language_of_the_browser(accepted: str, code: str) -> None:
    assert preferred(accepted).code == code


def test_html_is_made_in_one_place() -> None:
    room = Path(render.__file__).parent.parent
    tags = re.compile(r"</?(?:div|span|p|a|h\d|ul|li|button|section|script|style)\b")
    for path in room.glob("*.py"):
        assert not tags.search(path.read_text(encoding="utf-8")), path.name
    for path in (room / "web").glob("*.js"):
        script = path.read_text(encoding="utf-8")
        assert not tags.search(script), path.name
        for word in (
            "innerHTML",
            "outerHTML",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "http://",
            "https://",
        ):
            assert word not in script, f"{path.name}: {word}"
