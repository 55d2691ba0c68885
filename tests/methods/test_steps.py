"""The speed of each step of a run, over all processes that took part, and the page of what was lost."""

from __future__ import annotations

import json
import random
import tracemalloc
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
from tests.methods.test_bitext import FAST, bitext, en, fit, in_spanish, labelled_pairs, quick, task  # noqa: F401
from tests.toy import sentence, sentences, write_conll, write_text

from xlner.api.transfer import transfer
from xlner.cli.show import show_run
from xlner.core.costs import Costs
from xlner.core.types import Span
from xlner.errors import XlnerError
from xlner.methods.projected import SentencePairs, write_projected
from xlner.methods.steps import losses_page, steps_of
from xlner.methods.translating import translated
from xlner.translate.lexicon import Lexicon


def by_name(folder):
    return {step.name: step for step in steps_of(folder)}


def test_costs_are_taken_once():
    costs = Costs()
    with costs.of("align", 3):
        pass
    with costs.of("align", 4):
        pass
    taken = costs.take()
    assert taken["align"]["sentences"] == 7
    assert taken["align"]["seconds"] >= 0
    assert costs.take() == {}


def test_every_step_of_a_run_is_counted(quick, tmp_path):  # noqa: F811
    fit(task(bitext(30)), quick, tmp_path)
    steps = by_name(tmp_path)
    assert list(steps) == ["train teachers", "tag", "align", "project", "train"]
    assert {name: s.sentences for name, s in steps.items()} == {
        "train teachers": 150 * FAST.epochs, "tag": 30, "align": 30, "project": 30, "train": 30 * FAST.epochs
    }  # fmt: skip
    assert all(s.seconds > 0 and s.sentences_per_second > 0 for s in steps.values())


def interrupted(quick, tmp_path, n, *gone):  # noqa: F811
    """A projection of `n` pairs, three a file, of which some files are not there yet; and how it goes on."""
    pairs = labelled_pairs(*((s, in_spanish(s).without_labels()) for s in sentences(n)))
    folder = tmp_path / "projected" / "x"
    go_on = partial(write_projected, pairs, replace(quick, chunk_pairs=3), FAST, folder)
    go_on()
    for name in ("index.json", *gone):
        (folder / name).unlink()
    return go_on, folder


def test_finished_files_keep_their_numbers_and_the_sum_is_that_of_all(quick, tmp_path):  # noqa: F811
    go_on, folder = interrupted(quick, tmp_path, 10, "00002.jsonl", "00003.jsonl")
    first = folder / "00000.counts.json"
    counts = json.loads(first.read_text())
    counts["steps"]["align"]["seconds"] = 1000.0
    first.write_text(json.dumps(counts))
    go_on()
    align = by_name(tmp_path)["align"]
    assert align.sentences == 10
    assert 1000 < align.seconds < 1100


def test_a_file_of_an_older_version_has_no_time_and_is_no_error(quick, tmp_path):  # noqa: F811
    go_on, folder = interrupted(quick, tmp_path, 6, "00001.jsonl", "00000.examples.json")
    first = folder / "00000.counts.json"
    counts = json.loads(first.read_text())
    first.write_text(json.dumps({k: v for k, v in counts.items() if k not in ("steps", "fates_of_types")}))
    go_on()
    assert by_name(tmp_path)["align"].sentences == 3
    index = json.loads((folder / "index.json").read_text())
    del index["counts"]["steps"]
    (folder / "index.json").write_text(json.dumps(index))
    assert steps_of(tmp_path) == ()
    assert "Projection of x" in "".join(losses_page(tmp_path))


def test_a_killed_translation_counts_the_time_of_both(tmp_path, monkeypatch):
    """What the first process translated, and the time that it took, stay in the same file."""
    (tmp_path / "en-es.txt").write_text("today\thoy\nagain\totra\n")
    engine = {"name": "lexicon", "dictionary": [str(tmp_path / "en-es.txt")], "choice": "first"}
    text = [en(f"today {n}") for n in range(10)]
    out = tmp_path / "translations" / "x.txt"
    clock = iter(range(0, 10_000, 50))  # each look at the clock is 50 seconds later
    with monkeypatch.context() as patch:
        patch.setattr("xlner.translate.cache.time", SimpleNamespace(perf_counter=lambda: next(clock)))
        patch.setattr(Lexicon, "at_once", 5)
        real = Lexicon.translate

        def breaks(self, batch):
            if any("9" in s for s in batch):
                raise XlnerError("killed")
            return real(self, batch)

        patch.setattr(Lexicon, "translate", breaks)
        with pytest.raises(XlnerError, match="killed"):
            translated(lambda: iter(text), engine, "eng", "spa", out)
    assert not out.exists()
    translated(lambda: iter(text), engine, "eng", "spa", out)
    step = by_name(tmp_path)["translate"]
    assert step.sentences == 10
    assert step.seconds > 50  # one look at the first clock, and the time of the second process


def test_what_was_lost_is_shown_with_its_place(quick, tmp_path):  # noqa: F811
    pair = en("Ana visits Arcol", Span(0, 1, "PER"), Span(2, 3, "LOC")), en("hoy")
    filled = [(s, in_spanish(s).without_labels()) for s in sentences(4)]
    pairs = labelled_pairs(*filled, (en("lonely"), en("")), (en(""), en("sola")), pair)
    folder = tmp_path / "projected" / "x"
    write_projected(pairs, replace(quick, chunk_pairs=3, matcher="heuristic"), FAST, folder)
    page = "".join(losses_page(tmp_path))
    assert "<td class='n'>5<td dir='auto'>lonely" in page
    assert "<td class='n'>6<td dir='auto'>sola" in page
    assert "pair 7" in page
    assert json.loads((folder / "index.json").read_text())["counts"]["fates_of_types"]["LOC"]["projected"] == 4


def test_a_run_ends_with_its_speeds_and_its_page(tiny_encoder, tmp_path, capsys):
    text = sentences(30)
    source = ("eng", str(write_conll(tmp_path / "en.conll", text)))
    target = ("spa", str(write_text(tmp_path / "es.txt", [in_spanish(s) for s in text])))
    options = {
        "encoder": str(tiny_encoder), "student": FAST, "teacher": FAST,
        "translator": {"name": "files", "path": target[1]},
        "aligner": {"name": "layers", "encoder": str(tiny_encoder)},
    }  # fmt: skip
    made = transfer([source], target, tmp_path / "run", method="translate-train", options=options)
    assert [s.name for s in made.steps] == ["translate", "align", "project", "train"]
    assert [s["step"] for s in json.loads((tmp_path / "run" / "steps.json").read_text())] == [
        s.name for s in made.steps
    ]
    assert made.losses == tmp_path / "run" / "projected.html"
    page = made.losses.read_text("utf-8")
    assert "Translation of 1-en" in page
    assert "Projection of 1-en-translated" in page
    again = transfer([source], target, tmp_path / "run", method="translate-train", options=options)
    assert (again.steps, again.losses) == (made.steps, made.losses)
    show_run(made)
    said = capsys.readouterr().err
    assert "sentences/s" in said
    assert "what was lost where" in said


def test_a_run_that_projects_nothing_has_no_page(tiny_encoder, tmp_path):
    source = ("eng", str(write_conll(tmp_path / "en.conll", sentences(20))))
    made = transfer([source], None, tmp_path / "run", method="direct",
                    options={"encoder": str(tiny_encoder), "teacher": FAST})  # fmt: skip
    assert made.losses is None
    assert [s.name for s in made.steps] == ["train"]


def test_memory_does_not_grow_with_the_text(quick, tmp_path):  # noqa: F811
    """`benchmarks/transfer_memory.py` measures whole runs."""

    def peak(n):
        def side(change):
            chance = random.Random(1)
            return lambda: (change(sentence(chance, "eng")) for _ in range(n))

        pairs = SentencePairs(name="x", source=side(lambda s: s), target=side(lambda s: in_spanish(s).without_labels()))
        options = replace(quick, matcher="heuristic", chunk_pairs=50)
        tracemalloc.start()
        write_projected(pairs, options, FAST, tmp_path / f"{len(list(tmp_path.iterdir()))}")
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return most

    peak(50)  # what is loaded late is loaded
    few, many = peak(100), peak(450)
    assert few > 100_000  # it did something
    assert (many - few) / 350 < 1000  # bytes for each pair more; a pair alone takes 2 000 and more


def test_empty_sentences_and_one_of_two_thousand_words_shift_nothing(quick, tmp_path):  # noqa: F811
    text = sentences(6)
    long = text[1].words + ("and",) * 1000 + text[2].words + ("joy",) * 990
    text[1] = replace(text[1], words=long)
    targets = [in_spanish(s).without_labels() for s in text]
    targets[0] = targets[3] = en("")
    pairs = labelled_pairs(*zip(text, targets, strict=True))
    made = write_projected(pairs, replace(quick, chunk_pairs=2, min_score=0.0), FAST, tmp_path)
    assert [s.words for n in range(3) for s in made.sentences(n)] == [targets[n].words for n in (1, 2, 4, 5)]
    assert made.sizes == (1, 1, 2)
    assert {s.key for s in made.sentences(0)[0].spans} == {s.key for s in text[1].spans}


def test_soft_labels_count_once_for_each_teacher(tiny_encoder, tmp_path):
    sources = [("eng", str(write_conll(tmp_path / f"{n}.conll", sentences(40, seed=n)))) for n in (1, 2)]
    target = ("spa", str(write_text(tmp_path / "es.txt", sentences(25, "spa"))))
    options = {"encoder": str(tiny_encoder), "student": FAST, "teacher": FAST, "chunk_sentences": 10, "pool": False}
    made = transfer(sources, target, tmp_path / "run", method="distill", options=options)
    assert {s.name: s.sentences for s in made.steps} == {
        "train teachers": 2 * 40 * FAST.epochs, "soft labels": 2 * 25, "train": 25 * FAST.epochs
    }  # fmt: skip
