"""The plain way, for figures side by side: LangChain's recursive splitter over the decoded text.

This is what the usual tutorial does with a text file: one file is one document, and its chunks are what is
retrieved. It knows neither articles nor titles nor lost numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from index.document import Article, Document, Passage, Reading, Span

if TYPE_CHECKING:
    from langchain_core.documents import Document as Loaded

CHUNK_SIZE = 500  # characters
CHUNK_OVERLAP = 50


def plain_reading(document: Document) -> Reading:
    """Chunks of the document with the splitter's default separators, as passages of one article."""
    from langchain_core.documents import Document as Loaded
    from langchain_text_splitters import RecursiveCharacterTextSplitter

    splitter = RecursiveCharacterTextSplitter(
        chunk_size=CHUNK_SIZE, chunk_overlap=CHUNK_OVERLAP, add_start_index=True
    )
    chunks = splitter.split_documents([Loaded(page_content=document.text, metadata={"source": document.id})])
    name = f"{document.id}#0"
    passages = tuple(
        Passage(f"{name}-{row}", document.id, name, chunk.page_content, (_span(chunk),))
        for row, chunk in enumerate(chunks)
    )
    article = Article(name, document.id, spans=(Span(0, len(document.text)),))
    return Reading(document, (article,), passages)


def _span(chunk: Loaded) -> Span:
    start = chunk.metadata["start_index"]
    return Span(start, start + len(chunk.page_content))
