"""Read the collected text, take out what must not be seen, and set a development set aside.

    python -m train.prepare --data DIR --out var/train

Writes under OUT (JSON lines, UTF-8):
  pairs.jsonl      (with the questions of train/questions, when their passage is there) query, positive, near_miss, answer, answer_start, kind, source, group
  passages.jsonl   text, title, source: the prose cut into whole sentences, at most LONGEST characters
  dev/{asked,law,wiki}/  three held-out sets in BEIR layout; nothing in them is trained on
  spans.jsonl      held-out pairs whose answer has a place, for the span head
  prepare.json     what was counted and dropped

Near-duplicates are found by hashes of character 12-grams (white space and punctuation left out): a text is
dropped when the share of its sampled hashes that also stand in the protected texts is above a limit.
"""

from __future__ import annotations

import argparse
import collections
import hashlib
import json
import lzma
import random
import re
from pathlib import Path

import numpy as np

SEED = 20231122
LONGEST = 300
SHORTEST = 40
GRAM = 12
COPY = 0.5  # a text that shares more than this of its hashes with a protected one is a near-duplicate
SAMPLE = 4  # one hash in four is kept
LAW_ARTICLE = re.compile(r"(?=^第[一二三四五六七八九十百千零〇\d]+条[\s　])", re.M)
NOT_WORD = re.compile(r"[\W_]+")

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True, help="folder with train/ and eval/")
parser.add_argument("--seeds", type=Path, default=Path("seeds"), help="test documents, never trained on")
parser.add_argument("--out", type=Path, default=Path("var/train"))


def read(path: Path) -> list[dict]:
    """Rows of a .jsonl or .jsonl.xz file."""
    with (
        lzma.open(path, "rt", encoding="utf-8") if path.suffix == ".xz" else path.open(encoding="utf-8")
    ) as lines:
        return [json.loads(line) for line in lines]


def write(path: Path, rows: list[dict]) -> None:
    """Rows as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def bare(text: str) -> str:
    """Only letters and digits, lower case: what two copies of a text still share."""
    return NOT_WORD.sub("", text).lower()


def grams(text: str, *, size: int = GRAM, sample: int = SAMPLE) -> np.ndarray:
    """Sampled rolling hashes of the character n-grams, uint64."""
    points = np.frombuffer(bare(text).encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    if len(points) < size:
        return np.zeros(0, np.uint64)
    hashes = np.zeros(len(points) - size + 1, np.uint64)
    for offset in range(size):
        hashes = hashes * np.uint64(1099511628211) + points[offset : offset + len(hashes)]
    hashes ^= hashes >> np.uint64(29)
    hashes = hashes * np.uint64(0x9E3779B97F4A7C15)
    hashes ^= hashes >> np.uint64(32)
    return hashes[hashes % np.uint64(sample) == 0]


class Protected:
    """Sorted hashes of the texts that training must not see."""

    def __init__(self) -> None:
        self.parts: list[np.ndarray] = []
        self.hashes = np.zeros(0, np.uint64)

    def add(self, texts: list[str]) -> None:
        self.parts += [grams(text) for text in texts]
        self.hashes = np.unique(np.concatenate(self.parts))
        self.parts = [self.hashes]

    def share(self, text: str) -> float:
        """Share of the text's sampled hashes that are protected, 0 to 1."""
        found = grams(text)
        if not len(found):
            return 0.0
        at = np.minimum(np.searchsorted(self.hashes, found), len(self.hashes) - 1)
        return float(np.mean(self.hashes[at] == found))


def cut(text: str) -> list[str]:
    """Whole sentences put together up to LONGEST characters; white space runs become one space."""
    pieces = re.findall(r"[^。！？!?\n]+[。！？!?]*[”’」』）)]*|\n+", text)
    passages, now = [], ""
    for piece in pieces:
        if now and len(now) + len(piece) > LONGEST:
            passages.append(now)
            now = ""
        now += piece
    passages.append(now)
    return [re.sub(r"[ \t　]+", " ", p).strip() for p in passages if len(p.strip()) >= SHORTEST]


def cut_law(title: str, text: str) -> list[str]:
    """One passage an article (第…条), long ones cut; the law's name and the number stand before it."""
    passages = []
    for article in LAW_ARTICLE.split(text):
        article = article.strip()
        number = re.match(r"第[一二三四五六七八九十百千零〇\d]+条", article)
        body = article[number.end() :].strip() if number else article
        head = f"{title}{number.group()}\n" if number else f"{title}\n"
        passages += [head + part for part in cut(body)] if len(body) > LONGEST + 100 else [head + body]
    return [p for p in passages if len(p) >= SHORTEST]


def own_questions(passages: list[dict], seen_queries: set[str]) -> list[dict]:
    """Pairs of train/questions/*.jsonl: questions written by reading, keyed by the SHA-256 of an article's text
    (without the line that names the law)."""
    laws = [p["text"] for p in passages if p["source"] == "laws_cn"]
    by_hash = {hashlib.sha256(text.split("\n", 1)[-1].encode()).hexdigest(): text for text in laws}
    found = []
    for path in sorted((Path(__file__).parent / "questions").glob("*.jsonl")):
        for row in read(path):
            text = by_hash.get(row["passage_sha256"])
            if text is None or bare(row["query"]) in seen_queries:
                continue
            found.append({
                "query": row["query"], "positive": text, "near_miss": row.get("near_miss"), "answer": row.get("answer"),
                "answer_start": text.find(row["answer"]) if row.get("answer") else -1, "kind": row["kind"],
                "source": "asked_statute", "title": None,
            })  # fmt: skip
    return found


def beir(folder: Path, queries: list[tuple[str, str, list[str]]], corpus: dict[str, str]) -> None:
    """Queries are (id, text, ids of the passages that answer)."""
    write(folder / "corpus.jsonl", [{"_id": i, "title": "", "text": t} for i, t in corpus.items()])
    write(folder / "queries.jsonl", [{"_id": i, "text": t} for i, t, _ in queries])
    (folder / "qrels").mkdir(parents=True, exist_ok=True)
    lines = [f"{q}\t{p}\t1" for q, _, found in queries for p in found]
    (folder / "qrels/test.tsv").write_text("query-id\tcorpus-id\tscore\n" + "\n".join(lines) + "\n")


def main() -> None:
    settings = parser.parse_args()
    chance = random.Random(SEED)
    counts: collections.Counter[str] = collections.Counter()
    train = settings.data / "train"

    # What measures must not teach: evaluation passages and queries, and the documents of the demonstration.
    protected = Protected()
    seen_queries: set[str] = set()
    for folder in sorted((settings.data / "eval").iterdir()):
        if folder.is_dir():
            protected.add([row["text"] for row in read(folder / "corpus.jsonl.xz")])
            seen_queries |= {bare(row["text"]) for row in read(folder / "queries.jsonl")}
    for row in read(settings.data / "eval/news_everyday/near_misses.jsonl"):
        seen_queries.add(bare(row["text"]))
    protected.add(
        [path.read_text(encoding="utf-8", errors="ignore") for path in sorted(settings.seeds.glob("*.txt"))]
    )
    print("protected hashes", len(protected.hashes), "queries", len(seen_queries), flush=True)

    # Pairs. stard's statutes stand in the evaluation corpus, so none of it is trained on; the questions whose
    # statutes answer no evaluation question may still choose between models (development set).
    pairs: list[dict] = []
    stard: list[dict] = []
    answers_evaluation = Protected()
    folder = settings.data / "eval/statute_lay"
    relevant = {line.split("\t")[1] for line in (folder / "qrels/test.tsv").read_text().splitlines()[1:]}
    answers_evaluation.add([r["text"] for r in read(folder / "corpus.jsonl.xz") if r["_id"] in relevant])
    for name in ("asked", "questions", "law_headings"):
        for row in read(train / f"pairs_{name}.jsonl.xz"):
            source = row.get("source") or "law_headings"
            if source == "stard":
                if (
                    bare(row["query"]) not in seen_queries
                    and answers_evaluation.share(row["positive"]) <= 0.1
                ):
                    stard.append(row)
                continue
            if bare(row["query"]) in seen_queries or protected.share(row["positive"]) > COPY:
                counts[f"pair near the evaluation: {source}"] += 1
                continue
            pairs.append(
                {
                    "query": row["query"],
                    "positive": row["positive"],
                    "near_miss": row.get("near_miss"),
                    "answer": row.get("answer"),
                    "answer_start": row.get("answer_start", -1) if row.get("answer") else -1,
                    "kind": row.get("kind", ""),
                    "source": source,
                    "title": row.get("title"),
                }
            )
            counts[f"pair kept: {source}"] += 1
    texts = {}
    for pair in pairs:
        pair["group"] = texts.setdefault(bare(pair["positive"]), len(texts))

    # Held out, by passage: nothing that shares a passage or a question with these is trained on.
    by_source = collections.defaultdict(lambda: collections.defaultdict(list))
    for pair in pairs:
        by_source[pair["source"]][pair["group"]].append(pair)

    def hold(source: str, wanted: int) -> list[dict]:
        groups = sorted(by_source[source])
        chance.shuffle(groups)
        return [pair for group in groups[:wanted] for pair in by_source[source][group]]

    passage_of: dict[str, int] = {}
    for row in stard:
        group = passage_of.setdefault(bare(row["positive"]), len(texts) + len(passage_of))
        by_source["stard"][group].append(
            {**row, "group": group, "kind": "", "near_miss": None, "answer_start": -1}
        )
    held = {
        "asked": hold("asked_news", 240) + hold("asked_law", 70),
        "law": hold("stard", 130) + hold("equals", 25),
        "wiki": hold("drcd", 50) + hold("cmrc2018", 55),
    }
    spans = [p for p in hold("squad_zh", 30) + hold("news_mrc_houjin", 60) if p["answer_start"] >= 0]
    spans += [p for name in ("asked", "wiki") for p in held[name] if p["answer_start"] >= 0]
    for name in held:
        protected.add([pair["positive"] for pair in held[name]])
        seen_queries |= {bare(pair["query"]) for pair in held[name]}
    protected.add([pair["positive"] for pair in spans])

    # Prose, cut into passages; whole documents are set aside as the held-out sets' distractors.
    passages: list[dict] = []
    aside: dict[str, list[str]] = collections.defaultdict(list)
    wanted = {"news_crud": ("asked", 6500), "laws_cn": ("law", 4000), "zhwiki": ("wiki", 2500)}
    for path in sorted(train.glob("prose_*.jsonl.xz")):
        source = path.name.removeprefix("prose_").removesuffix(".jsonl.xz")
        rows = read(path)
        chance.shuffle(rows)
        for row in rows:
            title = (row.get("title") or "").strip()
            parts = cut_law(title, row["text"]) if source == "laws_cn" else cut(row["text"])
            clean = [p for p in parts if protected.share(p) <= COPY]
            counts[f"prose near the protected: {source}"] += len(parts) - len(clean)
            if source in wanted and len(aside[source]) < wanted[source][1]:
                aside[source] += clean
                protected.add(clean) if len(aside[source]) >= wanted[source][1] else None
                continue
            passages += [{"text": p, "title": title, "source": source} for p in clean]
            counts[f"prose kept: {source}"] += len(clean)
        print(path.name, len(passages), flush=True)
    chance.shuffle(passages)
    unique = {bare(p["text"]): p for p in passages}
    write(settings.out / "passages.jsonl", list(unique.values()))

    for name, rows in held.items():
        corpus: dict[str, str] = {}
        ids: dict[int, str] = {}
        for pair in rows:
            ids.setdefault(pair["group"], f"p{pair['group']}")
            corpus[ids[pair["group"]]] = pair["positive"]
        questions: dict[str, tuple[str, str, list[str]]] = {}
        asked_of: collections.Counter[int] = collections.Counter()
        for number, pair in enumerate(rows):
            asked_of[pair["group"]] += 1
            if (name == "wiki" and number % 2) or (name == "law" and asked_of[pair["group"]] > 5):
                continue
            entry = questions.setdefault(
                bare(pair["query"]), (f"{pair['kind'][:1] or 'q'}{number}", pair["query"], [])
            )
            entry[2].append(ids[pair["group"]])
        others = [t for source, (target, _) in wanted.items() if target == name for t in aside[source]]
        if name == "asked":
            others += aside["laws_cn"][:2000]
        corpus |= {f"d{i}": text for i, text in enumerate(dict.fromkeys(others))}
        rows_out = list(corpus.items())
        chance.shuffle(rows_out)
        beir(settings.out / "dev" / name, list(questions.values()), dict(rows_out))
        misses = [{"passage": ids[p["group"]], "text": p["near_miss"]} for p in rows if p["near_miss"]]
        if misses:
            write(settings.out / "dev" / name / "near_misses.jsonl", misses)
        counts[f"dev {name}: questions"], counts[f"dev {name}: passages"] = len(questions), len(corpus)

    held_groups = {p["group"] for rows in [*held.values(), spans] for p in rows}
    held_queries = {bare(p["query"]) for rows in held.values() for p in rows}
    kept = [
        p for p in pairs
        if p["group"] not in held_groups and bare(p["query"]) not in held_queries
        and protected.share(p["positive"]) <= COPY
    ]  # fmt: skip
    counts["pairs dropped near the held-out"] = len(pairs) - len(kept)
    for pair in own_questions(list(unique.values()), seen_queries):
        pair["group"] = texts.setdefault(bare(pair["positive"]), len(texts) + len(passage_of))
        kept.append(pair)
        counts["pair kept: asked_statute"] += 1
    chance.shuffle(kept)
    write(settings.out / "pairs.jsonl", kept)
    write(settings.out / "spans.jsonl", spans)
    counts["pairs"], counts["passages"], counts["spans"] = len(kept), len(unique), len(spans)
    (settings.out / "prepare.json").write_text(
        json.dumps(dict(sorted(counts.items())), indent=1, ensure_ascii=False)
    )
    print(json.dumps(dict(sorted(counts.items())), indent=1, ensure_ascii=False))


if __name__ == "__main__":
    main()
