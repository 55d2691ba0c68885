"""Several views of a sentence are alike, and so are pairs of words that stand in the same relation."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn.functional import normalize

from xlner.train.contrastive import Contrastive, Contrasts, label_contrast, projection_head
from xlner.train.objective import Loss, StepInput, StreamInput


@dataclass(frozen=True, kw_only=True)
class Views:
    """How much the two contrasts count, and how they are made.

    Args:
        sentences: of views of a sentence; its weight for words is not read.
        relations: weight of the contrast of pairs of words; 0 leaves it out.
        temperature: cosines of pairs of words are divided by it.
        reach: how many words further on the second word of a pair stands at most.
        unrelated: pairs that are in no entity together, for each that is.
    """

    sentences: Contrasts = field(default_factory=lambda: Contrasts(words=0))
    relations: float = 0.1
    temperature: float = 0.1
    reach: int = 3
    unrelated: float = 1.0


class MultiView:
    """Cross-entropy of tags, the contrast of sentences and their views, and the contrast of pairs of words.

    A sentence, its code-switched copy and its translation are a pair of three sides. Two words of one window stand in
    the relation of a type if they are in one entity of that type, and else in none; a word is also paired with itself.
    Pairs in one relation are to be nearer to each other than to the rest, over all views whose labels are known.

    Args:
        hidden_size: of the encoder.
        how: weights and forms.

    Reference: Mo et al., AAAI 2024 (MCL-NER), for the two contrasts. Theirs classifies the relations of all pairs of
        words; a model of ours answers in tags, so relations are contrasted here and tags are learnt beside them.
    """

    def __init__(self, hidden_size: int, how: Views) -> None:
        self.how = how
        self.contrast = Contrastive(hidden_size, how.sentences)
        self.wants_hidden = self.contrast.wants_hidden or bool(how.relations)
        self.modules: dict[str, nn.Module] = dict(self.contrast.modules)
        if how.relations:
            self.modules["relations"] = projection_head(2 * hidden_size, how.sentences.head)

    def __call__(self, step: StepInput) -> Loss:
        total, parts = self.contrast.parts(step)
        if not self.how.relations:
            return total, parts
        vectors, relations = [], []
        for stream in step.streams.values():
            first, second, kinds = related_words(stream, reach=self.how.reach, unrelated=self.how.unrelated)
            states = stream.word_states
            vectors.append(torch.cat([states[first], states[second]], dim=-1))
            relations.append(kinds)
        heads = normalize(self.modules["relations"](torch.cat(vectors)), dim=-1)
        parts["relations"] = label_contrast(heads, torch.cat(relations), self.how.temperature)
        return total + self.how.relations * parts["relations"], parts


def related_words(
    stream: StreamInput, *, reach: int, unrelated: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Pairs of words and their relations: all that are in one entity, and some others, drawn at random.

    Args:
        stream: its words, with tags in the order O, B, I, B, I, ...
        reach: how many words further on the second word stands at most.
        unrelated: pairs that are in no entity together, for each that is.

    Returns:
        First words, second words and relations: 0 for none, else the number of the type, from 1. Shapes: (n_pairs,).
    """
    tags = stream.targets.argmax(-1)
    known = stream.weights > 0
    entity = (tags % 2 == 1).cumsum(0)  # a word of an entity has the number of its beginning
    n = len(tags)
    every = torch.arange(n, device=tags.device)
    first = torch.cat([every[: max(0, n - d)] for d in range(reach + 1)])
    second = torch.cat([every[d:] for d in range(reach + 1)])
    usable = (stream.rows[first] == stream.rows[second]) & known[first] & known[second]
    first, second = first[usable], second[usable]
    together = (tags[first] > 0) & (tags[second] > 0) & (entity[first] == entity[second])
    related, others = together.nonzero()[:, 0], (~together).nonzero()[:, 0]
    drawn = torch.randperm(len(others), device=tags.device)[: round(unrelated * len(related))]
    taken = torch.cat([related, others[drawn]])
    kinds = torch.where(together, (tags[first] + 1) // 2, 0)
    return first[taken], second[taken], kinds[taken]
