"""The models of `hf`, run by CTranslate2."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Literal

from xlner.component import REQUIRED, option, options
from xlner.errors import MissingExtraError
from xlner.translate.hf_codes import own_codes
from xlner.translate.translator import BaseTranslator

if TYPE_CHECKING:
    from xlner.translate.ctranslate2_model import ConvertedModel


class CTranslate2(BaseTranslator):
    """A translation model of transformers, run by CTranslate2, which is faster than torch on processors.

    The model (NLLB, M2M100, mBART-50, Marian or MADLAD) is converted with the first use; the conversion is kept in the
    cache folder of xlner. Numbers of 8 bits can change a translation here and there.

    Reference:
        Klein et al. 2020, "The OpenNMT Neural Machine Translation Toolkit", AMTA (CTranslate2 is its engine).
    """

    called: ClassVar[str] = "this model"

    @options
    class Options:
        model: str = option(REQUIRED, "Folder or hub id of the model, such as facebook/nllb-200-distilled-600M.")
        codes: tuple[str, ...] = option(
            (), "The model's own code of a language, where it has several for one, such as tw=twi_Latn or zh=zho_Hant."
        )
        beams: int = option(4, "Width of the beam search; 1 is greedy and faster.", ge=1, le=64)
        quantisation: Literal["int8", "float32", "float16"] = option("int8", "Of the weights in the conversion.")
        batch_subwords: int = option(4096, "Padded subwords per batch.", ge=1, unit="subwords", decides=False)
        device: Literal["auto", "cpu", "cuda"] = option("auto", "What runs it.", decides=False)
        threads: int = option(0, "Threads of one batch; 0 leaves it to CTranslate2.", ge=0, decides=False)

        def __post_init__(self) -> None:
            own_codes(self.codes)

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which. See `Translator.languages`.

        Raises:
            MissingExtraError: the package ctranslate2 is not installed.
            ModelError: the model cannot be loaded or converted, or is no translation model.
        """
        super().languages(source, target)
        self._model().languages(source, target, self.options.codes)

    def version(self) -> str:
        """Of the package and the weights."""
        from importlib.metadata import version

        return f"{version('ctranslate2')} {self._model().version}"

    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence; "" for one that does not come to an end."""
        texts, endless = self._model().translate(sentences)
        self.failed.update(endless)
        return texts

    def _model(self) -> ConvertedModel:
        if "_loaded" not in self.__dict__:
            if find_spec("ctranslate2") is None:
                raise MissingExtraError("the translator ctranslate2", extra="ctranslate2")
            from xlner.translate.ctranslate2_model import ConvertedModel

            o = self.options
            self._loaded = ConvertedModel(
                o.model, beams=o.beams, batch_subwords=o.batch_subwords, quantisation=o.quantisation, device=o.device,
                threads=o.threads,
            )  # fmt: skip
        return self._loaded
