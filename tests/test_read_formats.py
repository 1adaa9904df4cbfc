"""The same article as text, html, docx, two-column PDF and scanned page is the same article."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from index.document import Article, Document, ReadError
from index.read import read
from index.segment import segment

TITLE = "山村小学的新操场"
BYLINE = "本报记者 林小满"
PARAGRAPHS = [
    "九月的第一个星期一，青石村小学的孩子们终于在新操场上做了早操。这块操场长九十米，宽四十五米，是村民们用了两个暑假一铲一铲平出来的。",
    "校长周田说，过去下雨天操场就是一片泥塘，体育课只能改在教室里上。去年冬天，村里开会商量修操场，三百多户人家都签了名，有人出钱，有人出力，木匠老何捐出了家里准备盖房的木料。",
    "施工最难的是排水。操场地势低，山上的水都往这里流。县水利局的技术员来看了三次，最后决定在四周挖一道暗沟，把水引到村口的池塘里。今年夏天下了几场大雨，操场一次也没有积水。",
    "“以后运动会可以请邻村的学校一起来。”周田指着跑道边新栽的一排小树说，等树长大了，这里就是全村最凉快的地方。孩子们给每棵树都起了名字，放学以后轮流浇水。",
    "村民李大山的儿子今年上三年级，过去最怕上体育课，现在每天早上第一个到学校。李大山算了一笔账，修操场一共花了二十六万元，其中一半来自村民的捐款，另一半是县里的补助。他说，这笔钱花得值。",
]
FONT = "/usr/share/fonts/opentype/noto/NotoSansCJK-Regular.ttc"


def _text(folder: Path) -> Path:
    path = folder / "page.txt"
    path.write_text("\n\n".join([TITLE, BYLINE, *PARAGRAPHS]), encoding="utf-8")
    return path


def _html(folder: Path) -> Path:
    body = "".join(f"<p>{paragraph}</p>" for paragraph in PARAGRAPHS)
    page = (
        f"<html><head><meta charset='utf-8'><title>{TITLE}</title></head><body><nav><a href='/'>首页</a></nav>"
        f"<article><h1>{TITLE}</h1><p>{BYLINE}</p>{body}</article><footer>版权所有</footer></body></html>"
    )
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8")
    return path


def _docx(folder: Path) -> Path:
    import docx

    document = docx.Document()
    document.add_heading(TITLE, 1)
    for paragraph in [BYLINE, *PARAGRAPHS]:
        document.add_paragraph(paragraph)
    path = folder / "page.docx"
    document.save(str(path))
    return path


def _columns(wide: int) -> list[str]:
    lines = []
    for paragraph in PARAGRAPHS:
        rest = "　　" + paragraph
        while rest:
            end = wide
            while end < len(rest) and rest[end] in "，。、”":
                end += 1
            lines.append(rest[:end])
            rest = rest[end:]
    return lines


def _placed(lines: list[str]) -> list[tuple[int, int, str]]:
    """(column, row, line) of a page with two columns."""
    half = (len(lines) + 1) // 2
    return [(at // half, at % half, line) for at, line in enumerate(lines)]


def _pdf(folder: Path) -> Path:
    from reportlab.pdfbase import pdfmetrics
    from reportlab.pdfbase.cidfonts import UnicodeCIDFont
    from reportlab.pdfgen import canvas

    pdfmetrics.registerFont(UnicodeCIDFont("STSong-Light"))
    path = folder / "page.pdf"
    page = canvas.Canvas(str(path), pagesize=(595, 842))
    page.setFont("STSong-Light", 24)
    page.drawString(60, 780, TITLE)
    page.setFont("STSong-Light", 11)
    page.drawString(60, 750, BYLINE)
    # Row by row, so that the order in the file is not the reading order.
    for column, row, line in sorted(_placed(_columns(20)), key=lambda item: item[1]):
        page.drawString(
            60 + 250 * column + 11 * (len(line) - len(line.lstrip())), 720 - 18 * row, line.lstrip()
        )
    page.save()
    return path


def _scan(folder: Path) -> Path:
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (1240, 1000), "white")
    draw = ImageDraw.Draw(image)
    draw.text((100, 60), TITLE, font=ImageFont.truetype(FONT, 52), fill="black")
    draw.text((100, 150), BYLINE, font=ImageFont.truetype(FONT, 25), fill="black")
    font = ImageFont.truetype(FONT, 25)
    for column, row, line in _placed(_columns(20)):
        indent = 25 * (len(line) - len(line.lstrip()))
        draw.text((100 + 560 * column + indent, 220 + 42 * row), line.lstrip(), font=font, fill="black")
    path = folder / "page.png"
    image.save(path)
    return path


def _same(text: str) -> str:
    return "".join(text.split()).replace(",", "，").replace(":", "：")


def _article(path: Path) -> tuple[Document, Article, str]:
    document = read(path, path.parent)
    reading = segment(document)
    (article,) = reading.articles
    body = [passage for passage in reading.passages if passage.kind == "body"]
    return document, article, _same("".join(passage.text for passage in body))


@pytest.mark.parametrize("make", [_text, _html, _docx, _pdf], ids=["txt", "html", "docx", "pdf"])
def test_the_same_article_in_every_format(tmp_path: Path, make) -> None:
    document, article, body = _article(make(tmp_path))
    assert article.title == TITLE
    assert article.byline == BYLINE
    assert body == _same("".join(PARAGRAPHS))
    assert bool(document.pages) == (document.media == "pdf")


def test_a_scanned_page_gives_the_same_article(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    from PIL import Image

    path = tmp_path / "scan.pdf"
    Image.open(_scan(tmp_path)).save(path, "PDF", resolution=150)
    document, article, body = _article(path)
    assert article.title == TITLE
    assert _same(article.byline) == _same(BYLINE)
    wanted = _same("".join(PARAGRAPHS))
    assert abs(len(body) - len(wanted)) <= 5
    assert sum(one == other for one, other in zip(body, wanted, strict=False)) > 0.9 * len(wanted)
    assert document.pages[0].number == 1


def test_a_picture_of_a_line_is_read(tmp_path: Path) -> None:
    pytest.importorskip("rapidocr")
    from PIL import Image, ImageDraw, ImageFont

    image = Image.new("RGB", (700, 120), "white")
    ImageDraw.Draw(image).text((40, 40), TITLE, font=ImageFont.truetype(FONT, 36), fill="black")
    path = tmp_path / "line.png"
    image.save(path)
    assert TITLE in read(path, tmp_path).text


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.pdf", b"%PDF-1.7 nothing", "not a PDF"),
        ("a.docx", b"PK\x03\x04 nothing", "not a Word document"),
        ("a.png", b"\x89PNG nothing", "not a picture"),
        ("a.html", b"<html></html>", "empty"),
    ],
)
def test_damaged_files_get_a_plain_message(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ReadError, match=message):
        read(path, tmp_path)


def test_a_zip_bomb_is_refused(tmp_path: Path) -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"\0" * (400 << 20))
    path = tmp_path / "bomb.docx"
    path.write_bytes(packed.getvalue())
    with pytest.raises(ReadError, match="unpacks to more"):
        read(path, tmp_path)
