"""The recogniser in the real analyser, whose engine is an empty spaCy pipeline."""

from __future__ import annotations

import pytest

presidio = pytest.importorskip("presidio_analyzer")
spacy = pytest.importorskip("spacy")

from presidio_analyzer.nlp_engine import SpacyNlpEngine  # noqa: E402

from xlner.integrations.presidio import XlnerRecognizer  # noqa: E402
from xlner.tagger import Tagger  # noqa: E402


@pytest.fixture(scope="module")
def tagger(tiny_model):
    return Tagger.load(tiny_model, device="cpu")


def analyser(*recognisers):
    languages = sorted({r.supported_language for r in recognisers})
    engine = SpacyNlpEngine(models=[{"lang_code": x, "model_name": "none"} for x in languages])
    engine.nlp = {x: spacy.blank(x) for x in languages}
    registry = presidio.RecognizerRegistry(recognizers=list(recognisers), supported_languages=languages)
    return presidio.AnalyzerEngine(nlp_engine=engine, registry=registry, supported_languages=languages)


TEXT = "Hoy.  Dalia Chidi visita Cadova otra vez. Hana deja Berin."


def test_the_analyser_finds_names_under_its_own_types(tagger):
    engine = analyser(XlnerRecognizer(tagger, supported_language="es"), XlnerRecognizer(tagger))
    results = sorted(engine.analyze(TEXT, language="es"), key=lambda r: r.start)
    expected = {("Dalia Chidi", "PERSON"), ("Cadova", "LOCATION"), ("Hana", "PERSON"), ("Berin", "LOCATION")}
    assert {(TEXT[r.start : r.end], r.entity_type) for r in results} == expected
    assert all(0 < r.score <= 1 for r in results)
    assert results[0].recognition_metadata["recognizer_name"] == "xlner"
    assert engine.analyze(TEXT, language="en")
    assert set(engine.get_supported_entities("es")) == {"PERSON", "LOCATION"}


def test_wanted_types_and_least_scores_hold(tagger):
    engine = analyser(XlnerRecognizer(tagger, supported_language="es"))
    assert {r.entity_type for r in engine.analyze(TEXT, language="es", entities=["LOCATION"])} == {"LOCATION"}
    assert engine.analyze(TEXT, language="es", score_threshold=1.0) == []
    (explained, *_) = engine.analyze(TEXT, language="es", return_decision_process=True)
    assert explained.analysis_explanation.recognizer == "xlner"


def test_types_are_mapped_kept_or_removed(tagger):
    recogniser = XlnerRecognizer(tagger, mapping={"PER": "O"})
    assert recogniser.supported_entities == ["LOC"]
    assert {r.entity_type for r in recogniser.analyze(TEXT, [])} == {"LOC"}
    assert recogniser.analyze("", ["LOC"]) == []


def test_it_loads_from_a_folder(tiny_model):
    recogniser = XlnerRecognizer(tiny_model, supported_language="es", device="cpu")
    assert recogniser.is_loaded
    assert len(recogniser.analyze(TEXT, ["PERSON"])) == 2
