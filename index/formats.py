"""Text out of html, docx, pdf and pictures. Only ever imported in the child process (`index.child`)."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable
from typing import Any

from index.child import Extract
from index.decode import decode
from index.document import ReadError
from index.layout import Box, reading_order

_UNPACKED = 300 * 1024 * 1024  # bytes that a docx may unpack to
_PIXELS = 80_000_000
_MOST_PAGES = 2_000
_FEW = 20  # characters on a page below which it is taken for a scan, where it holds a picture
_SCALE = 200 / 72  # pixels per point when a page is rendered for OCR
_CHARSET = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]+)", re.IGNORECASE)


def parse(kind: str, data: bytes, page: int) -> Extract:
    """The text of a file. Raises ReadError when it is not what its name says."""
    parsers: dict[str, Callable[[], Extract]] = {
        "html": lambda: _html(data),
        "docx": lambda: _docx(data),
        "pdf": lambda: _pdf(data),
        "image": lambda: _image(data),
        "scan": lambda: _scan(data, page),
    }
    return parsers[kind]()


def _html(data: bytes) -> Extract:
    import trafilatura

    text = _decoded(data)
    found = trafilatura.bare_extraction(
        text,
        favor_recall=True,
        include_formatting=True,
        include_comments=False,
        include_tables=True,
        with_metadata=True,
    )
    if found is None:
        plain = trafilatura.html2txt(text)
        return Extract((plain,))
    body = trafilatura.extract(
        text, output_format="markdown", favor_recall=True, include_formatting=True, include_comments=False
    )
    body = re.sub(r"\A---\n.*?\n---\n", "", body or "", flags=re.DOTALL)
    title = (found.title or "").strip()
    if title and title not in body[: 4 * len(title) + 200]:
        body = f"# {title}\n\n{body}"
    return Extract((body,))


def _decoded(data: bytes) -> str:
    named = _CHARSET.search(data[:4096])
    if named:
        name = named[1].decode("ascii").lower()
        name = "gb18030" if name in ("gb2312", "gbk") else name
        try:
            return data.decode(name)
        except (LookupError, UnicodeDecodeError):
            pass  # the page lies about itself: find out as for any text
    return decode(data)[0]


def _docx(data: bytes) -> Extract:
    import docx
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table

    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _UNPACKED:
                raise ReadError(f"unpacks to more than {_UNPACKED:,} bytes")
        document = docx.Document(io.BytesIO(data))
    except (zipfile.BadZipFile, PackageNotFoundError, KeyError, ValueError) as error:
        raise ReadError("is not a Word document (docx)") from error
    lines: list[str] = []
    for item in document.iter_inner_content():
        if isinstance(item, Table):
            lines.extend("\t".join(cell.text.strip() for cell in row.cells) for row in item.rows)
        else:
            lines.append(_headed(item))
    return Extract(("\n\n".join(line for line in lines if line.strip()),))


def _headed(paragraph: Any) -> str:
    text = str(paragraph.text).strip()
    style = paragraph.style.name if paragraph.style is not None else ""
    level = re.fullmatch(r"(?:Heading|标题) ?([1-6])", style or "")
    if level:
        return "#" * int(level[1]) + " " + text
    return f"# {text}" if style in ("Title", "标题") and text else text


def _pdf(data: bytes) -> Extract:
    document = _opened(data)
    pages: list[str] = []
    scans: list[int] = []
    for number in range(len(document)):
        page = document[number]
        boxes = _boxes(page)
        if sum(len(box.text) for box in boxes) < _FEW and _has_picture(page):
            scans.append(number + 1)
            pages.append("")
        else:
            pages.append(reading_order(boxes))
    return Extract(tuple(pages), tuple(scans))


def _opened(data: bytes) -> Any:
    import pypdfium2

    try:
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        raise ReadError("is not a PDF that can be opened; it may be damaged or need a password") from error
    if len(document) > _MOST_PAGES:
        raise ReadError(f"has {len(document):,} pages; at most {_MOST_PAGES:,} are read")
    return document


def _boxes(page: Any) -> list[Box]:
    text = page.get_textpage()
    height = page.get_height()
    boxes = []
    for row in range(text.count_rects()):
        left, bottom, right, top = text.get_rect(row)
        words = (
            text.get_text_bounded(left, bottom, right, top)
            .replace("\r", "")
            .replace("\n", "")
            .strip("\ufffe\0")
        )
        if words.strip():
            boxes.append(Box(left, height - top, right, height - bottom, words))
    return boxes


def _has_picture(page: Any) -> bool:
    return any(True for _ in page.get_objects(filter=(3,), max_depth=3))  # 3: FPDF_PAGEOBJ_IMAGE


def _scan(data: bytes, number: int) -> Extract:
    bitmap = _opened(data)[number - 1].render(scale=_SCALE)
    return Extract((_recognised([bitmap.to_numpy()])[0],))


def _image(data: bytes) -> Extract:
    import numpy as np
    from PIL import Image, ImageSequence, UnidentifiedImageError

    Image.MAX_IMAGE_PIXELS = _PIXELS
    try:
        with Image.open(io.BytesIO(data)) as image:
            frames = [np.asarray(frame.convert("RGB"))[:, :, ::-1] for frame in ImageSequence.Iterator(image)]
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, ValueError) as error:
        raise ReadError(f"is not a picture that can be opened ({error})") from error
    return Extract(tuple(_recognised(frames)))


def _recognised(pictures: list[Any]) -> list[str]:
    try:
        from rapidocr import RapidOCR
    except ImportError as error:
        raise ReadError("is a scan; to read it install the extra: pip install 'youju[ocr]'") from error
    engine = RapidOCR(
        params={
            "Global.log_level": "critical",
            "Global.use_cls": False,  # a scanned page is upright; the check doubles the time
            "EngineConfig.onnxruntime.intra_op_num_threads": 2,
        }
    )
    pages = []
    for picture in pictures:
        found = engine(picture)
        corners = found.boxes if found.boxes is not None else []
        boxes = [
            Box(
                float(corner[:, 0].min()),
                float(corner[:, 1].min()),
                float(corner[:, 0].max()),
                float(corner[:, 1].max()),
                words,
            )
            for corner, words in zip(corners, found.txts or (), strict=True)
        ]
        pages.append(reading_order(boxes))
    return pages
