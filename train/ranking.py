"""Rank passages for questions: by the vectors of a static encoder's table, and by BM25 over its pieces."""

from __future__ import annotations

import numpy as np
import scipy.sparse as sparse
import torch
import torch.nn.functional as F

from train.ragged import Ragged


def mean_pool(table: torch.Tensor, texts: Ragged) -> torch.Tensor:
    """Mean of the pieces' vectors, float32 (rows, size); an empty row is zero."""
    ids, starts = torch.from_numpy(texts.ids.astype(np.int64)), torch.from_numpy(texts.starts[:-1])
    return F.embedding_bag(ids, table, starts, mode="mean")


def embed(table: torch.Tensor, texts: Ragged) -> np.ndarray:
    """The texts' vectors, made unit length, float32 (rows, size)."""
    with torch.no_grad():
        blocks = (np.arange(at, min(at + 8192, len(texts))) for at in range(0, len(texts), 8192))
        parts = [F.normalize(mean_pool(table, texts.take(rows)), dim=1).numpy() for rows in blocks]
    return np.concatenate(parts)


def dense_search(queries: np.ndarray, passages: np.ndarray, depth: int) -> np.ndarray:
    """Row numbers of the best passages by inner product, (queries, depth)."""
    keys = torch.from_numpy(passages).bfloat16().T.contiguous()
    found = []
    for at in range(0, len(queries), 512):
        scores = (torch.from_numpy(queries[at : at + 512]).bfloat16() @ keys).float()
        found.append(scores.topk(depth, dim=1).indices.numpy())
    return np.concatenate(found)


def piece_counts(texts: Ragged, pieces: int) -> sparse.csr_matrix:
    """How often each piece stands in each text, (texts, pieces)."""
    ones = np.ones(len(texts.ids), np.float32)
    matrix = sparse.csr_matrix((ones, texts.ids, texts.starts), (len(texts), pieces))
    matrix.sum_duplicates()
    return matrix


def bm25_weights(passages: Ragged, pieces: int) -> sparse.csr_matrix:
    """BM25 weight of each piece in each passage; a piece in more than a tenth of them weighs nothing."""
    tf = piece_counts(passages, pieces)
    length = np.asarray(tf.sum(1)).ravel()
    df = np.bincount(tf.indices, minlength=pieces)
    idf = np.log(1 + (len(passages) - df + 0.5) / (df + 0.5))
    idf[df > 0.1 * len(passages)] = 0
    rows = np.repeat(np.arange(len(passages)), np.diff(tf.indptr))
    saturation = 1.2 * (0.25 + 0.75 * length[rows] / length.mean())
    tf.data = (idf[tf.indices] * tf.data / (tf.data + saturation)).astype(np.float32)
    tf.eliminate_zeros()
    return tf


def bm25_search(
    queries: Ragged, passages: Ragged, pieces: int, depth: int, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows and BM25 scores of the best passages, (queries, depth), and the scores of the right ones."""
    index, asked = bm25_weights(passages, pieces).T.tocsr(), piece_counts(queries, pieces)
    found, scores, own = [], [], []
    for at in range(0, len(queries), 128):
        dense = (asked[at : at + 128] @ index).toarray()
        top = torch.from_numpy(dense).topk(depth, dim=1)
        found.append(top.indices.numpy())
        scores.append(top.values.numpy())
        own.append(dense[np.arange(len(dense)), right[at : at + 128]])
    return np.concatenate(found), np.concatenate(scores), np.concatenate(own)
