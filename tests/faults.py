"""What the tests of faults share: a tiny encoder, writers that may be killed, and what an index holds."""

from __future__ import annotations

import json
import multiprocessing
import os
import random
import resource
from collections.abc import Mapping
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from index import failpoints, sources
from index.current import read_current
from index.document import YoujuError
from index.remote import Location
from index.search import open_index
from index.update import update_index

PIECES = 3_000  # characters that the tiny encoder knows
_SPOKEN = "河渠闸站坝堤泵井桥渡码头船队仓库粮棉麦稻豆茶果园林场牧草坡岭谷沟塘湖湾滩洲岛礁"
_context = multiprocessing.get_context("forkserver")
_context.set_forkserver_preload(
    ["__main__", "index.update", "faiss", "bm25s", "tokenizers", "safetensors.numpy"]
)


def tiny_model(folder: Path, *, seed: int = 0, dim: int = 16) -> Path:
    """A real static encoder of our own folder format, small enough to be loaded a thousand times."""
    from safetensors.numpy import save_file
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers

    vocabulary = {"[UNK]": 0, **{chr(0x4E00 + 7 * i): i + 1 for i in range(PIECES - 1)}}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    folder.mkdir(parents=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    table = np.random.default_rng(seed).standard_normal((PIECES, dim)).astype(np.float32)
    save_file({"embedding.weight": table}, folder / "model.safetensors")
    kind = "sentence_transformers.models.StaticEmbedding"
    modules = [{"idx": 0, "name": "0", "path": "", "type": kind}]
    (folder / "modules.json").write_text(json.dumps(modules), encoding="utf-8")
    return folder


def sentence(chance: random.Random, number: int) -> str:
    """A sentence of its own, never twice the same for two numbers."""
    said = "".join(chance.choices(_SPOKEN, k=chance.randint(8, 40)))
    return f"第{number}次巡查记录：{said}，巡查员在本上签了名。"


def holds(index: Location, *, model: str = "") -> dict[str, str]:
    """Every document with its text, once the counts of records, vectors and words are found to be the same."""
    with open_index(index, model=model) as opened:
        records, vectors, words = opened.counts()
        cards = opened.documents()
        assert records == vectors == words == sum(card.passages for card in cards)
        assert not opened.fallback
        return {card.id: opened.text(card.id) for card in cards}


def files(folder: Path) -> dict[str, str]:
    """Every text file of a folder by its name."""
    return {path.name: path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.txt"))}


def write(folder: Path, texts: Mapping[str, str]) -> Path:
    """A folder of text files."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def leftovers(index: Path) -> set[str]:
    """What stands in an index folder beside CURRENT, the generations that it names, and the list of sources."""
    named = {entry.generation for entry in read_current(index)}
    return {path.name for path in index.iterdir()} - named - {"CURRENT", sources.NAME}


class Writer:
    """`update_index` in a process of its own, which is ready before it is told to begin."""

    def __init__(
        self, index: Location, folder: Path, *, model: str = "", plan: str = "", largest: int = 0
    ) -> None:
        self._ours, theirs = _context.Pipe()
        arguments = (theirs, index, folder, model, plan, largest)
        self.process: BaseProcess = _context.Process(target=_write, args=arguments, daemon=True)
        self.process.start()
        theirs.close()
        self._ours.recv()

    def begin(self) -> None:
        """Let it write."""
        self._ours.send("begin")

    def kill_after(self, seconds: float) -> bool:
        """Let it write and end it as by `kill -9`; True when the write was acknowledged before."""
        self.begin()
        if seconds < 0.001 or not self._ours.poll(seconds):
            self.process.kill()
        said = self.wait()
        return said == "done"

    def wait(self, seconds: float = 60) -> str:
        """What it said last: `done`, the message of an error, or nothing when it was killed."""
        self.process.join(seconds)
        try:
            return str(self._ours.recv()) if self._ours.poll() else ""
        except (EOFError, ConnectionResetError):
            return ""
        finally:
            self._ours.close()


def _write(pipe: Connection, index: Location, folder: Path, model: str, plan: str, largest: int) -> None:
    if largest:
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
    pipe.send("ready")
    pipe.recv()
    try:
        with failpoints.armed(plan):
            update_index(index, [folder], model=model)
    except YoujuError as error:
        pipe.send(f"{type(error).__name__}: {error}")
        return
    pipe.send("done")


def soak_seconds(short: float) -> float:
    """How long a test that is bounded by time may run: YOUJU_SOAK seconds where that is set."""
    return float(os.environ.get("YOUJU_SOAK", short))
