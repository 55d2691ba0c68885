"""How fast a tagger could be, if nothing but the products of its matrices took time.

The products are those of the linear layers and of attention, counted for the first sentences of the Spanish test; the
rate is the best that a linear layer of the model reaches in torch, over some seconds, on one thread.

    OMP_NUM_THREADS=1 python benchmarks/product_rate.py --model RUN
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from common import parser, write_results
from export_speed import has_bf16, instructions, sentences
from xlner.tagger import Tagger


def products(tagger: Tagger, items: list[Any]) -> float:
    """Floating point operations a sentence."""
    lengths = [len(w.ids) for w in tagger.words.windows([s.words for s in items])]
    weights = sum(m.weight.numel() for m in tagger.model.modules() if type(m) is torch.nn.Linear)
    config = tagger.model.config
    attention = 2 * config.hidden_size * config.num_hidden_layers
    return sum(2 * n * (weights + n * attention) for n in lengths) / len(items)


def best_rate(layer: torch.Tensor, dtype: torch.dtype, seconds: float) -> float:
    """Operations a second of a layer on 512 subwords."""
    weight, x = layer.detach().to(dtype), torch.randn(512, layer.shape[1]).to(dtype)
    best, end = float("inf"), time.monotonic() + seconds
    with torch.inference_mode():
        while time.monotonic() < end:
            started = time.perf_counter()
            torch.nn.functional.linear(x, weight)
            best = min(best, time.perf_counter() - started)
    return 2 * len(x) * layer.numel() / best


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--model", type=Path, required=True)
    options.add_argument("--sentences", type=int, default=480, help="how many of the Spanish test")
    options.add_argument("--seconds", type=float, default=10.0, help="of products in each precision")
    args = options.parse_args()
    torch.set_num_threads(1)
    tagger = Tagger.load(args.model, device="cpu", precision="fp32")
    each = products(tagger, sentences(args.data / "conll" / "es" / "test.txt", args.sentences))
    layer = max((m.weight for m in tagger.model.modules() if type(m) is torch.nn.Linear), key=torch.numel)
    kinds = {"fp32": torch.float32, **({"bf16": torch.bfloat16} if has_bf16() else {})}
    rates = {name: best_rate(layer, dtype, args.seconds) for name, dtype in kinds.items()}
    result = {
        "flop_per_sentence": each, "flop_per_second": rates, "instructions": instructions(),
        "sentences_per_second": {name: rate / each for name, rate in rates.items()},
    }  # fmt: skip
    lines = [
        "# How fast a tagger could be",
        "",
        f"If nothing but the products of its matrices took time: {each / 1e9:.2f} billion operations a sentence (the "
        f"first {args.sentences} of the Spanish CoNLL test), at the best rate of its largest linear layer in torch, on "
        f"one core. The CPU has of the instructions that matter here: {', '.join(instructions()) or 'none'}.",
        "",
        "| numbers | billion operations a second | sentences/s |",
        "|---|---|---|",
        *(f"| {name} | {rate / 1e9:.0f} | {rate / each:.0f} |" for name, rate in rates.items()),
    ]
    write_results(args.results, "product_rate", result, "\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
