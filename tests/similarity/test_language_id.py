"""Weights of sources from the learned language similarity."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.toy import sentences

from xlner.errors import DataError, ModelError
from xlner.similarity import SentenceEncoder, Texts
from xlner.similarity.bilinear import train_scorers
from xlner.similarity.language_id import LanguageId
from xlner.similarity.language_id_model import LanguageIdSimilarity
from xlner.similarity.scorer import ScorerOptions

OPTIONS = ScorerOptions(learning_rate=1e-2, min_steps=200)


@pytest.fixture(scope="module")
def encoder(tiny_encoder):
    return SentenceEncoder(str(tiny_encoder), layer=1, precision="fp32")


@pytest.fixture(scope="module")
def fitted(encoder):
    return LanguageIdSimilarity.fit({"en": sentences(60), "es": sentences(60, "spa")}, encoder=encoder, options=OPTIONS)


def test_a_target_like_one_source_gives_it_more_weight(fitted):
    weights = fitted.language_weights(sentences(50, "spa", seed=4))
    assert fitted.languages == ("eng", "spa")
    assert weights.shape == (2,)
    assert weights.sum() == pytest.approx(1, abs=1e-5)
    assert weights[1] > 0.5


def test_as_a_measure_it_prefers_the_source_that_a_target_is_like(encoder):
    texts = {"en": sentences(60), "es": sentences(60, "spa"), "pt": sentences(60, "spa", seed=4)}
    made = LanguageId(learning_rate=1e-2, min_steps=200).matrix(Texts(texts, encoder=encoder))
    assert made.value("spa", "por") > 0.55
    assert made.value("spa", "por") + made.value("eng", "por") == pytest.approx(1)


def test_gamma_pushes_language_vectors_apart():
    torch.manual_seed(0)
    features, labels = torch.randn(90, 6), torch.arange(3).repeat(30)
    known = torch.ones(1, 3, dtype=torch.bool)

    def apart(gamma):
        options = ScorerOptions(gamma=gamma, learning_rate=1e-2, min_steps=100)
        return train_scorers(features, labels, known, options).apart().item()

    assert apart(1.0) < 0.5 * apart(0.0)


@pytest.mark.parametrize(("temperature", "scale"), [("var", 3 / 20), ("std", (3 / 20) ** 0.5)])
def test_scores_are_divided_by_their_spread(encoder, monkeypatch, temperature, scale):
    monkeypatch.setattr(LanguageIdSimilarity, "scores", lambda self, _: np.array([[0.0, 2.0], [4.0, 6.0]]))
    made = LanguageIdSimilarity(("eng", "spa"), None, None, None, encoder=encoder, options=OPTIONS,
                                temperature=temperature)  # fmt: skip
    assert made.scale([["Ana"], ["Boris"]]) == pytest.approx(scale)


def test_weights_are_the_softmax_of_scores_over_their_variance(fitted):
    target = sentences(30, "spa", seed=4)
    scores = fitted.scores(target).astype(np.float64)
    e = np.exp(scores / scores.var(ddof=1))
    expected = e / e.sum(1, keepdims=True)
    np.testing.assert_allclose(fitted.sentence_weights(target), expected, rtol=1e-4)
    np.testing.assert_allclose(fitted.language_weights(target), expected.mean(0), rtol=1e-4)


def test_a_large_text_can_be_weighed_in_parts(fitted):
    target = sentences(30, "spa", seed=4)
    scale = fitted.scale(target)
    parts = [fitted.sentence_weights(target[i : i + 10], scale=scale) for i in range(0, 30, 10)]
    np.testing.assert_allclose(np.concatenate(parts), fitted.sentence_weights(target), rtol=1e-3)


def test_one_source_has_all_the_weight(encoder):
    alone = LanguageIdSimilarity.fit({"en": sentences(5)}, encoder=encoder, options=OPTIONS)
    np.testing.assert_allclose(alone.language_weights([["Ana"]]), [1.0])


def test_empty_sentences_and_an_empty_target(fitted):
    np.testing.assert_allclose(fitted.sentence_weights([[], ["Ana", "visita"]])[0], [0.5, 0.5])
    with pytest.raises(DataError, match="no words"):
        fitted.language_weights([[]])
    with pytest.raises(DataError, match="no text of"):
        LanguageIdSimilarity.fit({"en": [[]]})


def test_saved_and_loaded_it_says_the_same(fitted, tmp_path):
    target = sentences(20, "spa", seed=8)
    fitted.save(tmp_path)
    np.testing.assert_allclose(
        LanguageIdSimilarity.load(tmp_path).language_weights(target), fitted.language_weights(target), atol=1e-2
    )
    with pytest.raises(ModelError, match="no saved language-id"):
        LanguageIdSimilarity.load(tmp_path / "other")


def test_the_seed_decides(fitted, encoder):
    again = LanguageIdSimilarity.fit(
        {"en": sentences(60), "es": sentences(60, "spa")}, encoder=encoder, options=OPTIONS
    )
    target = sentences(20, "spa", seed=8)
    np.testing.assert_array_equal(again.language_weights(target), fitted.language_weights(target))
