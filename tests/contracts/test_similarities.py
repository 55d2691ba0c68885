"""What every similarity measure promises, in-tree or not."""

from __future__ import annotations

import json

import numpy as np
import pytest
import yaml
from tests.toy import sentences, write_text

from xlner.api.similarity import similarity
from xlner.cli import main
from xlner.component import to_values
from xlner.errors import DataError, OptionError, UsageError
from xlner.similarity import SIMILARITIES, SentenceEncoder, SimilarityMatrix, Texts, expand

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
    return request.param, SIMILARITIES.build(request.param)


def options_of_all():
    return [
        pytest.param(n, f, id=f"{n}.{f.name}") for n in SIMILARITIES.names() for f in SIMILARITIES.describe(n).fields
    ]


def another(field):
    """A value that is not the default and may stand."""
    if field.choices:
        return next(c for c in field.choices if c != field.default)
    return not field.default if isinstance(field.default, bool) else field.default * 2 + 1


def beyond(field):
    """A value that may not stand."""
    if field.choices or isinstance(field.default, bool):
        return "sideways"
    return field.bounds["ge"] - 1 if "ge" in field.bounds else field.bounds["gt"]


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


@pytest.fixture
def files(tmp_path):
    for code, name in (("eng", "en"), ("spa", "es")):
        write_text(tmp_path / f"{name}.txt", sentences(3, code))
    return {name: tmp_path / f"{name}.txt" for name in ("en", "es")}


def pairs(name, files):
    return [files] if "bitext" in SIMILARITIES.load(name).needs else []


def command(capsys, files, name, option, code=0):
    words = [w for c, path in files.items() for w in ("--language", f"{c}={path}")]
    for pair in pairs(name, files):
        words += ["--bitext", ",".join(f"{c}={path}" for c, path in pair.items())]
    with pytest.raises(SystemExit) as stopped:
        main(["similarity", *words, "--measure", name, "--option", option, "--json"])
    assert (stopped.value.code or 0) == code
    return capsys.readouterr()


def blank(name, texts):
    n = len(texts.languages)
    return SimilarityMatrix(name, texts.languages, np.zeros((n, n)), True)


class TestSimilarity:
    def test_a_value_or_a_reason_for_each_pair(self, measure, texts, odd):
        name, made = measure
        assert made.needs
        assert made.needs <= {"text", "bitext", "codes"}
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


class TestOptions:
    @pytest.mark.parametrize("name", SIMILARITIES.names())
    def test_it_says_what_it_is(self, name):
        told = SIMILARITIES.describe(name)
        assert told.summary.endswith(".")
        assert told.summary != name
        assert all(f.help and not f.required for f in told.fields)
        assert all(f.bounds or f.choices or isinstance(f.default, bool) for f in told.fields)

    @pytest.mark.parametrize(("name", "field"), options_of_all())
    def test_python_yaml_and_flag_give_the_same(self, name, field, files, capsys, monkeypatch):
        value = another(field)
        wanted = {**to_values(SIMILARITIES.build(name).options), field.name: value}
        kind = SIMILARITIES.load(name)
        assert to_values(kind(**{field.name: value}).options) == wanted
        assert to_values(kind(kind.Options(**{field.name: value})).options) == wanted
        read = yaml.safe_load(yaml.safe_dump({field.name.replace("_", "-"): value}))
        assert to_values(SIMILARITIES.build(name, read).options) == wanted
        monkeypatch.setattr(kind, "matrix", lambda self, texts: blank(name, texts))
        flag = f"{name}.{field.name.replace('_', '-')}={yaml.safe_dump(value).split(chr(10))[0]}"
        told = json.loads(command(capsys, files, name, flag).out)
        assert told["options"] == {name: wanted}
        result = similarity(files, measures=[name], options={name: {field.name: value}}, bitext=pairs(name, files))
        assert result.as_dict()["options"] == {name: wanted}

    @pytest.mark.parametrize(("name", "field"), options_of_all())
    def test_what_cannot_be_is_refused_in_plain_words(self, name, field, files, capsys):
        with pytest.raises(OptionError, match=f"`{field.name}` must be"):
            SIMILARITIES.build(name, {field.name: beyond(field)})
        told = command(capsys, files, name, f"{name}.{field.name}={beyond(field)}", code=2).err
        assert f"--option {name}.{field.name} must be" in told
        assert "pydantic" not in told

    @pytest.mark.parametrize("name", SIMILARITIES.names())
    def test_an_option_that_it_does_not_have(self, name, files, capsys):
        told = command(capsys, files, name, f"{name}.nearness=3", code=2).err
        assert f"the similarity {name} has no option 'nearness'; it has" in told

    @pytest.mark.parametrize(
        ("option", "message"),
        [
            ("embedding:mmd.kernel=linear", "--option embedding:mmd is for a measure that is not asked for"),
            ("nearness.n=3", "--option nearness is for a measure that is not asked for; there are:"),
            ("n=3", "--option wants MEASURE.KEY=VALUE"),
            ("lexical:ngrams.n", "--option wants MEASURE.KEY=VALUE"),
        ],
    )
    def test_an_option_of_nothing(self, option, message, files, capsys):
        assert message in command(capsys, files, "lexical:ngrams", option, code=2).err


@pytest.mark.parametrize("name", SIMILARITIES.names())
def test_a_language_without_text(name, tiny_encoder):
    if name.startswith("typology:"):
        pytest.importorskip("urielplus")
    given = Texts({"en": [["Ana"]], "es": [[]]}, encoder=SentenceEncoder(str(tiny_encoder), layer=1, precision="fp32"))
    if "text" in SIMILARITIES.load(name).needs:
        with pytest.raises(DataError, match="there is no text of Spanish"):
            SIMILARITIES.build(name).matrix(given)
    else:
        assert SIMILARITIES.build(name).matrix(given).values.shape == (2, 2)


def test_groups_and_wrong_names():
    assert expand(["lexical", "lexical:script"]) == [n for n in SIMILARITIES.names() if n.startswith("lexical:")]
    assert expand(["all"]) == SIMILARITIES.names()
    with pytest.raises(UsageError, match="embedding:mmd"):
        expand(["nearness"])
