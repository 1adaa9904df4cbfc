"""Average the tables of several runs of train.encoder into one encoder (model soup, Wortsman et al. 2022).

    python -m train.average var/train/run1 var/train/run2 --model models/encoder

All runs start from the same start vectors and the same tokenizer, so that their tables can be averaged; what one
run learned by chance cancels out. Each table is brought to the same root mean square first (as saved).
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("runs", nargs="+", type=Path)
parser.add_argument("--model", type=Path, default=Path("models/encoder"))


def main() -> None:
    from safetensors.numpy import load_file

    from train.encoder import save

    settings = parser.parse_args()
    tokenizers = {(run / "tokenizer.json").read_bytes() for run in settings.runs}
    if len(tokenizers) > 1:
        raise SystemExit("expected runs of one tokenizer; run train.encoder again for all of them")
    tables = [
        load_file(str(run / "model.safetensors"))["embedding.weight"].astype(np.float32)
        for run in settings.runs
    ]
    save(
        settings.model, Tokenizer.from_file(str(settings.runs[0] / "tokenizer.json")), np.mean(tables, axis=0)
    )
    records = [json.loads((run / "training.json").read_text()) for run in settings.runs]
    record = {**records[-1], "seconds": sum(r["seconds"] for r in records), "runs": records}
    (settings.model / "training.json").write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()
