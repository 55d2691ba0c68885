"""Changed test sets: xlner evaluate --perturb, xlner data convert --perturb, and --augment."""

from __future__ import annotations

import json

import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_conll

from xlner.cli import main
from xlner.data import load


@pytest.fixture
def run(capsys):
    def go(*words, code=0):
        with pytest.raises(SystemExit) as stopped:
            main(list(map(str, words)))
        assert (stopped.value.code or 0) == code
        return capsys.readouterr()

    return go


@pytest.fixture
def gold(tmp_path):
    return write_conll(tmp_path / "gold.conll", sentences(40))


def test_convert_writes_changed_sentences(run, gold, tmp_path):
    run("data", "convert", gold, tmp_path / "out.conll", "--perturb", "lower-case")
    made = load(tmp_path / "out.conll")
    assert [s.words for s in made] == [tuple(w.lower() for w in s.words) for s in sentences(40)]
    assert [s.spans for s in made] == [s.spans for s in sentences(40)]
    run("data", "convert", gold, tmp_path / "long.conll", "--perturb", "{longer-sentences: {sentences: 4}, typos: }")
    assert len(load(tmp_path / "long.conll")) == 10


def test_convert_says_of_which_types_there_is_no_name(run, gold, tmp_path):
    (tmp_path / "names.tsv").write_text("LOC\tOyo\n", "utf-8")
    chosen = f"{{entity-replacement: {{gazetteer: {tmp_path / 'names.tsv'}}}}}"
    told = run("data", "convert", gold, tmp_path / "out.conll", "--perturb", chosen).err
    assert "has no PER; such entities stayed as they were" in told


def test_a_model_is_scored_on_changed_sentences_and_says_so(run, gold, tmp_path, tiny_encoder):
    model = make_model(tmp_path / "model", tiny_encoder)

    def scores(*flags):
        return json.loads(run("evaluate", model, gold, "--json", *flags).out)

    plain, masked = scores(), scores("--perturb", "{mention-dropout: {rate: 1}}")
    assert masked["f1"] < plain["f1"]
    assert masked["notes"][-1].startswith(f"the sentences of {gold} are changed: {{mention-dropout: {{rate: 1}}}}")
    typos = [scores("--perturb", "typos", "--seed", seed)["f1"] for seed in (1, 1, 2)]
    assert typos[0] == typos[1]


def test_what_cannot_be_is_said(run, gold, tmp_path):
    assert "--perturb names no augmentation with 'magic'; there are: entity-rep" in run(
        "evaluate", "nowhere", gold, "--perturb", "magic", code=2).err  # fmt: skip
    told = run("data", "convert", gold, tmp_path / "out.conll", "--perturb", "{typos: {rate: 3}}", code=2).err
    assert "--perturb cannot be: the augmentation typos: rate must be at most 1" in told
    assert not (tmp_path / "out.conll").exists()
    told = run("evaluate", gold, gold, "--perturb", "typos", code=2).err
    assert "--perturb is for models" in told


def test_augment_is_a_flag_of_every_method_that_trains(run, gold, tmp_path):
    shown = run("transfer", "--method", "direct", "--source", f"en={gold}", "--output", tmp_path / "run",
                "--augment", "{typos: {rate: 0.2}}", "--augment-share", "0.3", "--print-config").out  # fmt: skip
    assert "augment:" in shown
    assert "rate: 0.2" in shown
    told = run("train", "--source", f"en={gold}", "--output", tmp_path / "run", "--augment", "magic", code=2).err
    assert "--augment names no augmentation with 'magic'" in told


def test_the_list_of_augmentations(run):
    assert "typos" in run("augmentations").out
    assert "rate: Share of words." in run("augmentations", "typos").out
