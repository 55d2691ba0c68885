"""xlner evaluate --estimate, on small models that were hardly trained."""

from __future__ import annotations

import json
import random
import runpy
import shutil
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tests.quick_model import make_model
from tests.toy import sentences, write_conll, write_text

from xlner.api.apply import evaluate
from xlner.api.estimate import estimate
from xlner.cli import main
from xlner.core.run_folder import Origin, file_hash
from xlner.data import load
from xlner.evaluate import Estimator, Observed, score
from xlner.tagger import Tagger


@pytest.fixture(scope="module")
def world(tmp_path_factory, tiny_encoder):
    folder = tmp_path_factory.mktemp("world")
    make_model(folder / "model", tiny_encoder, sure=2.0)
    make_model(folder / "other", tiny_encoder, seed=1)
    make_model(folder / "blind", tiny_encoder, outside=50.0)
    make_model(folder / "more", tiny_encoder, types=("LOC", "PER", "ORG"))
    chance = random.Random(0)
    doubtful = [s.with_spans(tuple(e for e in s.spans if chance.random() < 0.7)) for s in sentences(60, seed=1)]
    write_conll(folder / "dev.conll", doubtful)
    write_conll(folder / "gold.conll", sentences(80, "spa", seed=9))
    write_text(folder / "raw.txt", sentences(80, "spa", seed=9))
    (folder / "empty.txt").write_text("\n \n")
    return folder


@pytest.fixture
def run(world, capsys):
    def go(*words, code=0):
        named = [str(world / w) if (world / str(w)).exists() else str(w) for w in words]
        with pytest.raises(SystemExit) as stopped:
            main(["evaluate", *named])
        assert (stopped.value.code or 0) == code
        return capsys.readouterr()

    return go


def estimated(run, *words):
    return json.loads(run(*words, "--estimate", "--json").out)


@pytest.fixture(scope="module")
def student(tmp_path_factory, tiny_encoder, world):
    """A run of distillation whose raw text was that of the world."""
    folder = tmp_path_factory.mktemp("runs") / "student"
    make_model(folder / "model", tiny_encoder, sure=2.0)
    (folder / "soft_labels").mkdir()
    (folder / "config.yaml").write_text("method: {name: distill, options: {}}\n")
    hashes = {"target (spa)": file_hash(world / "raw.txt"), "gold": file_hash(world / "gold.conll")}
    (folder / "data.json").write_text(json.dumps({role: {"path": "x", "sha256": h} for role, h in hashes.items()}))
    return folder


def test_few_sentences_are_said_to_be_few(run, world):
    told = estimated(run, "model", "raw.txt", "--estimator", "default")
    assert any(note.startswith("80 sentences are few") for note in told["notes"])


def test_what_reading_the_first_sentences_left_out_is_told(world):
    found = estimate(world / "model", world / "raw.txt", sentences=40, token_column=0)
    assert f"{world / 'raw.txt'}: `token_column` has no effect on the format text" in found.notes


def test_a_student_whose_soft_labels_were_deleted_is_still_one(student, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(student, copy)
    (copy / "soft_labels").rmdir()
    assert not Origin.of(copy).distilled
    (copy / "fitted.json").write_text('{"learnt_from": ["soft_labels"]}')
    assert Origin.of(copy) == Origin.of(student)


@pytest.mark.parametrize("place", ["", "model"])
def test_a_run_folder_says_that_its_model_learnt_on_the_language_and_on_which_text(run, student, place):
    made = estimated(run, student / place, "raw.txt")
    assert made["features"]["distilled"] == 1
    assert any("the model learnt from this text" in note for note in made["notes"])
    other = estimated(run, student / place, "gold.conll", "--not-distilled")
    assert other["features"]["distilled"] == 0
    assert not any("learnt from this text" in note for note in other["notes"])


def test_what_learning_from_the_text_adds_is_taken_off_by_an_estimator_that_knows_it(student, world):
    values = np.array([[0.7, 0], [0.8, 0], [0.8, 1], [0.9, 1]] * 3, np.float64)
    f1 = np.array([0.6, 0.7, 0.6, 0.7] * 3)  # 0.1 too high on other text, 0.2 on learnt text
    targets = tuple(t for t in ("spa", "deu", "nld") for _ in range(4))
    estimator = Estimator.fit(Observed(targets, ("expected_f1", "learnt"), values, f1), penalty=0.001)
    here, elsewhere = (estimate(student, world / name, estimator=estimator) for name in ("raw.txt", "gold.conll"))
    assert (here.features["learnt"], elsewhere.features["learnt"]) == (1, 0)
    assert here.value == pytest.approx(elsewhere.value - 0.1, abs=0.02)  # the words are the same
    assert any("what that adds is taken off" in note for note in here.notes)
    assert not any("learnt from this text" in note for note in elsewhere.notes)


def test_a_model_from_elsewhere_counts_as_not_distilled(run, student, tmp_path):
    assert estimated(run, "model", "raw.txt")["features"]["distilled"] == 0
    assert estimated(run, "model", "raw.txt", "--distilled")["features"]["distilled"] == 1
    broken, teacher = (shutil.copytree(student, tmp_path / name) for name in ("broken", "teacher"))
    (broken / "data.json").write_text("{")
    (teacher / "kept.json").write_text('{"teacher": 0.1, "student": 0.2}')
    projected = shutil.copytree(student, tmp_path / "projected")
    (projected / "soft_labels").rename(projected / "projected")  # labels carried over, as by the method bitext
    made = estimated(run, projected, "raw.txt")["features"]
    assert (made["distilled"], made["learnt"]) == (1, 0)
    for folder in (broken, teacher):
        made = estimated(run, folder, "raw.txt")
        assert made["features"]["distilled"] == 0
        assert not any("learnt from" in note for note in made["notes"])


def test_the_json_object(run):
    made = estimated(run, "model", "raw.txt", "--calibrate", "dev.conll", "--also", "other")
    assert {"estimate", "interval", "expected", "temperature", "ece_before", "ece_after", "agreement", "sentences",
            "notes"} <= set(made)  # fmt: skip
    assert made["estimate"] == made["expected"]["f1"]
    assert made["interval"]["low"] < made["estimate"] < made["interval"]["high"]
    assert (made["interval"]["level"], made["interval"]["covers"]) == (0.9, "sentences")
    assert set(made["expected"]["per_type"]) == {"LOC", "PER"}
    assert made["sentences"] == 80
    assert made["temperature"] > 1.1  # its logits were doubled, and much is missing in dev
    assert made["ece_after"] < made["ece_before"]
    assert 0 < made["agreement"] < 1
    assert "not the shift between languages" in made["notes"][-1]


def test_labels_are_not_looked_at_and_chunks_do_not_matter(run, world, monkeypatch):
    raw, gold = (estimated(run, "model", name) for name in ("raw.txt", "gold.conll"))
    assert raw == gold
    assert (raw["temperature"], raw["ece_before"], raw["agreement"]) == (1.0, None, None)
    held = []
    whole = Tagger.probabilities
    monkeypatch.setattr(Tagger, "probabilities", lambda self, block: held.append(len(block)) or whole(self, block))
    small = estimate(world / "model", world / "raw.txt", chunk=7)
    assert held == [7] * 11 + [3]
    assert small.value == pytest.approx(raw["estimate"])
    assert (small.interval.low, small.interval.high) == (
        pytest.approx(raw["interval"]["low"]), pytest.approx(raw["interval"]["high"])
    )  # fmt: skip


def test_agreement_is_f1_between_predictions(run, world):
    made = estimated(run, "model", "raw.txt", "--also", "other", "--also", "model")
    gold = load(world / "gold.conll").sentences
    ours, theirs = (list(Tagger.load(world / m).predict(gold)) for m in ("model", "other"))
    assert made["agreements"][str(world / "other")] == pytest.approx(score(theirs, ours).f1)
    assert made["agreements"][str(world / "model")] == 1
    assert made["agreement"] == pytest.approx((score(theirs, ours).f1 + 1) / 2)


def test_for_the_eye(run):
    told = run("model", "raw.txt", "--estimate", "--calibrate", "dev.conll", "--also", "other").out
    for part in (
        "estimated F1 on 80 sentences",
        "expected gold",
        "temperature from",
        "agreement with",
        "note: the int",
    ):
        assert part in told


def test_nothing_found_is_null(run):
    made = estimated(run, "blind", "raw.txt", "--calibrate", "dev.conll")
    assert (made["estimate"], made["interval"], made["ece_before"]) == (None, None, None)
    assert any("found no entity in this text" in n for n in made["notes"])
    assert "found no entity" in run("blind", "raw.txt", "--estimate").out


def test_an_estimator_moves_the_estimate_and_brings_its_interval(run, world):
    chance = np.random.default_rng(0)
    values = chance.uniform(0.3, 0.9, (6, 2))
    table = Observed(tuple("abcdef"), ("expected_f1", "agreement"), values, values[:, 0] - 0.2)
    made = Estimator.fit(table)
    made.save(world / "estimator.json")
    plain = estimated(run, "model", "raw.txt", "--also", "other")
    moved = estimated(run, "model", "raw.txt", "--also", "other", "--estimator", "estimator.json")
    assert moved["estimate"] == pytest.approx(plain["estimate"] - 0.2, abs=0.02)
    assert moved["expected"] == plain["expected"]
    assert moved["interval"]["covers"] == "left-out targets"
    assert moved["interval"]["high"] - moved["estimate"] == pytest.approx(made.width90 / 100)
    assert "6 models and texts in 6 languages" in moved["notes"][-1]
    assert "add --also MODEL" in run("model", "raw.txt", "--estimate", "--estimator", "estimator.json", code=2).err


def test_the_estimator_of_the_package_takes_off_what_confidence_adds(run):
    plain = estimated(run, "model", "raw.txt")
    moved = estimated(run, "model", "raw.txt", "--estimator", "default")
    assert moved["estimate"] < plain["estimate"]
    assert moved["interval"]["covers"] == "left-out targets"
    assert any("--estimator default" in n for n in plain["notes"])


def test_types_are_mapped(run):
    made = estimated(run, "model", "raw.txt", "--map", "LOC=O", "--map", "PER=PERSON", "--calibrate", "dev.conll")
    assert set(made["expected"]["per_type"]) == {"PERSON"}
    assert estimated(run, "model", "raw.txt", "--also", "more", "--map", "ORG=O")["agreement"] > 0


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["model", "empty.txt", "--estimate"], 1, "empty.txt: no sentence in it"),
        (["model", "absent.txt", "--estimate"], 1, "no such file"),
        (["./nowhere", "raw.txt", "--estimate"], 1, "no such file or model folder"),
        (["gold.conll", "raw.txt", "--estimate"], 2, "needs probabilities"),
        (["model", "raw.txt", "--estimate", "--also", "gold.conll"], 2, "gold.conll is a file"),
        (["model", "raw.txt", "--estimate", "--calibrate", "raw.txt"], 1, "--calibrate needs labelled data"),
        (["model", "raw.txt", "--estimate", "--also", "more"], 1, "--map OLD=NEW"),
        (["model", "raw.txt", "--estimate", "--estimator", "dev.conll"], 1, "holds no estimator"),
        (["model", "raw.txt", "--estimate", "--errors"], 2, "--map TYPE=O"),
        (["model", "gold.conll", "--also", "other"], 2, "--also belongs to --estimate"),
        (["model", "gold.conll", "--not-distilled"], 2, "--not-distilled belongs to --estimate"),
        (["model", "gold.conll", "--calibrate", "dev.conll"], 2, "--calibrate belongs to --estimate"),
    ],
)
def test_mistakes(run, words, code, message):
    error = run(*words, code=code).err
    assert message in error
    assert "Traceback" not in error


@pytest.fixture
def benchmark(monkeypatch):
    """The functions of benchmarks/estimate.py."""
    folder = Path(__file__).parents[2] / "benchmarks"
    monkeypatch.syspath_prepend(folder)
    return SimpleNamespace(**runpy.run_path(str(folder / "estimate.py")))


def test_the_benchmark_measures_and_leaves_targets_out(benchmark, world, tmp_path):
    lines = ["model,target,gold,calibrate,also,map,closeness"]
    for number, target in enumerate(("es", "nl", "de")):
        write_conll(tmp_path / f"{target}.conll", sentences(30, "spa", seed=number))
        row = [world / "model", target, tmp_path / f"{target}.conll", world / "dev.conll", world / "other", "", number]
        lines.append(",".join(map(str, row)))
    lines.append(f"{world / 'blind'},es,{world / 'gold.conll'},{world / 'dev.conll'},{world / 'other'},,0")
    (tmp_path / "list.csv").write_text("\n".join(lines) + "\n")
    *rows, blind = (benchmark.kept(row, tmp_path / "kept") for row in benchmark.read_list(tmp_path / "list.csv"))
    assert rows[0] == benchmark.kept(benchmark.read_list(tmp_path / "list.csv")[0], tmp_path / "kept")
    assert blind["estimate"] is None
    assert rows[0]["f1"] == pytest.approx(evaluate(world / "model", tmp_path / "es.conll").scores.f1)
    found = {e["way"]: e for e in benchmark.errors(rows)}
    plain = found["expected F1"]
    assert plain["mean_abs_error"] == pytest.approx(
        100 * np.mean([abs(e - r["f1"]) for e, r in zip(plain["estimates"], rows, strict=True)])
    )
    assert plain["estimates"][0] != found["expected F1, temperature"]["estimates"][0] == rows[0]["estimate"]
    assert found["mean F1 of the other targets"]["estimates"][0] == pytest.approx((rows[1]["f1"] + rows[2]["f1"]) / 2)
    assert "regression on calibrated_f1, agreement, closeness" in found
    told = benchmark.table(rows, list(found.values()), [blind])
    assert "Left out, as nothing was found there: blind on es." in told
    assert "three are needed" in benchmark.table(rows[:1], benchmark.errors(rows[:1]), [])


def test_a_list_that_lacks_something_says_so(benchmark, tmp_path):
    (tmp_path / "list.json").write_text('[{"model": "m", "target": "es", "gold": "g"}]')
    with pytest.raises(SystemExit, match="row 1 has no calibrate"):
        benchmark.read_list(tmp_path / "list.json")
