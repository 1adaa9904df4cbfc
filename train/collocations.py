"""Train the vectors that tell which words stand together across a joint.

    python -m train.collocations DATA --out models/joiner

Running text is cut at random, as columns cut it. What stands before a cut and behind it are sums of vectors of
characters and of their pairs and triples (`index/collocations.py`), learned by telling what goes on with each end
from other cuts and from beginnings of sentences of the same texts and of others (contrastive predictive coding,
van den Oord et al. 2018). Two take one product, so twenty times as many cuts are seen as `train.joiner` sees in
the same time.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional

from index.characters import characters
from index.collocations import Grams
from index.joiner import SEEN
from index.trigrams import NOTHING
from train.cuts import HELD, Kinds, Prose, held_pages, kinds, read, share_found

_PAIRS, _TRIPLES, _SIZE = 60_000, 60_000, 64  # how many have vectors, and of which size
_GROUPS, _TEXTS, _CUTS, _BEGINNINGS = 16, 4, 40, 8  # of a batch, of each group, of either place in a text
_WINDOW = 480  # symbols of a place
_SHORT = 0.35  # share of halves of which less than all is there
_LOST = 0.25  # share of texts that lose their numbers
_RATE = 1e-2

Symbols = npt.NDArray[np.int64]
Numbers = tuple[Tensor, Tensor, Tensor]


class Side(nn.Module):
    """Vectors of one side of a joint; see `index.collocations.Side`."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.ones = nn.Embedding(symbols + 1, _SIZE, padding_idx=0)
        self.pairs = nn.Embedding(_PAIRS + 1, _SIZE, padding_idx=0)
        self.triples = nn.Embedding(_TRIPLES + 1, _SIZE, padding_idx=0)
        for table in (self.ones, self.pairs, self.triples):
            table.weight.data.normal_(std=0.3)
            table.weight.data[0] = 0.0
        places = 1.0 / (1.0 + 0.6 * torch.arange(SEEN - 1))
        self.near = nn.Parameter(torch.ones(2, _SIZE))
        self.place = nn.Parameter(places[:, None].repeat(1, _SIZE))
        self.bend = nn.Parameter(torch.zeros(_SIZE))
        self.turn = nn.Parameter(torch.eye(_SIZE))
        self.added = nn.Parameter(torch.zeros(_SIZE))

    def forward(self, numbers: Numbers) -> Tensor:
        ones, pairs, triples = numbers
        found = (self.pairs(pairs) * self.place).sum(-2) + (self.ones(ones) * self.near).sum(-2)
        found = found + self.triples(triples)
        return found + functional.relu(found + self.bend) @ self.turn.T + self.added


class Both(nn.Module):
    """Logarithms for every end with every beginning of a group."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.left, self.right = Side(symbols), Side(symbols)
        self.scale = nn.Parameter(torch.tensor(5.0 / math.sqrt(_SIZE)))

    def forward(self, before: Numbers, behind: Numbers) -> Tensor:
        return self.left(before) @ self.right(behind).transpose(-1, -2) * self.scale


def grams(prose: Prose, size: int) -> Grams:
    """The most frequent pairs and triples of the texts, across their ends too."""
    symbols = prose.symbols.astype(np.int64)
    pairs = symbols[:-1] * size + symbols[1:]
    return Grams(_most(pairs, _PAIRS), _most(pairs[:-1] * size + symbols[2:], _TRIPLES), size)


def _most(keys: Symbols, count: int) -> Symbols:
    found, counts = np.unique(keys, return_counts=True)
    return np.sort(found[np.argsort(-counts, kind="stable")[:count]])


def without_numbers(prose: Prose, told: Kinds, chance: np.random.Generator) -> Prose:
    """The texts, some of them without their numbers."""
    texts = [prose.symbols[low:high] for low, high in zip(prose.starts[:-1], prose.starts[1:], strict=True)]
    kept = [text[text != told.number] if chance.random() < _LOST else text for text in texts]
    return Prose(np.concatenate(kept), np.cumsum([0, *map(len, kept)]))


@dataclass(frozen=True, slots=True)
class Batch:
    """Symbols before cuts and behind them, then behind beginnings, group by group, and which are the same."""

    before: Numbers
    behind: Numbers
    same: Tensor  # (groups, ends, beginnings): true but not the one asked for


def batches(prose: Prose, texts: int, told: Kinds, known: Grams, seed: int) -> Iterator[Batch]:
    """Groups of cuts of texts drawn at random among the first ones, for ever."""
    chance = np.random.default_rng(seed)
    symbols = prose.symbols.astype(np.int64)
    free, begun = np.zeros(len(symbols), bool), np.zeros(len(symbols), bool)
    free[1:] = ~told.never_last[symbols[:-1]] & ~told.never_first[symbols[1:]]
    begun[1:] = told.stops[symbols[:-1]] & ~told.never_first[symbols[1:]]
    edge = SEEN + 2
    starts, sizes = prose.starts[:-1], np.diff(prose.starts)
    rows = np.flatnonzero(sizes[:texts] >= _WINDOW + 2 * edge)
    while True:
        cuts, beginnings = [], []
        for row in chance.choice(rows, _GROUPS * _TEXTS).repeat(2):
            low = starts[row] + edge + chance.integers(0, sizes[row] - _WINDOW - 2 * edge + 1)
            places = np.flatnonzero(free[low : low + _WINDOW]) + low
            sentences = np.flatnonzero(begun[low : low + _WINDOW]) + low
            cuts.append(chance.choice(places, _CUTS))
            beginnings.append(chance.choice(sentences if len(sentences) else places, _BEGINNINGS))
        ends = np.stack(cuts).reshape(_GROUPS, -1)
        others = np.concatenate([ends, np.stack(beginnings).reshape(_GROUPS, -1)], axis=1)
        same = ends[:, :, None] == others[:, None]
        same[:, range(ends.shape[1]), range(ends.shape[1])] = False
        before = _shortened(symbols[ends[..., None] + np.arange(-SEEN, 0)], chance)
        behind = _shortened(symbols[others[..., None] + np.arange(SEEN - 1, -1, -1)], chance)
        yield Batch(numbered(known, before, True), numbered(known, behind, False), torch.from_numpy(same))


def _shortened(symbols: Symbols, chance: np.random.Generator) -> Symbols:
    """Some halves with less before them than all, as of short pieces."""
    there = chance.integers(2, SEEN + 1, symbols.shape[:-1])
    there[chance.random(there.shape) >= _SHORT] = SEEN
    return np.where(np.arange(SEEN) < SEEN - there[..., None], NOTHING, symbols)


def numbered(known: Grams, symbols: Symbols, left: bool) -> Numbers:
    """Numbers of what stands on one side, group by group."""
    ones, pairs, triples = known.numbers(symbols.reshape(-1, SEEN), left)
    shape = symbols.shape[:2]
    return (
        torch.from_numpy(np.ascontiguousarray(ones)).reshape(*shape, 2),
        torch.from_numpy(pairs).reshape(*shape, SEEN - 1),
        torch.from_numpy(triples).reshape(*shape),
    )


def loss_of(found: Tensor, same: Tensor) -> Tensor:
    """Cross entropy of what each end goes on with and of what each cut's other half is."""
    ends = found.shape[1]
    found = found.masked_fill(same, -1e4)
    true = torch.arange(ends).expand(len(found), -1).flatten()
    to = functional.cross_entropy(found.flatten(0, 1), true)
    return to + functional.cross_entropy(found[:, :, :ends].transpose(1, 2).flatten(0, 1), true)


def save(network: Both, known: Grams, folder: Path) -> None:
    """Write the tables as bytes with a scale for each row, the rest as half-precision numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays = {"pairs": torch.from_numpy(known.pairs).int(), "triples": torch.from_numpy(known.triples)}
    own = network.state_dict()
    scale = own.pop("scale")
    for name, weight in own.items():
        if name.startswith("left.") and name.rpartition(".")[2] in ("weight", "bend", "added"):
            weight = weight * scale  # what it makes of a bag grows as the bag does
        if name.endswith(".weight"):
            name = name.removesuffix(".weight")
            steps = weight.abs().amax(1) / 127 + 1e-6
            arrays[name] = (weight / steps[:, None]).round().to(torch.int8)
            arrays[f"{name}.scale"] = steps.half()
        else:
            arrays[name] = weight.half().contiguous()
    save_file(arrays, folder / "collocations.safetensors")


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and write the vectors."""
    parser = argparse.ArgumentParser(prog="python -m train.collocations", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of prose_*.jsonl.xz, one {text} a line")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=45.0)
    options = parser.parse_args(arguments)
    torch.manual_seed(1)
    began, told, size = time.time(), kinds(), len(characters().ones)
    whole = read(options.data)
    known = grams(whole, size)
    prose = without_numbers(whole, told, np.random.default_rng(4))
    texts = len(prose.starts) - 1 - HELD
    held = held_pages(whole, told)
    print(f"{texts} texts, {len(prose.symbols)} symbols; {time.time() - began:.0f} s", flush=True)
    network = Both(size)
    best = torch.optim.Adam(network.parameters(), lr=_RATE, betas=(0.9, 0.98))

    def measured() -> str:
        shares = []
        with torch.no_grad():
            for before, behind, absent in held:
                sides = (
                    numbered(known, np.where(side == told.blank, NOTHING, side), left)
                    for side, left in ((before, True), (behind, False))
                )
                shares.append(share_found(network(*sides), torch.from_numpy(absent)))
        return f"of ends whose other half is there {sum(shares) / len(shares):.3f} are right"

    began, seconds = time.time(), 60 * options.minutes
    for step, batch in enumerate(batches(prose, texts, told, known, seed=5)):
        done = (time.time() - began) / seconds
        if done >= 1:
            break
        for group in best.param_groups:
            group["lr"] = _RATE * min(1.0, (step + 1) / 200) * (0.01 + 0.99 * (1 - done))
        loss = loss_of(network(batch.before, batch.behind), batch.same)
        best.zero_grad(set_to_none=True)
        loss.backward()
        best.step()
        if step % 500 == 0:
            save(network, known, options.out)
            print(f"{step}: loss {loss.item():.3f}; {measured()}; {time.time() - began:.0f} s", flush=True)
    print(measured())
    save(network, known, options.out)


if __name__ == "__main__":
    main()
