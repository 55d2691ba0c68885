"""Words of another language, by a dictionary."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from xlner.augment.augmentation import Augmentation
from xlner.augment.rewriting import rewritten
from xlner.component import REQUIRED, option, options

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from random import Random

    from xlner.core.types import Sentence
    from xlner.translate.translator import LinkedTranslation

_SOME, _OTHER = "zxx", "mul"  # ISO 639-3: languages that a file does not tell


class CodeSwitching(Augmentation):
    """Some words in another language, by dictionaries; with dictionaries of several languages each word in one of them.

    Words are looked up as the translator `lexicon` does it, also in small letters and without their endings. Entities
    stay, and so do capitalised words inside a sentence that have no entry of their own.

    A dictionary is a file that this translator reads. Where its name tells a pair of languages, such as en-es.txt, it
    is for sentences of either of them.

    Reference:
        Qin et al., IJCAI 2020 (CoSDA-ML).
    """

    @options
    class Options:
        """Which words, and in which languages."""

        dictionary: tuple[str, ...] = option(REQUIRED, "Files of dictionaries: head and translation, a line each.")
        rate: float = option(0.3, "Share of the words that have a translation.", gt=0, le=1)
        entities: bool = option(False, "Words of entities too.")
        one_word: bool = option(False, "Only translations of one word by one, so that every word stays one word.")
        choice: Literal["first", "static"] = option(
            "first", "Among several translations: first of the file, or by votes and subword vectors."
        )
        language: str | None = option(None, "Language of sentences that do not tell theirs.")

    @property
    def keeps_words(self) -> bool:
        """Whether every word stays one word."""
        return bool(self.options.one_word)

    def prepare(self, sentences: Sequence[Sentence]) -> None:
        """Read the dictionaries.

        Raises:
            DataError: a file is no dictionary.
            UsageError: the dictionaries are of other languages than all sentences.
        """
        from xlner.core.languages import bcp47, iso3
        from xlner.errors import UsageError
        from xlner.translate.dictionary import pair_of

        self._default = None if self.options.language is None else iso3(self.options.language)
        languages = {s.language or self._default for s in sentences}
        pairs = {path: pair_of(path) for path in self.options.dictionary}
        self._lexicons: dict[str | None, list[Any]] = self.__dict__.get("_lexicons", {})
        for language in languages - self._lexicons.keys():
            others: dict[tuple[str, str], list[str]] = {}
            for path, named in pairs.items():
                if named is None:
                    others.setdefault((language or _SOME, _OTHER), []).append(path)
                elif language is None or language in named:
                    pair = named[::-1] if language == named[1] else named
                    others.setdefault(pair, []).append(path)
            self._lexicons[language] = [self._lexicon(files, pair) for pair, files in others.items()]
        if languages and not any(self._lexicons[language] for language in languages):
            codes = ", ".join(sorted(bcp47(x) for x in languages if x))
            files = ", ".join(self.options.dictionary)
            raise UsageError(f"code-switching: no dictionary of {files} is of the language of the sentences, {codes}")

    def _lexicon(self, files: Sequence[str], pair: tuple[str, str]) -> Any:
        from xlner.translate.lexicon import Lexicon

        lexicon = Lexicon(dictionary=tuple(files), choice=self.options.choice)
        lexicon.languages(*pair)
        return lexicon

    def change(self, sentence: Sentence, rng: Random, index: int) -> Sentence:
        """Some words translated. See `Augmentation.change`."""
        lexicons = self._lexicons.get(sentence.language or self._default, [])
        if not lexicons:
            return sentence
        protected = [] if self.options.entities else [(s.start, s.end) for s in sentence.spans]
        edges = {edge for s in sentence.spans for edge in (s.start, s.end)}
        found = [lexicon.translate_words([sentence.words], protected=[protected])[0] for lexicon in lexicons]
        words: list[Sequence[str]] = [(w,) for w in sentence.words]
        free = [True] * len(words)
        groups = [group for linked in found for group in _groups(linked)]
        rng.shuffle(groups)  # languages take turns
        for start, end, new in groups:
            if new == sentence.words[start:end] or not all(free[start:end]):
                continue
            if any(start < edge < end for edge in edges) or (self.keeps_words and (end - start, len(new)) != (1, 1)):
                continue
            free[start:end] = [False] * (end - start)
            if rng.random() < self.options.rate:
                words[start:end] = [new, *[()] * (end - start - 1)]
        return rewritten(sentence, words)


def _groups(linked: LinkedTranslation) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    """Words that were translated together: first, behind the last, and what they became."""
    sources: dict[int, list[int]] = {}
    for source, target in linked.links:
        sources.setdefault(target, []).append(source)
    groups: dict[tuple[int, int], list[str]] = {}
    for target, word in enumerate(linked.words):
        groups.setdefault((min(sources[target]), max(sources[target]) + 1), []).append(word)
    for (start, end), words in groups.items():
        yield start, end, tuple(words)
