"""Several augmentations, one after the other, under one seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from xlner.augment.augmentation import AUGMENTATIONS, Augmentation
from xlner.core.types import Sentence
from xlner.errors import OptionError, UsageError

Chosen = str | Mapping[str, Any]
"""Names between commas, or a mapping from names to options; as text it is YAML."""


@dataclass(frozen=True)
class Augmenter:
    """Augmentations of some sentences. What becomes of one follows from seed, epoch and its place alone.

    Args:
        steps: prepared, in their order.
        sentences: all of them, as they are.
        seed: of all chance.
        share: of the sentences that are changed in an epoch; which ones is drawn anew for each.
    """

    steps: tuple[Augmentation, ...]
    sentences: Sequence[Sentence]
    seed: int = 1
    share: float = 1.0

    @classmethod
    def of(
        cls,
        chosen: Chosen | tuple[Augmentation, ...],
        sentences: Sequence[Sentence],
        *,
        seed: int = 1,
        share: float = 1.0,
        unknown: str | None = None,
        option: str = "augment",
    ) -> Augmenter:
        """Make and prepare augmentations.

        Args:
            chosen: which ones; or made already, to be prepared for these sentences.
            sentences: to be changed.
            seed: of all chance.
            share: of sentences to be changed.
            unknown: a word that the encoder reads as its unknown piece; None for that of most.
            option: that chose them, for messages.

        Raises:
            OptionError: there is none of such a name, or an option of it cannot be.
            DataError: a file that one of them reads cannot be used.
            UsageError: one does not fit the sentences.
        """
        steps = chosen if isinstance(chosen, tuple) else steps_of(chosen, option=option)
        for step in steps:
            if unknown is not None:
                step.unknown = unknown
            step.prepare(sentences)
        return cls(steps, sentences, seed, share)

    @property
    def keeps_words(self) -> bool:
        """Whether every word stays one word."""
        return all(step.keeps_words for step in self.steps)

    def epoch(self, epoch: int) -> list[Sentence]:
        """The sentences of one epoch, in their order: some changed, the others as they are."""
        return [self.one(index, epoch) for index in range(len(self.sentences))]

    def one(self, index: int, epoch: int) -> Sentence:
        """A sentence of one epoch."""
        sentence = self.sentences[index]
        if self._rng("share", epoch, index).random() >= self.share:
            return sentence
        for number, step in enumerate(self.steps):
            sentence = step.change(sentence, self._rng(number, epoch, index), index)
        return sentence

    def test_set(self) -> list[Sentence]:
        """All sentences changed, each entity once."""
        sentences = list(self.sentences)
        for number, step in enumerate(self.steps):
            sentences = step.change_all(sentences, self._rng_of(number))
        return sentences

    def notes(self) -> list[str]:
        """What a user should know; a sentence each."""
        return [note for step in self.steps for note in step.notes()]

    def _rng_of(self, number: int) -> Callable[[int], Random]:
        return lambda index: self._rng(number, 0, index)

    def _rng(self, what: int | str, epoch: int, index: int) -> Random:
        return Random(f"{self.seed}/{what}/{epoch}/{index}")


class Perturbation:
    """Augmentations that make a test set harder, to be called with its sentences.

    Args:
        chosen: which ones, as in `Augmenter.of`.
        seed: of all chance.
        unknown: as in `Augmenter.of`.

    Attributes:
        notes: what a user should know of the sentences so far.

    Raises:
        OptionError: there is none of such a name, or an option of it cannot be.
    """

    def __init__(self, chosen: Chosen, *, seed: int = 1, unknown: str | None = None) -> None:
        steps_of(chosen, option=_PERTURB)  # what is wrong is said before anything is read
        self._chosen, self._seed, self._unknown = chosen, seed, unknown
        self.notes: list[str] = []

    def __call__(self, sentences: Iterable[Sentence]) -> list[Sentence]:
        """All sentences changed. Raises as `Augmenter.of`."""
        every = list(sentences)
        augmenter = Augmenter.of(self._chosen, every, seed=self._seed, unknown=self._unknown, option=_PERTURB)
        changed = augmenter.test_set()
        self.notes += augmenter.notes()
        return changed


_PERTURB = "perturb"


def steps_of(chosen: Chosen, *, option: str = "augment") -> tuple[Augmentation, ...]:
    """Augmentations, not prepared yet. See `Augmenter.of`."""
    steps: list[Augmentation] = []
    for name, values in named_steps(chosen, option):
        if name not in AUGMENTATIONS.names():
            there = ", ".join(AUGMENTATIONS.names())
            raise OptionError(option, f"names no augmentation with '{name}'; there are: {there}")
        if not isinstance(values, Mapping):
            raise OptionError(option, f"must be a mapping of options behind {name}, got '{values}'")
        try:
            steps.append(AUGMENTATIONS.build(name, values))
        except UsageError as error:
            raise OptionError(option, f"cannot be: {error}".replace("`", "")) from None
        steps[-1].name = name
        if steps[-1].comes_first and len(steps) > 1:
            raise OptionError(option, f"must have {name} before all others: it reads the sentences as they were")
    if not steps:
        raise OptionError(option, "names no augmentation; leave it out")
    return tuple(steps)


def named_steps(chosen: Chosen, option: str = "augment") -> list[tuple[str, Any]]:
    """Names and options of augmentations, in order; none is made.

    Args:
        chosen: as in `Augmenter.of`.
        option: that holds it, for messages.

    Raises:
        OptionError: it is no YAML mapping.
    """
    if isinstance(chosen, str) and chosen.lstrip().startswith("{"):
        import yaml

        try:
            chosen = yaml.safe_load(chosen)
        except yaml.YAMLError:
            raise OptionError(option, f"is no YAML mapping: '{chosen}'") from None
    if isinstance(chosen, str):
        return [(name.strip(), {}) for name in chosen.split(",") if name.strip()]
    return [(str(name), values or {}) for name, values in chosen.items()]
