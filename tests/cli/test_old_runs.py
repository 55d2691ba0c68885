"""Records of runs that an older version left."""

from __future__ import annotations

import json
import shutil

import pytest
import yaml
from tests.toy import sentences, write_conll, write_text

from xlner.api.record import upgrade, without_unused
from xlner.api.transfer import train, transfer
from xlner.component import to_values
from xlner.errors import UsageError
from xlner.methods import METHODS

# What version 0.1.0 wrote: all options of all methods, side by side with the inputs.
TRAINING = """
  learning_rate: 0.01
  epochs: 2
  batch_subwords: 256
  warmup: 0.1
  weight_decay: 0.01
  clip: 1.0
  dropout: null
  freeze_embeddings: false
  freeze_layers: null
  precision: auto
  patience: 0
  seed: 1
  device: null
"""
OPTIONS = f"""
teacher:{TRAINING}
student:{TRAINING}
loss: ce
temperature: 1.0
student_from: auto
confidence_floor: 0.0
label_consistency: 0.7
weights: uniform
pool: false
chunk_sentences: 2000
"""
FAST = {"learning_rate": 0.01, "epochs": 2, "batch_subwords": 256, "freeze_embeddings": False}


@pytest.mark.parametrize("finished", [True, False])
def test_a_run_of_version_0_1_goes_on(tmp_path, tiny_encoder, finished):
    source = ("eng", str(write_conll(tmp_path / "en.conll", sentences(60))))
    target = ("spa", str(write_text(tmp_path / "es.txt", sentences(40, "spa", seed=5))))
    gold = str(write_conll(tmp_path / "gold.conll", sentences(20, "spa", seed=9)))
    options = {"encoder": str(tiny_encoder), "teacher": FAST, "student": FAST}

    def run():
        return transfer([source], target, tmp_path / "run", options=options, gold=gold)

    first = run()
    old = {
        "method": "distill", "source": [list(source)], "source_text": [], "target": list(target), "dev": [],
        "gold": gold, "map": {}, "types": ["LOC", "PER"], "encoder": str(tiny_encoder), **yaml.safe_load(OPTIONS),
    }  # fmt: skip
    (tmp_path / "run" / "config.yaml").write_text(yaml.safe_dump(old, sort_keys=False))
    (tmp_path / "run" / "fitted.json").unlink()
    if not finished:
        shutil.rmtree(tmp_path / "run" / "model")
        (tmp_path / "run" / "metrics.json").unlink()
    again = run()
    assert again.metrics["target"] == first.metrics["target"]
    assert again.metrics["sources"] == first.metrics["sources"]
    assert yaml.safe_load((tmp_path / "run" / "config.yaml").read_text())["method"]["name"] == "distill"


def test_an_option_that_a_record_lacks_has_its_default():
    record = upgrade({"method": {"name": "distill", "options": {"loss": "mse"}}, "source": []})
    defaults = to_values(METHODS.options("distill"), deciding=True)
    assert record["method"]["options"] == {**without_unused(defaults), "loss": "mse"}


def test_settings_of_a_step_that_is_off_are_no_part_of_a_record():
    """Their defaults may change: a finished run is still the same run."""
    old = {"name": "distill", "options": {"pretrain": {"epochs": 0, "learning_rate": 2e-4}}}
    assert upgrade({"method": old, "source": []}) == upgrade({"method": "distill", "source": []})
    on = {"name": "distill", "options": {"pretrain": {"epochs": 1, "learning_rate": 2e-4}}}
    assert upgrade({"method": on})["method"]["options"]["pretrain"]["learning_rate"] == 2e-4


def test_other_gold_data_is_scored_without_training_again(tmp_path, tiny_encoder):
    source = [("eng", str(write_conll(tmp_path / "en.conll", sentences(60))))]
    target = ("spa", str(write_text(tmp_path / "es.txt", sentences(40, "spa", seed=5))))
    golds = [str(write_conll(tmp_path / f"{n}.conll", sentences(n, "spa", seed=9))) for n in (10, 20)]
    options = {"encoder": str(tiny_encoder), "teacher": FAST, "student": FAST}
    made = [transfer(source, target, tmp_path / "run", options=options, gold=gold) for gold in golds]
    assert [m.metrics["target"]["sentences"] for m in made] == [10, 20]
    assert list(made[1].metrics["sources"]) == ["1-en"]
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert sum(json.loads(line)["step"] == 0 for line in lines) == 1  # trained once


def test_a_kill_while_other_gold_data_is_scored_leaves_no_scores_of_the_former(tmp_path, tiny_encoder, monkeypatch):
    source = [("eng", str(write_conll(tmp_path / "en.conll", sentences(60))))]
    golds = [str(write_conll(tmp_path / f"{n}.conll", sentences(n, seed=9))) for n in (10, 20)]
    options = {"encoder": str(tiny_encoder), "teacher": FAST}
    train(source, tmp_path / "run", options=options, gold=golds[0])
    before = (tmp_path / "run" / "model" / "model.safetensors").stat().st_mtime_ns

    def killed(*arguments, **options):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("xlner.api.scoring.score", killed)
        with pytest.raises(KeyboardInterrupt):
            train(source, tmp_path / "run", options=options, gold=golds[1])
    assert (tmp_path / "run" / "model" / "model.safetensors").stat().st_mtime_ns == before
    assert train(source, tmp_path / "run", options=options, gold=golds[1]).metrics["target"]["sentences"] == 20


def test_a_finished_run_that_is_read_without_gold_data_keeps_its_scores(tmp_path, tiny_encoder):
    source = [("eng", str(write_conll(tmp_path / "en.conll", sentences(60))))]
    gold = str(write_conll(tmp_path / "gold.conll", sentences(10, seed=9)))
    options = {"encoder": str(tiny_encoder), "teacher": FAST}
    made = train(source, tmp_path / "run", options=options, gold=gold)
    assert train(source, tmp_path / "run", options=options).metrics == made.metrics
    assert json.loads((tmp_path / "run" / "data.json").read_text())["gold"]["sentences"] == 10
    assert train(source, tmp_path / "run", options=options, gold=gold).metrics == made.metrics


def test_a_run_of_version_0_1_keeps_its_teachers_when_other_gold_data_is_scored(tmp_path, tiny_encoder):
    source = [("eng", str(write_conll(tmp_path / "en.conll", sentences(60))))]
    target = ("spa", str(write_text(tmp_path / "es.txt", sentences(40, "spa", seed=5))))
    golds = [str(write_conll(tmp_path / f"{n}.conll", sentences(n, "spa", seed=9))) for n in (10, 20)]
    options = {"encoder": str(tiny_encoder), "teacher": FAST, "student": FAST}
    for gold in golds:
        transfer(source, target, tmp_path / "run", options=options, gold=gold)
        wanted = json.loads((tmp_path / "run" / "metrics.json").read_text())
    transfer(source, target, tmp_path / "run", options=options, gold=golds[0])
    (tmp_path / "run" / "fitted.json").unlink()
    assert transfer(source, target, tmp_path / "run", options=options, gold=golds[1]).metrics == wanted
    assert list(wanted["sources"]) == ["1-en"]


def test_a_finished_run_gets_a_card_with_its_licence(tmp_path, tiny_encoder):
    source = [("eng", str(write_conll(tmp_path / "en.conll", sentences(60))))]
    gold = str(write_conll(tmp_path / "gold.conll", sentences(10, seed=9)))
    options = {"encoder": str(tiny_encoder), "teacher": FAST}
    card = tmp_path / "run" / "model" / "README.md"

    def run(**more):
        train(source, tmp_path / "run", options=options, **more)
        return card.read_text()

    assert "license:" not in run()
    assert "license: mit\n" in run(licence="mit")
    assert "license: mit\n" in run()
    assert "license: mit\n" in run(gold=gold)  # the card is written again, with scores
    assert "license: apache-2.0\n" in run(licence="apache-2.0", gold=gold)
    lines = (tmp_path / "run" / "metrics.jsonl").read_text().splitlines()
    assert sum(json.loads(line)["step"] == 0 for line in lines) == 1  # trained once


@pytest.mark.parametrize("where", ["options", "teacher"])
def test_an_option_of_a_later_version_makes_another_run(where):
    options = without_unused(to_values(METHODS.options("direct"), deciding=True))
    record = {"method": {"name": "direct", "options": options}}
    (options if where == "options" else options["teacher"])["brand_new"] = 3
    assert upgrade(record)["method"]["options"] == options


def test_paths_will_do_and_options_of_another_method_will_not(tmp_path, tiny_encoder):
    source = [("eng", write_conll(tmp_path / "en.conll", sentences(60)))]
    train(source, tmp_path / "run", options={"encoder": str(tiny_encoder), "teacher": FAST})
    with pytest.raises(UsageError, match=r"options are not those of the method direct, but Distill\.Options"):
        train(source, tmp_path / "other", options=METHODS.options("distill"))
