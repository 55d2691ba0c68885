"""Means of weights over the last steps of one training: F1 on English dev, with and without.

One teacher on the first 20 000 words of English CoNLL, with the package's defaults. A mean does not change the way of a
training (tests/train/test_averaging.py), so one training gives the last weights and all means.

    OMP_NUM_THREADS=1 python benchmarks/weight_averages.py
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from common import beginning, parser, write_results
from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.data import load
from xlner.methods.supervised import dev_f1, fresh_tagger
from xlner.tagger import Tagger
from xlner.train import TrainOptions, make_loss, train
from xlner.train.averaging import WeightAverage
from xlner.train.examples import LabelledChunks
from xlner.train.objective import StepInput

STARTS = (0.5, 0.75)


class Watched:
    """Cross-entropy; before each step it lets the means take the weights that the step before it left."""

    def __init__(self, tagger: Tagger) -> None:
        self.loss = make_loss("ce")
        named = dict(tagger.model.named_parameters())
        self.means = {start: WeightAverage(list(named), list(named.values()), start) for start in STARTS}
        self.done = 0.0

    def __call__(self, step: StepInput) -> Any:
        self.take()
        self.done = step.done
        return self.loss(step)

    def take(self) -> None:
        for mean in self.means.values():
            mean.take(self.done)


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--words", type=int, default=20_000)
    options.add_argument("--seed", type=int, default=1)
    args = options.parse_args()
    english = args.data / "conll" / "en"
    kept = args.work / f"weight-averages-{args.words}-{args.seed}.json"
    if not kept.is_file():
        data = beginning(english / "train.txt", args.words, args.work / f"small-{args.words}.txt")
        kept.write_text(json.dumps(measure(data, english / "dev.txt", args.seed)), "utf-8")
    rows = json.loads(kept.read_text("utf-8"))
    lines = [
        "# Means of weights over the last steps",
        "",
        f"F1 on English dev (CoNLL-2003, four types) of one teacher on {args.words} words, seed {args.seed}: its last "
        "weights, and their means from a share of the training on (`--average-from`).",
        "",
        "| weights | steps | F1 |",
        "|---|---|---|",
    ]
    lines += [f"| {r['weights']} | {r['steps']} | {r['f1']:.2f} |" for r in rows]
    write_results(args.results, "weight_averages", {"words": args.words, "rows": rows}, "\n".join(lines))


def measure(data: Path, gold: Path, seed: int) -> list[dict[str, Any]]:
    """Train once, and score the last weights and each mean."""
    sentences = load(data).sentences
    settings = TrainOptions(seed=seed)
    seed_everything(seed)
    tagger = fresh_tagger("embedded", LabelSet.of(sentences), ["eng"], settings)
    objective = Watched(tagger)
    chunks = LabelledChunks(tagger, sentences)
    result = train(tagger, chunks, objective, options=settings, folder=Path(mkdtemp()))
    objective.take()
    f1 = dev_f1(load(gold).sentences)
    assert f1 is not None
    rows = [{"weights": "last", "steps": result.steps, "f1": 100 * f1(tagger)}]
    for start, mean in objective.means.items():
        with mean.in_place():
            rows.append({"weights": f"mean from {start}", "steps": mean.count, "f1": 100 * f1(tagger)})
    return rows


if __name__ == "__main__":
    main()
