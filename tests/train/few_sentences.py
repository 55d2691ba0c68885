"""Train on one, two and five sentences in several processes, with a head of the objective; started by torchrun.

python -m tests.train.few_sentences ENCODER FOLDER
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import torch
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.tagger import Tagger
from xlner.train import TrainOptions, train
from xlner.train.examples import LabelledChunks, RawChunks


class TwoHeads:
    """Reads hidden states of both streams through a head of its own, and never the tagger's head."""

    wants_hidden = True

    def __init__(self) -> None:
        self.head = torch.nn.Linear(32, 1)
        self.modules = {"head": self.head}

    def __call__(self, step):
        return sum(self.head(s.word_states).square().mean() for s in step.streams.values())


def main(encoder: str, folder: Path) -> None:
    seed_everything(1)
    tagger = Tagger.fresh(encoder, LabelSet(("LOC", "PER")), device="cpu")
    objective = TwoHeads()
    modules = {"model": tagger.model, "head": objective.head}
    before = {name: _numbers(m) for name, m in modules.items()}
    options = TrainOptions(epochs=1, batch_subwords=16)
    for n in (1, 2, 5, 23, 70):
        streams = {"labelled": LabelledChunks(tagger, sentences(n)), "raw": RawChunks(tagger, sentences(2))}
        train(tagger, streams, objective, options=options, folder=folder / str(n))
    after = {name: _numbers(m) for name, m in modules.items()}
    result = {"sums": after, "changed": {name: before[name] != after[name] for name in modules}}
    (folder / f"{os.environ['RANK']}.json").write_text(json.dumps(result))


def _numbers(module: torch.nn.Module) -> list[float]:
    return [float(p.detach().double().sum()) for p in module.parameters()]


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
