"""xlner evaluate and compare on files: the same words on both sides, one scheme, and what reading left out."""

from __future__ import annotations

import json
import re

import pytest

from xlner.cli import main

GOLD = "Zürich\tB-LOC\nliegt\tO\nhier\tO\n\nSeñor\tB-PER\nPeña\tI-PER\nlacht\tO\n"


@pytest.fixture
def run(tmp_path, capsys):
    def go(command, *files, code=0, **texts):
        for name, text in {"gold": GOLD, **texts}.items():
            (tmp_path / f"{name}.conll").write_text(text, "utf-8")
        words = [w if w.startswith("--") else str(tmp_path / f"{w}.conll") for w in files]
        with pytest.raises(SystemExit) as stopped:
            main([command, *words])
        assert (stopped.value.code or 0) == code
        return capsys.readouterr()

    return go


def test_other_words_are_refused(run):
    other = GOLD.replace("Señor", "Delta")
    told = run("evaluate", "guess", "gold", guess=other, code=1).err
    assert "word 1 of gold sentence 2 is 'Señor', of its prediction 'Delta'" in told
    assert "gold.conll:5" in told or "gold.conll" in told
    assert "word 1 of gold" in run("compare", "gold", "guess", "--gold", "gold", guess=other, code=1).err


def test_sentences_in_another_order_are_refused(run):
    first, second = GOLD.rstrip("\n").split("\n\n")
    told = run("evaluate", "guess", "gold", guess=f"{second}\n\n{first}\n", code=1).err
    assert "word 1 of gold sentence 1 is 'Zürich'" in told


def test_unknown_words_pass_and_are_counted(run):
    made = json.loads(run("evaluate", "guess", "gold", "--json", guess=GOLD.replace("Zürich", "[UNK]")).out)
    assert made["f1"] == 1
    assert made["words_differing"] == {"written as unknown on one side": 1}


def test_sloppy_predictions_are_read_in_the_scheme_of_gold(run):
    sloppy = "Zürich\tI-LOC\nliegt\tO\nhier\tO\n\nSeñor\tB-PER\nPeña\tI-PER\nlacht\tI-PER\n"
    gold = GOLD + "\nAna\tB-PER\n\nEva\tB-PER\n"
    sloppy += "\nAna\tI-PER\n\nEva\tI-PER\n"
    told = run("evaluate", "guess", "gold", "--json", gold=gold, guess=sloppy)
    made = json.loads(told.out)
    assert (made["predicted"], made["correct"]) == (1, 0)
    assert made["conlleval"]["correct"] == 3
    assert "gold is IOB2, and so it was read" in told.err
    assert any("broken tag sequences" in note for note in made["notes"])


def test_clean_predictions_in_another_scheme_are_read_as_they_are(run):
    told = run("evaluate", "guess", "gold", "--json", guess=GOLD.replace("B-", "I-"))
    assert json.loads(told.out)["f1"] == 1
    assert "each was read as it is written" in told.err


def test_what_gold_could_not_hold_is_counted(tmp_path, capsys):
    nested = {"text": "Bank of Lima", "label": [[0, 12, "ORG"], [8, 12, "LOC"]]}
    path = tmp_path / "nested.jsonl"
    path.write_text(json.dumps(nested) + "\n", "utf-8")
    with pytest.raises(SystemExit):
        main(["evaluate", str(path), str(path), "--json"])
    told = capsys.readouterr()
    made = json.loads(told.out)
    assert sum(made["left_out"]["gold"].values()) == 1
    assert "left out 1" in told.err


@pytest.mark.parametrize("option", ["--calibrate", "--estimator"])
def test_options_of_the_estimate_alone(run, option):
    assert f"{option} belongs to --estimate" in run("evaluate", "gold", "gold", f"{option}=x", code=2).err


NUMBERED = "1 Zürich B-LOC O\n2 liegt O O\n3 hier O O\n\n1 Señor B-PER O\n2 Peña I-PER O\n3 lacht O O\n"
COLUMNS = ("--token-column=1", "--tag-column=2")


def test_columns_can_be_named(run):
    told = run("evaluate", "guess", "gold", "--json", *COLUMNS, gold=NUMBERED, guess=NUMBERED)
    assert json.loads(told.out)["correct"] == 2


def test_predictions_without_these_columns_are_read_by_their_own(run):
    told = run("evaluate", "guess", "gold", "--json", *COLUMNS, gold=NUMBERED, guess=GOLD)
    assert json.loads(told.out)["correct"] == 2
    assert "guess.conll does not have the columns that were named" in told.err


def test_compare_reads_columns_and_says_what_reading_left_out(run):
    broken = NUMBERED.replace("B-PER", "I-PER").replace("Señor I-PER", "Señor I-LOC")
    told = run(
        "compare", "guess", "other", "--gold", "gold", "--json", *COLUMNS, gold=NUMBERED, guess=broken, other=GOLD
    )
    values = json.loads(told.out)
    assert values["comparisons"][0]["run_a"].endswith("guess.conll")
    assert "guess.conll: 1 broken tag sequences" in told.err or "guess.conll: 2 broken tag sequences" in told.err
    assert "other.conll does not have the columns" in told.err
    assert len(values["notes"]) == len([line for line in told.err.splitlines() if line.startswith("note: ")])


def test_bare_types_are_held_against_prefixed_gold(run):
    bare = "Zürich\tLOC\nliegt\tO\nhier\tO\n\nSeñor\tPER\nPeña\tPER\nlacht\tO\n"
    told = run("evaluate", "guess", "gold", "--json", guess=bare)
    assert json.loads(told.out)["f1"] == 1.0
    assert "each was read as it is written" in told.err + told.out
    assert json.loads(run("evaluate", "gold", "guess", "--json", guess=bare).out)["f1"] == 1.0
    assert "guess" in run("compare", "gold", "guess", "--gold", "gold", guess=bare).out


def test_unknown_words_of_predictions_are_missed_and_said_to_be(run):
    told = run("evaluate", "guess", "gold", guess=GOLD.replace("Zürich\tB-LOC", "Zürich\t_"))
    assert "guess.conll: 1 words without a prediction; entities of gold there are missed" in told.err
    assert "not scored" not in told.err


def test_types_that_only_one_side_has_are_said(run):
    lower = GOLD.replace("-LOC", "-loc")
    for command in (("evaluate", "guess", "gold"), ("compare", "gold", "guess", "--gold", "gold")):
        told = run(*command, guess=lower).err
        assert re.search(r"types only in gold: LOC; only in \S*guess.conll: loc; --map loc=TYPE renames", told)
    assert "only in gold" not in run("evaluate", "guess", "gold", guess=GOLD.replace("B-LOC", "O")).err


def test_the_columns_that_were_taken_are_said(run):
    numbered = "1\tZürich\tB-LOC\n2\tliegt\tO\n3\thier\tO\n\n1\tSeñor\tB-PER\n2\tPeña\tI-PER\n3\tlacht\tO\n"
    for command in (("evaluate", "guess", "gold"), ("compare", "gold", "guess", "--gold", "gold")):
        told = run(*command, guess=numbered).err
        assert "guess.conll: column 0 counts the words; words are in column 1 (--token-column says otherwise)" in told


def test_compare_shows_groups_and_the_sentences_that_differ_most(run):
    worse, training = GOLD.replace("I-PER", "O"), "Señor\tB-PER\nPeña\tI-PER\n"
    words = ("compare", "gold", "guess", "--gold", "gold")
    made = json.loads(run(*words, "--json", guess=worse).out)
    assert [(g["by"], g["group"]) for g in made["groups"]] == [
        ("type", "LOC"), ("type", "PER"), ("length", "1 word"), ("length", "2 words"),
    ]  # fmt: skip
    (sentence,) = made["sentences"]
    assert (sentence["errors_a"], sentence["errors_b"], sentence["b"]) == (0, 2, ["Señor (PER)"])
    assert "Señor Peña (PER)" in run(*words, guess=worse).out
    told = run(*words, "--sentences=0", "--seen", "training", guess=worse, training=training).out
    assert "unseen" in told
    assert "differ most" not in told


def test_a_type_that_neither_side_has_is_said(run):
    assert "neither side has per; they have LOC, PER" in run("evaluate", "gold", "gold", "--type=per").err
    assert "neither side has ORG" in run("evaluate", "gold", "gold", "--type=PER", "--type=ORG").err
