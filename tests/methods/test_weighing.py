from dataclasses import replace

import numpy as np
import pytest
from tests.toy import sentences

from xlner.core.labels import LabelSet
from xlner.core.types import Sentence
from xlner.errors import DataError, UsageError
from xlner.methods import weighing
from xlner.methods.distill import Distill
from xlner.methods.task import Source, Task


def teacher_weights(task, options, folder):
    return weighing.teacher_weights(task.sources, task, options, folder)


LABELS = LabelSet(("LOC", "PER"))


def source(language, name):
    said = sentences(40, "eng" if language == "eng" else "spa")
    return Source(language=language, sentences=tuple(said), name=name)


def task(*sources):
    raw = [s.without_labels() for s in sentences(50, "spa", seed=5)]
    return Task(sources=sources, target="spa", labels=LABELS, raw=lambda: iter(raw))


@pytest.fixture(scope="module")
def options(tiny_encoder):
    return Distill.Options(encoder=str(tiny_encoder), chunk_sentences=16)


@pytest.mark.parametrize("rule", ["language-id", "embedding:centroid", "lexical:subwords"])
def test_a_measure_weighs_languages(options, tmp_path, rule):
    made = teacher_weights(task(source("eng", "1-en"), source("deu", "2-de")), replace(options, weights=rule), tmp_path)
    assert made.language.shape == (2,)
    assert made.language.sum() == pytest.approx(1)
    assert made.sentences is None


def test_every_sentence_may_have_weights_of_its_own(options, tmp_path):
    wanted = replace(options, weights="language-id:sentence")
    sources = task(source("eng", "1-en"), source("deu", "2-de"))
    made = teacher_weights(sources, wanted, tmp_path)
    assert made.sentences.shape == (50, 2)
    assert made.sentences.sum(1) == pytest.approx(1)
    again = teacher_weights(sources, wanted, tmp_path)  # read back, as a resumed run does
    assert (again.sentences == made.sentences).all()


def test_sources_of_one_language_share_its_weight(options, tmp_path):
    three = task(source("eng", "1-en"), source("eng", "2-en"), source("deu", "3-de"))
    made = teacher_weights(three, replace(options, weights="lexical:subwords"), tmp_path)
    assert made.language[0] == made.language[1]
    assert made.language.sum() == pytest.approx(1)


def test_a_model_alone_needs_text_to_be_weighed_by(options, tmp_path):
    alone = Source(language="deu", model="somewhere", name="2-de")
    wanted = replace(options, weights="language-id")
    with pytest.raises(DataError, match="`source_text de=FILE`"):
        teacher_weights(task(source("eng", "1-en"), alone), wanted, tmp_path / "without")
    told = replace(alone, text=tuple(sentences(40, "spa")))
    assert len(teacher_weights(task(source("eng", "1-en"), told), wanted, tmp_path / "with").language) == 2


@pytest.mark.parametrize(
    ("rule", "sources", "error", "message"),
    [
        ("embedding:cka", [source("eng", "1-en")], UsageError, "needs bitext"),
        ("lexical:subwords", [source("eng", "1-en"), source("spa", "2-es")], UsageError, "has that language itself"),
        ("lexical:subwords", [Source(language="deu", model="m", name="1-de")], DataError, "`source_text de=FILE`"),
    ],
)
def test_weights_that_say_nothing_are_an_error(options, tmp_path, rule, sources, error, message):
    with pytest.raises(error, match=message):
        teacher_weights(task(*sources), replace(options, weights=rule), tmp_path)


def test_a_measure_without_a_value_for_the_target_is_an_error(options, tmp_path):
    small = replace(task(source("eng", "1-en")), raw=lambda: iter([Sentence(("all", "in", "small", "letters"))]))
    with pytest.raises(DataError, match="says nothing of the sources: no capitalised"):
        teacher_weights(small, replace(options, weights="lexical:capitalised"), tmp_path)


def test_an_unknown_rule_lists_the_measures(options, tmp_path):
    with pytest.raises(UsageError, match=r"uniform, language-id, .*lexical:subwords.*en=0.7"):
        teacher_weights(task(source("eng", "1-en")), replace(options, weights="magic"), tmp_path)


def test_any_measure_that_learns_to_weigh_sentences_can_be_asked_for_it(options, tmp_path, monkeypatch):
    class Shares:
        """Weighs by the alphabet of the codes, for the test."""

        needs = frozenset({"text"})

        def fitted(self, texts, *, encoder, seed, max_sentences):
            self.codes = list(texts)
            return self

        def scale(self, sentences):
            return 1.0

        def sentence_weights(self, sentences, *, scale):
            return np.tile(np.array([0.25, 0.75], np.float32), (len(sentences), 1))

        def matrix(self, texts):
            raise AssertionError("its own weights are wanted")

    monkeypatch.setitem(weighing.SIMILARITIES.builtin, "shares", "tests.methods.test_weighing:Shares")
    monkeypatch.setitem(globals(), "Shares", Shares)
    wanted = replace(options, weights="shares:sentence")
    made = teacher_weights(task(source("eng", "1-en"), source("deu", "2-de")), wanted, tmp_path)
    assert made.sentences.shape == (50, 2)
    assert made.language == pytest.approx([0.25, 0.75])


def test_a_measure_that_knows_no_sentences_is_not_asked_for_them(options, tmp_path):
    wanted = replace(options, weights="lexical:subwords:sentence")
    with pytest.raises(
        UsageError, match=r"`weights` is one of .*language-id:sentence.*got 'lexical:subwords:sentence'"
    ):
        teacher_weights(task(source("eng", "1-en"), source("deu", "2-de")), wanted, tmp_path)
