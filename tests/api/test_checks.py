"""What is said before a run begins, and what a run's folder may live through."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest
from tests.toy import sentences, write_conll, write_text

from xlner.api.predict import predict
from xlner.api.record import part_files
from xlner.api.transfer import train, transfer
from xlner.core.run_folder import Origin
from xlner.errors import DataError, OptionError, UsageError
from xlner.methods.translate_train import TranslateTrain

FAST = {"learning_rate": 1e-2, "epochs": 1, "batch_subwords": 256}


@pytest.fixture
def english(tmp_path):
    return [("en", str(write_conll(tmp_path / "en.conll", sentences(60))))]


@pytest.fixture
def spanish(tmp_path):
    return ("es", str(write_text(tmp_path / "es.txt", sentences(40, "spa", seed=5))))


@pytest.fixture
def options(tiny_encoder):
    return {"encoder": str(tiny_encoder), "teacher": FAST, "student": FAST}


def gold_data(folder, count):
    return str(write_conll(folder / f"gold{count}.conll", sentences(count, "spa", seed=9)))


def test_a_run_that_was_moved_is_scored_on_other_gold_data_with_its_teachers(english, spanish, options, tmp_path):
    transfer(english, spanish, tmp_path / "run", options=options, gold=gold_data(tmp_path, 10))
    (tmp_path / "run").rename(tmp_path / "other")
    made = transfer(english, spanish, tmp_path / "other", options=options, gold=gold_data(tmp_path, 20))
    assert made.metrics["target"]["sentences"] == made.metrics["sources"]["1-en"]["sentences"] == 20


def test_a_run_whose_teachers_were_deleted_is_scored_without_them_and_says_so(english, spanish, options, tmp_path):
    options = {**options, "keep": "student"}
    transfer(english, spanish, tmp_path / "run", options=options, gold=gold_data(tmp_path, 10))
    for name in ("teachers", "soft_labels"):
        shutil.rmtree(tmp_path / "run" / name)
    made = transfer(english, spanish, tmp_path / "run", options=options, gold=gold_data(tmp_path, 20))
    assert made.metrics["target"]["sentences"] == 20
    assert made.metrics["sources"] == {}
    assert "source 1-en has no score: its model is not in the run's folder any more" in made.metrics["notes"]
    assert Origin.of(tmp_path / "run").distilled


def test_parallel_text_with_sides_of_different_length_is_said_before_anything_is_trained(
    english, spanish, options, tmp_path
):
    left, right = (write_text(tmp_path / f"{n}.txt", sentences(n, seed=4)) for n in (30, 29))
    call = {"method": "bitext", "options": {**options, "aligner": {"name": "layers", "encoder": options["encoder"]}}}
    with pytest.raises(DataError, match=rf"^{right} ends after 29 sentences, and {left} does not"):
        transfer(english, spanish, tmp_path / "run", bitext=[("en", str(left), str(right))], **call)
    assert not (tmp_path / "run").exists()


def test_translations_must_be_as_many_as_the_labelled_sentences(english, spanish, options, tmp_path):
    short = write_text(tmp_path / "en.es.txt", sentences(59, "spa"))
    with pytest.raises(DataError, match=rf"^{short} ends after 59 sentences, and {english[0][1]} does not"):
        transfer(english, spanish, tmp_path / "run", method="translate-train", options=options,
                 translations=[("en", str(short))])  # fmt: skip


def test_raw_text_that_cannot_be_read_to_its_end_is_said_before_anything_is_trained(english, options, tmp_path):
    text = tmp_path / "es.txt"
    text.write_bytes(b"Hola\n" * 5000 + b"\xff\xfe\xfa\n")
    with pytest.raises(DataError, match=str(text)):
        transfer(english, ("es", str(text)), tmp_path / "run", options=options)
    assert not (tmp_path / "run").exists()


def test_text_that_a_method_does_not_read_names_the_language_alone(english, options, tmp_path):
    text = str(write_text(tmp_path / "en.txt", sentences(30)))
    quick = {**options, "aligner": {"name": "layers", "encoder": options["encoder"]}}
    made = transfer(english, ("es", "/dev/null"), tmp_path / "run", method="bitext", options=quick,
                    bitext=[("en", text, text)], estimate=False)  # fmt: skip
    assert made.tagger.languages == ("eng", "spa")


def test_a_method_that_reads_text_of_the_target_needs_to_know_it(english, options, tmp_path):
    text = str(write_text(tmp_path / "en.txt", sentences(30)))
    with pytest.raises(UsageError, match="the method bitext needs the target language"):
        transfer(english, None, tmp_path / "run", method="bitext", options=options, bitext=[("en", text, text)])


def test_more_layers_than_there_are_is_said_before_anything_is_trained(english, spanish, options, tmp_path):
    with pytest.raises(OptionError, match="`student_layers` is 99"):
        transfer(english, spanish, tmp_path / "run", options={**options, "student_layers": 99})
    assert not (tmp_path / "run").exists()


def test_a_run_that_failed_before_it_made_anything_leaves_the_folder_to_the_corrected_one(
    english, spanish, options, tmp_path
):
    with pytest.raises(UsageError, match="`weights` names 'fr'"):
        transfer(english, spanish, tmp_path / "run", options={**options, "weights": "fr=1"})
    made = transfer(english, spanish, tmp_path / "run", options={**options, "weights": "en=1"}, estimate=False)
    assert json.loads((made.folder / "data.json").read_text())["source 1 (eng)"]["sentences"] == 60


def test_sources_that_cannot_be_pooled_are_named(english, spanish, options, tmp_path):
    no_places = [replace(s, spans=tuple(x for x in s.spans if x.label == "PER")) for s in sentences(80, seed=3)]
    second = ("de", str(write_conll(tmp_path / "de.conll", no_places)))
    made = transfer([*english, second], spanish, tmp_path / "run", options={**options, "pool": True}, estimate=False)
    assert any("`pool` makes 2 teachers of 2 sources" in r and "2-de has no LOC" in r for r in made.remarks)


def test_dev_data_in_a_language_without_a_source_are_named(english, options, tmp_path):
    dev = [("sv", gold_data(tmp_path, 10))]
    made = train(english, tmp_path / "run", options={"encoder": options["encoder"], "teacher": FAST}, dev=dev)
    assert any(r.startswith("`dev sv=...` is in the language of no source") for r in made.remarks)


def test_the_card_of_a_student_of_a_model_names_that_model(english, spanish, options, tmp_path):
    alone = {"encoder": options["encoder"], "teacher": FAST}
    teacher = train(english, tmp_path / "my-english-model", options=alone).folder
    made = transfer([("en", str(teacher))], spanish, tmp_path / "run", options={"student": FAST}, estimate=False)
    assert "Built on `my-english-model`" in (made.folder / "model" / "README.md").read_text("utf-8")


def test_renames_that_no_source_has_a_use_for_are_named(english, spanish, options, tmp_path):
    alone = {"encoder": options["encoder"], "teacher": FAST}
    teacher = train(english, tmp_path / "teacher", options=alone).folder
    made = transfer([("en", str(teacher))], spanish, tmp_path / "run", options={"student": FAST}, estimate=False,
                    mapping={"PERSON": "PER"})  # fmt: skip
    assert "`mapping PERSON=PER`: no source has PERSON" in made.remarks
    told = []
    list(predict(teacher, spanish[1], mapping={"PERSON": "PER"}, on_remark=told.append))
    assert told == ["`mapping PERSON=PER`: the model has no PERSON"]


def with_links(options, path):
    return {
        "method": "bitext",
        "options": {**options, "score": "align", "aligner": {"name": "files", "path": str(path)}},
    }


def test_links_count_words_between_spaces(english, options, tmp_path):
    """As files of links do; so "Ana," is one word."""
    (tmp_path / "en.txt").write_text('"Yes," said Ana, "we saw Boris in Arcol."\n' * 20)
    (tmp_path / "es.txt").write_text("Sí, dijo Ana, vimos a Boris en Arcol.\n" * 20)
    (tmp_path / "links").write_text("0-0 1-1 2-2 3-3 4-3 5-5 6-6 7-7\n" * 20)
    text = ("en", str(tmp_path / "en.txt"), str(tmp_path / "es.txt"))
    run = tmp_path / "run"
    transfer(english, ("es", text[2]), run, bitext=[text], **with_links(options, tmp_path / "links"))
    first = json.loads((run / "projected" / "1-en" / "00000.jsonl").read_text().splitlines()[0])
    assert first["words"] == ["Sí,", "dijo", "Ana,", "vimos", "a", "Boris", "en", "Arcol."]


def test_links_that_do_not_fit_or_changed_are_said_before_anything_is_trained(english, spanish, options, tmp_path):
    text = str(write_text(tmp_path / "en.txt", sentences(30)))
    call = {"bitext": [("en", text, text)], **with_links(options, tmp_path / "links")}
    (tmp_path / "links").write_text("0-0\n" * 29)
    with pytest.raises(DataError, match="29 lines for 30"):
        transfer(english, spanish, tmp_path / "run", **call)
    assert not (tmp_path / "run").exists()
    (tmp_path / "links").write_text("0-0\n" * 30)
    transfer(english, spanish, tmp_path / "run", **call)
    (tmp_path / "links").write_text("1-1\n" * 30)
    with pytest.raises(UsageError, match=r"holds another run \(different: .*links"):
        transfer(english, spanish, tmp_path / "run", **call)


def test_labels_of_the_target_choose_no_epoch(english, spanish, options, tmp_path):
    dev = [("es", gold_data(tmp_path, 10))]
    made = transfer(english, spanish, tmp_path / "run", options=options, dev=dev)
    assert any("is in the language of no source, and is not read" in remark for remark in made.remarks)
    assert "dev_f1" not in (tmp_path / "run" / "metrics.jsonl").read_text()


def test_a_file_of_an_augmentation_is_an_input_of_the_run(english, spanish, options, tmp_path):
    names = tmp_path / "names.tsv"
    names.write_text("PER\tAda\n")
    teacher = {**options["teacher"], "augment": {"entity-replacement": {"gazetteer": str(names)}}}
    call = {"options": {**options, "teacher": teacher}}
    transfer(english, spanish, tmp_path / "run", **call)
    names.write_text("PER\tBea\n")
    with pytest.raises(UsageError, match="holds another run"):
        transfer(english, spanish, tmp_path / "run", **call)


def test_labels_of_the_target_are_no_dev_data_to_stop_by(english, spanish, options, tmp_path):
    given = {**options, "teacher": {**options["teacher"], "patience": 1}}
    with pytest.raises(UsageError, match="`patience` needs `dev`"):
        transfer(english, spanish, tmp_path / "run", options=given, dev=[("es", gold_data(tmp_path, 10))])


def test_a_value_that_is_too_long_for_a_path_is_no_file():
    long = {"name": "apertium", "program": "x" * 5000}
    assert part_files(TranslateTrain.Options(translator=long)) == {}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"teacher": {**FAST, "layer": 9}}, r"teacher\.layer.* is 9, but the encoder has 2"),
        ({"student": {**FAST, "freeze_layers": 3}}, r"student\.freeze_layers.* is 3, but the encoder has 2"),
        (
            {"student": {**FAST, "freeze_layers": 2}, "student_layers": 1},
            r"student\.freeze_layers.* is 2, but .* has 1",
        ),
    ],
)
def test_a_layer_that_there_is_not_is_said_before_anything_is_trained(english, spanish, options, more, words, tmp_path):
    with pytest.raises(OptionError, match=words):
        transfer(english, spanish, tmp_path / "run", options={**options, **more})
    assert not (tmp_path / "run").exists()


def test_a_student_that_can_start_from_no_teacher_is_said_before_anything_is_trained(
    english, spanish, options, tmp_path
):
    people = [replace(s, spans=tuple(x for x in s.spans if x.label == "PER")) for s in sentences(40, seed=3)]
    places = [replace(s, spans=tuple(x for x in s.spans if x.label == "LOC")) for s in sentences(40, seed=4)]
    both = [
        ("de", str(write_conll(tmp_path / "de.conll", people))), ("nl", str(write_conll(tmp_path / "nl.conll", places)))
    ]  # fmt: skip
    with pytest.raises(UsageError, match="needs a teacher with the task's types LOC, PER; 1-de has PER"):
        transfer(both, spanish, tmp_path / "run", options={**options, "student_from": "teacher"})
    assert not (tmp_path / "run").exists()


def test_a_source_that_does_not_know_all_types_labels_no_parallel_text(english, spanish, options, tmp_path):
    places = [replace(s, spans=tuple(x for x in s.spans if x.label == "LOC")) for s in sentences(40, seed=4)]
    sources = [*english, ("nl", str(write_conll(tmp_path / "nl.conll", places)))]
    text = str(write_text(tmp_path / "text.txt", sentences(5)))
    call = {"method": "bitext", "options": {**options, "aligner": {"name": "layers", "encoder": options["encoder"]}}}
    with pytest.raises(UsageError, match=r"source 2-nl does not know .*, so such names would be taught as O"):
        transfer(sources, spanish, tmp_path / "run", bitext=[("en", text, text), ("nl", text, text)], **call)
    assert not (tmp_path / "run").exists()


def test_a_student_cannot_start_from_an_exported_model(english, spanish, options, tmp_path):
    from xlner.export import write_exported
    from xlner.tagger import Tagger

    train(english, tmp_path / "model", options={"encoder": options["encoder"], "teacher": FAST})
    write_exported(Tagger.load(tmp_path / "model", device="cpu"), tmp_path / "onnx", quantise=None, source={})
    with pytest.raises(UsageError, match=r"source 1-en is an exported model, .* `student_from encoder`"):
        transfer([("en", str(tmp_path / "onnx"))], spanish, tmp_path / "run", options={"student": FAST})


def test_states_to_match_need_a_teacher_to_start_from(english, spanish, options, tmp_path):
    asked = {**options, "student_from": "encoder", "student_match": 1.0}
    with pytest.raises(UsageError, match="`student_match` needs a student that starts from a teacher"):
        transfer(english, spanish, tmp_path / "run", options=asked)
