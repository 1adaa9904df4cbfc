"""What goes in and out of the HTTP API, with examples for its description."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from index.copies import Copy
from index.document import Article, Passage
from index.records import DocumentCard
from ui.archive import Held
from ui.asking import LONGEST_QUESTION, MOST_ARCHIVES, MOST_DOCUMENTS, MOST_PASSAGES, MOST_UNDONE
from ui.exchange import HISTORY, Exchange, Mark

DATE = r"^(\d{4}(-\d{2}(-\d{2})?)?)?$"
Text = Annotated[str, Field(max_length=20_000)]


class Closed(BaseModel):
    """Members that are not named here are refused, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid")


class PastTurn(Closed):
    """An earlier question and its answer."""

    q: Text
    a: Text


class Bounds(Closed):
    """Which documents and dates may answer; an empty member does not restrict."""

    archives: list[Text] = Field(
        default=[], max_length=MOST_ARCHIVES, description="names of archives, where there are several"
    )
    docs: list[Text] = Field(default=[], max_length=MOST_DOCUMENTS)
    since: str = Field(default="", pattern=DATE, description="YYYY, YYYY-MM or YYYY-MM-DD")
    until: str = Field(default="", pattern=DATE, description="YYYY, YYYY-MM or YYYY-MM-DD")


class Question(Closed):
    """A question with its history and bounds."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"question": "大桥什么时候通车？", "history": [], "where": {}, "k": 10}]
        },
    )

    question: str = Field(min_length=1, max_length=LONGEST_QUESTION)
    history: list[PastTurn] = Field(default=[], max_length=50, description=f"the last {HISTORY} are used")
    where: Bounds = Bounds()
    k: int = Field(default=0, ge=0, le=MOST_PASSAGES, description="passages; 0 keeps the server's setting")
    id: str = Field(default="", max_length=200, description="returned as it came")
    undo: list[Text] = Field(
        default=[],
        max_length=MOST_UNDONE,
        description="readings not to be made again: their keys, aspects such as `time`, or `all`",
    )
    language: Literal["", "zh", "en"] = Field(
        default="", description="of the program's own words, not of the documents"
    )


class CitationOut(BaseModel):
    """The exact characters of a document: offsets count characters of the decoded file."""

    number: int
    doc: str
    spans: list[tuple[int, int]]
    text: str
    passage: str
    article: str
    title: str
    newspaper: str
    date: str
    page: str
    flags: list[str]
    archive: str = Field(default="", description="its name, where there are several")
    also: list[CitationOut] = []


class SentenceOut(BaseModel):
    """One sentence, the numbers of its citations, and how well they carry it."""

    text: str
    citations: list[int]
    verdict: str


class PassageOut(BaseModel):
    """A passage of the archive; `score` is there when it was searched for, higher is better."""

    id: str
    doc: str
    article: str
    title: str
    section: str
    kind: str
    date: str
    speaker: str
    text: str
    spans: list[tuple[int, int]]
    flags: list[str]
    score: float | None = None


class ReadingOut(BaseModel):
    """One thing that was understood of a question; `key` in `undo` takes it back.

    `only` says that nothing else was searched, otherwise it was preferred.
    """

    key: str
    aspect: str
    said: str
    meant: str
    text: str
    only: bool


class AnswerOut(BaseModel):
    """An answer, or a refusal that says why. `passages` is the ranking, best first, also when refused."""

    id: str
    key: str
    question: str
    answer: str
    refused: bool
    reason: str
    incomplete: bool
    sentences: list[SentenceOut]
    citations: list[CitationOut]
    passages: list[PassageOut]
    notes: list[str]
    understood: list[str]
    readings: list[ReadingOut]
    fingerprint: str
    seconds: float


class PassagesOut(BaseModel):
    """Passages of a search, best first."""

    question: str
    system: str
    passages: list[PassageOut]


class DocumentOut(BaseModel):
    """A document of the archive and what was understood of it; lengths are in characters."""

    id: str
    sha256: str
    size: int = Field(description="bytes")
    encoding: str
    media: str
    newspaper: str
    date: str
    page: str
    added: str
    characters: int
    dropped: int
    articles: int = Field(description="number of articles")
    passages: int = Field(description="number of passages")
    archive: str = Field(default="", description="its name, where there are several")
    copy_of: str = Field(default="", description="a document that says mostly the same")
    copied: float = Field(default=0.0, description="share of the shorter one's sentences, 0 to 1")


class ArticleOut(BaseModel):
    """An article of a document."""

    id: str
    doc: str
    title: str
    kind: str
    byline: str
    dateline: str
    date: str
    spans: list[tuple[int, int]]
    continues: str


class VerdictOut(BaseModel):
    """What became of one file."""

    doc: str
    status: str
    message: str
    articles: int
    passages: int


class SummaryOut(BaseModel):
    """What became of all files, and the archive afterwards."""

    files: list[VerdictOut]
    documents: int
    passages: int
    seconds: float


class EvidenceOut(BaseModel):
    """Characters [start, end) of a document with their surroundings and the index they stand in."""

    doc: str
    start: int
    end: int
    quotation: str
    before: str
    after: str
    article: str
    title: str
    newspaper: str
    date: str
    page: str
    sha256: str
    fingerprint: str


class ArchiveOut(BaseModel):
    """One archive among several; `trouble` says why it cannot be asked."""

    name: str
    documents: int
    passages: int
    fingerprint: str
    trouble: str = ""


class HealthOut(BaseModel):
    """Whether questions can be answered."""

    status: Literal["ok", "no index"]
    version: str
    documents: int = 0
    passages: int = 0
    fingerprint: str = ""
    archives: list[ArchiveOut] = Field(default=[], description="empty where there is one alone")
    detail: str = ""


def passage_out(passage: Passage, score: float | None = None) -> PassageOut:
    """A passage for the API."""
    return PassageOut(
        id=passage.id,
        doc=passage.doc,
        article=passage.article,
        title=passage.title,
        section=passage.section,
        kind=passage.kind,
        date=passage.date,
        speaker=passage.speaker,
        text=passage.text,
        spans=[(span.start, span.end) for span in passage.spans],
        flags=list(passage.flags),
        score=None if score is None else round(score, 6),
    )


def article_out(article: Article) -> ArticleOut:
    """An article for the API."""
    return ArticleOut(
        id=article.id,
        doc=article.doc,
        title=article.title,
        kind=article.kind,
        byline=article.byline,
        dateline=article.dateline,
        date=article.date,
        spans=[(span.start, span.end) for span in article.spans],
        continues=article.continues,
    )


def document_out(card: DocumentCard, copy: Copy | None = None) -> DocumentOut:
    """A document for the API, and what it is a near copy of; where it lies on the server is not told."""
    return DocumentOut(
        id=card.id,
        sha256=card.sha256,
        size=card.size,
        encoding=card.encoding,
        media=card.media,
        newspaper=card.source.newspaper,
        date=card.source.date,
        page=card.source.page,
        added=card.added,
        characters=card.characters,
        dropped=card.dropped,
        articles=card.articles,
        passages=card.passages,
        archive=card.archive,
        copy_of=copy.of if copy else "",
        copied=round(copy.share, 3) if copy else 0.0,
    )


def archive_out(held: Held) -> ArchiveOut:
    """One archive among several for the API."""
    return ArchiveOut(
        name=held.name,
        documents=held.documents,
        passages=held.passages,
        fingerprint=held.fingerprint,
        trouble=type(held.trouble).__name__ if held.trouble else "",
    )


def citation_out(mark: Mark) -> CitationOut:
    """A citation for the API."""
    return CitationOut(
        number=mark.number,
        doc=mark.doc,
        spans=list(mark.spans),
        text=mark.text,
        passage=mark.passage,
        article=mark.article,
        title=mark.title,
        newspaper=mark.newspaper,
        date=mark.date,
        page=mark.page,
        flags=list(mark.flags),
        archive=mark.archive,
        also=[citation_out(other) for other in mark.also],
    )


def answer_out(exchange: Exchange, ranking: list[PassageOut], given: str = "") -> AnswerOut:
    """An answer for the API, under the id that was given with the question."""
    return AnswerOut(
        id=given or exchange.key,
        key=exchange.key,
        question=exchange.question,
        answer=exchange.text,
        refused=exchange.refused,
        reason=exchange.reason,
        incomplete=exchange.incomplete,
        sentences=[
            SentenceOut(text=sentence.text, citations=list(sentence.marks), verdict=sentence.verdict)
            for sentence in exchange.sentences
        ],
        citations=[citation_out(mark) for mark in exchange.marks],
        passages=ranking,
        notes=list(exchange.notes),
        understood=list(exchange.understood),
        readings=[
            ReadingOut(
                key=reading.key,
                aspect=reading.aspect,
                said=reading.said,
                meant=reading.meant,
                text=reading.text,
                only=reading.only,
            )
            for reading in exchange.readings
        ],
        fingerprint=exchange.fingerprint,
        seconds=exchange.seconds,
    )
