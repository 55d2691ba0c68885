"""Matching scores: how well a candidate range of target words matches a source entity."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.core.types import Span
from xlner.errors import UsageError
from xlner.project.pair import Pair

if TYPE_CHECKING:
    from xlner.core.labels import LabelSet
    from xlner.tagger import Tagger

SCORES = ("fused", "align", "ner", "ner_spans", "nmt", "string", "embedding")
Scores = list[np.ndarray]


@dataclass(frozen=True)
class Evidence:
    """What a NER model says of the target sentences, computed once for candidates and scores.

    Args:
        probabilities: tag probabilities per target sentence, or None without a model. Shapes: (n_words, n_tags).
        labels: what their columns mean.
        spans: the entities it finds; their types are not used.
    """

    probabilities: list[np.ndarray] | None = None
    labels: LabelSet | None = None
    spans: list[tuple[Span, ...]] | None = None

    @classmethod
    def of(cls, pairs: Sequence[Pair], tagger: Tagger | None, *, needs: Any) -> Evidence:
        """Run the model over the targets of pairs with entities, if scores or candidates need it.

        Raises:
            UsageError: they do, and there is none.
        """
        wanted = "ner" in needs.candidates.kinds or {"ner", "ner_spans"} & set(parse_scores(needs.score))
        if tagger is None:
            if wanted:
                raise UsageError("this projection reads the target with a NER model; name one with --ner-model")
            return cls()
        from xlner.tagger.decode import decode

        busy = [i for i, p in enumerate(pairs) if p.entities]
        n_tags = len(tagger.labels.tags)
        found = [np.zeros((len(p.target), n_tags), np.float32) for p in pairs]
        for i, chances in zip(busy, tagger.probabilities([pairs[i].target for i in busy]), strict=True):
            found[i] = chances
        return cls(found, tagger.labels, [decode(c, tagger.labels) if c.any() else () for c in found])


def parse_scores(text: str) -> dict[str, float]:
    """`"align=0.5,nmt"` as {"align": 0.5, "nmt": 1.0}.

    Raises:
        UsageError: no such score, one named twice, a weight that is no number above 0, or "fused" in a sum.
    """
    out: dict[str, float] = {}
    for part in text.split(","):
        name, sep, weight = part.strip().partition("=")
        if name not in SCORES:
            raise UsageError(f"no score called '{name}'; there are: {', '.join(SCORES)}, or a sum: align=0.5,nmt=1")
        if name in out:
            raise UsageError(f"--score names {name} twice")
        try:
            out[name] = float(weight) if sep else 1.0
        except ValueError:
            out[name] = math.nan
        if not 0 < out[name] < math.inf:
            raise UsageError(f"--score: the weight of {name} must be a number above 0, got '{weight}'")
    if "fused" in out and len(out) > 1:
        raise UsageError("--score fused weighs the others by itself; it cannot be part of a sum")
    return out


def make_score(
    options: Any,
    *,
    tagger: Tagger | None = None,
    nmt_model: str | None = None,
    encoder: str = "embedded",
    device: str | None = None,
) -> Callable[[Sequence[Pair], Sequence[np.ndarray], Evidence], Scores]:
    """The function that scores candidates as `options.score` says. Models are loaded here, before any work.

    Raises:
        UsageError: a score is unknown, or its model is missing.
        ModelError: a model cannot be loaded.
    """
    weights = parse_scores(options.score)
    if {"ner", "ner_spans"} & set(weights) and tagger is None:
        raise UsageError("the scores ner and ner_spans need a NER model for the target language: --ner-model MODEL")
    nmt = embedding = None
    if "nmt" in weights:
        if nmt_model is None:
            raise UsageError("the score nmt needs a translation model: --nmt-model MODEL")
        from xlner.project.scores.nmt import NmtScorer

        source, target = options.nmt_languages
        nmt = NmtScorer(nmt_model, back=options.nmt_back, source_language=source, target_language=target, device=device)
    if "embedding" in weights:
        from xlner.project.scores.embeddings import EmbeddingScorer

        embedding = EmbeddingScorer(encoder, layer=options.layer, device=device)

    def one(name: str, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        if name == "nmt" and nmt is not None:
            return nmt(pairs, candidates)
        if name == "embedding" and embedding is not None:
            return embedding(pairs, candidates)
        if name in ("ner", "ner_spans"):
            return ner_scores(pairs, candidates, evidence, any_type=name == "ner_spans")
        if name == "string":
            from xlner.project.scores.strings import string_score

            return [string_score(p, c) for p, c in zip(pairs, candidates, strict=True)]
        from xlner.project.scores.align import align_score

        return [align_score(p, c) for p, c in zip(pairs, candidates, strict=True)]

    def fused(pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        from xlner.project.scores.fused import FusedScore

        ner = ner_scores(pairs, candidates, evidence, any_type=True) if evidence.probabilities else None
        return FusedScore()(pairs, candidates, ner=ner)

    def total(pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        whole = sum(weights.values())
        parts = [[w / whole * s for s in one(name, pairs, candidates, evidence)] for name, w in weights.items()]
        return [np.sum(each, axis=0) for each in zip(*parts, strict=True)]

    return fused if "fused" in weights else total


def ner_scores(
    pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence, *, any_type: bool
) -> Scores:
    """`ner_score` of every pair. Shapes: (n_entities, n_candidates)."""
    from xlner.project.scores.ner import ner_score

    assert evidence.probabilities is not None
    assert evidence.labels is not None
    return [
        ner_score(p, c, chances, evidence.labels, any_type=any_type)
        for p, c, chances in zip(pairs, candidates, evidence.probabilities, strict=True)
    ]
