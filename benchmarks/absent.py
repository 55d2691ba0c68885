"""Entities that a translation leaves out: does projection notice?

English entities that a model finds in XL-WA, with the target words that the gold links give them. Of three entities in
ten the target words are cut out, and the sentences are aligned anew: those entities belong nowhere. Coverage and
"nowhere" of the fused score were chosen on the dev part; the figures to believe are those of the test part.

    python benchmarks/absent.py --tagger RUN
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

from alignment import xl_wa
from common import parser, write_results
from xlner.align import Alignment
from xlner.align.layers import LayersAligner
from xlner.align.merging import mixed
from xlner.align.statistical import ThotAligner
from xlner.core.types import Sentence, Span
from xlner.evaluate import score
from xlner.project import project
from xlner.project.scores import features, weights
from xlner.tagger import Tagger

LANGUAGES = ["bg", "da", "es", "et", "hu", "nl", "pt", "sl"]
CUT = 0.3
SETTINGS = [
    (0.0, 2.0),
    (0.0, 9.0),
    (0.25, 9.0),
    (0.5, 2.0),
    (0.5, 5.0),
    (0.5, 7.0),
    (0.5, 9.0),
    (0.5, 11.0),
    (1.0, 9.0),
]
DEFAULT = (features.FULL, weights.DEFAULT_WEIGHTS["nowhere"])
KINDS = ("whole", "cut, layers", "cut, layers + fast_align")

Corpus = tuple[list[Sentence], list[Sentence], list[Alignment]]


def main() -> None:
    options = parser(__doc__.splitlines()[0])
    options.add_argument("--tagger", required=True, help="English NER model")
    args = options.parse_args()
    tagger = Tagger.load(args.tagger)
    rows: list[dict[str, Any]] = []
    for split in ("dev", "test"):
        corpora = [corpus for language in LANGUAGES for corpus in made(args.data, tagger, language, split)]
        for full, nowhere in SETTINGS if split == "dev" else [SETTINGS[0], DEFAULT]:
            found = [(kind, *figures(corpus, full, nowhere)) for kind, corpus in corpora]
            for kind in KINDS:
                means = np.mean([f[1:] for f in found if f[0] == kind], axis=0).tolist()
                rows.append({"split": split, "full": full, "nowhere": nowhere, "kind": kind,
                             "f1": means[0], "precision": means[1], "recall": means[2]})  # fmt: skip
    write_results(args.results, "absent", {"rows": rows}, table(rows))


def made(data: Path, tagger: Tagger, language: str, split: str) -> list[tuple[str, Corpus]]:
    """The sentences as they are, and with entities cut out, aligned in two ways."""
    pairs, gold_links = xl_wa(data, language, split)
    english = list(tagger.predict([Sentence(tuple(source)) for source, _ in pairs]))
    chance = random.Random(1)
    sources, whole, cut = [], [], []
    for sentence, (_, words), links in zip(english, pairs, gold_links, strict=True):
        places = {entity: place(entity, links.sure.links()) for entity in sentence.spans}
        kept = tuple(e for e in sentence.spans if places[e] != ())
        gold = [Span(*places[e], e.label) for e in kept if places[e] is not None]
        sources.append(replace(sentence, spans=kept))
        whole.append(labelled(words, gold))
        gone = [chance.random() < CUT for _ in gold]
        cut.append(without(words, gold, gone))
    out = [("whole", (sources, whole, aligned(sources, whole)[0]))]
    soft, both = aligned(sources, cut)
    return [*out, ("cut, layers", (sources, cut, soft)), ("cut, layers + fast_align", (sources, cut, both))]


def place(entity: Span, links: Sequence[Sequence[int]]) -> tuple[int, int] | tuple[()] | None:
    """The range of target words linked to an entity; None without any, () if a word inside belongs to others."""
    own = [j for i, j in links if entity.start <= i < entity.end]
    if not own:
        return None
    start, end = min(own), max(own) + 1
    others = any(start <= j < end and not entity.start <= i < entity.end for i, j in links)
    return () if others else (start, end)


def labelled(words: Sequence[str], spans: Sequence[Span]) -> Sentence:
    return Sentence(tuple(words), tuple(sorted(spans, key=lambda s: s.start)), labelled=True)


def without(words: Sequence[str], spans: Sequence[Span], gone: Sequence[bool]) -> Sentence:
    """The sentence without the words of some entities."""
    dead = {i for span, out in zip(spans, gone, strict=True) if out for i in range(span.start, span.end)}
    left = [i for i in range(len(words)) if i not in dead]
    at = {old: new for new, old in enumerate(left)}
    kept = [replace(s, start=at[s.start], end=at[s.end - 1] + 1) for s in spans if s.start not in dead]
    return labelled([words[i] for i in left], kept)


def aligned(sources: Sequence[Sentence], targets: Sequence[Sentence]) -> tuple[list[Alignment], list[Alignment]]:
    """By the encoder, and with counts of these pairs mixed in."""
    pairs = [(s.words, t.words) for s, t in zip(sources, targets, strict=True)]
    soft, counted = LayersAligner().align(pairs), ThotAligner(model="fast_align").fit(pairs).align(pairs)
    return soft, [mixed(a, [Alignment(b.pairs)], 0.2) for a, b in zip(soft, counted, strict=True)]


def figures(corpus: Corpus, full: float, nowhere: float) -> tuple[float, float, float]:
    """F1, precision and recall of projection with other settings."""
    sources, gold, alignments = corpus
    with (
        mock.patch.object(features, "FULL", max(full, 1e-9)),
        mock.patch.dict(weights.DEFAULT_WEIGHTS, nowhere=nowhere),
    ):
        made = project(sources, gold, alignments=alignments)
    s = score(gold, made.sentences)
    return s.f1, s.precision, s.recall


def table(rows: Sequence[dict[str, Any]]) -> str:
    lines = [
        "# Entities that a translation leaves out",
        "",
        "English entities found by a model in XL-WA, mean of eight languages, F1 (precision / recall); whole "
        "sentences, and sentences without the target words of three entities in ten.",
        "",
        f"| part | full coverage from | weight of nowhere | {' | '.join(KINDS)} |",
        "|---" * (3 + len(KINDS)) + "|",
    ]
    for split, full, nowhere in dict.fromkeys((r["split"], r["full"], r["nowhere"]) for r in rows):
        cells = [
            f"{100 * r['f1']:.2f} ({100 * r['precision']:.1f} / {100 * r['recall']:.1f})"
            for kind in KINDS
            for r in rows
            if (r["split"], r["full"], r["nowhere"], r["kind"]) == (split, full, nowhere, kind)
        ]
        name = " (default)" if (full, nowhere) == DEFAULT else ""
        lines.append(f"| {split} | {full or 'any link'} | {nowhere:g}{name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
