"""Contrast of sentences with their translations, and of words by their labels, beside the loss of tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import nn
from torch.nn.functional import cross_entropy, normalize

from xlner.train.examples import NO_PAIR
from xlner.train.losses import soft_cross_entropy
from xlner.train.objective import Loss, StepInput, StreamInput

_NEVER = -1e9  # a similarity that counts for nothing, and whose gradient is no NaN


@dataclass(frozen=True, kw_only=True)
class Contrasts:
    """How much the two contrasts count, and how they are made.

    Args:
        sentences: weight of the contrast of sentences with their translations; 0 leaves it out.
        words: weight of the contrast of words by their labels; 0 leaves it out.
        sentence_temperature: cosines of sentences are divided by it.
        word_temperature: cosines of words are divided by it.
        pool: what stands for a sentence: the mean of its subwords, or its first subword, which is the special one.
        head: size of the vectors that two projection heads make of hidden states; 0 contrasts the hidden states.
        queue: how many earlier pairs are negatives too.
        by_tag: words of one tag are alike; else those of one type.
        outside: words outside of entities that are contrasted, for each word of an entity in the batch.
    """

    sentences: float = 0.1
    words: float = 0.1
    sentence_temperature: float = 0.05
    word_temperature: float = 0.1
    pool: Literal["mean", "first"] = "mean"
    head: int = 128
    queue: int = 0
    by_tag: bool = False
    outside: float = 1.0


class Contrastive:
    """Cross-entropy of tags, the contrast of sentences and translations, and the contrast of words by labels.

    The tags are those of the first stream. Sentences are contrasted in all streams: the windows of a pair are a
    sentence and its translation, or more than one other view of it. Words are contrasted in all streams where their
    labels are known, so words of both languages meet. All come from one pass through the encoder.

    Args:
        hidden_size: of the encoder.
        how: weights and forms. With both weights at 0 the loss is that of tags, and no hidden states are asked for.

    Reference: Fu, Lin, Yang & Jiang 2022 (ConCNER). The contrast of sentences is InfoNCE in both directions (van den
        Oord et al. 2018), that of words the supervised contrast of Khosla et al., NeurIPS 2020, equation 2.

    Limits: Small batches hold two or three pairs, and so few negatives: `queue` adds those of earlier steps, as they
        were then (Wang et al., CVPR 2020). Each process has a queue of its own.
    """

    def __init__(self, hidden_size: int, how: Contrasts) -> None:
        self.how = how
        self.wants_hidden = bool(how.sentences or how.words)
        self.modules: dict[str, nn.Module] = {}
        if how.sentences:
            self.modules["sentences"] = projection_head(hidden_size, how.head)
            self.modules["queue"] = Queue(how.queue, how.head or hidden_size)
        if how.words:
            self.modules["words"] = projection_head(hidden_size, how.head)

    def __call__(self, step: StepInput) -> Loss:
        return self.parts(step)

    def parts(self, step: StepInput) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """The loss, and its parts by name."""
        tags = soft_cross_entropy(step.first.logits, step.first.targets, step.first.weights)
        streams = list(step.streams.values())
        total, parts = tags, {"tags": tags}
        if self.how.sentences:
            parts["sentences"] = self._of_sentences(streams)
            total = total + self.how.sentences * parts["sentences"]
        if self.how.words:
            parts["words"] = self._of_words(streams)
            total = total + self.how.words * parts["words"]
        return total, parts

    def _of_sentences(self, streams: list[StreamInput]) -> torch.Tensor:
        head, queue = self.modules["sentences"], self.modules["queue"]
        assert isinstance(queue, Queue)
        first, second, numbers, texts = [], [], [], []
        for stream in streams:
            left, right = pairs_of(stream.pairs)
            vectors = normalize(head(sentence_vectors(stream, self.how.pool)), dim=-1)
            first.append(vectors[left])
            second.append(vectors[right])
            numbers.append(stream.pairs[left])
            same = same_windows(stream)
            texts.append(same[left][:, left] | same[right][:, right])
        a, b, of_pairs = torch.cat(first), torch.cat(second), torch.cat(numbers)
        same_text = torch.block_diag(*texts).bool() | (of_pairs[:, None] == of_pairs[None])
        loss = pair_contrast(a, b, same_text, of_pairs, queue, self.how.sentence_temperature)
        queue.push(a, b, of_pairs)
        return loss

    def _of_words(self, streams: list[StreamInput]) -> torch.Tensor:
        states = torch.cat([s.word_states for s in streams])
        targets, weights = torch.cat([s.targets for s in streams]), torch.cat([s.weights for s in streams])
        words, kinds = contrasted_words(targets, weights, by_tag=self.how.by_tag, outside=self.how.outside)
        vectors = normalize(self.modules["words"](states[words]), dim=-1)
        return label_contrast(vectors, kinds, self.how.word_temperature) + 0 * states.sum()


class Queue(nn.Module):
    """The vectors of the last pairs. Its content is part of the checkpoint of a training.

    Args:
        length: how many pairs; 0 for none.
        size: of a vector.
    """

    def __init__(self, length: int, size: int) -> None:
        super().__init__()
        self.length = length
        self.vectors: torch.Tensor
        self.numbers: torch.Tensor
        self.next: torch.Tensor
        self.register_buffer("vectors", torch.zeros(2, length, size))
        self.register_buffer("numbers", torch.full((length,), NO_PAIR))
        self.register_buffer("next", torch.zeros(1, dtype=torch.int64))

    def push(self, first: torch.Tensor, second: torch.Tensor, numbers: torch.Tensor) -> None:
        """Put pairs in, for the oldest ones.

        Args:
            first: vectors of sentences. Shape: (n_pairs, size).
            second: vectors of their translations. Shape: (n_pairs, size).
            numbers: of the pairs. Shape: (n_pairs,).
        """
        if not self.length:
            return
        places = (self.next + torch.arange(len(numbers), device=numbers.device))[-self.length :] % self.length
        self.vectors[:, places] = torch.stack([first, second]).detach()[:, -self.length :]
        self.numbers[places] = numbers[-self.length :]
        self.next.add_(len(numbers)).remainder_(self.length)


def projection_head(hidden_size: int, size: int) -> nn.Module:
    """A layer, a ReLU and a layer, of which contrasts see the answer; nothing for a `size` of 0."""
    if not size:
        return nn.Identity()
    return nn.Sequential(nn.Linear(hidden_size, hidden_size), nn.ReLU(), nn.Linear(hidden_size, size))


def sentence_vectors(stream: StreamInput, pool: str) -> torch.Tensor:
    """One vector for each window: the mean of its subwords, or the first. Shape: (n_windows, hidden size)."""
    if pool == "mean":
        return stream.sentence_states
    assert stream.hidden is not None
    return stream.hidden[:, 0]


def pairs_of(pairs: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Windows of sentences, and those of their translations, pair by pair; further views of a sentence likewise.

    Args:
        pairs: number of each window's pair, -1 for none; the first window of a pair is that of the sentence. Shape:
            (n_windows,).

    Returns:
        Two rows of windows. Shapes: (n_pairs,).
    """
    paired = (pairs != NO_PAIR).nonzero()[:, 0]
    order = paired[pairs[paired].argsort(stable=True)]
    _, counts = pairs[order].unique_consecutive(return_counts=True)
    starts = counts.cumsum(0) - counts
    firsts = order[starts].repeat_interleave(counts)
    others = order != firsts
    return firsts[others], order[others]


def same_windows(stream: StreamInput) -> torch.Tensor:
    """Which windows have the same subwords. Shape: (n_windows, n_windows), bool."""
    ids = stream.ids.masked_fill(stream.mask == 0, -1)
    return (ids[:, None] == ids[None]).all(-1)


def pair_contrast(
    first: torch.Tensor,
    second: torch.Tensor,
    same: torch.Tensor,
    numbers: torch.Tensor,
    queue: Queue,
    temperature: float,
) -> torch.Tensor:
    """InfoNCE in both directions: each sentence is nearer to its translation than to other sentences.

    Args:
        first: unit vectors of sentences. Shape: (n_pairs, size).
        second: unit vectors of their translations. Shape: (n_pairs, size).
        same: pairs of which a side is the same text, or that are of one sentence; they are not pushed apart. Shape:
            (n_pairs, n_pairs), bool.
        numbers: of the pairs. Shape: (n_pairs,).
        queue: of earlier pairs, negatives too, but for the pair itself.
        temperature: cosines are divided by it.

    Returns:
        The mean over pairs and directions; 0 without pairs.
    """
    if not len(first):
        return first.sum()
    goal = torch.arange(len(first), device=first.device)
    never = same & ~torch.eye(len(first), dtype=torch.bool, device=first.device)
    past = (queue.numbers[None] == NO_PAIR) | (queue.numbers[None] == numbers[:, None])
    never = torch.cat([never, past], dim=1)
    losses = []
    for side, other, earlier in ((first, second, queue.vectors[1]), (second, first, queue.vectors[0])):
        alike = side @ torch.cat([other, earlier.clone()]).T / temperature
        losses.append(cross_entropy(alike.masked_fill(never, _NEVER), goal))
    return (losses[0] + losses[1]) / 2


def contrasted_words(
    targets: torch.Tensor, weights: torch.Tensor, *, by_tag: bool, outside: float
) -> tuple[torch.Tensor, torch.Tensor]:
    """The words to contrast, and what each of them is: all of entities, and some others, drawn at random.

    Args:
        targets: probabilities of tags, in the order O, B, I, B, I, ... Shape: (n_words, n_tags).
        weights: words of weight 0 have no known label. Shape: (n_words,).
        by_tag: each tag is a kind of its own; else B and I of a type are one.
        outside: words labelled O for each word of an entity.

    Returns:
        Words, and their kinds, 0 for O. Shapes: (n_chosen,), (n_chosen,), int64.
    """
    tags = targets.argmax(-1)
    entities = ((tags > 0) & (weights > 0)).nonzero()[:, 0]
    others = ((tags == 0) & (weights > 0)).nonzero()[:, 0]
    drawn = torch.randperm(len(others), device=others.device)[: round(outside * len(entities))]
    words = torch.cat([entities, others[drawn]])
    return words, tags[words] if by_tag else (tags[words] + 1) // 2


def label_contrast(vectors: torch.Tensor, kinds: torch.Tensor, temperature: float) -> torch.Tensor:
    """Supervised contrast: words of one kind are nearer to each other than to the rest.

    Args:
        vectors: unit vectors. Shape: (n_words, size).
        kinds: what is alike. Shape: (n_words,).
        temperature: cosines are divided by it.

    Returns:
        The mean over words that have another of their kind; 0 where none has.
    """
    itself = torch.eye(len(kinds), dtype=torch.bool, device=kinds.device)
    positive = (kinds[:, None] == kinds[None]) & ~itself
    count = positive.sum(1)
    if not count.any():
        return 0 * vectors.sum()
    alike = (vectors @ vectors.T / temperature).masked_fill(itself, _NEVER)
    logs = alike - alike.logsumexp(-1, keepdim=True)
    of_words = logs.masked_fill(~positive, 0).sum(1) / count.clamp_min(1)
    return -of_words[count > 0].mean()
