"""What two languages share in writing: subwords, letter sequences, capitalised words, and how words fall to pieces."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, ClassVar

from xlner.component import Part, option, options
from xlner.core.languages import bcp47
from xlner.similarity.pairs import symmetric

if TYPE_CHECKING:
    from xlner.similarity.matrix import SimilarityMatrix
    from xlner.similarity.texts import Texts


class SubwordOverlap(Part):
    """How much of two texts is made of the same subwords of the encoder's tokenizer, by frequency.

    `sum_w min(p(w), q(w))` over subwords with a letter in them: 1 for equal frequencies, 0 for nothing in common.
    Frequencies, not types, so that texts of different size can be compared; punctuation and digits, which all languages
    share, do not count.

    Reference:
        Wu and Dredze, "Beto, Bentz, Becas", EMNLP 2019, section 4.6, who count types.
    """

    higher_is_closer = True
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [0, 1]; no value for a language without letters."""
        shares = {code: _shares(_with_letters(texts.subwords(code))) for code in texts.languages}

        def compare(a: str, b: str) -> float | str:
            return _unwritten(a, b, shares) or overlap(shares[a], shares[b])

        return symmetric("lexical:subwords", texts.languages, compare, higher_is_closer=True)


class NgramDivergence(Part):
    """Jensen-Shannon divergence between frequencies of character n-grams of words.

    Words are lower-cased and bounded by spaces; words without a letter are left out. In bits, so 0 for equal
    frequencies and 1 for nothing in common.

    Reference:
        Lin, "Divergence Measures Based on the Shannon Entropy", IEEE Transactions on Information Theory, 1991.
    """

    higher_is_closer = False
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    @options
    class Options:
        """What is counted."""

        n: int = option(3, "Length of the n-grams.", ge=1, unit="characters")

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Symmetric, in [0, 1]; no value for a language without letters."""
        shares = {code: _shares(self._ngrams(texts.sentences(code))) for code in texts.languages}

        def compare(a: str, b: str) -> float | str:
            return _unwritten(a, b, shares) or jensen_shannon(shares[a], shares[b])

        return symmetric("lexical:ngrams", texts.languages, compare, higher_is_closer=False, of_itself=0.0)

    def _ngrams(self, sentences: Iterable[tuple[str, ...]]) -> Counter[str]:
        counts: Counter[str] = Counter()
        n = self.options.n
        for word, times in _with_letters(Counter(w for s in sentences for w in s)).items():
            bounded = f" {word.lower()} "
            for i in range(max(1, len(bounded) - n + 1)):
                counts[bounded[i : i + n]] += times
        return counts


class SharedCapitalised(Part):
    """Share of the target's capitalised words that occur, so written, in the source's text too.

    Names travel between languages as they are, so this asks how many of the target's names the source may have shown a
    tagger. The first word of a sentence does not count, nor do words of one letter.

    Limits:
        Grows with the size of the source's text; give each language about as many sentences. Languages that
        capitalise common nouns, such as German, have more to find. Nothing can be said of scripts without capitals.
    """

    higher_is_closer = True
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Not symmetric, in [0, 1]; no value for a target without capitals."""
        import numpy as np

        from xlner.similarity.matrix import SimilarityMatrix

        languages = texts.languages
        capitalised = {code: _capitalised(texts.sentences(code)) for code in languages}
        values, missing = np.full((len(languages), len(languages)), np.nan), {}
        for j, target in enumerate(languages):
            total = capitalised[target].total()
            for i, source in enumerate(languages):
                if not total:
                    missing[source, target] = f"no capitalised words in the text of {bcp47(target)}"
                    continue
                values[i, j] = sum(n for w, n in capitalised[target].items() if w in capitalised[source]) / total
        return SimilarityMatrix("lexical:capitalised", languages, values, True, missing)


class Fertility(Part):
    """How much finer the encoder's tokenizer cuts the words of the target than those of the source, in bits.

    `log2(f(target) / f(source))`, where f is subwords with a letter per word with a letter. The tokenizer was learnt
    from much text of some languages and little of others: words of the latter fall into small pieces.

    Reference:
        Rust et al., "How Good is Your Tokenizer?", ACL 2021, section 3.2, for fertility.
    """

    higher_is_closer = False
    needs: ClassVar[frozenset[str]] = frozenset({"text"})

    def matrix(self, texts: Texts) -> SimilarityMatrix:
        """Of opposite sign in the other direction; no value for a language with itself, or without letters."""
        import numpy as np

        from xlner.similarity.matrix import SimilarityMatrix

        languages = texts.languages
        fertilities = np.array([self._fertility(texts, code) for code in languages])
        values = np.log2(fertilities[None, :]) - np.log2(fertilities[:, None])
        np.fill_diagonal(values, np.nan)
        bare = [code for code, value in zip(languages, fertilities, strict=True) if np.isnan(value)]
        missing = {
            pair: f"no letters in the text of {bcp47(code)}"
            for code in bare for other in languages for pair in ((code, other), (other, code))
        }  # fmt: skip
        return SimilarityMatrix("lexical:fertility", languages, values, False, missing)

    @staticmethod
    def _fertility(texts: Texts, code: str) -> float:
        words = _with_letters(Counter(w for s in texts.sentences(code) for w in s)).total()
        subwords = _with_letters(texts.subwords(code)).total()
        return subwords / words if words and subwords else float("nan")


def overlap(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    """`sum_x min(p(x), q(x))`. In [0, 1]."""
    small, large = (p, q) if len(p) < len(q) else (q, p)
    return min(1.0, sum(min(share, large[x]) for x, share in small.items() if x in large))


def jensen_shannon(p: Mapping[str, float], q: Mapping[str, float]) -> float:
    """Jensen-Shannon divergence in bits. In [0, 1]."""
    import numpy as np

    # What only one side has adds half of its share; only what both have needs logarithms.
    shared = [x for x in p if x in q]
    a, b = (np.array([side[x] for x in shared]) for side in (p, q))
    middle = (a + b) / 2
    inside = float((a * np.log2(a / middle) + b * np.log2(b / middle)).sum()) if shared else 0.0
    return min(1.0, max(0.0, (inside + (1 - a.sum()) + (1 - b.sum())) / 2))


def _capitalised(sentences: Iterable[tuple[str, ...]]) -> Counter[str]:
    return Counter(w for s in sentences for w in s[1:] if len(w) > 1 and w[0].isupper())


def _with_letters(counts: Counter[str]) -> Counter[str]:
    return Counter({w: n for w, n in counts.items() if any(c.isalpha() for c in w)})


def _shares(counts: Counter[str]) -> dict[str, float]:
    total = counts.total()
    return {w: n / total for w, n in counts.items()}


def _unwritten(a: str, b: str, shares: Mapping[str, Mapping[str, float]]) -> str:
    return next((f"no letters in the text of {bcp47(code)}" for code in (b, a) if not shares[code]), "")
