"""Newspaper, date and page that are not printed: from a file beside the documents, or from names."""

from __future__ import annotations

import csv
import io
import re
from functools import lru_cache
from pathlib import Path

from index.decode import decode
from index.document import ReadError, Source

TABLE = "metadata.csv"
_DATE = re.compile(
    r"(?<!\d)((?:19|20)\d{2})(?:[-_./年]?(0[1-9]|1[0-2])[-_./月]?(0[1-9]|[12]\d|3[01])日?"
    r"|[-_./年](1[0-2]|[1-9])[-_./月](3[01]|[12]\d|[1-9])日?)(?!\d)"
)
_NEWSPAPER = re.compile(r"[\u3400-\u9fff]{1,10}(?:日报|晚报|早报|时报|晨报|周报|导报|商报|青年报|报|周刊)")
_PAGE = re.compile(
    r"第?([A-Za-z]?\d{1,3}|[一二三四五六七八九十]{1,3})版|(?<![A-Za-z\d])([A-D]\d{2})(?![A-Za-z\d])"
)
_COLUMNS = {
    "file": ("file", "name", "path", "文件", "文件名"),
    "newspaper": ("newspaper", "source", "报纸", "来源"),
    "date": ("date", "日期"),
    "page": ("page", "版", "版面", "版次"),
}
_LARGEST = 16 * 1024 * 1024


def source_of(path: Path, root: Path) -> Source:
    """What is known of where a document was published; every field found is marked as given.

    A line of `metadata.csv` (columns file, newspaper, date, page) in the file's folder or a folder above it
    wins over patterns in the names of the file and its folders.
    """
    fields = _from_names(path, root) | _from_tables(path, root)
    return Source(**fields, given=tuple(sorted(fields)))


def iso_date(text: str) -> str:
    """The first date in `text` as YYYY-MM-DD, empty when there is none."""
    match = _DATE.search(text)
    if match is None:
        return ""
    year, month, day = match[1], match[2] or match[4], match[3] or match[5]
    return f"{year}-{int(month):02d}-{int(day):02d}"


def _from_names(path: Path, root: Path) -> dict[str, str]:
    try:
        parts = list(path.relative_to(root).parts)
    except ValueError:
        parts = [path.name]
    parts[-1] = path.stem
    parts.insert(0, root.name)
    fields: dict[str, str] = {}
    joined = "/".join(parts)
    for name, pattern in (("newspaper", _NEWSPAPER), ("page", _PAGE)):
        match = next((found for part in reversed(parts) if (found := pattern.search(part))), None)
        if match is not None:
            fields[name] = next((group for group in match.groups() if group), match.group())
    if date := iso_date(joined):
        fields["date"] = date
    return fields


def _from_tables(path: Path, root: Path) -> dict[str, str]:
    folder = path.parent
    while True:
        table = folder / TABLE
        if table.is_file() and not table.is_symlink():
            about = table.stat()
            rows = _table(table, about.st_mtime_ns, about.st_size)
            name = path.relative_to(folder).as_posix()
            found = rows.get(name) or rows.get(path.name)
            if found is not None:
                return dict(found)
        if folder == root or root not in folder.parents:
            return {}
        folder = folder.parent


def _lines(text: str) -> list[dict[str | None, str | list[str] | None]]:
    try:
        return list(csv.DictReader(io.StringIO(text)))
    except csv.Error:  # a cell too long, or no table at all
        return []


@lru_cache(maxsize=16)
def _table(path: Path, changed: int, size: int) -> dict[str, tuple[tuple[str, str], ...]]:
    """Rows by file name. A table that cannot be read says nothing."""
    if size > _LARGEST:
        return {}
    try:
        text, _ = decode(path.read_bytes())
    except (OSError, ReadError):
        return {}
    rows: dict[str, tuple[tuple[str, str], ...]] = {}
    for line in _lines(text):
        cells = {str(key).strip().lower(): str(value or "").strip() for key, value in line.items() if key}
        fields = {
            name: next((cells[title] for title in titles if cells.get(title)), "")
            for name, titles in _COLUMNS.items()
        }
        fields["date"] = iso_date(fields["date"]) or fields["date"]
        file = fields.pop("file")
        rows[file] = tuple((name, value) for name, value in fields.items() if value)
    return rows
