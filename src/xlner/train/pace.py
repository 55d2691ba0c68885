"""How large the batches and how many the passes are, by the amount of data and the device."""

from __future__ import annotations

import math

from xlner.errors import DataError
from xlner.train.examples import Chunks
from xlner.train.options import TrainOptions

PASSES = (3, 20)  # least and most for a new head, when the options do not say
BATCH_SUBWORDS = (128, 768)  # least and most, likewise
STEPS = 333  # per pass, that batches of little data are made small for
# An H100 trains four times as fast on 4096 subwords as on 768, and F1 on English CoNLL stays at the same learning rate.
# At 16384 it does not.
ACCELERATOR_BATCH = {"cuda": 4096}


def pace(chunks: Chunks, options: TrainOptions, processes: int = 1, device: str = "cpu") -> tuple[int, int]:
    """Padded subwords per batch and process, and passes, that suit an amount of data and a device.

    What counts is the number of steps: a new head on a thousand sentences stays at "no entity" after a handful of large
    batches, and learns from the same sentences in many small ones. Where even the smallest batches are few, there are
    more passes. Only data that fill the largest batches of a CPU get the larger ones of an accelerator.

    Args:
        chunks: the data, judged by the length of examples in the first chunk that has some.
        options: what they say is taken.
        processes: how many share the batches.
        device: type of the device, such as "cuda".

    Raises:
        DataError: no word has a label to learn from.
    """
    (least, most), (fewest_passes, most_passes) = BATCH_SUBWORDS, PASSES
    loaded = ((size, chunks.load(i)) for i, size in enumerate(chunks.sizes) if size)
    first, examples = next(((size, some) for size, some in loaded if some), (1, []))
    if not examples:
        raise DataError("no word is left to learn from: all labels are unknown, or less sure than `confidence_floor`")
    subwords = sum(len(e.ids) for e in examples) / first * sum(chunks.sizes) / processes
    batch = options.batch_subwords or int(min(most, max(least, subwords / STEPS)))
    epochs = options.epochs or min(most_passes, max(fewest_passes, math.ceil(fewest_passes * STEPS * batch / subwords)))
    if options.batch_subwords is None and batch == most:
        batch = ACCELERATOR_BATCH.get(device, most)
    return batch, epochs
