"""Projection through marked translations: by marks, by links where marks are lost, and what both confirm."""

from __future__ import annotations

import json
import re
from typing import Any, ClassVar

import pytest
from tests.methods.test_bitext import FAST, LABELS, WORDS, bitext, in_spanish
from tests.toy import sentences

from xlner.component import option, options
from xlner.core.run_folder import RunFolder
from xlner.core.types import Sentence, Span
from xlner.errors import UsageError
from xlner.evaluate import score
from xlner.methods.bitext import BitextTransfer
from xlner.methods.combined import Combined
from xlner.methods.projected import SentencePairs, write_projected
from xlner.methods.projection_options import ProjectionOptions
from xlner.methods.projector import Projector
from xlner.methods.task import Source, Task
from xlner.methods.translate_test import TranslateTest
from xlner.methods.translate_train import TranslateTrain
from xlner.translate import TRANSLATORS
from xlner.translate.translator import BaseTranslator

LIMA = Sentence(("Ana", "Lee", "lives", "in", "Lima"), (Span(0, 2, "PER"), Span(4, 5, "LOC")), "eng")
OSLO = Sentence(("Emil", "left", "Oslo"), (Span(0, 1, "PER"), Span(2, 3, "LOC")), "eng")
NOBODY = Sentence(("it", "rains"), (), "eng")
IN_SPANISH = {**WORDS, "lives": "vive", "in": "en", "left": "dejó", "it": "ya", "rains": "llueve"}
TARGETS = [
    Sentence(("Ana", "Lee", "vive", "hoy", "en", "Lima"), (), "spa"),
    Sentence(("Emil", "dejó", "Oslo"), (), "spa"),
    Sentence(("ya", "llueve"), (), "spa"),
]


class WordByWord(BaseTranslator):
    """English to Spanish and back, word by word, with marks kept or lost."""

    called: ClassVar[str] = "word-by-word"
    asked: ClassVar[list[str]] = []

    @options
    class Options:
        loses: str = option("", "The mark before this name is lost.")
        drops: str = option("", "A sentence with this word has no translation.")

    def pairs(self) -> set[tuple[str, str]]:
        return {("eng", "spa"), ("spa", "eng")}

    def translate_filled(self, sentences: Any) -> list[str]:
        self.asked.extend(sentences)
        words = IN_SPANISH if self.pair == ("eng", "spa") else {v: k for k, v in IN_SPANISH.items()}
        return [self._one(s, words) for s in sentences]

    def _one(self, sentence: str, words: dict[str, str]) -> str:
        if self.options.drops and self.options.drops in sentence and "[" in sentence:
            return ""
        out = re.sub(r"\w+", lambda m: words.get(m.group(), m.group()), sentence)
        return out.replace("[" + self.options.loses, self.options.loses) if self.options.loses else out


@pytest.fixture(autouse=True)
def word_by_word(monkeypatch):
    """Registers the translator, and tells what it was asked."""
    monkeypatch.setitem(TRANSLATORS.builtin, "word-by-word", "tests.methods.test_marked:WordByWord")
    monkeypatch.setattr(WordByWord, "asked", [])
    return WordByWord.asked


@pytest.fixture
def links(tmp_path):
    """Writes links of the three sentences, so that a test knows what they say."""

    def write(*lines):
        path = tmp_path / "links.txt"
        path.write_text("".join(line + "\n" for line in lines), "utf-8")
        return {"name": "files", "path": str(path)}

    return write


def pairs(sources=(LIMA, OSLO, NOBODY), targets=tuple(TARGETS)):
    return SentencePairs(name="x", source=lambda: iter(sources), target=lambda: iter(targets), languages=("eng", "spa"))


def project(tmp_path, tiny_encoder, given=None, folder="out", **more):
    values: dict[str, Any] = {
        "aligner": {"name": "layers", "encoder": str(tiny_encoder)}, "marked_translator": "word-by-word", **more,
    }  # fmt: skip
    return write_projected(given or pairs(), ProjectionOptions(**values), FAST, tmp_path / folder)


def shown(made):
    """The labelled sentences as text: [names] and ?unknown words?."""
    out = []
    for sentence in (s for n in range(len(made.sizes)) for s in made.sentences(n)):
        words = list(sentence.words)
        for start, end, left, right in [
            *((s.start, s.end, "[", "]" + s.label) for s in sentence.spans),
            *((a, b, "?", "?") for a, b in sentence.missing),
        ]:
            words[start] = left + words[start]
            words[end - 1] += right
        out.append(" ".join(words))
    return out


def test_markers_are_read_and_their_translation_is_learnt_from(tmp_path, tiny_encoder):
    made = project(tmp_path, tiny_encoder, project_by="markers")
    assert shown(made) == ["[Ana Lee]PER vive en [Lima]LOC", "[Emil]PER dejó [Oslo]LOC", "ya llueve"]
    assert made.counts["marks"] == {"sentences": 2, "with_all_marks": 2}
    assert made.note().endswith("of 2 marked sentences 2 kept all marks")


def test_a_sentence_that_loses_a_mark_is_projected_by_links(tmp_path, links):
    aligner = links("0-0 1-1 2-2 3-4 4-5", "0-0 1-1 2-2", "0-0 1-1")
    made = project(
        tmp_path, None, project_by="markers", aligner=aligner, score="align",
        marked_translator={"name": "word-by-word", "loses": "Lima"},
    )  # fmt: skip
    assert shown(made)[0] == "[Ana Lee]PER vive hoy en [Lima]LOC"
    assert made.counts["marks"]["with_all_marks"] == 1


@pytest.mark.parametrize("project_by", ["markers", "back-translation"])
def test_a_sentence_without_marked_translation_is_projected_by_links_and_counted(tmp_path, tiny_encoder, project_by):
    dropping = {"name": "word-by-word", "drops": "Oslo"}
    made = project(tmp_path, tiny_encoder, project_by=project_by, marked_translator=dropping)
    assert shown(made)[1] == "[Emil]PER dejó [Oslo]LOC"
    assert made.counts["marks"] == {"sentences": 2, "with_all_marks": 1, "without_translation": 1}


def test_the_target_is_aligned_with_its_back_translation(tmp_path, tiny_encoder):
    made = project(tmp_path, tiny_encoder, project_by="back-translation")
    assert shown(made) == ["[Ana Lee]PER vive hoy en [Lima]LOC", "[Emil]PER dejó [Oslo]LOC", "ya llueve"]


def test_fates_are_those_of_the_source_whatever_way_was_taken(tmp_path, tiny_encoder):
    aligner = {"name": "layers", "encoder": str(tiny_encoder)}
    picked = ProjectionOptions(aligner=aligner, project_by="back-translation", marked_translator="word-by-word")
    projector = Projector.of(pairs(), picked, FAST, tmp_path / "store")
    result, _, _ = projector(list(pairs()), 0)
    assert [item.source for item in result] == [LIMA, OSLO, NOBODY]
    assert [[f.entity for f in item.fates] for item in result] == [list(LIMA.spans), list(OSLO.spans), []]


@pytest.mark.parametrize("project_by", ["markers", "back-translation", "links"])
def test_chunks_are_as_good_as_all_at_once(tmp_path, tiny_encoder, project_by):
    more = {"project_by": project_by, "confirm": True}
    whole = project(tmp_path, tiny_encoder, folder="whole", **more)
    parts = project(tmp_path, tiny_encoder, folder="parts", chunk_pairs=1, **more)
    assert shown(parts) == shown(whole)
    assert parts.counts == whole.counts


def test_what_back_translation_does_not_confirm_is_unknown(tmp_path, tiny_encoder):
    moved = Sentence(("Ana", "Lee", "vive", "en", "Lima"), (), "spa")
    loses = {"name": "word-by-word", "loses": "Lima"}
    made = project(tmp_path, tiny_encoder, pairs((LIMA, NOBODY), (moved, TARGETS[2])), confirm=True,
                   marked_translator=loses)  # fmt: skip
    assert shown(made) == ["[Ana Lee]PER vive en ?Lima?", "ya llueve"]
    assert made.counts["fates"] == {"projected": 1, "back-translation disagrees": 1}


def test_markers_are_confirmed_by_links_to_their_translation(tmp_path, tiny_encoder):
    loses = {"name": "word-by-word", "loses": "Lima"}
    made = project(tmp_path, tiny_encoder, project_by="markers", confirm=True, marked_translator=loses)
    first, second, third = shown(made)
    assert first == "?Ana Lee? vive hoy en ?Lima?"  # links have it, and no marks confirm that
    assert (second, third) == ("[Emil]PER dejó [Oslo]LOC", "ya llueve")


def test_unknown_source_words_stay_unknown(tmp_path, links):
    doubtful = Sentence(LIMA.words, LIMA.spans[:1], "eng", missing=((4, 5),))
    aligner = links("0-0 1-1 2-2 3-4 4-5")
    made = project(
        tmp_path, None, pairs((doubtful,), (TARGETS[0],)), project_by="markers", aligner=aligner, score="align"
    )
    assert shown(made) == ["[Ana Lee]PER vive hoy en ?Lima?"]


def test_a_killed_projection_asks_for_no_translation_twice(tmp_path, tiny_encoder, word_by_word, monkeypatch):
    whole = project(tmp_path, tiny_encoder, project_by="markers", folder="whole")
    asked = list(word_by_word)
    word_by_word.clear()

    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("xlner.methods.marked.labelled", killed)
        with pytest.raises(KeyboardInterrupt):
            project(tmp_path, tiny_encoder, project_by="markers", folder="killed")
    assert sorted(word_by_word) == sorted(asked)
    word_by_word.clear()
    again = project(tmp_path, tiny_encoder, project_by="markers", folder="killed")
    assert word_by_word == []
    assert (shown(again), again.counts) == (shown(whole), whole.counts)
    assert not list((tmp_path / "killed").glob("*.translations"))


def task(**more):
    source = Source(language="eng", sentences=tuple(sentences(150)), name="1-en")
    return Task(sources=(source,), target="spa", labels=LABELS, **more)


def chosen(kind, tiny_encoder=None, **more):
    values = {"aligner": {"name": "layers", "encoder": str(tiny_encoder)}} if tiny_encoder else {}
    return kind.Options(encoder=str(tiny_encoder), teacher=FAST, student=FAST, **{**values, **more})


RAW = {"raw": lambda: iter(in_spanish(s).without_labels() for s in sentences(60, seed=4))}


@pytest.mark.parametrize(
    ("kind", "given", "more"),
    [
        (TranslateTrain, {}, {"project_by": "markers", "translator": "word-by-word"}),
        (TranslateTest, RAW, {"project_by": "back-translation", "translator": "word-by-word"}),
        (BitextTransfer, {"bitext": (bitext(),)}, {"confirm": True, "marked_translator": "word-by-word"}),
    ],
)
def test_a_student_learns_from_marked_translations(kind, given, more, tiny_encoder, tmp_path):
    asked, picked = task(**given), chosen(kind, tiny_encoder, **more)
    kind.check(asked, picked)
    made = kind.fit(asked, picked, RunFolder(tmp_path))
    gold = sentences(60, "spa", seed=9)
    assert score(gold, list(made.model.predict(gold))).f1 > 0.9
    assert any("kept all marks" in note for note in made.notes)
    (index,) = tmp_path.glob("projected/*/index.json")
    assert json.loads(index.read_text())["counts"]["settings"]["project_by"] == picked.project_by


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"marked_translator": "word-by-word"}, r"`marked_translator` has no effect here"),
        ({"project_by": "markers"}, r"entities marked: .*en-es.*Name another `marked_translator`"),
        ({"confirm": True, "marked_translator": {"name": "files", "path": __file__}}, "files gives .* certain lines"),
        (
            {"confirm": True, "marked_translator": "word-by-word", "aligner": "{name: files, path: x}"},
            "the aligner files has links of the given pairs",
        ),
        (
            {"project_by": "back-translation", "marked_translator": "word-by-word", "aligner": "thot"},
            "the aligner thot learns from the source and the target side",
        ),
    ],
)
def test_what_cannot_be_is_said_before_work(change, message):
    with pytest.raises(UsageError, match=message):
        BitextTransfer.check(task(bitext=(bitext(),)), chosen(BitextTransfer, **change))


def test_the_translator_of_the_method_serves_for_marks():
    TranslateTest.check(task(**RAW), chosen(TranslateTest, project_by="markers", translator="word-by-word"))
    Combined.check(
        task(**RAW), chosen(Combined, confirm=True, translator="word-by-word", marked_translator="word-by-word")
    )


@pytest.mark.parametrize("aligner", ["layers", "{name: combined, members: [layers, embedding], how: vote}"])
def test_aligners_that_learn_nothing_serve_for_back_translations(aligner):
    given = task(bitext=(bitext(),))
    BitextTransfer.check(
        given,
        chosen(BitextTransfer, project_by="back-translation", marked_translator="word-by-word", aligner=aligner),
    )
