"""Newspaper, date and page that are not printed."""

from __future__ import annotations

from pathlib import Path

from index.document import Source
from index.metadata import iso_date
from index.read import find, read


def _page(folder: Path, name: str) -> Source:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("县里修好了公路。", encoding="utf-8")
    return read(path, folder).source


def test_names_of_files_and_folders_tell(tmp_path: Path) -> None:
    source = _page(tmp_path, "青石日报/2021-05-03/第03版.txt")
    assert source == Source("青石日报", "2021-05-03", "03", ("date", "newspaper", "page"))
    assert _page(tmp_path, "a.txt").given == ()


def test_a_table_beside_the_files_wins(tmp_path: Path) -> None:
    table = "文件,报纸,日期,版\n20210503.txt,山村晚报,2021年5月4日,5\n"
    (tmp_path / "metadata.csv").write_bytes(table.encode("gb18030"))
    source = _page(tmp_path, "20210503.txt")
    assert source == Source("山村晚报", "2021-05-04", "5", ("date", "newspaper", "page"))
    assert [path.name for _, path in find([tmp_path])] == ["20210503.txt"]


def test_only_days_that_look_like_days_are_dates() -> None:
    assert iso_date("20211399") == ""
    assert iso_date("page_2021.5.3_x") == "2021-05-03"
    assert iso_date("628a9ab520210503ceb38") == ""
