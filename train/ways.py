"""Fit the network by which the reader chooses among the ways that are open.

A conditional logit (McFadden 1974) whose worth is a weighted sum of features and what a few hidden units make
of other such sums: what a feature tells may depend on the others.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from index.weights import Features, Network

HIDDEN = 32
_EPOCHS, _BATCH, _RATE, _WARM = 12, 256, 3e-3, 50
_DECAY = 0.01  # as in AdamW (Loshchilov and Hutter 2019)
_UNSEEN = 0.2  # share of the features that a batch does not see, so that none is all that counts

Item = tuple[list[Features], int]  # features of the ways that are open, and which is true
Array = npt.NDArray[Any]


def table(found: Sequence[Item]) -> tuple[Any, Array, Array, list[str]]:
    """All ways as rows of a sparse matrix, the first row of each item, that of the way taken, and the columns."""
    from scipy.sparse import csr_matrix

    column: dict[str, int] = {}
    places: list[tuple[int, int, float]] = []
    starts, taken = [], []
    row = 0
    for ways, true in found:
        starts.append(row)
        taken.append(row + true)
        for features in ways:
            places += [(row, column.setdefault(name, len(column)), amount) for name, amount in features]
            row += 1
    rows, columns, amounts = zip(*places, strict=True)
    made = csr_matrix((amounts, (rows, columns)), shape=(row, len(column)))
    return made, np.array(starts), np.array(taken), list(column)


def network(found: Sequence[Item], *, epochs: int = _EPOCHS, seed: int = 0) -> Network:
    """The network that tells best which way was taken of each item, drawn in another order in each epoch."""
    sparse, starts, taken, names = table(found)
    rows = torch.from_numpy(sparse.toarray()).float()
    sizes = np.diff([*starts, len(rows)])
    torch.manual_seed(seed)
    draw = np.random.default_rng(seed)
    direct = torch.zeros(len(names), requires_grad=True)
    hidden = (torch.randn(len(names), HIDDEN) * 0.1).requires_grad_()
    added = torch.zeros(HIDDEN, requires_grad=True)
    out = (torch.randn(HIDDEN) * 0.1).requires_grad_()
    best = torch.optim.AdamW([direct, hidden, added, out], lr=_RATE, weight_decay=_DECAY)
    steps, step = epochs * -(-len(starts) // _BATCH), 0
    for _ in range(epochs):
        order = draw.permutation(len(starts))
        for at in range(0, len(order), _BATCH):
            for group in best.param_groups:
                group["lr"] = _RATE * min(1.0, (step + 1) / _WARM) * (1 - step / steps) + 1e-5
            chosen = order[at : at + _BATCH]
            own = np.concatenate([np.arange(starts[item], starts[item] + sizes[item]) for item in chosen])
            seen = torch.rand(len(names)) > _UNSEEN
            part = rows[torch.from_numpy(own)] * (seen / (1 - _UNSEEN))
            values = part @ direct + torch.relu(part @ hidden + added) @ out
            loss = _loss(values, sizes[chosen], taken[chosen] - starts[chosen])
            best.zero_grad(set_to_none=True)
            loss.backward()
            best.step()
            step += 1
    with torch.no_grad():
        weights = torch.cat([direct[:, None], hidden], dim=1)[np.argsort(names)]
        weights = torch.cat([weights, torch.zeros(1, HIDDEN + 1)])
        parts = [part.double().numpy().round(4) for part in (weights, added, out)]
    return Network({name: place for place, name in enumerate(sorted(names))}, *parts)


def _loss(values: Tensor, sizes: Array, taken: Array) -> Tensor:
    """Mean negative log likelihood of the way taken of each item; values are item by item."""
    groups = torch.from_numpy(np.repeat(np.arange(len(sizes)), sizes))
    most = torch.full((len(sizes),), -torch.inf).scatter_reduce(0, groups, values.detach(), "amax")
    sums = torch.zeros(len(sizes)).index_add(0, groups, torch.exp(values - most[groups]))
    rows = torch.from_numpy(np.cumsum(sizes) - sizes + taken)
    return (torch.log(sums) + most - values[rows]).mean()
