"""The spaCy component, in real pipelines."""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path

import pytest
from tests.toy import sentences

spacy = pytest.importorskip("spacy")

from spacy.tokens import Doc, Span  # noqa: E402

import xlner.integrations.spacy  # noqa: E402, F401 - registers the factory
from xlner.errors import ModelError, UsageError  # noqa: E402
from xlner.integrations.spacy import XlnerEntities  # noqa: E402
from xlner.tagger import Tagger  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
TEXTS = [" ".join(s.words) + "." for s in sentences(12, "spa")]


def pipeline(language, tagger, **config):
    nlp = spacy.blank(language)
    component = nlp.add_pipe("xlner", config=config)
    component._loaded = tagger
    return nlp


def found(doc):
    return [(e.text, e.label_) for e in doc.ents]


@pytest.mark.parametrize(
    ("language", "text", "names"),
    [
        ("es", "Ayer, Ana García llegó a «Lima».", ["Ana García", "Lima"]),
        ("en", "Amina's train left Kano. Then Lima.", ["Amina", "Kano", "Lima"]),
        ("xx", "Amina anaishi Kano.\n\nLima pia.", ["Amina", "Kano", "Lima"]),
        ("zh", "他去了北京。", ["北京"]),
        ("ar", "وصلت إلى القاهرة، أمس.", ["القاهرة"]),
        ("fa", "او در دلهی است.", ["دلهی"]),
        ("hi", "वह दिल्ली गई।", ["दिल्ली"]),
        ("ru", "Она живёт в Москве. 😀 Lima", ["Москве", "Lima"]),
        ("am", "ወደ አዲስ አበባ።", ["አዲስ አበባ"]),
    ],
)
@pytest.mark.parametrize("words", ["xlner", "spacy"])
def test_names_of_many_scripts_are_at_their_place(knows_names, language, text, names, words):
    if (language, words) == ("am", "spacy"):
        pytest.skip("spaCy keeps the Ethiopic full stop on the word")
    doc = pipeline(language, knows_names, words=words)(text)
    assert [e.text for e in doc.ents] == names
    assert doc.text == text


def test_entities_inside_a_token_are_widened_narrowed_or_missing(knows_names):
    def of(**config):
        nlp = spacy.blank("xx")
        nlp.tokenizer = lambda text: Doc(nlp.vocab, words=["En", "«Lima»", "hoy"])
        component = nlp.add_pipe("xlner", config=config)
        component._loaded = knows_names
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            docs = [nlp("En «Lima» hoy"), nlp("En «Lima» hoy")]
        return docs[0], component.counts, [str(w.message) for w in caught]

    doc, counts, told = of()
    assert (found(doc), counts["widened"], told) == ([("«Lima»", "LOC")], 2, [])
    for alignment in ("strict", "contract"):
        doc, counts, told = of(alignment=alignment)
        assert (found(doc), counts["unaligned"], counts["found"]) == ([], 2, 2)
        assert len(told) == 1
        assert "no place among spaCy's tokens" in told[0]
        assert [t.ent_iob_ for t in doc] == ["O", "", "O"]  # missing is not O
    doc, counts, _ = of(words="spacy")
    assert (found(doc), counts["found"]) == ([], 0)  # the model has never seen such a word


def test_two_entities_that_become_one_token_are_counted(knows_names):
    nlp = pipeline("xx", knows_names)
    nlp.tokenizer = lambda text: Doc(nlp.vocab, words=["(Lima)(Kano)"])
    with pytest.warns(UserWarning, match="left out"):
        assert len(nlp("(Lima)(Kano)").ents) == 1
    assert nlp.get_pipe("xlner").counts["collision"] == 1


@pytest.mark.parametrize("overwrite", [False, True])
def test_entities_that_are_there_stay_unless_overwritten(knows_names, overwrite):
    nlp = pipeline("es", knows_names, overwrite=overwrite, spans_key="xlner")
    doc = nlp.make_doc("Ana García vive en Lima hoy")
    there = [Span(doc, 1, 3, label="X", span_id="x1"), Span(doc, 5, 6, label="DATE")]
    doc.set_ents(there, blocked=[Span(doc, 4, 5)])
    doc = nlp.get_pipe("xlner")(doc)
    ours = [("Ana García", "PER")] if overwrite else [("García vive", "X")]
    assert found(doc) == [*ours, ("hoy", "DATE")]
    assert {doc[1].ent_id_, doc[2].ent_id_} == {"" if overwrite else "x1"}
    assert (doc[4].ent_iob_, doc[4].ent_type_) == ("B", "")  # blocked is blocked
    assert nlp.get_pipe("xlner").counts["conflict"] == (1 if overwrite else 2)
    assert [s.text for s in doc.spans["xlner"]] == ["Ana García", "Lima"]
    assert doc.spans["xlner"].attrs["scores"] == [0.9, 0.9]


def test_words_that_spacy_was_given_are_read_as_they_are(knows_names):
    nlp = pipeline("xx", knows_names, words="spacy")
    doc = nlp(Doc(nlp.vocab, words=["Ana", "García", "vive", "\n", "Lima"], spaces=[True, False, True, False, False]))
    assert found(doc) == [("Ana García", "PER"), ("Lima", "LOC")]


@pytest.mark.parametrize("words", ["xlner", "spacy"])
def test_empty_documents_are_fine(knows_names, words):
    nlp = pipeline("en", knows_names, words=words)
    assert [len(doc.ents) for doc in nlp.pipe(["", "   ", "\n", "Lima"])] == [0, 0, 0, 1]


def test_a_pipeline_gives_what_the_tagger_gives(tiny_model):
    from xlner import read_text

    nlp = spacy.blank("es")
    nlp.add_pipe("xlner", config={"model": str(tiny_model), "device": "cpu"})
    tagger = Tagger.load(tiny_model, device="cpu")
    answers = [[(s.surface(x), x.label) for s in tagger.predict(read_text(t)) for x in s.spans] for t in TEXTS]
    assert sum(map(len, answers)) > 10
    assert [found(nlp(t)) for t in TEXTS] == answers
    assert [found(d) for d in nlp.pipe(TEXTS, batch_size=5)] == answers
    assert [(found(d), n) for d, n in nlp.pipe(zip(TEXTS, range(12), strict=True), as_tuples=True)] == list(
        zip(answers, range(12), strict=True)
    )
    assert nlp.get_pipe("xlner").labels == ("LOC", "PER")
    assert [found(d) for d in nlp.pipe(TEXTS, n_process=2, batch_size=4)] == answers


def test_types_can_be_renamed_and_removed(tiny_model):
    nlp = spacy.blank("es")
    nlp.add_pipe("xlner", config={"model": str(tiny_model), "map": {"PER": "PERSON", "LOC": "O"}, "device": "cpu"})
    assert {label for text in TEXTS for _, label in found(nlp(text))} == {"PERSON"}


def test_a_saved_pipeline_needs_nothing_else(tiny_model, tmp_path):
    shutil.copytree(tiny_model, tmp_path / "model")
    nlp = spacy.blank("es")
    config = {"model": str(tmp_path / "model"), "map": {"PER": "PERSON"}, "device": "cpu"}
    nlp.add_pipe("xlner", name="names", config=config)
    before = [found(nlp(t)) for t in TEXTS]
    nlp.to_disk(tmp_path / "nlp")
    nlp.to_disk(tmp_path / "nlp")  # again, over itself
    data, pickled = nlp.to_bytes(), pickle.dumps(nlp.get_pipe("names"))
    shutil.rmtree(tmp_path / "model")
    shutil.move(tmp_path / "nlp", tmp_path / "moved")
    again = spacy.load(tmp_path / "moved")
    assert [found(again(t)) for t in TEXTS] == before
    again.to_disk(tmp_path / "third")
    assert [found(spacy.load(tmp_path / "third")(t)) for t in TEXTS] == before
    empty = spacy.blank("es")
    empty.add_pipe("xlner", name="names")
    empty.from_bytes(data)
    assert [found(empty(t)) for t in TEXTS] == before
    worker = pickle.loads(pickle.dumps(empty.get_pipe("names")))
    assert [found(worker(empty.make_doc(t))) for t in TEXTS] == before
    with pytest.raises(ModelError):
        pickle.loads(pickled).tagger  # noqa: B018 - its model is gone, and that is said


def test_a_model_of_the_hub_is_saved_with_the_pipeline(tiny_model, tmp_path):
    nlp = pipeline("es", Tagger.load(tiny_model, device="cpu", mapping={"PER": "O"}), model="owner/name")
    nlp.to_disk(tmp_path / "nlp")
    assert spacy.load(tmp_path / "nlp").get_pipe("xlner").labels == ("LOC", "PER")


def test_bytes_write_nothing_outside_of_their_folder():
    import srsly

    component = XlnerEntities("m")
    data = srsly.msgpack_dumps({"cfg": component._settings(), "model": {"../evil": b""}})
    with pytest.raises(ModelError, match="outside of the model's folder"):
        component.from_bytes(data)


def test_display_shows_the_entities(knows_names):
    page = spacy.displacy.render(pipeline("es", knows_names)("Ana García vive en Lima."), style="ent", jupyter=False)
    assert page.count("<mark") == 2
    assert "Ana García" in page


def test_wrong_settings_are_told():
    nlp = spacy.blank("en")
    with pytest.raises(ModelError, match="the component has no model"):
        nlp.add_pipe("xlner").tagger  # noqa: B018
    with pytest.raises(UsageError, match="`words` is xlner or spacy, got 'nltk'"):
        XlnerEntities("m", words="nltk")
    with pytest.raises(ModelError, match="no model at"):
        XlnerEntities("nowhere/at-all/here")(nlp.make_doc("Lima"))


def test_spacy_finds_the_component_by_its_entry_point(tmp_path):
    """As after pip install: nobody imports xlner."""
    entries = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["entry-points"]["spacy_factories"]
    folder = tmp_path / "installed-1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: installed\nVersion: 1\n")
    lines = [f"{name} = {value}" for name, value in entries.items()]
    (folder / "entry_points.txt").write_text("\n".join(["[spacy_factories]", *lines]))
    code = "import spacy; print(spacy.blank('xx').add_pipe('xlner').counts)"
    path = os.pathsep.join([str(tmp_path), str(ROOT / "src")])
    done = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True
    )
    assert done.stdout == "Counter()\n", done.stderr
