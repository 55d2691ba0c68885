"""Single measures against what their definitions give."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from scipy.spatial.distance import cdist, pdist

from xlner.errors import MissingExtraError
from xlner.similarity import SentenceEncoder, SimilarityMatrix, Texts, uriel
from xlner.similarity.clouds import laplacian_spectrum, linear_cka, retrieved
from xlner.similarity.embedding import MeanDiscrepancy
from xlner.similarity.lexical import Fertility, NgramDivergence, SharedCapitalised, jensen_shannon, overlap
from xlner.similarity.scripts import script_shares
from xlner.similarity.typology import Genetic, Phonological
from xlner.similarity.uriel import angular_distance


def test_overlap_and_divergence():
    p, q = {"a": 0.5, "b": 0.5}, {"b": 0.25, "c": 0.75}
    assert overlap(p, q) == 0.25
    middle = {"a": 0.25, "b": 0.375, "c": 0.375}
    kl = [sum(s * np.log2(s / middle[x]) for x, s in side.items()) for side in (p, q)]
    assert jensen_shannon(p, q) == pytest.approx(sum(kl) / 2)
    assert jensen_shannon(p, p) == 0
    assert jensen_shannon(p, {"z": 1.0}) == 1


def test_cka_ignores_rotation_and_scale():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(50, 8))
    turn, _ = np.linalg.qr(rng.normal(size=(8, 8)))
    assert linear_cka(x, 3 * x @ turn + 5) == pytest.approx(1)
    assert linear_cka(x, rng.normal(size=(50, 8))) < 0.4


@pytest.fixture
def clouds(monkeypatch):
    """Vectors of sentences of three languages: those of Spanish are those of English, moved by 0.2 along each axis."""
    rng = np.random.default_rng(0)
    english = rng.normal(size=(20, 3)).astype(np.float32)
    made = {"eng": english, "spa": english + np.float32(0.2), "deu": rng.normal(2, 1, (20, 3)).astype(np.float32)}
    monkeypatch.setattr(Texts, "vectors", lambda self, code: made[code])
    return made


CLOUDS = Texts({"en": [["a"]], "es": [["b"]], "de": [["c"]]})


def test_the_mean_discrepancy_is_that_of_a_kernel_of_the_median_width(clouds):
    width = np.median(pdist(np.concatenate(list(clouds.values()))))

    def mean(a, b):
        return np.exp(-cdist(clouds[a], clouds[b], "sqeuclidean") / (2 * width**2)).mean()

    found = MeanDiscrepancy().matrix(CLOUDS)
    for a, b in (("eng", "spa"), ("eng", "deu"), ("spa", "deu")):
        assert found.value(a, b) == pytest.approx((mean(a, a) + mean(b, b) - 2 * mean(a, b)) ** 0.5, rel=1e-3)


def test_the_mean_discrepancy_of_the_linear_kernel_is_the_distance_of_the_means(clouds):
    assert MeanDiscrepancy(kernel="linear").matrix(CLOUDS).value("eng", "spa") == pytest.approx(0.2 * 3**0.5, rel=1e-3)


def test_the_spectrum_of_a_complete_graph():
    found = laplacian_spectrum(np.random.default_rng(0).normal(size=(8, 3)), 10)
    assert found == pytest.approx([0, *[8 / 7] * 7], abs=1e-9)


def test_a_sentence_is_retrieved_if_it_is_the_nearest():
    x = np.eye(4)
    assert (retrieved(x, 3 * x), retrieved(x, x[[1, 0, 2, 3]])) == (1.0, 0.5)


def test_angles_are_between_features_that_are_known_of_both():
    u, v, w = np.array([1.0, 0, np.nan]), np.array([1.0, 1, 5]), np.array([0.0, 1, 7])
    assert [angular_distance(u, x) for x in (u, v, w)] == pytest.approx([0, 0.5, 1])
    x = np.array([0.1, 0.7, 0.3])  # its cosine with itself is a little less than 1
    assert [angular_distance(y, y) for y in (x, 3 * x, x / 7)] == [0, 0, 0]


def test_capitals_count_inside_sentences_only():
    texts = Texts({"en": [["Ana", "saw", "Arcol", "and", "Dorsk"]], "es": [["Ana", "vio", "Arcol"]], "zh": [["東京"]]})
    matrix = SharedCapitalised().matrix(texts)
    assert matrix.value("spa", "eng") == 0.5
    assert matrix.value("eng", "spa") == 1
    assert "capitalised" in matrix.missing["eng", "zho"]


def test_unknown_subwords_make_nothing_alike(tiny_encoder):
    encoder = SentenceEncoder(str(tiny_encoder))
    assert not any("unk" in piece.lower() for piece in encoder.subwords([["Ana", "\u07ca\u07cb"]]))


def test_the_size_of_a_signed_measure_is_drawn():
    values = np.array([[np.nan, 1.0, 3.0], [-1.0, np.nan, 2.0], [-3.0, -2.0, np.nan]])
    distances = SimilarityMatrix("lexical:fertility", ("eng", "spa", "deu"), values, False).distances()
    assert distances[0, 2] > distances[1, 2] > distances[0, 1]


def test_fertility_counts_subwords_per_word(monkeypatch):
    cut = {"eng": {"▁a": 4, "▁b": 2, "1": 9}, "spa": {"▁a": 6, "x": 6, "!": 1}, "zho": {"。": 2}}
    monkeypatch.setattr(Texts, "subwords", lambda self, code: Counter(cut[code]))
    texts = Texts({"en": [["aa", "b", "1"]] * 3, "es": [["aax", "bx", "!"]] * 3, "zh": [["。"]]})
    matrix = Fertility().matrix(texts)
    assert matrix.value("eng", "spa") == 1  # 12 of 6 words against 6 of 6
    assert matrix.value("spa", "eng") == -1
    assert np.isnan(matrix.value("eng", "eng"))
    assert matrix.missing["spa", "zho"] == "no letters in the text of zh"


def test_scripts():
    assert script_shares([["東京", "に", "x", "1", "👋🏽"]]) == {"Han": 0.5, "Hiragana": 0.25, "Latin": 0.25}
    assert script_shares([["1", "!"]]) == {}
    texts = Texts({"en": [["a"]], "ja": [["1"]]})
    assert "no letters" in NgramDivergence().matrix(texts).missing["eng", "jpn"]


def test_weights_and_ranking_of_a_matrix():
    values = np.array([[0, 1, 3], [1, 0, 2], [3, 2, 0.0]])
    matrix = SimilarityMatrix("m", ("eng", "spa", "deu"), values, False)
    assert [s for s, _ in matrix.ranking("eng")] == ["spa", "deu"]
    weights = matrix.weights("eng", ["deu", "spa"])
    assert weights[1] > weights[0]
    assert matrix.weights("eng", ["deu"]).tolist() == [1.0]


def test_weights_are_the_softmax_of_the_column_of_the_target():
    values = np.array([[np.nan, 1.0, 5.0], [2.0, np.nan, 3.0], [4.0, 0.5, np.nan]])
    matrix = SimilarityMatrix("m", ("eng", "spa", "deu"), values, True)
    known = values[np.isfinite(values)]
    z = (np.array([2.0, 4.0]) - known.mean()) / known.std() / 2
    assert matrix.weights("eng", ["spa", "deu"], temperature=2.0) == pytest.approx(np.exp(z) / np.exp(z).sum())


def test_typology_says_why_it_has_nothing(monkeypatch):
    pytest.importorskip("urielplus")
    texts = Texts({"en": [], "de": [], "fon": []})
    matrix = Phonological().matrix(texts)
    assert matrix.value("eng", "deu") > 0
    assert "Fon" in matrix.missing["eng", "fon"]
    assert Genetic().matrix(texts).value("eng", "deu") < Genetic().matrix(texts).value("eng", "fon")
    uriel.features.cache_clear()
    monkeypatch.setattr(uriel, "PACKAGE", "no-such-package")
    with pytest.raises(MissingExtraError, match=r"xlner\[typology\]"):
        Genetic().matrix(texts)


def test_pictures(tmp_path):
    pytest.importorskip("matplotlib")
    from xlner.similarity.plots import dendrogram, heatmap

    for n in (1, 2, 5):
        values = np.abs(np.subtract.outer(np.arange(n), np.arange(n))).astype(float)
        if n == 5:
            values[0, 3] = values[3, 0] = np.nan
        matrix = SimilarityMatrix("m", ("eng", "spa", "deu", "swa", "zho")[:n], values, False)
        for draw in (heatmap, dendrogram):
            assert draw(matrix, tmp_path / f"{n}.png").read_bytes().startswith(b"\x89PNG")
