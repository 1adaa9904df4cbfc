"""Files that unpack, nest or repeat themselves without end, by name."""

from __future__ import annotations

import io
import struct
import zipfile
import zlib

_TYPES = (
    '<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/word/document.xml" ContentType='
    '"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    '<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/'
    'officeDocument" Target="word/document.xml"/></Relationships>'
)
_WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def docx(document: bytes) -> bytes:
    """A Word file around any document.xml."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", _TYPES)
        archive.writestr("_rels/.rels", _RELATIONS)
        archive.writestr("word/document.xml", document)
    return packed.getvalue()


def zip_of_zeros() -> bytes:
    """400 MB of one byte."""
    return docx(b"\0" * (400 << 20))


def zip_that_lies() -> bytes:
    """200 MB of one byte that the directory calls a thousand."""
    data = bytearray(docx(b" " * (200 << 20)))
    true, told = struct.pack("<I", 200 << 20), struct.pack("<I", 1_000)
    return bytes(data).replace(true, told)


def xml_of_entities() -> bytes:
    """A billion laughs."""
    entities = '<!ENTITY a0 "哈哈哈哈哈哈哈哈哈哈">' + "".join(
        f'<!ENTITY a{level} "{f"&a{level - 1};" * 10}">' for level in range(1, 12)
    )
    body = (
        f'<w:document xmlns:w="{_WORD}"><w:body><w:p><w:r><w:t>&a11;</w:t></w:r></w:p></w:body></w:document>'
    )
    return docx(f'<?xml version="1.0"?><!DOCTYPE x [{entities}]>{body}'.encode())


def xml_of_one_entity() -> bytes:
    """One long entity, thousands of times: quadratic, without any nesting."""
    body = "&a;" * 100_000
    text = (
        f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "{"长" * 100_000}">]><w:document xmlns:w="{_WORD}">'
        f"<w:body><w:p><w:r><w:t>{body}</w:t></w:r></w:p></w:body></w:document>"
    )
    return docx(text.encode())


def xml_of_depth() -> bytes:
    """Paragraphs within paragraphs, half a million deep."""
    deep = 500_000
    text = (
        f'<w:document xmlns:w="{_WORD}"><w:body>'
        + "<w:p>" * deep
        + "</w:p>" * deep
        + "</w:body></w:document>"
    )
    return docx(text.encode())


def html_of_depth() -> bytes:
    """Boxes within boxes, two million deep."""
    return b"<html><body>" + b"<div>" * 2_000_000 + "正文在这里。".encode() + b"</body></html>"


def html_of_attributes() -> bytes:
    """One element with a million attributes."""
    return b"<html><body><p " + b" ".join(b"a%d=1" % n for n in range(1_000_000)) + "正文</p></body>".encode()


def pdf_of_zeros() -> bytes:
    """A page whose content unpacks to two gigabytes."""
    packer = zlib.compressobj(9)
    part = b" " * (64 << 20)
    return pdf(b"".join(packer.compress(part) for _ in range(32)) + packer.flush())


def pdf_in_layers() -> bytes:
    """Content that is packed, and packed again, and again."""
    data = zlib.compress(b" " * (512 << 20), 9)
    for _ in range(2):
        data = zlib.compress(data, 9)
    return pdf(data, filters=b"[/FlateDecode /FlateDecode /FlateDecode]")


def pdf_that_draws_itself() -> bytes:
    """A form that draws itself ten times over."""
    form = b"/F Do " * 10
    return pdf(zlib.compress(form), extra=b"/Resources << /XObject << /F 4 0 R >> >>", form=True)


def pdf_of_a_million_pages() -> bytes:
    """A tree of pages that goes round in a ring."""
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"
        b"2 0 obj<</Type/Pages/Kids[2 0 R 2 0 R 2 0 R]/Count 1000000>>endobj\n"
        b"trailer<</Root 1 0 R>>\n%%EOF"
    )


def png_of_pixels() -> bytes:
    """A picture of sixty thousand by sixty thousand white points."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * 60_001 * 100, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def pdf(content: bytes, *, filters: bytes = b"/FlateDecode", extra: bytes = b"", form: bool = False) -> bytes:
    """A one-page file around a packed content stream; as a form it is drawn by the page."""
    drawn = b"/F Do" if form else content
    kinds = b"" if form else b"/Filter " + filters
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 5 0 R " + extra + b">>",
        b"<</Type/XObject/Subtype/Form/BBox[0 0 9 9]/Filter " + filters + b" " + extra
        + b"/Length %d>>stream\n" % len(content) + content + b"\nendstream",
        b"<<" + kinds + b"/Length %d>>stream\n" % len(drawn) + drawn + b"\nendstream",
    ]  # fmt: skip
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, said in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj" % number + said + b"endobj\n"
    table = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % table
    return bytes(out)


BOMBS = {
    "zip of zeros.docx": zip_of_zeros,
    "zip that lies.docx": zip_that_lies,
    "entities.docx": xml_of_entities,
    "one entity.docx": xml_of_one_entity,
    "deep.docx": xml_of_depth,
    "deep.html": html_of_depth,
    "attributes.html": html_of_attributes,
    "zeros.pdf": pdf_of_zeros,
    "layers.pdf": pdf_in_layers,
    "itself.pdf": pdf_that_draws_itself,
    "ring.pdf": pdf_of_a_million_pages,
    "pixels.png": png_of_pixels,
}
