"""Fusion as a method: what a tagger of single sentences learns, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.methods.test_bitext import FAST, LABELS, in_spanish
from tests.toy import sentences

from xlner.core.run_folder import RunFolder
from xlner.errors import UsageError
from xlner.evaluate import score
from xlner.methods.filter import Filter
from xlner.methods.task import Source, Task

GOLD = sentences(60, "spa", seed=9)
TEXT = sentences(80)


def task(*sources):
    source = Source(language="eng", sentences=tuple(TEXT), name="1-en")
    translations = {"1-en": lambda: (in_spanish(s).without_labels() for s in TEXT)}
    return Task(sources=sources or (source,), target="spa", labels=LABELS, translations=translations)


@pytest.fixture
def quick(tiny_encoder):
    aligner = {"name": "layers", "encoder": str(tiny_encoder)}
    return Filter.Options(encoder=str(tiny_encoder), teacher=replace(FAST, batch_subwords=64), aligner=aligner)


def fit(asked, options, folder):
    Filter.check(asked, options)
    return Filter.fit(asked, options, RunFolder(folder))


@pytest.mark.parametrize("learn_projected", [True, False])
def test_single_sentences_are_tagged_in_the_end(quick, tmp_path, learn_projected):
    """Without projected labels the soft labels of pairs alone teach translations."""
    quick = quick if learn_projected else replace(quick, learn_projected=False, aligner="layers")
    made = fit(task(), quick, tmp_path)
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > (0.9 if learn_projected else 0.6)
    assert made.notes[-1] == "fusion: 80 sentence pairs are learnt from"
    lines = [json.loads(x) for x in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert any({"tags", "fused", "self"} <= line.keys() for line in lines)


def test_models_and_options_without_effect_are_refused(quick):
    with pytest.raises(UsageError, match="source en is a model"):
        Filter.check(task(Source(language="eng", model="x", name="1-en")), quick)
    idle = {"co_teaching": 0.1, "read_target": True, "source_floor": 0.1, "student_layers": 1, "teacher_seeds": 2}
    for name, value in idle.items():
        with pytest.raises(UsageError, match=name):
            Filter.check(task(), replace(quick, **{name: value}))
    with pytest.raises(UsageError, match=r"`teacher\.augment`"):
        Filter.check(task(), replace(quick, teacher=replace(FAST, augment="typos")))
