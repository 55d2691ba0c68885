"""Weights of source languages for sentences, out of a scorer that learned to tell the sources apart."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xlner.component import to_values
from xlner.core.types import Sentence
from xlner.errors import DataError, ModelError, OptionError
from xlner.similarity.scorer import ScorerOptions, Temperature
from xlner.similarity.texts import Texts
from xlner.similarity.vectors import SentenceEncoder

if TYPE_CHECKING:
    import torch

    from xlner.similarity.bilinear import BilinearScorers

MAX_TRAINING_SENTENCES = 2000


class LanguageIdSimilarity:
    """Weights of source languages for target sentences, learnt from raw source text alone.

    A low-rank bilinear scorer learns which source language a sentence is from, on features of a frozen encoder. What
    it then says of target sentences, flattened by the variance of its scores, is how much each source resembles them.

    The published features are mBERT's pooler output. The embedded encoder has no trained pooler, so the feature is
    the mean over the subword vectors of a middle layer, of the first subwords of the sentence (see `SentenceEncoder`),
    brought to mean 0 and variance 1 per dimension over the source sentences: mean vectors share a large common part,
    and the variance of the scores, by which they are divided, depends on the scale of the features.

    Args:
        languages: ISO 639-3 codes of the sources, in the order of all weights.
        scorer: one trained problem.
        mean: of the source features. Shape: (n_dimensions,), float32.
        spread: their standard deviation. Shape: (n_dimensions,), float32.
        encoder: makes features.
        options: how the scorer was trained.
        temperature: "var" divides scores by their variance, "std" by their standard deviation.

    Reference:
        Wu, Lin, Karlsson, Lou and Huang, "Single-/Multi-Source Cross-Lingual NER via Teacher-Student Learning on
        Unlabeled Data in Target Language", ACL 2020, section 3.2.

    Limits:
        Dividing by the variance makes a surer classifier give more even weights. Sources with more sentences than
        others count more in training, as published; `fit` takes at most as many of each as it is told.
    """

    def __init__(
        self,
        languages: Sequence[str],
        scorer: BilinearScorers,
        mean: np.ndarray,
        spread: np.ndarray,
        *,
        encoder: SentenceEncoder,
        options: ScorerOptions,
        temperature: Temperature = "var",
    ) -> None:
        if temperature not in ("var", "std"):
            raise OptionError("temperature", f"must be one of var, std, got '{temperature}'")
        self.languages = tuple(languages)
        self.scorer, self.mean, self.spread = scorer, mean, spread
        self.encoder, self.options, self.temperature = encoder, options, temperature

    @classmethod
    def fit(
        cls,
        sources: Mapping[str, Sequence[Sequence[str] | Sentence]],
        *,
        encoder: str | SentenceEncoder = "embedded",
        options: ScorerOptions | None = None,
        temperature: Temperature = "var",
        max_sentences: int = MAX_TRAINING_SENTENCES,
    ) -> LanguageIdSimilarity:
        """Learn to tell the sources apart.

        Args:
            sources: language -> sentences, as words or as `Sentence`; labels are not looked at. One source will do:
                it then has all the weight.
            encoder: "embedded", a folder, a hub id, or an encoder with settings of its own.
            options: see `ScorerOptions`; the same seed gives the same weights.
            temperature: "var" (published) or "std".
            max_sentences: of a language with more, so many are drawn.

        Raises:
            DataError: a source has no words.
        """
        import torch

        options = options or ScorerOptions()
        reader = encoder if isinstance(encoder, SentenceEncoder) else SentenceEncoder(encoder)
        texts = Texts(sources, encoder=reader)
        if max_sentences < 1:
            raise OptionError("max_sentences", f"must be at least 1, got {max_sentences}")
        rng = np.random.default_rng(options.seed)
        drawn = {code: _draw(texts.sentences(code), max_sentences, rng) for code in texts.languages}
        vectors = [reader.vectors(items) for items in drawn.values()]
        known = torch.ones((1, len(vectors)), dtype=torch.bool)
        scorer, mean, spread = _train(vectors, known, options)
        return cls(texts.languages, scorer, mean, spread, encoder=reader, options=options, temperature=temperature)

    def scores(self, sentences: Sequence[Sequence[str] | Sentence]) -> np.ndarray:
        """Scores `s(f(x), mu_k)` before any softmax. A sentence without words has zeros.

        Shape: (n_sentences, n_sources), float32.
        """
        import torch

        words = [tuple(s.words if isinstance(s, Sentence) else s) for s in sentences]
        full = [i for i, w in enumerate(words) if w]
        out = np.zeros((len(words), len(self.languages)), np.float32)
        if full:
            features = _scaled(self.encoder.vectors([words[i] for i in full]), self.mean, self.spread)
            with torch.inference_mode():
                out[full] = self.scorer(torch.from_numpy(features))[0].numpy()
        return out

    def scale(self, sentences: Sequence[Sequence[str] | Sentence]) -> float:
        """tau', what scores are multiplied with: 1 / the variance of all scores of these sentences."""
        return self._scale(self.scores([s for s in sentences if len(s)]))

    def sentence_weights(
        self, sentences: Sequence[Sequence[str] | Sentence], *, scale: float | None = None
    ) -> np.ndarray:
        """Weight of each source for each sentence: `softmax_k(tau' s(f(x), mu_k))`.

        Args:
            sentences: of the target language.
            scale: tau'; None reads it from these sentences. Give one from `scale` to weigh a large text in parts.

        Returns:
            Shape: (n_sentences, n_sources), float32, rows sum to 1; even for a sentence without words.
        """
        scores = self.scores(sentences)
        full = np.array([len(s) > 0 for s in sentences], bool)
        return _softmax(scores * (self._scale(scores[full]) if scale is None else scale))

    def language_weights(self, target: Sequence[Sequence[str] | Sentence]) -> np.ndarray:
        """Weight of each source for the target language: the mean of `sentence_weights`.

        Raises:
            DataError: no sentence has words.

        Returns:
            Shape: (n_sources,), float32, sums to 1.
        """
        full = [s for s in target if len(s)]
        if not full:
            raise DataError("the target text has no words, so the sources cannot be weighed by it")
        return self.sentence_weights(full).mean(0)

    def save(self, folder: str | Path) -> None:
        """Write `language_id.safetensors` and `language_id.json`."""
        from safetensors.numpy import save_file

        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        weights = {key: value.detach().numpy().copy() for key, value in self.scorer.state_dict().items()}
        save_file({**weights, "mean": self.mean, "spread": self.spread}, path / "language_id.safetensors")
        record = {
            "languages": list(self.languages),
            "encoder": self.encoder.encoder,
            "layer": self.encoder.layer,
            "excerpt": self.encoder.excerpt,
            "temperature": self.temperature,
            "options": {f.name: to_values(self.options)[f.name] for f in fields(ScorerOptions)},
        }
        (path / "language_id.json").write_text(json.dumps(record, indent=2) + "\n", "utf-8")

    @classmethod
    def load(cls, folder: str | Path, *, device: str | None = None) -> LanguageIdSimilarity:
        """What `save` wrote.

        Raises:
            ModelError: the files are not there or do not fit each other.
        """
        import torch
        from safetensors.numpy import load_file

        from xlner.similarity.bilinear import BilinearScorers

        path = Path(folder)
        try:
            record = json.loads((path / "language_id.json").read_text("utf-8"))
            weights = load_file(path / "language_id.safetensors")
            mean, spread = weights.pop("mean"), weights.pop("spread")
            options = ScorerOptions(**record["options"])
            known = torch.ones((1, len(record["languages"])), dtype=torch.bool)
            start = torch.zeros((len(record["languages"]), len(mean)))
            scorer = BilinearScorers(start, known, options.rank, options.seed)
            scorer.load_state_dict({key: torch.from_numpy(value) for key, value in weights.items()})
        except (OSError, ValueError, KeyError, TypeError, RuntimeError) as error:
            raise ModelError(f"{path} holds no saved language-id similarity: {error}") from error
        encoder = SentenceEncoder(record["encoder"], layer=record["layer"], device=device, excerpt=record["excerpt"])
        return cls(
            record["languages"], scorer.eval(), mean, spread, encoder=encoder, options=options,
            temperature=record["temperature"],
        )  # fmt: skip

    def _scale(self, scores: np.ndarray) -> float:
        spread = float(scores.var(ddof=1)) if scores.size > 1 else 0.0
        if spread < 1e-12:
            return 1.0
        return 1 / spread if self.temperature == "var" else spread**-0.5


def weights_of_others(
    vectors: Sequence[np.ndarray], options: ScorerOptions, *, temperature: Temperature, max_sentences: int
) -> np.ndarray:
    """Each language in turn as the target of all others, by scorers that are trained side by side.

    Args:
        vectors: of the sentences of each language. Shapes: (n_sentences, n_dimensions), float32.
        options: of the training.
        temperature: as in `LanguageIdSimilarity`.
        max_sentences: so many of each language are learned from; all are weighed.

    Returns:
        Column t has the weights of all others for language t, which sum to 1; NaN on the diagonal. Shape:
        (n_languages, n_languages), float64.
    """
    import torch

    n = len(vectors)
    values = np.full((n, n), np.nan)
    known = ~torch.eye(n, dtype=torch.bool)
    rng = np.random.default_rng(options.seed)
    drawn = [_draw(v, max_sentences, rng) for v in vectors]
    scorers, mean, spread = _train(drawn, known, options)
    for t, cloud in enumerate(vectors):
        others = [s for s in range(n) if s != t]
        with torch.inference_mode():
            scores = scorers.of_problem(t, torch.from_numpy(_scaled(cloud, mean, spread)))[:, others].numpy()
        divisor = scores.var(ddof=1) if temperature == "var" else scores.std(ddof=1)
        values[others, t] = _softmax(scores / max(float(divisor), 1e-12)).mean(0)
    return values


def _train(
    vectors: Sequence[np.ndarray], known: torch.Tensor, options: ScorerOptions
) -> tuple[BilinearScorers, np.ndarray, np.ndarray]:
    import torch

    from xlner.similarity.bilinear import train_scorers

    joined = np.concatenate(vectors)
    mean, spread = joined.mean(0), joined.std(0)
    labels = torch.from_numpy(np.repeat(np.arange(len(vectors)), [len(v) for v in vectors]))
    return train_scorers(torch.from_numpy(_scaled(joined, mean, spread)), labels, known, options), mean, spread


def _scaled(vectors: np.ndarray, mean: np.ndarray, spread: np.ndarray) -> np.ndarray:
    return ((vectors - mean) / np.maximum(spread, 1e-6)).astype(np.float32)


def _softmax(scores: np.ndarray) -> np.ndarray:
    e: np.ndarray = np.exp(scores - scores.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def _draw(items: Any, most: int, rng: np.random.Generator) -> Any:
    """At most so many items of a list, or rows of an array, in their order."""
    if len(items) <= most:
        return items
    chosen = np.sort(rng.choice(len(items), most, replace=False))
    return items[chosen] if isinstance(items, np.ndarray) else [items[i] for i in chosen]
