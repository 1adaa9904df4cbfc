"""Train the network that tells which half of a broken sentence goes on with which.

    python -m train.joiner DATA --out models/joiner
    python -m train.joiner DATA --start models/joiner --out var/joiner --minutes 0    # only measures

Running text is cut at random, as columns cut it: two convolutional networks read the characters before a place
and behind it, both towards the joint. Whether a beginning goes on with an end is a product of what both say and
a small network over it (contrastive predictive coding, van den Oord et al. 2018). Among the choices are cuts of
the same article, of another, beginnings of sentences, and nothing at all.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors.numpy import load_file as load_numpy
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from index.characters import characters
from index.collocations import Collocations, collocations
from index.joiner import attraction
from index.trigrams import COUNTS, NOTHING
from train.cuts import HELD, Drawn, Kinds, held_pages, kinds, pages, read, share_found

_ALONE = 0.2  # share of cuts of which one half is not on the page
_EMBEDDED, _STATE, _MIXED, _LAST = 128, 192, 256, 32  # sizes
_RATE = 2e-3


class Reader(nn.Module):
    """What one side of a joint says: (rows, SEEN symbols, the nearest last) to (rows, size)."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3 * _EMBEDDED, _STATE)
        self.second = nn.Linear(4 * _STATE, _STATE)
        self.third = nn.Linear(4 * _STATE, _STATE)
        self.last = nn.Linear(3 * _STATE + _STATE + 4 * _EMBEDDED, _MIXED)

    def forward(self, letters: Tensor) -> Tensor:
        low = functional.relu(self.first(_windows(letters, 3, 1)))
        middle = functional.relu(self.second(_windows(low, 4, 2)))
        high = functional.relu(self.third(_windows(middle, 4, 2)))
        return functional.relu(
            self.last(torch.cat([high.flatten(1), low[:, -1], letters[:, -4:].flatten(1)], 1))
        )


def _windows(rows: Tensor, size: int, step: int) -> Tensor:
    """Each `size` neighbours (axis 1) as one row."""
    return rows.unfold(1, size, step).transpose(2, 3).flatten(2)


class Joiner(nn.Module):
    """Log odds that beginnings (axis 2) of a page (axis 0) go on with ends (axis 1), against both alone."""

    def __init__(self, symbols: int) -> None:
        super().__init__()
        self.embed = nn.Embedding(symbols + 1, _EMBEDDED)  # the last one is nothing
        self.left = Reader()
        self.right = Reader()
        self.ends = nn.Linear(_MIXED, _MIXED)
        self.begins = nn.Linear(_MIXED, _MIXED)
        self.key = nn.Linear(_MIXED, _MIXED, bias=False)
        self.inner = nn.Linear(_MIXED, _LAST)
        self.last = nn.Linear(_LAST, 1)
        self.end_alone = nn.Linear(_MIXED, 1)
        self.begin_alone = nn.Linear(_MIXED, 1)
        self.known = nn.Linear(3, 1, bias=False)
        self.known.weight.data.copy_(torch.tensor([[1.0, 1.0, 0.5]]))

    def forward(self, before: Tensor, behind: Tensor, known: Tensor) -> Tensor:
        ends, begins = self.ends(before), self.begins(behind)
        mixed = functional.relu(ends[:, :, None] + begins[:, None])
        deep = self.last(functional.relu(self.inner(mixed)))[..., 0]
        product = self.key(before) @ behind.transpose(1, 2) / math.sqrt(_MIXED)
        end_alone = self.end_alone(functional.relu(ends))
        begin_alone = self.begin_alone(functional.relu(begins))[..., 0]
        return deep + product + self.known(known)[..., 0] - end_alone - begin_alone[:, None]


@dataclass(frozen=True, slots=True)
class Batch:
    """What stands before cuts (rows, SEEN) and behind them, then behind beginnings, page by page.

    Symbols are in the order in which they are read, towards the cut.
    """

    before: Tensor
    behind: Tensor
    absent: Tensor  # (pages, beginnings): there is none
    known: Tensor  # what is known of each pair, (pages, ends, beginnings, 3), as `said` tells it


def batch_of(drawn: Drawn, told: Kinds, words: Collocations) -> Batch:
    """Pages with what is known of each pair."""
    sides = (np.where(side == told.blank, NOTHING, side) for side in drawn[:2])
    return Batch(*map(torch.from_numpy, (*drawn, said(*sides, words))))


def neighbours() -> Tensor:
    """What each symbol stands before and behind: singular vectors of what pairs weigh beyond chance."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.linalg import svds

    many = characters().many
    size = len(many.ones)
    first, second = np.divmod(many.pairs[many.pairs < size * size], size)
    counts = COUNTS[many.pair_counts[: len(first)]]
    odds = np.log(counts * many.ones.sum() / (many.ones[first] * many.ones[second]))
    table = csr_matrix((np.maximum(odds, 0.0), (first, second)), shape=(size, size))
    left, strength, right = svds(table, k=_EMBEDDED // 2, random_state=1)
    found = np.concatenate([left * np.sqrt(strength), right.T * np.sqrt(strength)], axis=1)
    return torch.from_numpy(found / found.std()).float()


def said(
    before: npt.NDArray[np.int64], behind: npt.NDArray[np.int64], words: Collocations
) -> npt.NDArray[np.float32]:
    """What the character model says of each end with each beginning of a page, and the words of both."""
    sides = list(zip(before, behind, strict=True))
    near = np.stack([attraction(left[:, -2:].T, right[:, :-3:-1].T) for left, right in sides])
    together = [words.ends(left) @ words.beginnings(right).T for left, right in sides]
    return np.concatenate([near, np.stack(together)[..., None]], axis=3)


def odds(network: Joiner, batch: Batch) -> Tensor:
    """Log odds of each end (axis 1) with each beginning (axis 2), page by page."""

    def states(reader: Reader, symbols: Tensor) -> Tensor:
        return reader(network.embed(symbols.flatten(0, 1))).reshape(*symbols.shape[:2], -1)

    return network(states(network.left, batch.before), states(network.right, batch.behind), batch.known)


def loss_of(found: Tensor, absent: Tensor, chance: torch.Generator) -> tuple[Tensor, Tensor]:
    """Cross entropy of what each end goes on with and each beginning goes on from; and how many are right.

    As all others stay as they are, a half that finds no other one is worth nothing: the composite likelihood of
    an assignment (`index.matching`).
    """
    pages, ends, begins = found.shape
    draw = torch.rand(pages, ends, generator=chance)
    no_begin, no_end = draw < _ALONE, draw > 1 - _ALONE  # halves that are not on the page
    absent = absent.clone()
    absent[:, :ends] |= no_begin
    masked = found.masked_fill(absent[:, None], -1e4).masked_fill(no_end[:, :, None], -1e4)
    true, alone = torch.arange(ends).expand(pages, -1), torch.zeros(pages, max(ends, begins), 1)
    to = torch.where(no_begin, begins, true)[~no_end]
    rows = torch.cat([masked, alone[:, :ends]], 2)[~no_end]
    back = torch.full((pages, begins), ends)
    back[:, :ends] = torch.where(no_end, ends, true)
    columns = torch.cat([masked.transpose(1, 2), alone[:, :begins]], 2)[~absent]
    loss = functional.cross_entropy(rows, to) + functional.cross_entropy(columns, back[~absent])
    right = torch.stack(
        [(rows.argmax(1) == to).float().mean(), (columns.argmax(1) == back[~absent]).float().mean()]
    )
    return loss, right


def _measured(network: Joiner, held: Sequence[Batch]) -> str:
    """How well halves of texts held out find each other, by the network and by what is known without it."""
    chance = torch.Generator().manual_seed(3)
    with torch.no_grad():
        scored = [odds(network, batch) for batch in held]
        found = [loss_of(own, batch.absent, chance) for own, batch in zip(scored, held, strict=True)]
    loss = float(torch.stack([one for one, _ in found]).mean())
    right = torch.stack([one for _, one in found]).mean(0).tolist()
    own = [share_found(pair, batch.absent) for pair, batch in zip(scored, held, strict=True)]
    near = [share_found(batch.known[..., :2].sum(-1), batch.absent) for batch in held]
    words = [share_found(batch.known[..., 2], batch.absent) for batch in held]
    return (
        f"held out: loss {loss:.3f}, ends right {right[0]:.3f}, beginnings right {right[1]:.3f}; of ends whose "
        f"other half is there {sum(own) / len(own):.3f}, by words alone {sum(words) / len(words):.3f}, "
        f"by the character model {sum(near) / len(near):.3f}"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Train and write the network."""
    parser = argparse.ArgumentParser(prog="python -m train.joiner", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of prose_*.jsonl.xz, one {text} a line")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--minutes", type=float, default=80.0)
    parser.add_argument(
        "--words",
        type=Path,
        help="folder of collocations.safetensors, made by train.collocations; that of --out",
    )
    parser.add_argument("--start", type=Path, help="go on from this network, at half the rate")
    parser.add_argument("--seed", type=int, default=5, help="draws the cuts; another one to go on with")
    options = parser.parse_args(arguments)
    torch.manual_seed(1)
    began = time.time()
    prose = read(options.data)
    texts = len(prose.starts) - 1
    print(f"{texts} texts, {len(prose.symbols)} symbols; {time.time() - began:.0f} s", flush=True)
    told = kinds()
    tables = load_numpy((options.words or options.start or options.out) / "collocations.safetensors")
    words = collocations(tables, len(characters().ones))
    network = Joiner(len(characters().ones))
    network.embed.weight.data[:-1].copy_(neighbours())
    rate = _RATE
    if options.start:
        network.load_state_dict(load_file(options.start / "joiner.safetensors"))
        rate = _RATE / 2
    held = [batch_of(drawn, told, words) for drawn in held_pages(prose, told)]
    best = torch.optim.AdamW(network.parameters(), lr=rate, betas=(0.9, 0.98), weight_decay=0.01)
    chance = torch.Generator().manual_seed(2)
    began, seconds = time.time(), 60 * options.minutes
    for step, drawn in enumerate(pages(prose, range(texts - HELD), told, options.seed)):
        done = (time.time() - began) / seconds if seconds else 1.0
        if done >= 1:
            break
        for group in best.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 200) * (0.02 + 0.98 * (1 - done))
        batch = batch_of(drawn, told, words)
        loss, right = loss_of(odds(network, batch), batch.absent, chance)
        best.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        best.step()
        if step % 100 == 0:
            shown = " / ".join(f"{one:.3f}" for one in right.tolist())
            print(f"{step}: loss {loss.item():.3f}, right {shown}; {time.time() - began:.0f} s", flush=True)
        if step % 500 == 0:
            print(_measured(network, held), flush=True)
            save(network, options.out)
    print(_measured(network, held))
    save(network, options.out)


def save(network: Joiner, folder: Path) -> None:
    """Write the network as half-precision numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    halves = {name: weight.detach().half().contiguous() for name, weight in network.state_dict().items()}
    save_file(halves, folder / "joiner.safetensors")


if __name__ == "__main__":
    main()
