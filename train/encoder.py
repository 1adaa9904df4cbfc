"""Train the static encoder: one vector a piece, their mean, made unit length.

    python -m train.encoder --out var/train --model models/encoder

A piece's vector is exp(scale) * (own + mean of the vectors of the shorter pieces and characters inside it): a
word that training rarely sees still knows its characters. The product is folded into one table when saved, so
the shipped model is a plain table and runs with numpy alone.

Every batch comes from one source, so that the other passages of the batch are of its kind. First weak pairs
(a stretch of a passage and its rest, law headings), then questions; in the second half every question also
meets passages that words or the model itself ranked high for it although another passage answers.
"""

from __future__ import annotations

import argparse
import copy
import json
import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from train.batches import LAW, MINED, REST, Batch, Corpus, mine, question_batch, read_corpus, stretch_batch
from train.ragged import Ragged, tokenize
from train.ranking import embed, mean_pool
from train.score import Bench, best_weight

Dev = list[tuple[Bench, Ragged, Ragged]]  # a held-out set with its questions and its passages as pieces


@dataclass(frozen=True, slots=True)
class Config:
    """The options that decide a run's weights, as written into training.json."""

    seed: int = 7
    batch: int = 1024
    hard_batch: int = 512
    hard: int = 4  # mined passages a question meets in one step
    rate: float = 4e-3
    temperature: float = 0.05
    margin: float = 0.1  # a negative that scores above the positive by more is taken for a right answer
    alike: float = 0.88  # a negative whose cosine with the positive is above this is taken for a right answer
    weak_steps: int = 300
    easy_steps: int = 400
    hard_steps: int = 150
    drop: float = 0.15  # share of pieces left out in training, of questions and passages
    average: float = 0.99  # the saved weights are a moving average
    matryoshka: tuple[int, ...] = (128,)


# Share of the steps of each source, stage by stage.
WEAK = {"stretch": 0.5, "stretch_law": 0.2, "laws": 0.2, "csl": 0.04, "qbqtc": 0.06}
EASY = {
    "asked_news": 0.32, "asked_law": 0.08, "asked_statute": 0.12, "equals": 0.03, "squad_zh": 0.07,
    "drcd": 0.05, "cmrc2018": 0.03, "webqa_metest": 0.02, "news_mrc_houjin": 0.05, "laws": 0.05,
    "csl": 0.02, "qbqtc": 0.02, "stretch": 0.06, "stretch_law": 0.08,
}  # fmt: skip
HARD = {
    "asked_news": 0.42, "asked_law": 0.08, "asked_statute": 0.14, "equals": 0.03, "squad_zh": 0.05,
    "drcd": 0.04, "cmrc2018": 0.03, "news_mrc_houjin": 0.04, "laws": 0.04, "stretch": 0.05,
    "stretch_law": 0.08,
}  # fmt: skip

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--model", type=Path, default=Path("var/train/encoder"))
parser.add_argument("--tokenizer", default="tokenizer.json")
parser.add_argument("--trunk", default="trunk.npz")
parser.add_argument(
    "--pool", type=int, default=50000, help="prose passages of each kind that negatives are mined from"
)
for field, value in asdict(Config()).items():
    if isinstance(value, (int, float)):
        parser.add_argument(f"--{field.replace('_', '-')}", type=type(value), default=value)


def inner_pieces(tokenizer: Tokenizer) -> torch.Tensor:
    """Sparse (pieces, pieces): a row averages the shorter pieces inside a piece of two characters or more."""
    vocabulary = tokenizer.get_vocab()
    rows, columns, values = [], [], []
    for piece, number in vocabulary.items():
        if len(piece) < 2 or piece.startswith("[") or piece.isascii():
            continue
        spans = {piece[i:j] for i in range(len(piece)) for j in range(i + 1, len(piece) + 1)} - {piece}
        inner = [vocabulary[s] for s in sorted(spans) if s in vocabulary]
        rows += [number] * len(inner)
        columns += inner
        values += [1 / max(1, len(inner))] * len(inner)
    shape = (len(vocabulary), len(vocabulary))
    return torch.sparse_coo_tensor(torch.tensor([rows, columns]), torch.tensor(values), shape).coalesce()


class Static(torch.nn.Module):
    """The vectors in training: each piece's own, one shared by the pieces around it, and its weight."""

    def __init__(self, vectors: np.ndarray, frequency: np.ndarray, inner: torch.Tensor) -> None:
        super().__init__()
        share = frequency / frequency.sum()
        self.own = torch.nn.Parameter(torch.tensor(vectors))
        self.shared = torch.nn.Parameter(torch.zeros(vectors.shape))
        self.scale = torch.nn.Parameter(
            torch.tensor(np.log(1e-3 / (1e-3 + share)) * 0.5, dtype=torch.float32)
        )
        self.register_buffer("inner", inner)

    def table(self) -> torch.Tensor:
        """The product folded into one vector a piece, (pieces, size)."""
        return self.scale.exp()[:, None] * (self.own + torch.sparse.mm(self.inner, self.shared))


def draw(
    step: int, config: Config, corpus: Corpus, negatives: dict[int, np.ndarray], chance: np.random.Generator
) -> Batch | None:
    """The batch of a step, of one source of its stage's mix; none where negatives must be mined first."""
    stage = 0 if step < config.weak_steps else 1 if step < config.weak_steps + config.easy_steps else 2
    if stage == 2 and not negatives:
        return None
    mix = (WEAK, EASY, HARD)[stage]
    source = str(chance.choice(list(mix), p=np.array(list(mix.values())) / sum(mix.values())))
    if source in corpus.stretches:
        return stretch_batch(corpus, source, config.batch, chance)
    hard = stage == 2 and source in MINED
    return question_batch(
        corpus,
        source,
        config.hard_batch if hard else config.batch,
        negatives if hard else {},
        config.hard,
        config.drop,
        chance,
    )


def batch_loss(table: torch.Tensor, batch: Batch, config: Config) -> torch.Tensor:
    """The contrastive loss at full width and at smaller ones (Matryoshka, Kusupati et al. 2022)."""
    pooled = mean_pool(table, batch.packed).split(batch.sizes)
    loss = torch.zeros(())
    for width in (table.shape[1], *config.matryoshka):
        parts = [F.normalize(part[:, :width], dim=1) for part in pooled]
        weight = 1.0 if width == table.shape[1] else 0.3
        loss = loss + contrastive_loss(*parts, batch.groups, config) * weight
    return loss


def contrastive_loss(
    query: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
    near_miss: torch.Tensor,
    groups: np.ndarray,
    config: Config,
) -> torch.Tensor:
    """InfoNCE: each question among all passages and, with less weight, each positive among all questions.

    Passages that are likely right answers too are left out: the same positive, or one that scores above the
    question's own by more than the margin.
    """
    scale = torch.tensor(math.log(1 / config.temperature)).exp()  # not 1 / temperature: rounded otherwise
    scores = query @ torch.cat([positive, negative]).T
    count, own = len(groups), torch.arange(len(groups))
    with torch.no_grad():
        likely_right = scores > scores.diagonal()[:, None] + config.margin
        likely_right[:, :count] |= torch.from_numpy(groups[:, None] == groups[None, :])
        likely_right.fill_diagonal_(False)
    masked = scores.masked_fill(likely_right, -1e4)
    backward = [masked[:, :count].T]
    if len(near_miss):
        backward.append(torch.sum(positive * near_miss, 1, keepdim=True))
    return F.cross_entropy(masked * scale, own) + 0.3 * F.cross_entropy(torch.cat(backward, 1) * scale, own)


def train(
    model: Static, corpus: Corpus, dev: Dev, config: Config, pool: int, begun: float
) -> tuple[torch.Tensor, torch.Tensor, list[dict]]:
    """All three stages; the averaged tables at the end and after the weak stage, and what was measured."""
    chance = np.random.default_rng(config.seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=config.rate, betas=(0.9, 0.99))
    average = copy.deepcopy(model)
    evaluate(dev, average.table().detach(), "start", begun)
    first_hard = config.weak_steps + config.easy_steps
    total = first_hard + config.hard_steps
    negatives: dict[int, np.ndarray] = {}
    running, history = 0.0, []
    weak = average.table().detach().clone()  # where there is no weak stage
    ahead = ThreadPoolExecutor(1)  # draws the batch of a step beside the step before it
    coming = ahead.submit(draw, 0, config, corpus, negatives, chance)
    for step in range(total):
        if step == first_hard:
            coming.result()  # none: there were no negatives yet
            negatives = mine_all(corpus, model.table().detach(), config, pool, chance, begun)
            coming = ahead.submit(draw, step, config, corpus, negatives, chance)
        batch = coming.result()
        coming = ahead.submit(draw, step + 1, config, corpus, negatives, chance)
        for group in optimizer.param_groups:
            group["lr"] = config.rate * pace(step, total)
        loss = batch_loss(model.table(), batch, config)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        update_average(average, model, min(config.average, (step + 1) / (step + 10)))
        value = float(loss.detach())
        running = 0.98 * running + 0.02 * value if step else value
        if step % 50 == 0:
            say(begun, f"step {step} {batch.source} loss {running:.3f}")
        if step == config.weak_steps - 1:
            weak = average.table().detach().clone()
        if step % 250 == 249 or step == total - 1:
            history.append({"step": step, **evaluate(dev, average.table().detach(), f"step {step}", begun)})
    return average.table().detach(), weak, history


def pace(step: int, total: int) -> float:
    """What the rate is multiplied by at a step: up over the first fifty, and down in a line to the end."""
    return min(1.0, (step + 1) / 50) * max(0.03, 1 - step / total)


def update_average(average: Static, model: Static, decay: float) -> None:
    """Move the average towards the model's weights (exponential moving average)."""
    with torch.no_grad():
        for kept, new in zip(average.parameters(), model.parameters(), strict=True):
            kept.lerp_(new, 1 - decay)


def mine_all(
    corpus: Corpus,
    table: torch.Tensor,
    config: Config,
    pool: int,
    chance: np.random.Generator,
    begun: float,
) -> dict[int, np.ndarray]:
    """Hard negatives of all questions that meet any: of law among law, of the rest among news."""
    negatives: dict[int, np.ndarray] = {}
    for sources in (LAW, REST):
        found = mine(
            corpus, table, sources, pool=pool, alike=config.alike, margin=config.margin, chance=chance
        )
        say(begun, "mined", sources, "mean kept", np.mean([len(rows) for rows in found.values()]))
        negatives |= found
    return negatives


def read_dev(folder: Path, tokenizer: Tokenizer) -> Dev:
    """The held-out sets: everyday and plain questions on news and law, lay questions on law, encyclopedia."""
    benches = [Bench(folder / name) for name in ("asked", "law", "wiki")]
    return [(b, tokenize(tokenizer, b.queries), tokenize(tokenizer, b.texts)) for b in benches]


def evaluate(dev: Dev, table: torch.Tensor, note: str, begun: float) -> dict[str, float]:
    """Measure a table on the held-out sets, alone and fused with words at the weight that suits them best."""
    cosines = [(b, embed(table, q) @ embed(table, p).T) for b, q, p in dev]
    scores = {b.name: b.measure(c) for b, c in cosines}
    weight, _ = best_weight(cosines, np.arange(0.5, 4.1, 0.5))
    both = [(b, b.words.astype(np.float32) + weight * c) for b, c in cosines]
    fused = {b.name: b.measure(total)["nDCG@10"] for b, total in both}
    fused["everyday"] = measure_everyday(*both[0])[0]
    vectors = {name: (found["nDCG@10"], found["R@100"]) for name, found in scores.items()}
    everyday = measure_everyday(*cosines[0])
    say(begun, note, "vectors", vectors, "everyday", everyday, "| fused at", weight, fused)
    return {
        "weight": weight,
        **fused,
        "law R@100": scores["law"]["R@100"],
        "law vectors": scores["law"]["nDCG@10"],
    }


def measure_everyday(bench: Bench, scores: np.ndarray) -> tuple[float, float]:
    """nDCG@10 and R@100 of the questions in everyday words alone."""
    everyday = np.array([name.startswith("e") for name in bench.query_ids])
    part = copy.copy(bench)
    part.query_ids = [name for name, keep in zip(bench.query_ids, everyday, strict=True) if keep]
    found = part.measure(scores[everyday])
    return found["nDCG@10"], found["R@100"]


def mix_tables(final: torch.Tensor, weak: torch.Tensor, share: float) -> torch.Tensor:
    """The final table with a share of the weak stage's in it."""
    return (1 - share) * final + share * weak


def best_share(dev: Dev, final: torch.Tensor, weak: torch.Tensor, begun: float) -> float:
    """The share of the weak stage's table that suits the held-out sets best.

    Questions pull the table towards news; the table before them brings law back (Wortsman et al. 2022).
    """
    shares = []
    for share in (0.0, 0.15, 0.3, 0.45):
        mixed = mix_tables(final, weak, share)
        found = evaluate(dev, mixed, f"share {share} of the weak stage", begun)
        shares.append((round(found["asked"] + found["law"] + 0.5 * found["law vectors"], 4), share))
    share = max(shares)[1]
    say(begun, "kept share", share, shares)
    return share


def say(begun: float, *words: object) -> None:
    """Print behind the seconds since the start."""
    print(f"{time.time() - begun:6.0f}s", *words, flush=True)


def machine() -> str:
    """The processor's name, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )


def save(folder: Path, tokenizer: Tokenizer, table: np.ndarray) -> None:
    """A sentence-transformers folder: StaticEmbedding and Normalize, half precision."""
    from safetensors.numpy import save_file

    folder.mkdir(parents=True, exist_ok=True)
    rms = float(np.sqrt(np.mean(table**2)))
    save_file(
        {"embedding.weight": (table / rms * 0.1).astype(np.float16)},
        str(folder / "model.safetensors"),
        {"format": "pt"},
    )
    tokenizer.save(str(folder / "tokenizer.json"), pretty=False)
    modules = [
        {"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.StaticEmbedding"},
        {"idx": 1, "name": "1", "path": "1_Normalize", "type": "sentence_transformers.models.Normalize"},
    ]
    (folder / "modules.json").write_text(json.dumps(modules, indent=2) + "\n")
    settings = {
        "model_type": "SentenceTransformer",
        "prompts": {},
        "default_prompt_name": None,
        "similarity_fn_name": "cosine",
    }
    (folder / "config_sentence_transformers.json").write_text(json.dumps(settings, indent=2) + "\n")


def main() -> None:
    """Train, mix in the weak stage's table, and write the model and the record of its training."""
    arguments = vars(parser.parse_args())
    out, folder = arguments["out"], arguments["model"]
    config = Config(**{k: v for k, v in arguments.items() if k in Config.__dataclass_fields__})
    torch.manual_seed(config.seed)
    torch.set_num_threads(2)
    begun = time.time()
    tokenizer = Tokenizer.from_file(str(out / arguments["tokenizer"]))
    corpus = read_corpus(out, tokenizer, out / arguments["trunk"].replace("trunk", "tokens"))
    questions, texts = len(corpus.queries), corpus.texts
    say(begun, f"{questions:,} pairs, {len(texts):,} texts, {len(texts.ids):,} pieces")
    dev = read_dev(out / "dev", tokenizer)
    start = np.load(out / arguments["trunk"])
    model = Static(start["vectors"], start["frequency"], inner_pieces(tokenizer))
    final, weak, history = train(model, corpus, dev, config, arguments["pool"], begun)
    share = best_share(dev, final, weak, begun)
    save(folder, tokenizer, mix_tables(final, weak, share).numpy())
    record = {
        "config": asdict(config),
        "share": share,
        "seconds": round(time.time() - begun),
        "machine": machine(),
        "history": history,
    }
    (folder / "training.json").write_text(json.dumps(record, indent=1))
    say(begun, "saved", folder)


if __name__ == "__main__":
    main()
