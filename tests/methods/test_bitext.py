"""Learning from parallel text: what is projected, what is left out and said, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.toy import FILLERS, VERBS, sentences

from xlner.align.statistical import ThotAligner
from xlner.core.labels import LabelSet
from xlner.core.run_folder import RunFolder
from xlner.core.types import Sentence, Span
from xlner.data.segment import sentence_from_text
from xlner.errors import DataError, OptionError, UsageError
from xlner.evaluate import score
from xlner.methods.bitext import BitextTransfer
from xlner.methods.projected import ProjectedChunks, SentencePairs, write_projected
from xlner.methods.projection_options import ProjectionOptions, name_and_options
from xlner.methods.projector import doubted
from xlner.methods.task import Bitext, Source, Task
from xlner.tagger import Tagger
from xlner.train import TrainOptions
from xlner.train.examples import LabelledChunks

LABELS = LabelSet(("LOC", "PER"))
FAST = TrainOptions(learning_rate=1e-2, batch_subwords=256, freeze_embeddings=False, epochs=5)
WORDS = dict(zip(VERBS["eng"], VERBS["spa"], strict=True)) | dict(zip(FILLERS["eng"], FILLERS["spa"] * 2, strict=True))


def in_spanish(sentence):
    """Word by word, the names kept."""
    return Sentence(tuple(WORDS.get(w, w) for w in sentence.words), sentence.spans, "spa")


@pytest.fixture(scope="module")
def quick(tiny_encoder):
    aligner = {"name": "layers", "encoder": str(tiny_encoder)}
    return BitextTransfer.Options(encoder=str(tiny_encoder), teacher=FAST, student=FAST, aligner=aligner)


def bitext(n=120, language="eng"):
    text = sentences(n, seed=4)
    raw = [s.without_labels() for s in text], [in_spanish(s).without_labels() for s in text]
    return Bitext(language=language, source=lambda: iter(raw[0]), target=lambda: iter(raw[1]))


def task(*texts, sources=None):
    sources = sources or (Source(language="eng", sentences=tuple(sentences(150)), name="1-en"),)
    return Task(sources=sources, target="spa", labels=LABELS, bitext=texts or (bitext(),))


def fit(given, options, folder):
    BitextTransfer.check(given, options)
    folder.mkdir(parents=True, exist_ok=True)
    return BitextTransfer.fit(given, options, RunFolder(folder))


def test_a_student_learns_from_the_target_side(quick, tmp_path):
    made = fit(task(), quick, tmp_path)
    gold = sentences(60, "spa", seed=9)
    assert score(gold, list(made.model.predict(gold))).f1 > 0.9
    assert [t.name for t in made.baselines] == ["1-en"]
    assert made.notes[0].startswith("1-en: 120 of 120 sentence pairs with 240 entities, of which 0 were not projected")
    assert set(made.costs) == {"teachers", "projection", "student"}


def test_each_teacher_of_a_language_tags_its_text(quick, tmp_path):
    two = tuple(Source(language="eng", sentences=tuple(sentences(60, seed=n)), name=f"{n}-en") for n in (1, 2))
    fit(task(sources=two), quick, tmp_path)
    assert sorted(p.name for p in (tmp_path / "projected").iterdir()) == ["1-en", "2-en"]


def test_two_texts_of_a_language_are_kept_apart(quick, tmp_path):
    fit(task(bitext(10), bitext(20)), quick, tmp_path)
    assert sorted(p.name for p in (tmp_path / "projected").iterdir()) == ["1-en-1", "1-en-2"]


def test_a_text_without_a_source_and_a_source_without_a_text_are_refused(quick):
    with pytest.raises(UsageError, match=r"`bitext de=...` is for no `source`"):
        BitextTransfer.check(task(bitext(), bitext(language="deu")), quick)
    german = Source(language="deu", sentences=tuple(replace(s, language="deu") for s in sentences(5)), name="2-de")
    english = Source(language="eng", sentences=tuple(sentences(5)), name="1-en")
    with pytest.raises(UsageError, match="source de has no parallel text"):
        BitextTransfer.check(task(sources=(english, german)), quick)


def test_a_teacher_that_lacks_a_type_is_refused(quick, tmp_path):
    people = [s.with_spans(s.spans[:1]) for s in sentences(30)]
    lacking = Source(language="eng", sentences=tuple(people), name="1-en")
    with pytest.raises(UsageError, match=r"1-en does not know LOC.*`mapping LOC=O`"):
        fit(task(sources=(lacking,)), quick, tmp_path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"aligner": "magic"}, "magic"),
        ({"aligner": "{name: layers, flor: 1}"}, "flor"),
        ({"matcher": "markers"}, "reads marked translations"),
        ({"matcher": "heuristic", "score": "align"}, "`score` has no effect here"),
    ],
)
def test_wrong_parts_are_said_before_work(quick, change, message):
    with pytest.raises(UsageError, match=message):
        BitextTransfer.check(task(), replace(quick, **change))


def test_a_matcher_that_reads_no_score_leaves_the_default_alone(quick, tmp_path):
    fit(task(bitext(10)), replace(quick, matcher="heuristic"), tmp_path)


@pytest.mark.parametrize("value", ["{floor: 1}", "{floor: [", {"floor": 1}])
def test_a_part_needs_a_name(value):
    with pytest.raises(OptionError, match="must be a name, or a mapping"):
        name_and_options("aligner", value)


def labelled_pairs(*pairs):
    return SentencePairs(
        name="x", source=lambda: iter([s for s, _ in pairs]), target=lambda: iter([t for _, t in pairs])
    )


def en(text, *spans):
    return Sentence(tuple(text.split()), tuple(spans), "eng")


def test_sides_of_different_length_are_an_error_that_counts(quick, tmp_path):
    shorter = SentencePairs(name="x", source=lambda: iter([en("a"), en("b")]), target=lambda: iter([en("a")]))
    with pytest.raises(DataError, match="the target side ends after 1 sentences"):
        write_projected(shorter, quick, FAST, tmp_path)


def test_pairs_with_an_empty_side_are_counted_and_left_out(quick, tmp_path):
    pair = en("Ana visits Arcol", Span(0, 1, "PER")), en("Ana visita Arcol")
    made = write_projected(labelled_pairs(pair, (en("Ana"), en("")), (en(""), en("Ana"))), quick, FAST, tmp_path)
    assert made.sizes == (1,)
    assert (made.counts["pairs"], made.counts["with_an_empty_side"], made.counts["kept"]) == (3, 2, 1)
    assert made.sentences(0)[0].spans[0].key == (0, 1, "PER")


def test_nothing_left_is_an_error(quick, tmp_path):
    with pytest.raises(DataError, match="x: no pair of sentences is left"):
        write_projected(labelled_pairs((en("Ana"), en(""))), quick, FAST, tmp_path)


def test_finished_chunks_are_not_projected_again(quick, tmp_path, monkeypatch):
    pairs = [(s, in_spanish(s).without_labels()) for s in sentences(10)]
    whole = write_projected(labelled_pairs(*pairs), replace(quick, chunk_pairs=3), FAST, tmp_path / "whole")
    killed = tmp_path / "killed"
    write_projected(labelled_pairs(*pairs), replace(quick, chunk_pairs=3), FAST, killed)
    for name in ("index.json", "00002.jsonl", "00003.jsonl"):
        (killed / name).unlink()
    times = (killed / "00001.jsonl").stat().st_mtime_ns
    again = write_projected(labelled_pairs(*pairs), replace(quick, chunk_pairs=3), FAST, killed)
    assert (killed / "00001.jsonl").stat().st_mtime_ns == times
    assert again.counts == whole.counts
    for n in range(4):
        assert (killed / f"{n:05d}.jsonl").read_bytes() == (tmp_path / "whole" / f"{n:05d}.jsonl").read_bytes()


def test_alignments_from_a_file_stay_with_their_pairs(quick, tmp_path):
    text = [
        en("Ana paints", Span(0, 1, "PER")),
        en(""),
        en("Boris Arcol", Span(0, 1, "PER")),
        en("Farah", Span(0, 1, "PER")),
    ]
    target = [en("pinta Ana"), en("x"), en("Arcol Boris"), en("Farah")]
    (tmp_path / "links").write_text("0-1 1-0\n\n0-1 1-0\n0-0\n")
    given = {"aligner": {"name": "files", "path": str(tmp_path / "links")}, "chunk_pairs": 2, "score": "align"}
    made = write_projected(
        labelled_pairs(*zip(text, target, strict=True)), replace(quick, **given), FAST, tmp_path / "out"
    )
    spans = [s.spans[0].start for n in range(len(made.sizes)) for s in made.sentences(n)]
    assert spans == [1, 1, 0]


def test_low_scores_become_unknown_words(quick, tmp_path):
    pairs = labelled_pairs((en("Ana visits Arcol today", Span(0, 1, "PER")), en("Ana visita Arcol hoy")))
    made = write_projected(pairs, replace(quick, min_score=1.0), FAST, tmp_path)
    sentence = made.sentences(0)[0]
    assert sentence.spans == ()
    assert sentence.missing == ((0, 1),)


def test_what_the_tagger_is_not_sure_of_is_missing():
    rows = np.array([[0.1, 0.9], [0.6, 0.4], [0.95, 0.05], [0.3, 0.7]], np.float32)
    sentence = en("a b c d", Span(0, 1, "PER", 0.9), Span(3, 4, "PER", 0.7))
    assert doubted(sentence, rows, 0.0) is sentence
    made = doubted(sentence, rows, 0.8)
    assert [s.key for s in made.spans] == [(0, 1, "PER")]
    assert made.missing == ((1, 2), (3, 4))


def test_projected_and_labelled_sentences_are_learnt_from_together(quick, tmp_path, tiny_encoder):
    pairs = labelled_pairs(*((s, in_spanish(s)) for s in sentences(7)))
    made = write_projected(pairs, replace(quick, chunk_pairs=4), FAST, tmp_path)
    tagger = Tagger.fresh(str(tiny_encoder), LABELS, precision="fp32")
    chunks = ProjectedChunks(tagger, [made], LabelledChunks(tagger, sentences(5)))
    assert chunks.sizes == [4, 3, 5]
    assert [len(chunks.load(i)) for i in range(3)] == [4, 3, 5]
    assert ProjectedChunks(tagger, [made]).sizes == [4, 3]


def test_options_of_projection_have_the_defaults_of_the_command():
    plain = ProjectionOptions()
    assert (plain.min_score, plain.source_floor, plain.read_target) == (0.0, 0.0, False)


def test_links_of_a_member_stay_with_their_pairs(quick, tmp_path):
    text = [en("Ana paints", Span(0, 1, "PER")), en(""), en("Boris Arcol", Span(0, 1, "PER"))]
    target = [en("pinta Ana"), en("x"), en("Arcol Boris")]
    (tmp_path / "links").write_text("0-1 1-0\n\n0-1 1-0\n")
    members = [{"name": "files", "path": str(tmp_path / "links")}, {"name": "thot", "model": "ibm1"}]
    given = {"aligner": {"name": "combined", "how": "union", "members": members}, "chunk_pairs": 1, "score": "align"}
    pairs = labelled_pairs(*zip(text, target, strict=True))
    made = write_projected(pairs, replace(quick, **given), FAST, tmp_path / "out")
    assert [s.spans[0].start for n in range(len(made.sizes)) for s in made.sentences(n)] == [1, 1]


def test_an_aligner_learns_from_the_pieces_that_it_aligns(quick, tiny_encoder, tmp_path, monkeypatch):
    """Text without spaces is aligned in pieces of the encoder, so counts must be those of pieces."""
    seen = {"fit": set(), "align": set()}
    for name, words in seen.items():
        real = getattr(ThotAligner, name)

        def look(self, pairs, real=real, words=words):
            words |= {w for _, target in pairs for w in target}
            return real(self, pairs)

        monkeypatch.setattr(ThotAligner, name, look)
    members = [{"name": "layers", "encoder": str(tiny_encoder)}, "thot"]
    options = replace(quick, aligner={"name": "combined", "how": "mixed", "members": members})
    pairs = labelled_pairs((en("Tokyo .", Span(0, 1, "LOC")), sentence_from_text("東京。", "jpn")))
    write_projected(pairs, options, FAST, tmp_path / "out")
    assert seen["fit"] == seen["align"] != set("東京。")
