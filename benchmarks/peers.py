"""Other programs doing the same work, used as their documentation says; each build returns how to ask it.

All get the same passages and, where they take one, the same encoder, and give the ten best passages. What a
peer needs is in the extra `bench`; one that is not installed is reported so.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from index.encode import load_encoder

Ask = Callable[[str], Sequence[str]]


def bm25s(texts: list[str], folder: Path) -> Ask:
    """Words only: jieba and bm25s, saved and mapped."""
    import bm25s as library
    import jieba

    def cut(text: str) -> list[str]:
        return [word for word in jieba.cut_for_search(text) if word.strip()]

    engine = library.BM25(method="lucene")
    engine.index([cut(text) for text in texts], show_progress=False)
    engine.save(str(folder / "bm25s"))
    opened = library.BM25.load(str(folder / "bm25s"), mmap=True)

    def ask(question: str) -> Sequence[str]:
        found, _ = opened.retrieve([cut(question)], k=min(10, len(texts)), show_progress=False)
        return [texts[row] for row in found[0].tolist()]

    return ask


def langchain(texts: list[str], folder: Path) -> Ask:
    """FAISS and BM25Retriever with jieba, joined by reciprocal ranks as EnsembleRetriever does."""
    import jieba
    from langchain_community.retrievers import BM25Retriever
    from langchain_community.vectorstores import FAISS
    from langchain_core.embeddings import Embeddings

    encoder = load_encoder()

    class Same(Embeddings):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return encoder.encode(texts).tolist()

        def embed_query(self, text: str) -> list[float]:
            return encoder.encode([text])[0].tolist()

    store = FAISS.from_texts(texts, Same())
    store.save_local(str(folder / "langchain"))
    words = BM25Retriever.from_texts(texts, preprocess_func=jieba.lcut, k=10)

    def ask(question: str) -> Sequence[str]:
        ranks: dict[str, float] = {}
        for found in (store.similarity_search(question, k=10), words.invoke(question)):
            for place, document in enumerate(found):
                text = document.page_content
                ranks[text] = ranks.get(text, 0.0) + 1 / (60 + place)
        return sorted(ranks, key=lambda text: -ranks[text])[:10]

    return ask


def lancedb(texts: list[str], folder: Path) -> Ask:
    """Hybrid search of LanceDB: its vectors, and its full text over characters and pairs of them."""
    import lancedb as library

    encoder = load_encoder()
    vectors = encoder.encode(texts)
    database = library.connect(str(folder / "lancedb"))
    rows = [{"vector": vector, "text": text} for vector, text in zip(vectors, texts, strict=True)]
    table = database.create_table("passages", rows)
    table.create_fts_index("text", base_tokenizer="ngram", ngram_min_length=2, ngram_max_length=2)

    def ask(question: str) -> Sequence[str]:
        query = table.search(query_type="hybrid").vector(encoder.encode([question])[0]).text(question)
        return [row["text"] for row in query.limit(10).to_list()]

    return ask


def txtai(texts: list[str], folder: Path) -> Ask:
    """Hybrid embeddings of txtai with the same vectors; its own tokenizer of words."""
    from txtai import Embeddings

    encoder = load_encoder()

    def transform(inputs: Sequence[str]) -> Any:
        vectors = encoder.encode(list(inputs))
        # txtai divides by the length, and a passage without any known piece has none.
        vectors[~vectors.any(axis=1), 0] = 1e-6
        return vectors

    engine = Embeddings(method="external", transform=transform, hybrid=True, content=False, backend="faiss")
    engine.index(enumerate(texts))
    engine.save(str(folder / "txtai"))
    return lambda question: [texts[row] for row, _ in engine.search(question, 10)]


PEERS: dict[str, Callable[[list[str], Path], Ask]] = {
    "bm25s with jieba": bm25s,
    "LangChain, FAISS and BM25Retriever": langchain,
    "LanceDB": lancedb,
    "txtai": txtai,
}
