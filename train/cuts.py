"""Running text cut at random, as columns cut it: what halves of sentences are learned from."""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from index.characters import NUMBER, characters
from index.joiner import SEEN

# Every how many texts of each file are read.
_SOURCES = {"prose_news_crud": 1, "prose_laws_cn": 3, "prose_lctt": 4, "prose_zhwiki": 1}
_TITLED = "原标题"  # texts that the sorter is fitted on are left out
_CHUNK = 64  # symbols of a text that are read at once
_PAGES, _PAGE = 20, 4  # pages in a batch, and pieces of text of a page: two of each of two texts
_CUTS, _BEGINNINGS = 10, 3  # of each piece
_LOST = 0.25  # share of pieces that lose their numbers
_BEGUN, _ENDED = 0.4, 0.5  # share of pieces that begin or end with a sentence, the rest blank
HELD, _MEASURED = 300, 6  # texts that are only measured on, and batches of them

Symbols = npt.NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Prose:
    """All texts one after another: `starts` where each begins, the end last."""

    symbols: Symbols
    starts: npt.NDArray[np.int64]


def read(folder: Path) -> Prose:
    """The texts as symbols of the character model, in an order drawn once."""
    found = []
    for name, every in _SOURCES.items():
        with lzma.open(folder / f"{name}.jsonl.xz", "rt", encoding="utf-8") as lines:
            for row, line in enumerate(lines):
                text = json.loads(line)["text"] if row % every == 0 else ""
                if len(text) > 2 * _CHUNK and not text.startswith(_TITLED):
                    found.append(_symbols(text))
    kept = [text for text in found if len(text) > 2 * _CHUNK + 2]
    order = np.random.default_rng(1).permutation(len(kept))
    kept = [kept[row] for row in order]
    return Prose(np.concatenate(kept), np.cumsum([0, *(len(text) for text in kept)]))


def _symbols(text: str) -> Symbols:
    placed = characters().placed(text)
    return placed.symbols.astype(np.int16)


@dataclass(frozen=True, slots=True)
class Kinds:
    """Which symbols no line ends or begins with, and which end a sentence."""

    never_last: npt.NDArray[np.bool_]
    never_first: npt.NDArray[np.bool_]
    stops: npt.NDArray[np.bool_]
    number: int
    blank: int  # stands where there is nothing


def kinds() -> Kinds:
    model = characters()
    flags = [np.zeros(len(model.ones) + 1, bool) for _ in range(3)]
    for flag, marks in zip(
        flags, ("（《「『“‘(。！？!?”’）", "，。、；：！？）》」』”’…,.;:!?)", "。！？!?"), strict=True
    ):
        for mark in marks:
            if mark in model.numbers:
                flag[model.numbers[mark]] = True
    return Kinds(*flags, model.numbers[NUMBER], len(model.ones))


def _piece(text: Symbols, told: Kinds, lost: bool, chance: np.random.Generator) -> Symbols:
    """A piece of text, blank before and behind some sentences of it as often as halves are short."""
    text = text[text != told.number] if lost else text
    piece = np.full(_CHUNK, told.blank, np.int16)
    piece[: len(text[:_CHUNK])] = text[:_CHUNK]
    stops = np.flatnonzero(told.stops[piece]) + 1
    low, high = 0, _CHUNK
    if len(stops) and chance.random() < _BEGUN:
        low = int(chance.choice(stops))
    if len(stops) and chance.random() < _ENDED:
        high = int(chance.choice(stops))
    if high - low > _CUTS:
        piece[:low] = piece[high:] = told.blank
    return piece


def _free(piece: Symbols, told: Kinds) -> npt.NDArray[np.int64]:
    """Places where print may break the piece."""
    there = (piece[:-1] != told.blank) & (piece[1:] != told.blank)
    return np.flatnonzero(there & ~told.never_last[piece[:-1]] & ~told.never_first[piece[1:]])


Drawn = tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]


def pages(prose: Prose, rows: range, told: Kinds, seed: int) -> Iterator[Drawn]:
    """Some pages of pieces of texts drawn at random, for ever: two pieces of each text.

    What stands before cuts, what stands behind and which beginnings are not there, as in `Batch`.
    """
    chance = np.random.default_rng(seed)
    while True:
        made = [_page(prose, rows, told, chance) for _ in range(_PAGES)]
        before, behind, absent = (np.stack(part) for part in zip(*made, strict=True))
        yield before, behind, absent


def held_pages(prose: Prose, told: Kinds) -> list[Drawn]:
    """Those of texts held out that are measured on."""
    texts = len(prose.starts) - 1
    found = pages(prose, range(texts - HELD, texts), told, 7)
    return [next(found) for _ in range(_MEASURED)]


def _page(prose: Prose, rows: range, told: Kinds, chance: np.random.Generator) -> Drawn:
    before, behind, other, absent = [], [], [], []
    while len(before) < _PAGE:
        row = int(chance.integers(rows.start, rows.stop))
        own = prose.symbols[prose.starts[row] : prose.starts[row + 1]]
        first = int(chance.integers(0, len(own) - 2 * _CHUNK))
        second = int(chance.integers(first + _CHUNK, min(len(own) - _CHUNK, first + 6 * _CHUNK) + 1))
        lost = chance.random() < _LOST
        pieces = [_piece(own[start : start + _CHUNK + 16], told, lost, chance) for start in (first, second)]
        free = [_free(piece, told) for piece in pieces]
        if min(map(len, free)) < _CUTS:
            continue
        for piece, places in zip(pieces, free, strict=True):
            around = np.pad(piece, SEEN, constant_values=told.blank)
            cuts = chance.choice(places, _CUTS, replace=False) + 1
            ended = told.stops[piece[:-3]] | (piece[:-3] == told.blank)
            stops = np.flatnonzero(ended & (piece[1:-2] != told.blank))[:_BEGINNINGS] + 1
            there = len(stops)
            stops = np.pad(stops, (0, _BEGINNINGS - there))
            before.append(around[cuts[:, None] + np.arange(SEEN)])
            behind.append(around[cuts[:, None] + np.arange(2 * SEEN - 1, SEEN - 1, -1)])
            other.append(around[stops[:, None] + np.arange(2 * SEEN - 1, SEEN - 1, -1)])
            absent.append(np.arange(_BEGINNINGS) >= there)
    none = np.zeros(_PAGE * _CUTS, bool)
    left, right = (np.concatenate(part).astype(np.int64) for part in (before, [*behind, *other]))
    return left, right, np.concatenate([none, *absent])


def share_found(pair: Tensor, absent: Tensor) -> float:
    """Share of ends that go best with their own beginning."""
    best = pair.masked_fill(absent[:, None], -1e4).argmax(2)
    return float((best == torch.arange(pair.shape[1])).float().mean())
