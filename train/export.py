"""Put the trained reranker into a CrossEncoder folder, calibrated, with an ONNX file that needs no torch.

    python -m train.export --out var/train --model models/reranker

Scale and bias are fitted on held-out positives against their near misses and against passages ranked high
(Platt 1999), and folded into the last layer: sigmoid(score) is the chance that the passage answers.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from tokenizers import Tokenizer

from train.body import configuration, pad
from train.prepare import read
from train.rerank import Reranker, sequence

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--out", type=Path, default=Path("var/train"))
parser.add_argument("--model", type=Path, default=Path("models/reranker"))
parser.add_argument("--layers", type=int, default=4)
parser.add_argument("--length", type=int, default=176)


class Plain(torch.nn.Module):
    """The same network written out in plain operations, so that it can be traced for ONNX."""

    def __init__(self, model: Reranker, length: int) -> None:
        super().__init__()
        self.network, self.span = model.network, model.span
        config = model.network.config
        self.heads, self.size = config.num_attention_heads, config.hidden_size // config.num_attention_heads
        theta = config.rope_parameters["full_attention"]["rope_theta"]
        turn = torch.outer(
            torch.arange(length).float(), 1.0 / theta ** (torch.arange(0, self.size, 2).float() / self.size)
        )
        turn = torch.cat([turn, turn], -1)
        self.register_buffer("cos", turn.cos())
        self.register_buffer("sin", turn.sin())

    def forward(
        self, input_ids: torch.Tensor, attention_mask: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        body = self.network.model
        rows, width = input_ids.shape[0], input_ids.shape[1]
        cos, sin = self.cos[:width], self.sin[:width]
        hide = (1.0 - attention_mask[:, None, None, :].float()) * -1e4
        x = body.embeddings.norm(body.embeddings.tok_embeddings(input_ids))
        for layer in body.layers:
            qkv = layer.attn.Wqkv(layer.attn_norm(x)).view(rows, width, 3, self.heads, self.size)
            q, k, v = (qkv[:, :, i].transpose(1, 2) for i in range(3))
            q, k = q * cos + rotate(q) * sin, k * cos + rotate(k) * sin
            weight = torch.softmax(q @ k.transpose(2, 3) * self.size**-0.5 + hide, -1)
            x = x + layer.attn.Wo((weight @ v).transpose(1, 2).reshape(rows, width, -1))
            one, gate = layer.mlp.Wi(layer.mlp_norm(x)).chunk(2, -1)
            x = x + layer.mlp.Wo(F.gelu(one) * gate)
        x = body.final_norm(x)
        return self.network.classifier(self.network.head(x[:, 0])), self.span(x)


def rotate(x: torch.Tensor) -> torch.Tensor:
    half = x.shape[-1] // 2
    return torch.cat([-x[..., half:], x[..., :half]], -1)


def calibrate(
    model: Reranker, tokenizer: Tokenizer, out: Path, length: int
) -> tuple[float, float, dict[str, float]]:
    """Scale and bias that make the score a log odds, and how good it is on the other half of the held-out pairs."""
    folder = out / "dev/asked"
    passages = {r["_id"]: r["text"] for r in read(folder / "corpus.jsonl")}
    queries = {r["_id"]: r["text"] for r in read(folder / "queries.jsonl")}
    right = [line.split("\t")[:2] for line in (folder / "qrels/test.tsv").read_text().splitlines()[1:]]
    rows = [(queries[q], passages[p], 1) for q, p in right]
    rows += [(r["text"], passages[r["passage"]], 0) for r in read(folder / "near_misses.jsonl")]
    chance = np.random.default_rng(2)
    ids = list(passages)
    rows += [(queries[q], passages[ids[chance.integers(len(ids))]], 0) for q, _ in right]
    scores = []
    with torch.no_grad():
        for at in range(0, len(rows), 64):
            part = rows[at : at + 64]
            sequences = [
                sequence(
                    np.array(tokenizer.encode(q, add_special_tokens=False).ids),
                    np.array(tokenizer.encode(p, add_special_tokens=False).ids), length,
                )[0] for q, p, _ in part
            ]  # fmt: skip
            scores.append(model(*pad(sequences))[0].numpy())
    score, label = torch.from_numpy(np.concatenate(scores)), torch.tensor([float(r[2]) for r in rows])
    half = torch.arange(len(rows)) % 4 < 2
    scale, bias = torch.ones((), requires_grad=True), torch.zeros((), requires_grad=True)
    optimizer = torch.optim.LBFGS([scale, bias], max_iter=100)

    def closure() -> torch.Tensor:
        optimizer.zero_grad()
        loss = F.binary_cross_entropy_with_logits(scale * score[half] + bias, label[half])
        loss.backward()
        return loss

    optimizer.step(closure)
    odds = (scale * score + bias).detach()[~half]
    truth = label[~half]
    probability = odds.sigmoid()
    bins = torch.clamp((probability * 10).long(), max=9)
    gap = sum(
        float((bins == b).float().mean() * (probability[bins == b].mean() - truth[bins == b].mean()).abs())
        for b in range(10)
        if (bins == b).any()
    )
    near = [i for i, r in enumerate(rows) if r[2] == 0][: len(rows) // 3]
    above = float((score[: len(right)][:, None] > score[near][None, :]).float().mean())
    facts = {
        "log loss": float(F.binary_cross_entropy_with_logits(odds, truth)),
        "calibration error": gap,
        "right above near miss (AUC)": above,
    }
    return float(scale.detach()), float(bias.detach()), {k: round(v, 4) for k, v in facts.items()}


def main() -> None:
    from safetensors.torch import save_file
    from transformers import PreTrainedTokenizerFast

    settings = parser.parse_args()
    torch.set_num_threads(2)
    tokenizer = Tokenizer.from_file(str(settings.out / "reranker_tokenizer.json"))
    model = Reranker(tokenizer.get_vocab_size(), settings.layers)
    state = torch.load(settings.out / "rerank.pt", weights_only=True)
    model.load_state_dict(state["model"])
    model.eval()
    scale, bias, facts = calibrate(model, tokenizer, settings.out, settings.length)
    with torch.no_grad():
        model.network.classifier.weight.mul_(scale)
        model.network.classifier.bias.mul_(scale).add_(bias)
    settings.model.mkdir(parents=True, exist_ok=True)
    config = configuration(tokenizer.get_vocab_size(), layers=settings.layers)
    config.architectures = ["ModernBertForSequenceClassification"]
    config.dtype = "float32"  # stored in half precision, computed in single
    config.sentence_transformers = {
        "activation_fn": "torch.nn.modules.activation.Sigmoid",
        "version": "5.1.0",
    }
    config.youju_length = settings.length
    config.save_pretrained(settings.model)
    half = {k: v.half().contiguous() for k, v in model.network.state_dict().items()}
    save_file(half, str(settings.model / "model.safetensors"), {"format": "pt"})
    save_file(
        {k: v.half() for k, v in model.span.state_dict().items()}, str(settings.model / "span.safetensors")
    )
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]", mask_token="[MASK]",
        model_max_length=settings.length, model_input_names=["input_ids", "attention_mask"],
    ).save_pretrained(settings.model)  # fmt: skip

    plain = Plain(model, 512).eval()
    example = torch.randint(5, 1000, (2, 40))
    mask = torch.ones_like(example)
    mask[1, 30:] = 0
    with torch.no_grad():
        ours, (theirs, _) = plain(example, mask)[0][:, 0], model(example, mask.bool())
    print("plain equals ModernBERT to", float((ours - theirs).abs().max()))
    (settings.model / "onnx").mkdir(exist_ok=True)
    full = settings.out / "reranker.onnx"
    torch.onnx.export(
        plain, (example, mask), str(full), input_names=["input_ids", "attention_mask"], output_names=["score", "ends"],
        dynamic_axes={"input_ids": {0: "rows", 1: "width"}, "attention_mask": {0: "rows", 1: "width"}, "score": {0: "rows"}, "ends": {0: "rows", 1: "width"}},
        opset_version=17, dynamo=False,
    )  # fmt: skip
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        str(full), str(settings.model / "onnx/model_int8.onnx"), weight_type=QuantType.QInt8, per_channel=True
    )
    training = {
        "seconds": round(state["spent"]),
        "steps": state["step"],
        "strength": float(state["strength"]),
        "scale": scale,
        "bias": bias,
        "calibration": facts,
    }
    (settings.model / "training.json").write_text(json.dumps(training, indent=1))
    print(json.dumps(training, indent=1))


if __name__ == "__main__":
    main()
