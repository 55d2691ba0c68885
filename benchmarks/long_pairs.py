"""Alignment of long pairs: pairs of XL-WA put together, before and after corridors.

A softmax over the words of a whole text finds few links. Aligners now let only words compete that are near the line
through the likely links of a pair, and take the mean that they take off vectors over a stretch of the text
(`xlner.align.corridor`, `SubwordVectors.centred`). "Before" is the same code without both. Settings were chosen on dev.

    python benchmarks/long_pairs.py --languages es et --aligners embedding layers
"""

from __future__ import annotations

import json
import statistics
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from alignment import Pair, Remembering, TestSet, xl_wa
from common import parser, write_results
from xlner.align import Alignment
from xlner.align.combined import CombinedAligner
from xlner.align.embedding import EmbeddingAligner
from xlner.align.gold import Gold, score_alignments
from xlner.align.layers import LayersAligner
from xlner.align.statistical import ThotAligner
from xlner.align.subwords import SubwordVectors
from xlner.align.tuned import TunedAligner

LENGTHS = (1, 2, 5, 10, 20, 40)
SURE = 0.5  # links of `layers` are soft; those that half of its readings see are counted


def together(pairs: Sequence[Pair], gold: Sequence[Gold], count: int) -> TestSet:
    """Every `count` pairs as one; pairs at the end that are fewer are left out."""
    long_pairs: list[Pair] = []
    long_gold = []
    for start in range(0, len(pairs) - count + 1, count):
        source: list[str] = []
        target: list[str] = []
        links: list[tuple[int, int]] = []
        for (left, right), of_pair in zip(pairs[start : start + count], gold[start : start + count], strict=True):
            links += [(i + len(source), j + len(target)) for i, j in of_pair.sure.links()]
            source += left
            target += right
        sure = Alignment.of(links)
        long_pairs.append((source, target))
        long_gold.append(Gold(sure, sure))
    return long_pairs, long_gold


def share_linked(pairs: Sequence[Pair], alignments: Sequence[Alignment]) -> float:
    """The part of the words of both sides that have a link."""
    linked = sum(len(set(a.pairs[:, side].tolist())) for a in alignments for side in (0, 1))
    return linked / sum(len(side) for pair in pairs for side in pair)


@contextmanager
def former_way() -> Iterator[None]:
    """All words compete, and the mean is that of the whole side."""
    centred = SubwordVectors.centred
    with (
        patch.object(EmbeddingAligner, "_near", lambda self, words, lengths, similarity, inside: inside),
        patch.object(SubwordVectors, "centred", lambda self: centred(self, 1 << 40)),
    ):
        yield


def make(name: str, bitext: Sequence[Pair]) -> Any:
    """An aligner that encodes every sentence once, however often it is asked; fitted on the pairs as they are."""
    if name == "embedding":
        return EmbeddingAligner(loaded=Remembering())
    if name == "layers":
        layers = LayersAligner()
        for reader in layers._readers:
            reader.encoder.__class__ = Remembering
        return layers
    if name == "combined":
        first = EmbeddingAligner(loaded=Remembering(), threshold=0.2)
        return CombinedAligner(members=[first, ThotAligner().fit(bitext)])
    tuned = TunedAligner().fit(bitext)
    assert tuned.reader is not None
    tuned.reader.encoder.__class__ = Remembering
    return tuned


def measure(aligner: Any, name: str, pairs: list[Pair], gold: list[Gold]) -> dict[str, float]:
    alignments = aligner.align(pairs)
    if name == "layers":
        alignments = [Alignment(a.pairs[a.scores >= SURE]) for a in alignments]
    scores = score_alignments(alignments, gold)
    return {"share": share_linked(pairs, alignments), "f1": scores.f1, "precision": scores.precision}


def table(rows: Sequence[dict[str, Any]], languages: Sequence[str]) -> str:
    out = [
        "# Long pairs in word alignment\n",
        "Pairs of XL-WA put together one after the other: the share of all words that have a link, and F1, before and "
        f"after corridors; means over {', '.join('en-' + x for x in languages)}. Of `layers`, links of score "
        f"{SURE} or more. Corridors were chosen on dev; test was run once.\n",
        "| set | aligner | pairs together | words (source) | linked before | linked after | F1 before | F1 after |",
        "|---|---|---|---|---|---|---|---|",
    ]
    groups: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["set"], row["aligner"], row["together"]), []).append(row)
    for (split, aligner, count), group in groups.items():
        cells = [
            f"{statistics.mean(row[when][what] for row in group):.3f}"
            for what in ("share", "f1")
            for when in ("before", "after")
        ]
        words = round(statistics.mean(row["words"] for row in group))
        out.append(f"| {split} | {aligner} | {count} | {words} | {' | '.join(cells)} |")
    return "\n".join(out)


def main() -> None:
    made = parser(__doc__ or "")
    made.add_argument("--languages", nargs="+", default=["es", "et"])
    made.add_argument("--aligners", nargs="+", default=["embedding", "layers", "tuned", "combined"])
    made.add_argument("--sets", nargs="+", default=["dev", "test"])
    made.add_argument("--lengths", nargs="+", type=int, default=LENGTHS)
    made.add_argument("--pairs", type=int, default=120, help="how many of each set")
    options = made.parse_args()
    path = options.results / "long_pairs.json"
    rows = json.loads(path.read_text("utf-8"))["rows"] if path.is_file() else []
    for name in options.aligners:
        for language in options.languages:
            for split in options.sets:
                pairs, gold = (x[: options.pairs] for x in xl_wa(options.data, language, split))
                aligner = make(name, pairs)
                for count in options.lengths:
                    long_pairs, long_gold = together(pairs, gold, count)
                    after = measure(aligner, name, long_pairs, long_gold)
                    with former_way():
                        before = measure(aligner, name, long_pairs, long_gold)
                    key = {"set": split, "aligner": name, "language": language, "together": count}
                    words = statistics.mean(len(source) for source, _ in long_pairs)
                    rows = [row for row in rows if any(row[k] != v for k, v in key.items())]
                    rows.append({**key, "words": words, "before": before, "after": after})
                    print(key, before, after, flush=True)
                rows.sort(key=lambda row: (row["set"], row["aligner"], row["together"], row["language"]))
                write_results(options.results, "long_pairs", {"rows": rows}, table(rows, options.languages))


if __name__ == "__main__":
    main()
