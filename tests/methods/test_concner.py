"""Contrastive teachers: their data, what each part does, what is refused, and what a run says."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.methods.test_bitext import FAST, LABELS, bitext, in_spanish
from tests.toy import sentences

from xlner.core.run_folder import RunFolder
from xlner.errors import OptionError, UsageError
from xlner.evaluate import score
from xlner.methods.concner import ConCNER, _lesson
from xlner.methods.paired import raw_pairs, taught_pairs
from xlner.methods.projected import SentencePairs, write_projected
from xlner.methods.task import Source, Task
from xlner.tagger import Tagger
from xlner.train.contrastive import Contrasts

GOLD = sentences(60, "spa", seed=9)
TEXT = sentences(60)
RAW = [s.without_labels() for s in sentences(60, "spa", seed=5)]


@pytest.fixture(scope="module")
def quick(tiny_encoder):
    aligner = {"name": "layers", "encoder": str(tiny_encoder)}
    return ConCNER.Options(encoder=str(tiny_encoder), teacher=FAST, student=FAST, aligner=aligner)


def task(*, translated=True, sources=None, **more):
    source = Source(language="eng", sentences=tuple(TEXT), name="1-en")
    if translated:
        more["translations"] = {"1-en": lambda: (in_spanish(s).without_labels() for s in TEXT)}
    return Task(sources=sources or (source,), target="spa", labels=LABELS, raw=lambda: iter(RAW), **more)


def fit(asked, options, folder):
    ConCNER.check(asked, options)
    folder.mkdir(parents=True, exist_ok=True)
    return ConCNER.fit(asked, options, RunFolder(folder))


def parts_of_loss(folder):
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    return {k for line in lines for k in line} & {"tags", "sentences", "words"}


def test_a_contrastive_teacher_is_distilled(quick, tmp_path):
    made = fit(task(bitext=(bitext(30),)), replace(quick, bitext_pairs=20), tmp_path)
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert [t.name for t in made.baselines] == ["1-en"]
    assert "teacher 1-en: 80 sentence pairs are learnt from, 10 of parallel text are not read" in made.notes
    again = fit(task(bitext=(bitext(30),)), replace(quick, bitext_pairs=20), tmp_path)
    assert again.notes == made.notes


@pytest.mark.parametrize(
    ("change", "parts"),
    [
        ({}, {"tags", "sentences", "words"}),
        ({"translation_contrast": 0}, {"tags", "words"}),
        ({"label_contrast": 0}, {"tags", "sentences"}),
        ({"label_contrast": 0, "translation_contrast": 0}, {"tags"}),
    ],
)
def test_each_contrast_can_be_switched_off(quick, tmp_path, change, parts):
    settings = replace(FAST, epochs=2, batch_subwords=32)
    fit(task(), replace(quick, teacher=settings, distill=False, **change), tmp_path)
    assert parts_of_loss(tmp_path / "teachers" / "1-en") == parts


def test_settings_of_the_contrasts_reach_them(quick, tmp_path):
    options = replace(
        quick, translation_contrast=0.1, label_contrast=0.2, translation_temperature=0.3, label_temperature=0.4,
        contrast_by="tag", queue=5, head_size=6, outside_words=0.7, sentence_vector="first",
    )  # fmt: skip
    asked = task(translated=False)
    _, objective = _lesson(asked, asked.sources[0], [], {}, options, tmp_path)(Tagger.fresh(quick.encoder, LABELS))
    assert objective.how == Contrasts(
        sentences=0.1, words=0.2, sentence_temperature=0.3, word_temperature=0.4, by_tag=True, queue=5, head=6,
        outside=0.7, pool="first",
    )  # fmt: skip


def test_without_distillation_the_teacher_is_the_model(quick, tmp_path):
    made = fit(task(), replace(quick, distill=False), tmp_path)
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert made.baselines == ()
    assert made.model.languages == ("eng", "spa")
    assert not (tmp_path / "soft_labels").exists()


def test_translations_may_be_contrasted_without_labels(quick, tmp_path):
    made = fit(task(), replace(quick, learn_projected=False, distill=False, aligner="layers"), tmp_path)
    assert "teacher 1-en: 60 sentence pairs are learnt from" in made.notes
    assert not (tmp_path / "projected").exists()


def test_labels_alone_need_no_other_language(quick, tmp_path):
    made = fit(task(translated=False), replace(quick, translation_contrast=0, distill=False), tmp_path)
    assert score(TEXT, list(made.model.predict(TEXT))).f1 > 0.9


def test_sources_are_pooled_with_their_translations(quick, tmp_path):
    halves = [tuple(TEXT[0::2]), tuple(TEXT[1::2])]
    sources = tuple(Source(language="eng", sentences=h, name=f"{n}-en") for n, h in enumerate(halves, 1))
    asked = task(sources=sources, translated=False)
    asked = replace(asked, translations={"2-en": lambda: (in_spanish(s).without_labels() for s in halves[1])})
    made = fit(asked, replace(quick, pool=True, distill=False), tmp_path)
    assert "teacher 1-en+1: 30 sentence pairs are learnt from" in made.notes
    with pytest.raises(UsageError, match="there can be one teacher only"):
        ConCNER.check(asked, replace(quick, distill=False))


def test_translations_follow_their_sentences_with_projected_labels(quick, tmp_path):
    targets = [in_spanish(s).without_labels() for s in TEXT[:6]]
    targets[2] = replace(targets[2], words=())
    pairs = SentencePairs(name="x", source=lambda: iter(TEXT[:6]), target=lambda: iter(targets))
    projected = write_projected(pairs, replace(quick, chunk_pairs=2), FAST, tmp_path)
    assert [n for c in range(3) for n in projected.numbers(c)] == [0, 1, 3, 4, 5]
    items = taught_pairs(pairs, projected, LABELS, 100)
    by_pair = {}
    for item in items:
        by_pair.setdefault(item.pair, []).append(item)
    assert [tuple(i.words) for i in by_pair.pop(-1)] == [TEXT[2].words]
    assert len(by_pair) == 5
    assert min(by_pair) >= 100
    for source, target in by_pair.values():
        assert in_spanish(next(s for s in TEXT if s.words == tuple(source.words))).words == tuple(target.words)
        assert source.weights.all()
        assert target.weights.any()
    bare = taught_pairs(pairs, None, LABELS)
    assert [bool(i.weights.any()) for i in bare] == [
        True,
        False,
        True,
        False,
        True,
        True,
        False,
        True,
        False,
        True,
        False,
    ]


def test_of_parallel_text_the_first_pairs_are_taken():
    text = bitext(10)
    taken, others = raw_pairs(zip(text.source(), text.target(), strict=True), LABELS, 5, 4)
    assert [t.pair for t in taken] == [5, 5, 6, 6, 7, 7, 8, 8]
    assert others == 6
    assert not any(t.weights.any() for t in taken)


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"co_teaching": 0.1}, "`co_teaching`"),
        ({"read_target": True}, "`read_target`"),
        ({"source_floor": 0.1}, "`source_floor`"),
    ],
)
def test_options_without_effect_are_refused(quick, change, what):
    with pytest.raises(UsageError, match=what):
        ConCNER.check(task(), replace(quick, **change))


def test_what_cannot_be_contrasted_is_said_before_work(quick):
    with pytest.raises(UsageError, match="the contrast of sentences needs `translation LANG=FILE`"):
        ConCNER.check(task(translated=False), quick)
    with pytest.raises(UsageError, match="`bitext` serves the contrast of sentences"):
        ConCNER.check(task(bitext=(bitext(3),)), replace(quick, translation_contrast=0))
    models = (Source(language="eng", model="x", name="1-en"),)
    with pytest.raises(UsageError, match="all sources are models"):
        ConCNER.check(task(translated=False, sources=models), quick)


@pytest.mark.parametrize("name", ["translation_temperature", "label_temperature"])
def test_a_temperature_is_above_0(name):
    with pytest.raises(OptionError, match=name):
        ConCNER.Options(**{name: 0})
