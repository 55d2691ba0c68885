"""A model to try the server with: the embedded encoder as it is, and a head that is fitted in seconds.

`xlner demo` trains far better ones, in minutes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.core.types import Sentence
from xlner.data import load
from xlner.data.demo import demo_file
from xlner.tagger import Tagger
from xlner.tagger.encode import pad_batch, token_batches

_STEPS = 60
_DECAY = 1e-3  # of the squared weights, against the sum over a few thousand words


def demo_tagger(
    *, encoder: str = "embedded", mapping: Mapping[str, str] | None = None, device: str | None = None
) -> Tagger:
    """A tagger with the types of the demo corpus, whose head is fitted on its English part (logistic regression).

    Args:
        encoder: whose vectors the head reads; it is not trained.
        mapping: type renames applied to what the model says.
        device: torch device name.
    """
    sentences = load(demo_file("en.train.conll"), language="eng").sentences
    labels = LabelSet(tuple(sorted({span.label for s in sentences for span in s.spans})))
    seed_everything(1)
    tagger = Tagger.fresh(encoder, labels, device=device)
    vectors, tags = _vectors(tagger, sentences), [tag for s in sentences for tag in labels.tag_ids(s)]
    _fit(tagger.model.classifier, vectors, torch.tensor(tags, device=vectors.device))
    return Tagger(tagger.model, tagger.tokenizer, mapping=mapping, device=device) if mapping else tagger


def _vectors(tagger: Tagger, sentences: Sequence[Sentence]) -> torch.Tensor:
    """What the head reads for each word, in order. Shape: (n_words, hidden)."""
    windows = list(tagger.words.windows([s.words for s in sentences]))
    rows: list[torch.Tensor] = [torch.empty(0)] * len(windows)
    caught: list[torch.Tensor] = []
    head: Any = tagger.model.classifier
    hook = head.register_forward_hook(lambda _, given, __: caught.append(given[0].float()))
    for batch in token_batches([len(w.ids) for w in windows], tagger.network.batch_subwords):
        tagger.network(*pad_batch([windows[i].ids for i in batch], tagger.pad_id))
        hidden = caught.pop()
        for row, i in enumerate(batch):
            rows[i] = hidden[row, torch.from_numpy(windows[i].positions).long()]
    hook.remove()
    return torch.cat(rows)


def _fit(head: Any, vectors: torch.Tensor, tags: torch.Tensor) -> None:
    """Minimise cross-entropy and squared weights by L-BFGS."""
    scale = vectors.std()
    inputs = vectors.clone() / scale
    optimizer = torch.optim.LBFGS(head.parameters(), max_iter=_STEPS, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimizer.zero_grad()
        value = torch.nn.functional.cross_entropy(head(inputs), tags) + _DECAY * head.weight.square().sum()
        value.backward()
        return value

    optimizer.step(loss)
    with torch.no_grad():
        head.weight /= scale
