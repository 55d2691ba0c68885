"""How much a sentence looks like each source language, as a classifier of source languages sees it (TSL)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from xlner.component import Part, option, options
from xlner.similarity.scorer import ScorerOptions, Temperature

if TYPE_CHECKING:
    from xlner.core.types import Sentence
    from xlner.similarity.language_id_model import LanguageIdSimilarity
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts
    from xlner.similarity.vectors import SentenceEncoder


class LanguageId(Part):
    """How much of a language's sentences a classifier of the other languages takes for each of them.

    Each language is in turn the target of all others, weighed by `LanguageIdSimilarity`. Column t holds the weights of
    a transfer from all others to t and sums to 1. The scorers are trained side by side, each without its own target.

    Reference:
        Wu, Lin, Karlsson, Lou and Huang, "Single-/Multi-Source Cross-Lingual NER via Teacher-Student Learning on
        Unlabeled Data in Target Language", ACL 2020, section 3.2.
    """

    higher_is_closer = True
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    @options
    class Options(ScorerOptions):
        """Training of the scorers, and what their scores are divided by."""

        temperature: Temperature = option("var", "Scores are divided by their variance or standard deviation.")
        train_sentences: int = option(
            200, "Sentences of each language to learn from; all are weighed.", ge=1, unit="sentences"
        )

    def fitted(
        self, texts: Mapping[str, Sequence[Sentence]], *, encoder: SentenceEncoder, seed: int, max_sentences: int
    ) -> LanguageIdSimilarity:
        """What weighs languages for sentences. See `WeighsSentences`."""
        from xlner.similarity.language_id_model import LanguageIdSimilarity

        return LanguageIdSimilarity.fit(
            texts, encoder=encoder, options=replace(self.options, seed=seed), max_sentences=max_sentences,
            temperature=self.options.temperature,
        )  # fmt: skip

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Weights of sources (rows) for targets (columns)."""
        import numpy as np

        from xlner.similarity.language_id_model import weights_of_others
        from xlner.similarity.matrix import SimilarityMatrix

        languages, chosen = texts.languages, self.options
        vectors = [texts.vectors(code) for code in languages]
        if len(languages) < 3:
            why = "with fewer than three languages there is only one source to weigh"
            missing = {(a, b): why for a in languages for b in languages if a != b}
            values = np.full((len(languages), len(languages)), np.nan)
            return SimilarityMatrix("language-id", languages, values, True, missing)
        values = weights_of_others(
            vectors, chosen, temperature=chosen.temperature, max_sentences=chosen.train_sentences
        )
        return SimilarityMatrix("language-id", languages, values, True)
