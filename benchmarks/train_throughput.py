"""Training speed in subwords per second: our loop's way against the way of the papers' code, in one run.

    python benchmarks/train_throughput.py

Both train the embedded encoder on the same sentences of English CoNLL, and count subwords without padding. The papers'
way is fp32, batches of 32 sentences padded to 128, all weights trainable. Ours is what `xlner train` does. The rounds
alternate, so that a busy machine slows both; medians are reported. The limit is the machine's rate for matrix products
in the type that ours multiplies in, measured in the same rounds; what a way needs of it is counted from the shapes of
its matrices.

Rates are per second of processor time, which other work on the machine changes little: run it with OMP_NUM_THREADS=1,
since waiting threads count. A step of the papers' way takes long on a CPU. So a round runs forward and backward over
part of its batch only, and one step of the optimizer; the time of a whole batch follows, since the first grows with the
sentences and the second does not. Rounds end when the time is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count, cycle
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

BATCH, WIDTH = 32, 128  # sentences and subwords of a batch in the papers' code
LEAST_ROUNDS = 3


def matrix_rate(dtype: torch.dtype, size: int = 2048) -> float:
    """Floating-point operations per second of a square matrix product."""
    a = torch.randn(size, size).to(dtype)
    started = time.process_time()
    for _ in range(3):
        a @ a
    return 3 * 2 * size**3 / (time.process_time() - started)


@dataclass(frozen=True)
class Run:
    """What one round of one way came to: seconds of processor time, subwords without padding, and with it."""

    seconds: float
    subwords: float
    cells: float


def ours(
    tagger: Tagger, sentences: list[Sentence], options: TrainOptions, folder: Path, seconds: float
) -> Callable[[], Run]:
    """A function that trains batches for some seconds."""
    chunks = LabelledChunks(tagger, sentences)
    training = Training(tagger, {"": chunks}, make_loss("ce"), options=options, folder=folder)
    batches = (step for _ in count() for step in training.batches())

    def run() -> Run:
        subwords = cells = 0
        started, end = time.process_time(), time.monotonic() + seconds
        while not subwords or time.monotonic() < end:
            step = next(batches)
            training.step(step)
            (batch,) = step.values()
            subwords, cells = subwords + batch.subwords, cells + batch.ids.numel()
        return Run(time.process_time() - started, subwords, cells)

    return run


def papers(tagger: Tagger, sentences: list[Sentence], part: int) -> Callable[[], Run]:
    """A function that trains on one batch in fp32, all weights, of which only `part` sentences are run through."""
    chunks = LabelledChunks(tagger, sentences)
    examples = cycle([e for e in chunks.load(0) if len(e.ids) <= WIDTH])
    optimizer = torch.optim.AdamW(tagger.model.parameters(), lr=5e-5)

    def run() -> Run:
        tagger.model.train()
        ids = torch.full((part, WIDTH), tagger.pad_id)
        mask = torch.zeros((part, WIDTH), dtype=torch.long)
        labels = torch.full((part, WIDTH), -100)
        for row in range(part):
            example = next(examples)
            ids[row, : len(example.ids)] = torch.from_numpy(example.ids).long()
            mask[row, : len(example.ids)] = 1
            labels[row, torch.from_numpy(example.positions).long()] = torch.from_numpy(example.targets.argmax(1))
        started = time.process_time()
        tagger.model(input_ids=ids, attention_mask=mask, labels=labels).loss.backward()
        passed = time.process_time()
        torch.nn.utils.clip_grad_norm_(tagger.model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        times = BATCH / part
        seconds = times * (passed - started) + time.process_time() - passed
        return Run(seconds, times * int(mask.sum()), times * ids.numel())

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
    options.add_argument("--rounds", type=int, default=15, help="at most so many")
    options.add_argument("--seconds", type=float, default=150, help="no round starts later, but for the first three")
    options.add_argument("--sentences", type=int, default=2000, help="of the training file, from its start")
    options.add_argument("--part", type=int, default=4, help=f"sentences of the papers' {BATCH} that are run through")
    args = options.parse_args()
    if BATCH % args.part:
        options.error(f"--part divides {BATCH}")
    sentences = load(args.data / "conll" / "en" / "train.txt", language="eng").sentences[: args.sentences]
    labels = LabelSet.of(sentences)
    settings = TrainOptions(batch_subwords=BATCH_SUBWORDS[1], epochs=3)
    torch.manual_seed(1)
    fast = Tagger.fresh("embedded", labels)
    slow = Tagger.fresh("embedded", labels, precision="fp32")
    dtype = fast.dtype or torch.float32
    kind = "bf16 autocast" if fast.dtype else "fp32"
    ways = {
        "papers": papers(slow, sentences, args.part),
        "ours": ours(fast, sentences, settings, Path(mkdtemp()), seconds=3.0),
    }
    for run in ways.values():
        run()  # warm up: kernels are chosen at first sight of a shape
    runs: dict[str, list[Run]] = {name: [] for name in ways}
    peaks: list[float] = []
    started = time.monotonic()
    while len(peaks) < args.rounds and (len(peaks) < LEAST_ROUNDS or time.monotonic() - started < args.seconds):
        peaks.append(matrix_rate(dtype))
        for name, run in ways.items():
            runs[name].append(run())
    need = {"papers": operations_per_subword(slow), "ours": operations_per_subword(fast)}
    rates = {name: [r.subwords / r.seconds for r in rs] for name, rs in runs.items()}
    used = {name: median(r.cells * need[name] / r.seconds for r in rs) for name, rs in runs.items()}
    ratios = sorted(a / b for a, b in zip(rates["ours"], rates["papers"], strict=True))
    peak = median(peaks)
    result: dict[str, Any] = {
        "rounds": len(peaks),
        "sentences": args.sentences,
        "part": args.part,
        "precision": kind,
        "matrix_gflops": round(peak / 1e9, 1),
        "subwords_per_second": {n: round(median(r), 1) for n, r in rates.items()},
        "all_rounds": {n: [round(x, 1) for x in r] for n, r in rates.items()},
        "gflops_used": {n: round(u / 1e9, 1) for n, u in used.items()},
        "ratio": round(median(ratios), 1),
        "ratios": [round(r, 1) for r in ratios],
        "share_of_matrix_rate": round(used["ours"] / peak, 3),
    }
    speed, gflops = result["subwords_per_second"], result["gflops_used"]
    share = round(100 * result["share_of_matrix_rate"])
    table = f"""# Training speed

Subwords without padding per second of processor time, training the embedded encoder on {args.sentences} sentences of
English CoNLL; medians of {len(peaks)} alternating rounds. In each round ours trained for three seconds, and the papers'
way ran {args.part} of the {BATCH} sentences of a batch forward and backward, counted {BATCH // args.part} times, and
took one step of its optimizer. Ours draws its dropout bytewise. Matrix operations count the layers' weights (6 per
weight and padded subword where it trains, 2 where it is frozen), without attention.

| way | subwords/s | GFLOP/s in matrices |
|---|---|---|
| papers: fp32, {BATCH} sentences padded to {WIDTH}, all weights | {speed["papers"]:.0f} | {gflops["papers"]:.0f} |
| ours: by length, frozen embeddings and bottom quarter, {kind} | {speed["ours"]:.0f} | {gflops["ours"]:.0f} |

Ratio {result["ratio"]} (rounds: {ratios[0]:.1f} to {ratios[-1]:.1f}). A core multiplies matrices of 2048 at
{result["matrix_gflops"]:.0f} GFLOP/s in the type that ours uses; ours uses {share}% of that. The rest goes to dropout,
casts, normalisation, attention and the optimizer.
"""
    write_results(args.results, "train_throughput", result, table)


if __name__ == "__main__":
    main()
