from __future__ import annotations

import json
from dataclasses import replace

import pytest
import torch
from tests.toy import make_encoder, sentences
from torch import nn

from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.errors import ModelError, OptionError, UsageError
from xlner.evaluate import score
from xlner.methods import METHODS
from xlner.methods.direct import Direct
from xlner.methods.distill import Distill
from xlner.methods.method import check_inputs
from xlner.methods.task import Source, Task, pooled
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.losses import word_loss

LABELS = LabelSet(("LOC", "PER"))
FAST = TrainOptions(learning_rate=1e-2, batch_subwords=256, freeze_embeddings=False, epochs=5)
GOLD = sentences(60, "spa", seed=9)


def fit(name, task, options, folder):
    method = METHODS.load(name)
    check_inputs(name, method, task)
    method.check(task, options)
    folder.mkdir(parents=True, exist_ok=True)
    return method.fit(task, options, RunFolder(folder)).model


@pytest.fixture(scope="module")
def options(tiny_encoder):
    return Distill.Options(
        encoder=str(tiny_encoder), teacher=FAST, student=FAST, chunk_sentences=64, student_from="encoder"
    )


def task(*sources, n=200):
    raw = [s.without_labels() for s in sentences(n, "spa", seed=5)]
    return Task(sources=sources, target="spa", labels=LABELS, raw=lambda: iter(raw))


def source(name="1-en", seed=0):
    return Source(language="eng", sentences=tuple(sentences(200, seed=seed)), name=name)


@pytest.mark.parametrize("loss", ["ce", "mse", "kl"])
def test_a_student_learns_the_target_without_labels(options, tmp_path, loss):
    student = fit("distill", task(source()), replace(options, loss=loss), tmp_path)
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9
    assert student.languages == ("eng", "spa")


def test_options_reach_the_training(options, tmp_path, given_to):
    seen = given_to("xlner.methods.student.train")
    asked = replace(
        options, teacher=replace(FAST, epochs=1), loss="kl", temperature=2.0, confidence_floor=0.1,
        label_consistency=0.2, lower_case_names="unknown",
    )  # fmt: skip
    few = replace(source(), sentences=tuple(sentences(20)))
    Distill.fit(task(few, n=20), asked, RunFolder(tmp_path))
    chunks, loss = seen["data"], seen["objective"].loss
    assert (chunks.floor, chunks.consistency, chunks.lower_case) == (0.1, 0.2, "unknown")
    words = torch.randn(3, 5), torch.rand(3, 5).softmax(-1), torch.ones(3)
    torch.testing.assert_close(loss(*words), word_loss("kl", temperature=2.0)(*words))


def test_a_teacher_may_come_as_a_model_alone(options, tmp_path):
    fit("distill", task(source()), options, tmp_path / "first")
    alone = Source(language="eng", model=str(tmp_path / "first" / "teachers" / "1-en"), name="1-en")
    student = fit("distill", task(alone), options, tmp_path / "second")
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9
    assert not (tmp_path / "second" / "teachers").exists()


def test_many_teachers_with_different_tokenizers_meet_at_the_word(options, tmp_path):
    other = make_encoder(tmp_path / "other", hidden=16, lower=True, max_subwords=48)
    fit("distill", task(source()), replace(options, encoder=str(other)), tmp_path / "first")
    model = Source(language="deu", model=str(tmp_path / "first" / "teachers" / "1-en"), name="2-de")
    student = fit("distill", task(source(), model), options, tmp_path / "both")
    assert json.loads((tmp_path / "both" / "weights.json").read_text()) == {"1-en": 0.5, "2-de": 0.5}
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9


@pytest.mark.parametrize("start", ["teacher", "auto"])
def test_a_student_can_start_from_its_teacher(options, tmp_path, start):
    student = fit("distill", task(source()), replace(options, student_from=start), tmp_path)
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9


def test_a_student_starts_from_the_first_teacher_that_knows_all_types(options, tmp_path):
    other = make_encoder(tmp_path / "other", hidden=16, lower=True, max_subwords=48)
    fit("distill", task(source()), replace(options, encoder=str(other)), tmp_path / "first")
    small = Source(language="deu", model=str(tmp_path / "first" / "teachers" / "1-en"), name="2-de")
    asked = replace(options, student_from="teacher", weights="en=0.2,de=0.8", student=replace(FAST, epochs=1))
    student = fit("distill", task(source(), small), asked, tmp_path / "second")
    assert student.model.config.hidden_size == 32
    student = fit("distill", task(small, source("2-en")), replace(asked, weights="uniform"), tmp_path / "third")
    assert student.model.config.hidden_size == 16


def test_a_student_starts_from_a_teacher_that_knows_more_types(options, tmp_path):
    fit("distill", task(source()), options, tmp_path / "first")
    model = Source(language="eng", model=str(tmp_path / "first" / "teachers" / "1-en"), name="1-en")
    few = replace(task(model), labels=LabelSet(("LOC",)), mapping={"PER": "O"})
    kept = replace(options, student_from="teacher", student=replace(FAST, epochs=1, learning_rate=1e-3))
    student = fit("distill", few, kept, tmp_path / "second")
    gold = [s.with_spans(tuple(x for x in s.spans if x.label == "LOC")) for s in GOLD]
    assert score(gold, list(student.predict(GOLD))).f1 > 0.9  # one slow pass
    again = Tagger.load(student.save(tmp_path / "model"))
    assert again.labels.tags == ("O", "B-LOC", "I-LOC")


def test_a_student_is_kept_half_way_to_the_teacher_that_it_started_from(options, tmp_path):
    fit("distill", task(source()), options, tmp_path / "first")
    model = Source(language="eng", model=str(tmp_path / "first" / "teachers" / "1-en"), name="1-en")
    asked = replace(options, student_from="teacher", student=replace(FAST, epochs=1, learning_rate=1e-3))
    made = {
        how: fit("distill", task(model), replace(asked, keep=how), tmp_path / how).model.state_dict()
        for how in ("student", "average")
    }
    before = Tagger.load(model.model).model.state_dict()
    moved = 0.0
    for name, start in before.items():
        assert torch.allclose(made["average"][name], (start + made["student"][name]) / 2, atol=1e-6)
        moved += float((made["student"][name] - start).abs().sum())
    assert moved > 0


def test_a_student_that_starts_from_the_encoder_is_kept_as_it_is(options, tmp_path):
    fresh = {
        how: fit("distill", task(source()), replace(options, keep=how), tmp_path / how) for how in ("student", "auto")
    }
    a, b = (t.model.state_dict() for t in fresh.values())
    assert all(torch.equal(a[name], b[name]) for name in a)


def test_dropout_reaches_a_student_that_starts_from_its_teacher(options, tmp_path):
    asked = replace(options, student_from="teacher", student=replace(FAST, epochs=1, dropout=0.25))
    student = fit("distill", task(source(), n=20), asked, tmp_path)
    assert {m.p for m in student.model.modules() if isinstance(m, nn.Dropout)} == {0.25}


def test_a_student_cannot_start_from_a_teacher_that_lacks_a_type(options, tmp_path):
    fit("distill", task(source()), options, tmp_path / "first")
    model = Source(language="eng", model=str(tmp_path / "first" / "teachers" / "1-en"), name="1-en")
    others = tuple(replace(s, spans=tuple(replace(x, label="ORG") for x in s.spans)) for s in source().sentences)
    both = (model, Source(language="deu", sentences=others, name="2-de"))
    more = replace(task(model), sources=both, labels=LabelSet(("LOC", "ORG", "PER")))
    with pytest.raises(UsageError, match="types LOC, ORG, PER; 1-en has LOC, PER"):
        fit("distill", more, replace(options, student_from="teacher"), tmp_path / "second")


def test_distillation_needs_raw_text(options, tmp_path):
    with pytest.raises(UsageError, match="`target LANG=FILE`"):
        fit("distill", replace(task(source()), raw=None), options, tmp_path)


def test_direct_is_the_teacher_itself(options, tmp_path):
    tagger = fit("direct", task(source()), Direct.Options(encoder=options.encoder, teacher=FAST), tmp_path)
    assert score(sentences(50), list(tagger.predict(sentences(50)))).f1 > 0.95


def test_a_wrong_method_lists_the_right_ones():
    with pytest.raises(UsageError, match="direct, distill"):
        METHODS.load("magic")


def test_a_named_encoder_is_not_passed_over_for_the_teachers(options, tmp_path):
    fit("distill", task(source()), options, tmp_path / "first")
    model = Source(language="eng", model=str(tmp_path / "first" / "teachers" / "1-en"), name="1-en")
    other = make_encoder(tmp_path / "other", hidden=16, lower=True, max_subwords=48)
    student = fit(
        "distill", task(model), replace(options, encoder=str(other), student_from="auto"), tmp_path / "second"
    )
    assert student.model.config.hidden_size == 16


@pytest.mark.parametrize(
    ("weights", "message"), [("fr=1", "'fr'"), ("1-en=0,2-en=1", "no teacher with a weight above 0 knows LOC")]
)
@pytest.mark.parametrize("method", ["distill", "mtmt"])
def test_wrong_weights_are_an_error_before_any_teacher_is_trained(options, tmp_path, weights, message, method):
    half = Source(language="eng", sentences=tuple(map(people_only, sentences(20))), name="2-en")
    asked = METHODS.options(method, {**vars(options), "weights": weights})
    with pytest.raises(UsageError, match=message):
        fit(method, task(source(), half), asked, tmp_path)
    assert not (tmp_path / "teachers").exists()


def people_only(sentence):
    return replace(sentence, spans=tuple(x for x in sentence.spans if x.label == "PER"))


def test_data_without_a_type_does_not_speak_against_it(options, tmp_path):
    half = Source(language="eng", sentences=tuple(map(people_only, sentences(200, seed=1))), name="2-en")
    student = fit("distill", task(source(), half), options, tmp_path)
    assert score(GOLD, list(student.predict(GOLD))).f1 > 0.9
    assert Tagger.load(tmp_path / "teachers" / "2-en" / "model").labels.types == ("PER",)


def test_a_model_is_kept_in_the_order_of_the_task(options, tmp_path):
    fit("distill", task(source()), options, tmp_path / "first")
    model = Source(language="eng", model=str(tmp_path / "first" / "teachers" / "1-en"), name="1-en")
    turned = replace(task(model), labels=LabelSet(("PER", "LOC")))
    kept = fit("direct", turned, options, tmp_path / "second")
    kept.save(tmp_path / "kept")
    found = [[[x.key for x in s.spans] for s in Tagger.load(m).predict(GOLD)] for m in (tmp_path / "kept", model.model)]
    assert found[0] == found[1] != [[]] * len(GOLD)
    with pytest.raises(ModelError, match="cannot be kept in a copy"):
        fit("direct", replace(turned, labels=LabelSet(("PER",)), mapping={"LOC": "O"}), options, tmp_path / "x")


def test_data_of_the_same_types_is_pooled_and_all_else_stays_apart():
    spanish = replace(source("2-es"), language="spa", sentences=tuple(sentences(50, "spa")))
    other = Source(language="eng", sentences=tuple(map(people_only, sentences(50))), name="3-en")
    models = [Source(language=code, model="somewhere", name=f"{n}-{code}") for n, code in ((4, "fra"), (5, "nld"))]
    pool, *rest = pooled([source(), other, models[0], spanish, models[1]])
    assert (pool.name, pool.language, pool.languages) == ("1-en+1", "mul", ("eng", "spa"))
    assert (len(pool.sentences), len(pool.text)) == (250, 250)
    assert rest == [other, *models]
    assert pooled([source()]) == (source(),)


def test_an_option_that_a_method_lacks_is_refused():
    with pytest.raises(
        OptionError, match="the method direct has no option 'pool'; it has: teacher_seeds, encoder, teacher"
    ):
        METHODS.options("direct", {"pool": True})
