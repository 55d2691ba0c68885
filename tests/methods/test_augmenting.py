"""Labelled sentences that change from pass to pass, in every method."""

from __future__ import annotations

import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_conll, write_text

from xlner.api.transfer import train, transfer
from xlner.component import option_fields, options_class
from xlner.core.labels import LabelSet
from xlner.core.seed import seed_everything
from xlner.errors import OptionError, UsageError
from xlner.methods import METHODS
from xlner.methods.augmenting import labelled_chunks
from xlner.methods.method import check_soft_student
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.batches import epoch_batches
from xlner.train.examples import LabelledChunks, in_epoch

FAST = {"learning_rate": 1e-2, "epochs": 3, "batch_subwords": 256, "freeze_embeddings": False, "checkpoint_seconds": 0}
AUGMENT = {"augment": "entity-replacement,typos", "augment_share": 1.0}


@pytest.fixture
def tagger(tiny_encoder):
    seed_everything(1)
    return Tagger.fresh(str(tiny_encoder), LabelSet(("LOC", "PER")))


def ids(chunks, epoch):
    return [b.ids.tolist() for b in epoch_batches(chunks, epoch=epoch, seed=1, budget=64, pad_id=1)]


def test_each_epoch_has_others_and_the_same_ones_again_after_a_kill(tagger):
    options = TrainOptions(**AUGMENT)
    chunks = labelled_chunks(tagger, sentences(30), options)
    assert chunks.sizes == [30]
    first = [ids(chunks, epoch) for epoch in range(3)]
    assert first[0] != first[1] != first[2]
    again = labelled_chunks(tagger, sentences(30), options)
    assert [ids(again, epoch) for epoch in (2, 0, 1)] == [first[2], first[0], first[1]]


def test_without_it_nothing_changes(tagger):
    chunks = labelled_chunks(tagger, sentences(30), TrainOptions())
    assert isinstance(chunks, LabelledChunks)
    assert in_epoch(chunks, 5) is chunks


def test_masked_words_are_the_unknown_piece_of_the_encoder(tagger):
    options = TrainOptions(augment={"mention-dropout": {"rate": 1}}, augment_share=1.0)
    (example, *_) = in_epoch(labelled_chunks(tagger, sentences(3), options), 0).load(0)
    names = [example.ids[p] for p, t in zip(example.positions, example.targets, strict=True) if t[0] == 0]
    assert set(names) == {tagger.tokenizer.unk_token_id}


@pytest.fixture
def files(tmp_path):
    source = str(write_conll(tmp_path / "en.conll", sentences(60)))
    return [("eng", source)], ("spa", str(write_text(tmp_path / "es.txt", sentences(30, "spa", seed=5))))


def test_the_teachers_of_a_method_learn_from_changed_sentences(files, tmp_path, tiny_encoder):
    def weights(folder, **values):
        options = {"encoder": str(tiny_encoder), "teacher": {**FAST, **values}, "student": FAST}
        transfer(*files, tmp_path / folder, options=options)
        return (tmp_path / folder / "teachers" / "1-en" / "model" / "model.safetensors").read_bytes()

    assert weights("plain") != weights("changed", **AUGMENT)


def test_killed_in_any_pass_it_ends_with_the_same_weights(files, tmp_path, tiny_encoder, monkeypatch):
    options = {"encoder": str(tiny_encoder), "teacher": {**FAST, **AUGMENT}}
    train(files[0], tmp_path / "whole", options=options)
    from xlner.train import training

    save, left = training.save_checkpoint, {"n": 0}

    def killed(*args, **kwargs):
        save(*args, **kwargs)
        left["n"] -= 1
        if left["n"] == 0:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_checkpoint", killed)
        for after in (1, 3, 4):
            left["n"] = after
            with pytest.raises(KeyboardInterrupt):
                train(files[0], tmp_path / "cut", options=options)
    train(files[0], tmp_path / "cut", options=options)
    made = [(tmp_path / f / "model" / "model.safetensors").read_bytes() for f in ("whole", "cut")]
    assert made[0] == made[1]


@pytest.mark.parametrize("name", METHODS.names())
def test_every_method_has_it(name):
    trainings = [f.nested for f in option_fields(options_class(METHODS.load(name))) if f.nested]
    assert "augment" in {f.name for kind in trainings for f in option_fields(kind)}


def test_what_cannot_be_is_said_before_work(files, tmp_path, tiny_encoder):
    with pytest.raises(OptionError, match=r"`teacher.augment` names no augmentation with 'magic'"):
        transfer(*files, tmp_path / "run", options={"teacher": {"augment": "magic"}})
    model = str(make_model(tmp_path / "model", tiny_encoder))
    with pytest.raises(UsageError, match="`augment` changes labelled sentences, and all sources are models"):
        transfer([("eng", model)], files[1], tmp_path / "run", options={"teacher": {"augment": "typos"}})
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("method", ["distill", "advpicker", "consistency", "mtmt"])
def test_a_student_of_soft_labels_has_no_labelled_sentences_to_change(files, tmp_path, method):
    with pytest.raises(UsageError, match=r"`student\.augment` changes labelled sentences"):
        transfer(*files, tmp_path / "run", method=method, options={"student": {"augment": "typos"}})


def test_augmentations_of_all_trainings_are_those_of_the_teacher():
    both = {"teacher": {"augment": "typos"}, "student": {"augment": "typos"}}
    check_soft_student(METHODS.options("distill", both))
