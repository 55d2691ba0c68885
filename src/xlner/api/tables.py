"""Results as tables and coloured text for people: on a terminal, or in a notebook."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from rich.table import Table
from rich.text import Text

from xlner.core.languages import bcp47
from xlner.core.languages import name as language_name

if TYPE_CHECKING:
    from xlner.api.similarity import RankedSources
    from xlner.api.transfer import TransferResult
    from xlner.core.types import Sentence
    from xlner.methods.steps import Step
    from xlner.similarity import SimilarityMatrix

COLOURS = (
    "black on bright_cyan",
    "black on bright_yellow",
    "black on bright_green",
    "black on bright_magenta",
)


def run_tables(result: TransferResult) -> Iterator[Table]:
    """The scores of a run, or the F1 to expect where there was no gold data, and its steps."""
    metrics = result.metrics
    if "target" in metrics:
        systems = {f"teacher {n}": m for n, m in metrics.get("sources", {}).items()}
        yield score_table("strict span scores on gold", {**systems, metrics["method"]: metrics["target"]})
    if (made := metrics.get("estimate", {})).get("f1") is not None:
        yield estimate_table(made)
    if result.steps:
        yield step_table(result.steps)


def score_table(title: str, systems: Mapping[str, Mapping[str, Any]]) -> Table:
    """One row per system: precision, recall, F1 with its interval, and F1 per type."""
    types = list(dict.fromkeys(t for m in systems.values() for t in m["per_type"]))
    table = Table(title=title, title_justify="left")
    table.add_column("")
    for column in ("precision", "recall", "F1", "95% interval", *types):
        table.add_column(column, justify="right")
    for name, m in systems.items():
        low, high = m["interval"]["low"], m["interval"]["high"]
        row = [f"{m[k] * 100:.1f}" for k in ("precision", "recall", "f1")] + [f"{low * 100:.1f} to {high * 100:.1f}"]
        row += [f"{m['per_type'][t]['f1'] * 100:.1f}" if t in m["per_type"] else "" for t in types]
        table.add_row(name, *row)
    return table


def estimate_table(made: Mapping[str, Any]) -> Table:
    """The F1 to expect without gold, its interval, and on how many sentences it was read off."""
    table = Table(title="F1 estimated without labels", title_justify="left")
    r = made["interval"]
    for column in ("F1 to expect", "interval" if r is None else f"{r['level']:.0%} interval", "sentences"):
        table.add_column(column, justify="right")
    shown = "" if r is None else f"{100 * r['low']:.0f} to {100 * r['high']:.0f}"
    table.add_row(f"{100 * made['f1']:.0f}", shown, str(made["sentences"]))
    return table


def step_table(steps: Iterable[Step]) -> Table:
    """One row per step of a run: sentences, seconds, and sentences a second."""
    table = Table(title="steps, killed runs counted", title_justify="left")
    table.add_column("")
    for column in ("sentences", "seconds", "sentences/s"):
        table.add_column(column, justify="right")
    for step in steps:
        rate = step.sentences_per_second
        shown = "" if rate is None else f"{rate:,.1f}"
        table.add_row(step.name, f"{step.sentences:,}", f"{step.seconds:,.1f}", shown)
    return table


def highlighted(sentence: Sentence, types: list[str]) -> Text:
    """The sentence with its entities in colours, each with its type behind it."""
    sentence = sentence.with_text()
    assert sentence.text is not None
    assert sentence.offsets is not None
    out, last = Text(), 0
    for span in sentence.spans:
        start, end = sentence.offsets[span.start][0], sentence.offsets[span.end - 1][1]
        out.append(sentence.text[last:start])
        style = COLOURS[types.index(span.label) % len(COLOURS)] if span.label in types else "reverse"
        out.append(f" {sentence.text[start:end]} ", style).append(f"{span.label} ", "dim")
        last = end
    return out.append(sentence.text[last:])


_CELL = 10  # columns of a terminal that a number needs
_REASONS = 4  # per source; plain values have all


def matrix_tables(matrix: SimilarityMatrix, width: int) -> Iterator[Table]:
    """Tables of as many targets as fit side by side; rows are sources.

    Args:
        matrix: of one measure.
        width: of the screen, in characters.
    """
    codes = [bcp47(c) for c in matrix.languages]
    rows = [f"{language_name(c)} ({short})" for c, short in zip(matrix.languages, codes, strict=True)]
    step = max(1, (width - max(map(len, rows)) - 6) // _CELL)
    for start in range(0, len(codes), step):
        table = Table()
        table.add_column("", no_wrap=True)
        for code in codes[start : start + step]:
            table.add_column(code, justify="right", no_wrap=True)
        for label, values in zip(rows, matrix.values[:, start : start + step], strict=True):
            table.add_row(label, *("" if v != v else f"{v:.4g}" for v in values))
        yield table


def ranked_table(ranked: RankedSources) -> Table:
    """One row per source: F1 to expect, its interval, and the main reasons."""
    columns = ("source", "F1 to expect", "90% interval", "why, against an average pair")
    table = Table(*columns, title=f"sources for {language_name(ranked.target)}")
    for r in ranked.sources:
        span = "" if r.low is None or r.high is None else f"{100 * r.low:.0f} to {100 * r.high:.0f}"
        why = "\n".join(r.reasons[:_REASONS])
        table.add_row(f"{language_name(r.source)} ({bcp47(r.source)})", f"{100 * r.f1:.1f}", span, why)
    return table
