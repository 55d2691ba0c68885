"""Changes of entities: other names of the same type, and names that cannot be read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from xlner.augment.augmentation import Augmentation
from xlner.augment.rewriting import rewritten
from xlner.component import option, options

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from xlner.core.types import Sentence

Name = tuple[str, ...]


class EntityReplacement(Augmentation):
    """Another name of the same type in the place of an entity, from the corpus or from a gazetteer.

    The names of the corpus are all that it labels, each once however often it stands there. Raw text has no entities,
    so it stays.

    Reference:
        Dai & Adel, COLING 2020 (mention replacement).
    """

    @options
    class Options:
        """Which names, and how many entities."""

        rate: float = option(0.5, "Share of entities.", gt=0, le=1)
        gazetteer: str | None = option(
            None, "File of names, a line TYPE<TAB>NAME each; by default the names of the labelled sentences."
        )
        same_length: bool = option(False, "Only names of as many words, so that every word stays one word.")

    @property
    def keeps_words(self) -> bool:
        """Whether every word stays one word."""
        return bool(self.options.same_length)

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """Collect names by type.

        Raises:
            DataError: the gazetteer has a line of another form, or no name.
        """
        names: dict[str, dict[Name, None]] = {}
        if self.options.gazetteer is not None:
            from xlner.augment.gazetteer import read_gazetteer

            pairs = read_gazetteer(self.options.gazetteer)
        else:
            pairs = [(x.label, s.words[x.start : x.end]) for s in sentences for x in s.spans]
        for label, name in pairs:
            names.setdefault(label, {})[name] = None
        self._names: dict[tuple[str, int], list[Name]] = {}
        for label, of_type in names.items():
            for name in of_type:
                for length in (0, len(name)):  # 0 stands for any
                    self._names.setdefault((label, length), []).append(name)
        self._types = {s.label for sentence in sentences for s in sentence.spans} - names.keys()

    def change(self, sentence: Sentence, rng: Random, index: int) -> Sentence:
        """Other names. See `Augmentation.change`."""
        words: list[Sequence[str]] = [(w,) for w in sentence.words]
        for span in sentence.spans:
            length = span.end - span.start if self.options.same_length else 0
            names = self._names.get((span.label, length), ())
            if rng.random() < self.options.rate and names:
                name = rng.choice(names)
                words[span.start : span.end] = _spread(name, span.end - span.start)
        return rewritten(sentence, words)

    def notes(self) -> list[str]:
        """The types of which there is no name."""
        if not self._types:
            return []
        return [f"{self.options.gazetteer} has no {', '.join(sorted(self._types))}; such entities stayed as they were"]


def _spread(name: Name, length: int) -> list[Sequence[str]]:
    """The words of a name in `length` groups: one by one, or all in the first where their number is another."""
    return [(w,) for w in name] if len(name) == length else [name, *[()] * (length - 1)]


class MentionDropout(Augmentation):
    """The words of some entities become unknown, or are left out, so that a model reads what stands around them.

    In files that are written an unknown word is "<unk>"; in training it is whatever the encoder calls its unknown
    piece. Raw text has no entities, so it stays.

    Reference:
        Peng et al., EMNLP 2020 (masked mentions in relation extraction).
    """

    @options
    class Options:
        """What happens, and to how many entities."""

        rate: float = option(0.3, "Share of entities.", gt=0, le=1)
        how: Literal["mask", "drop"] = option(
            "mask", "mask makes all words of an entity unknown; drop leaves out all of its words but one."
        )

    @property
    def keeps_words(self) -> bool:
        """Whether every word stays one word."""
        return str(self.options.how) == "mask"

    def change(self, sentence: Sentence, rng: Random, index: int) -> Sentence:
        """Fewer names. See `Augmentation.change`."""
        words: list[Sequence[str]] = [(w,) for w in sentence.words]
        for span in sentence.spans:
            if rng.random() >= self.options.rate:
                continue
            stays = rng.randrange(span.start, span.end)
            for i in range(span.start, span.end):
                if self.keeps_words:
                    words[i] = (self.unknown,)
                elif i != stays:
                    words[i] = ()
        return rewritten(sentence, words)
