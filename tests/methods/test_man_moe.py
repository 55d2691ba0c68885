"""The mixture as a method: one plain tagger comes of it, and what is refused or said."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.methods.test_bitext import FAST, LABELS
from tests.toy import sentences
from transformers import AutoModelForTokenClassification

from xlner.core.run_folder import RunFolder
from xlner.errors import DataError, UsageError
from xlner.evaluate import score
from xlner.methods.man_moe import MANMoE
from xlner.methods.task import Source, Task

GOLD = sentences(60, "spa", seed=9)
RAW = [s.without_labels() for s in sentences(60, "spa", seed=5)]
ENGLISH = Source(language="eng", sentences=tuple(sentences(60)), name="1-en")
GERMAN = Source(language="deu", sentences=tuple(replace(s, language="deu") for s in sentences(40, seed=2)), name="2-de")


def task(*sources, raw=RAW, **more):
    return Task(sources=sources or (ENGLISH, GERMAN), target="spa", labels=LABELS, raw=lambda: iter(raw), **more)


@pytest.fixture
def quick(tiny_encoder):
    return MANMoE.Options(encoder=str(tiny_encoder), teacher=replace(FAST, batch_subwords=96), feature_size=32)


def fit(asked, options, folder):
    MANMoE.check(asked, options)
    return MANMoE.fit(asked, options, RunFolder(folder))


def test_a_plain_tagger_comes_of_two_languages(quick, tmp_path):
    made = fit(task(dev=tuple(sentences(10, seed=8))), quick, tmp_path)
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert made.notes == ("one expert for each of en, de",)
    made.model.save(tmp_path / "model")
    loaded = AutoModelForTokenClassification.from_pretrained(tmp_path / "model")
    assert not any(part in name for name in loaded.state_dict() for part in ("expert", "gate", "shared"))
    assert all(w.equal(loaded.state_dict()[n]) for n, w in made.model.model.state_dict().items())


def test_two_sources_of_one_language_share_an_expert(quick, tmp_path):
    other = replace(ENGLISH, name="2-en")
    assert fit(task(ENGLISH, other), quick, tmp_path).notes == ("one expert for each of en",)


def test_raw_text_beyond_the_first_sentences_is_said(quick, tmp_path):
    made = fit(task(), replace(quick, raw_sentences=50), tmp_path)
    assert made.notes[1] == "the first 50 sentences of the raw text were learnt from, 10 were not"


def test_models_and_empty_text_are_refused(quick, tmp_path):
    with pytest.raises(UsageError, match="source de is a model"):
        MANMoE.check(task(ENGLISH, Source(language="deu", model="x", name="2-de")), quick)
    with pytest.raises(UsageError, match=r"`teacher\.augment`"):
        MANMoE.check(task(), replace(quick, teacher=replace(FAST, augment="typos")))
    with pytest.raises(DataError, match="no sentences"):
        fit(task(raw=[]), quick, tmp_path)
