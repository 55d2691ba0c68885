"""Sequence-to-sequence models of transformers: NLLB, M2M100, mBART-50, Marian (OPUS-MT), MADLAD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, Literal

from xlner.component import REQUIRED, option, options
from xlner.errors import UsageError
from xlner.translate.hf_codes import own_codes
from xlner.translate.translator import BaseTranslator

if TYPE_CHECKING:
    from xlner.translate.hf_model import Model


class HFTranslator(BaseTranslator):
    """A translation model of transformers: NLLB, M2M100, mBART-50, Marian (OPUS-MT) or MADLAD.

    The model says which languages it has. Sentences of like length share a batch, and none is cut: one that is longer
    than the model takes goes through in parts. The weights of NLLB may not be used commercially.

    Reference:
        NLLB Team 2022, "No Language Left Behind"; Fan et al. 2021, "Beyond English-Centric Multilingual Machine
        Translation" (M2M100), JMLR 22; Tiedemann and Thottingal 2020, "OPUS-MT", EAMT; Kudugunta et al. 2023,
        "MADLAD-400", NeurIPS.
    """

    called: ClassVar[str] = "this model"

    @options
    class Options:
        model: str = option(REQUIRED, "Folder or hub id of the model, such as facebook/nllb-200-distilled-600M.")
        codes: tuple[str, ...] = option(
            (), "The model's own code of a language, where it has several for one, such as tw=twi_Latn or zh=zho_Hant."
        )
        beams: int = option(4, "Width of the beam search; 1 is greedy and faster.", ge=1, le=64)
        batch_subwords: int = option(4096, "Padded subwords per batch.", ge=1, unit="subwords", decides=False)
        device: str | None = option(None, "cpu, cuda, ...; by default an accelerator if there is one.", decides=False)
        precision: Literal["auto", "fp32", "bf16"] = option("auto", "Of the numbers; auto takes bf16 where it pays.")

        def __post_init__(self) -> None:
            own_codes(self.codes)

    def languages(self, source: str, target: str) -> None:
        """Say from which language to which. See `Translator.languages`.

        Raises:
            ModelError: the model cannot be loaded, or is no translation model.
        """
        super().languages(source, target)
        self._model().languages(source, target, self.options.codes)

    def version(self) -> str:
        """Of the weights."""
        return self._model().version

    def translate_filled(self, sentences: Sequence[str]) -> list[str]:
        """One translation for each sentence; "" for one that does not come to an end."""
        if self.pair is None:
            raise UsageError("call languages(source, target) first")
        texts, endless = self._model().translate(sentences)
        self.failed.update(endless)
        return texts

    def _model(self) -> Model:
        if "_loaded_model" not in self.__dict__:
            from xlner.translate.hf_model import Model

            o = self.options
            self._loaded_model = Model(
                o.model, beams=o.beams, batch_subwords=o.batch_subwords, device=o.device, precision=o.precision
            )
        return self._loaded_model
