"""How closely measures follow the F1 of transfers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from scipy.stats import rankdata

from xlner.errors import OptionError
from xlner.evaluate.resample import Interval, check_seed, percentile_interval
from xlner.similarity.transfers import Transfers

MIN_TRANSFERS = 3  # transfers; a correlation of two points is always 1 or -1


@dataclass(frozen=True)
class Correlation:
    """One correlation of closeness with F1.

    Args:
        measure: name of the measure.
        kind: "spearman" or "pearson".
        scope: "overall", over all transfers; or "within", the mean over targets of the correlation among their sources.
        value: NaN where it is not defined, as when all values are the same.
        interval: from resampling targets; None where fewer than two targets have a say.
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

    Args:
        table: transfers.
        level: coverage of the intervals.
        resamples: draws of the bootstrap.
        seed: rules the draws.

    Limits:
        Targets are resampled, since transfers to one target hang together. Transfers from one source do as well, which
        the intervals do not see.
    """
    if resamples < 1:
        raise OptionError("resamples", f"must be at least 1, got {resamples}")
    kinds: tuple[Literal["spearman", "pearson"], ...] = ("spearman", "pearson")
    out = []
    for column, measure in enumerate(table.measures):
        x = table.closeness[:, column]
        groups = [rows[np.isfinite(x[rows])] for rows in table.rows_of.values()]
        groups = [g for g in groups if len(g)]
        for kind in kinds:
            known = [(x[g], table.f1[g]) for g in groups]
            overall = _overall(known, kind)
            draws = _resampled(len(known), resamples, seed)
            means = np.array([_overall([known[i] for i in d], kind) for d in draws])
            out.append(_summary(measure, kind, "overall", overall, means, known, len(table), level))
            each = [(g, correlation(*g, kind)) for g in known]
            said = [(g, r) for g, r in each if not np.isnan(r)]
            values = np.array([r for _, r in said])
            within = float(values.mean()) if len(values) else float("nan")
            means = np.array([values[d].mean() for d in _resampled(len(values), resamples, seed)])
            out.append(_summary(measure, kind, "within", within, means, [g for g, _ in said], len(table), level))
    return out


def correlation(x: np.ndarray, y: np.ndarray, kind: Literal["spearman", "pearson"]) -> float:
    """One correlation; NaN for fewer than three points or where a side does not vary. Shapes: (n,) both."""
    if len(x) < MIN_TRANSFERS:
        return float("nan")
    if kind == "spearman":
        x, y = rankdata(x), rankdata(y)
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.linalg.norm(x) * np.linalg.norm(y))
    return float(np.clip(x @ y / scale, -1, 1)) if scale > 1e-12 else float("nan")


def _overall(groups: list[tuple[np.ndarray, np.ndarray]], kind: Literal["spearman", "pearson"]) -> float:
    if not groups:
        return float("nan")
    return correlation(np.concatenate([x for x, _ in groups]), np.concatenate([y for _, y in groups]), kind)


def _resampled(n: int, resamples: int, seed: int) -> np.ndarray:
    """Shape: (n_resamples, n), or none of them where there is nothing to choose from."""
    if n < 2:
        return np.zeros((0, n), np.int64)
    return np.random.default_rng(check_seed(seed)).integers(n, size=(resamples, n))


def _summary(
    measure: str,
    kind: str,
    scope: str,
    value: float,
    draws: np.ndarray,
    groups: list[tuple[np.ndarray, np.ndarray]],
    rows: int,
    level: float,
) -> Correlation:
    good = draws[np.isfinite(draws)]
    interval = percentile_interval(good, level=level) if len(good) and not np.isnan(value) else None
    used = sum(len(x) for x, _ in groups)
    return Correlation(measure, kind, scope, value, interval, used, len(groups), rows - used)
