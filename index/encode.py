"""Texts to vectors: any sentence-transformers model, the bundled one by default.

A static model (one vector per piece, averaged) runs here with numpy and the
`tokenizers` library alone, so that the command line never waits for torch;
its vectors equal sentence-transformers' to 1e-3 (tested). Every other model
goes through sentence-transformers.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from index.document import ModelError

Vectors = npt.NDArray[np.float32]

_SAFE_SUFFIXES = {
    ".safetensors",
    ".onnx",
    ".json",
    ".txt",
    ".md",
    ".model",
    ".vocab",
    ".png",
    ".gitattributes",
}
_SAFE_MODULES = {
    "Transformer",
    "Pooling",
    "Normalize",
    "StaticEmbedding",
    "Dense",
    "LayerNorm",
    "WeightedLayerPooling",
}
_BATCH = 256


class Encoder(Protocol):
    """Turns texts into unit vectors of one dimension."""

    @property
    def name(self) -> str: ...

    @property
    def dim(self) -> int: ...

    @property
    def fingerprint(self) -> str:
        """Identity of the weights and the tokenizer: equal fingerprints give equal vectors."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """float32 (len(texts), dim), unit rows; a text without any known piece is a zero row."""


def load_encoder(model: str = "") -> Encoder:
    """The encoder of a folder, of a model name, or the bundled one for an empty string.

    Raises ModelError when the folder is absent, holds anything that could run
    code, or names a module this program does not know.
    """
    folder = Path(model) if model else bundled("encoder")
    if folder.is_dir():
        try:
            check_folder(folder)
            if _is_static(folder):
                return StaticEncoder.load(folder)
            return SentenceEncoder.load(str(folder), fingerprint_of(folder))
        except (OSError, ValueError) as error:
            raise ModelError(f"the model in {folder} is damaged: {error}; copy it there again") from error
    if model.startswith((".", "/", "~")) or model.count("/") > 1 or not model:
        raise ModelError(f"no model folder at {folder}; give a sentence-transformers folder or model name")
    return SentenceEncoder.load(model, "")


def bundled(name: str) -> Path:
    """The folder of a model that ships with the package, also when run from the source tree."""
    package = Path(__file__).resolve().parent
    installed = package / "models" / name
    return installed if installed.is_dir() else package.parent / "models" / name


def check_files(folder: Path) -> None:
    """Refuse a model folder that holds more than data."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix.lower() not in _SAFE_SUFFIXES and path.name not in _SAFE_SUFFIXES:
            raise ModelError(
                f"{path}: a model folder may hold safetensors, onnx, json, txt and tokenizer files only; "
                "convert the model to safetensors and remove this file"
            )


def check_folder(folder: Path) -> None:
    """Refuse a model folder that holds more than data, or modules we do not know."""
    check_files(folder)
    for module in _modules(folder):
        kind = str(module.get("type", "")).rsplit(".", 1)[-1]
        if kind not in _SAFE_MODULES or not str(module.get("type", "")).startswith("sentence_transformers."):
            raise ModelError(
                f"{folder}: unknown module type {module.get('type')!r}; known are {sorted(_SAFE_MODULES)}"
            )


@dataclass(frozen=True, slots=True)
class StaticEncoder:
    """Mean of one vector per piece, scaled to unit length; no torch."""

    name: str
    fingerprint: str
    table: npt.NDArray[np.float16]  # (pieces, dim)
    tokenizer: Any

    @property
    def dim(self) -> int:
        return int(self.table.shape[1])

    @classmethod
    def load(cls, folder: Path) -> StaticEncoder:
        """Open a sentence-transformers folder whose first module is StaticEmbedding."""
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        place = folder / str(_modules(folder)[0].get("path", ""))
        try:
            tensors = load_file(place / "model.safetensors")
        except SafetensorError as error:
            raise ValueError(f"model.safetensors: {error}") from error
        if "embedding.weight" not in tensors:
            raise ModelError(f"{place}: model.safetensors lacks embedding.weight; found {sorted(tensors)}")
        tokenizer = _tokenizer(place / "tokenizer.json")
        tokenizer.no_padding()
        tokenizer.no_truncation()
        table = tensors["embedding.weight"].astype(np.float16)
        return cls(folder.name, fingerprint_of(folder), table, tokenizer)

    def encode(self, texts: Sequence[str]) -> Vectors:
        parts = [self._batch(texts[i : i + _BATCH]) for i in range(0, len(texts), _BATCH)]
        return np.concatenate(parts) if parts else np.zeros((0, self.dim), np.float32)

    def _batch(self, texts: Sequence[str]) -> Vectors:
        encodings = self.tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        pieces = [np.asarray(encoding.ids, np.int64) for encoding in encodings]
        if max((ids.max() for ids in pieces if len(ids)), default=0) >= len(self.table):
            raise ModelError(f"{self.name}: the tokenizer knows more pieces than there are vectors")
        wanted = np.zeros(len(self.table), bool)
        for ids in pieces:
            wanted[ids] = True
        place = np.cumsum(wanted) - 1
        table = self.table[wanted].astype(np.float32)  # each piece widened once, however often it occurs
        return unit(np.stack([table[place[ids]].sum(axis=0) for ids in pieces]))


@dataclass(frozen=True, slots=True)
class SentenceEncoder:
    """Any other sentence-transformers model, through the library itself."""

    name: str
    fingerprint: str
    model: Any

    @property
    def dim(self) -> int:
        return int(self.model.get_sentence_embedding_dimension())

    @classmethod
    def load(cls, name: str, fingerprint: str) -> SentenceEncoder:
        from sentence_transformers import SentenceTransformer

        try:
            model = SentenceTransformer(
                name, trust_remote_code=False, local_files_only=True, model_kwargs={"use_safetensors": True}
            )
        except (OSError, ValueError) as error:
            raise ModelError(
                f"cannot load model {name!r}: {error}; give a folder that is on this machine, or fetch it "
                f"first where there is a network (`hf download {name}`)"
            ) from error
        return cls(Path(name).name, fingerprint or _hash_weights(model), model)

    def encode(self, texts: Sequence[str]) -> Vectors:
        if not texts:
            return np.zeros((0, self.dim), np.float32)
        vectors = self.model.encode(list(texts), convert_to_numpy=True, show_progress_bar=False)
        return unit(np.asarray(vectors, np.float32))


def unit(vectors: Vectors) -> Vectors:
    """Rows scaled to length one; zero rows stay zero."""
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.where(lengths > 0, lengths, 1), np.float32)


def _tokenizer(path: Path) -> Any:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing more exact
        raise ValueError(f"tokenizer.json: {error}") from error


def _modules(folder: Path) -> list[dict[str, Any]]:
    path = folder / "modules.json"
    if not path.is_file():
        raise ModelError(f"{folder} is not a sentence-transformers folder: modules.json is missing")
    modules = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(modules, list) or not modules or not all(isinstance(one, dict) for one in modules):
        raise ModelError(f"{path}: expected a list of modules")
    return modules


def _is_static(folder: Path) -> bool:
    kinds = [str(module.get("type", "")).rsplit(".", 1)[-1] for module in _modules(folder)]
    return kinds[0] == "StaticEmbedding" and set(kinds[1:]) <= {"Normalize"}


def fingerprint_of(folder: Path) -> str:
    """Identity of a model folder's weights and settings, 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix in {".safetensors", ".onnx", ".json", ".txt", ".model"}:
            digest.update(path.relative_to(folder).as_posix().encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:16]


def _hash_weights(model: Any) -> str:
    digest = hashlib.sha256()
    for name, tensor in sorted(model.state_dict().items()):
        digest.update(name.encode())
        digest.update(tensor.detach().cpu().float().numpy().tobytes())
    return digest.hexdigest()[:16]
