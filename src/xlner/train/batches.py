"""Batches of training examples: of like length, in an order that only the seed decides, from one or several streams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from xlner.errors import DataError
from xlner.tagger.encode import pad_batch, token_batches
from xlner.train.examples import NO_PAIR, Chunks, Example, in_epoch


@dataclass(frozen=True, slots=True)
class Batch:
    """Padded windows, and the words in them that have targets.

    Args:
        ids: subword ids. Shape: (n_windows, longest), int64.
        mask: 1 where there is a subword. Shape: (n_windows, longest), int64.
        rows: window of each word. Shape: (n_words,), int64.
        columns: position of each word's first subword in its window. Shape: (n_words,), int64.
        targets: tag probabilities. Shape: (n_words, n_tags), float32.
        weights: how much each word counts. Shape: (n_words,), float32.
        pairs: number of each window's pair, -1 for none. Shape: (n_windows,), int64.
        share: the part of the epoch's sentences done once this batch is done, in (0, 1].
        part: the part of them that is this batch's, over all processes.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    rows: torch.Tensor
    columns: torch.Tensor
    targets: torch.Tensor
    weights: torch.Tensor
    pairs: torch.Tensor
    share: float
    part: float

    @property
    def subwords(self) -> int:
        """Subwords without padding."""
        return int(self.mask.sum())


def collate(examples: Sequence[Example], pad_id: int, share: float = 1.0, part: float = 1.0) -> Batch:
    """One batch of some examples, in their order."""
    ids, mask = pad_batch([e.ids for e in examples], pad_id)
    rows = np.repeat(np.arange(len(examples)), [len(e.positions) for e in examples])
    return Batch(
        torch.from_numpy(ids),
        torch.from_numpy(mask),
        torch.from_numpy(rows),
        torch.from_numpy(np.concatenate([e.positions for e in examples]).astype(np.int64)),
        torch.from_numpy(np.concatenate([e.targets for e in examples])),
        torch.from_numpy(np.concatenate([e.weights for e in examples])),
        torch.tensor([e.pair for e in examples]),
        share,
        part,
    )


def epoch_batches(
    chunks: Chunks,
    *,
    epoch: int,
    seed: int | Sequence[int],
    budget: int,
    pad_id: int,
    skip: int = 0,
    rank: int = 0,
    world: int = 1,
) -> Iterator[Batch]:
    """Batches of one epoch in an order that only `seed` and `epoch` decide.

    Chunks come in random order. Within a chunk windows of like length share a batch, examples of one pair stay
    together, and batches are shuffled. Each of `world` processes gets every `world`-th batch, and the same number of
    them: the first ones are repeated as often as is needed.

    Args:
        chunks: the data.
        epoch: counted from 0.
        seed: one number or several.
        budget: padded subwords per batch; a longer example, or pair, is a batch of its own.
        pad_id: of the tokenizer.
        skip: batches of this process to pass over, to continue an interrupted epoch.
        rank: number of this process.
        world: how many processes there are.
    """
    rng = np.random.default_rng([*([seed] if isinstance(seed, int) else seed), epoch])
    chunks = in_epoch(chunks, epoch)
    total, done, count = sum(chunks.sizes), 0, 0
    for index in rng.permutation(len(chunks.sizes)):
        examples = chunks.load(int(index))
        groups = pair_groups(examples)
        order = [groups[i] for i in rng.permutation(len(groups))]
        longest = [max(len(examples[i].ids) for i in group) for group in order]
        batches = token_batches(longest, budget, sizes=[len(group) for group in order])
        batches = [batches[i] for i in rng.permutation(len(batches))]
        batches += [batches[i % len(batches)] for i in range(-len(batches) % world)] if batches else []
        size = chunks.sizes[index]
        for number, members in enumerate(batches[rank::world], 1):
            count += 1
            if count > skip:
                share = (done + size * number * world / len(batches)) / total
                part = size * world / len(batches) / total
                yield collate([examples[i] for group in members for i in order[group]], pad_id, share, part)
        done += size


def pair_groups(examples: Sequence[Example]) -> list[list[int]]:
    """Numbers of the examples that have to share a batch, in the order of their first ones."""
    groups: dict[tuple[bool, int], list[int]] = {}
    for index, example in enumerate(examples):
        alone = example.pair == NO_PAIR
        groups.setdefault((alone, index if alone else example.pair), []).append(index)
    return list(groups.values())


class Streams:
    """One batch of each of several streams per step. The first stream decides the epochs, the others go round.

    Args:
        streams: name -> data.
        seed: decides the order of all.
        budget: padded subwords per batch and stream.
        pad_id: of the tokenizer.
        rank: number of this process.
        world: how many processes there are.
        positions: name -> epoch and batches done in it, of the streams that go round; where to go on.
    """

    def __init__(
        self,
        streams: Mapping[str, Chunks],
        *,
        seed: int,
        budget: int,
        pad_id: int,
        rank: int = 0,
        world: int = 1,
        positions: Mapping[str, Sequence[int]] | None = None,
    ) -> None:
        self.streams = dict(streams)
        self.first, *others = self.streams
        self.seed = seed
        self._common = {"budget": budget, "pad_id": pad_id, "rank": rank, "world": world}
        self.positions = {name: list((positions or {}).get(name, (0, 0))) for name in others}
        self._round = {name: self._endless(name, number) for number, name in enumerate(others, 1)}

    def epoch(self, epoch: int, *, skip: int = 0) -> Iterator[dict[str, Batch]]:
        """The steps of one epoch of the first stream, without the first `skip`."""
        first = epoch_batches(self.streams[self.first], epoch=epoch, seed=self.seed, skip=skip, **self._common)
        for batch in first:
            yield {self.first: batch, **{name: next(batches) for name, batches in self._round.items()}}

    def _endless(self, name: str, number: int) -> Iterator[Batch]:
        position = self.positions[name]
        while True:
            seed, chunks = [self.seed, number], self.streams[name]
            empty = position[1] == 0
            for batch in epoch_batches(chunks, epoch=position[0], seed=seed, skip=position[1], **self._common):
                empty = False
                position[1] += 1
                yield batch
            if empty:
                raise DataError(f"the stream '{name}' has nothing to learn from")
            position[:] = [position[0] + 1, 0]
