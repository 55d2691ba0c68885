"""What every similarity measure promises, in-tree or not."""

from __future__ import annotations

import numpy as np
import pytest
from tests.toy import sentences

from xlner.errors import UsageError
from xlner.similarity import SIMILARITIES, SentenceEncoder, Texts, expand

ODD = {
    "zh": [["阿納", "去", "東京", "。"], ["她", "很", "高興"]],
    "ar": [["مرحبا", "👋🏽"], ["أنا", "في", "القاهرة"]],
    "sw": [["Ana"]],
    "ja": [["👋🏽", "123", "!"], ["\u200b"]],
}


@pytest.fixture(params=SIMILARITIES.names())
def measure(request: pytest.FixtureRequest):
    if request.param.startswith("typology:"):
        pytest.importorskip("urielplus")
    return request.param, SIMILARITIES.load(request.param)()


@pytest.fixture
def texts(tiny_encoder):
    english, spanish = ([s.words for s in sentences(40, code)] for code in ("eng", "spa"))
    mixed = [a if i % 2 else b for i, (a, b) in enumerate(zip(english, spanish, strict=True))]
    given = {"en": english, "es": spanish, "de": mixed}
    encoder = SentenceEncoder(str(tiny_encoder), layer=1, precision="fp32")
    return Texts(given, bitext=[{"en": [*english, []], "es": [*spanish, ["x"]]}], encoder=encoder)


@pytest.fixture
def odd(tiny_encoder):
    return Texts(ODD, encoder=SentenceEncoder(str(tiny_encoder), layer=1, precision="fp32"))


class TestSimilarity:
    def test_a_value_or_a_reason_for_each_pair(self, measure, texts, odd):
        name, made = measure
        assert made.needs in ("text", "bitext", "codes")
        for given in (texts, odd):
            matrix = made.matrix(given)
            assert matrix.measure == name
            assert matrix.languages == given.languages
            assert matrix.higher_is_closer is made.higher_is_closer
            for source in given.languages:
                for target in given.languages:
                    empty = np.isnan(matrix.value(source, target))
                    if source != target:
                        assert empty == ((source, target) in matrix.missing)
            assert all(matrix.missing.values())
            assert not np.isinf(matrix.values).any()

    def test_the_same_call_gives_the_same(self, measure, texts):
        _, made = measure
        np.testing.assert_array_equal(made.matrix(texts).values, made.matrix(texts).values)

    def test_a_language_is_nearest_to_itself(self, measure, texts):
        matrix = measure[1].matrix(texts)
        sign = 1 if matrix.higher_is_closer else -1
        for own, column in zip(np.diag(matrix.values), matrix.closeness().T, strict=True):
            others = column[np.isfinite(column)]
            if np.isfinite(own) and len(others):
                assert sign * own >= others.max() - 1e-6

    def test_one_language(self, measure, tiny_encoder):
        alone = Texts({"en": [["Ana"]]}, encoder=SentenceEncoder(str(tiny_encoder), layer=1, precision="fp32"))
        assert measure[1].matrix(alone).values.shape == (1, 1)

    def test_the_matrix_can_be_ordered_and_written(self, measure, texts):
        matrix = measure[1].matrix(texts)
        assert sorted(matrix.order()) == [0, 1, 2]
        assert matrix.to_csv().startswith("source,en,es,de\n")
        assert len(matrix.as_dict()["matrix"]) == 3
        assert matrix.weights("eng", ["spa", "deu"]).sum() == pytest.approx(1)


def test_groups_and_wrong_names():
    assert expand(["lexical", "lexical:script"]) == [n for n in SIMILARITIES.names() if n.startswith("lexical:")]
    assert expand(["all"]) == SIMILARITIES.names()
    with pytest.raises(UsageError, match="embedding:mmd"):
        expand(["nearness"])
