"""Resampling, below everything that scores: draws of counts, and the interval that they give."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from xlner.errors import OptionError, UsageError

_CELLS = 2_000_000  # resamples x distinct rows held at once: 16 MB of weights, however large the test set is


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval from resampling.

    Args:
        low: lower end.
        high: upper end.
        level: coverage it aims at, such as 0.95.
        resamples: number of resamples it was read from.
    """

    low: float
    high: float
    level: float
    resamples: int

    def as_dict(self) -> dict[str, float | int]:
        return asdict(self)


def percentile_interval(values: NDArray[np.float64], *, level: float) -> Interval:
    """The middle `level` of resampled values. Shape of values: (n_resamples,)."""
    if not 0 < level < 1:
        raise OptionError("level", f"must lie between 0 and 1, such as 0.95; got {level}")
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(low), float(high), level, len(values))


def check_seed(seed: int) -> int:
    """The seed itself. Raises OptionError: it is negative."""
    if seed < 0:
        raise OptionError("seed", f"must be at least 0, got {seed}")
    return seed


def select_type(counts: NDArray[Any], types: tuple[str, ...], entity_type: str | None) -> NDArray[Any]:
    """The counts of one type, or all. Shape: (..., n_types, 3) to (..., 1 or n_types, 3)."""
    if entity_type is None:
        return counts
    if entity_type not in types:
        raise UsageError(f"no entity type '{entity_type}' was scored; there are {', '.join(types) or 'none'}")
    i = types.index(entity_type)
    return counts[..., i : i + 1, :]


def distinct_rows(counts: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sentences with the same counts as one row with a multiplicity.

    A bootstrap draw only asks how often each kind of row was drawn, and a few hundred kinds stand for any
    number of sentences, so this makes resampling fast without changing its distribution.

    Args:
        counts: Shape: (n_sentences, ...).

    Returns:
        Rows, shape (n_distinct, ...) with float64 whole numbers, and their multiplicities, shape
        (n_distinct,).
    """
    if counts.size == 0:  # no sentence, or no type: one empty row stands for all
        return np.zeros((1, *counts.shape[1:])), np.array([max(len(counts), 1)])
    flat, times = np.unique(counts.reshape(len(counts), -1), axis=0, return_counts=True)
    return flat.reshape(-1, *counts.shape[1:]).astype(np.float64), times.astype(np.int64)


def blocks(resamples: int, n_rows: int) -> Iterator[int]:
    """Split the resamples so that the weights of one block stay small. Yields block sizes."""
    if resamples < 1:
        raise OptionError("resamples", f"must be at least 1, got {resamples}")
    size = max(1, _CELLS // n_rows)
    for start in range(0, resamples, size):
        yield min(size, resamples - start)


def resampled_totals(
    counts: NDArray[Any], *, resamples: int, seed: int | np.random.Generator
) -> Iterator[NDArray[np.float64]]:
    """Summed counts of bootstrap draws of sentences.

    Args:
        counts: Shape: (n_sentences, ...).
        resamples: number of draws in all.
        seed: a seed or a generator.

    Yields:
        Blocks of draws. Shape: (n_block, ...), float64 whole numbers.
    """
    rng = seed if isinstance(seed, np.random.Generator) else np.random.default_rng(check_seed(seed))
    unique, times = distinct_rows(counts)
    flat = unique.reshape(len(unique), -1)
    for size in blocks(resamples, len(unique)):
        weights = rng.multinomial(times.sum(), times / times.sum(), size=size)
        yield (weights @ flat).reshape(size, *counts.shape[1:])
