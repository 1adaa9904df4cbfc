"""The fitted weights of the reader: what each feature of shape, topic or broken sentence counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from index.document import ModelError
from index.encode import bundled

Features = list[tuple[str, float]]  # names and values; a name may occur more than once
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What features are worth together: a weighted sum, and what hidden units make of other sums of them.

    `rows` hold the weights of the features, by their `places`: in the first column those of the sum itself,
    in the others those of the hidden units. The last row, all zeros, is of features that are not known.
    `added` is what hidden units start from and `out` what each counts.
    """

    places: Mapping[str, int]
    rows: Reals
    added: Reals
    out: Reals

    def row(self, name: str) -> Reals:
        """The weights of a feature."""
        found: Reals = self.rows[self.places.get(name, -1)]
        return found

    def sums(self, features: Iterable[tuple[str, float]]) -> Reals:
        """The sums of some features; those of parts may be added up."""
        found: Reals = self.all_sums([features])[0]
        return found

    def all_sums(self, found: Sequence[Iterable[tuple[str, float]]]) -> Reals:
        """The sums of each of some sets of features, one row for each."""
        places: list[int] = []
        amounts: list[float] = []
        starts: list[int] = []
        for features in found:
            starts.append(len(places))
            places.append(-1)  # so that none is empty
            amounts.append(0.0)
            for name, amount in features:
                places.append(self.places.get(name, -1))
                amounts.append(amount)
        if not starts:
            return np.zeros((0, self.rows.shape[1]))
        weighed = self.rows[places] * np.array(amounts)[:, None]
        sums: Reals = np.add.reduceat(weighed, starts, axis=0)
        return sums

    def worth(self, sums: Reals) -> Reals:
        """What the features are worth whose sums stand in the last axis."""
        hidden = np.maximum(sums[..., 1:] + self.added, 0.0)
        found: Reals = sums[..., 0] + hidden @ self.out
        return found


NOTHING_KNOWN = Network({}, np.zeros((1, 1)), np.zeros(0), np.zeros(0))


@dataclass(frozen=True, slots=True)
class Weights:
    """What tells which halves of sentences go together, and which way of sorting a page is the right one."""

    halves: Network
    ways: Network


@cache
def weights() -> Weights:
    """The weights that the package ships with. Raises ModelError when they are missing or damaged."""
    path = bundled("sorting") / "sorting.json"
    if not path.exists():
        raise ModelError(f"{path}: the weights are missing from the installation; install youju again")
    try:
        return weights_of(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: the weights are damaged ({error}); install youju again") from error


def weights_of(found: Mapping[str, Any]) -> Weights:
    """Weights as `written` leaves them. Raises KeyError, TypeError or ValueError at anything else."""
    return Weights(_network(found["halves"]), _network(found["ways"]))


def _network(found: Mapping[str, Any]) -> Network:
    rows = [*found["rows"].values(), [0.0] * (1 + len(found["out"]))]
    places = {str(name): place for place, name in enumerate(found["rows"])}
    network = Network(places, *(np.array(part, np.float64) for part in (rows, found["added"], found["out"])))
    if network.rows.ndim != 2 or not network.rows.shape[1] - 1 == len(network.added) == len(network.out):
        raise ValueError("rows of another length")
    return network


def written(found: Network) -> Mapping[str, Any]:
    """The network as JSON holds it."""
    rows = {name: found.rows[place].tolist() for name, place in found.places.items()}
    return {"added": found.added.tolist(), "out": found.out.tolist(), "rows": rows}
