"""Methods that translate: given or made translations, sides that do not fit, and the student of tagged translations."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from tests.methods.test_bitext import FAST, LABELS, in_spanish
from tests.toy import sentences, write_conll, write_text

from xlner.api.transfer import transfer
from xlner.core.run_folder import RunFolder
from xlner.errors import DataError, UsageError
from xlner.evaluate import score
from xlner.methods.task import Source, Task
from xlner.methods.translate_test import TranslateTest
from xlner.methods.translate_train import TranslateTrain
from xlner.methods.translating import translated

GOLD = sentences(60, "spa", seed=9)
TEXT = sentences(150)


def quick(kind, tiny_encoder, **more):
    aligner = {"name": "layers", "encoder": str(tiny_encoder)}
    return kind.Options(encoder=str(tiny_encoder), teacher=FAST, student=FAST, aligner=aligner, **more)


def task(text=TEXT, **more):
    source = Source(language="eng", sentences=tuple(text), name="1-en")
    return Task(sources=(source,), target="spa", labels=LABELS, **more)


def given(lines):
    return {"translations": {"1-en": lambda: iter(lines)}}


def fit(kind, asked, options, folder):
    kind.check(asked, options)
    folder.mkdir(parents=True, exist_ok=True)
    return kind.fit(asked, options, RunFolder(folder))


def written(path, items):
    path.write_text("".join(" ".join(s.words) + "\n" for s in items), "utf-8")
    return {"name": "files", "path": str(path)}


@pytest.mark.parametrize("with_source", [True, False])
def test_a_student_learns_from_given_translations(tiny_encoder, tmp_path, with_source):
    asked = task(**given([in_spanish(s).without_labels() for s in TEXT]))
    made = fit(TranslateTrain, asked, quick(TranslateTrain, tiny_encoder, with_source=with_source), tmp_path)
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert made.baselines == ()
    assert not (tmp_path / "translations").exists()


@pytest.mark.parametrize(("with_source", "sizes"), [(True, [20, 20]), (False, [20])])
def test_the_source_is_learnt_from_if_asked(tiny_encoder, tmp_path, given_to, with_source, sizes):
    seen = given_to("xlner.methods.projected_student.train")
    asked = task(TEXT[:20], **given([in_spanish(s).without_labels() for s in TEXT[:20]]))
    fit(TranslateTrain, asked, quick(TranslateTrain, tiny_encoder, with_source=with_source), tmp_path)
    assert seen["data"].sizes == sizes


def test_translations_are_made_where_none_are_given(tiny_encoder, tmp_path):
    engine = written(tmp_path / "es.txt", [in_spanish(s) for s in TEXT])
    made = fit(TranslateTrain, task(), quick(TranslateTrain, tiny_encoder, translator=engine), tmp_path / "run")
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert made.notes[0] == "1-en: 150 of 150 sentences translated"
    assert len((tmp_path / "run" / "translations" / "1-en.txt").read_text("utf-8").splitlines()) == 150


def test_the_student_may_start_from_a_tagger_of_the_source(tiny_encoder, tmp_path):
    asked = task(**given([in_spanish(s).without_labels() for s in TEXT]))
    made = fit(TranslateTrain, asked, quick(TranslateTrain, tiny_encoder, student_from="teacher"), tmp_path)
    assert [t.name for t in made.baselines] == ["1-en"]


def test_a_sentence_without_translation_is_counted_and_left_out(tiny_encoder, tmp_path):
    lines = [in_spanish(s).without_labels() for s in TEXT]
    lines[3] = replace(lines[3], words=(), text=None, offsets=None)
    made = fit(TranslateTrain, task(**given(lines)), quick(TranslateTrain, tiny_encoder), tmp_path)
    assert made.notes[0].startswith("1-en-translated: 149 of 150 sentence pairs")


def test_too_few_translations_are_an_error(tiny_encoder, tmp_path):
    asked = task(**given([s.without_labels() for s in TEXT[:-1]]))
    with pytest.raises(DataError, match="1-en-translated: the target side ends after 149 sentences"):
        fit(TranslateTrain, asked, quick(TranslateTrain, tiny_encoder), tmp_path)


def test_a_source_that_cannot_be_translated_is_said_before_work(tiny_encoder):
    with pytest.raises(UsageError, match=r"source 1-en has no translations, and none can be made: .*en-es"):
        TranslateTrain.check(task(), quick(TranslateTrain, tiny_encoder))


def test_a_model_has_no_data_to_translate(tiny_encoder):
    model = Task(sources=(Source(language="eng", model="x", name="1-en"),), target="spa", labels=LABELS)
    with pytest.raises(UsageError, match="source en is a model"):
        TranslateTrain.check(model, quick(TranslateTrain, tiny_encoder))


@pytest.mark.parametrize("change", [{"read_target": True}, {"source_floor": 0.5}])
def test_what_a_tagger_would_do_has_no_effect_on_labelled_data(tiny_encoder, change):
    asked = task(**given([s.without_labels() for s in TEXT]))
    with pytest.raises(UsageError, match="in which a tagger labels the source side"):
        TranslateTrain.check(asked, quick(TranslateTrain, tiny_encoder, **change))


def test_a_student_learns_from_text_that_was_tagged_in_translation(tiny_encoder, tmp_path):
    english = sentences(120, seed=6)
    raw = [in_spanish(s).without_labels() for s in english]
    engine = written(tmp_path / "en.txt", english)
    asked = task(raw=lambda: iter(raw))
    made = fit(TranslateTest, asked, quick(TranslateTest, tiny_encoder, translator=engine), tmp_path / "run")
    assert score(GOLD, list(made.model.predict(GOLD))).f1 > 0.9
    assert made.notes[0] == "1-en: 120 of 120 sentences translated"
    assert (tmp_path / "run" / "projected" / "1-en" / "00000.jsonl").is_file()


def test_a_source_in_the_target_language_needs_no_translation(tiny_encoder):
    spanish = Source(language="spa", sentences=tuple(sentences(5, "spa")), name="1-es")
    asked = Task(sources=(spanish,), target="spa", labels=LABELS, raw=lambda: iter(sentences(5, "spa")))
    with pytest.raises(UsageError, match="source es is in the target language"):
        TranslateTest.check(asked, quick(TranslateTest, tiny_encoder))


def test_finished_translations_are_taken_and_faults_are_counted(tmp_path):
    lines = sentences(4)
    engine = written(tmp_path / "es.txt", [lines[0], lines[1], replace(lines[2], words=(), spans=()), lines[3]])
    out = tmp_path / "out.txt"
    texts = [" ".join(s.words) for s in translated(lambda: iter(lines), engine, "eng", "spa", out)()]
    assert texts[2] == ""
    counts = json.loads((tmp_path / "out.counts.json").read_text())
    assert (counts["translated"], counts["reasons"]) == (3, {"empty": 1})
    (tmp_path / "es.txt").unlink()
    again = [" ".join(s.words) for s in translated(lambda: iter(lines), engine, "eng", "spa", out)()]
    assert again == texts


def test_one_file_of_translations_is_for_one_source(tmp_path):
    first, second = (str(write_conll(tmp_path / f"{n}.conll", sentences(5, seed=n))) for n in (1, 2))
    raw = str(write_text(tmp_path / "es.txt", sentences(5, "spa")))
    with pytest.raises(
        UsageError, match=r"`translation en=...` holds the sentences of one source.*2 sources are in en"
    ):
        transfer(
            [("eng", first), ("en", second)], ("spa", raw), tmp_path / "run", method="translate-train",
            translations=[("eng", raw)],
        )  # fmt: skip
    assert not (tmp_path / "run").exists()
