"""Scores and comparisons as tables: rows for a rich table, plain text for anything else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from xlner.evaluate.comparison import Comparison
from xlner.evaluate.estimate import Expected
from xlner.evaluate.resample import Interval
from xlner.evaluate.scores import Scores, TypeScore

HEADER = ("type", "precision", "recall", "f1", "interval", "gold", "predicted", "correct")


def rows(scores: Scores, *, intervals: Mapping[str, Interval] | None = None) -> list[tuple[str, ...]]:
    """One row per type, then micro, macro and the lenient readings. Columns as in `HEADER`.

    Args:
        scores: what to show.
        intervals: from `intervals`; None leaves their column empty.
    """
    given = intervals or {}
    table = [_row(name, s, given.get(f"f1:{name}")) for name, s in scores.per_type.items()]
    table.append(_row("micro", scores.micro, given.get("f1")))
    macro = (scores.macro_precision, scores.macro_recall, scores.macro_f1)
    table.append(("macro", *map(_fraction, macro), _range(given.get("macro_f1")), "", "", ""))
    table.append(_row("overlap, right type", scores.overlap, None))
    table.append(_row("boundaries, any type", scores.boundaries, None))
    return table


def describe(scores: Scores, *, intervals: Mapping[str, Interval] | None = None) -> str:
    """The rows as aligned text with a header, and lines for spans not counted and words that differ."""
    text = aligned([HEADER, *rows(scores, intervals=intervals)])
    left_out = ", ".join(f"{n} {reason}" for reason, n in scores.not_counted.items())
    differing = ", ".join(f"{n} {kind}" for kind, n in scores.differing.items())
    lines = [text, f"not counted: {left_out}" if left_out else "", f"words: {differing}" if differing else ""]
    return "\n".join(line for line in lines if line)


def describe_comparisons(comparisons: Mapping[tuple[str, str], Comparison]) -> str:
    """One line per pair: both scores, the difference with its interval, and the p-values."""
    table = [("a", "b", "score a", "score b", "a - b", "interval", "p", "p (Holm)", "test")]
    for (a, b), c in comparisons.items():
        scores = (_fraction(c.a), _fraction(c.b), f"{c.difference:+.4f}", _range(c.interval))
        p_corrected = "" if c.p_corrected is None else _p(c.p_corrected, c)
        table.append((a, b, *scores, _p(c.p_value, c), p_corrected, c.test))
    return aligned(table, left=2)


def describe_groups(groups: Mapping[tuple[str, str, str, str], Comparison]) -> str:
    """One line per pair and group of entities: both F1, the difference with its interval, and the p-values."""
    table = [("a", "b", "by", "group", "f1 a", "f1 b", "a - b", "interval", "p", "p (Holm)")]
    for key, c in groups.items():
        scores = (_fraction(c.a), _fraction(c.b), f"{c.difference:+.4f}", _range(c.interval))
        p_corrected = "" if c.p_corrected is None else _p(c.p_corrected, c)
        table.append((*key, *scores, _p(c.p_value, c), p_corrected))
    return aligned(table, left=4)


def describe_expected(expected: Expected) -> str:
    """One line per type and one over all; numbers of gold and correct spans are expectations."""
    values = expected.as_dict()
    table = [("type", "precision", "recall", "f1", "expected gold", "predicted", "expected correct")]
    for name, s in (*values["per_type"].items(), ("micro", values)):
        shown = ("" if s[k] is None else _fraction(s[k]) for k in ("precision", "recall", "f1"))
        table.append((name, *shown, f"{s['gold']:.1f}", str(s["predicted"]), f"{s['correct']:.1f}"))
    return aligned(table)


def _row(name: str, s: TypeScore, interval: Interval | None) -> tuple[str, ...]:
    values = (_fraction(s.precision), _fraction(s.recall), _fraction(s.f1))
    return (name, *values, _range(interval), str(s.gold), str(s.predicted), str(s.correct))


def _fraction(value: float) -> str:
    return f"{value:.4f}"


def _range(interval: Interval | None) -> str:
    return "" if interval is None else f"{interval.low:.4f} to {interval.high:.4f}"


def _p(value: float, c: Comparison) -> str:
    # No finer than the draws allow.
    return f"{value:.{max(2, len(str(c.interval.resamples)) - 1)}f}"


def aligned(table: Sequence[Sequence[str]], *, left: int = 1) -> str:
    """A table as text: columns of equal width, the first `left` ones to the left; empty columns are dropped."""
    columns = [c for c in zip(*table, strict=True) if any(c[1:])]
    widths = [max(map(len, column)) for column in columns]
    lines = []
    for row in zip(*columns, strict=True):
        cells = (t.ljust(w) if i < left else t.rjust(w) for i, (t, w) in enumerate(zip(row, widths, strict=True)))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)
