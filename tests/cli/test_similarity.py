"""xlner similarity through the command line, on texts of a few lines."""

from __future__ import annotations

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from tests.quick_model import make_model
from tests.toy import overriding, sentences, write_conll, write_text

from xlner.api.similarity import similarity
from xlner.cli import main
from xlner.similarity import uriel
from xlner.similarity.transferability import TransferPredictor, Transfers


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("texts")
    write_text(folder / "en.txt", sentences(30))
    write_conll(folder / "es.conll", sentences(30, "spa"))
    write_text(folder / "es.txt", sentences(30, "spa"))
    (folder / "zh.txt").write_text("阿納去東京。\n她很高興。\n", "utf-8")
    (folder / "empty.txt").write_text("\n\n", "utf-8")
    return folder


@pytest.fixture
def run(files, tiny_encoder, capsys):
    def go(*words, code=0, languages=("en=en.txt", "es=es.conll", "zh=zh.txt")):
        reader = [] if "typology" in str(words) else ["--encoder", str(tiny_encoder), "--layer", "1"]
        given = [w for item in languages for w in ("--language", item.replace("=", f"={files}/"))]
        with pytest.raises(SystemExit) as stopped:
            main(["similarity", *given, *reader, *map(str, words)])
        assert (stopped.value.code or 0) == code
        return capsys.readouterr()

    return go


def test_tables_of_the_cheap_measures(run):
    told = run()
    for word in ("lexical:subwords", "lexical:ngrams", "lower is closer", "Spanish (es)", "Chinese (zh)"):
        assert word in told.out
    assert "embedding" not in told.out


def test_json_is_one_object(run):
    made = json.loads(run("--json", "--measure", "lexical:script", "--measure", "embedding:centroid").out)
    assert made["languages"] == ["en", "es", "zh"]
    assert made["inputs"]["es"]["sentences"] == 30
    script = made["measures"]["lexical:script"]
    assert script["higher_is_closer"]
    assert script["matrix"][0][1] == pytest.approx(1)
    assert script["matrix"][0][2] == pytest.approx(0)
    assert list(made["measures"]) == ["lexical:script", "embedding:centroid"]


def test_the_folder_holds_what_was_printed(run, tmp_path):
    pytest.importorskip("matplotlib")
    made = json.loads(run("--json", "--measure", "lexical:ngrams", "--output", tmp_path / "out").out)
    assert json.loads((tmp_path / "out" / "similarity.json").read_text("utf-8")) == made
    folder = tmp_path / "out" / "lexical-ngrams"
    assert {p.name for p in folder.iterdir()} == {"matrix.csv", "heatmap.png", "dendrogram.png"}
    rows = list(csv.reader((folder / "matrix.csv").open(encoding="utf-8")))
    assert rows[0] == ["source", "en", "es", "zh"]
    assert float(rows[1][2]) == pytest.approx(made["measures"]["lexical:ngrams"]["matrix"][0][1], rel=1e-5)


def test_bitext(run, files):
    pair = f"en={files}/en.txt,es={files}/es.txt"
    made = json.loads(run("--json", "--measure", "embedding:retrieval", "--bitext", pair).out)
    retrieval = made["measures"]["embedding:retrieval"]
    assert 0 <= retrieval["matrix"][0][1] <= 1
    assert retrieval["matrix"][0][2] is None
    assert {"en", "zh"} in [{m["source"], m["target"]} for m in retrieval["missing"]]


def test_labels_and_format_do_not_matter(files):
    found = [
        similarity({"en": files / "en.txt", "es": files / f}, measures=["lexical:ngrams"])
        for f in ("es.conll", "es.txt")
    ]
    assert found[0].matrices["lexical:ngrams"].value("eng", "spa") == found[1].matrices["lexical:ngrams"].value(
        "eng", "spa"
    )


@pytest.mark.parametrize(
    ("words", "languages", "code", "message"),
    [
        (["--measure", "embedding:cka"], ("en=en.txt", "es=es.txt"), 2, "--bitext en=FILE,es=FILE"),
        (["--measure", "nearness"], ("en=en.txt", "es=es.txt"), 2, "no measure 'nearness'"),
        ([], ("en=en.txt", "es"), 2, "give --language es=FILE"),
        ([], ("en=en.txt",), 2, "two or more"),
        ([], ("en=en.txt", "eng=es.txt"), 2, "twice"),
        ([], ("en=en.txt", "xx-nothing=es.txt"), 2, "no language code"),
        (["--max-sentences", "0"], ("en=en.txt", "es=es.txt"), 2, "--max-sentences"),
        ([], ("en=en.txt", "es=empty.txt"), 1, "empty.txt"),
        ([], ("en=en.txt", "es=absent.txt"), 1, "absent.txt"),
    ],
)
def test_mistakes(run, words, languages, code, message):
    error = run(*words, code=code, languages=languages).err
    assert message in error
    assert "Traceback" not in error


def test_bitext_that_does_not_fit(run, files):
    for pair, code, message in (
        (f"en={files}/en.txt,es={files}/zh.txt", 1, "has 2 sentences, but"),
        (f"en={files}/en.txt", 2, "two or more"),
        (f"en={files}/en.txt,de={files}/es.txt", 2, "add --language de"),
    ):
        assert message in run("--measure", "embedding:cka", "--bitext", pair, code=code).err


def test_bitext_that_nothing_reads(run, files):
    told = run("--measure", "lexical", "--bitext", f"en={files}/en.txt,es={files}/es.txt", code=2).err
    assert "none is asked for" in told


def test_typology_needs_codes_only_and_says_what_to_install(run, monkeypatch):
    monkeypatch.setattr(uriel, "PACKAGE", "no-such-package")
    uriel.features.cache_clear()
    error = run("--measure", "typology:genetic", code=1, languages=("en", "es")).err
    assert "pip install 'xlner[typology]'" in error


@pytest.mark.parametrize(
    "option", [("--encoder", "x"), ("--layer", "3"), ("--max-sentences", "9"), ("--device", "cpu")]
)
def test_options_about_text_are_refused_where_only_codes_are_read(run, option):
    error = run("--measure", "typology", *option, code=2, languages=("en", "es")).err
    assert f"{option[0]} has no effect here" in error


def test_without_matplotlib_the_numbers_are_written_all_the_same(run, tmp_path, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    told = run("--measure", "lexical:script", "--output", tmp_path)
    assert "xlner[plots]" in told.err
    assert (tmp_path / "similarity.json").is_file()
    assert (tmp_path / "lexical-script" / "matrix.csv").is_file()


@pytest.fixture
def predictor(files, tiny_encoder, tmp_path):
    texts = {"en": files / "en.txt", "es": files / "es.txt", "zh": files / "zh.txt"}
    settings = {"encoder": str(tiny_encoder), "layer": 1, "max_sentences": 20}
    made = similarity(texts, measures=["lexical:ngrams", "embedding:centroid"], **settings)
    codes = ("eng", "spa", "zho")
    far = made.matrices["lexical:ngrams"]
    f1 = {(s, t): max(0.0, 0.9 - far.value(s, t)) for s in codes for t in codes if s != t}
    fitted = TransferPredictor.fit(Transfers.of(made.matrices, f1), penalty=0.01)
    return replace(fitted, settings=settings, about="toys", error={"width90": 5.0, "mean_abs_error": 2.0}).save(
        tmp_path / "p.json"
    )


def recommend(capsys, files, *words, code=0):
    with pytest.raises(SystemExit) as stopped:
        main(["similarity", "--recommend", *overriding(["--target", f"pt={files}/es.txt"], [*map(str, words)])])
    assert (stopped.value.code or 0) == code
    return capsys.readouterr()


def test_the_nearest_source_is_recommended_with_f1_interval_and_reasons(files, predictor, capsys):
    languages = ["--language", f"zh={files}/zh.txt", "--language", f"es={files}/es.conll", "--predictor", predictor]
    told = recommend(capsys, files, *languages)
    assert told.out.index("Spanish (es)") < told.out.index("Chinese (zh)")
    assert "lexical:ngrams lifts it by" in " ".join(told.out.split())
    assert "off by 2.0 points" in told.err
    made = json.loads(recommend(capsys, files, *languages, "--json").out)
    assert made["target"] == "pt"
    first = made["recommendations"][0]
    assert first["source"] == "es"
    assert first["low"] < first["f1"] <= first["high"] <= 1


def test_a_model_says_how_hard_the_target_is(files, predictor, tiny_encoder, tmp_path, capsys, monkeypatch):
    plain = TransferPredictor.load(predictor)
    hard = {"eng": 0.1, "spa": 0.9, "zho": 0.2}
    known = plain.fitted_on.select(["lexical:ngrams"])
    table = replace(known, f1=np.array([hard[t] for t in known.targets])).with_measure("estimate", hard)
    fitted = replace(TransferPredictor.fit(table, penalty=0.01), settings=plain.settings, about="toys")
    monkeypatch.setattr("xlner.api.similarity.SHIPPED_WITH_MODEL", fitted.save(tmp_path / "m.json"))
    model = make_model(tmp_path / "model", tiny_encoder)
    blind = make_model(tmp_path / "blind", tiny_encoder, outside=99)
    languages = ["--language", f"zh={files}/zh.txt", "--language", f"es={files}/es.conll"]
    seen = json.loads(recommend(capsys, files, *languages, "--model", model, "--json").out)
    found = json.loads(recommend(capsys, files, *languages, "--model", blind, "--json").out)
    assert "found no PER, ORG, LOC in" in found["notes"][0]
    assert "estimate says nothing of this pair and counts as average" in found["recommendations"][0]["reasons"]
    assert (found["estimate"], 0 < seen["estimate"] < 1) == (None, True)
    # The table says that a target of which a model expects much gets more F1 from everywhere.
    more = [one["f1"] for one in seen["recommendations"]] > [one["f1"] for one in found["recommendations"]]
    assert more == (seen["estimate"] > np.mean([0.1, 0.9, 0.2]))
    renamed = model / "config.json"
    renamed.write_text(renamed.read_text().replace("-PER", "-PERSON").replace("-LOC", "-GPE"))
    assert "speaks of PER, ORG, LOC" in recommend(capsys, files, *languages, "--model", model, code=2).err
    told = recommend(capsys, files, *languages, "--model", model, "--predictor", predictor, code=2)
    assert "the predictor looks at no model, and one was given" in told.err
    told = recommend(capsys, files, *languages, "--predictor", tmp_path / "m.json", code=2)
    assert "give it as --model" in told.err


def test_a_target_that_the_predictor_has_seen_is_said(files, predictor, capsys):
    languages = ["--language", f"es={files}/es.conll", "--predictor", predictor]
    assert "fitted on" not in recommend(capsys, files, *languages).err
    told = recommend(capsys, files, *languages, "--target", f"zh={files}/zh.txt")
    assert "note: Chinese (zh) is among the languages that the predictor was fitted on" in told.err
    made = json.loads(recommend(capsys, files, *languages, "--target", f"zh={files}/zh.txt", "--json").out)
    assert "Chinese (zh) is among" in made["notes"][-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "--language"),
        (("--language", "pt=x.txt"), "both the target and a source"),
        (("--language", "es=x.txt", "--measure", "lexical"), "--measure has no say"),
        (("--language", "es=x.txt", "--layer", "0"), "--layer has no say"),
        (("--language", "es=x.txt", "--max-sentences", "9"), "--max-sentences has no say"),
        (("--language", "es=x.txt", "--predictor", "none.json"), "none.json holds no predictor"),
    ],
)
def test_what_cannot_be_recommended_is_said(files, capsys, words, message):
    assert message in recommend(capsys, files, *words, code=2 if "predictor" not in message else 1).err


def test_a_target_alone_is_an_error(run):
    assert "--recommend" in run("--target", "pt=x.txt", code=2).err
