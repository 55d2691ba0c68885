"""`xlner evaluate --estimate` as a function: how good a model is on text that nobody labelled."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from xlner.api.apply import check_models
from xlner.api.correction import Range, corrected
from xlner.core.run_folder import Origin, file_hash
from xlner.core.types import Sentence
from xlner.data import load, stream_text
from xlner.errors import DataError, ModelError, OptionError
from xlner.evaluate import TypeScore, score
from xlner.evaluate.clues import DISTILLED, LEARNT, Clues, by_heart
from xlner.evaluate.estimate import (
    TEMPERATURES,
    Expected,
    expected_counts,
    fit_temperature,
    span_probability_calibration,
    tempered,
)
from xlner.evaluate.estimator import AGREEMENT, CALIBRATED, EXPECTED, SHIPPED_ESTIMATOR, Estimator
from xlner.evaluate.tables import describe_expected
from xlner.tagger import Tagger
from xlner.tagger.decode import decode, legal_transitions

SENTENCES = "sentences"
SAMPLING_ONLY = (
    "the interval covers the sampling of sentences only, not the shift between languages: a model that is too sure of "
    "itself in this language is worse than it says; in a language that it was not trained on, `estimator default` "
    "takes off what an English model and its students overstated in others"
)
LEARNT_FROM = (
    "the model learnt from this text, and is surer of itself here than elsewhere: take other text of the language"
)
TAKEN_OFF = "the model learnt from this text, and is surer of itself here than elsewhere; what that adds is taken off"
STUDENT = (
    "its run folder says that the model learnt from raw or projected text; if that was in another language than "
    "this text, say `not-distilled`"
)


@dataclass(frozen=True)
class Estimate:
    """An estimate of strict span F1, and what it comes from.

    Args:
        value: F1 as a fraction; None where the model found no entity.
        interval: around the value; None where there is none.
        expected: scores if probabilities were true, at `temperature`.
        features: what an `Estimator` looks at.
        temperature: 1 unless fitted.
        ece_before: expected calibration error of predicted spans on the source data at temperature 1; None unknown.
        ece_after: at `temperature`.
        agreement: F1 of the predictions of each further model against these, by model.
        sentences: how many were looked at.
        notes: what to know before relying on it.
    """

    value: float | None
    interval: Range | None
    expected: Expected
    features: Mapping[str, float]
    temperature: float
    ece_before: float | None
    ece_after: float | None
    agreement: Mapping[str, float]
    sentences: int
    notes: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, Any]:
        """Plain values. "agreement" is the mean over further models, or None without any."""
        return {
            "estimate": self.value,
            "interval": None if self.interval is None else asdict(self.interval),
            "expected": self.expected.as_dict(),
            "features": dict(self.features),
            "temperature": self.temperature,
            "ece_before": self.ece_before,
            "ece_after": self.ece_after,
            "agreement": self.features.get(AGREEMENT),
            "agreements": dict(self.agreement),
            "sentences": self.sentences,
            "notes": list(self.notes),
        }

    def describe(self, *, calibrated_on: str | Path | None = None) -> str:
        """All of it in words.

        Args:
            calibrated_on: the file that gave the temperature.
        """
        lines = []
        if self.value is not None:
            r = self.interval
            around = "" if r is None else f" ({r.level:.0%} interval over {r.covers}: {r.low:.4f} to {r.high:.4f})"
            lines.append(f"estimated F1 on {self.sentences} sentences without labels: {self.value:.4f}{around}")
        lines.append(f"\nif the model's probabilities were true:\n{describe_expected(self.expected)}\n")
        if calibrated_on is not None:
            lines.append(f"temperature from {calibrated_on}: {self.temperature:.3f}")
        if self.ece_before is not None:
            after = f"with temperature {self.ece_after:.4f}"
            lines.append(f"calibration error of spans there: {self.ece_before:.4f}, {after}")
        lines += [f"agreement with {name}: F1 {f1:.4f}" for name, f1 in self.agreement.items()]
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def estimate(
    model: str | Path,
    text: str | Path,
    *,
    calibrate: str | Path | None = None,
    also: Sequence[str | Path] = (),
    estimator: str | Path | Estimator | None = None,
    features: Mapping[str, float] | None = None,
    distilled: bool | None = None,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    chunk: int = 1000,
    sentences: int | None = None,
) -> Estimate:
    """Estimate strict span F1 without labels. The text streams; all models are in memory at once.

    Args:
        model: run folder, model folder or hub id.
        text: raw text or any labelled file, whose labels are ignored.
        calibrate: labelled file of a source language, not trained on, to fit a temperature on.
        also: further models with the same types: other teachers, other seeds.
        estimator: an `Estimator` or its file, or "default" for the one that comes with the package; without one,
            expected F1 is the estimate.
        features: further features that the estimator was fitted with.
        distilled: whether the model learnt from raw or projected text of this language; such a model overstates itself
            less. None asks the run folder; a model from elsewhere counts as none.
        mapping: type renames applied to models and to the calibration data.
        device: torch device name.
        token_column: column of the word in files with columns, from 0; None finds it.
        tag_column: column of the tag, likewise.
        chunk: sentences at a time.
        sentences: of the text, so many from its start are looked at, at least 1; None for all.

    Raises:
        UsageError: a file of predictions instead of a model, or a feature that the estimator needs is missing.
        DataError: no sentence in the text, or calibration data without labels.
        ModelError: a further model has other types.
    """
    check_models((model, *also), "an estimate")
    if sentences is not None and sentences < 1:
        raise OptionError("sentences", f"must be at least 1, got {sentences}")
    if isinstance(estimator, str | Path):
        estimator = Estimator.load(SHIPPED_ESTIMATOR if str(estimator) == "default" else estimator)
    tagger = Tagger.load(model, mapping=mapping, device=device)
    others = {str(name): alike(tagger, name, mapping, device) for name in also}
    notes: list[str] = []
    temperature, ece_before, ece_after = 1.0, None, None
    if calibrate is not None:
        source = load(calibrate, mapping=mapping, token_column=token_column, tag_column=tag_column)
        notes += source.report.remarks()
        temperature, ece_before, ece_after = _calibrated(tagger, calibrate, source.sentences, notes)
    reading = stream_text(text, token_column=token_column, tag_column=tag_column)
    plain, warm, agreement, clues = look(tagger, others, islice(reading, sentences), temperature, chunk)
    notes += reading.report().remarks()
    if not len(plain.counts):
        raise DataError("no sentence in it; an estimate needs text", path=text)
    if plain.f1 is None or warm.f1 is None:
        notes.append("the model found no entity in this text, so there is nothing to estimate F1 from")
        return Estimate(
            None, None, warm, {}, temperature, ece_before, ece_after, agreement, len(plain.counts), (*notes,)
        )
    origin = Origin.of(model)
    if distilled is None:
        distilled = origin.distilled
        notes += [STUDENT] if distilled and estimator is not None else []
    known = {**(features or {}), EXPECTED: plain.f1, **clues.features(), DISTILLED: float(distilled), LEARNT: 0.0}
    if origin.files and Path(text).is_file() and (digest := file_hash(text)) in origin.files:
        if distilled and digest in origin.raw:
            words = sum(len(s.words) for s in stream_text(text, token_column=token_column, tag_column=tag_column))
            known[LEARNT] = by_heart(words)
        aware = known[LEARNT] and estimator is not None and LEARNT in estimator.observed.features
        notes.append(TAKEN_OFF if aware else LEARNT_FROM)
    known |= {} if calibrate is None else {CALIBRATED: warm.f1}
    known |= {AGREEMENT: float(np.mean(list(agreement.values())))} if agreement else {}
    value, interval = warm.f1, _sampled(warm)
    if estimator is not None:
        value, interval = corrected(estimator, known, notes, sentences=len(plain.counts))
    else:
        notes.append(SAMPLING_ONLY)
    return Estimate(
        value, interval, warm, known, temperature, ece_before, ece_after, agreement, len(plain.counts), tuple(notes)
    )


def alike(tagger: Tagger, name: str | Path, mapping: Mapping[str, str] | None, device: str | None) -> Tagger:
    """Load a further model; ModelError if its types are not those of the first."""
    other = Tagger.load(name, mapping=mapping, device=device)
    if set(other.labels.types) != set(tagger.labels.types):
        raise ModelError(
            f"{name} knows {', '.join(other.labels.types)}, the first model {', '.join(tagger.labels.types)}; "
            "their predictions can be compared with the same types only: rename or drop some with `mapping OLD=NEW`"
        )
    return other


def _calibrated(
    tagger: Tagger, path: str | Path, sentences: Sequence[Sentence], notes: list[str]
) -> tuple[float, float | None, float | None]:
    """Temperature, and calibration error of spans before and after. Source data is held at once."""
    gold = [s for s in sentences if s.labelled]
    if not any(s.spans for s in gold):
        raise DataError("no labelled entities in it; `calibrate` needs labelled data of a source language", path=path)
    ids = [tagger.labels.tag_ids(s) for s in gold]
    probabilities = tagger.probabilities(gold)
    temperature = fit_temperature(probabilities, ids)
    if not TEMPERATURES[0] * 1.01 < temperature < TEMPERATURES[1] * 0.99:
        notes.append(f"the temperature is at the end of its range, {temperature:.2f}: was the model trained on {path}?")
    predicted, types = decoded(tagger, gold, probabilities), tagger.labels.types
    before, after = (
        span_probability_calibration(gold, predicted, [tempered(p, t) for p in probabilities], types)
        for t in (1.0, temperature)
    )
    if not before.count:
        notes.append(f"the model found no entity in {path}, so its calibration error is not known")
        return temperature, None, None
    return temperature, before.ece, after.ece


def look(
    tagger: Tagger, others: Mapping[str, Tagger], stream: Iterator[Sentence], temperature: float, chunk: int
) -> tuple[Expected, Expected, dict[str, float], Clues]:
    """One pass over a text: expected counts at temperature 1 and at that given, agreement by model, and clues."""
    types, clues = tagger.labels.types, Clues()
    counts = {t: [np.zeros((0, len(types), 3), np.float32)] for t in (1.0, temperature)}
    shared = {name: np.zeros(3, np.int64) for name in others}
    while block := list(islice(stream, chunk)):
        probabilities = tagger.probabilities(block)
        predicted = decoded(tagger, block, probabilities)
        for sentence, rows_of_tags in zip(predicted, probabilities, strict=True):
            clues.add(sentence, rows_of_tags, types)
        for t, parts in counts.items():
            rows = [
                expected_counts(tempered(p, t), s.spans, types) for s, p in zip(predicted, probabilities, strict=True)
            ]
            parts.append(np.stack(rows).astype(np.float32))
        for name, other in others.items():
            shared[name] += score(predicted, list(other.predict(block))).totals.sum(0)
    agreement = {name: TypeScore.of(total).f1 for name, total in shared.items() if total.any()}
    plain, warm = (Expected(types, np.concatenate(counts[t])) for t in (1.0, temperature))
    return plain, warm, agreement, clues


def decoded(tagger: Tagger, sentences: Sequence[Sentence], probabilities: Sequence[np.ndarray]) -> list[Sentence]:
    """The sentences with the spans that a tagger's probabilities come to. Shape of each: (n_words, n_tags)."""
    allowed = legal_transitions(tagger.labels.tags)
    return [s.with_spans(decode(p, tagger.labels, allowed)) for s, p in zip(sentences, probabilities, strict=True)]


def _sampled(expected: Expected) -> Range | None:
    drawn = expected.interval()
    return None if drawn is None else Range(drawn.low, drawn.high, drawn.level, SENTENCES)
