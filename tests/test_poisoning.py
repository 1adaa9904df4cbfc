"""One voice is not many: near copies are flagged, one source cannot fill what a model sees, origins are kept."""

from __future__ import annotations

import hashlib
import marshal
import os
import subprocess
import sys
import time
from pathlib import Path

from conftest import Figure

from index.copies import near_copies
from index.document import Passage, Span
from index.search import open_index
from index.update import update_index
from rag.letters import letters
from rag.shown import OF_ONE, shown

ROOT = Path(__file__).resolve().parent.parent
SENTENCES = [f"第{number}号水闸昨日开闸放水，流量每秒{number + 30}立方米。" for number in range(12)]


def test_source_hash_and_time_of_every_document_are_kept(tmp_path: Path) -> None:
    folder = tmp_path / "papers"
    folder.mkdir()
    before = time.strftime("%Y-%m-%d", time.gmtime(time.time() - 1))
    for number in range(3):
        (folder / f"{number}.txt").write_text(f"第{number}号通知\n\n{SENTENCES[number]}\n", encoding="utf-8")
    update_index(tmp_path / "index", [folder])
    with open_index(tmp_path / "index") as index:
        for card in index.documents():
            assert card.root == str(folder.resolve())
            assert card.sha256 == hashlib.sha256((folder / card.id).read_bytes()).hexdigest()
            assert card.added >= before


def test_near_copies_are_told_and_others_are_not() -> None:
    whole = "".join(SENTENCES)
    texts = {
        "a": whole,
        "again": whole.replace("，", ", ").replace("昨日", "昨 日"),
        "shorter": "".join(SENTENCES[:5]) + "以上为本报综合消息。",
        "half": "".join(SENTENCES[9:])
        + "".join(f"{word}镇的麦子今年长势良好。" for word in "甲乙丙丁戊己庚辛壬癸"),
        "other": "今天夜里到明天多云转晴，最高气温二十八度。请市民注意防暑降温。",
    }
    found = near_copies(texts.items())
    assert set(found) == {"a", "again", "shorter"}
    assert found["again"].of == "a" or found["again"].of == "shorter"
    assert found["shorter"].share > 0.8
    assert near_copies([]) == {}


def test_telling_copies_takes_time_in_proportion() -> None:
    def seconds(documents: int) -> float:
        texts = [
            (str(number), "".join(f"第{number}区第{line}号井今日出水。" for line in range(40)))
            for number in range(documents)
        ]
        texts += [(f"copy{number}", "本报消息，今日天气晴好无风。" * 3) for number in range(documents)]
        started = time.thread_time()
        near_copies(texts)
        return time.thread_time() - started

    seconds(50)
    small, large = min(seconds(200) for _ in range(3)), min(seconds(800) for _ in range(2))
    assert large < 10 * small


def passage(doc: str, number: int, text: str) -> Passage:
    return Passage(id=f"{doc}#{number}", doc=doc, article=f"{doc}#a", text=text, spans=(Span(0, len(text)),))


def test_one_source_cannot_fill_what_a_model_sees(figure: Figure) -> None:
    loud = [passage("loud", number, f"{SENTENCES[number]}声音最大的一家。") for number in range(10)]
    quiet = [
        passage(f"quiet{number}", 0, f"第{number}家报纸说，{SENTENCES[-1 - number]}") for number in range(4)
    ]
    seen = shown([*loud, *quiet])
    of_loud = sum(one.doc == "loud" for one in seen)
    figure("passages of one source among eight shown to a model", of_loud, f"at most {OF_ONE}")
    assert of_loud == OF_ONE
    assert len(seen) == 8
    assert seen[0] is loud[0]
    assert len(shown(loud)) == 8  # there is nobody else


def test_many_copies_are_one_voice() -> None:
    copies = [passage(f"copy{number}", 0, f"{SENTENCES[0]}{SENTENCES[1]}") for number in range(9)]
    others = [passage(f"other{number}", 0, SENTENCES[number + 3]) for number in range(6)]
    seen = shown([*copies, *others])
    said = [letters(one.text).text for one in seen]
    assert said.count(letters(copies[0].text).text) == 2  # the first, and one to fill the last place
    assert {one.doc for one in seen} >= {one.doc for one in others}


def test_a_dictionary_that_lies_in_the_shared_temporary_folder_is_not_read(tmp_path: Path) -> None:
    """jieba by itself reads `jieba.cache` there with marshal, and writes it where it is not."""
    planted = tmp_path / "jieba.cache"
    planted.write_bytes(marshal.dumps(({"澄江大桥通车": 10**9}, 10**9)))
    code = (
        "from index.tokens import tagged, words; print('/'.join(words('澄江大桥通车'))); tagged('澄江大桥')"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(
        command, cwd=ROOT, env={**os.environ, "TMPDIR": str(tmp_path)}, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert "/" in done.stdout  # cut by the dictionary of the package
    assert [path.name for path in tmp_path.iterdir()] == [planted.name]
