"""`xlner predict`, `evaluate` and `compare` as functions: using models and predictions that exist."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from xlner.core.types import Sentence
from xlner.data import load, stream_text
from xlner.errors import UsageError
from xlner.evaluate import Comparison, Scores, compare_all, intervals, score
from xlner.tagger import Tagger
from xlner.tagger.label_consistency import check_strength


def predict(
    model: str | Path,
    source: str | Path,
    *,
    language: str | None = None,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
    on_long: str = "window",
    label_consistency: float = 0.0,
) -> Iterator[Sentence]:
    """Tag a file of raw text or of any labelled format, whose labels are ignored. Streams; order and words are kept.

    Args:
        model: run folder, model folder or hub id.
        source: a file, or "-" for standard input.
        language: ISO 639-3 code of the text, if word splitting should know it.
        mapping: type renames applied to what the model says.
        device: torch device name.
        on_long: "window" or "error".
        label_consistency: how far equal words get equal labels, 0 to 1; above 0 the text is read whole first.
    """
    check_strength(label_consistency)
    tagger = Tagger.load(model, mapping=mapping, device=device, on_long=on_long)
    return tagger.predict(stream_text(source, language=language), label_consistency=label_consistency)


@dataclass(frozen=True)
class Evaluation:
    """Scores of one system on gold data, and what they come from."""

    scores: Scores
    metrics: dict[str, Any]
    gold: list[Sentence]
    predictions: list[Sentence]


def evaluate(
    model_or_predictions: str | Path,
    gold: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    types: Sequence[str] | None = None,
    device: str | None = None,
    label_consistency: float = 0.0,
) -> Evaluation:
    """Score a model, or a file of predictions, against gold data.

    Args:
        model_or_predictions: run folder, model folder, hub id, or a file with the same sentences in any format.
        gold: labelled file.
        mapping: type renames, applied to both sides.
        types: score only these types; None takes all that occur on either side.
        device: torch device name.
        label_consistency: for a model, how far equal words of the text get equal labels, 0 to 1.

    Returns:
        Strict scores with bootstrap intervals. In a prediction file with broken tag sequences strict counts drop the
        broken entities; "conlleval" in the metrics keeps them, as that script does. A model's tags are never broken.

    Raises:
        DataError: sentences or words of the two sides differ.
    """
    check_strength(label_consistency)
    if label_consistency and not is_model(model_or_predictions):
        raise UsageError("--label-consistency is for models; the predictions of a file are scored as they are")
    truth = load(gold, mapping=mapping).sentences
    found = _predictions(
        model_or_predictions, truth, mapping=mapping, device=device, label_consistency=label_consistency
    )
    scores = score(truth, found, types=types)
    lenient = scores
    if not is_model(model_or_predictions):
        lenient = score(truth, load(model_or_predictions, mapping=mapping, repair="conll").sentences, types=types)
    ranges = intervals(scores)
    metrics = scores.as_dict(interval=ranges["f1"], conlleval=lenient)
    metrics["intervals"] = {name: r.as_dict() for name, r in ranges.items()}
    return Evaluation(scores, metrics, truth, found)


def compare(
    runs: Sequence[str | Path],
    gold: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
) -> dict[tuple[str, str], Comparison]:
    """Paired significance tests between systems on the same gold data, corrected for their number (Holm).

    Args:
        runs: run folders, models or prediction files; two or more.
        gold: labelled file.
        mapping: type renames, applied to all sides.
        device: torch device name.
    """
    if len(runs) < 2:
        raise UsageError("compare needs two or more runs")
    truth = load(gold, mapping=mapping).sentences
    systems = {str(run): [score(truth, _predictions(run, truth, mapping=mapping, device=device))] for run in runs}
    return compare_all(systems)


def is_model(value: str | Path) -> bool:
    """Whether the value names a model rather than a file of predictions."""
    path = Path(value)
    return path.is_dir() or not path.exists()


def _predictions(
    value: str | Path,
    gold: Sequence[Sentence],
    *,
    mapping: Mapping[str, str] | None,
    device: str | None,
    label_consistency: float = 0.0,
) -> list[Sentence]:
    if is_model(value):
        tagger = Tagger.load(value, mapping=mapping, device=device)
        return list(tagger.predict(gold, label_consistency=label_consistency))
    return load(value, mapping=mapping, repair="discard").sentences


def to_json(comparisons: Mapping[tuple[str, str], Comparison]) -> str:
    """The comparisons as one JSON object."""
    rows = [{"run_a": a, "run_b": b, **c.as_dict()} for (a, b), c in comparisons.items()]
    return json.dumps({"comparisons": rows})
