"""Text that went through another language and back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from xlner.augment.augmentation import Augmentation
from xlner.augment.rewriting import rewritten
from xlner.component import REQUIRED, option, options
from xlner.core.types import Span
from xlner.translate import DEFAULT_TRANSLATOR

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random

    from xlner.core.types import Sentence


class BackTranslation(Augmentation):
    """The text between entities in other words, by a translator, through another language and back.

    Entities stay word for word, so labels need no aligner; a sentence without entities goes through as a whole. All
    pieces of text are translated once, before anything is changed, and again after a kill; of several processes the
    main one does it. A piece without a good translation stays as it was, and is counted.

    Reference:
        Yaseen & Langer, "Data Augmentation for Low-Resource Named Entity Recognition Using Backtranslation", 2021.
    """

    comes_first = True

    @options
    class Options:
        """Through which language, and how."""

        through: str = option(REQUIRED, "Language that the text goes through, such as de.")
        translator: str | dict[str, Any] = option(
            DEFAULT_TRANSLATOR, "A name, or a mapping of name and options such as {name: hf, model: ...}."
        )
        shortest: int = option(3, "Pieces of fewer words stay.", ge=1, unit="words")
        language: str | None = option(None, "Language of sentences that do not tell theirs.")

    @property
    def keeps_words(self) -> bool:
        """False: there are other words."""
        return False

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """Translate all pieces there and back.

        Raises:
            UsageError: the translator has no such pair of languages, or a sentence does not tell its language.
            XlnerError: the translator does not work.
        """
        from xlner.core.languages import iso3
        from xlner.errors import UsageError
        from xlner.train.processes import from_main

        default = None if self.options.language is None else iso3(self.options.language)
        pieces: dict[str, dict[str, None]] = {}
        for s in sentences:
            for start, end in self._pieces(s):
                language = s.language or default
                if language is None:
                    raise UsageError("back-translation: the sentences do not tell their language; say its `language`")
                pieces.setdefault(language, {})[_text(s, start, end)] = None
        self._default = default
        self._back: dict[tuple[str, str], tuple[str, ...]] = from_main(
            lambda: {key: words for code, texts in pieces.items() for key, words in self._there_and_back(code, texts)}
        )
        self._asked = sum(map(len, pieces.values()))

    def _there_and_back(
        self, language: str, pieces: Iterable[str]
    ) -> Iterator[tuple[tuple[str, str], tuple[str, ...]]]:
        """Language and text of each piece that has a good translation, with the words that it became."""
        from xlner.data import split_words

        texts = list(pieces)
        there = self._lines(texts, language, self.options.through)
        good = [(text, line) for text, line in zip(texts, there, strict=True) if line]
        back = self._lines([line for _, line in good], self.options.through, language)
        for (text, _), line in zip(good, back, strict=True):
            if words := tuple(line[a:b] for a, b in split_words(line, language)):
                yield (language, text), words

    def _lines(self, texts: Sequence[str], source: str, target: str) -> list[str]:
        from xlner.core.languages import iso3
        from xlner.translate import TRANSLATORS
        from xlner.translate.cache import Cache
        from xlner.translate.lines import Tally, translate_lines

        said = self.options.translator
        name, values = (said, {}) if isinstance(said, str) else (str(said.get("name", "")), dict(said))
        values.pop("name", None)
        engine = TRANSLATORS.build(name, values)
        engine.languages(source, target)
        engine.expect(len(texts))
        return list(translate_lines(texts, engine, Cache(None, {}), Tally(), language=iso3(source), split=False))

    def _pieces(self, sentence: Sentence) -> Iterator[tuple[int, int]]:
        """The ranges of words between entities and unknown words that are long enough."""
        edges = sorted([*((s.start, s.end) for s in sentence.spans), *sentence.missing])
        start = 0
        for first, last in [*edges, (len(sentence), len(sentence))]:
            if first - start >= self.options.shortest:
                yield start, first
            start = last

    def change(self, sentence: Sentence, rng: Random, index: int) -> Sentence:
        """The same in other words. See `Augmentation.change`."""
        words: list[Sequence[str]] = [(w,) for w in sentence.words]
        for start, end in self._pieces(sentence):
            language = sentence.language or self._default or ""
            if new := self._back.get((language, _text(sentence, start, end))):
                words[start:end] = [new, *[()] * (end - start - 1)]
        return rewritten(sentence, words)

    def notes(self) -> list[str]:
        """How many pieces stayed."""
        left = self._asked - len(self._back)
        return [f"back-translation: {left} of {self._asked} pieces of text have no good translation"] if left else []


def _text(sentence: Sentence, start: int, end: int) -> str:
    """A piece as it stands in the text of the sentence, on one line."""
    return " ".join(sentence.surface(Span(start, end, "")).split())
