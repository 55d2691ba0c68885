"""The extension point: what a similarity measure is, and which there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from xlner.errors import UsageError
from xlner.registry import Registry

if TYPE_CHECKING:
    import numpy as np

    from xlner.core.types import Sentence
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts
    from xlner.similarity.vectors import SentenceEncoder

SIMILARITIES = Registry(
    "similarities",
    {
        "language-id": "xlner.similarity.language_id:LanguageId",
        "embedding:centroid": "xlner.similarity.embedding:Centroid",
        "embedding:mmd": "xlner.similarity.embedding:MeanDiscrepancy",
        "embedding:isospectral": "xlner.similarity.spectrum:Isospectral",
        "embedding:cka": "xlner.similarity.parallel:KernelAlignment",
        "embedding:retrieval": "xlner.similarity.parallel:Retrieval",
        "typology:genetic": "xlner.similarity.typology:Genetic",
        "typology:geographic": "xlner.similarity.typology:Geographic",
        "typology:syntactic": "xlner.similarity.typology:Syntactic",
        "typology:phonological": "xlner.similarity.typology:Phonological",
        "typology:inventory": "xlner.similarity.typology:Inventory",
        "lexical:subwords": "xlner.similarity.lexical:SubwordOverlap",
        "lexical:ngrams": "xlner.similarity.lexical:NgramDivergence",
        "lexical:capitalised": "xlner.similarity.lexical:SharedCapitalised",
        "lexical:fertility": "xlner.similarity.lexical:Fertility",
        "lexical:script": "xlner.similarity.scripts:ScriptOverlap",
    },
    one="similarity",
)


class SentenceWeights(Protocol):
    """Weights of the languages that it was fitted on, for sentences of another language."""

    def scale(self, sentences: Sequence[Sentence], /) -> float:
        """What scores are multiplied by, from a sample of the other language."""
        ...

    def language_weights(self, sentences: Sequence[Sentence], /) -> np.ndarray:
        """Weights for all sentences together, summing to 1. Shape: (n_languages,)."""
        ...

    def sentence_weights(self, sentences: Sequence[Sentence], /, *, scale: float) -> np.ndarray:
        """Weights for each sentence. Shape: (n_sentences, n_languages)."""
        ...


@runtime_checkable
class WeighsSentences(Protocol):
    """A measure that can also weigh languages for single sentences, which it learns from text of those languages."""

    def fitted(
        self, texts: Mapping[str, Sequence[Sentence]], *, encoder: SentenceEncoder, seed: int, max_sentences: int
    ) -> SentenceWeights:
        """Learn the languages from their text.

        Args:
            texts: ISO 639-3 code -> sentences; the order is that of all weights.
            encoder: gives vectors of sentences.
            seed: of the learning.
            max_sentences: of each language.
        """
        ...


class Similarity(Protocol):
    """How near languages are to each other, by one view. Third parties use the entry points `xlner.similarities`.

    A measure is a part (see `xlner.component`): a class that is made with its `Options`.

    Attributes:
        options: what it was made with.
        needs: what it looks at: "text" of each language, "bitext" of each pair, or language "codes" alone.
    """

    needs: ClassVar[frozenset[str]]
    options: Any

    def __init__(self, options: Any = None, /, **values: Any) -> None: ...

    @property
    def higher_is_closer(self) -> bool:
        """Whether a greater value means nearer languages (a similarity) or farther ones (a distance)."""
        ...

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Compare all languages of `texts`, in their order.

        What cannot be said is NaN, with a reason per pair. The same call gives the same values. A language is nearest
        to itself, or has NaN there.
        """
        ...


def expand(names: Sequence[str]) -> list[str]:
    """Names of measures, where "all" and groups such as "lexical" stand for their members, each once.

    Raises:
        UsageError: there is no such measure or group.
    """
    known = SIMILARITIES.names()
    out: list[str] = []
    for name in names:
        members = known if name == "all" else [n for n in known if n == name or n.startswith(f"{name}:")]
        if not members:
            groups = dict.fromkeys(n.partition(":")[0] for n in known if ":" in n)
            raise UsageError(f"no measure '{name}'; there are: {', '.join(['all', *groups, *known])}")
        out += [m for m in members if m not in out]
    return out
