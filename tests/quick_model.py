"""A tagger whose head is fitted in a moment, on the tiny encoder."""

from __future__ import annotations

import torch

from tests.toy import sentences
from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.tagger import Tagger


def make_model(folder, encoder, *, types=("LOC", "PER"), seed=0, outside=0.0, sure=1.0):
    """A head that is fitted on the frozen encoder's vectors, so that it finds some entities and misses others.

    Args:
        outside: added to the logit of O.
        sure: logits are multiplied by it.
    """
    seed_everything(seed)
    tagger = Tagger.fresh(str(encoder), LabelSet(types), device="cpu")
    caught: list[torch.Tensor] = []
    hook = tagger.model.classifier.register_forward_hook(lambda _, given, __: caught.append(given[0]))
    rows, tags = [], []
    for item in sentences(60, seed=seed + 50):
        (window,) = tagger.words.windows([item.words])
        tagger.model(input_ids=torch.tensor(window.ids)[None], attention_mask=torch.ones(1, len(window.ids)))
        rows.append(caught.pop()[0, window.positions].detach())
        tags += tagger.labels.tag_ids(item)
    hook.remove()
    x, head = torch.cat(rows), tagger.model.classifier
    noisy = torch.tensor([t if torch.rand(()) > 0.15 else 0 for t in tags])
    optimizer = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(100):
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(head(x), noisy).backward()
        optimizer.step()
    with torch.no_grad():
        head.weight *= sure
        head.bias *= sure
        head.bias[0] += outside
    return tagger.save(folder)
