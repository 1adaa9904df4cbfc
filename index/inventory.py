"""Which documents a generation holds and where they came from, apart from the records.

So that what was indexed is known, and can be read again, when the records
themselves are damaged.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from index.document import IndexDamaged
from index.records import DocumentCard

NAME = "inventory.json"


@dataclass(frozen=True, slots=True)
class Listed:
    """A document that was indexed: its id, the folder it came from, and the hash of its file."""

    doc: str
    root: str
    sha256: str

    @property
    def file(self) -> Path:
        """Where the file stands; a document of a second folder carries that folder's name before its own."""
        root = Path(self.root)
        beside = root / self.doc.removeprefix(f"{root.name}/")
        plain = root / self.doc
        return plain if plain.exists() or not beside.exists() else beside


def write(folder: Path, cards: Iterable[DocumentCard]) -> None:
    """Write the inventory of a generation into its folder."""
    rows = [[card.id, card.root, card.sha256] for card in cards]
    text = json.dumps(rows, ensure_ascii=False, separators=(",", ":"))
    (folder / NAME).write_text(text, encoding="utf-8")


def load(folder: Path) -> list[Listed]:
    """The inventory of a generation whose checksums hold. Raises IndexDamaged when it is none."""
    try:
        return [
            Listed(str(doc), str(root), str(sha256))
            for doc, root, sha256 in json.loads((folder / NAME).read_text(encoding="utf-8"))
        ]
    except (OSError, ValueError, TypeError) as error:
        raise IndexDamaged(f"{folder / NAME} cannot be read: {error}") from error
