"""How closely measures follow the F1 of transfers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import rankdata

from xlner.errors import OptionError
from xlner.evaluate.resample import Interval, check_seed, percentile_interval
from xlner.similarity.transfers import Transfers

Kind = Literal["spearman", "pearson"]
FEWEST = 10  # targets and sources of an interval
MIN_TRANSFERS = 3  # transfers; a correlation of two points is always 1 or -1


@dataclass(frozen=True)
class Correlation:
    """One correlation of closeness with F1.

    Args:
        measure: name of the measure.
        kind: "spearman" or "pearson".
        scope: "overall", over all transfers; or "within", the mean over targets of the correlation among their sources.
        value: NaN where it is not defined, as when all values are the same.
        interval: from resampling targets and sources; None where fewer than ten of either have a say.
        transfers: how many counted.
        targets: how many counted.
        left_out: transfers without a value of the measure, or of a target with too few sources or no variation.
    """

    measure: str
    kind: str
    scope: str
    value: float
    interval: Interval | None
    transfers: int
    targets: int
    left_out: int

    def as_dict(self) -> dict[str, Any]:
        """Plain values, NaN as None."""
        return {
            "measure": self.measure,
            "kind": self.kind,
            "scope": self.scope,
            "value": None if np.isnan(self.value) else self.value,
            "interval": None if self.interval is None else self.interval.as_dict(),
            "transfers": self.transfers,
            "targets": self.targets,
            "left_out": self.left_out,
        }


def correlations(table: Transfers, *, level: float = 0.95, resamples: int = 1000, seed: int = 0) -> list[Correlation]:
    """Spearman and Pearson of every measure, overall and within target. Positive: closer goes with better.

    Whoever has to choose a source for one target cares for "within"; "overall" also asks whether a measure tells easy
    targets from hard ones.

    Transfers to one target hang together, and so do those from one source. The intervals see both: each draw takes
    targets and sources with replacement, and a transfer counts as often as its target times as often as its source. Of
    fewer than ten targets or sources such draws say too little, and there is no interval.

    Args:
        table: transfers.
        level: coverage of the intervals.
        resamples: draws of the bootstrap.
        seed: rules the draws.

    Reference: Owen, "The pigeonhole bootstrap", Annals of Applied Statistics 2007.
    """
    if resamples < 1:
        raise OptionError("resamples", f"must be at least 1, got {resamples}")
    kinds: tuple[Kind, ...] = ("spearman", "pearson")
    out = []
    for column, measure in enumerate(table.measures):
        x = table.closeness[:, column]
        groups = [rows[np.isfinite(x[rows])] for rows in table.rows_of.values()]
        groups = [g for g in groups if len(g)]
        for kind in kinds:
            rows = np.concatenate(groups) if groups else np.zeros(0, np.int64)
            said = [g for g in groups if not np.isnan(correlation(x[g], table.f1[g], kind))]
            for scope, counted in (("overall", groups), ("within", said)):
                parts = ([rows] if len(rows) else []) if scope == "overall" else said
                values = [correlation(x[g], table.f1[g], kind) for g in parts]
                value = float(np.mean(values)) if values else float("nan")
                interval = _interval(table, x, parts, counted, kind, (level, resamples, seed))
                used = sum(map(len, counted))
                unused = len(table) - used
                out.append(
                    Correlation(
                        measure, kind, scope, value, None if np.isnan(value) else interval, used, len(counted), unused
                    )
                )
    return out


def _interval(
    table: Transfers,
    x: np.ndarray,
    parts: Sequence[np.ndarray],
    groups: Sequence[np.ndarray],
    kind: Kind,
    draws: tuple[float, int, int],
) -> Interval | None:
    """Of the mean correlation within `parts`, of which each is some rows; None for too few targets or sources."""
    level, resamples, seed = draws
    rows = np.concatenate(groups) if groups else np.zeros(0, np.int64)
    sources, source_of = np.unique([table.sources[i] for i in rows], return_inverse=True)
    if min(len(groups), len(sources)) < FEWEST:
        return None
    random = np.random.default_rng(check_seed(seed))
    of_targets, of_sources = (
        random.multinomial(n, np.full(n, 1 / n), size=resamples).astype(float) for n in (len(groups), len(sources))
    )
    counts = np.zeros((resamples, len(table)))
    counts[:, rows] = of_sources[:, source_of]
    target_weight = np.zeros((resamples, len(table)))
    for number, group in enumerate(groups):
        target_weight[:, group] = of_targets[:, [number]]
    if len(parts) == 1:
        means = _weighted(x[parts[0]], table.f1[parts[0]], (counts * target_weight)[:, parts[0]], kind)
    else:
        each = np.stack([_weighted(x[g], table.f1[g], counts[:, g], kind) for g in parts], 1)
        weights = of_targets * np.isfinite(each)
        means = (np.nan_to_num(each) * weights).sum(1) / np.maximum(weights.sum(1), 1e-12)
        means[weights.sum(1) == 0] = np.nan
    good = means[np.isfinite(means)]
    return percentile_interval(good, level=level) if len(good) else None


def _weighted(x: np.ndarray, y: np.ndarray, weights: np.ndarray, kind: Kind) -> np.ndarray:
    """A correlation for each row of weights, as if each point were there so often. Shape: (n_draws,).

    NaN where fewer than three points have a weight, or a side does not vary.
    """
    sides = [_weighted_ranks(v, weights) if kind == "spearman" else np.broadcast_to(v, weights.shape) for v in (x, y)]
    total = np.maximum(weights.sum(1, keepdims=True), 1e-12)
    a, b = (v - (weights * v).sum(1, keepdims=True) / total for v in sides)
    scale = np.sqrt((weights * a * a).sum(1) * (weights * b * b).sum(1))
    enough = ((weights > 0).sum(1) >= MIN_TRANSFERS) & (scale > 1e-12)
    return np.where(enough, np.clip((weights * a * b).sum(1) / np.where(enough, scale, 1), -1, 1), np.nan)


def _weighted_ranks(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Mean ranks of points that are there so often. Shapes: (n,), (n_draws, n) -> (n_draws, n)."""
    different, number = np.unique(values, return_inverse=True)
    of_value = weights @ np.eye(len(different))[number]
    return (of_value.cumsum(1) - of_value / 2)[:, number]


def correlation(x: np.ndarray, y: np.ndarray, kind: Kind) -> float:
    """One correlation; NaN for fewer than three points or where a side does not vary. Shapes: (n,) both."""
    if len(x) < MIN_TRANSFERS:
        return float("nan")
    if kind == "spearman":
        x, y = rankdata(x), rankdata(y)
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(np.clip(x @ y / scale, -1, 1)) if scale > 1e-12 else float("nan")
