"""How much each teacher counts: for the language, per entity type, or per sentence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from xlner.core.labels import LabelSet
from xlner.core.languages import bcp47
from xlner.errors import UsageError


@dataclass(frozen=True, kw_only=True)
class TeacherWeights:
    """Weights of teachers.

    Args:
        rule: how they came about, as the command line spells it.
        language: one per teacher, summing to 1. Shape: (n_teachers,).
        types: entity type -> weights that replace `language` for it. Shape of each: (n_teachers,).
        sentences: weights per raw sentence, which replace `language`. Shape: (n_sentences, n_teachers), float32.
    """

    rule: str
    language: np.ndarray
    types: Mapping[str, np.ndarray] = field(default_factory=dict)
    sentences: np.ndarray | None = None

    @classmethod
    def uniform(cls, count: int) -> TeacherWeights:
        """Every teacher counts the same."""
        return cls(rule="uniform", language=np.full(count, 1 / count, np.float32))

    def of_words(self, lengths: np.ndarray, labels: LabelSet, *, first_sentence: int) -> list[np.ndarray]:
        """Weights for the words of some consecutive raw sentences.

        Args:
            lengths: words per sentence. Shape: (n_sentences,).
            labels: of the student.
            first_sentence: number of the first of these sentences in the raw text.

        Returns:
            One array per teacher, float32. Shape: (n_words or 1, n_tags - 1), the tags but O.
        """
        if self.sentences is not None:
            part = self.sentences[first_sentence : first_sentence + len(lengths)]
            return [np.repeat(column, lengths)[:, None] for column in part.T]
        rows = np.stack([self.types.get(t, self.language) for t in labels.types for _ in "BI"])
        return [row[None].astype(np.float32) for row in rows.T]

    def divided(self, counts: Sequence[int]) -> TeacherWeights:
        """Weights of more teachers: `counts[k]` of them stand in the place of teacher k, and share its weight alike."""
        places = np.repeat(np.arange(len(counts)), counts)
        shares = (1 / np.repeat(counts, counts)).astype(np.float32)

        return self._changed(lambda values: values[..., places] * shares)

    def behind(self, count: int, share: float) -> TeacherWeights:
        """Weights with those of `count` further teachers before them, which have `share` of all, each alike."""

        def longer(values: np.ndarray) -> np.ndarray:
            first = np.full((*values.shape[:-1], count), share / count, np.float32)
            return np.concatenate([first, values * np.float32(1 - share)], axis=-1)

        return self._changed(longer)

    def _changed(self, change: Callable[[np.ndarray], np.ndarray]) -> TeacherWeights:
        """Other weights of the same rule; `change` works on the last axis, that of teachers."""
        return replace(
            self,
            language=change(self.language),
            types={t: change(w) for t, w in self.types.items()},
            sentences=None if self.sentences is None else change(self.sentences),
        )

    def check(self, known: Sequence[Collection[str]], types: Sequence[str]) -> None:
        """See that every type is known to a teacher that counts.

        Args:
            known: types that each teacher knows.
            types: of the student.

        Raises:
            UsageError: all teachers that know a type have weight 0 for it, so it would never be learnt.
        """
        for t in types:
            knows = np.array([t in k for k in known])
            if not (self.types.get(t, self.language)[knows] > 0).any():
                raise UsageError(
                    f"no teacher with a weight above 0 knows {t}: change `weights`, or leave the type out with "
                    f"`mapping {t}=O`"
                )

    def as_dict(self, names: Sequence[str]) -> dict[str, Any]:
        """For weights.json: the rule, and name -> weight, for the language and per type where types differ."""
        record: dict[str, Any] = {"rule": self.rule, "weights": _named(names, self.language)}
        if self.types:
            record["types"] = {t: _named(names, w) for t, w in self.types.items()}
        if self.sentences is not None:
            record["deviation over sentences"] = _named(names, self.sentences.std(0))
        return record


def parse_weights(text: str, teachers: Sequence[str], types: Sequence[str]) -> TeacherWeights:
    """Weights that the user gives: "en=0.5,de=0.3,nl=0.2", and "PER:en=1,PER:de=0" for a type of its own.

    Args:
        text: as on the command line; each group of weights is scaled to sum to 1.
        teachers: what the teachers may be called in `text`, in their order.
        types: entity types of the task.

    Raises:
        UsageError: a weight is missing, negative or no number, or a name or type is unknown or there twice.
    """
    groups: dict[str, dict[str, float]] = {}
    for part in text.split(","):
        key, _, value = part.strip().rpartition("=")
        kind, _, name = key.rpartition(":")
        if name not in teachers:  # "eng" for "en"
            with suppress(UsageError):
                name = bcp47(name)
        if name not in teachers:
            raise UsageError(f"`weights` names '{name or part}'; the sources are {', '.join(teachers)}")
        if kind and kind not in types:
            raise UsageError(f"`weights` names the type '{kind}'; the types are {', '.join(types)}")
        if name in groups.setdefault(kind, {}):
            raise UsageError(f"`weights` names '{key}' twice")
        groups[kind][name] = _number(value, part)
    weights = {kind: _scaled(group, teachers, kind) for kind, group in groups.items()}
    plain = weights.pop("", np.full(len(teachers), 1 / len(teachers), np.float32))
    return TeacherWeights(rule=text, language=plain, types=weights)


def _number(value: str, part: str) -> float:
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < float("inf"):
        raise UsageError(f"`weights` wants NAME=NUMBER with a number of at least 0, got '{part}'")
    return number


def _scaled(group: Mapping[str, float], teachers: Sequence[str], kind: str) -> np.ndarray:
    absent = [t for t in teachers if t not in group]
    of = f" for {kind}" if kind else ""
    if absent:
        raise UsageError(f"`weights` says nothing about {', '.join(absent)}{of}; give 0 to leave a teacher out")
    values = np.array([group[t] for t in teachers], np.float64)
    if values.sum() <= 0:
        raise UsageError(f"`weights` leaves no teacher{of}: all weights are 0")
    return (values / values.sum()).astype(np.float32)


def _named(names: Sequence[str], values: np.ndarray) -> dict[str, float]:
    return {n: round(float(v), 6) for n, v in zip(names, values, strict=True)}
