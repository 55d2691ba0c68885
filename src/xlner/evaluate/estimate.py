"""Expected precision, recall and F1 of predictions without gold, from how sure the model is of each tag."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from xlner.core.types import Sentence, Span
from xlner.errors import OptionError, UsageError
from xlner.evaluate.metrics import CORRECT, GOLD, PREDICTED, ratio
from xlner.evaluate.reliability import Calibration, span_calibration
from xlner.evaluate.resample import Interval, percentile_interval, resampled_totals

TEMPERATURES = (0.1, 10.0)  # the range that is searched
_TINY = 1e-12
_GROUPS = 10_000  # units that a bootstrap draws at most; more sentences are summed into as many groups


def tempered(probabilities: NDArray[Any], temperature: float) -> NDArray[Any]:
    """Probabilities made softer (temperature above 1) or sharper (below 1): p^(1/T), made to sum to 1.

    The same as dividing logits by T. The order of tags within a word stays, and so do predictions.

    Args:
        probabilities: rows that sum to 1. Shape: (n_words, n_tags).
        temperature: above 0; 1 gives back what came.

    Returns:
        Shape: (n_words, n_tags), float64 unless the temperature is 1.

    Reference:
        Guo, Pleiss, Sun and Weinberger, "On Calibration of Modern Neural Networks", ICML 2017, section 4.2.
    """
    if not temperature > 0:
        raise OptionError("temperature", f"must be above 0, got {temperature}")
    if temperature == 1 or not len(probabilities):
        return probabilities
    rows = np.asarray(probabilities, np.float64)
    powers = (rows / rows.max(1, keepdims=True)) ** (1 / temperature)
    return np.asarray(powers / powers.sum(1, keepdims=True))


def fit_temperature(probabilities: Sequence[NDArray[Any]], gold: Sequence[ArrayLike], *, ignore: int = -100) -> float:
    """The temperature under which gold tags are likeliest.

    Args:
        probabilities: per sentence. Shape of each: (n_words, n_tags).
        gold: tag ids per sentence. Shape of each: (n_words,).
        ignore: id of words that do not count (missing labels).

    Returns:
        A temperature within `TEMPERATURES`; above 1 the model is too sure of itself.

    Raises:
        UsageError: shapes that do not fit, or no word that counts.

    Reference:
        Guo et al., ICML 2017, section 4.2.

    Limits:
        It is right for text like that of `gold`. In a farther language models are more overconfident than that.
    """
    joined = np.concatenate([np.asarray(p, np.float64) for p in probabilities] or [np.zeros((0, 1))])
    ids = np.concatenate([np.asarray(g, np.int64) for g in gold] or [np.zeros(0, np.int64)])
    if ids.shape != joined.shape[:1]:
        raise UsageError(f"{len(joined)} words have probabilities, {len(ids)} have gold tags")
    if not (ids != ignore).any():
        raise UsageError("a temperature needs labelled words")
    logs = np.log(np.maximum(joined[ids != ignore], _TINY))
    right = np.take_along_axis(logs, ids[ids != ignore][:, None], 1)[:, 0]

    def loss(log_temperature: float) -> float:
        """Negative log-likelihood per word, nats."""
        colder = np.exp(-log_temperature)
        return float((np.log(np.exp(logs * colder).sum(1)) - right * colder).mean())

    from scipy.optimize import minimize_scalar

    best = minimize_scalar(loss, bounds=tuple(np.log(TEMPERATURES)), method="bounded", options={"xatol": 1e-4})
    return float(np.exp(best.x))


def span_probabilities(probabilities: NDArray[Any], spans: Sequence[Span], types: Sequence[str]) -> NDArray[np.float64]:
    """How likely each predicted span is right: boundaries and type.

    A chain is as strong as its weakest link: the least of the probabilities that the entity begins where it does,
    goes on through each of its words, and stops after them. The product would count the same doubt (PER or ORG?) once
    per word. The span's score from decoding, a mean, can exceed the probability that an entity begins there at all.

    Args:
        probabilities: tags in the order O, B-first, I-first, ... Shape: (n_words, n_tags).
        spans: of this sentence.
        types: entity types in the order of tags.

    Returns:
        Shape: (n_spans,), in [0, 1].
    """
    out = np.zeros(len(spans))
    for i, span in enumerate(spans):
        begin = 1 + 2 * types.index(span.label)
        inside = probabilities[span.start + 1 : span.end + 1, begin + 1]  # the last row is the word after the span
        n = span.end - span.start - 1
        links = [probabilities[span.start, begin], *inside[:n], *(1 - inside[n:])]
        out[i] = min(max(min(links), 0.0), 1.0)
    return out


def expected_counts(probabilities: NDArray[Any], spans: Sequence[Span], types: Sequence[str]) -> NDArray[np.float64]:
    """Entities that gold would have, spans predicted, and spans that would be right, of one sentence.

    Gold entities are expected wherever one may begin: the mass of all B- tags.

    Args:
        probabilities: tags in the order O, B-first, I-first, ... Shape: (n_words, n_tags).
        spans: as predicted from them.
        types: entity types in the order of tags.

    Returns:
        Columns as in `metrics`: gold, predicted, correct. Shape: (n_types, 3), float64.
    """
    counts = np.zeros((len(types), 3))
    counts[:, GOLD] = np.asarray(probabilities[:, 1::2], np.float64).sum(0)
    for span, probability in zip(spans, span_probabilities(probabilities, spans, types), strict=True):
        counts[types.index(span.label), [PREDICTED, CORRECT]] += (1, probability)
    counts[:, CORRECT] = np.minimum(counts[:, CORRECT], counts[:, GOLD])  # true but for rounding
    return counts


@dataclass(frozen=True, eq=False)
class Expected:
    """Scores that predictions would have if the model's probabilities were true.

    Args:
        types: entity types, the order of the second axis of `counts`.
        counts: expected gold, predicted and expected right spans per sentence. Shape: (n_sentences, n_types, 3).
    """

    types: tuple[str, ...]
    counts: NDArray[Any]

    @cached_property
    def totals(self) -> NDArray[np.float64]:
        """Sums over sentences. Shape: (n_types, 3)."""
        return np.asarray(self.counts.sum(axis=0, dtype=np.float64))

    @property
    def f1(self) -> float | None:
        """2 right / (gold + predicted), a fraction; None where nothing was predicted."""
        return _metric(self.totals.sum(0), "f1")

    @property
    def precision(self) -> float | None:
        return _metric(self.totals.sum(0), "precision")

    @property
    def recall(self) -> float | None:
        return _metric(self.totals.sum(0), "recall")

    def interval(self, *, level: float = 0.9, resamples: int = 1000, seed: int = 0) -> Interval | None:
        """Percentile bootstrap of `f1` over sentences; None where nothing was predicted.

        Limits:
            It says how far the expected F1 moves with another sample of sentences, and nothing about how far the
            model's probabilities are from the truth.
        """
        if self.f1 is None:
            return None
        rows = self.counts.sum(axis=1, dtype=np.float64)
        if len(rows) > _GROUPS:
            groups = np.zeros((_GROUPS, 3))
            np.add.at(groups, np.arange(len(rows)) % _GROUPS, rows)
            rows = groups
        draws = [ratio(totals, "f1") for totals in resampled_totals(rows, resamples=resamples, seed=seed)]
        return percentile_interval(np.concatenate(draws), level=level)

    def as_dict(self) -> dict[str, Any]:
        """Plain values: over all types, and "per_type"."""
        per_type = {name: _scores(row) for name, row in zip(self.types, self.totals, strict=True)}
        return {**_scores(self.totals.sum(0)), "per_type": per_type}


def _metric(counts: NDArray[np.float64], name: str) -> float | None:
    return float(ratio(counts, name)) if counts[PREDICTED] else None


def _scores(counts: NDArray[np.float64]) -> dict[str, float | None]:
    scores = {name: _metric(counts, name) for name in ("f1", "precision", "recall")}
    gold, predicted, correct = counts.tolist()
    return {**scores, "gold": gold, "predicted": int(predicted), "correct": correct}


def span_probability_calibration(
    gold: Sequence[Sentence], predicted: Sequence[Sentence], probabilities: Sequence[NDArray[Any]], types: Sequence[str]
) -> Calibration:
    """How far `span_probabilities` are from the share of spans that are right.

    Args:
        gold: the right answers.
        predicted: the same sentences with predicted spans.
        probabilities: per sentence. Shape of each: (n_words, n_tags).
        types: entity types in the order of tags.
    """
    scored = []
    for sentence, rows in zip(predicted, probabilities, strict=True):
        scores = span_probabilities(rows, sentence.spans, types).tolist()
        spans = (replace(s, score=c) for s, c in zip(sentence.spans, scores, strict=True))
        scored.append(sentence.with_spans(tuple(spans)))
    return span_calibration(gold, scored)
