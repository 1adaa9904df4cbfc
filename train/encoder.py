"""Train the static encoder: one vector a piece, their mean, made unit length.

    python -m train.encoder --out var/train --model models/encoder

A piece's vector is exp(scale) * (own + mean of the vectors of the shorter pieces and characters inside it): a word
that training rarely sees still knows its characters. The product is folded into one table when saved, so the
shipped model is a plain table and runs with numpy alone.

Every batch comes from one source, so that the other passages of the batch are of its kind. First weak pairs
(a stretch of a passage and its rest, law headings), then questions; in the second half every question also meets
passages that words or the model itself ranked high for it although another passage answers (mined twice).
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

from train.prepare import read
from train.ragged import Ragged, join, tokenize
from train.score import Bench, best_weight


@dataclass(frozen=True, slots=True)
class Config:
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


WEAK = {"stretch": 0.5, "stretch_law": 0.2, "laws": 0.2, "csl": 0.04, "qbqtc": 0.06}
EASY = {
    "asked_news": 0.32, "asked_law": 0.08, "asked_statute": 0.12, "equals": 0.03, "squad_zh": 0.07, "drcd": 0.05, "cmrc2018": 0.03, "webqa_metest": 0.02,
    "news_mrc_houjin": 0.05, "laws": 0.05, "csl": 0.02, "qbqtc": 0.02, "stretch": 0.06, "stretch_law": 0.08,
}  # fmt: skip
HARD = {
    "asked_news": 0.42, "asked_law": 0.08, "asked_statute": 0.14, "equals": 0.03, "squad_zh": 0.05, "drcd": 0.04, "cmrc2018": 0.03,
    "news_mrc_houjin": 0.04, "laws": 0.04, "stretch": 0.05, "stretch_law": 0.08,
}  # fmt: skip
LAW = ("asked_law", "asked_statute", "equals")
MINED = (*LAW, "asked_news", "drcd", "cmrc2018", "squad_zh", "news_mrc_houjin")

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
    """Sparse (pieces, pieces): each row averages the shorter pieces inside a piece of two characters or more."""
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
        return self.scale.exp()[:, None] * (self.own + torch.sparse.mm(self.inner, self.shared))


def pool(table: torch.Tensor, texts: Ragged) -> torch.Tensor:
    """Mean of the pieces' vectors, float32 (rows, size); an empty row is zero."""
    ids, starts = torch.from_numpy(texts.ids.astype(np.int64)), torch.from_numpy(texts.starts[:-1])
    return F.embedding_bag(ids, table, starts, mode="mean")


def unit(table: torch.Tensor, texts: Ragged) -> np.ndarray:
    with torch.no_grad():
        parts = [
            F.normalize(pool(table, texts.take(np.arange(at, min(at + 8192, len(texts))))), dim=1).numpy()
            for at in range(0, len(texts), 8192)
        ]
    return np.concatenate(parts)


def top_rows(query: np.ndarray, passages: np.ndarray, depth: int) -> np.ndarray:
    """Row numbers of the best passages by inner product, (queries, depth)."""
    keys = torch.from_numpy(passages).bfloat16().T.contiguous()
    found = [
        (torch.from_numpy(query[at : at + 512]).bfloat16() @ keys).float().topk(depth, dim=1).indices.numpy()
        for at in range(0, len(query), 512)
    ]
    return np.concatenate(found)


def top_words(
    queries: Ragged, passages: Ragged, pieces: int, depth: int, right: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """BM25 over pieces: rows and scores of the best passages, (queries, depth), and the scores of the right ones."""
    import scipy.sparse as sparse

    def counts(texts: Ragged):
        ones = np.ones(len(texts.ids), np.float32)
        matrix = sparse.csr_matrix((ones, texts.ids, texts.starts), (len(texts), pieces))
        matrix.sum_duplicates()
        return matrix

    tf = counts(passages)
    length = np.asarray(tf.sum(1)).ravel()
    df = np.bincount(tf.indices, minlength=pieces)
    idf = np.log(1 + (len(passages) - df + 0.5) / (df + 0.5))
    idf[df > 0.1 * len(passages)] = 0
    rows = np.repeat(np.arange(len(passages)), np.diff(tf.indptr))
    tf.data = (
        idf[tf.indices] * tf.data / (tf.data + 1.2 * (0.25 + 0.75 * length[rows] / length.mean()))
    ).astype(np.float32)
    tf.eliminate_zeros()
    index, asked, found, scores, own = tf.T.tocsr(), counts(queries), [], [], []
    for at in range(0, len(queries), 128):
        dense = (asked[at : at + 128] @ index).toarray()
        top = torch.from_numpy(dense).topk(depth, dim=1)
        found.append(top.indices.numpy())
        scores.append(top.values.numpy())
        own.append(dense[np.arange(len(dense)), right[at : at + 128]])
    return np.concatenate(found), np.concatenate(scores), np.concatenate(own)


def main() -> None:
    arguments = vars(parser.parse_args())
    out, model_folder = arguments["out"], arguments["model"]
    config = Config(**{k: v for k, v in arguments.items() if k in Config.__dataclass_fields__})
    torch.manual_seed(config.seed)
    torch.set_num_threads(2)
    chance = np.random.default_rng(config.seed)
    begun = time.time()

    def say(*words: object) -> None:
        print(f"{time.time() - begun:6.0f}s", *words, flush=True)

    # Texts as piece numbers. The pool holds every positive first, then the prose.
    tokenizer = Tokenizer.from_file(str(out / arguments["tokenizer"]))
    pairs = read(out / "pairs.jsonl")
    groups: dict[int, int] = {}
    positive = np.array([groups.setdefault(p["group"], len(groups)) for p in pairs])
    unique: dict[int, str] = {}
    for pair in pairs:
        text = (
            pair["positive"]
            if not (pair["title"] and pair["source"].startswith("asked_law"))
            else pair["title"] + "\n" + pair["positive"]
        )
        unique.setdefault(groups[pair["group"]], text)
    queries = tokenize(tokenizer, [p["query"] for p in pairs])
    misses = tokenize(tokenizer, [p["near_miss"] or "" for p in pairs])
    packed = np.load(out / arguments["trunk"].replace("trunk", "tokens"))
    prose = Ragged(packed["ids"], packed["starts"])
    prose_source = np.array([row["source"] for row in read(out / "passages.jsonl")])
    texts = join([tokenize(tokenizer, [unique[i] for i in range(len(unique))]), prose])
    by_source = {s: np.flatnonzero([p["source"] == s for p in pairs]) for s in {p["source"] for p in pairs}}
    stretches = len(unique) + np.flatnonzero(np.diff(prose.starts) >= 40)
    is_law = np.concatenate([np.zeros(len(unique), bool), prose_source == "laws_cn"])
    for source in (*LAW, "laws"):
        is_law[positive[by_source[source]]] = True
    is_news = np.concatenate([np.zeros(len(unique), bool), prose_source == "news_crud"])
    is_news[: len(unique)] = ~is_law[: len(unique)]
    law_stretches = stretches[is_law[stretches]]
    say(f"{len(pairs):,} pairs, {len(texts):,} texts, {len(texts.ids):,} pieces")

    benches = [Bench(out / "dev" / name) for name in ("asked", "law", "wiki")]
    dev = [(b, tokenize(tokenizer, b.queries), tokenize(tokenizer, b.texts)) for b in benches]
    everyday = np.array([i.startswith("e") for i in benches[0].query_ids])

    start = np.load(out / arguments["trunk"])
    model = Static(start["vectors"], start["frequency"], inner_pieces(tokenizer))
    log_scale = torch.nn.Parameter(torch.tensor(math.log(1 / config.temperature)))
    optimizer = torch.optim.Adam(
        [
            {"params": [model.own, model.shared], "rate": config.rate},
            {"params": [model.scale], "rate": config.rate},
        ],
        lr=config.rate, betas=(0.9, 0.99),
    )  # fmt: skip

    average = copy.deepcopy(model)

    def evaluate(note: str, table: torch.Tensor | None = None) -> dict[str, float]:
        table = average.table().detach() if table is None else table
        cosines = [(b, unit(table, q) @ unit(table, p).T) for b, q, p in dev]
        scores = {f"{b.name}": b.measure(c) for b, c in cosines}
        hard_only = everyday_measure(benches[0], cosines[0][1], everyday)
        weight, _ = best_weight(cosines, np.arange(0.5, 4.1, 0.5))
        fused = {b.name: b.measure(b.words.astype(np.float32) + weight * c)["nDCG@10"] for b, c in cosines}
        fused["everyday"] = everyday_measure(
            benches[0], benches[0].words.astype(np.float32) + weight * cosines[0][1], everyday
        )[0]
        say(
            note,
            "vectors",
            {k: (v["nDCG@10"], v["R@100"]) for k, v in scores.items()},
            "everyday",
            hard_only,
            "| fused at",
            weight,
            fused,
        )
        return {
            "weight": weight,
            **fused,
            "law R@100": scores["law"]["R@100"],
            "law vectors": scores["law"]["nDCG@10"],
        }

    evaluate("start")
    negatives: dict[int, np.ndarray] = {}

    def mine() -> None:
        """Passages ranked high for a question by words or by the model, though another one answers it."""
        table = model.table().detach()
        for sources in (LAW, tuple(s for s in MINED if s not in LAW)):
            law = sources == LAW
            asked = np.concatenate([by_source[s] for s in sources])
            kind = is_law if law else is_news
            own = np.flatnonzero(kind[: len(unique)])
            more = len(unique) + np.flatnonzero(kind[len(unique) :])
            rows = np.concatenate(
                [own, chance.choice(more, min(len(more), arguments["pool"]), replace=False)]
            )
            passages = texts.take(rows)
            query, passage = unit(table, queries.take(asked)), unit(table, passages)
            right = unit(table, texts.take(positive[asked]))
            best = np.sum(query * right, 1)
            found = top_rows(query, passage, 40)
            some = np.flatnonzero(
                np.isin(asked, np.concatenate([by_source[s] for s in (*LAW, "asked_news")]))
            )
            words = np.full((len(asked), 20), -1)
            words[some] = top_words(
                queries.take(asked[some]), passages, len(table), 20, np.zeros(len(some), int)
            )[0]
            for i, number in enumerate(asked):
                near = np.unique(np.concatenate([found[i], words[i][words[i] >= 0]]))
                keep = (
                    (rows[near] != positive[number])
                    & (passage[near] @ right[i] < config.alike)
                    & (passage[near] @ query[i] < best[i] + config.margin)
                )
                near = rows[near[keep]]
                negatives[int(number)] = near if len(near) else rows[chance.integers(0, len(rows), 4)]
            say("mined", sources, "mean kept", np.mean([len(negatives[int(n)]) for n in asked]))

    def batch_of(
        source: str, size: int, hard: bool
    ) -> tuple[Ragged, Ragged, Ragged | None, np.ndarray, Ragged | None]:
        if source.startswith("stretch"):
            rows = chance.choice(law_stretches if source == "stretch_law" else stretches, size, replace=False)
            question, rest = texts.take(rows).window(5, 16, chance)
            return question.thin(0.7, chance), rest, None, rows, None
        rows = chance.choice(by_source[source], min(size, len(by_source[source])), replace=False)
        right = texts.take(positive[rows])
        missed = misses.take(rows) if source.startswith("asked") else None
        extra = None
        if hard and source in MINED:
            extra = texts.take(np.concatenate([chance.choice(negatives[int(r)], config.hard) for r in rows]))
        thin = [
            r if r is None else r.thin(1 - config.drop, chance) for r in (queries.take(rows), right, extra)
        ]
        return thin[0], thin[1], thin[2], positive[rows], missed

    def loss_of(
        query: torch.Tensor,
        right: torch.Tensor,
        extra: torch.Tensor | None,
        own: np.ndarray,
        missed: torch.Tensor | None,
    ) -> torch.Tensor:
        scale = log_scale.exp()
        keys = right if extra is None else torch.cat([right, extra])
        scores = query @ keys.T
        same = torch.from_numpy(own[:, None] == own[None, :])
        best = scores.diagonal()[:, None]
        with torch.no_grad():
            wrong = torch.zeros_like(scores, dtype=torch.bool)
            wrong[:, : len(own)] = same
            wrong |= scores > best + config.margin
            wrong.fill_diagonal_(False)
        forward = F.cross_entropy(scores.masked_fill(wrong, -1e4) * scale, torch.arange(len(own)))
        back = scores[:, : len(own)].T
        columns = [back.masked_fill(wrong[:, : len(own)].T, -1e4)]
        if missed is not None:
            columns.append(torch.sum(right * missed, 1, keepdim=True))
        return forward + 0.3 * F.cross_entropy(torch.cat(columns, 1) * scale, torch.arange(len(own)))

    total = config.weak_steps + config.easy_steps + config.hard_steps
    running, history = 0.0, []

    def prepare(step: int):
        """The batch of a step; worked out beside the step before it."""
        stage = 0 if step < config.weak_steps else 1 if step < config.weak_steps + config.easy_steps else 2
        if stage == 2 and not negatives:
            return None
        mix = (WEAK, EASY, HARD)[stage]
        source = str(chance.choice(list(mix), p=np.array(list(mix.values())) / sum(mix.values())))
        size = config.hard_batch if stage == 2 and source in MINED else config.batch
        question, right, extra, own, missed = batch_of(source, size, stage == 2)
        packed_batch = join([p for p in (question, right, extra, missed) if p is not None])
        return question, right, extra, missed, packed_batch, own, source

    ahead = ThreadPoolExecutor(1)
    coming = ahead.submit(prepare, 0)
    for step in range(total):
        if step == config.weak_steps + config.easy_steps:
            coming.result()
            mine()
            coming = ahead.submit(prepare, step)
        question, right, extra, missed, packed_batch, own, source = coming.result()
        coming = ahead.submit(prepare, step + 1)
        share = step / total
        pace = min(1.0, (step + 1) / 50) * max(0.03, 1 - share)
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * pace
        table = model.table()
        parts = [p for p in (question, right, extra, missed) if p is not None]
        pooled = pool(table, packed_batch).split([len(p) for p in parts])
        loss = torch.zeros(())
        for width in (table.shape[1], *config.matryoshka):
            query, answer, *others = (F.normalize(p[:, :width], dim=1) for p in pooled)
            more = others.pop(0) if extra is not None else None
            near = others.pop(0) if missed is not None else None
            loss = loss + loss_of(query, answer, more, own, near) * (1.0 if width == table.shape[1] else 0.3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        with torch.no_grad():
            for kept, new in zip(average.parameters(), model.parameters(), strict=True):
                kept.lerp_(new, 1 - min(config.average, (step + 1) / (step + 10)))
        value = float(loss.detach())
        running = 0.98 * running + 0.02 * value if step else value
        if step % 50 == 0:
            say(f"step {step} {source} loss {running:.3f}")
        if step == config.weak_steps - 1:
            weak = average.table().detach().clone()
        if step % 250 == 249 or step == total - 1:
            history.append({"step": step, **evaluate(f"step {step}")})

    # Questions pull the table towards news; a share of the weak stage's table brings law back (Wortsman et al. 2022).
    final, shares = average.table().detach(), []
    for share in (0.0, 0.15, 0.3, 0.45):
        found = evaluate(f"share {share} of the weak stage", (1 - share) * final + share * weak)
        shares.append((round(found["asked"] + found["law"] + 0.5 * found["law vectors"], 4), share))
    share = max(shares)[1]
    say("kept share", share, shares)
    save(model_folder, tokenizer, ((1 - share) * final + share * weak).numpy())
    record = {
        "config": asdict(config),
        "share": share,
        "seconds": round(time.time() - begun),
        "machine": machine(),
        "history": history,
    }
    (model_folder / "training.json").write_text(json.dumps(record, indent=1))
    say("saved", model_folder)


def machine() -> str:
    """The processor's name, where the system tells it."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text().splitlines() if facts.exists() else []
    return next(
        (line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown processor"
    )


def everyday_measure(bench: Bench, scores: np.ndarray, rows: np.ndarray) -> tuple[float, float]:
    """nDCG@10 and R@100 of the questions in everyday words alone."""
    part = copy.copy(bench)
    part.query_ids = [i for i, keep in zip(bench.query_ids, rows, strict=True) if keep]
    found = part.measure(scores[rows])
    return found["nDCG@10"], found["R@100"]


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


if __name__ == "__main__":
    main()
