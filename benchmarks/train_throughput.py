"""Training speed in subwords per second: our loop's way against the way of the papers' code, in one run.

    python benchmarks/train_throughput.py --rounds 7

Both train the embedded encoder on the same sentences of English CoNLL, and count subwords without padding. The papers'
way is fp32, batches of 32 sentences padded to 128, all weights trainable. Ours is what `xlner train` does. The rounds
alternate, so that a busy machine slows both; medians are reported. The limit is the machine's rate for bf16 matrix
products, measured in the same rounds; what a way needs of it is counted from the shapes of its matrices.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import mkdtemp
from typing import Any

import torch

from common import parser, write_results
from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.data import load
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss
from xlner.train.examples import LabelledChunks
from xlner.train.pace import BATCH_SUBWORDS
from xlner.train.training import Training

STEPS = 6  # per round


def matrix_rate(dtype: torch.dtype, size: int = 2048) -> float:
    """Floating-point operations per second of a square matrix product."""
    a = torch.randn(size, size).to(dtype)
    started = time.perf_counter()
    for _ in range(3):
        a @ a
    return 3 * 2 * size**3 / (time.perf_counter() - started)


def ours(
    tagger: Tagger, sentences: list[Sentence], options: TrainOptions, folder: Path
) -> Callable[[], tuple[int, int]]:
    """A function that trains STEPS batches and returns real and padded subwords."""
    chunks = LabelledChunks(tagger, sentences)
    training = Training(tagger, {"": chunks}, make_loss("ce"), options=options, folder=folder)
    batches = training.batches()

    def run() -> tuple[int, int]:
        real = cells = 0
        for _ in range(STEPS):
            step = next(batches)
            training.step(step)
            (batch,) = step.values()
            real, cells = real + batch.subwords, cells + batch.ids.numel()
        return real, cells

    return run


def papers(tagger: Tagger, sentences: list[Sentence]) -> Callable[[], tuple[int, int]]:
    """The same with 32 sentences padded to 128, fp32, all weights; one step a round, since it takes long."""
    chunks = LabelledChunks(tagger, sentences)
    examples = iter([e for e in chunks.load(0) if len(e.ids) <= 128])
    optimizer = torch.optim.AdamW(tagger.model.parameters(), lr=5e-5)

    def run() -> tuple[int, int]:
        tagger.model.train()
        ids = torch.full((32, 128), tagger.pad_id)
        mask = torch.zeros((32, 128), dtype=torch.long)
        labels = torch.full((32, 128), -100)
        for row in range(32):
            example = next(examples)
            ids[row, : len(example.ids)] = torch.from_numpy(example.ids).long()
            mask[row, : len(example.ids)] = 1
            labels[row, torch.from_numpy(example.positions).long()] = torch.from_numpy(example.targets.argmax(1))
        tagger.model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        torch.nn.utils.clip_grad_norm_(tagger.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        return int(mask.sum()), ids.numel()

    return run


def operations_per_subword(tagger: Tagger) -> float:
    """Floating-point operations that training needs per padded subword in its layers' matrices, without attention.

    Two per weight forward, and in layers that train two more for gradients of activations and two for those of weights.
    """
    total = 0.0
    for layer in tagger.model.base_model.encoder.layer:
        weights = sum(p.numel() for p in layer.parameters() if p.ndim == 2)
        trains = any(p.requires_grad for p in layer.parameters())
        total += weights * (6 if trains else 2)
    return total


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--rounds", type=int, default=7)
    args = options.parse_args()
    sentences = load(args.data / "conll" / "en" / "train.txt", language="eng").sentences
    labels = LabelSet.of(sentences)
    settings = TrainOptions(batch_subwords=BATCH_SUBWORDS[1], epochs=3)
    torch.manual_seed(1)
    fast = Tagger.fresh("embedded", labels)
    slow = Tagger.fresh("embedded", labels, precision="fp32")
    ways = {"papers": papers(slow, sentences), "ours": ours(fast, sentences, settings, Path(mkdtemp()))}
    for run in ways.values():
        run()  # warm up: kernels are chosen at first sight of a shape
    rates: dict[str, list[float]] = {name: [] for name in ways}
    used: dict[str, list[float]] = {name: [] for name in ways}
    peaks: list[float] = []
    need = {"papers": operations_per_subword(slow), "ours": operations_per_subword(fast)}
    for _ in range(args.rounds):
        peaks.append(matrix_rate(torch.bfloat16))
        for name, run in ways.items():
            started = time.perf_counter()
            real, cells = run()
            seconds = time.perf_counter() - started
            rates[name].append(real / seconds)
            used[name].append(cells * need[name] / seconds)
    peak = median(peaks)
    result: dict[str, Any] = {
        "rounds": args.rounds,
        "bf16_gflops": round(peak / 1e9, 1),
        "subwords_per_second": {n: round(median(r), 1) for n, r in rates.items()},
        "all_rounds": {n: [round(x, 1) for x in r] for n, r in rates.items()},
        "gflops_used": {n: round(median(u) / 1e9, 1) for n, u in used.items()},
        "ratio": round(median(a / b for a, b in zip(rates["ours"], rates["papers"], strict=True)), 1),
        "share_of_bf16_rate": round(median(used["ours"]) / peak, 3),
    }
    speed, gflops = result["subwords_per_second"], result["gflops_used"]
    table = f"""# Training speed

Subwords per second without padding, training the embedded encoder on English CoNLL; medians of {args.rounds}
alternating rounds. Ours draws its dropout bytewise. Matrix operations count the layers' weights (6 per weight and
padded subword where it trains, 2 where it is frozen), without attention.

| way | subwords/s | GFLOP/s in matrices |
|---|---|---|
| papers: fp32, padded to 128, all weights | {speed["papers"]:.0f} | {gflops["papers"]:.0f} |
| ours: by length, frozen embeddings and bottom quarter, bf16 autocast | {speed["ours"]:.0f} | {gflops["ours"]:.0f} |

Ratio {result["ratio"]}. The machine multiplies bf16 matrices of 2048 at {result["bf16_gflops"]:.0f} GFLOP/s; ours uses
{100 * result["share_of_bf16_rate"]:.0f}% of that. The rest goes to dropout, casts, normalisation,
attention and the optimizer.
"""
    write_results(args.results, "train_throughput", result, table)


if __name__ == "__main__":
    main()
