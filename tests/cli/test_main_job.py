"""The main job through the command line, on the toy language."""

from __future__ import annotations

import json

import pytest
import yaml
from tests.toy import sentences, write_conll, write_text

from xlner.cli import main


@pytest.fixture(scope="module")
def world(tmp_path_factory, tiny_encoder):
    """Files of a toy task, and settings that train the tiny encoder in seconds."""
    folder = tmp_path_factory.mktemp("world")
    write_conll(folder / "train.conll", sentences(200))
    write_conll(folder / "dev.conll", sentences(40, seed=1))
    write_text(folder / "raw.txt", sentences(200, "spa", seed=5))
    write_conll(folder / "gold.conll", sentences(60, "spa", seed=9))
    fast = {"learning_rate": 1e-2, "batch_subwords": 256, "freeze_embeddings": False, "epochs": 5}
    settings = {"encoder": str(tiny_encoder), "chunk_sentences": 64, "teacher": fast, "student": fast}
    (folder / "fast.yaml").write_text(yaml.safe_dump(settings))
    return folder


def run(*words, code=0):
    with pytest.raises(SystemExit) as stopped:
        main([str(w) for w in words])
    assert (stopped.value.code or 0) == code


def transfer(world, output, *more, code=0):
    run(
        "transfer", "--source", f"en={world / 'train.conll'}", "--target", f"es={world / 'raw.txt'}",
        "--dev", f"en={world / 'dev.conll'}", "--gold", world / "gold.conll", "--output", output,
        "--config", world / "fast.yaml", *more, code=code,
    )  # fmt: skip


@pytest.fixture(scope="module")
def finished(world):
    transfer(world, world / "run")
    return world / "run"


def test_transfer_leaves_all_that_a_run_leaves(finished):
    names = {p.name for p in finished.iterdir()}
    assert names >= {
        "config.yaml", "data.json", "environment.json", "metrics.json", "metrics.jsonl", "model",
        "predictions.html", "predictions.jsonl", "soft_labels", "teachers", "weights.json",
    }  # fmt: skip
    assert not any("partial" in str(p) or p.name == "checkpoint" for p in finished.rglob("*"))
    metrics = json.loads((finished / "metrics.json").read_text())
    assert metrics["target"]["f1"] > 0.9
    assert metrics["target"]["interval"]["low"] <= metrics["target"]["f1"]
    assert 0 <= metrics["sources"]["1-en"]["f1"] <= 1
    assert json.loads((finished / "data.json").read_text())["source 1 (eng)"]["sentences"] == 200


def test_without_gold_it_says_which_f1_to_expect(world, tmp_path, capsys):
    words = ["transfer", "--source", f"en={world / 'train.conll'}", "--target", f"es={world / 'raw.txt'}"]
    words += ["--config", world / "fast.yaml", "--output", tmp_path / "run"]
    run(*words)
    assert "F1 to expect" in capsys.readouterr().err
    made = json.loads((tmp_path / "run" / "metrics.json").read_text())["estimate"]
    assert 0 < made["interval"]["low"] < made["f1"] <= made["interval"]["high"]
    assert made["sentences"] == 200
    assert any("what that adds is taken off" in note for note in made["notes"])
    assert any("fitted on models of PER, ORG, LOC alone; this one knows LOC, PER" in note for note in made["notes"])
    run(*words, "--gold", world / "gold.conll")  # scored after all: the estimate goes
    assert "estimate" not in json.loads((tmp_path / "run" / "metrics.json").read_text())


def test_no_estimate_where_nobody_wants_one(world, tmp_path, capsys):
    teacher = ["--source", f"en={world / 'train.conll'}", "--config", world / "fast.yaml", "--method", "direct"]
    words = ["transfer", *teacher, "--target", f"es={world / 'raw.txt'}", "--output", tmp_path / "run", "--no-estimate"]
    run(*words, "--print-config")
    (tmp_path / "printed.yaml").write_text(capsys.readouterr().out)
    run("transfer", "--config", tmp_path / "printed.yaml")  # it says `estimate: false`
    assert "estimate" not in json.loads((tmp_path / "run" / "metrics.json").read_text())
    run(*words[:-1])  # wanted after all
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["estimate"]["sentences"] == 200


def test_a_broken_raw_text_that_nobody_learns_from_costs_the_estimate_alone(world, tmp_path, capsys):
    (tmp_path / "latin.txt").write_bytes("Señor Pérez vive en Málaga.\n".encode("latin-1"))
    source = ["--source", f"en={world / 'train.conll'}", "--config", world / "fast.yaml", "--method", "direct"]
    run("transfer", *source, "--target", f"es={tmp_path / 'latin.txt'}", "--output", tmp_path / "run")
    made = json.loads((tmp_path / "run" / "metrics.json").read_text())["estimate"]
    assert made["f1"] is None
    assert "no estimate of F1" in made["notes"][0]
    assert "no estimate of F1" in capsys.readouterr().err


def test_the_model_is_a_plain_hugging_face_folder(finished):
    from transformers import pipeline

    tag = pipeline("token-classification", str(finished / "model"), aggregation_strategy="first", device="cpu")
    text = "Chidi visita Dorsk hoy"
    found = [(e["entity_group"], text[e["start"] : e["end"]].strip()) for e in tag(text)]
    assert found == [("PER", "Chidi"), ("LOC", "Dorsk")]
    card = (finished / "model" / "README.md").read_text()
    for part in ("Spanish", "distil", "Wu", "train.conll", "not stated", "Limits", "95% interval"):
        assert part in card


def test_several_sources_may_have_one_teacher(world, tmp_path):
    transfer(world, tmp_path / "run", "--source", f"de={world / 'gold.conll'}", "--pool")
    assert [p.name for p in (tmp_path / "run" / "teachers").iterdir()] == ["1-en+1"]
    assert json.loads((tmp_path / "run" / "weights.json").read_text()) == {"1-en+1": 1.0}
    assert list(json.loads((tmp_path / "run" / "metrics.json").read_text())["sources"]) == ["1-en+1"]
    card = (tmp_path / "run" / "model" / "README.md").read_text()
    assert all(language in card for language in ("English", "German", "Spanish"))


def test_a_finished_run_is_only_read(world, finished, capsys):
    before = (finished / "model" / "model.safetensors").stat().st_mtime_ns
    transfer(world, finished, "--json")
    assert json.loads(capsys.readouterr().out) == json.loads((finished / "metrics.json").read_text())
    assert (finished / "model" / "model.safetensors").stat().st_mtime_ns == before


def test_another_run_is_not_overwritten(world, finished, capsys):
    transfer(world, finished, "--loss", "mse", code=2)
    assert "holds another run (different: loss)" in capsys.readouterr().err
    transfer(world, finished, "--resume", "never", code=2)
    assert "--resume is never" in capsys.readouterr().err


def test_predict_keeps_words_and_sentences_of_conll(world, finished, capsys):
    run("predict", finished, world / "gold.conll")
    lines = capsys.readouterr().out.strip().splitlines()
    gold = (world / "gold.conll").read_text().strip().splitlines()
    assert [line.split("\t")[0] for line in lines] == [line.split("\t")[0] for line in gold]


def test_predict_raw_text_as_jsonl_with_scores_and_offsets(world, finished, tmp_path, capsys):
    (tmp_path / "in.txt").write_text("Chidi  visita Dorsk.\n")
    run("predict", finished, tmp_path / "in.txt", "--format", "jsonl")
    line = json.loads(capsys.readouterr().out)
    assert line["text"][slice(*line["offsets"][2])] == "Dorsk"
    assert 0.3 < line["spans"][0]["score"] <= 1


def test_evaluate_agrees_on_the_model_and_on_its_predictions(world, finished, tmp_path, capsys):
    run("predict", finished, world / "gold.conll", "--output", tmp_path / "p.conll")
    scores = []
    for system in (finished, finished / "model", tmp_path / "p.conll"):
        run("evaluate", system, world / "gold.conll", "--json")
        scores.append(json.loads(capsys.readouterr().out)["f1"])
    assert scores[0] == scores[1] == scores[2] > 0.9
    run("evaluate", finished, world / "gold.conll", "--errors")
    assert "conlleval" in capsys.readouterr().out


def test_compare_two_runs(world, finished, capsys):
    run("compare", finished, finished / "teachers" / "1-en", "--gold", world / "gold.conll", "--json")
    (row,) = json.loads(capsys.readouterr().out)["comparisons"]
    assert row["difference"] == pytest.approx(row["a"] - row["b"])
    assert 0 <= row["p_value"] <= 1


def test_sources_with_other_types_are_noted_when_trained_on_together(world, tmp_path, capsys):
    (tmp_path / "people.conll").write_text((world / "train.conll").read_text().replace("B-LOC", "O"))
    sources = ["--source", f"en={world / 'train.conll'}", "--source", f"en={tmp_path / 'people.conll'}"]
    run("train", *sources, "--output", tmp_path / "run", "--config", world / "fast.yaml")
    assert "note: source 2-en has no LOC" in capsys.readouterr().err


def test_types_of_the_gold_that_nobody_taught_are_missed(world, finished, tmp_path, capsys):
    gold = (world / "gold.conll").read_text().replace("-LOC", "-PLANET")
    (tmp_path / "gold.conll").write_text(gold)
    run(
        "transfer", "--source", f"en={finished / 'teachers' / '1-en'}", "--target", f"es={world / 'raw.txt'}",
        "--gold", tmp_path / "gold.conll", "--output", tmp_path / "r", "--config", world / "fast.yaml", "--json",
    )  # fmt: skip
    made = json.loads(capsys.readouterr().out)["target"]
    run("evaluate", tmp_path / "r", tmp_path / "gold.conll", "--json")
    assert made["f1"] == json.loads(capsys.readouterr().out)["f1"] < 0.7


def test_train_then_transfer_from_the_model_alone(world, tmp_path):
    run(
        "train", "--source", f"en={world / 'train.conll'}", "--output", tmp_path / "teacher",
        "--config", world / "fast.yaml",
    )  # fmt: skip
    card = (tmp_path / "teacher" / "model" / "README.md").read_text()
    assert "No English labels" not in card
    assert "Target:" not in card
    run(
        "transfer", "--source", f"en={tmp_path / 'teacher'}", "--target", f"es={world / 'raw.txt'}",
        "--output", tmp_path / "student", "--config", world / "fast.yaml",
    )  # fmt: skip
    assert (tmp_path / "student" / "model" / "model.safetensors").is_file()


def test_types_are_mapped_in_data_and_in_teachers(world, finished, tmp_path, capsys):
    run(
        "transfer", "--source", f"en={finished / 'teachers' / '1-en'}", "--target", f"es={world / 'raw.txt'}",
        "--map", "LOC=O", "--map", "PER=PERSON", "--gold", world / "gold.conll", "--output", tmp_path / "r",
        "--config", world / "fast.yaml", "--json",
    )  # fmt: skip
    assert json.loads(capsys.readouterr().out)["types"] == ["PERSON"]


DISTILL = ["transfer", "--source", "en=a", "--target", "es=b", "--output", "o"]
DIRECT = [*DISTILL, "--method", "direct"]


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["transfer", "--source", "en=none", "--target", "es=none.txt", "--output", "o"], 1, "none.txt: no such file"),
        (["transfer", "--source", "none.conll", "--target", "es=none.txt", "--output", "o"], 2, "LANG=FILE"),
        (["train", "--source", "xx=none.conll", "--output", "o"], 2, "no language code"),
        (["train", "--source", "en=none.conll", "--output", "o", "--epochs", "0"], 2, "--epochs"),
        (["predict", "./nowhere", "none.txt"], 1, "no model at"),
        (["evaluate", "none.conll", "none.conll"], 1, "no such file"),
        (
            ["transfer", "--method", "magic", "--source", "en=a", "--target", "es=b", "--output", "o"],
            2,
            "direct, distill",
        ),
        (["nonsense"], 2, "No such command"),
        (["train", "--source", "en=data/trian.conll", "--output", "o"], 1, "data/trian.conll: no such file"),
        ([*DIRECT, "--loss", "mse"], 2, "--loss is an option of the methods distill"),
        ([*DIRECT, "--student-epochs", "2"], 2, "--student-epochs is an option of the methods distill"),
        (["train", "--source", "en=none.conll", "--output", "o", "--patience", "2"], 2, "--patience needs --dev"),
        ([*DISTILL, "--source-text", "en=x.txt", "--source-text", "en=y.txt"], 2, "a language twice"),
    ],
)
def test_a_users_mistake_is_one_message_and_no_traceback(words, code, message, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run(*words, code=code)
    error = capsys.readouterr().err
    assert message in error
    assert "Traceback" not in error


def test_text_that_no_weights_read_is_refused(world, tmp_path, capsys):
    transfer(world, tmp_path / "r", "--source-text", f"en={world / 'raw.txt'}", code=2)
    assert "--source-text is read for weights, and --weights uniform reads none" in capsys.readouterr().err


def test_equal_words_can_be_labelled_alike(world, finished, tmp_path, capsys):
    scores = []
    for more in ([], ["--label-consistency", "0.5"]):
        run("predict", finished, world / "gold.conll", "--format", "jsonl", *more)
        scores.append([[x["score"] for x in json.loads(r)["spans"]] for r in capsys.readouterr().out.splitlines()])
    assert scores[0] != scores[1]
    run("predict", finished, world / "gold.conll", *more, "--output", tmp_path / "even.conll")
    run("evaluate", tmp_path / "even.conll", world / "gold.conll", "--json")
    file = json.loads(capsys.readouterr().out)
    run("evaluate", finished, world / "gold.conll", "--json", *more)
    assert json.loads(capsys.readouterr().out)["f1"] == file["f1"] > 0.5
    transfer(world, tmp_path / "plain", "--label-consistency", "0")
    assert (
        yaml.safe_load((tmp_path / "plain" / "config.yaml").read_text())["method"]["options"]["label_consistency"] == 0
    )
    weights = [(f / "model" / "model.safetensors").read_bytes() for f in (finished, tmp_path / "plain")]
    assert weights[0] != weights[1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["predict", "RUN", "GOLD", "--label-consistency", "2"], "in [0, 1], got 2"),
        (["evaluate", "GOLD", "GOLD", "--label-consistency", "0.5"], "is for models"),
        (["evaluate", "RUN", "GOLD", "--estimate", "--label-consistency", "0.5"], "--estimate has no"),
    ],
)
def test_label_consistency_is_a_share_and_for_models(world, finished, capsys, words, message):
    run(*({"RUN": finished, "GOLD": world / "gold.conll"}.get(w, w) for w in words), code=2)
    assert message in capsys.readouterr().err


def test_a_student_without_a_teacher_of_all_types_is_said_to_start_fresh(world, tmp_path, capsys):
    for name, gone in (("per.conll", "LOC"), ("loc.conll", "PER")):
        run("data", "convert", world / "train.conll", tmp_path / name, "--map", f"{gone}=O")
    run(
        "transfer", "--source", f"en={tmp_path / 'per.conll'}", "--source", f"en={tmp_path / 'loc.conll'}",
        "--target", f"es={world / 'raw.txt'}", "--output", tmp_path / "run", "--config", world / "fast.yaml",
    )  # fmt: skip
    assert "the student starts from the encoder, since no teacher knows all types" in capsys.readouterr().err
