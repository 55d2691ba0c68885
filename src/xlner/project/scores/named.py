"""Scores by name: one of the registry, or a weighted mean such as align=0.5,nmt=1."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from xlner.component import option_fields, options_class
from xlner.errors import OptionError, UsageError
from xlner.project.pair import Pair
from xlner.project.scores import SCORES, Evidence, Score, Scores


def parse_scores(text: str) -> dict[str, float]:
    """`"align=0.5,nmt"` as {"align": 0.5, "nmt": 1.0}.

    Raises:
        UsageError: no such score, one named twice, a weight that is no number above 0, or a score that stands alone.
    """
    weights: dict[str, float] = {}
    for part in text.split(","):
        name, sep, weight = part.strip().partition("=")
        SCORES.load(name)
        if name in weights:
            raise UsageError(f"`score` names {name} twice")
        try:
            weights[name] = float(weight) if sep else 1.0
        except ValueError:
            weights[name] = math.nan
        if not 0 < weights[name] < math.inf:
            raise UsageError(f"`score`: the weight of {name} must be a number above 0, got '{weight}'")
    for name in weights:
        if len(weights) > 1 and getattr(SCORES.load(name), "stands_alone", False):
            raise UsageError(f"`score`: {name} weighs the evidence by itself; it cannot be part of a sum")
    return weights


def options_by_score(text: str, values: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The values for every score that the text names: those that it has.

    Raises:
        UsageError: see `parse_scores`.
        OptionError: no named score has an option of that name, one is missing, or a value cannot be.
    """
    names = list(parse_scores(text))
    given = {str(k).replace("-", "_"): v for k, v in values.items()}
    has = {name: {f.name for f in option_fields(options_class(SCORES.load(name)))} for name in names}
    for key in given:
        if not any(key in has[name] for name in names):
            known = ", ".join(sorted(set().union(*has.values()))) or "none"
            raise OptionError(key, f"no score of {text} has an option '{key}'; there are: {known}", whole=True)
    by_score = {name: {k: v for k, v in given.items() if k in has[name]} for name in names}
    for name, values_of_score in by_score.items():
        SCORES.options(name, values_of_score)
    return by_score


def make_score(text: str, values: Mapping[str, Any] | None = None) -> Score:
    """The score that the text names, with its models loaded.

    Args:
        text: a name, or names with weights: "align=0.5,nmt=1".
        values: options by name; each score takes those that it has.

    Raises:
        UsageError: see `options_by_score`.
        ModelError: a model cannot be loaded.
    """
    weights = parse_scores(text)
    scores: dict[str, Score] = {n: SCORES.build(n, o) for n, o in options_by_score(text, values or {}).items()}
    return next(iter(scores.values())) if len(scores) == 1 else MeanScore(scores, weights)


class MeanScore:
    """The weighted mean of several scores.

    Args:
        scores: by name.
        weights: above 0, by the same names.
    """

    def __init__(self, scores: Mapping[str, Score], weights: Mapping[str, float]) -> None:
        self.scores = dict(scores)
        self.weights = {name: weights[name] / sum(weights[n] for n in scores) for name in scores}
        self.needs = frozenset().union(*(s.needs for s in scores.values()))
        self.uses = frozenset().union(*(getattr(s, "uses", ()) for s in scores.values()))

    def __call__(self, pairs: Sequence[Pair], candidates: Sequence[np.ndarray], evidence: Evidence) -> Scores:
        """One array per pair. Shape: (n_entities, n_candidates), float64."""
        each = [
            [self.weights[name] * values for values in score(pairs, candidates, evidence)]
            for name, score in self.scores.items()
        ]
        return [np.sum(of_one_pair, axis=0) for of_one_pair in zip(*each, strict=True)]
