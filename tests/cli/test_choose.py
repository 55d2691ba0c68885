"""xlner compare --text: which model to take without labels."""

from __future__ import annotations

import json

import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_text

from xlner import choose
from xlner.cli import main
from xlner.errors import DataError, ModelError, UsageError


@pytest.fixture(scope="module")
def world(tmp_path_factory, tiny_encoder):
    """Two good models, one that finds next to nothing, one whose types are in another order."""
    folder = tmp_path_factory.mktemp("world")
    make_model(folder / "good", tiny_encoder, sure=2.0)
    make_model(folder / "also-good", tiny_encoder, seed=1, types=("PER", "LOC"))
    make_model(folder / "shy", tiny_encoder, seed=2, outside=1.5, sure=4.0)
    make_model(folder / "blind", tiny_encoder, outside=50.0)
    make_model(folder / "more-types", tiny_encoder, types=("LOC", "ORG", "PER"))
    write_text(folder / "raw.txt", sentences(60, "spa", seed=9))
    (folder / "empty.txt").write_text("\n \n")
    return folder


def test_a_model_that_differs_from_all_others_is_not_taken(world):
    choice = choose([world / name for name in ("blind", "good", "also-good")], world / "raw.txt", chunk=7)
    assert choice.takes != str(world / "blind")
    assert choice.sentences == 60
    blind = choice.models[str(world / "blind")]
    assert blind["agreement"] == 0
    assert (blind["committee"], blind["expected"]) == (None, None)  # it found nothing


def test_where_no_model_agrees_with_another_none_is_taken(world):
    make = world / "blind-too"
    if not make.exists():
        make.symlink_to(world / "blind")
    choice = choose([world / name for name in ("blind", "blind-too", "good")], world / "raw.txt")
    assert choice.takes is None
    assert choice.as_dict()["takes"] is None
    assert "no model agrees with another" in choice.describe()


def test_types_are_matched_by_name_and_chunks_do_not_matter(world):
    names = [world / name for name in ("good", "also-good", "shy")]
    one, other = (choose(names, world / "raw.txt", chunk=chunk) for chunk in (7, 500))
    for name in map(str, names):
        for rule in ("agreement", "committee", "expected"):
            assert one.models[name][rule] == pytest.approx(other.models[name][rule], abs=1e-6)
    # Two models that were fitted on the same text in the same way say nearly the same.
    assert one.models[str(names[0])]["committee"] > 0.5


def test_only_the_first_sentences_are_looked_at(world):
    names = [world / name for name in ("good", "also-good", "shy")]
    choice = choose(names, world / "raw.txt", sentences=10, token_column=0)
    assert choice.sentences == 10
    assert choice.notes == (f"{world / 'raw.txt'}: `token_column` has no effect on the format text",)


def test_the_command_says_which_to_take(world, capsys):
    names = [str(world / name) for name in ("good", "also-good", "blind")]
    with pytest.raises(SystemExit) as stopped:
        main(["compare", *names, "--text", str(world / "raw.txt"), "--json"])
    assert not stopped.value.code
    told = json.loads(capsys.readouterr().out)
    assert told["takes"] in names[:2]
    assert set(told["models"]) == set(names)
    with pytest.raises(SystemExit):
        main(["compare", *names, "--text", str(world / "raw.txt")])
    shown = capsys.readouterr().out
    assert "no entity" in shown
    assert shown.rstrip().endswith(f"{told['takes']} agrees most with the others")


@pytest.mark.parametrize("words", [(), ("--gold", "raw.txt", "--text", "raw.txt")])
def test_gold_or_text_one_of_the_two(world, capsys, words):
    with pytest.raises(SystemExit) as stopped:
        main(["compare", "a", "b", *words])
    assert stopped.value.code == 2
    assert "one of the two" in capsys.readouterr().err


def test_what_cannot_be_chosen_from(world):
    good, other, raw = world / "good", world / "also-good", world / "raw.txt"
    with pytest.raises(UsageError, match="three or more different models"):
        choose([good, other, good], raw)
    with pytest.raises(UsageError, match=r"raw\.txt is a file"):
        choose([good, other, raw], raw)
    with pytest.raises(ModelError, match="LOC, ORG, PER"):
        choose([good, other, world / "more-types"], raw)
    with pytest.raises(DataError, match="no sentence"):
        choose([good, other, world / "shy"], world / "empty.txt")


def test_sentences_to_show_go_with_gold_data(world, capsys):
    names = [str(world / name) for name in ("good", "also-good", "blind")]
    with pytest.raises(SystemExit, match="2"):
        main(["compare", *names, "--text", str(world / "raw.txt"), "--sentences", "3"])
    assert "--sentences shows where runs differ from --gold" in capsys.readouterr().err


def test_one_model_by_two_names_counts_once(world):
    names = [world / "good", f"{world / 'good'}/", world / "also-good"]
    with pytest.raises(UsageError, match="three or more different models"):
        choose(names, world / "raw.txt")
