"""Write the encoder's model card from what training and scoring left behind.

python -m train.card --model models/encoder --scores var/train/scores.json [--out var/train]
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--model", type=Path, default=Path("models/encoder"))
parser.add_argument("--scores", type=Path, required=True, help="written by train.score --json")
parser.add_argument("--out", type=Path, default=Path("var/train"))

CARD = """---
language: zh
library_name: sentence-transformers
pipeline_tag: sentence-similarity
license: other
---

# Youju encoder

A static sentence encoder for Chinese news and law: {pieces:,} pieces (words and single characters), {size}
dimensions, half precision, {megabytes:.1f} MB with its tokenizer. A text's vector is the mean of its pieces' vectors, made unit
length; the vectors' lengths are the pieces' learned weights. The first 128 dimensions were trained to stand alone.
Runs with numpy and `tokenizers`, without torch. NFKC, lower case and traditional → simplified happen inside
`tokenizer.json`; punctuation is left out and digits are read one by one.

    from sentence_transformers import SentenceTransformer
    SentenceTransformer("models/encoder").encode(["谁来付医药费？"])

## Made by

    python -m train.encoder --out var/train --model RUN    # twice, see below
    python -m train.average RUN1 RUN2 --model models/encoder

on {machine}, two cores shared with other work, no GPU: {seconds} s for the encoder step (start vectors, about three
minutes, not counted). {runs} Configuration and development scores by step: `training.json`.

## Data and terms

| data | terms | used as |
|---|---|---|
| CRUD_RAG news (IAAR-Shanghai) | Apache-2.0 | prose |
| LawRefBook/Laws | official texts | prose; law and chapter → text |
| LCTT articles | Apache-2.0 | prose |
| CSL abstracts | Apache-2.0 | prose; title or keywords → abstract |
| Chinese Wikipedia | CC BY-SA | prose |
| DRCD dev (CC BY-SA 3.0), CMRC 2018 trial (CC BY-SA 4.0) | as named | question → passage |
| equals, QBQTC, SQuAD zh (machine-translated), CAIL 2019 RC, news_mrc, WebQA | no licence stated by the publishers | question → passage |
| questions written by reading for this project (news and law; each with a near miss) | ours | question → passage |
| jieba's dictionary (MIT), OpenCC's table (Apache-2.0) | as named | vocabulary, traditional → simplified |

Vectors carry no text of these sources. Near-duplicates of evaluation passages, evaluation questions and the
demonstration documents were removed by hash before training (`train/prepare.py`).

## Scores

`python -m train.score --model models/encoder --weight {weight} FOLDER…`; words are BM25 over characters and character
pairs; fused is words scaled to the question's best + {weight} × cosine, the weight chosen on the development set.

| set | system | nDCG@10 | P@1 | R@10 | R@100 |
|---|---|---|---|---|---|
{rows}

## Limits

A text of punctuation alone has no pieces: with numpy its vector is zero; through sentence-transformers call
`model.float()` first, since half precision cannot normalise a zero vector.

Mainland news and law of the years up to 2023, modern standard Chinese. Word order is not seen: "A 告 B" and "B 告 A"
get the same vector. Not for other languages. Similarity is not a probability.
"""


RUNS = """The table is the mean of two runs (`train.average`): the first without the lay questions on statutes of
`train/questions`, 250 more weak and question steps; the second with them."""


def main() -> None:
    from safetensors.numpy import load_file

    settings = parser.parse_args()
    table = load_file(str(settings.model / "model.safetensors"))["embedding.weight"]
    training = json.loads((settings.model / "training.json").read_text())
    scores = json.loads(settings.scores.read_text())
    rows = [
        f"| {name} | {system} | "
        + " | ".join(f"{m[k]:.3f}" for k in ("nDCG@10", "P@1", "R@10", "R@100"))
        + " |"
        for name, systems in scores["sets"].items()
        for system, m in systems.items()
    ]
    megabytes = (
        sum(p.stat().st_size for p in settings.model.glob("*") if p.suffix in (".safetensors", ".json")) / 1e6
    )
    text = CARD.format(
        pieces=len(table), size=table.shape[1], megabytes=megabytes, machine=training["machine"], seconds=training["seconds"],
        runs=RUNS if "runs" in training else f"Seed {training['config']['seed']}.", weight=scores["weight"], rows="\n".join(rows),
    )  # fmt: skip
    (settings.model / "README.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
