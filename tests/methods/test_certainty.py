"""How sure projected labels are: what is kept, which sentences are the surest, and what soft labels are made of it."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from tests.methods.test_bitext import FAST, LABELS, bitext, en, fit, in_spanish, labelled_pairs, quick, task
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.types import Span
from xlner.evaluate import score
from xlner.methods.certainty import Certainty, SourceTags, surest
from xlner.methods.projected import ProjectedChunks, ProjectedSet, write_projected
from xlner.project.fates import Fate, Reason
from xlner.project.result import Projected
from xlner.tagger import Tagger

assert quick  # a fixture

#                 O     B-LOC I-LOC B-PER I-PER
ROWS = np.array([[0.20, 0.10, 0.00, 0.70, 0.00],
                 [0.00, 0.00, 0.10, 0.10, 0.80],
                 [0.95, 0.05, 0.00, 0.00, 0.00]], np.float32)  # fmt: skip


def projected(source, target, *reasons):
    """Entities of the source at the same places of the target, each with its score as the score of the projection."""
    fates = [
        Fate(s, Reason.NO_ALIGNMENT) if reason else Fate(s, Reason.PROJECTED, (s,))
        for s, reason in zip(source.spans, reasons or [None] * len(source.spans), strict=True)
    ]
    return Projected.of(source, target, fates)


ANA = en("Ana Boris paints", Span(0, 2, "PER", 0.8))
READ = SourceTags(labels=LABELS, sentences=[ANA], rows=[ROWS])


def test_a_sentence_is_as_sure_as_its_least_sure_label():
    made = Certainty.of([projected(ANA, en("Ana Boris pinta"))], READ)
    assert made.entities.tolist() == pytest.approx(np.array([[0.1, 0.1, 0.8]]))  # O, LOC, PER: means of two words
    assert made.sentences.tolist() == pytest.approx([0.8 * 0.8])


def test_a_word_that_may_be_a_name_makes_a_sentence_less_sure():
    tags = SourceTags(labels=LABELS, sentences=[en("paints Ana")], rows=[ROWS[[2, 0]]])
    made = Certainty.of([projected(en("paints Ana"), en("pinta Ana"))], tags)
    assert made.sentences.tolist() == pytest.approx([0.2])


def test_what_the_tagger_did_not_read_is_as_sure_as_its_projection():
    back = en("paints Ana Boris", Span(1, 3, "PER", 0.7))
    made = Certainty.of([projected(back, en("pinta Ana Boris"))], READ)
    assert made.entities.tolist() == [[0, 0, 1]]
    assert made.sentences.tolist() == pytest.approx([0.7])


def test_a_lost_entity_makes_it_unsure_and_gold_labels_leave_the_score_of_the_projection():
    lost = projected(ANA, en("Ana Boris pinta"), "lost")
    made = Certainty.of([lost, projected(ANA, en("Ana Boris pinta")), projected(en("x"), en("y"))], None)
    assert made.sentences.tolist() == pytest.approx([0, 0.8, 1])
    assert made.spans.tolist() == [0, 1, 0]


def test_it_comes_back_from_disk(tmp_path):
    made = Certainty.of([projected(ANA, en("Ana Boris pinta"))], READ)
    made.save(tmp_path / "x.safetensors")
    again = Certainty.load(tmp_path / "x.safetensors")
    assert again.types == ("LOC", "PER")
    assert np.array_equal(again.entities, made.entities)


def test_the_surest_are_chosen_among_those_with_entities_and_those_without():
    made = Certainty(
        sentences=np.array([0.1, 0.9, 0.8, 0.95, 0.2], np.float32), spans=np.array([1, 1, 2, 0, 0], np.int32),
        entities=np.zeros((4, 1), np.float32),
    )  # fmt: skip
    assert [part.tolist() for part in surest([made], 0.5)] == [[1, 2, 3]]
    assert [part.tolist() for part in surest([made], 1.0)] == [[0, 1, 2, 3, 4]]
    worse = replace(made, sentences=made.sentences / 10)  # files of one text compete
    assert [part.tolist() for part in surest([worse, made], 0.5)] == [[], [0, 1, 2, 3, 4]]


def test_soft_labels_have_the_types_of_the_source_and_the_weight_of_the_projection():
    target = replace(en("pinta Ana Boris hoy", Span(1, 3, "PER", 0.5)), missing=((3, 4),))
    made = Certainty.of([projected(ANA, en("Ana Boris pinta"))], READ)
    (targets,), (weights,) = made.soft_labels([target], LABELS)
    assert targets[1] == pytest.approx([0.1, 0.1, 0, 0.8, 0])
    assert targets[2] == pytest.approx([0.1, 0, 0.1, 0, 0.8])
    assert targets[0].tolist() == [1, 0, 0, 0, 0]
    assert weights.tolist() == [1, 0.5, 0.5, 0]


def test_types_are_matched_by_name():
    made = Certainty.of([projected(ANA, en("Ana Boris pinta"))], READ)
    (targets,), _ = made.soft_labels([en("Ana", Span(0, 1, "PER", 0.5))], LabelSet(("DATE", "PER", "LOC")))
    assert targets[0] == pytest.approx([0.1, 0, 0, 0.8, 0, 0.1, 0])


def test_gold_labels_stay_hard_and_take_the_weight():
    made = Certainty.of([projected(ANA, en("Ana Boris pinta"))], None)
    (targets,), (weights,) = made.soft_labels([en("Ana hoy", Span(0, 1, "PER", 0.5))], LABELS)
    assert targets.argmax(1).tolist() == [3, 0]
    assert weights.tolist() == [0.5, 1]


@pytest.mark.parametrize("options", [{"projected_labels": "soft"}, {"surest_share": 0.5}, {"co_teaching": 0.1}])
def test_a_student_learns_with_each_option(quick, tmp_path, options):
    made = fit(task(bitext(120)), replace(quick, **options), tmp_path)
    gold = sentences(60, "spa", seed=9)
    assert score(gold, list(made.model.predict(gold))).f1 > 0.9
    assert ("the surest 60 are learnt from, 60 are left out" in made.notes[0]) == ("surest_share" in options)


@pytest.mark.parametrize("how", ["soft", "hard"])
def test_soft_labels_are_learnt_from_if_asked(quick, tmp_path, tiny_encoder, monkeypatch, how):
    pairs, options = labelled_pairs(*((s, in_spanish(s)) for s in sentences(3))), replace(quick, projected_labels=how)
    made = write_projected(pairs, options, FAST, tmp_path)
    soft = SimpleNamespace(examples=lambda *_: ["a soft label"])
    monkeypatch.setattr(ProjectedSet, "certainty", lambda self, chunk: soft)
    tagger = Tagger.fresh(str(tiny_encoder), LABELS, precision="fp32")
    assert (ProjectedChunks(tagger, [made]).load(0) == ["a soft label"]) == (how == "soft")


@pytest.mark.parametrize(("how", "spans", "missing"), [("entity", 1, 0), ("unknown", 0, 1), ("outside", 0, 0)])
@pytest.mark.parametrize("least", [0.0, 0.1])
def test_what_loses_its_capital_is_an_entity_or_unknown_or_neither(quick, tmp_path, how, spans, missing, least):
    pairs = labelled_pairs((en("Chidi paints", Span(0, 1, "PER")), en("chidi pinta")))
    (tmp_path / "links").write_text("0-0 1-1\n")
    links = {"name": "files", "path": str(tmp_path / "links")}
    made = write_projected(
        pairs,
        replace(quick, aligner=links, score="align", lost_capitals=how, min_score=least),
        FAST,
        tmp_path / "out",
    )
    sentence = made.sentences(0)[0]
    assert (len(sentence.spans), len(sentence.missing)) == (spans, missing)
    assert ("lost its capitals" in made.counts["fates"]) == (how != "entity")
    assert made.certainty(0).sentences.tolist() == [1.0]
    assert ("of which 0 were not projected and 1 lost their capitals" in made.note()) == (how != "entity")


def test_files_of_projected_data_do_not_depend_on_how_they_are_used(quick, tmp_path, tiny_encoder):
    pairs = labelled_pairs(*((s, in_spanish(s)) for s in sentences(9)))
    write_projected(pairs, replace(quick, chunk_pairs=5), FAST, tmp_path / "plain")
    asked = replace(quick, chunk_pairs=5, surest_share=0.4, projected_labels="soft")
    made = write_projected(pairs, asked, FAST, tmp_path / "asked")
    for file in ("00000.jsonl", "00001.jsonl", "00001.certainty.safetensors"):
        assert (tmp_path / "asked" / file).read_bytes() == (tmp_path / "plain" / file).read_bytes()
    chunks = ProjectedChunks(Tagger.fresh(str(tiny_encoder), LABELS, precision="fp32"), [made])
    assert sum(chunks.sizes) == 4
    assert [len(chunks.load(i)) for i in (0, 1)] == chunks.sizes
