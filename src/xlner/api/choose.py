"""`xlner compare --text` as a function: which of several models to take, without labels."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations, islice
from pathlib import Path
from typing import Any

import numpy as np

from xlner.api.apply import check_models
from xlner.api.estimate import alike, decoded
from xlner.core.types import Sentence
from xlner.data import stream_text
from xlner.errors import DataError, UsageError
from xlner.evaluate import TypeScore, score
from xlner.evaluate.estimate import expected_counts
from xlner.evaluate.tables import aligned
from xlner.tagger import Tagger

AGREEMENT, COMMITTEE, EXPECTED = RULES = ("agreement", "committee", "expected")


@dataclass(frozen=True)
class Choice:
    """What models say of one text that nobody labelled, and which of them to take.

    Args:
        models: model to rule to F1, a fraction; None where the model found no entity. "agreement": the mean F1 of its
            answers, taken as gold, against those of each other model. "committee": F1 of its answers that is expected
            if the mean of all models' probabilities were true. "expected": the same with its own probabilities; this
            favours the model that is surest of itself.
        sentences: how many were looked at.
        notes: what to know before relying on it.
    """

    models: Mapping[str, Mapping[str, float | None]]
    sentences: int
    notes: tuple[str, ...] = field(default=())

    @property
    def takes(self) -> str | None:
        """The model that agrees most with the others; the first of equals. None where no two agree on anything."""
        best = self.by(AGREEMENT)
        return best if self.models[best][AGREEMENT] else None

    def by(self, rule: str) -> str:
        """The model that a rule puts first."""
        return max(self.models, key=lambda model: self.models[model][rule] or 0.0)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        models = {name: dict(values) for name, values in self.models.items()}
        return {"takes": self.takes, "models": models, "sentences": self.sentences, "notes": list(self.notes)}

    def describe(self) -> str:
        """A table with the model to take first, and a line that names it."""
        order = sorted(self.models, key=lambda model: -(self.models[model][AGREEMENT] or 0.0))
        shown = [[_shown(self.models[model][rule]) for rule in RULES] for model in order]
        header = ("model", "agreement with the others", "F1 expected by all together", "F1 expected by itself")
        table = aligned([header, *([model, *row] for model, row in zip(order, shown, strict=True))])
        found = "no model agrees with another" if self.takes is None else f"{self.takes} agrees most with the others"
        return f"{table}\n\n{self.sentences} sentences without labels; {found}"


def choose(
    models: Sequence[str | Path],
    text: str | Path,
    *,
    mapping: Mapping[str, str] | None = None,
    device: str | None = None,
    token_column: int | None = None,
    tag_column: int | None = None,
    sentences: int = 2000,
    chunk: int = 500,
) -> Choice:
    """Compare models without labels. The text streams; all models are in memory at once.

    Args:
        models: run folders, model folders or hub ids, with the same types; three or more, for of two models each
            agrees with the other as much.
        text: raw text of the target language, or any labelled file, whose labels are ignored.
        mapping: type renames applied to all models.
        device: torch device name.
        token_column: column of the word in files with columns, from 0; None finds it.
        tag_column: column of the tag, likewise.
        sentences: how many to look at, from the start of the text.
        chunk: sentences at a time.

    Raises:
        UsageError: fewer than three models, or a file of predictions.
        DataError: no sentence in the text.
        ModelError: models with different types.

    Reference:
        Agreement instead of labels: Baek, Jiang, Raghunathan and Kolter, NeurIPS 2022; docs/results has what the choice
        costs.

    Limits:
        Models that share a mistake agree on it. Many models of one kind outvote a better one of another kind.
    """
    names = list({_place(str(model)): str(model) for model in reversed(list(models))}.values())[::-1]
    check_models(names, "a choice without labels")
    if len(names) < 3:
        raise UsageError("a choice without labels needs three or more different models; of two, each agrees as much")
    first = Tagger.load(names[0], mapping=mapping, device=device)
    taggers = [first, *(alike(first, name, mapping, device) for name in names[1:])]
    reading = stream_text(text, token_column=token_column, tag_column=tag_column)
    counts, shared, seen = _look(taggers, islice(reading, sentences), chunk)
    if not seen:
        raise DataError("no sentence in it; a choice without labels needs text", path=text)
    found = {}
    for i, name in enumerate(names):
        others = [TypeScore.of(total).f1 for pair, total in shared.items() if i in pair]
        committee, own = (float(c[0] * 2 / c[1]) if c[2] else None for c in counts[i])
        found[name] = {AGREEMENT: float(np.mean(others)), COMMITTEE: committee, EXPECTED: own}
    return Choice(found, seen, tuple(reading.report().remarks()))


def _place(name: str) -> str:
    """What tells a model from others: "run", "run/" and "run/model" are one."""
    inner = Path(name) / "model"
    return os.path.abspath(inner if (inner / "config.json").is_file() else name)


def _look(
    taggers: Sequence[Tagger], stream: Iterator[Sentence], chunk: int
) -> tuple[np.ndarray, dict[tuple[int, int], np.ndarray], int]:
    """One pass over the text.

    Returns:
        Per model by the committee and by itself: spans expected to be right, gold and predicted together, predicted
        (shape: n_models, 2, 3); per pair of models gold, predicted and common spans (shape: 3); sentences.
    """
    types = taggers[0].labels.types
    counts = np.zeros((len(taggers), 2, 3))
    shared = {pair: np.zeros(3, np.int64) for pair in combinations(range(len(taggers)), 2)}
    seen = 0
    while block := list(islice(stream, chunk)):
        seen += len(block)
        raw = [tagger.probabilities(block) for tagger in taggers]
        answers = [decoded(t, block, p) for t, p in zip(taggers, raw, strict=True)]
        orders = [[0, *(1 + 2 * t.labels.types.index(x) + k for x in types for k in (0, 1))] for t in taggers]
        rows = [[p[:, order] for p in of] for of, order in zip(raw, orders, strict=True)]
        together = [np.mean(same, axis=0) for same in zip(*rows, strict=True)]
        for i, answered in enumerate(answers):
            for j, probabilities in enumerate((together, rows[i])):
                for sentence, p in zip(answered, probabilities, strict=True):
                    gold, predicted, right = expected_counts(p, sentence.spans, types).sum(0)
                    counts[i, j] += right, gold + predicted, predicted
        for i, j in shared:
            shared[i, j] += score(answers[i], answers[j]).totals.sum(0)
    return counts, shared, seen


def _shown(value: float | None) -> str:
    return "no entity" if value is None else f"{value:.4f}"
