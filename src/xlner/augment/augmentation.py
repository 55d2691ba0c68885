"""What an augmentation is, and the ones there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from xlner.component import Part
from xlner.registry import Registry

if TYPE_CHECKING:
    from random import Random

    from xlner.core.types import Sentence

AUGMENTATIONS = Registry(
    "augmentations",
    {
        "entity-replacement": "xlner.augment.entities:EntityReplacement",
        "mention-dropout": "xlner.augment.entities:MentionDropout",
        "word-masking": "xlner.augment.noise:WordMasking",
        "lower-case": "xlner.augment.noise:LowerCase",
        "no-diacritics": "xlner.augment.noise:NoDiacritics",
        "typos": "xlner.augment.noise:Typos",
        "ocr-noise": "xlner.augment.noise:OcrNoise",
        "code-switching": "xlner.augment.code_switching:CodeSwitching",
        "longer-sentences": "xlner.augment.longer:LongerSentences",
        "back-translation": "xlner.augment.back_translation:BackTranslation",
    },
    one="augmentation",
)


class Augmentation(Part, ABC):
    """A way to change sentences. A new one writes `change`; entities and unknown words follow their words.

    Attributes:
        comes_first: it needs the sentences as they were, so no other may come before it.
        unknown: a word that the encoder reads as its unknown piece.
        name: under which it was chosen.
    """

    comes_first: ClassVar[bool] = False
    unknown: str = "<unk>"
    name: str = ""

    @property
    def keeps_words(self) -> bool:
        """Whether every word stays one word, so that labels of words are still right."""
        return True

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """See all sentences, before any is changed. Called again for other sentences, it keeps what it read of files.

        Args:
            sentences: labelled or not.

        Raises:
            DataError: a file that it reads cannot be used.
            UsageError: its options do not fit the sentences.
        """

    @abstractmethod
    def change(self, sentence: Sentence, rng: Random, index: int) -> Sentence:
        """One sentence changed; the sentence itself where there is nothing to change.

        Args:
            sentence: as earlier augmentations left it.
            rng: the only source of chance, made for this sentence and epoch.
            index: its place among the sentences that `prepare` saw.
        """

    def change_all(self, sentences: Sequence[Sentence], rng_of: Callable[[int], Random]) -> list[Sentence]:
        """All sentences changed, as a test set: each entity stays in one of them.

        Args:
            sentences: those that `prepare` saw, as earlier augmentations left them.
            rng_of: from a place to its source of chance.
        """
        return [self.change(s, rng_of(index), index) for index, s in enumerate(sentences)]

    def notes(self) -> list[str]:
        """What a user should know of the changes so far; a sentence each."""
        return []
