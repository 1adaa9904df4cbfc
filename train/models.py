"""Every step from collected text to the shipped models, each run only when its result is not there yet.

    python -m train.models --data DIR [--out var/train] [--models models] [--rehearse]

Steps and what each leaves in OUT (delete a file to run its step again): prepare (pairs.jsonl), vocabulary
(tokenizer.json), trunk (trunk.npz), encoder twice (run1, run2), average (models/encoder), lists (lists.npz), rerank
(rerank.pt), export (models/reranker). A rehearsal makes every step with a few rounds of training, to see that the chain
holds before hours are spent on it; give it an OUT and MODELS of its own.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--data", type=Path, required=True)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--models", type=Path, default=Path("models"))
parser.add_argument("--rehearse", action="store_true", help="a few rounds of training in every step")


def main() -> None:
    settings = parser.parse_args()
    settings.out.mkdir(parents=True, exist_ok=True)
    out = ["--out", str(settings.out)]
    encoder = settings.models / "encoder"
    runs = [
        settings.out / "run1",
        settings.out / "run2",
    ]  # averaged they are better than either, see RESULTS.md
    few = ["--weak-steps", "6", "--easy-steps", "6", "--hard-steps", "6"] if settings.rehearse else []
    some = ["--steps", "12"] if settings.rehearse else []
    steps = [
        ("prepare", ["--data", str(settings.data), *out], settings.out / "prepare.json"),
        ("vocabulary", out, settings.out / "tokenizer.json"),
        ("trunk", out, settings.out / "trunk.npz"),
        ("encoder", [*out, "--model", str(runs[0]), "--seed", "7", *few], runs[0] / "training.json"),
        ("encoder", [*out, "--model", str(runs[1]), "--seed", "8", *few], runs[1] / "training.json"),
        ("average", [*map(str, runs), "--model", str(encoder)], None),  # seconds; always done again
        ("lists", [*out, "--model", str(encoder)], settings.out / "lists.npz"),
        ("rerank", [*out, "--encoder", str(encoder), *some], settings.out / "rerank.pt"),
        ("export", [*out, "--model", str(settings.models / "reranker")], None),
    ]
    # A passive wait policy: with the default one, two busy cores spin against each other and train at a tenth.
    environment = {**os.environ, "OMP_WAIT_POLICY": "passive"}
    for name, arguments, result in steps:
        if result is not None and result.exists():
            print(f"{name}: {result} is there")
            continue
        begun = time.time()
        subprocess.run([sys.executable, "-m", f"train.{name}", *arguments], check=True, env=environment)
        print(f"{name}: {time.time() - begun:.0f} s")


if __name__ == "__main__":
    main()
