"""Path → Document: which files there are, and what characters they hold."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from index.child import extract
from index.decode import decode
from index.document import Document, Page, ReadError, Span
from index.metadata import TABLE, source_of

LARGEST = 64 * 1024 * 1024  # bytes of a file; larger ones are refused
MEDIA = {
    ".txt": "text",
    ".text": "text",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".docx": "docx",
    ".pdf": "pdf",
    ".png": "image",
    ".jpg": "image",
    ".jpeg": "image",
    ".tif": "image",
    ".tiff": "image",
    ".bmp": "image",
    ".webp": "image",
}
_BESIDE = frozenset({"sources.md", TABLE})  # they describe the files beside them


def find(paths: Sequence[Path] | Iterable[Path]) -> list[tuple[Path, Path]]:
    """Every file of the given files and folders as (root, path), in a stable order.

    Hidden files, and the descriptions that lie beside documents (SOURCES.md, metadata.csv), are left
    out. Links, pipes and unknown formats are listed: reading them gives the verdict. Raises ReadError
    when a given path does not exist.
    """
    found: dict[Path, Path] = {}
    for given in paths:
        path = Path(given)
        if path.is_dir():
            for file in _walk(path):
                found.setdefault(file, path)
        elif os.path.lexists(path):
            found.setdefault(path, path.parent)
        else:
            raise ReadError(f"{path}: no such file or folder")
    return [(root, path) for path, root in found.items()]


def read(path: Path, root: Path) -> Document:
    """Decode one file. `id` is its path relative to `root`. Raises ReadError, never OSError."""
    media = MEDIA.get(path.suffix.lower())
    if media is None:
        raise ReadError(
            f"{path.name}: unknown format {path.suffix or '(no suffix)'}; known: {' '.join(MEDIA)}"
        )
    data = _bytes(path, root)
    try:
        text, encoding, pages = _text(media, data)
    except ReadError as error:
        raise ReadError(f"{path.name}: {error}") from error
    if not text or text.isspace():
        raise ReadError(f"{path.name}: empty")
    return Document(
        id=name_of(path, root),
        text=text,
        sha256=hashlib.sha256(data).hexdigest(),
        size=len(data),
        encoding=encoding,
        media=media,
        source=source_of(path, root),
        pages=pages,
    )


def _text(media: str, data: bytes) -> tuple[str, str, tuple[Page, ...]]:
    """Text, encoding, and the printed pages where the format has them."""
    if media in ("text", "markdown"):
        return *decode(data), ()
    found = extract(media, data)
    texts = list(found.pages)
    for number in found.scans:
        texts[number - 1] = extract("scan", data, number).pages[0]
    if media not in ("pdf", "image") or not texts:
        return "".join(texts), "utf-8", ()
    pages, start = [], 0
    for number, text in enumerate(texts, 1):
        pages.append(Page(number, Span(start, start + len(text))))
        start += len(text)
    return "".join(texts), "utf-8", tuple(pages)


def name_of(path: Path, root: Path) -> str:
    """The document's id: the path relative to `root`, with forward slashes, always valid Unicode."""
    try:
        relative = path.relative_to(root)
    except ValueError:
        relative = Path(path.name)
    return relative.as_posix().encode("utf-8", "backslashreplace").decode("utf-8")


def _walk(folder: Path) -> Iterator[Path]:
    for parent, folders, files in os.walk(folder):
        links = [name for name in folders if (Path(parent) / name).is_symlink()]
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in links)
        for name in sorted(files + links):
            if not name.startswith(".") and name.lower() not in _BESIDE:
                yield Path(parent) / name


def _bytes(path: Path, root: Path) -> bytes:
    _refuse_escape(path, root)
    try:
        # A named pipe would block an ordinary open for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        raise ReadError(f"{path.name}: {_plain(error)}") from error
    with os.fdopen(handle, "rb") as file:
        about = os.fstat(handle)
        if not stat.S_ISREG(about.st_mode):
            raise ReadError(f"{path.name}: not a regular file")
        if about.st_size > LARGEST:
            raise ReadError(f"{path.name}: {about.st_size:,} bytes; at most {LARGEST:,} are read")
        try:
            data = file.read(LARGEST + 1)
        except OSError as error:
            raise ReadError(f"{path.name}: {_plain(error)}") from error
    if len(data) > LARGEST:
        raise ReadError(f"{path.name}: more than {LARGEST:,} bytes")
    if not data:
        raise ReadError(f"{path.name}: empty")
    return data


def _refuse_escape(path: Path, root: Path) -> None:
    if not path.is_symlink():
        return
    try:
        inside = path.resolve(strict=True).is_relative_to(root.resolve(strict=True))
    except (OSError, RuntimeError) as error:  # RuntimeError: a loop of links, before Python 3.13
        raise ReadError(f"{path.name}: a link that leads nowhere") from error
    if not inside:
        raise ReadError(f"{path.name}: a link that leads out of the folder")
    if path.is_dir():
        raise ReadError(f"{path.name}: a link to a folder; links to folders are not followed")


def _plain(error: OSError) -> str:
    reasons = {
        errno.EACCES: "no permission to read it",
        errno.ENOENT: "no such file",
        errno.ELOOP: "links in a loop",
    }
    return reasons.get(error.errno or 0, error.strerror or "cannot be read")
