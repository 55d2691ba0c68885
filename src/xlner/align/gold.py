"""Word alignments against gold ones: precision, recall, F1 and alignment error rate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from xlner.align.alignment import Alignment
from xlner.align.files import check_range
from xlner.align.windows import WordPair
from xlner.data.source import Input
from xlner.errors import DataError, UsageError


@dataclass(frozen=True)
class Gold:
    """Links that people made.

    Args:
        sure: links that everyone would make.
        possible: links that one could make; they hold the sure ones.
    """

    sure: Alignment
    possible: Alignment


@dataclass(frozen=True)
class GoldScore:
    """How well alignments meet gold ones, over all links of all pairs.

    Args:
        precision: share of the predicted links that are possible.
        recall: share of the sure links that were found.
        f1: harmonic mean of both.
        aer: alignment error rate, `1 - (sure ones + possible ones among the predicted) / (predicted + sure)`.
        pairs: number of sentence pairs.
        predicted: number of predicted links.
        sure: number of sure links.
        possible: number of possible links, the sure ones included.

    Reference: Och and Ney, "A Systematic Comparison of Various Statistical Alignment Models", CL 2003.
    """

    precision: float
    recall: float
    f1: float
    aer: float
    pairs: int
    predicted: int
    sure: int
    possible: int

    def as_dict(self) -> dict[str, float | int]:
        """The same as plain values, for JSON."""
        return asdict(self)


def score_alignments(predicted: Sequence[Alignment], gold: Sequence[Gold]) -> GoldScore:
    """Score alignments, pair by pair.

    Raises:
        ValueError: their numbers differ.
    """
    n_predicted = n_sure = n_possible = hit_sure = hit_possible = 0
    for ours, theirs in zip(predicted, gold, strict=True):
        links, sure, possible = set(ours.links()), set(theirs.sure.links()), set(theirs.possible.links())
        n_predicted, n_sure, n_possible = n_predicted + len(links), n_sure + len(sure), n_possible + len(possible)
        hit_sure, hit_possible = hit_sure + len(links & sure), hit_possible + len(links & possible)
    precision = hit_possible / n_predicted if n_predicted else 0.0
    recall = hit_sure / n_sure if n_sure else 0.0
    f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
    aer = 1 - (hit_sure + hit_possible) / (n_predicted + n_sure) if n_predicted + n_sure else 0.0
    return GoldScore(precision, recall, f1, aer, len(gold), n_predicted, n_sure, n_possible)


def read_gold(path: str | Path, pairs: Sequence[WordPair], *, base: int = 0) -> list[Gold]:
    """Gold links of each pair: `i-j` is sure, `ipj` or `i?j` is possible.

    Args:
        path: one line per pair.
        pairs: what the lines speak of; links to words that are not there are an error.
        base: index of the first word in the file, 0 or 1.

    Raises:
        DataError: the number of lines differs from that of the pairs, or a line is no alignment of its pair.
    """
    if base not in (0, 1):
        raise UsageError(f"`gold_base` is 0 or 1, got {base}")
    source = Input.of(path)
    lines = [line for _, line in source.lines()]
    if len(lines) != len(pairs):
        raise DataError(f"has {len(lines)} lines for {len(pairs)} sentence pairs", path=source.name)
    out = []
    for number, (line, (left, right)) in enumerate(zip(lines, pairs, strict=True), 1):
        items = line.replace("?", "p").split()
        read = [
            Alignment.from_pharaoh(" ".join(part), path=source.name, number=number, base=base)
            for part in ([item for item in items if "p" not in item], items)
        ]
        check_range(read[1], len(left), len(right), path=source.name, number=number)
        out.append(Gold(read[0], read[1]))
    return out
